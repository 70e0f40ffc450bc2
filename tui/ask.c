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

/* Changes that one key began. They outlive the view that asked for them; the last answer frees them. */
struct batch {
	struct app *app;
	size_t n, left, failed;
	struct err first; /* why the first that failed did */
	char done[300];
};

struct telling {
	struct telling *next;
	struct batch *of;
	struct store_req *req;
};

static void unlink_telling(struct telling *t)
{
	struct telling **at = &t->of->app->tellings;
	while (*at != t)
		at = &(*at)->next;
	*at = t->next;
}

static void say_outcome(const struct batch *b)
{
	if (b->failed && b->n > 1)
		app_say(b->app, ROLE_BAD, "%zu of %zu done. Of the others: %s",
			b->n - b->failed, b->n, b->first.msg);
	else if (b->failed)
		app_say_err(b->app, &b->first);
	else if (b->done[0])
		app_say(b->app, ROLE_TEXT, "%s", b->done);
}

static void told(void *arg, json_t *answer, const struct err *e)
{
	struct telling *t = arg;
	struct batch *b = t->of;
	unlink_telling(t);
	free(t);
	if (!answer && b->failed++ == 0 && e)
		b->first = *e;
	if (--b->left)
		return;
	say_outcome(b);
	free(b);
}

static struct batch *batch_new(struct app *a, size_t n, const char *done)
{
	struct batch *b = xcalloc(1, sizeof(*b));
	*b = (struct batch){.app = a, .n = n, .left = n};
	(void)str_copy(b->done, sizeof(b->done), done ? done : "");
	return b;
}

static void tell(struct batch *b, const char *change, json_t *args)
{
	struct telling *t = xcalloc(1, sizeof(*t));
	t->of = b;
	t->next = b->app->tellings;
	b->app->tellings = t;
	t->req = store_tell(b->app->store, change, args, told, t);
}

void view_tell(struct view *v, const char *change, json_t *args, const char *done)
{
	tell(batch_new(v->app, 1, done), change, args);
}

void view_tell_each(struct view *v, const char *change, const long long *rids, size_t n,
	json_t *args, const char *done)
{
	struct batch *b = n ? batch_new(v->app, n, done) : NULL;
	for (size_t i = 0; i < n; i++) {
		json_t *one = json_copy(args);
		json_object_set_new(one, "rid", json_integer((json_int_t)rids[i]));
		tell(b, change, one);
	}
	json_decref(args);
}

void tellings_finish(struct app *a, int within_ms)
{
	int64_t until = clock_mono_ms() + within_ms;
	/* The user has left: keys, or the end of the terminal, mean nothing any more. */
	loop_unwatch(a->loop, a->input);
	a->input = NULL;
	while ((a->tellings || a->claimings) && clock_mono_ms() < until)
		if (!loop_turn(a->loop, 20))
			return;
}

void tellings_forget(struct app *a)
{
	while (a->tellings) {
		struct telling *t = a->tellings;
		a->tellings = t->next;
		store_cancel(a->store, t->req);
		if (--t->of->left == 0)
			free(t->of);
		free(t);
	}
}
