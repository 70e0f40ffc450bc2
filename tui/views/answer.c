/* Answers of the store that a view keeps. */
#include "tui/views/answer.h"

#include <string.h>

static void start(struct answer *a);

static void answered(void *arg, json_t *json, const struct err *e)
{
	struct answer *a = arg;
	struct view *v = a->view;
	a->req = NULL;
	a->known = true;
	if (json) {
		json_decref(a->json);
		a->json = json_incref(json);
	} else {
		app_say_err(v->app, e);
	}
	app_paint(v->app);
	if (a->again)
		start(a);
	if (a->fn)
		a->fn(v, a);
}

static void start(struct answer *a)
{
	a->again = false;
	a->req = store_ask(
		app_store(a->view->app), a->question, json_incref(a->args), answered, a);
}

void answer_ask(struct view *v, struct answer *a, const char *question, json_t *args,
	answer_fn *fn)
{
	store_cancel(app_store(v->app), a->req);
	json_decref(a->args);
	a->view = v;
	a->question = question;
	a->args = args;
	a->fn = fn;
	start(a);
}

void answer_again(struct answer *a)
{
	if (a->req)
		a->again = true;
	else if (a->args)
		start(a);
}

bool answer_waits(const struct answer *a)
{
	return a->req && !a->known;
}

void answer_clear(struct answer *a)
{
	if (a->req)
		store_cancel(app_store(a->view->app), a->req);
	json_decref(a->json);
	json_decref(a->args);
	memset(a, 0, sizeof(*a));
}
