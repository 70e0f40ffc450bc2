/*
 * Reading JSON. jansson parses; when it refuses text from outside, a repaired copy is parsed.
 * So the common, clean reply costs one quick look for depth.
 */
#include "backends/base/json.h"

#include "backends/base/json_repair.h"
#include "backends/base/json_scan.h"

#include <stdint.h>
#include <string.h>

#define READ_FLAGS JSON_DECODE_ANY

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

struct text {
	const char *s;
	size_t len;
	size_t first_line; /* the number of its first line */
};

static void complain(const struct text *t, size_t at, const char *why, struct err *e)
{
	size_t line, column;
	const char *other = not_json(t->s, t->len);
	if (other) {
		err_set(e, ERR_PARSE, "%s", other);
		return;
	}
	place_of(t->s, at > t->len ? t->len : at, &line, &column);
	err_set(e, ERR_PARSE, "not valid JSON at line %zu, column %zu: %s",
		line + t->first_line - 1, column, why);
}

static size_t stopped_at(const json_error_t *why)
{
	return why->position > 0 ? (size_t)why->position : 0;
}

static json_t *read_repaired(const struct text *t, size_t *repaired, struct err *e)
{
	json_error_t why;
	size_t values = 0, ignored = 0;
	struct str fixed = STR_INIT_MAX(JSON_REPAIR_MAX(t->len));
	json_repair(&fixed, t->s, t->len, SIZE_MAX, &values);
	json_t *v = json_loadb(fixed.buf, fixed.len, READ_FLAGS, &why);
	if (v) {
		*repaired += values;
	} else {
		str_clear(&fixed);
		complain(t, json_repair(&fixed, t->s, t->len, stopped_at(&why), &ignored),
			why.text, e);
	}
	str_release(&fixed);
	return v;
}

/* `repaired` NULL: as it stands or not at all. */
static json_t *read_text(const struct text *t, size_t *repaired, struct err *e)
{
	if (json_too_deep(t->s, t->len)) {
		err_set(e, ERR_LIMIT, "JSON nested deeper than %d levels",
			JSON_DEPTH_MAX);
		return NULL;
	}
	/* jansson 2.14 takes "[1\0]" for "[1]". */
	const char *nul = t->len ? memchr(t->s, '\0', t->len) : NULL;
	if (nul) {
		complain(t, (size_t)(nul - t->s), "a NUL byte", e);
		return NULL;
	}
	json_error_t why;
	json_t *v = json_loadb(t->s, t->len, READ_FLAGS, &why);
	if (!v && repaired)
		return read_repaired(t, repaired, e);
	if (!v)
		complain(t, stopped_at(&why), why.text, e);
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
	struct text t = {bytes, len, 1};
	return read_text(&t, NULL, e);
}

json_t *json_read_part(const char *bytes, size_t len, size_t *repaired, struct err *e)
{
	struct text t = {bytes, len, 1};
	return read_text(&t, repaired, e);
}

json_t *json_read_reply(const char *bytes, size_t len, size_t *repaired, struct err *e)
{
	size_t ignored = 0;
	skip_bom(&bytes, &len);
	struct text t = {bytes, len, 1};
	return read_text(&t, repaired ? repaired : &ignored, e);
}

static bool blank(const char *s, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (s[i] != ' ' && s[i] != '\t' && s[i] != '\r')
			return false;
	return true;
}

json_t *json_read_lines(const char *bytes, size_t len, size_t *repaired, struct err *e)
{
	skip_bom(&bytes, &len);
	json_t *all = json_array();
	size_t number = 0;
	while (len > 0) {
		const char *nl = memchr(bytes, '\n', len);
		size_t n = nl ? (size_t)(nl - bytes) : len;
		number++;
		if (!blank(bytes, n)) {
			struct text t = {bytes, n, number};
			json_t *v = read_text(&t, repaired, e);
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
