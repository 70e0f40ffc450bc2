/* Where the user has been, for [ and ]: as in a browser, a new turn forgets what was ahead. */
#include "tui/app_inside.h"

#include <stdlib.h>
#include <string.h>

/* Overlays are no places, and what was marked for a form is not marked again by going back to it. */
static bool is_place(const struct view *v)
{
	return !v->type->overlay && !v->arg.n_targets;
}

static bool is_at(const struct place *p, int lane, const struct view *v)
{
	if (p->lane != lane || p->type != (v->lane >= 0 ? NULL : v->type))
		return false;
	return !p->type || (p->arg.rid == v->arg.rid && p->arg.job == v->arg.job &&
				   str_equal(p->arg.name, v->arg.name));
}

static void place_release(struct place *p)
{
	free((void *)(uintptr_t)p->arg.name);
	free((void *)(uintptr_t)p->arg.title);
	memset(p, 0, sizeof(*p));
}

static void place_set(struct place *p, int lane, const struct view *v)
{
	*p = (struct place){.lane = lane, .type = v->lane >= 0 ? NULL : v->type};
	if (!p->type)
		return;
	p->arg.rid = v->arg.rid;
	p->arg.job = v->arg.job;
	p->arg.name = v->arg.name ? xstrdup(v->arg.name) : NULL;
	p->arg.title = v->arg.title ? xstrdup(v->arg.title) : NULL;
}

static void append(struct app *a, const struct view *v)
{
	struct history *h = &a->history;
	while (h->n > h->at + 1)
		place_release(&h->places[--h->n]);
	if (h->n == HISTORY) {
		place_release(&h->places[0]);
		memmove(&h->places[0], &h->places[1],
			sizeof(h->places[0]) * (HISTORY - 1));
		h->n--;
	}
	place_set(&h->places[h->n], a->lane, v);
	h->at = h->n++;
}

void history_note(struct app *a, bool closed)
{
	struct history *h = &a->history;
	const struct view *v = a->top;
	while (v && !is_place(v))
		v = v->below;
	if (h->going || !v || (h->n && is_at(&h->places[h->at], a->lane, v)))
		return;
	if (closed && h->at > 0 && is_at(&h->places[h->at - 1], a->lane, v))
		h->at--;
	else
		append(a, v);
}

void history_replace(struct view *v)
{
	struct history *h = &v->app->history;
	if (!h->n || !is_place(v))
		return;
	place_release(&h->places[h->at]);
	place_set(&h->places[h->at], v->app->lane, v);
}

/* One that is still open below keeps its cursor; another is opened again. */
static bool go(struct app *a, const struct place *p)
{
	for (const struct view *v = a->top; v; v = v->below) {
		if (!is_at(p, a->lane, v))
			continue;
		while (a->top != v)
			app_close(a->top);
		return true;
	}
	if (p->lane != a->lane || !p->type)
		app_lane(a, p->lane);
	return !p->type || app_open(a, p->type, &p->arg);
}

void history_step(struct app *a, int by)
{
	struct history *h = &a->history;
	if (by < 0 ? h->at == 0 : h->at + 1 >= h->n) {
		app_say(a, ROLE_DIM,
			by < 0 ? "This is where it began." : "Nothing comes after this.");
		return;
	}
	size_t to = by < 0 ? h->at - 1 : h->at + 1;
	h->going = true;
	bool there = go(a, &h->places[to]);
	h->going = false;
	if (there)
		h->at = to;
}

void history_forget(struct app *a)
{
	while (a->history.n)
		place_release(&a->history.places[--a->history.n]);
}
