/*
 * The type of a plain YAML scalar by the core schema of YAML 1.2: "no", "on" and dates
 * are texts.
 */
#include "backends/base/yaml_place.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static bool one_of(const char *s, const char *a, const char *b, const char *c)
{
	return strcmp(s, a) == 0 || strcmp(s, b) == 0 || strcmp(s, c) == 0;
}

static size_t digits(const char *s)
{
	return strspn(s, "0123456789");
}

static bool is_int(const char *s)
{
	if (*s == '-' || *s == '+')
		s++;
	return digits(s) > 0 && s[digits(s)] == '\0';
}

static bool is_based(const char *s, const char *prefix, const char *set)
{
	return strncmp(s, prefix, 2) == 0 && s[2] && s[2 + strspn(s + 2, set)] == '\0';
}

static bool is_float(const char *s)
{
	if (*s == '-' || *s == '+')
		s++;
	size_t whole = digits(s), part = 0;
	s += whole;
	if (*s == '.') {
		part = digits(s + 1);
		s += 1 + part;
	}
	if (whole + part == 0)
		return false;
	if (*s == 'e' || *s == 'E') {
		s++;
		if (*s == '-' || *s == '+')
			s++;
		if (digits(s) == 0)
			return false;
		s += digits(s);
	}
	return *s == '\0';
}

static json_t *whole_number(const char *text, const char **why)
{
	long long n;
	if (str_to_int(text[0] == '+' ? text + 1 : text, &n))
		return json_integer(n);
	*why = "the number is too large: put it in quotes to keep it as text";
	return NULL;
}

static json_t *based_number(const char *text, int base, const char **why)
{
	char *end;
	size_t most = base == 8 ? 20 : 15; /* digits that always fit */
	if (strlen(text + 2) > most) {
		*why = "the number is too large: put it in quotes to keep it as text";
		return NULL;
	}
	return json_integer(strtoll(text + 2, &end, base));
}

static json_t *real_number(const char *text, const char **why)
{
	double d = strtod(text, NULL);
	if (!isfinite(d)) {
		*why = "the number is too large: put it in quotes to keep it as text";
		return NULL;
	}
	return json_real(d);
}

json_t *yaml_scalar(const char *text, size_t len, bool plain, const char **why)
{
	if (strlen(text) != len) {
		*why = "a value may not hold a NUL character";
		return NULL;
	}
	if (!plain)
		return json_stringn(text, len);
	if (len == 0 || strcmp(text, "~") == 0 || one_of(text, "null", "Null", "NULL"))
		return json_null();
	if (one_of(text, "true", "True", "TRUE"))
		return json_true();
	if (one_of(text, "false", "False", "FALSE"))
		return json_false();
	if (is_int(text))
		return whole_number(text, why);
	if (is_based(text, "0o", "01234567"))
		return based_number(text, 8, why);
	if (is_based(text, "0x", "0123456789abcdefABCDEF"))
		return based_number(text, 16, why);
	if (is_float(text))
		return real_number(text, why);
	return json_stringn(text, len);
}
