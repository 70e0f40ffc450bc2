/*
 * The key c: a claim, or giving it back, which the records as the store has them now decide. Each press is on its way by
 * itself until it is written, so that no other key takes it back and leaving waits for it.
 */
#include "tui/app_inside.h"

#include "tui/from_json.h"
#include <stdlib.h>
#include <string.h>

struct claiming {
	struct claiming *next;
	struct app *app;
	struct store_req *req; /* about the record `at` */
	struct chosen of;
	size_t at, mine;
};

static void finish(struct claiming *k)
{
	struct claiming **at = &k->app->claimings;
	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	free(k);
}

/* Only when all are mine they are given back. */
static void tell(struct claiming *k)
{
	const struct chosen *c = &k->of;
	bool mine = k->mine == c->n, many = c->n > 1;
	char done[240];
	(void)str_format(done, sizeof(done),
		mine   ? many ? "Given back: %s. Nobody has them now."
			      : "Given back: %s. Nobody has it now."
		: many ? "%s are yours."
		       : "You have it: %s.",
		c->title);
	view_tell_each(k->app->top, mine ? "unclaim" : "claim", c->rids, c->n,
		mine ? json_object() : json_pack("{s:s}", "who", k->app->me), done);
}

static void look(struct claiming *k);

static void looked(void *arg, json_t *answer, const struct err *e)
{
	struct claiming *k = arg;
	struct record r;
	k->req = NULL;
	if (!answer) {
		app_say_err(k->app, e);
		finish(k);
		return;
	}
	if (record_from_json(answer, &r) && *r.claimed_by &&
		strcmp(r.claimed_by, k->app->me) == 0)
		k->mine++;
	if (++k->at < k->of.n) {
		look(k);
		return;
	}
	tell(k);
	finish(k);
}

static void look(struct claiming *k)
{
	k->req = store_ask(k->app->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)k->of.rids[k->at]), looked, k);
}

/* The same keys once more before it is known what the first did are that first one. */
static bool under_way(const struct app *a, const struct chosen *c)
{
	for (const struct claiming *k = a->claimings; k; k = k->next)
		if (k->of.n == c->n &&
			memcmp(k->of.rids, c->rids, c->n * sizeof(c->rids[0])) == 0)
			return true;
	return false;
}

void act_claim(struct view *v)
{
	struct app *a = v->app;
	struct claiming *k = xcalloc(1, sizeof(*k));
	k->app = a;
	if (!choose_all(v, &k->of) || under_way(a, &k->of)) {
		free(k);
		return;
	}
	k->next = a->claimings;
	a->claimings = k;
	look(k);
}

void claimings_forget(struct app *a)
{
	while (a->claimings) {
		struct claiming *k = a->claimings;
		a->claimings = k->next;
		store_cancel(a->store, k->req);
		free(k);
	}
}
