/*
 * Percent-encoding of addresses and of what is put into them.
 */
#include "backends/base/url.h"

#include <string.h>

static bool is_alnum(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static void encode(struct str *out, const char *s, size_t len, const char *stays)
{
	for (size_t i = 0; i < len; i++) {
		if (is_alnum(s[i]) || (s[i] && strchr(stays, s[i])))
			str_addc(out, s[i]);
		else
			str_addf(out, "%%%02X", (unsigned char)s[i]);
	}
}

void url_part(struct str *out, const char *s, size_t len)
{
	encode(out, s, len, "-._~");
}

void url_whole(struct str *out, const char *s, size_t len)
{
	encode(out, s, len, "-._~:/?#[]@!$&'()*+,;=%");
}
