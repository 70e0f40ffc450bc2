/*
 * JMESPath functions on numbers. Whole results are integers, so that ids and counts stay exact.
 */
#include "backends/base/jmes_fn.h"

#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Written out, because nothing else here needs the mathematics library. From 2^53 on every double is whole. */
static double round_down(double d)
{
	if (!(d > -9007199254740992.0 && d < 9007199254740992.0))
		return d;
	double whole = (double)(long long)d;
	return whole > d ? whole - 1 : whole;
}

static double round_half(double d)
{
	return d < 0 ? -round_down(-d + 0.5) : round_down(d + 0.5);
}

static json_t *fn_abs(struct jmes_run *r, const struct jmes_args *a)
{
	json_int_t n = json_integer_value(a->v[0]);
	if (json_is_integer(a->v[0]) && n != LLONG_MIN)
		return n >= 0 ? a->v[0] : jmes_keep(r, json_integer(-n));
	return jmes_keep_number(r, fabs(json_number_value(a->v[0])));
}

static json_t *fn_ceil(struct jmes_run *r, const struct jmes_args *a)
{
	return json_is_integer(a->v[0])
		       ? a->v[0]
		       : jmes_keep_number(r, -round_down(-json_real_value(a->v[0])));
}

static json_t *fn_floor(struct jmes_run *r, const struct jmes_args *a)
{
	return json_is_integer(a->v[0])
		       ? a->v[0]
		       : jmes_keep_number(r, round_down(json_real_value(a->v[0])));
}

/* The exact integer sum when all are integers and it fits, else false and the sum as a real. */
static bool sum_of(const json_t *array, json_int_t *whole, double *real)
{
	bool exact = true;
	*whole = 0;
	*real = 0;
	for (size_t i = 0; i < json_array_size(array); i++) {
		const json_t *v = json_array_get(array, i);
		*real += json_number_value(v);
		exact = exact && json_is_integer(v) &&
			!__builtin_add_overflow(*whole, json_integer_value(v), whole);
	}
	return exact;
}

static json_t *fn_sum(struct jmes_run *r, const struct jmes_args *a)
{
	json_int_t whole;
	double real;
	if (sum_of(a->v[0], &whole, &real))
		return jmes_keep(r, json_integer(whole));
	return jmes_keep_number(r, real);
}

static json_t *fn_avg(struct jmes_run *r, const struct jmes_args *a)
{
	json_int_t whole;
	double real;
	size_t n = json_array_size(a->v[0]);
	if (n == 0)
		return json_null();
	sum_of(a->v[0], &whole, &real);
	return jmes_keep_number(r, real / (double)n);
}

static json_t *fn_to_number(struct jmes_run *r, const struct jmes_args *a)
{
	const char *s = json_string_value(a->v[0]);
	long long n;
	double d;
	if (json_is_number(a->v[0]))
		return a->v[0];
	/* The set keeps out "inf", "nan" and hexadecimal, which strtod takes. */
	if (!s || s[strspn(s, "+-.eE0123456789")] != '\0')
		return json_null();
	if (str_to_int(s, &n))
		return jmes_keep(r, json_integer(n));
	return str_to_double(s, &d) ? jmes_keep_number(r, d) : json_null();
}

static json_t *fn_round(struct jmes_run *r, const struct jmes_args *a)
{
	double d = json_number_value(a->v[0]), digits = json_number_value(a->v[1]);
	char text[400];
	if (digits < -15 || digits > 15 || digits != round_down(digits))
		return jmes_fn_bad(r, a, "digits must be a whole number from -15 to 15");
	if (json_is_integer(a->v[0]) && digits >= 0)
		return a->v[0];
	double scale = 1;
	for (int i = (int)digits; i != 0; i += i < 0 ? 1 : -1)
		scale *= 10;
	d = digits < 0 ? round_half(d / scale) * scale : round_half(d * scale) / scale;
	if (!isfinite(d)) /* scaled over the range of double: it has no digits to round */
		return a->v[0];
	snprintf(text, sizeof(text), "%.*f", digits > 0 ? (int)digits : 0, d);
	return jmes_keep_number(r, strtod(text, NULL));
}

static json_t *fn_percent(struct jmes_run *r, const struct jmes_args *a)
{
	double part = json_number_value(a->v[0]), whole = json_number_value(a->v[1]);
	return whole == 0 ? json_null() : jmes_keep_number(r, part / whole * 100);
}

const struct jmes_fn jmes_fns_number[] = {
	{"abs", 1, 1, false, {JA_NUMBER}, fn_abs},
	{"avg", 1, 1, false, {JA_NUMBERS}, fn_avg},
	{"ceil", 1, 1, false, {JA_NUMBER}, fn_ceil},
	{"floor", 1, 1, false, {JA_NUMBER}, fn_floor},
	{"percent", 2, 2, true, {JA_NUMBER, JA_NUMBER}, fn_percent},
	{"round", 2, 2, true, {JA_NUMBER, JA_NUMBER}, fn_round},
	{"sum", 1, 1, false, {JA_NUMBERS}, fn_sum},
	{"to_number", 1, 1, false, {JA_ANY}, fn_to_number},
	{NULL, 0, 0, false, {0}, NULL},
};
