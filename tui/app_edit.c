/*
 * Edits of the configuration, runbooks and themes, taken up while the console runs. What cannot be read leaves the last good
 * version as it is, and is said with its place until it is mended.
 */
#include "tui/app_inside.h"

#include "runbooks/engine/runbook.h"
#include <stdlib.h>
#include <string.h>

/* What was before, for views that were opened with it. */
struct edition {
	struct edition *next;
	struct config *config; /* NULL: not ours */
	struct runbooks *runbooks;
};

static void edition_free(struct edition *n)
{
	if (n->runbooks)
		runbooks_free(n->runbooks);
	if (n->config)
		config_release(n->config);
	free(n->config);
	free(n);
}

void edit_forget(struct app *a)
{
	while (a->editions) {
		struct edition *n = a->editions;
		a->editions = n->next;
		edition_free(n);
	}
}

/* Lanes hold nothing of it; what stands above them may. */
static bool only_lanes(const struct app *a)
{
	return a->top && a->top->lane >= 0 && !a->dead && !a->choosing;
}

static void put_aside(struct app *a)
{
	struct edition *n = xcalloc(1, sizeof(*n));
	n->config = a->own_config;
	n->runbooks = a->runbooks;
	n->next = a->editions;
	a->editions = n;
	a->own_config = NULL;
	a->runbooks = NULL;
}

static void say_wrong(struct app *a, const struct err *e)
{
	(void)str_copy(a->wrong, sizeof(a->wrong), e->msg);
	app_say(a, ROLE_BAD, "Not taken up, what was before goes on: %s", a->wrong);
}

void edit_refused(struct app *a, const struct err *e)
{
	say_wrong(a, e);
}

void edit_taken(struct app *a, struct config *next)
{
	struct err e = ERR_INIT;
	const struct runbooks *before = a->runbooks;
	put_aside(a);
	a->own_config = next;
	a->config = next;
	a->me = next->operator_name ? next->operator_name : "";
	a->read_only = next->read_only;
	a->wrong[0] = '\0';
	a->runbooks = runbooks_again(next, before, &e);
	if (!a->runbooks)
		say_wrong(a, &e);
	else if (runbooks_errors(a->runbooks))
		say_wrong(a, runbooks_error(a->runbooks, 0));
	else
		app_say(a, ROLE_TEXT, "The configuration was edited, and is taken up.");
	if (only_lanes(a))
		edit_forget(a);
	app_ask_again(a);
}

const char *app_wrong(const struct app *a)
{
	return a->wrong[0] ? a->wrong : NULL;
}
