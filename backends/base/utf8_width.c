/* Columns of text, cutting to columns, and the folding of search. All take clean strings.
 */
#include "backends/base/utf8.h"

#include <string.h>

#include "backends/base/utf8_table.h"

static bool in_ranges(const struct utf8_range *ranges, size_t count, uint32_t cp)
{
	size_t low = 0;
	size_t high = count;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (cp < ranges[middle].first)
			high = middle;
		else if (cp > ranges[middle].last)
			low = middle + 1;
		else
			return true;
	}
	return false;
}

int utf8_width_cp(uint32_t cp)
{
	if (cp < 0x300)
		return 1;
	if (in_ranges(utf8_zero, utf8_zero_count, cp))
		return 0;
	if (cp >= 0x1100 && in_ranges(utf8_wide, utf8_wide_count, cp))
		return 2;
	return 1;
}

int utf8_width(const char *s)
{
	size_t len = strlen(s);
	int columns = 0;

	for (size_t i = 0; i < len;) {
		uint32_t cp;

		i += utf8_decode(s + i, len - i, &cp);
		columns += utf8_width_cp(cp);
	}
	return columns;
}

size_t utf8_fit(const char *s, int columns, int *used)
{
	size_t len = strlen(s);
	size_t i = 0;
	int have = 0;

	while (i < len) {
		uint32_t cp;
		size_t n = utf8_decode(s + i, len - i, &cp);
		int width = utf8_width_cp(cp);

		if (have + width > columns)
			break;
		have += width;
		i += n;
	}
	if (used)
		*used = have;
	return columns < 0 ? 0 : i;
}

/* The end of s that fits into `columns`. */
static const char *tail(const char *s, int columns)
{
	int skip = utf8_width(s) - columns;
	size_t len = strlen(s);
	size_t i = 0;

	while (i < len) {
		uint32_t cp;
		size_t n = utf8_decode(s + i, len - i, &cp);
		int width = utf8_width_cp(cp);

		/* Marks of the last skipped character go with it. */
		if (skip <= 0 && width > 0)
			break;
		skip -= width;
		i += n;
	}
	return s + i;
}

void utf8_cut(struct str *out, const char *s, int columns, enum utf8_cut where)
{
	int head = 0;
	int end = 0;

	if (columns <= 0)
		return;
	if (utf8_width(s) <= columns) {
		str_adds(out, s);
		return;
	}
	switch (where) {
	case UTF8_CUT_END:
		head = columns - 1;
		break;
	case UTF8_CUT_START:
		end = columns - 1;
		break;
	case UTF8_CUT_MIDDLE:
		end = (columns - 1) / 2;
		head = columns - 1 - end;
		break;
	}
	str_add(out, s, utf8_fit(s, head, NULL));
	str_addc(out, '~');
	if (end > 0)
		str_adds(out, tail(s, end));
}

/* Latin Extended-A alternates capital and small letter; the parity changes twice. */
static uint32_t fold_extended(uint32_t cp)
{
	bool odd_capitals = (cp >= 0x139 && cp <= 0x148) || (cp >= 0x179 && cp <= 0x17E);

	if (cp == 0x130)
		return 'i';
	if (cp == 0x178)
		return 0xFF;
	if (cp == 0x131 || cp == 0x138 || cp == 0x149 || cp == 0x17F)
		return cp;
	return (cp & 1) == (odd_capitals ? 1 : 0) ? cp + 1 : cp;
}

static uint32_t fold_greek(uint32_t cp)
{
	if (cp >= 0x391 && cp <= 0x3AB && cp != 0x3A2)
		return cp + 32;
	if (cp == 0x386)
		return 0x3AC;
	if (cp >= 0x388 && cp <= 0x38A)
		return cp + 37;
	if (cp == 0x38C)
		return 0x3CC;
	if (cp == 0x38E || cp == 0x38F)
		return cp + 63;
	return cp == 0x3C2 ? 0x3C3 : cp;
}

static uint32_t fold(uint32_t cp)
{
	if (cp >= 0xC0 && cp <= 0xDE && cp != 0xD7)
		return cp + 32;
	if (cp >= 0x100 && cp <= 0x17F)
		return fold_extended(cp);
	if (cp >= 0x386 && cp <= 0x3C2)
		return fold_greek(cp);
	if (cp >= 0x400 && cp <= 0x40F)
		return cp + 80;
	if (cp >= 0x410 && cp <= 0x42F)
		return cp + 32;
	return cp;
}

/* A run of ASCII at once: most text is nothing else. Its length; 0: there is none, or no room. */
static size_t fold_ascii(struct str *out, const char *s)
{
	size_t at = out->len, n = 0;

	while (s[n] != '\0' && (unsigned char)s[n] < 0x80)
		n++;
	if (!str_add(out, s, n))
		return 0;
	for (size_t i = at; i < out->len; i++) {
		if (out->buf[i] >= 'A' && out->buf[i] <= 'Z')
			out->buf[i] = (char)(out->buf[i] + 32);
	}
	return n;
}

void utf8_fold(struct str *out, const char *s)
{
	size_t len = strlen(s);

	for (size_t i = 0; i < len;) {
		char bytes[4];
		uint32_t cp;
		size_t ascii = fold_ascii(out, s + i);

		if (ascii > 0) {
			i += ascii;
			continue;
		}
		i += utf8_decode(s + i, len - i, &cp);
		str_add(out, bytes, utf8_encode(fold(cp), bytes));
	}
}
