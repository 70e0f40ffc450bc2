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
		.run = arena_strdup(mem, r->run),
		.group = r->group,
		.snoozed_until = r->snoozed_until};
	str_release(&key);
}

static void free_mark(struct target *t)
{
	free((void *)(uintptr_t)t->key);
	free((void *)(uintptr_t)t->source);
	free((void *)(uintptr_t)t->title);
	free((void *)(uintptr_t)t->run);
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
		.run = xstrdup(r->run ? r->run : ""),
		.group = r->group,
		.snoozed_until = r->snoozed_until};
}

static bool room_for(struct list_view *l, size_t more)
{
	if (l->n_marks + more <= TARGETS_MAX)
		return true;
	app_say(l->v.app, ROLE_WARN,
		"%zu rows, and %d can be marked at once: narrow the list with / first.",
		l->n_marks + more, TARGETS_MAX);
	return false;
}

/* ---- many at once ------------------------------------------------------------------------------ */

static void say_marked(const struct list_view *l)
{
	if (l->n_marks)
		app_say(l->v.app, ROLE_TEXT, "%zu marked. Esc clears the marks.",
			l->n_marks);
	else
		app_say(l->v.app, ROLE_TEXT, "None is marked any more.");
}

/* All rows of the list as the store has them now, not only those that are held for the screen. */
static void on_all(void *arg, const struct store_rows *rows)
{
	struct list_view *l = arg;
	size_t more = 0;
	if (!rows->complete && !rows->err)
		return;
	l->marking = NULL;
	app_paint(l->v.app);
	if (rows->err) {
		app_say_err(l->v.app, rows->err);
		return;
	}
	if (rows->total > TARGETS_MAX) {
		app_say(l->v.app, ROLE_WARN,
			"%zu rows, and %d can be marked at once: narrow the list with / "
			"first.",
			rows->total, TARGETS_MAX);
		return;
	}
	for (size_t i = 0; i < rows->n; i++)
		more += !mark_has(l, rows->rows[i].rid);
	if (!l->inverting && !room_for(l, more))
		return;
	for (size_t i = 0; i < rows->n; i++) {
		struct record r = rows->rows[i];
		if (!l->w.q.fold_groups)
			r.group = 1;
		if (l->inverting || !mark_has(l, r.rid))
			mark_toggle(l, &r);
	}
	say_marked(l);
}

static void ask_all_rows(struct list_view *l, bool inverting)
{
	store_cancel(app_store(l->v.app), l->marking);
	l->inverting = inverting;
	l->marking_q = l->w.q;
	l->marking_q.first = 0;
	l->marking_q.count = TARGETS_MAX + 1;
	l->marking_q.anchor = 0;
	l->marking_q.around = false;
	l->marking = store_query(app_store(l->v.app), &l->marking_q, on_all, l);
}

void marks_all(struct view *v)
{
	ask_all_rows((struct list_view *)v, false);
}

void marks_invert(struct view *v)
{
	ask_all_rows((struct list_view *)v, true);
}

/* From the row that was marked last to the cursor: among what is held around the screen. */
void marks_range(struct view *v)
{
	struct list_view *l = (struct list_view *)v;
	size_t from = SIZE_MAX, at = l->w.at, more = 0;
	for (size_t i = 0; l->n_marks && i < l->w.n; i++)
		if (l->w.rows[i].rid == l->marks[l->n_marks - 1].rid)
			from = l->w.first + i;
	if (from == SIZE_MAX) {
		app_say(v->app, ROLE_DIM, "%s",
			l->n_marks ? "The row that was marked last is not near enough."
				   : "Mark the first row with Space; V marks from there "
				     "to the cursor.");
		return;
	}
	size_t low = from < at ? from : at, high = from < at ? at : from;
	for (size_t i = low; i <= high; i++)
		more += window_at(&l->w, i) && !mark_has(l, window_at(&l->w, i)->rid);
	if (!room_for(l, more))
		return;
	for (size_t i = low; i <= high; i++) {
		const struct record *r = window_at(&l->w, i);
		if (r && !mark_has(l, r->rid))
			mark_toggle(l, r);
	}
	say_marked(l);
}

void marks_clear(struct list_view *l)
{
	for (size_t i = 0; i < l->n_marks; i++)
		free_mark(&l->marks[i]);
	l->n_marks = 0;
}
