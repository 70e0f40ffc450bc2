/* Marks: records by their key, kept with copies of their text, so that they survive scrolling and filters. */
#include "tui/views/list.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static size_t find(const struct list_view *l, long long rid)
{
	for (size_t i = 0; i < l->n_marks; i++)
		if (l->marks[i].rid == rid)
			return i;
	return SIZE_MAX;
}

bool mark_has(const struct list_view *l, long long rid)
{
	return find(l, rid) != SIZE_MAX;
}

void target_of(struct arena *mem, const struct record *r, struct target *out)
{
	struct str key = STR_INIT;
	(void)record_key(r, &key);
	*out = (struct target){.rid = r->rid,
		.kind = r->kind,
		.state = r->state,
		.key = arena_strdup(mem, key.buf),
		.source = arena_strdup(mem, r->source),
		.title = arena_strdup(mem, r->title),
		.group = r->group};
	str_release(&key);
}

static void free_mark(struct target *t)
{
	free((void *)(uintptr_t)t->key);
	free((void *)(uintptr_t)t->source);
	free((void *)(uintptr_t)t->title);
}

void mark_toggle(struct list_view *l, const struct record *r)
{
	size_t at = find(l, r->rid);
	if (at != SIZE_MAX) {
		free_mark(&l->marks[at]);
		l->n_marks--;
		memmove(&l->marks[at], &l->marks[at + 1],
			(l->n_marks - at) * sizeof(*l->marks));
		return;
	}
	struct str key = STR_INIT;
	(void)record_key(r, &key);
	l->marks = mem_grow(l->marks, &l->cap_marks, l->n_marks + 1, sizeof(*l->marks));
	l->marks[l->n_marks++] = (struct target){.rid = r->rid,
		.kind = r->kind,
		.state = r->state,
		.key = str_take(&key),
		.source = xstrdup(r->source),
		.title = xstrdup(r->title),
		.group = r->group};
}

void marks_clear(struct list_view *l)
{
	for (size_t i = 0; i < l->n_marks; i++)
		free_mark(&l->marks[i]);
	l->n_marks = 0;
}
