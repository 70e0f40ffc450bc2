#ifndef BASE_STR_H
#define BASE_STR_H

#include "backends/base/err.h"
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

/*
 * A growable byte string with an upper limit, always NUL-terminated and never NULL in `buf`.
 * An append that would pass the limit appends nothing, sets `over` and returns false; the flag
 * stays set until str_clear, so a series of appends may be checked once at its end.
 */
struct str {
	char *buf;
	size_t len;
	size_t cap; /* 0: buf is the shared empty string */
	size_t max; /* limit of len in bytes */
	bool over;
};

extern char str_empty[1];
#define STR_MAX_DEFAULT ((size_t)64 << 20)
#define STR_INIT                                        \
	{                                               \
		str_empty, 0, 0, STR_MAX_DEFAULT, false \
	}
#define STR_INIT_MAX(limit)                     \
	{                                       \
		str_empty, 0, 0, (limit), false \
	}

void str_init(struct str *s, size_t max);
void str_release(struct str *s);
void str_clear(struct str *s); /* length 0, memory kept */
/* Memory for `len` bytes in all, for who knows how many will come. More than the limit is no error until it comes. */
void str_expect(struct str *s, size_t len);
void str_wipe(struct str *s);  /* overwrites the content, then releases: for secrets */
char *str_take(struct str *s); /* hands over a malloc'ed string; s is as after str_init */

bool str_add(struct str *s, const char *bytes, size_t len);
/* Inline, so that the length of a literal is known. */
static inline bool str_adds(struct str *s, const char *text)
{
	return str_add(s, text, strlen(text));
}
bool str_addc(struct str *s, char c);
/* `len` bytes that the caller fills in; NULL: over the limit. */
char *str_more(struct str *s, size_t len);
bool str_addf(struct str *s, const char *fmt, ...) PRINTF_LIKE(2, 3);
bool str_addv(struct str *s, const char *fmt, va_list ap) PRINTF_LIKE(2, 0);
void str_cut(struct str *s, size_t len);  /* shortens to len */
void str_drop(struct str *s, size_t len); /* removes len bytes from the front */

/* NUL-terminated helpers without allocation. Both return false when `dst` is too small, and then hold the cut text, still
 * terminated; UTF-8 is cut between characters. */
bool str_copy(char *dst, size_t size, const char *src);
bool str_format(char *dst, size_t size, const char *fmt, ...) PRINTF_LIKE(3, 4);

bool str_starts(const char *s, const char *prefix);
bool str_ends(const char *s, const char *suffix);
bool str_equal(const char *a, const char *b); /* NULL equals only NULL */
/* How many of the first bytes are printable ASCII, without quote and backslash: what needs no second look, in bulk. */
size_t str_plain(const char *s, size_t len);

/* Glob of filters and assets: `*` any bytes, `?` one; ASCII case is ignored. Linear in practice, no recursion. */
bool str_glob(const char *pattern, const char *text);

/* strtoll/strtod over the whole string, with range check; no locale. */
bool str_to_int(const char *s, long long *out) MUST_USE;
bool str_to_double(const char *s, double *out) MUST_USE;

/* 64 bit, for change detection and hash tables on one kind of machine; not for anything that must resist attack. */
unsigned long long str_hash(const void *bytes, size_t len, unsigned long long seed);

#endif
