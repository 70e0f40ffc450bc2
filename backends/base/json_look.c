/*
 * Look-ups in json_t trees that never fail: a missing or odd value gives the fallback.
 */
#include "backends/base/json.h"

#include <string.h>

const char *json_str(const json_t *obj, const char *key, const char *fallback)
{
	const char *s = json_string_value(json_object_get(obj, key));
	return s ? s : fallback;
}

static bool real_fits(double d)
{
	return d >= -9223372036854775808.0 && d < 9223372036854775808.0;
}

long long json_int(const json_t *obj, const char *key, long long fallback)
{
	const json_t *v = json_object_get(obj, key);
	long long n;
	double d;
	if (json_is_integer(v))
		return json_integer_value(v);
	if (json_is_real(v)) {
		d = json_real_value(v);
		return real_fits(d) ? (long long)d : fallback;
	}
	if (json_is_string(v)) {
		if (str_to_int(json_string_value(v), &n))
			return n;
		if (str_to_double(json_string_value(v), &d) && real_fits(d))
			return (long long)d;
	}
	return fallback;
}

double json_num(const json_t *obj, const char *key, double fallback)
{
	const json_t *v = json_object_get(obj, key);
	double d;
	if (json_is_number(v))
		return json_number_value(v);
	if (json_is_string(v) && str_to_double(json_string_value(v), &d))
		return d;
	return fallback;
}

bool json_flag(const json_t *obj, const char *key, bool fallback)
{
	const json_t *v = json_object_get(obj, key);
	return json_is_boolean(v) ? json_is_true(v) : fallback;
}

json_t *json_sub(const json_t *obj, const char *key)
{
	json_t *v = json_object_get(obj, key);
	return json_is_null(v) ? NULL : v;
}

json_t *json_path(const json_t *obj, const char *dotted)
{
	for (;;) {
		const char *dot = strchr(dotted, '.');
		size_t n = dot ? (size_t)(dot - dotted) : strlen(dotted);
		json_t *v = json_object_getn(obj, dotted, n);
		if (!v || json_is_null(v) || !dot)
			return json_is_null(v) ? NULL : v;
		obj = v;
		dotted = dot + 1;
	}
}
