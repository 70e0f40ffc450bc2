/* The growable string and the plain string helpers. The limit is checked before memory is
 * asked for. */
#include "backends/base/str.h"

#include <ctype.h>
#include <errno.h>
#include <locale.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/base/mem.h"

#ifdef WD_HOSTILE_BUFFERS
#define CAP_FIRST 4
#else
#define CAP_FIRST 64
#endif

/* Shared by all empty strings and never written to: cap is 0 there. */
char str_empty[1];

void str_init(struct str *s, size_t max)
{
	*s = (struct str){str_empty, 0, 0, max, false};
}

void str_release(struct str *s)
{
	if (s->cap)
		free(s->buf);
	str_init(s, s->max);
}

void str_clear(struct str *s)
{
	s->len = 0;
	s->over = false;
	if (s->cap)
		s->buf[0] = '\0';
}

void str_wipe(struct str *s)
{
	if (s->cap)
		explicit_bzero(s->buf, s->cap);
	str_release(s);
}

char *str_take(struct str *s)
{
	char *text = s->cap ? s->buf : xstrdup("");

	str_init(s, s->max);
	return text;
}

static void grow(struct str *s, size_t need)
{
	size_t cap = s->cap ? s->cap : CAP_FIRST;

	while (cap < need)
		cap = cap > SIZE_MAX / 2 ? need : cap * 2;
	s->buf = xrealloc(s->cap ? s->buf : NULL, cap);
	s->cap = cap;
}

/* Room for `more` bytes and the NUL, or false with `over` set. */
static inline bool reserve(struct str *s, size_t more)
{
	if (s->len > s->max || more > s->max - s->len) {
		s->over = true;
		return false;
	}
	if (s->len + more >= s->cap)
		grow(s, s->len + more + 1);
	return true;
}

void str_expect(struct str *s, size_t len)
{
	if (len < s->cap || len > s->max)
		return;
	s->buf = xrealloc(s->cap ? s->buf : NULL, len + 1);
	s->buf[s->len] = '\0';
	s->cap = len + 1;
}

char *str_more(struct str *s, size_t len)
{
	char *at;

	if (!reserve(s, len))
		return NULL;
	at = s->buf + s->len;
	s->len += len;
	s->buf[s->len] = '\0';
	return at;
}

bool str_add(struct str *s, const char *bytes, size_t len)
{
	char *at;

	if (len == 0)
		return !s->over;
	at = str_more(s, len);
	if (at)
		memcpy(at, bytes, len);
	return at != NULL;
}

bool str_addc(struct str *s, char c)
{
	if (s->len + 1 >= s->cap || s->len >= s->max)
		return str_add(s, &c, 1);
	s->buf[s->len++] = c;
	s->buf[s->len] = '\0';
	return true;
}

bool str_addv(struct str *s, const char *fmt, va_list ap)
{
	va_list again;
	int len;
	bool ok;

	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (len < 0) {
		s->over = true;
		return false;
	}
	ok = reserve(s, (size_t)len);
	if (ok) {
		vsnprintf(s->buf + s->len, (size_t)len + 1, fmt, ap);
		s->len += (size_t)len;
	}
	return ok;
}

bool str_addf(struct str *s, const char *fmt, ...)
{
	va_list ap;
	bool ok;

	va_start(ap, fmt);
	ok = str_addv(s, fmt, ap);
	va_end(ap);
	return ok;
}

void str_cut(struct str *s, size_t len)
{
	if (len >= s->len)
		return;
	s->len = len;
	s->buf[len] = '\0';
}

void str_drop(struct str *s, size_t len)
{
	if (len == 0 || s->len == 0)
		return;
	if (len > s->len)
		len = s->len;
	memmove(s->buf, s->buf + len, s->len - len + 1);
	s->len -= len;
}

/* Of a text that was cut after `len` bytes: without a character that begins among the last of them and lacks bytes. */
static void cut_whole(char *dst, size_t len)
{
	for (size_t i = 1; i <= 3 && i <= len; i++) {
		unsigned char c = (unsigned char)dst[len - i];
		size_t wants = c >= 0xF0 ? 4 : c >= 0xE0 ? 3 : 2;

		if (c < 0x80 || (c >= 0xC0 && wants <= i))
			return;
		if (c >= 0xC0) {
			dst[len - i] = '\0';
			return;
		}
	}
}

bool str_copy(char *dst, size_t size, const char *src)
{
	size_t len = strlen(src);

	if (size == 0)
		return false;
	if (len < size) {
		memcpy(dst, src, len + 1);
		return true;
	}
	memcpy(dst, src, size - 1);
	dst[size - 1] = '\0';
	cut_whole(dst, size - 1);
	return false;
}

bool str_format(char *dst, size_t size, const char *fmt, ...)
{
	va_list ap;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(dst, size, fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < size)
		return true;
	if (len >= 0 && size > 0)
		cut_whole(dst, size - 1);
	return false;
}

bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t len = strlen(s);
	size_t want = strlen(suffix);

	return len >= want && memcmp(s + len - want, suffix, want) == 0;
}

bool str_equal(const char *a, const char *b)
{
	if (!a || !b)
		return a == b;
	return strcmp(a, b) == 0;
}

enum { WORD = sizeof(uint64_t) };

static uint64_t word_at(const void *p)
{
	uint64_t word;

	memcpy(&word, p, WORD);
	return word;
}

/* The last bytes before `end` of a text of `len`, some of them twice; blanks before one that is shorter. */
static uint64_t last_word(const char *end, size_t len)
{
	uint64_t word = 0x2020202020202020;
	uint32_t first, last;

	if (len >= WORD)
		return word_at(end - WORD);
	if (len >= WORD / 2) {
		memcpy(&first, end - len, sizeof(first));
		memcpy(&last, end - sizeof(last), sizeof(last));
		return (uint64_t)first << 32 | last;
	}
	for (const char *p = end - len; p < end; p++)
		word = word << 8 | (unsigned char)*p;
	return word;
}

/*
 * Eight bytes a step. Below 0x80, v - k borrows into the top bit of a byte just when that byte is less than k, and
 * (v ^ c) - 1 when it is c. A borrow may reach the next byte, but only from one that is not plain already.
 */
static bool plain_word(uint64_t v)
{
	const uint64_t ones = 0x0101010101010101, tops = ones << 7;
	uint64_t quote = (v ^ ones * '"') - ones, slash = (v ^ ones * '\\') - ones;

	return ((v | (v - ones * ' ') | (v + ones) | quote | slash) & tops) == 0;
}

size_t str_plain(const char *s, size_t len)
{
	size_t n = 0;

	while (len - n >= WORD && plain_word(word_at(s + n)))
		n += WORD;
	if (len - n < WORD && plain_word(last_word(s + len, len)))
		return len;
	while (n < len && s[n] >= ' ' && s[n] <= '~' && s[n] != '"' && s[n] != '\\')
		n++;
	return n;
}

static char lower(char c)
{
	return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Only the last star needs to be tried again: an earlier one that matched less can match
 * no more. */
bool str_glob(const char *pattern, const char *text)
{
	const char *star = NULL;
	const char *retry = NULL;

	while (*text) {
		if (*pattern == '*') {
			star = ++pattern;
			retry = text;
		} else if (*pattern &&
			   (*pattern == '?' || lower(*pattern) == lower(*text))) {
			pattern++;
			text++;
		} else if (star) {
			pattern = star;
			text = ++retry;
		} else {
			return false;
		}
	}
	while (*pattern == '*')
		pattern++;
	return *pattern == '\0';
}

bool str_to_int(const char *s, long long *out)
{
	char *end;
	long long n;

	if (!s || !(isdigit((unsigned char)*s) || *s == '-' || *s == '+'))
		return false;
	errno = 0;
	n = strtoll(s, &end, 10);
	if (errno != 0 || end == s || *end != '\0')
		return false;
	*out = n;
	return true;
}

/* strtod follows the locale; the digits are checked and a foreign decimal point is put in
 * by hand. */
bool str_to_double(const char *s, double *out)
{
	char text[400];
	const char *point = localeconv()->decimal_point;
	char *dot;
	char *end;
	double n;

	if (!s || *s == '\0' || s[strspn(s, "+-.0123456789eE")] != '\0')
		return false;
	if (!str_copy(text, sizeof(text), s))
		return false;
	dot = strchr(text, '.');
	if (dot && point[0] != '.' && point[0] != '\0' && point[1] == '\0')
		*dot = point[0];
	errno = 0;
	n = strtod(text, &end);
	if (end == text || *end != '\0' || !isfinite(n))
		return false;
	*out = n;
	return true;
}

static unsigned long long mix(unsigned long long h, uint64_t word)
{
	h = (h ^ word) * 0xd6e8feb86659fd93ULL;
	return h ^ h >> 32;
}

/*
 * Eight bytes a step, the last of them by last_word. Every step can be undone, so texts of one length that differ in one
 * step never meet. The one at the end carries the last bytes down to where tables look.
 */
unsigned long long str_hash(const void *bytes, size_t len, unsigned long long seed)
{
	const char *p = bytes, *end = p + len;
	unsigned long long h =
		14695981039346656037ULL ^ seed ^ len * 0x9e3779b97f4a7c15ULL;

	for (; (size_t)(end - p) > WORD; p += WORD)
		h = mix(h, word_at(p));
	return mix(mix(h, last_word(end, len)), 0);
}
