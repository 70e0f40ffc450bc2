/*
 * From a key on a record to the form of a runbook. What it acts on is taken when the key comes, from what was shown, and
 * copied: what the list does meanwhile changes nothing. A row that stands for several records means all of them.
 */
#include "tui/act.h"

#include "runbooks/engine/runbook.h"
#include "tui/app_inside.h"
#include "tui/from_json.h"
#include <stdlib.h>
#include <string.h>

struct choosing {
	struct app *app;
	struct view *v;               /* where the key came: it must still be on top */
	const struct view_type *type; /* what to open */
	char name[128]; /* the runbook; "": the one of the key, or none yet */
	char key;
	struct arena mem;
	struct target *targets;
	size_t n;
};

void act_cancel(struct app *a)
{
	store_cancel(a->store, a->choose_req);
	a->choose_req = NULL;
	if (a->choosing)
		arena_release(&a->choosing->mem);
	free(a->choosing);
	a->choosing = NULL;
}

static struct target *take(struct choosing *ch, const struct target *from, size_t n)
{
	struct target *t = arena_alloc(&ch->mem, n * sizeof(*t));
	for (size_t i = 0; i < n; i++) {
		t[i] = from[i];
		t[i].key = arena_strdup(&ch->mem, from[i].key);
		t[i].source = arena_strdup(&ch->mem, from[i].source);
		t[i].title = arena_strdup(&ch->mem, from[i].title);
	}
	return t;
}

static bool take_targets(struct choosing *ch)
{
	struct target *all = xcalloc(TARGETS_MAX, sizeof(*all));
	struct view *v = ch->v;
	ch->n = v->type->targets ? v->type->targets(v, all, TARGETS_MAX) : 0;
	ch->targets = take(ch, all, ch->n);
	free(all);
	if (!ch->n)
		app_say(ch->app, ROLE_DIM, "Nothing is chosen here.");
	for (size_t i = 1; i < ch->n; i++) {
		if (ch->targets[i].kind == ch->targets[0].kind)
			continue;
		app_say(ch->app, ROLE_WARN,
			"The marked ones are of different kinds (%s, %s): mark one kind "
			"at a time.",
			kind_name(ch->targets[0].kind), kind_name(ch->targets[i].kind));
		return false;
	}
	return ch->n > 0;
}

/* ---- the last step ---------------------------------------------------------------------------- */

static void open_it(struct choosing *ch)
{
	(void)app_open(ch->app, ch->type,
		&(struct view_arg){.rid = ch->targets[0].rid,
			.name = ch->name[0] ? ch->name : NULL,
			.title = ch->targets[0].title,
			.targets = ch->targets,
			.n_targets = ch->n});
	act_cancel(ch->app);
}

/* Still there? If not, the choice is void: a form must not open over something else. */
static bool goes_on(struct choosing *ch, const json_t *answer, const struct err *e)
{
	ch->app->choose_req = NULL;
	if (!answer)
		app_say_err(ch->app, e);
	if (answer && ch->app->top == ch->v)
		return true;
	act_cancel(ch->app);
	return false;
}

/* ---- the records that one row stands for --------------------------------------------------------- */

static bool belongs(const struct choosing *ch, const json_t *row, struct target *out)
{
	struct record r;
	struct str key = STR_INIT;
	const struct target *first = &ch->targets[0];
	if (!record_from_json(row, &r) || r.kind != first->kind ||
		r.state != first->state || strcmp(r.source, first->source) != 0)
		return false;
	(void)record_key(&r, &key);
	*out = (struct target){.rid = r.rid,
		.kind = r.kind,
		.state = r.state,
		.key = str_take(&key),
		.source = r.source,
		.title = r.title};
	return true;
}

static void group_answer(void *arg, json_t *answer, const struct err *e)
{
	struct choosing *ch = arg;
	if (!goes_on(ch, answer, e))
		return;
	size_t n = 0, rows = json_array_size(answer);
	struct target *all = xcalloc(rows + 1, sizeof(*all));
	for (size_t i = 0; i < rows && n < TARGETS_MAX; i++)
		n += belongs(ch, json_array_get(answer, i), &all[n]);
	if (n > 0) {
		ch->targets = take(ch, all, n);
		ch->n = n;
	}
	for (size_t i = 0; i < n; i++)
		free((void *)(uintptr_t)all[i].key);
	free(all);
	open_it(ch);
}

/* ---- which runbook ---------------------------------------------------------------------------------- */

static const struct runbook *choose(const struct choosing *ch, const struct record *r)
{
	const struct runbooks *all = app_runbooks(ch->app);
	const struct config_source *source =
		config_source(app_config(ch->app), r->source);
	for (size_t i = 0; all && i < runbooks_count(all); i++) {
		const struct runbook *b = runbooks_at(all, i);
		bool wanted = ch->name[0] ? strcmp(runbook_name(b), ch->name) == 0
					  : runbook_key(b) == ch->key;
		if (wanted && !runbook_on_hosts(b) &&
			runbook_applies(b, r, source ? source->connector : ""))
			return b;
	}
	return NULL;
}

static void say_none(struct choosing *ch, const struct record *r)
{
	if (ch->name[0])
		app_say(ch->app, ROLE_WARN,
			"%s does not apply to this %s (%s, %s). r lists those that do.",
			ch->name, kind_name(r->kind), r->source, state_name(r->state));
	else
		app_say(ch->app, ROLE_WARN,
			"Nothing acknowledges or approves this %s (%s, %s). r lists what "
			"applies.",
			kind_name(r->kind), r->source, state_name(r->state));
}

/* The record as the store has it now says which runbook applies, and whether others share its cause. */
static void record_answer(void *arg, json_t *answer, const struct err *e)
{
	struct choosing *ch = arg;
	struct record r;
	if (!goes_on(ch, answer, e))
		return;
	if (!record_from_json(answer, &r)) {
		app_say(ch->app, ROLE_WARN, "It is gone from the store.");
		act_cancel(ch->app);
		return;
	}
	if (ch->type == &run_view) {
		const struct runbook *b = choose(ch, &r);
		if (!b) {
			say_none(ch, &r);
			act_cancel(ch->app);
			return;
		}
		(void)str_copy(ch->name, sizeof(ch->name), runbook_name(b));
	}
	if (ch->n == 1 && ch->targets[0].group > 1 && *r.signature)
		ch->app->choose_req = store_ask(ch->app->store, "group",
			json_pack("{s:s,s:i}", "signature", r.signature, "limit",
				TARGETS_MAX),
			group_answer, ch);
	else
		open_it(ch);
}

static void begin(
	struct view *v, const struct view_type *type, const char *name, char key)
{
	struct app *a = v->app;
	act_cancel(a);
	struct choosing *ch = xcalloc(1, sizeof(*ch));
	*ch = (struct choosing){.app = a, .v = v, .type = type, .key = key};
	(void)str_copy(ch->name, sizeof(ch->name), name ? name : "");
	a->choosing = ch;
	if (!take_targets(ch)) {
		act_cancel(a);
		return;
	}
	a->choose_req = store_ask(a->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)ch->targets[0].rid), record_answer,
		ch);
}

void act_runbooks(struct view *v)
{
	begin(v, &runbooks_view, NULL, 0);
}

void act_acknowledge(struct view *v)
{
	begin(v, &run_view, NULL, 'a');
}

void act_runbook(struct view *v, const char *name)
{
	const struct runbooks *all = app_runbooks(v->app);
	const struct runbook *b = all ? runbooks_find(all, name) : NULL;
	if (!b || !app_may_run(v->app, b))
		return;
	if (runbook_on_hosts(b))
		(void)app_open(v->app, &run_view, &(struct view_arg){.name = name});
	else
		begin(v, &run_view, name, 0);
}
