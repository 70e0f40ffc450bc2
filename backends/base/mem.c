/* Allocation that cannot fail, growing arrays, and the arena: a list of blocks, newest
 * first. */
#include "backends/base/mem.h"

#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/err.h"

/* The test build starts tiny, so that every growth path and every stale pointer shows. */
#ifdef WD_HOSTILE_BUFFERS
#define GROW_FIRST 2
#define BLOCK_FIRST 32
#define BLOCK_MOST 32
#else
#define GROW_FIRST 8
#define BLOCK_FIRST 4096
#define BLOCK_MOST ((size_t)256 << 10)
#endif

struct arena_block {
	struct arena_block *next;
	size_t used;
	size_t cap;
	max_align_t data[];
};

static void *checked(void *p, size_t size)
{
	if (!p)
		die(70, "out of memory (%zu bytes asked for)", size);
	return p;
}

void *xmalloc(size_t size)
{
	return checked(malloc(size ? size : 1), size);
}

void *xcalloc(size_t count, size_t size)
{
	if (count == 0 || size == 0)
		count = size = 1;
	return checked(calloc(count, size), size);
}

void *xrealloc(void *old, size_t size)
{
	return checked(realloc(old, size ? size : 1), size);
}

char *xstrndup(const char *s, size_t len)
{
	size_t n = strnlen(s, len);
	char *copy = xmalloc(n + 1);

	memcpy(copy, s, n);
	copy[n] = '\0';
	return copy;
}

char *xstrdup(const char *s)
{
	return xstrndup(s, SIZE_MAX);
}

char *xasprintf(const char *fmt, ...)
{
	char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	if (vasprintf(&text, fmt, ap) < 0)
		text = NULL;
	va_end(ap);
	return checked(text, 0);
}

void *mem_grow(void *items, size_t *cap, size_t need, size_t size)
{
	size_t more = *cap ? *cap : GROW_FIRST;

	if (need <= *cap)
		return items;
	while (more < need) {
		if (more > SIZE_MAX / 2)
			die(70, "array of %zu elements asked for", need);
		more *= 2;
	}
	if (size && more > PTRDIFF_MAX / size)
		die(70, "array of %zu elements of %zu bytes asked for", need, size);
	*cap = more;
	return xrealloc(items, more * size);
}

static struct arena_block *add_block(struct arena *a, size_t size)
{
	size_t cap = a->head ? a->head->cap * 2 : BLOCK_FIRST;
	struct arena_block *b;

	if (cap > BLOCK_MOST)
		cap = BLOCK_MOST;
	if (cap < size)
		cap = size;
	b = xmalloc(sizeof(*b) + cap);
	b->used = 0;
	b->cap = cap;
	b->next = a->head;
	a->head = b;
	return b;
}

void *arena_alloc(struct arena *a, size_t size)
{
	const size_t unit = _Alignof(max_align_t);
	struct arena_block *b = a->head;
	char *p;

	if (size > PTRDIFF_MAX / 2)
		die(70, "arena: %zu bytes asked for", size);
	size = (size ? size + unit - 1 : unit) / unit * unit;
	if (!b || b->cap - b->used < size)
		b = add_block(a, size);
	p = (char *)b->data + b->used;
	b->used += size;
	a->total += size;
	memset(p, 0, size);
	return p;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	size_t n;
	char *copy;

	if (!s)
		return NULL;
	n = strnlen(s, len);
	copy = arena_alloc(a, n + 1);
	memcpy(copy, s, n);
	return copy;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return arena_strndup(a, s, SIZE_MAX);
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	va_list again;
	int len;
	char *text;

	va_start(ap, fmt);
	va_copy(again, ap);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	text = arena_alloc(a, len > 0 ? (size_t)len + 1 : 1);
	if (len > 0)
		vsnprintf(text, (size_t)len + 1, fmt, again);
	va_end(again);
	return text;
}

static void free_blocks(struct arena_block *b)
{
	while (b) {
		struct arena_block *next = b->next;

		free(b);
		b = next;
	}
}

void arena_clear(struct arena *a)
{
	a->total = 0;
	if (!a->head)
		return;
	free_blocks(a->head->next);
	a->head->next = NULL;
	a->head->used = 0;
}

void arena_release(struct arena *a)
{
	free_blocks(a->head);
	a->head = NULL;
	a->total = 0;
}
