/*
 * Quotes and brackets.
 */
#include "backends/base/json_scan.h"

#include <string.h>

#include "backends/base/json.h"

size_t json_skip_string(const char *s, size_t len, size_t i)
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

bool json_too_deep(const char *s, size_t len)
{
	size_t depth = 0;
	for (size_t i = 0; i < len;) {
		char c = s[i];
		if (c == '"') {
			i = json_skip_string(s, len, i);
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

size_t json_skip_blank(const char *s, size_t len, size_t i)
{
	while (i < len && (s[i] == ' ' || s[i] == '\t' || s[i] == '\r' || s[i] == '\n'))
		i++;
	return i;
}

static size_t skip_word(const char *s, size_t len, size_t i)
{
	while (i < len && s[i] && !strchr(",]} \t\r\n", s[i]))
		i++;
	return i;
}

size_t json_skip_value(const char *s, size_t len, size_t i)
{
	size_t depth = 0;
	if (i < len && s[i] == '"')
		return json_skip_string(s, len, i);
	if (i >= len || (s[i] != '[' && s[i] != '{'))
		return skip_word(s, len, i);
	while (i < len) {
		char c = s[i];
		if (c == '"') {
			i = json_skip_string(s, len, i);
			continue;
		}
		i++;
		if (c == '[' || c == '{')
			depth++;
		else if ((c == ']' || c == '}') && --depth == 0)
			return i;
	}
	return len;
}
