/*
 * Making text safe. Bytes are decoded one character at a time and appended to `out`; the
 * last character is remembered so that a following mark can be composed into it. Cleaning
 * clean text changes nothing (the fuzz target holds this).
 */
#include "backends/base/utf8.h"

#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/utf8_table.h"

#define MARKS_MAX 2
#define TAB_WIDTH 8

struct cleaner {
	struct str *out;
	size_t start; /* out->len at the beginning */
	size_t max;
	enum utf8_flags flags;
	size_t column;  /* for tabs; columns since the last line feed */
	size_t last_at; /* where the last character begins in out */
	uint32_t last;  /* 0: nothing that a mark could sit on */
	unsigned marks; /* marks put on `last` */
	bool safe;
	bool full; /* max passed: nothing more is taken */
};

static const char *bidi_name(uint32_t cp)
{
	static const struct {
		uint32_t cp;
		const char *name;
	} names[] = {
		{0x061C, "<ALM>"},
		{0x200E, "<LRM>"},
		{0x200F, "<RLM>"},
		{0x202A, "<LRE>"},
		{0x202B, "<RLE>"},
		{0x202C, "<PDF>"},
		{0x202D, "<LRO>"},
		{0x202E, "<RLO>"},
		{0x2066, "<LRI>"},
		{0x2067, "<RLI>"},
		{0x2068, "<FSI>"},
		{0x2069, "<PDI>"},
	};

	for (size_t i = 0; i < LENGTH(names); i++) {
		if (names[i].cp == cp)
			return names[i].name;
	}
	return NULL;
}

/* Characters that show nothing, or whatever a private font makes of them. */
static bool is_dropped(uint32_t cp)
{
	static const struct utf8_range ranges[] = {
		{0x00AD, 0x00AD},    /* soft hyphen */
		{0x034F, 0x034F},    /* grapheme joiner */
		{0x115F, 0x1160},    /* Hangul fillers */
		{0x17B4, 0x17B5},    /* Khmer inherent vowels */
		{0x180B, 0x180F},    /* Mongolian selectors */
		{0x200B, 0x200D},    /* zero width space, joiners */
		{0x2060, 0x2065},    /* word joiner, invisible operators */
		{0x206A, 0x206F},    /* deprecated format characters */
		{0x3164, 0x3164},    /* Hangul filler */
		{0xE000, 0xF8FF},    /* private use */
		{0xFDD0, 0xFDEF},    /* noncharacters */
		{0xFE00, 0xFE0F},    /* variation selectors */
		{0xFEFF, 0xFEFF},    /* BOM */
		{0xFFA0, 0xFFA0},    /* half-width Hangul filler */
		{0xFFF0, 0xFFFB},    /* interlinear annotation */
		{0x1BCA0, 0x1BCA3},  /* shorthand format */
		{0x1D173, 0x1D17A},  /* musical format */
		{0xE0000, 0xE0FFF},  /* tags, selectors supplement */
		{0xF0000, 0x10FFFF}, /* private use planes */
	};

	if ((cp & 0xFFFE) == 0xFFFE)
		return true;
	for (size_t i = 0; i < LENGTH(ranges) && cp >= ranges[i].first; i++) {
		if (cp <= ranges[i].last)
			return true;
	}
	return false;
}

bool utf8_hidden(uint32_t cp)
{
	return cp < 0x20 || (cp >= 0x7F && cp < 0xA0) || cp == 0x2028 || cp == 0x2029 ||
	       bidi_name(cp) || is_dropped(cp);
}

/* Unicode 3.12: L + V and LV + T by arithmetic; 0 when it is neither. */
static uint32_t compose_hangul(uint32_t base, uint32_t mark)
{
	if (base >= 0x1100 && base <= 0x1112 && mark >= 0x1161 && mark <= 0x1175)
		return 0xAC00 + ((base - 0x1100) * 21 + (mark - 0x1161)) * 28;
	if (base >= 0xAC00 && base <= 0xD7A3 && (base - 0xAC00) % 28 == 0 &&
		mark > 0x11A7 && mark <= 0x11C2)
		return base + (mark - 0x11A7);
	return 0;
}

/* The precomposed form of base + mark, 0 when there is none. */
static uint32_t compose(uint32_t base, uint32_t mark)
{
	uint32_t hangul = compose_hangul(base, mark);
	size_t low = 0;
	size_t high = utf8_pairs_count;

	if (hangul)
		return hangul;
	while (low < high) {
		size_t middle = (low + high) / 2;
		const struct utf8_pair *p = &utf8_pairs[middle];

		if (p->base == base && p->mark == mark)
			return p->composed;
		if (p->base < base || (p->base == base && p->mark < mark))
			low = middle + 1;
		else
			high = middle;
	}
	return 0;
}

/* Cuts back to a character so that "~" fits. */
static void cut_full(struct cleaner *c)
{
	size_t keep = c->start + c->max - 1;

	while (keep > c->start && ((unsigned char)c->out->buf[keep] & 0xC0) == 0x80)
		keep--;
	str_cut(c->out, keep);
	str_addc(c->out, '~');
}

static void put(struct cleaner *c, const char *bytes, size_t len)
{
	size_t have = c->out->len - c->start;

	if (c->full)
		return;
	if (len > c->max - have) {
		/* What still fits goes in, so that cut_full has text to cut. */
		c->full = true;
		c->safe = false;
		if (!str_add(c->out, bytes, c->max - have))
			return;
		cut_full(c);
		return;
	}
	if (!str_add(c->out, bytes, len)) {
		c->full = true;
		c->safe = false;
	}
}

static void put_char(struct cleaner *c, uint32_t cp)
{
	char bytes[4];

	c->last_at = c->out->len;
	c->last = cp;
	c->marks = 0;
	c->column += (size_t)utf8_width_cp(cp);
	put(c, bytes, utf8_encode(cp, bytes));
}

static void put_mark(struct cleaner *c, uint32_t cp)
{
	uint32_t composed = c->last && c->marks == 0 ? compose(c->last, cp) : 0;
	char bytes[4];

	if (composed) {
		str_cut(c->out, c->last_at);
		c->column -= (size_t)utf8_width_cp(c->last);
		put_char(c, composed);
		return;
	}
	/* A mark without a base would sit on the cell before the field. */
	if (c->last == 0 || c->marks >= MARKS_MAX) {
		c->safe = false;
		return;
	}
	c->marks++;
	put(c, bytes, utf8_encode(cp, bytes));
}

static void put_shown(struct cleaner *c, const char *text)
{
	c->safe = false;
	for (size_t i = 0; text[i] && !c->full;) {
		uint32_t cp;

		i += utf8_decode(text + i, strlen(text + i), &cp);
		put_char(c, cp);
	}
	c->last = 0;
}

/* LF is followed by a fresh line; TAB goes to the next stop. */
static bool put_layout(struct cleaner *c, uint32_t cp)
{
	size_t blanks = 1;

	if (cp == '\n' && (c->flags & UTF8_LINES)) {
		put(c, "\n", 1);
		c->column = 0;
		c->last = 0;
		return true;
	}
	if (cp != '\t')
		return false;
	if (c->flags & UTF8_LINES)
		blanks = TAB_WIDTH - c->column % TAB_WIDTH;
	while (blanks--)
		put_char(c, ' ');
	return true;
}

static void put_control(struct cleaner *c, uint32_t cp)
{
	char text[8] = "";

	if (put_layout(c, cp))
		return;
	if (cp >= 0x80) {
		/* C1 is ESC and a letter in one; there are no pictures for it. */
		text[utf8_encode(0x241B, text)] = (char)(cp - 0x40);
	} else {
		utf8_encode(cp == 0x7F ? 0x2421 : 0x2400 + cp, text);
	}
	put_shown(c, text);
}

static void put_any(struct cleaner *c, uint32_t cp, bool bad)
{
	const char *bidi;

	if (cp < 0x20 || (cp >= 0x7F && cp < 0xA0)) {
		put_control(c, cp);
		return;
	}
	bidi = cp >= 0x061C && cp <= 0x2069 ? bidi_name(cp) : NULL;
	if (bidi) {
		put_shown(c, bidi);
	} else if (cp == 0x2028 || cp == 0x2029) {
		put_shown(c, "\xE2\x90\xA4");
	} else if (is_dropped(cp)) {
		c->safe = false;
	} else if (utf8_width_cp(cp) == 0) {
		put_mark(c, cp);
	} else {
		put_char(c, cp);
		if (bad)
			c->safe = false;
	}
}

/* Bytes of an ANSI colour sequence at s (also of "erase to end of line", which grep
 * --color writes beside its colours), 0 when there is none. */
static size_t colour_sequence(const char *s, size_t len)
{
	size_t i = 2;

	if (len < 3 || s[0] != '\x1B' || s[1] != '[')
		return 0;
	while (i < len && i < 64 &&
		((s[i] >= '0' && s[i] <= '9') || s[i] == ';' || s[i] == ':'))
		i++;
	return i < len && (s[i] == 'm' || s[i] == 'K') ? i + 1 : 0;
}

/* The bulk of all text: a run of printable ASCII goes in at once. */
static size_t put_ascii(struct cleaner *c, const char *s, size_t len)
{
	size_t n = 0;

	while (n < len && s[n] >= ' ' && s[n] <= '~')
		n++;
	if (n == 0)
		return 0;
	put(c, s, n);
	c->last_at = c->out->len - 1;
	c->last = (unsigned char)s[n - 1];
	c->marks = 0;
	c->column += n;
	return n;
}

bool utf8_clean(struct str *out, const char *bytes, size_t len, size_t max_bytes,
	enum utf8_flags flags)
{
	struct cleaner c = {.out = out,
		.start = out->len,
		.max = max_bytes,
		.flags = flags,
		.safe = true};
	size_t i = 0;

	if (max_bytes == 0)
		return len == 0;
	while (i < len && !c.full) {
		size_t used = put_ascii(&c, bytes + i, len - i);
		uint32_t cp;

		if (used == 0 && (flags & UTF8_SGR))
			used = colour_sequence(bytes + i, len - i);
		if (used == 0 && (flags & UTF8_LINES) && len - i > 1 &&
			bytes[i] == '\r' && bytes[i + 1] == '\n')
			used = 1;
		if (used == 0) {
			used = utf8_decode(bytes + i, len - i, &cp);
			put_any(&c, cp, used == 1 && cp == 0xFFFD);
		}
		i += used;
	}
	return c.safe;
}

char *utf8_clean_dup(const char *text, size_t max_bytes)
{
	struct str clean = STR_INIT;

	if (!text)
		return NULL;
	utf8_clean(&clean, text, strlen(text), max_bytes, UTF8_ONE_LINE);
	return str_take(&clean);
}
