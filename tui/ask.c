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
	struct app *app;
	char done[200];
};

static void told(void *arg, json_t *answer, const struct err *e)
{
	struct telling *t = arg;
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
	(void)str_copy(t->done, sizeof(t->done), done ? done : "");
	(void)store_tell(v->app->store, change, args, told, t);
}
