#ifndef BASE_MEM_H
#define BASE_MEM_H

#include <stddef.h>

/*
 * Memory. The x-functions never return NULL: out of memory ends the process through die(70).
 * A size of 0 gives a valid pointer. xfree(NULL) is fine.
 */
void *xmalloc(size_t size);
void *xcalloc(size_t count, size_t size);
void *xrealloc(void *old, size_t size);
char *xstrdup(const char *s);
char *xstrndup(const char *s, size_t len);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

/*
 * Grows an array by doubling so that it holds at least `need` elements.
 *   items = mem_grow(items, &cap, n + 1, sizeof(*items));
 */
void *mem_grow(void *items, size_t *cap, size_t need, size_t size);

/*
 * Arena: many allocations, freed together. One refresh of one source, or one answer of the store,
 * lives in one arena. Pointers stay valid until arena_clear or arena_release.
 */
struct arena_block;
struct arena {
	struct arena_block *head;
	size_t total; /* bytes handed out, for limits */
};
#define ARENA_INIT      \
	{               \
		NULL, 0 \
	}

void *arena_alloc(struct arena *a, size_t size);    /* zeroed, aligned for any type */
char *arena_strdup(struct arena *a, const char *s); /* NULL stays NULL */
char *arena_strndup(struct arena *a, const char *s, size_t len);
char *arena_printf(struct arena *a, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void arena_clear(struct arena *a); /* keeps one block for reuse */
void arena_release(struct arena *a);

#define LENGTH(array) (sizeof(array) / sizeof((array)[0]))

#endif
