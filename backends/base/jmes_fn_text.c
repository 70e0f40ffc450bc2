/*
 * JMESPath functions on strings. Positions and lengths are code points.
 */
#include "backends/base/jmes_fn.h"
#include "backends/base/money.h"

#include "backends/base/url.h"
#include "backends/base/utf8.h"

#include <stdlib.h>
#include <string.h>

#define MATCH_TEXT_MAX ((size_t)65536)
#define MATCH_GROUPS 10
#define MATCH_PATTERN_MAX \
	((size_t)256) /* of a pattern that is computed; compiling can be costly */

struct text {
	const char *s;
	size_t len;
};

static struct text text_of(const json_t *v)
{
	return (struct text){json_string_value(v), json_string_length(v)};
}

/* Hands over what was built in `s`, or the error that it is too long. */
static json_t *finish(struct jmes_run *r, struct str *s)
{
	json_t *v = NULL;
	if (s->over)
		err_set(r->e, ERR_LIMIT,
			"the expression builds more than 16 MiB of text");
	else
		v = jmes_keep_text(r, s->buf, s->len);
	str_release(s);
	return v;
}

static json_t *fn_starts_with(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]), t = text_of(a->v[1]);
	(void)r;
	return json_boolean(t.len <= s.len && memcmp(s.s, t.s, t.len) == 0);
}

static json_t *fn_ends_with(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]), t = text_of(a->v[1]);
	(void)r;
	return json_boolean(
		t.len <= s.len && memcmp(s.s + s.len - t.len, t.s, t.len) == 0);
}

static json_t *fn_join(struct jmes_run *r, const struct jmes_args *a)
{
	struct str out = STR_INIT_MAX(JMES_TEXT_MAX);
	struct text glue = text_of(a->v[0]);
	for (size_t i = 0; i < json_array_size(a->v[1]); i++) {
		struct text t = text_of(json_array_get(a->v[1], i));
		if (i)
			str_add(&out, glue.s, glue.len);
		str_add(&out, t.s, t.len);
	}
	return finish(r, &out);
}

static json_t *fn_to_string(struct jmes_run *r, const struct jmes_args *a)
{
	struct str out = STR_INIT_MAX(JMES_TEXT_MAX);
	if (json_is_string(a->v[0]))
		return a->v[0];
	if (!json_text_to(&out, a->v[0]))
		out.over = true;
	return finish(r, &out);
}

static json_t *fn_lower(struct jmes_run *r, const struct jmes_args *a)
{
	struct str out = STR_INIT_MAX(JMES_TEXT_MAX);
	utf8_fold(&out, json_string_value(a->v[0]));
	return finish(r, &out);
}

/* ASCII and Latin-1: enough for codes and names of systems. */
static json_t *fn_upper(struct jmes_run *r, const struct jmes_args *a)
{
	struct str out = STR_INIT_MAX(JMES_TEXT_MAX);
	struct text s = text_of(a->v[0]);
	unsigned char before = 0;
	for (size_t i = 0; i < s.len; i++) {
		unsigned char c = (unsigned char)s.s[i];
		bool ascii = c >= 'a' && c <= 'z';
		bool latin = before == 0xC3 && c >= 0xA0 && c <= 0xBE && c != 0xB7;
		before = c;
		str_addc(&out, (char)(ascii || latin ? c - 0x20 : c));
	}
	return finish(r, &out);
}

static json_t *fn_trim(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]);
	static const char blank[] = {' ', '\t', '\r', '\n', '\v', '\f'};
	while (s.len && memchr(blank, s.s[0], sizeof(blank))) {
		s.s++;
		s.len--;
	}
	while (s.len && memchr(blank, s.s[s.len - 1], sizeof(blank)))
		s.len--;
	return s.len == json_string_length(a->v[0]) ? a->v[0]
						    : jmes_keep_text(r, s.s, s.len);
}

static json_t *fn_split(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]), sep = text_of(a->v[1]);
	if (sep.len == 0)
		return jmes_fn_bad(r, a, "the separator is empty");
	json_t *out = jmes_keep(r, json_array());
	for (;;) {
		const char *hit = memmem(s.s, s.len, sep.s, sep.len);
		size_t n = hit ? (size_t)(hit - s.s) : s.len;
		json_t *part = jmes_keep_text(r, s.s, n);
		if (!part || !jmes_steps(r, 1))
			return NULL;
		json_array_append(out, part);
		if (!hit)
			return out;
		s.s += n + sep.len;
		s.len -= n + sep.len;
	}
}

static json_t *fn_replace(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]), from = text_of(a->v[1]), to = text_of(a->v[2]);
	if (from.len == 0)
		return jmes_fn_bad(r, a, "the text to replace is empty");
	const char *hit = memmem(s.s, s.len, from.s, from.len);
	if (!hit)
		return a->v[0];
	struct str out = STR_INIT_MAX(JMES_TEXT_MAX);
	for (; hit; hit = memmem(s.s, s.len, from.s, from.len)) {
		size_t n = (size_t)(hit - s.s);
		str_add(&out, s.s, n);
		str_add(&out, to.s, to.len);
		s.s += n + from.len;
		s.len -= n + from.len;
	}
	str_add(&out, s.s, s.len);
	return finish(r, &out);
}

static size_t code_points(struct text s)
{
	size_t n = 0;
	for (size_t i = 0; i < s.len; i++)
		n += ((unsigned char)s.s[i] & 0xC0) != 0x80;
	return n;
}

/* The byte offset of code point n, or the end. */
static size_t offset_of(struct text s, double n)
{
	size_t i = 0;
	for (; i < s.len; i++) {
		if (((unsigned char)s.s[i] & 0xC0) != 0x80 && n-- < 1)
			break;
	}
	return i;
}

static json_t *fn_substr(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]);
	double from = json_number_value(a->v[1]), len = json_number_value(a->v[2]);
	if (from < 0)
		from += (double)code_points(s);
	if (from < 0)
		from = 0;
	size_t start = offset_of(s, from);
	struct text rest = {s.s + start, s.len - start};
	return jmes_keep_text(r, rest.s, len < 1 ? 0 : offset_of(rest, len));
}

/* ---- match ---- */

static json_t *match_groups(struct jmes_run *r, const regex_t *re, const char *s)
{
	regmatch_t at[MATCH_GROUPS];
	if (regexec(re, s, MATCH_GROUPS, at, 0) != 0)
		return json_null();
	json_t *out = jmes_keep(r, json_array());
	size_t n = re->re_nsub + 1 < MATCH_GROUPS ? re->re_nsub + 1 : MATCH_GROUPS;
	for (size_t i = 0; i < n; i++) {
		json_t *v = NULL;
		/* Checked: in the C locale "." is a byte and may cut a character. */
		if (at[i].rm_so >= 0)
			v = json_stringn(
				s + at[i].rm_so, (size_t)(at[i].rm_eo - at[i].rm_so));
		json_array_append_new(out, v ? v : json_null());
	}
	return out;
}

static json_t *match_computed(
	struct jmes_run *r, const struct jmes_args *a, const char *s)
{
	regex_t re;
	char why[128];
	if (json_string_length(a->v[1]) > MATCH_PATTERN_MAX)
		return jmes_fn_bad(r, a,
			"the regular expression is longer than %zu bytes",
			MATCH_PATTERN_MAX);
	int rc = regcomp(&re, json_string_value(a->v[1]), REG_EXTENDED);
	if (rc != 0) {
		regerror(rc, &re, why, sizeof(why));
		return jmes_fn_bad(r, a, "bad regular expression: %s", why);
	}
	json_t *out = match_groups(r, &re, s);
	regfree(&re);
	return out;
}

static json_t *fn_match(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]);
	char *cut = s.len > MATCH_TEXT_MAX ? xstrndup(s.s, MATCH_TEXT_MAX) : NULL;
	const char *in = cut ? cut : s.s;
	json_t *out = NULL;
	if (jmes_steps(r, 1 + s.len / 64))
		out = a->call->regex ? match_groups(r, a->call->regex, in)
				     : match_computed(r, a, in);
	free(cut);
	return out;
}

/* ---- the rest ---- */

static json_t *fn_parse_json(struct jmes_run *r, const struct jmes_args *a)
{
	struct text s = text_of(a->v[0]);
	json_t *v = jmes_steps(r, 1 + s.len / 16)
			    ? json_read_reply(s.s, s.len, NULL, NULL)
			    : NULL;
	if (v)
		return jmes_keep(r, v);
	return jmes_steps(r, 0) ? json_null() : NULL;
}

static json_t *fn_format(struct jmes_run *r, const struct jmes_args *a)
{
	struct str out = STR_INIT_MAX(JMES_TEXT_MAX);
	const char *s = json_string_value(a->v[0]);
	size_t used = 0;
	for (const char *hit; (hit = strstr(s, "{}")); s = hit + 2) {
		str_add(&out, s, (size_t)(hit - s));
		if (++used < a->n && !json_scalar_to(&out, a->v[used]))
			out.over = true;
	}
	if (used != a->n - 1) {
		str_release(&out);
		return jmes_fn_bad(
			r, a, "the text has %zu times {} for %zu values", used, a->n - 1);
	}
	str_adds(&out, s);
	return finish(r, &out);
}

/* As format(), each value one part of the address; a value that the text begins with is an address itself. */
static json_t *fn_url(struct jmes_run *r, const struct jmes_args *a)
{
	struct str out = STR_INIT_MAX(JMES_TEXT_MAX), part = STR_INIT_MAX(JMES_TEXT_MAX);
	const char *text = json_string_value(a->v[0]), *s = text;
	size_t used = 0;
	for (const char *hit; (hit = strstr(s, "{}")); s = hit + 2) {
		url_whole(&out, s, (size_t)(hit - s));
		str_clear(&part);
		if (++used < a->n && !json_scalar_to(&part, a->v[used]))
			out.over = true;
		if (hit == text)
			url_whole(&out, part.buf, part.len);
		else
			url_part(&out, part.buf, part.len);
	}
	url_whole(&out, s, strlen(s));
	str_release(&part);
	if (used == a->n - 1)
		return finish(r, &out);
	str_release(&out);
	return jmes_fn_bad(
		r, a, "the text has %zu times {} for %zu values", used, a->n - 1);
}

static json_t *fn_money(struct jmes_run *r, const struct jmes_args *a)
{
	struct str amount = STR_INIT_MAX(256);
	char text[160];
	json_scalar_to(&amount, a->v[0]);
	if (json_is_real(a->v[0]) && strpbrk(amount.buf, "eE")) {
		str_clear(&amount);
		str_addf(&amount, "%.6f", json_real_value(a->v[0]));
	}
	money_format(text, sizeof(text), amount.buf, json_string_value(a->v[1]));
	str_release(&amount);
	return jmes_keep_text(r, text, strlen(text));
}

const struct jmes_fn jmes_fns_text[] = {
	{"ends_with", 2, 2, false, {JA_STRING, JA_STRING}, fn_ends_with},
	{"format", 1, 255, false, {JA_STRING, JA_ANY, JA_ANY}, fn_format},
	{"join", 2, 2, false, {JA_STRING, JA_STRINGS}, fn_join},
	{"lower", 1, 1, true, {JA_STRING}, fn_lower},
	{"match", 2, 2, true, {JA_STRING, JA_STRING}, fn_match},
	{"money", 2, 2, true, {JA_STRING | JA_NUMBER, JA_STRING}, fn_money},
	{"parse_json", 1, 1, true, {JA_STRING}, fn_parse_json},
	{"replace", 3, 3, true, {JA_STRING, JA_STRING, JA_STRING}, fn_replace},
	{"split", 2, 2, true, {JA_STRING, JA_STRING}, fn_split},
	{"starts_with", 2, 2, false, {JA_STRING, JA_STRING}, fn_starts_with},
	{"substr", 3, 3, true, {JA_STRING, JA_NUMBER, JA_NUMBER}, fn_substr},
	{"to_string", 1, 1, false, {JA_ANY}, fn_to_string},
	{"trim", 1, 1, true, {JA_STRING}, fn_trim},
	{"upper", 1, 1, true, {JA_STRING}, fn_upper},
	{"url", 1, 255, true, {JA_STRING, JA_ANY, JA_ANY}, fn_url},
	{NULL, 0, 0, false, {0}, NULL},
};
