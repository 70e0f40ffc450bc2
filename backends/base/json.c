/*
 * Reading JSON from outside. jansson parses; when it refuses, the known things that real
 * backends send and jansson does not take (NUL escapes, halves of surrogate pairs, huge
 * numbers) are tamed in a copy and that is parsed. So the common, clean reply costs one
 * quick look for depth.
 */
#include "backends/base/json.h"

#include "backends/base/mem.h"

#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#define READ_FLAGS JSON_DECODE_ANY

/* ---- depth ---- */

/* The offset of the byte after the string that starts at i (a quote), or len. */
static size_t skip_string(const char *s, size_t len, size_t i)
{
	const char *quote;
	for (i++; i < len && (quote = memchr(s + i, '"', len - i)); i++) {
		size_t end = (size_t)(quote - s), slashes = 0;
		while (slashes < end - i && s[end - 1 - slashes] == '\\')
			slashes++;
		i = end;
		if (slashes % 2 == 0)
			return end + 1;
	}
	return len;
}

static bool too_deep(const char *s, size_t len)
{
	size_t depth = 0;
	for (size_t i = 0; i < len;) {
		char c = s[i];
		if (c == '"') {
			i = skip_string(s, len, i);
			continue;
		}
		if (c == '[' || c == '{') {
			if (++depth > JSON_DEPTH_MAX)
				return true;
		} else if ((c == ']' || c == '}') && depth > 0) {
			depth--;
		}
		i++;
	}
	return false;
}

/* ---- taming ---- */

static int hex4(const char *s, size_t left)
{
	int v = 0;
	if (left < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		char c = s[i];
		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (c - 'a' + 10);
		else if (c >= 'A' && c <= 'F')
			v = v * 16 + (c - 'A' + 10);
		else
			return -1;
	}
	return v;
}

/* Is the \uXXXX at s, of value v, the first half of a whole surrogate pair? */
static bool is_pair(int v, const char *s, size_t left)
{
	if (v < 0xD800 || v > 0xDBFF || left < 12 || s[6] != '\\' || s[7] != 'u')
		return false;
	int low = hex4(s + 8, left - 8);
	return low >= 0xDC00 && low <= 0xDFFF;
}

/* One escape at s (a backslash): appends it, or U+FFFD in its place. Returns the bytes
 * used. */
static size_t tame_escape(struct str *out, const char *s, size_t left)
{
	int v = left > 1 && s[1] == 'u' ? hex4(s + 2, left - 2) : -1;
	size_t used = left < 2 ? left : 2;
	if (v < 0) {
		str_add(out, s, used);
		return used;
	}
	bool pair = is_pair(v, s, left);
	if (pair) {
		str_add(out, s, 12);
		return 12;
	}
	if (v == 0 || (v >= 0xD800 && v <= 0xDFFF))
		str_adds(out, "\\ufffd");
	else
		str_add(out, s, 6);
	return 6;
}

static size_t tame_string(struct str *out, const char *s, size_t left)
{
	size_t i = 1;
	str_addc(out, '"');
	while (i < left) {
		if (s[i] == '\\') {
			i += tame_escape(out, s + i, left - i);
			continue;
		}
		size_t run = i;
		while (run < left && s[run] != '\\' && s[run] != '"')
			run++;
		str_add(out, s + i, run - i);
		i = run;
		if (i < left && s[i] == '"') {
			str_addc(out, '"');
			return i + 1;
		}
	}
	return left;
}

static bool number_fits(const char *s, size_t n, bool real)
{
	long long whole;
	char *text = xstrndup(s, n);
	bool fits = real ? isfinite(strtod(text, NULL)) : str_to_int(text, &whole);
	free(text);
	return fits;
}

/* What is no integer at all ("-", "012", "1-2"): left for the parser to refuse. */
static bool odd_integer(const char *s, size_t n)
{
	size_t first = s[0] == '-' ? 1 : 0;
	return n == first || s[first] == '0' || memchr(s + 1, '+', n - 1) ||
	       memchr(s + 1, '-', n - 1);
}

/* A number: integers beyond int64 are quoted, reals beyond double become null. */
static size_t tame_number(struct str *out, const char *s, size_t left)
{
	size_t n = 0;
	bool real = false;
	while (n < left && s[n] != '\0' && strchr("+-.eE0123456789", s[n])) {
		real = real || strchr(".eE", s[n]);
		n++;
	}
	if ((!real && odd_integer(s, n)) || number_fits(s, n, real)) {
		str_add(out, s, n);
	} else if (real) {
		str_adds(out, "null");
	} else {
		str_addc(out, '"');
		str_add(out, s, n);
		str_addc(out, '"');
	}
	return n;
}

/* Copies s into `out`, tamed, until `out` has `stop` bytes. Returns the bytes of s used:
 * that maps a place in the tamed text back to the place in what came in. */
static size_t tame(struct str *out, const char *s, size_t len, size_t stop)
{
	size_t i = 0;
	while (i < len && out->len < stop) {
		if (s[i] == '"')
			i += tame_string(out, s + i, len - i);
		else if (s[i] == '-' || (s[i] >= '0' && s[i] <= '9'))
			i += tame_number(out, s + i, len - i);
		else
			str_addc(out, s[i++]);
	}
	return i;
}

/* ---- reading ---- */

static bool starts_nocase(const char *s, size_t len, const char *word)
{
	size_t n = strlen(word);
	return len >= n && strncasecmp(s, word, n) == 0;
}

/* Says what the bytes are when they are clearly no JSON at all. */
static const char *not_json(const char *s, size_t len)
{
	size_t i = 0;
	while (i < len && strchr(" \t\r\n", s[i]) && s[i] != '\0')
		i++;
	if (i == len)
		return "nothing where JSON should be (an empty reply)";
	if (s[i] != '<')
		return NULL;
	if (starts_nocase(s + i, len - i, "<?xml"))
		return "XML instead of JSON: is the URL right?";
	return "an HTML page instead of JSON: is the URL right, is there a login page?";
}

static void place_of(const char *s, size_t at, size_t *line, size_t *column)
{
	*line = 1;
	*column = 1;
	for (size_t i = 0; i < at; i++) {
		if (s[i] == '\n') {
			(*line)++;
			*column = 1;
		} else if (((unsigned char)s[i] & 0xC0) != 0x80) {
			(*column)++;
		}
	}
}

/* `first_line` is the number of the first line of s, 0 when lines are not to be counted
 * from it. */
static json_t *read_at(const char *s, size_t len, size_t first_line, struct err *e)
{
	if (too_deep(s, len)) {
		err_set(e, ERR_LIMIT, "JSON nested deeper than %d levels",
			JSON_DEPTH_MAX);
		return NULL;
	}
	json_error_t why;
	json_t *v = json_loadb(s, len, READ_FLAGS, &why);
	if (v)
		return v;
	const char *other = not_json(s, len);
	if (other) {
		err_set(e, ERR_PARSE, "%s", other);
		return NULL;
	}
	struct str tamed = STR_INIT_MAX(len * 2 + 64);
	tame(&tamed, s, len, SIZE_MAX);
	v = json_loadb(tamed.buf, tamed.len, READ_FLAGS, &why);
	if (!v) {
		struct str upto = STR_INIT_MAX(len * 2 + 64);
		size_t stop = why.position > 0 ? (size_t)why.position : 0, line, column;
		size_t at = tame(&upto, s, len, stop);
		place_of(s, at > len ? len : at, &line, &column);
		err_set(e, ERR_PARSE, "not valid JSON at line %zu, column %zu: %s",
			line + (first_line ? first_line - 1 : 0), column, why.text);
		str_release(&upto);
	}
	str_release(&tamed);
	return v;
}

static void skip_bom(const char **bytes, size_t *len)
{
	if (*len >= 3 && memcmp(*bytes, "\xEF\xBB\xBF", 3) == 0) {
		*bytes += 3;
		*len -= 3;
	}
}

json_t *json_read(const char *bytes, size_t len, struct err *e)
{
	skip_bom(&bytes, &len);
	return read_at(bytes, len, 0, e);
}

static bool blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r')
			return false;
	return true;
}

json_t *json_read_lines(const char *bytes, size_t len, struct err *e)
{
	skip_bom(&bytes, &len);
	json_t *all = json_array();
	size_t number = 0;
	while (len > 0) {
		const char *nl = memchr(bytes, '\n', len);
		size_t n = nl ? (size_t)(nl - bytes) : len;
		number++;
		if (!blank(bytes, n)) {
			json_t *v = read_at(bytes, n, number, e);
			if (!v) {
				if (e && e->code == ERR_LIMIT)
					err_wrap(e, "line %zu", number);
				json_decref(all);
				return NULL;
			}
			json_array_append_new(all, v);
		}
		if (!nl)
			break;
		bytes += n + 1;
		len -= n + 1;
	}
	return all;
}

/* ---- wiping ---- */

static void wipe_below(json_t *v, int depth)
{
	if (depth > 4 * JSON_DEPTH_MAX)
		return;
	if (json_is_string(v)) {
		/* The only way to the bytes: jansson has no call that changes a string in
		 * place. */
		union {
			const char *in;
			char *out;
		} text = {json_string_value(v)};
		explicit_bzero(text.out, json_string_length(v));
		return;
	}
	if (json_is_array(v)) {
		for (size_t i = 0; i < json_array_size(v); i++)
			wipe_below(json_array_get(v, i), depth + 1);
		return;
	}
	const char *key;
	json_t *member;
	json_object_foreach (v, key, member)
		wipe_below(member, depth + 1);
}

void json_wipe(json_t *v)
{
	if (!v)
		return;
	wipe_below(v, 0);
	json_decref(v);
}
