/*
 * The shape of an error message: what changes from one occurrence to the next is
 * replaced, word by word.
 */
#include "backends/triage/signature.h"

#include <ctype.h>
#include <string.h>

struct word {
	const char *at;
	size_t len;
	size_t digits, hex, alpha, dashes, colons;
};

static bool ends_word(char c)
{
	return c == '\0' || isspace((unsigned char)c) ||
	       strchr("\"'`()[]{},;=<>|", c) != NULL;
}

static struct word take_word(const char *text)
{
	struct word w = {.at = text};
	for (; !ends_word(text[w.len]); w.len++) {
		unsigned char c = (unsigned char)text[w.len];
		w.digits += isdigit(c) != 0;
		w.hex += isxdigit(c) != 0;
		w.alpha += isalpha(c) != 0 || c >= 0x80;
		w.dashes += c == '-';
		w.colons += c == ':';
	}
	return w;
}

static bool is_path(const struct word *w)
{
	if (memmem(w->at, w->len, "://", 3))
		return true;
	if (w->len > 2 && (strncmp(w->at, "./", 2) == 0 || strncmp(w->at, "~/", 2) == 0))
		return true;
	return w->len > 1 && w->at[0] == '/' && w->at[1] != '/';
}

static bool is_time(const struct word *w)
{
	bool date = w->len >= 10 && isdigit((unsigned char)w->at[0]) && w->at[4] == '-' &&
		    w->at[7] == '-' && w->digits >= 8 && w->alpha <= 2;
	bool clock = w->alpha == 0 && w->digits >= 4 && w->colons >= 1;
	return date || clock;
}

static bool is_id(const struct word *w)
{
	if (w->len > 4 && w->at[0] == '0' && (w->at[1] == 'x' || w->at[1] == 'X'))
		return true;
	if (w->len >= 8 && w->digits && w->hex + w->dashes == w->len && w->alpha)
		return true;
	/* What programs make up: long, letters and digits mixed, no dot that would make
	 * it a name. */
	return w->len >= 16 && w->digits >= 4 && w->alpha &&
	       !memchr(w->at, '.', w->len) && !memchr(w->at, '_', w->len);
}

static bool is_number(const struct word *w)
{
	return w->digits && w->alpha == 0;
}

/* The code of a database error is its meaning, not a number that changes. */
static bool is_code(const struct word *w)
{
	return strncmp(w->at, "ORA-", 4) == 0 || strncmp(w->at, "SQLSTATE", 8) == 0;
}

/* Digits in a name: one or two right behind a letter belong to it (s3, utf8), others are
 * a counter or a date. */
static void add_name(struct str *out, const struct word *w)
{
	for (size_t i = 0; i < w->len;) {
		if (!isdigit((unsigned char)w->at[i])) {
			str_addc(out, w->at[i++]);
			continue;
		}
		size_t n = 0;
		while (i + n < w->len && isdigit((unsigned char)w->at[i + n]))
			n++;
		bool named = i && isalpha((unsigned char)w->at[i - 1]) &&
			     (i < 2 || !isdigit((unsigned char)w->at[i - 2]));
		if (n <= 2 && named)
			str_add(out, w->at + i, n);
		else
			str_adds(out, "<n>");
		i += n;
	}
}

static void add_word(struct str *out, struct word w)
{
	/* A colon or full stop at the end is the sentence's, not the word's. */
	size_t tail = 0;
	while (tail < w.len && strchr(":.", w.at[w.len - 1 - tail]))
		tail++;
	w.len -= tail;
	if (is_code(&w))
		str_add(out, w.at, w.len);
	else if (is_path(&w))
		str_adds(out, "<path>");
	else if (is_time(&w))
		str_adds(out, "<time>");
	else if (is_id(&w))
		str_adds(out, "<id>");
	else if (is_number(&w))
		str_adds(out, "<n>");
	else
		add_name(out, &w);
	str_add(out, w.at + w.len, tail);
}

void signature_of(struct str *out, const char *text)
{
	bool blank = true;
	while (*text) {
		struct word w = take_word(text);
		if (w.len) {
			add_word(out, w);
			text += w.len;
			blank = false;
			continue;
		}
		bool space = isspace((unsigned char)*text) != 0;
		if (!space)
			str_addc(out, *text);
		else if (!blank)
			str_addc(out, ' ');
		blank = space;
		text++;
	}
	while (out->len && out->buf[out->len - 1] == ' ')
		str_cut(out, out->len - 1);
}
