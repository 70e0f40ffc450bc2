/*
 * JSON text. Our own writer, because jansson prints 0.1 as 0.10000000000000001: reals are
 * written with the fewest digits that read back as the same number.
 */
#include "backends/base/json.h"

#include "backends/base/mem.h"
#include "backends/base/utf8.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Trees that we build may be deeper than what json_read takes, but not without end. */
#define WRITE_DEPTH_MAX (4 * JSON_DEPTH_MAX)

struct writer {
	struct str *out;
	bool pretty; /* indented; else compact */
	bool sorted; /* members by key; else in the order they came */
	bool shown;  /* what a terminal would obey or hide is escaped */
	int depth;
};

static bool write_value(struct writer *w, const json_t *v);

static bool write_escape(struct str *out, unsigned char c)
{
	switch (c) {
	case '"':
		return str_adds(out, "\\\"");
	case '\\':
		return str_adds(out, "\\\\");
	case '\n':
		return str_adds(out, "\\n");
	case '\t':
		return str_adds(out, "\\t");
	case '\r':
		return str_adds(out, "\\r");
	}
	return str_addf(out, "\\u%04x", c);
}

/* \u202e, or the two halves of what lies above U+FFFF. */
static bool write_unit(struct str *out, uint32_t cp)
{
	if (cp < 0x10000)
		return str_addf(out, "\\u%04x", (unsigned)cp);
	cp -= 0x10000;
	return str_addf(out, "\\u%04x\\u%04x", 0xD800 + (unsigned)(cp >> 10),
		0xDC00 + (unsigned)(cp & 0x3FF));
}

static bool write_shown_string(struct str *out, const char *s, size_t len)
{
	bool ok = str_addc(out, '"');
	for (size_t i = 0, n; ok && i < len; i += n) {
		uint32_t cp;
		n = utf8_decode(s + i, len - i, &cp);
		if (cp < 0x20 || cp == '"' || cp == '\\')
			ok = write_escape(out, (unsigned char)s[i]);
		else
			ok = utf8_hidden(cp) ? write_unit(out, cp)
					     : str_add(out, s + i, n);
	}
	return ok && str_addc(out, '"');
}

static bool write_odd_string(struct str *out, const char *s, size_t len)
{
	size_t start = 0;
	bool ok = str_addc(out, '"');
	for (size_t i = str_plain(s, len); i < len; i++) {
		unsigned char c = (unsigned char)s[i];
		if (c >= 0x20 && c != '"' && c != '\\')
			continue;
		ok = ok && str_add(out, s + start, i - start) && write_escape(out, c);
		start = i + 1;
	}
	return ok && str_add(out, s + start, len - start) && str_addc(out, '"');
}

/* Most strings have nothing to escape: they go out as one piece. */
static bool write_string(struct writer *w, const char *s, size_t len)
{
	if (str_plain(s, len) < len)
		return w->shown ? write_shown_string(w->out, s, len)
				: write_odd_string(w->out, s, len);
	char *to = str_more(w->out, len + 2);
	if (!to)
		return false;
	to[0] = '"';
	memcpy(to + 1, s, len);
	to[len + 1] = '"';
	return true;
}

/* Digits of n, its last `decimals` after a point, zeros at the end cut. */
static void decimal_text(char *dst, long long n, int decimals)
{
	char reversed[32];
	unsigned long long left =
		n < 0 ? 0 - (unsigned long long)n : (unsigned long long)n;
	size_t len = 0;

	for (int at = 0; left > 0 || at <= decimals; at++, left /= 10) {
		if (at == decimals && len > 0)
			reversed[len++] = '.';
		if (at >= decimals || len > 0 || left % 10 != 0)
			reversed[len++] = (char)('0' + left % 10);
	}
	if (n < 0)
		reversed[len++] = '-';
	while (len > 0)
		*dst++ = reversed[--len];
	*dst = '\0';
}

static void real_text(char *dst, size_t size, double d)
{
	/* Most reals have few decimals. A quotient is rounded as reading is, so it tells whether these are enough. */
	double millionth = d * 1e6;
	if (millionth > -1e15 && millionth < 1e15 && d != 0) {
		long long n = llrint(millionth);
		if ((double)n / 1e6 == d) {
			decimal_text(dst, n, 6);
			return;
		}
	}
	for (int digits = 15; digits <= 17; digits++) {
		snprintf(dst, size, "%.*g", digits, d);
		if (strtod(dst, NULL) == d)
			return;
	}
}

static bool write_integer(struct str *out, long long n)
{
	char text[40];
	decimal_text(text, n, 0);
	return str_adds(out, text);
}

static bool write_real(struct str *out, double d)
{
	char text[40];
	real_text(text, sizeof(text), d);
	/* Stays a real when it is read again. */
	return str_adds(out, text) && (strpbrk(text, ".eE") || str_adds(out, ".0"));
}

static bool write_break(struct writer *w)
{
	static const char blanks[] = "                                ";
	if (!w->pretty)
		return true;
	size_t n = 2 * (size_t)w->depth;
	return str_addc(w->out, '\n') &&
	       str_add(w->out, blanks, n < sizeof(blanks) - 1 ? n : sizeof(blanks) - 1);
}

static bool write_array(struct writer *w, const json_t *v)
{
	size_t n = json_array_size(v);
	bool ok = str_addc(w->out, '[');
	w->depth++;
	for (size_t i = 0; ok && i < n; i++) {
		ok = (i == 0 || str_addc(w->out, ',')) && write_break(w) &&
		     write_value(w, json_array_get(v, i));
	}
	w->depth--;
	return ok && (n == 0 || write_break(w)) && str_addc(w->out, ']');
}

struct member {
	const char *key;
	size_t len;
	const json_t *value;
};

static int member_order(const void *a, const void *b)
{
	const struct member *x = a, *y = b;
	int c = memcmp(x->key, y->key, x->len < y->len ? x->len : y->len);
	return c ? c : (x->len > y->len) - (x->len < y->len);
}

static bool write_member(struct writer *w, bool first, const struct member *m)
{
	return (first || str_addc(w->out, ',')) && write_break(w) &&
	       write_string(w, m->key, m->len) &&
	       str_add(w->out, ": ", w->pretty ? 2 : 1) && write_value(w, m->value);
}

static struct member member_at(void *iter)
{
	return (struct member){json_object_iter_key(iter), json_object_iter_key_len(iter),
		json_object_iter_value(iter)};
}

static bool write_sorted(struct writer *w, json_t *v)
{
	struct member few[24], *m = few;
	size_t size = json_object_size(v), n = 0;
	bool ok = true;
	if (size > LENGTH(few))
		m = xcalloc(size, sizeof(*m));
	for (void *i = json_object_iter(v); i && n < size;
		i = json_object_iter_next(v, i))
		m[n++] = member_at(i);
	qsort(m, n, sizeof(*m), member_order);
	for (size_t i = 0; ok && i < n; i++)
		ok = write_member(w, i == 0, &m[i]);
	if (m != few)
		free(m);
	return ok;
}

static bool write_unsorted(struct writer *w, json_t *v)
{
	bool ok = true;
	void *first = json_object_iter(v);
	for (void *i = first; ok && i; i = json_object_iter_next(v, i)) {
		struct member m = member_at(i);
		ok = write_member(w, i == first, &m);
	}
	return ok;
}

static bool write_object(struct writer *w, const json_t *v)
{
	/* The iterator interface takes a non-const object but changes nothing. */
	union {
		const json_t *in;
		json_t *out;
	} obj = {v};
	bool ok = str_addc(w->out, '{');
	w->depth++;
	ok = ok && (w->sorted ? write_sorted(w, obj.out) : write_unsorted(w, obj.out));
	w->depth--;
	return ok && (json_object_size(v) == 0 || write_break(w)) &&
	       str_addc(w->out, '}');
}

static bool write_value(struct writer *w, const json_t *v)
{
	if (!v || w->depth > WRITE_DEPTH_MAX)
		return str_adds(w->out, "null") && !v;
	switch (json_typeof(v)) {
	case JSON_NULL:
		return str_adds(w->out, "null");
	case JSON_TRUE:
		return str_adds(w->out, "true");
	case JSON_FALSE:
		return str_adds(w->out, "false");
	case JSON_INTEGER:
		return write_integer(w->out, json_integer_value(v));
	case JSON_REAL:
		return write_real(w->out, json_real_value(v));
	case JSON_STRING:
		return write_string(w, json_string_value(v), json_string_length(v));
	case JSON_ARRAY:
		return write_array(w, v);
	case JSON_OBJECT:
		return write_object(w, v);
	}
	return false;
}

bool json_text_to(struct str *out, const json_t *v)
{
	struct writer w = {.out = out, .sorted = true};
	return write_value(&w, v);
}

bool json_plain_to(struct str *out, const json_t *v)
{
	struct writer w = {.out = out};
	return write_value(&w, v);
}

char *json_text(const json_t *v)
{
	struct str s = STR_INIT;
	/* Over 64 MiB is cut: such a tree cannot come through json_read's callers. */
	bool whole = json_text_to(&s, v);
	(void)whole;
	return str_take(&s);
}

char *json_pretty(const json_t *v)
{
	struct str s = STR_INIT;
	struct writer w = {.out = &s, .pretty = true, .shown = true};
	bool whole = write_value(&w, v);
	(void)whole;
	return str_take(&s);
}

char *json_line(const json_t *v)
{
	struct str s = STR_INIT;
	struct writer w = {.out = &s, .sorted = true, .shown = true};
	bool whole = write_value(&w, v);
	(void)whole;
	return str_take(&s);
}

bool json_scalar_to(struct str *out, const json_t *v)
{
	char text[40];
	if (!v || json_is_null(v))
		return true;
	if (json_is_string(v))
		return str_add(out, json_string_value(v), json_string_length(v));
	if (json_is_real(v)) {
		real_text(text, sizeof(text), json_real_value(v));
		return str_adds(out, text);
	}
	return json_text_to(out, v);
}
