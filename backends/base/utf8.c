/* Decoding and encoding. Strict: no overlong forms, no surrogates, nothing above
 * U+10FFFF. */
#include "backends/base/utf8.h"

#include <string.h>

#define REPLACEMENT 0xFFFD

/* The length that the first byte announces (0: not a first byte) and the range of the
 * second byte, which excludes overlong forms, surrogates and too large values (Unicode
 * table 3-7). */
static size_t sequence(unsigned char first, unsigned char *low, unsigned char *high)
{
	*low = 0x80;
	*high = 0xBF;
	if (first >= 0xC2 && first <= 0xDF)
		return 2;
	if (first >= 0xE0 && first <= 0xEF) {
		if (first == 0xE0)
			*low = 0xA0;
		else if (first == 0xED)
			*high = 0x9F;
		return 3;
	}
	if (first >= 0xF0 && first <= 0xF4) {
		if (first == 0xF0)
			*low = 0x90;
		else if (first == 0xF4)
			*high = 0x8F;
		return 4;
	}
	return 0;
}

/* Bytes of the valid sequence at s, 0 when there is none. */
static size_t decode_strict(const unsigned char *s, size_t len, uint32_t *cp)
{
	unsigned char low;
	unsigned char high;
	size_t need;

	if (s[0] < 0x80) {
		*cp = s[0];
		return 1;
	}
	need = sequence(s[0], &low, &high);
	if (need == 0 || need > len || s[1] < low || s[1] > high)
		return 0;
	*cp = s[0] & (0x7FU >> need);
	for (size_t i = 1; i < need; i++) {
		if ((s[i] & 0xC0) != 0x80)
			return 0;
		*cp = *cp << 6 | (s[i] & 0x3FU);
	}
	return need;
}

size_t utf8_decode(const char *s, size_t len, uint32_t *cp)
{
	size_t used;

	*cp = REPLACEMENT;
	if (len == 0)
		return 0;
	used = decode_strict((const unsigned char *)s, len, cp);
	if (used == 0) {
		*cp = REPLACEMENT;
		return 1;
	}
	return used;
}

size_t utf8_encode(uint32_t cp, char out[4])
{
	if (cp > 0x10FFFF || (cp >= 0xD800 && cp <= 0xDFFF))
		cp = REPLACEMENT;
	if (cp < 0x80) {
		out[0] = (char)cp;
		return 1;
	}
	if (cp < 0x800) {
		out[0] = (char)(0xC0 | cp >> 6);
		out[1] = (char)(0x80 | (cp & 0x3F));
		return 2;
	}
	if (cp < 0x10000) {
		out[0] = (char)(0xE0 | cp >> 12);
		out[1] = (char)(0x80 | (cp >> 6 & 0x3F));
		out[2] = (char)(0x80 | (cp & 0x3F));
		return 3;
	}
	out[0] = (char)(0xF0 | cp >> 18);
	out[1] = (char)(0x80 | (cp >> 12 & 0x3F));
	out[2] = (char)(0x80 | (cp >> 6 & 0x3F));
	out[3] = (char)(0x80 | (cp & 0x3F));
	return 4;
}

bool utf8_valid(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	uint32_t cp;

	for (size_t i = 0; i < len;) {
		size_t used = decode_strict(p + i, len - i, &cp);

		if (used == 0)
			return false;
		i += used;
	}
	return true;
}

bool utf8_ascii(const char *s)
{
	for (; *s; s++) {
		if (*s < ' ' || *s > '~')
			return false;
	}
	return true;
}
