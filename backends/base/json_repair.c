/*
 * One pass over the bytes: strings, numbers and words are looked at, the rest is copied.
 */
#include "backends/base/json_repair.h"

#include "backends/base/mem.h"
#include "backends/base/utf8.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#define REPLACEMENT "\xEF\xBF\xBD"

struct repair {
	struct str *out;
	const char *s;
	size_t len, i;
	size_t stop;
	bool changed; /* the value in hand */
};

static size_t left(const struct repair *r)
{
	return r->len - r->i;
}

static void keep(struct repair *r, size_t n)
{
	str_add(r->out, r->s + r->i, n);
	r->i += n;
}

static void replace(struct repair *r, size_t n, const char *by)
{
	str_adds(r->out, by);
	r->i += n;
	r->changed = true;
}

/* ---- strings ---- */

/* The value of a \uXXXX at s, or -1. */
static int escape_value(const char *s, size_t len)
{
	int v = 0;
	if (len < 6 || s[0] != '\\' || s[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = (char)tolower((unsigned char)s[i]);
		if (c >= '0' && c <= '9')
			v = v * 16 + (c - '0');
		else if (c >= 'a' && c <= 'f')
			v = v * 16 + (c - 'a' + 10);
		else
			return -1;
	}
	return v;
}

static void repair_escape(struct repair *r)
{
	const char *s = r->s + r->i;
	int v = escape_value(s, left(r));
	if (v < 0) {
		keep(r, left(r) < 2 ? left(r) : 2);
		return;
	}
	if (v >= 0xD800 && v <= 0xDBFF) {
		int low = escape_value(s + 6, left(r) - 6);
		if (low >= 0xDC00 && low <= 0xDFFF) {
			keep(r, 12);
			return;
		}
	}
	if (v == 0 || (v >= 0xD800 && v <= 0xDFFF))
		replace(r, 6, "\\ufffd");
	else
		keep(r, 6);
}

static void repair_character(struct repair *r)
{
	uint32_t cp;
	size_t n = utf8_decode(r->s + r->i, left(r), &cp);
	bool bad = n == 1 && ((unsigned char)r->s[r->i] & 0x80);
	if (bad)
		replace(r, 1, REPLACEMENT);
	else
		keep(r, n);
}

static size_t plain_run(const struct repair *r)
{
	size_t n = 0;
	while (r->i + n < r->len) {
		unsigned char c = (unsigned char)r->s[r->i + n];
		if (c == '"' || c == '\\' || c >= 0x80)
			break;
		n++;
	}
	return n;
}

static void repair_string(struct repair *r)
{
	keep(r, 1);
	while (r->i < r->len && r->out->len < r->stop) {
		char c = r->s[r->i];
		if (c == '"') {
			keep(r, 1);
			return;
		}
		if (c == '\\')
			repair_escape(r);
		else if ((unsigned char)c >= 0x80)
			repair_character(r);
		else
			keep(r, plain_run(r));
	}
}

/* ---- numbers and words ---- */

static size_t digits(const char *s, size_t len)
{
	size_t n = 0;
	while (n < len && s[n] >= '0' && s[n] <= '9')
		n++;
	return n;
}

/* Bytes of the JSON number at s, 0 when there is none ("-"); of "012" the first digit is one. */
static size_t number_length(const char *s, size_t len, bool *real)
{
	size_t i = s[0] == '-', n = digits(s + i, len - i);
	*real = false;
	if (n == 0)
		return 0;
	i += s[i] == '0' ? 1 : n;
	if (i < len && s[i] == '.' && (n = digits(s + i + 1, len - i - 1)) > 0) {
		i += n + 1;
		*real = true;
	}
	if (i < len && (s[i] == 'e' || s[i] == 'E')) {
		size_t from = i + 1;
		from += from < len && (s[from] == '+' || s[from] == '-');
		n = digits(s + from, len - from);
		if (n > 0) {
			i = from + n;
			*real = true;
		}
	}
	return i;
}

static bool number_fits(const char *s, size_t n, bool real)
{
	long long whole;
	if (!real && n <= 18)
		return true;
	char *text = xstrndup(s, n);
	bool fits = real ? isfinite(strtod(text, NULL)) : str_to_int(text, &whole);
	free(text);
	return fits;
}

/* Made a string or null, a number or word in the place of a name would become a name, or look like another mistake. */
static bool is_name(const struct repair *r, size_t n)
{
	size_t i = r->i + n;
	while (i < r->len && r->s[i] && strchr(" \t\r\n", r->s[i]))
		i++;
	return i < r->len && r->s[i] == ':';
}

static void repair_number(struct repair *r)
{
	bool real;
	const char *s = r->s + r->i;
	size_t n = number_length(s, left(r), &real);
	if (n == 0) {
		keep(r, 1);
	} else if (number_fits(s, n, real) || is_name(r, n)) {
		keep(r, n);
	} else {
		str_addc(r->out, '"');
		keep(r, n);
		str_addc(r->out, '"');
		r->changed = true;
	}
}

/* The length of the word for a number that JSON does not have, or 0. */
static size_t odd_word(const struct repair *r)
{
	static const char *const words[] = {"NaN", "Infinity", "-Infinity"};
	for (size_t k = 0; k < LENGTH(words); k++) {
		size_t n = strlen(words[k]), end = r->i + n;
		if (left(r) < n || memcmp(r->s + r->i, words[k], n) != 0)
			continue;
		return end < r->len && isalnum((unsigned char)r->s[end]) ? 0 : n;
	}
	return 0;
}

static void repair_token(struct repair *r)
{
	char c = r->s[r->i];
	size_t odd = c == 'N' || c == 'I' || c == '-' ? odd_word(r) : 0;
	if (odd && !is_name(r, odd))
		replace(r, odd, "null");
	else if (c == '"')
		repair_string(r);
	else if (c == '-' || (c >= '0' && c <= '9'))
		repair_number(r);
	else
		keep(r, 1);
}

size_t json_repair(
	struct str *out, const char *bytes, size_t len, size_t stop, size_t *values)
{
	struct repair r = {.out = out, .s = bytes, .len = len, .stop = stop};
	while (r.i < len && out->len < stop) {
		repair_token(&r);
		*values += r.changed;
		r.changed = false;
	}
	return r.i;
}
