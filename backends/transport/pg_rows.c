/* Values of PostgreSQL, in its text format, as JSON. Without libpq, so that it can be tested alone. */
#include "backends/transport/pg_private.h"

#include <math.h>
#include <string.h>

#include "backends/base/utf8.h"

/* pg_type.dat; these never change. */
enum {
	OID_BOOL = 16,
	OID_INT8 = 20,
	OID_INT2 = 21,
	OID_INT4 = 23,
	OID_JSON = 114,
	OID_FLOAT4 = 700,
	OID_FLOAT8 = 701,
	OID_NUMERIC = 1700,
	OID_JSONB = 3802,
};

#define EXACT_DIGITS 15 /* that a double keeps */

/* A database with encoding SQL_ASCII may hold anything. */
static json_t *string_value(const char *text, size_t len, size_t *repaired)
{
	json_t *v = json_stringn(text, len);
	struct str fixed;

	if (v)
		return v;
	(*repaired)++;
	str_init(&fixed, len * 3 + 1);
	for (size_t i = 0; i < len;) {
		uint32_t cp;
		char out[4];
		size_t used = utf8_decode(text + i, len - i, &cp);

		if (used == 0)
			break;
		str_add(&fixed, out, utf8_encode(cp, out));
		i += used;
	}
	v = json_stringn(fixed.buf, fixed.len);
	str_release(&fixed);
	return v ? v : json_string("");
}

static json_t *float_value(const char *text, size_t len, size_t *repaired)
{
	double number;

	if (str_to_double(text, &number) && isfinite(number))
		return json_real(number);
	return string_value(text, len, repaired); /* NaN, Infinity */
}

static size_t count_digits(const char *text)
{
	size_t digits = 0;

	for (const char *s = text; *s; s++) {
		if (*s >= '0' && *s <= '9')
			digits++;
		else if (*s != '-' && *s != '.')
			return EXACT_DIGITS + 1; /* NaN and the like */
	}
	return digits;
}

/* No digit of an amount may be lost: what does not fit stays text. */
static json_t *numeric_value(const char *text, size_t len, size_t *repaired)
{
	long long whole;
	double number;

	if (str_to_int(text, &whole))
		return json_integer(whole);
	if (count_digits(text) <= EXACT_DIGITS && str_to_double(text, &number))
		return json_real(number);
	return string_value(text, len, repaired);
}

static json_t *json_value(const char *text, size_t len, size_t *repaired)
{
	json_t *v = json_read_reply(text, len, repaired, NULL);

	return v ? v : string_value(text, len, repaired);
}

json_t *pg_value(unsigned oid, const char *text, size_t len, size_t *repaired)
{
	long long whole;

	switch (oid) {
	case OID_BOOL:
		return json_boolean(text[0] == 't');
	case OID_INT2:
	case OID_INT4:
	case OID_INT8:
		return str_to_int(text, &whole) ? json_integer(whole)
						: string_value(text, len, repaired);
	case OID_FLOAT4:
	case OID_FLOAT8:
		return float_value(text, len, repaired);
	case OID_NUMERIC:
		return numeric_value(text, len, repaired);
	case OID_JSON:
	case OID_JSONB:
		return json_value(text, len, repaired);
	default:
		return string_value(text, len, repaired);
	}
}
