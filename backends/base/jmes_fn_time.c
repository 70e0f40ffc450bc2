/*
 * JMESPath functions on time. Times go out as ISO 8601 UTC; "" and the zero time of Go count as not known: null.
 */
#include "backends/base/jmes_fn.h"

#include <stdlib.h>
#include <string.h>

/* 0001-01-01 and 9999-12-31T23:59:59, in seconds: what ISO 8601 with four digits can say. */
#define FIRST_SECOND (-62135596800LL)
#define LAST_SECOND 253402300799LL

#define DAY (24 * USEC_PER_SEC * 3600)
enum { DATES_MAX = 3660 };

enum found { FOUND, UNKNOWN, WRONG };

static enum found time_arg(
	struct jmes_run *r, const struct jmes_args *a, size_t i, usec_t *t)
{
	const json_t *v = a->v[i];
	double number;
	if (json_is_number(v)) {
		*t = clock_from_epoch(json_number_value(v));
		return *t ? FOUND : UNKNOWN;
	}
	const char *s = json_string_value(v);
	if (s[0] == '\0')
		return UNKNOWN;
	if (clock_parse(s, t))
		return *t ? FOUND : UNKNOWN;
	if (s[strspn(s, "-.0123456789")] == '\0' && str_to_double(s, &number)) {
		*t = clock_from_epoch(number);
		return *t ? FOUND : UNKNOWN;
	}
	jmes_fn_bad(r, a, "\"%.60s\" is not a time", s);
	return WRONG;
}

/* "2h", "-2h". */
static bool duration_arg(
	struct jmes_run *r, const struct jmes_args *a, size_t i, usec_t *d)
{
	const char *s = json_string_value(a->v[i]);
	bool minus = s[0] == '-';
	if (!clock_parse_duration(s + minus, d))
		return jmes_fn_bad(r, a,
			       "\"%.60s\" is not a duration such as 30s, 5m, 2h or 7d",
			       s) != NULL;
	if (minus)
		*d = -*d;
	return true;
}

static json_t *time_out(
	struct jmes_run *r, const struct jmes_args *a, usec_t t, bool fraction)
{
	char text[40];
	if (t / USEC_PER_SEC < FIRST_SECOND || t / USEC_PER_SEC > LAST_SECOND)
		return jmes_fn_bad(r, a, "the time is outside the years 1 to 9999");
	clock_format(text, sizeof(text), t, fraction);
	return jmes_keep_text(r, text, strlen(text));
}

/* The scope's own time, where it has one: what was previewed before midnight is what is sent after it. */
static usec_t now_of(const struct jmes_run *r)
{
	const json_t *now = json_object_get(r->scope, "now");
	usec_t t = 0;
	if (!json_is_string(now))
		now = json_object_get(json_object_get(r->scope, "action"), "now");
	return json_is_string(now) && clock_parse(json_string_value(now), &t) && t
		       ? t
		       : clock_now();
}

static json_t *fn_now(struct jmes_run *r, const struct jmes_args *a)
{
	return time_out(r, a, now_of(r), false);
}

static json_t *shifted(
	struct jmes_run *r, const struct jmes_args *a, usec_t t, usec_t by, bool fraction)
{
	usec_t sum;
	if (__builtin_add_overflow(t, by, &sum))
		return jmes_fn_bad(r, a, "the time is outside the years 1 to 9999");
	return time_out(r, a, sum, fraction);
}

static json_t *fn_ago(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t d;
	return duration_arg(r, a, 0, &d) ? shifted(r, a, now_of(r), -d, false) : NULL;
}

static json_t *fn_time(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t t;
	enum found f = time_arg(r, a, 0, &t);
	return f == FOUND ? time_out(r, a, t, true) : f == UNKNOWN ? json_null() : NULL;
}

static json_t *fn_epoch(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t t;
	enum found f = time_arg(r, a, 0, &t);
	if (f != FOUND)
		return f == UNKNOWN ? json_null() : NULL;
	/* Rounded down, also before 1970. */
	usec_t s = t / USEC_PER_SEC - (t % USEC_PER_SEC < 0);
	return jmes_keep(r, json_integer(s));
}

static json_t *fn_age(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t t;
	enum found f = time_arg(r, a, 0, &t);
	if (f != FOUND)
		return f == UNKNOWN ? json_null() : NULL;
	return jmes_keep(r, json_integer((now_of(r) - t) / USEC_PER_SEC));
}

static json_t *fn_date(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t t;
	enum found f = time_arg(r, a, 0, &t);
	json_t *v = f == FOUND ? time_out(r, a, t, false) : NULL;
	if (!v)
		return f == UNKNOWN ? json_null() : NULL;
	return jmes_keep_text(
		r, json_string_value(v), strcspn(json_string_value(v), "T"));
}

/* The first moment of the day. */
static usec_t day_of(usec_t t)
{
	usec_t rest = t % DAY;
	return t - rest - (rest < 0 ? DAY : 0);
}

/* Both ends are in the list; an end before the beginning gives an empty one. */
static json_t *fn_dates(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t from, to;
	enum found f = time_arg(r, a, 0, &from), g = FOUND;
	if (f != WRONG)
		g = time_arg(r, a, 1, &to);
	if (f != FOUND || g != FOUND)
		return f == WRONG || g == WRONG ? NULL : json_null();
	from = day_of(from);
	if (to >= from && (to - from) / DAY >= DATES_MAX)
		return jmes_fn_bad(r, a, "more than %d days", DATES_MAX);
	json_t *out = jmes_keep(r, json_array());
	for (usec_t t = from; t <= to; t += DAY) {
		json_t *v = time_out(r, a, t, false);
		if (!v)
			return NULL;
		json_array_append_new(out, json_stringn(json_string_value(v), 10));
	}
	return out;
}

static json_t *fn_add_time(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t t, d;
	enum found f = time_arg(r, a, 0, &t);
	if (f != FOUND)
		return f == UNKNOWN ? json_null() : NULL;
	return duration_arg(r, a, 1, &d) ? shifted(r, a, t, d, true) : NULL;
}

static json_t *fn_seconds(struct jmes_run *r, const struct jmes_args *a)
{
	usec_t d;
	return duration_arg(r, a, 0, &d)
		       ? jmes_keep_number(r, (double)d / (double)USEC_PER_SEC)
		       : NULL;
}

const struct jmes_fn jmes_fns_time[] = {
	{"add_time", 2, 2, true, {JA_STRING | JA_NUMBER, JA_STRING}, fn_add_time},
	{"age", 1, 1, true, {JA_STRING | JA_NUMBER}, fn_age},
	{"ago", 1, 1, false, {JA_STRING}, fn_ago},
	{"date", 1, 1, true, {JA_STRING | JA_NUMBER}, fn_date},
	{"dates", 2, 2, true, {JA_STRING | JA_NUMBER, JA_STRING | JA_NUMBER}, fn_dates},
	{"epoch", 1, 1, true, {JA_STRING | JA_NUMBER}, fn_epoch},
	{"now", 0, 0, false, {0}, fn_now},
	{"seconds", 1, 1, true, {JA_STRING}, fn_seconds},
	{"time", 1, 1, true, {JA_STRING | JA_NUMBER}, fn_time},
	{NULL, 0, 0, false, {0}, NULL},
};
