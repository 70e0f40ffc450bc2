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

/* More of one cause than can be taken are seen to be more. */
enum { GROUP_MAX = 2 * TARGETS_MAX };

struct choosing {
	struct app *app;
	struct view *v;               /* where the key came: it must still be on top */
	const struct view_type *type; /* what to open */
	char name[128]; /* the runbook; "": the one of the key, or none yet */
	char key;
	struct arena mem;
	const struct target *rows; /* the rows that were chosen */
	size_t n_rows, at;         /* at: the row that is being expanded */
	struct target *targets;    /* what they stand for */
	size_t n, cut;             /* cut: there are more than that */
};

void act_cancel(struct app *a)
{
	store_cancel(a->store, a->choose_req);
	a->choose_req = NULL;
	if (a->choosing)
		arena_release(&a->choosing->mem);
	if (a->choosing)
		free(a->choosing->targets);
	free(a->choosing);
	a->choosing = NULL;
}

static void copy(struct choosing *ch, struct target *to, const struct target *from)
{
	*to = *from;
	to->key = arena_strdup(&ch->mem, from->key);
	to->source = arena_strdup(&ch->mem, from->source);
	to->title = arena_strdup(&ch->mem, from->title);
	to->run = arena_strdup(&ch->mem, from->run ? from->run : "");
}

static bool take_rows(struct choosing *ch)
{
	struct target *all = xcalloc(TARGETS_MAX, sizeof(*all));
	struct view *v = ch->v;
	ch->n_rows = v->type->targets ? v->type->targets(v, all, TARGETS_MAX) : 0;
	struct target *rows = arena_alloc(&ch->mem, (ch->n_rows + 1) * sizeof(*rows));
	for (size_t i = 0; i < ch->n_rows; i++)
		copy(ch, &rows[i], &all[i]);
	free(all);
	ch->rows = rows;
	if (!ch->n_rows)
		app_say(ch->app, ROLE_DIM, "Nothing is chosen here.");
	for (size_t i = 1; i < ch->n_rows; i++) {
		if (rows[i].kind == rows[0].kind)
			continue;
		app_say(ch->app, ROLE_WARN,
			"The marked ones are of different kinds (%s, %s): mark one kind "
			"at a time.",
			kind_name(rows[0].kind), kind_name(rows[i].kind));
		return false;
	}
	ch->targets = xcalloc(TARGETS_MAX, sizeof(*ch->targets));
	return ch->n_rows > 0;
}

/* A record that two rows stand for is one target. */
static void add_target(struct choosing *ch, const struct target *t)
{
	for (size_t i = 0; i < ch->n; i++)
		if (ch->targets[i].rid == t->rid)
			return;
	if (ch->n < TARGETS_MAX)
		copy(ch, &ch->targets[ch->n++], t);
	else
		ch->cut++;
}

/* ---- the last step ---------------------------------------------------------------------------- */

/* What was typed behind it was for what does not come now. */
static void give_up(struct choosing *ch)
{
	ahead_forget(ch->app);
	act_cancel(ch->app);
}

/* A part of what was chosen is never taken for all of it. */
static void open_it(struct choosing *ch)
{
	const struct view_arg arg = {.rid = ch->targets[0].rid,
		.name = ch->name[0] ? ch->name : NULL,
		.title = ch->targets[0].title,
		.targets = ch->targets,
		.n_targets = ch->n};
	if (ch->cut)
		app_say(ch->app, ROLE_WARN,
			"This stands for more than %d records, and no more can be taken "
			"at "
			"once. In their own lane (2 for runs) they are single rows: mark "
			"some there.",
			TARGETS_MAX);
	if (ch->cut || !app_open(ch->app, ch->type, &arg))
		give_up(ch);
	else
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
	give_up(ch);
	return false;
}

/* ---- the records that one row stands for --------------------------------------------------------- */

static void next_row(struct choosing *ch);

/* False: of one cause, but in another state or of another source; the row does not stand for it. */
static bool add_member(struct choosing *ch, const json_t *row)
{
	struct record r;
	struct str key = STR_INIT, run = STR_INIT;
	const struct target *shown = &ch->rows[ch->at];
	if (!record_from_json(row, &r) || r.kind != shown->kind ||
		r.state != shown->state || strcmp(r.source, shown->source) != 0)
		return false;
	(void)record_key(&r, &key);
	record_run(&r, &run);
	add_target(ch, &(struct target){.rid = r.rid,
			       .kind = r.kind,
			       .state = r.state,
			       .key = key.buf,
			       .source = r.source,
			       .title = r.title,
			       .run = run.buf});
	str_release(&run);
	str_release(&key);
	return true;
}

static void group_answer(void *arg, json_t *answer, const struct err *e)
{
	struct choosing *ch = arg;
	if (!goes_on(ch, answer, e))
		return;
	size_t n = json_array_size(answer), found = 0;
	for (size_t i = 0; i < n; i++)
		found += add_member(ch, json_array_get(answer, i));
	ch->cut += n >= GROUP_MAX;
	if (!found)
		add_target(ch, &ch->rows[ch->at]);
	next_row(ch);
}

/* The record of a row that stands for several: its signature says which. */
static void expand(struct choosing *ch, const struct record *r)
{
	if (ch->rows[ch->at].group > 1 && *r->signature) {
		ch->app->choose_req = store_ask(ch->app->store, "group",
			json_pack("{s:s,s:i}", "signature", r->signature, "limit",
				GROUP_MAX),
			group_answer, ch);
		return;
	}
	add_target(ch, &ch->rows[ch->at]);
	next_row(ch);
}

static void member_answer(void *arg, json_t *answer, const struct err *e)
{
	struct choosing *ch = arg;
	struct record r;
	if (!goes_on(ch, answer, e))
		return;
	if (record_from_json(answer, &r)) {
		expand(ch, &r);
		return;
	}
	/* Gone from the store: the worker will say so of this one target. */
	add_target(ch, &ch->rows[ch->at]);
	next_row(ch);
}

static void ask_record(
	struct choosing *ch, void (*fn)(void *arg, json_t *answer, const struct err *e))
{
	ch->app->choose_req = store_ask(ch->app->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)ch->rows[ch->at].rid), fn, ch);
}

static void next_row(struct choosing *ch)
{
	while (++ch->at < ch->n_rows && ch->rows[ch->at].group <= 1)
		add_target(ch, &ch->rows[ch->at]);
	if (ch->at < ch->n_rows)
		ask_record(ch, member_answer);
	else
		open_it(ch);
}

/* ---- what is known beforehand ------------------------------------------------------------------------- */

/* Once the whole record is here it says exactly; before that only what can never apply is left out. */
static bool any_applies(struct view *v, const struct glance *g, char key)
{
	const struct runbooks *all = app_runbooks_soon(v->app);
	const struct config_source *source = config_source(app_config(v->app), g->source);
	const char *connector = source ? source->connector : "";
	for (size_t i = 0; all && i < runbooks_count(all); i++) {
		const struct runbook *b = runbooks_at(all, i);
		if (runbook_on_hosts(b) || (key && runbook_key(b) != key))
			continue;
		if (g->whole ? runbook_applies_json(b, g->whole, connector)
			     : runbook_may_apply(b, g->kind, g->state, connector))
			return true;
	}
	return !all;
}

bool act_may_runbooks(struct view *v, struct str *why)
{
	struct glance g;
	if (!v->type->glance(v, true, &g) || any_applies(v, &g, 0))
		return true;
	str_addf(why, "No runbook applies to this %s (%s, %s).", kind_name(g.kind),
		g.source, state_name(g.state));
	return false;
}

static void add_none(
	struct str *why, enum kind kind, const char *source, enum state state)
{
	str_addf(why,
		"Nothing acknowledges or approves this %s (%s, %s). r lists what "
		"applies.",
		kind_name(kind), source, state_name(state));
}

bool act_may_acknowledge(struct view *v, struct str *why)
{
	struct glance g;
	if (!v->type->glance(v, true, &g) || any_applies(v, &g, 'a'))
		return true;
	add_none(why, g.kind, g.source, g.state);
	return false;
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
	struct str none = STR_INIT;
	add_none(&none, r->kind, r->source, r->state);
	if (ch->name[0])
		app_say(ch->app, ROLE_WARN,
			"%s does not apply to this %s (%s, %s). r lists those that do.",
			ch->name, kind_name(r->kind), r->source, state_name(r->state));
	else
		app_say(ch->app, ROLE_WARN, "%s", none.buf);
	str_release(&none);
}

/* Of the first row: the record as the store has it now says which runbook applies. */
static void record_answer(void *arg, json_t *answer, const struct err *e)
{
	struct choosing *ch = arg;
	struct record r;
	if (!goes_on(ch, answer, e))
		return;
	if (!record_from_json(answer, &r)) {
		app_say(ch->app, ROLE_WARN, "It is gone from the store.");
		give_up(ch);
		return;
	}
	if (ch->type == &run_view) {
		const struct runbook *b = choose(ch, &r);
		if (!b) {
			say_none(ch, &r);
			give_up(ch);
			return;
		}
		(void)str_copy(ch->name, sizeof(ch->name), runbook_name(b));
	}
	expand(ch, &r);
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
	if (take_rows(ch))
		ask_record(ch, record_answer);
	else
		act_cancel(a);
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

/* ---- what is offered ------------------------------------------------------------------------------------ */
