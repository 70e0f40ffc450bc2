/*
 * Keys typed ahead: before what they are about is on the screen. Those that move, open or lead to a form wait for it, in
 * order; those that act at once are dropped, and it is said. Esc forgets what waits. Nothing that was typed ahead acts, or
 * answers a question.
 */
#include "tui/app_inside.h"

#include <string.h>

enum { SAY_MS = 300 };

/* What a key is about in a view. */
enum about {
	ABOUT_ITSELF, /* a lane, help, a filter, text being typed: it needs no answer */
	ABOUT_SHOWN,  /* what the view shows */
	ABOUT_NOW     /* acts at once on what the view shows */
};

static bool is_key(const struct event *ev, int key)
{
	return ev->type == EVENT_KEY && ev->key == key;
}

/* Typing goes on above a view that waits; what is chosen by Enter is about that view. */
static enum about about_in_overlay(const struct event *ev)
{
	return is_key(ev, K_ENTER) ? ABOUT_SHOWN : ABOUT_ITSELF;
}

static enum about about_of(const struct view *v, const struct event *ev)
{
	if (v->type->overlay)
		return about_in_overlay(ev);
	if (ev->type == EVENT_PASTE)
		return ABOUT_NOW;
	const struct command *c = command_by_key(v, ev->key);
	if (c && (c->flags & CMD_NOW))
		return ABOUT_NOW;
	if (v->type->typing)
		return ABOUT_SHOWN;
	return c && command_about_shown(v, c) ? ABOUT_SHOWN : ABOUT_ITSELF;
}

static enum key_about what_of(const struct view *v, const struct event *ev)
{
	const struct command *c = command_by_key(v, ev->key);
	return v->type->overlay || !c ? KEY_OTHER : command_wants(c);
}

static bool view_waits(const struct view *v, const struct event *ev)
{
	return v->type->waits && v->type->waits(v, what_of(v, ev));
}

/* A key before it is still on its way: to what it opens, or in the line. */
static bool behind(const struct app *a)
{
	return a->ahead.n > 0 || a->choosing;
}

void ahead_forget(struct app *a)
{
	a->ahead.n = 0;
	a->ahead.dropped = false;
	loop_timer_cancel(a->loop, a->ahead.timer);
	a->ahead.timer = NULL;
}

/* A store that answers as usual is never heard of here. */
static void say_waiting(struct loop *l, void *arg)
{
	struct app *a = arg;
	(void)l;
	a->ahead.timer = NULL;
	app_say(a, ROLE_DIM,
		"Not shown yet: %zu %s for it. Esc forgets what was typed ahead.",
		a->ahead.n, plural((long long)a->ahead.n, "key waits", "keys wait"));
}

static void hold(struct app *a, const struct event *ev)
{
	a->ahead.keys[a->ahead.n++] = *ev;
	if (!a->ahead.timer)
		a->ahead.timer = loop_timer(a->loop, SAY_MS, say_waiting, a);
}

void ahead_say_dropped(struct app *a)
{
	a->ahead.dropped = a->ahead.n > 0;
	app_say(a, ROLE_WARN,
		"Not shown yet: what that key is about. Look, then press it again.");
}

/* Out of the program, and what is about the terminal alone. */
static bool never_waits(const struct event *ev)
{
	return is_key(ev, K_CTRL('c')) || is_key(ev, K_CTRL('l')) ||
	       is_key(ev, K_CTRL('z'));
}

bool ahead_takes(struct app *a, const struct event *ev)
{
	const struct view *v = a->top;
	if (never_waits(ev))
		return false;
	if (behind(a) && is_key(ev, K_ESC)) {
		ahead_forget(a);
		act_cancel(a);
		app_say(a, ROLE_TEXT, "What was typed ahead is forgotten.");
		return true;
	}
	if (is_key(ev, K_ESC))
		return false;
	enum about about = about_of(v, ev);
	if (!behind(a) && (about == ABOUT_ITSELF || !view_waits(v, ev)))
		return false;
	/* Behind another key it may be a letter of what that opens: what it is about is known when its turn has come. */
	if ((about == ABOUT_NOW && !behind(a)) || ev->type == EVENT_PASTE ||
		a->ahead.n == AHEAD_MAX)
		ahead_say_dropped(a);
	else
		hold(a, ev);
	return true;
}

/* What a key could not do voids those behind it: they were typed for what did not come. */
static bool went_wrong(const struct app *a)
{
	return a->say[0] && a->say_role != ROLE_TEXT;
}

/* Rows and cursors are laid out where they are drawn: a key is about the screen as it would be now, sent or not. */
static void lay_out(struct app *a)
{
	app_collect_dead(a);
	grid_clear(&a->grid);
	paint_all(a);
}

static void play_one(struct app *a)
{
	struct event ev = a->ahead.keys[0];
	lay_out(a);
	a->ahead.n--;
	memmove(a->ahead.keys, a->ahead.keys + 1, a->ahead.n * sizeof(a->ahead.keys[0]));
	a->say[0] = '\0';
	a->dirty = true;
	a->ahead.playing = true;
	if (about_of(a->top, &ev) == ABOUT_NOW)
		ahead_say_dropped(a);
	else
		app_take(a, &ev);
	a->ahead.playing = false;
}

void ahead_play(struct app *a)
{
	while (a->ahead.n && !a->quit) {
		const struct event *ev = &a->ahead.keys[0];
		/* The last question is answered by what is typed when it can be read. */
		if (a->top->type == &confirm_view)
			break;
		if (a->choosing ||
			(about_of(a->top, ev) == ABOUT_SHOWN && view_waits(a->top, ev)))
			return;
		play_one(a);
		if (went_wrong(a))
			break;
		if (a->ahead.dropped && !a->ahead.n)
			ahead_say_dropped(a);
	}
	ahead_forget(a);
}
