/* Questions and changes on behalf of a view. */
#include "tui/ask.h"

#include "tui/app_inside.h"
#include <stdlib.h>

static void answered(void *arg, json_t *answer, const struct err *e)
{
	struct ask *k = arg;
	struct view *v = k->view;
	k->req = NULL;
	if (!answer)
		app_say_err(v->app, e);
	v->app->dirty = true;
	k->fn(v, answer);
}

void ask_start(struct view *v, struct ask *k, const char *question, json_t *args,
	view_answer_fn *fn)
{
	ask_cancel(k);
	k->view = v;
	k->fn = fn;
	(void)str_copy(k->question, sizeof(k->question), question);
	k->req = store_ask(v->app->store, question, args, answered, k);
}

void ask_cancel(struct ask *k)
{
	if (k->req)
		store_cancel(k->view->app->store, k->req);
	k->req = NULL;
}

/* A change outlives the view that asked for it; it is freed by its answer. */
struct telling {
	struct telling *next;
	struct app *app;
	struct store_req *req;
	char done[200];
};

static void unlink_telling(struct telling *t)
{
	struct telling **at = &t->app->tellings;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
}

static void told(void *arg, json_t *answer, const struct err *e)
{
	struct telling *t = arg;
	unlink_telling(t);
	if (!answer)
		app_say_err(t->app, e);
	else if (t->done[0])
		app_say(t->app, ROLE_TEXT, "%s", t->done);
	free(t);
}

void view_tell(struct view *v, const char *change, json_t *args, const char *done)
{
	struct telling *t = xcalloc(1, sizeof(*t));
	t->app = v->app;
	t->next = v->app->tellings;
	v->app->tellings = t;
	(void)str_copy(t->done, sizeof(t->done), done ? done : "");
	t->req = store_tell(v->app->store, change, args, told, t);
}

void tellings_finish(struct app *a, int within_ms)
{
	int64_t until = clock_mono_ms() + within_ms;
	/* The user has left: keys, or the end of the terminal, mean nothing any more. */
	loop_unwatch(a->loop, a->input);
	a->input = NULL;
	while (a->tellings && clock_mono_ms() < until)
		if (!loop_turn(a->loop, 20))
			return;
}

void tellings_forget(struct app *a)
{
	while (a->tellings) {
		struct telling *t = a->tellings;
		a->tellings = t->next;
		store_cancel(a->store, t->req);
		free(t);
	}
}
