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
	if (l->filter_wrong) {
		app_prompt_side(&l->v, "not applied");
		return;
	}
	window_total(&l->w, n, sizeof(n));
	count_format(all, sizeof(all), list_all(l));
	(void)str_format(side, sizeof(side), "%s of %s", n, all);
	app_prompt_side(&l->v, l->w.known ? side : "");
}

/* What is wrong is said at once, with its column; the rows stay those of the filter before. */
static struct filter *parse(struct list_view *l, const char *text, bool *ok)
{
	struct err e = ERR_INIT;
	struct filter *f =
		*text ? filter_parse(text, app_config(l->v.app)->mine, &e) : NULL;
	*ok = f || !*text;
	l->filter_wrong = !*ok;
	app_prompt_wrong(&l->v, *ok ? "" : e.msg);
	filter_show_count(l);
	return f;
}

static void apply(struct list_view *l, struct filter *f, const char *text)
{
	struct filter *old = l->filter;
	/* A question about all rows still holds the old one. */
	store_cancel(app_store(l->v.app), l->marking);
	l->marking = NULL;
	l->filter = f;
	l->w.q.filter = f;
	/* Snoozed records need nobody now; who asks for them wants to see them all the same. */
	l->w.q.need_only = l->lane->need_only && !filter_shows_snoozed(f);
	(void)str_copy(l->filter_text, sizeof(l->filter_text), text);
	table_forget(&l->table);
	window_reset(&l->w);
	filter_free(old);
}

static void typed(struct view *v, const char *text)
{
	struct list_view *l = (struct list_view *)v;
	bool ok = false;
	struct filter *f = parse(l, text, &ok);
	if (ok)
		apply(l, f, text);
}

/* Enter takes only what was understood: else the list would stay under a filter that nobody typed. */
static bool check(struct view *v, const char *text)
{
	bool ok = false;
	filter_free(parse((struct list_view *)v, text, &ok));
	return ok;
}

void filter_set(struct list_view *l, const char *text)
{
	bool ok = false;
	struct filter *f = parse(l, text, &ok);
	if (ok)
		apply(l, f, text);
}

void list_show(struct view *v, const char *filter)
{
	if (v->type == &list_view)
		filter_set((struct list_view *)v, filter);
}

static void done(struct view *v, const char *text)
{
	struct list_view *l = (struct list_view *)v;
	l->filter_wrong = false;
	if (!text)
		text = l->filter_before;
	if (strcmp(text, l->filter_text) != 0)
		filter_set(l, text);
}

void filter_open(struct view *v)
{
	struct list_view *l = (struct list_view *)v;
	(void)str_copy(l->filter_before, sizeof(l->filter_before), l->filter_text);
	(void)app_prompt(v, &(struct prompt){.label = "/",
				    .text = l->filter_text,
				    .changed = typed,
				    .check = check,
				    .done = done});
	filter_show_count(l);
}

bool filter_clear(struct list_view *l)
{
	if (!*l->filter_text)
		return false;
	filter_set(l, "");
	return true;
}

void list_order(struct view *v)
{
	struct list_view *l = (struct list_view *)v;
	l->w.q.sort = (enum store_sort)((l->w.q.sort + 1) % SORT_COUNT);
	window_reset(&l->w);
	app_say(v->app, ROLE_TEXT, "Sorted by %s. S goes on to the next.",
		sort_word(l->w.q.sort));
}
