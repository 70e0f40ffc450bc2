/* Filter and sort of a lane. A filter is applied with every keystroke; the one before is cancelled. */
#include "tui/views/list.h"

#include <string.h>

static const char *const sort_words[SORT_COUNT] = {
	[SORT_ATTENTION] = "attention",
	[SORT_UPDATED] = "last change",
	[SORT_STARTED] = "start",
	[SORT_DUE] = "due time",
	[SORT_AMOUNT] = "amount",
	[SORT_TITLE] = "title",
};

const char *sort_word(enum store_sort s)
{
	return sort_words[s];
}

void filter_show_count(struct list_view *l)
{
	char side[100], n[40], all[40];
	window_total(&l->w, n, sizeof(n));
	count_format(all, sizeof(all), list_all(l));
	(void)str_format(side, sizeof(side), "%s of %s", n, all);
	app_prompt_side(&l->v, l->w.known ? side : "");
}

static bool apply(struct list_view *l, const char *text)
{
	struct err e = ERR_INIT;
	struct filter *f = NULL;
	if (*text) {
		f = filter_parse(text, app_me(l->v.app), &e);
		if (!f) {
			app_prompt_side(&l->v, e.msg);
			return false;
		}
	}
	struct filter *old = l->filter;
	l->filter = f;
	l->w.q.filter = f;
	(void)str_copy(l->filter_text, sizeof(l->filter_text), text);
	window_reset(&l->w);
	filter_free(old);
	return true;
}

static void typed(struct view *v, const char *text)
{
	(void)apply((struct list_view *)v, text);
}

static void done(struct view *v, const char *text)
{
	struct list_view *l = (struct list_view *)v;
	struct err e = ERR_INIT;
	if (!text) {
		(void)apply(l, l->filter_before);
		return;
	}
	if (strcmp(text, l->filter_text) == 0 || apply(l, text))
		return;
	filter_free(filter_parse(text, app_me(v->app), &e));
	app_say_err(v->app, &e);
}

void filter_open(struct view *v)
{
	struct list_view *l = (struct list_view *)v;
	(void)str_copy(l->filter_before, sizeof(l->filter_before), l->filter_text);
	(void)app_prompt(v, &(struct prompt){.label = "/",
				    .text = l->filter_text,
				    .changed = typed,
				    .done = done});
	filter_show_count(l);
}

bool filter_clear(struct list_view *l)
{
	if (!*l->filter_text)
		return false;
	return apply(l, "");
}

void list_order(struct view *v)
{
	struct list_view *l = (struct list_view *)v;
	l->w.q.sort = (enum store_sort)((l->w.q.sort + 1) % SORT_COUNT);
	window_reset(&l->w);
	app_say(v->app, ROLE_TEXT, "Sorted by %s. S goes on to the next.",
		sort_word(l->w.q.sort));
}
