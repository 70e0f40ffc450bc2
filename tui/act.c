/* Commands on records: what the keys d l y r a z c n o Y do, wherever records are shown. */
#include "tui/act.h"

#include "runbooks/engine/runbook.h"
#include "tui/app_inside.h"
#include "tui/from_json.h"
#include <stdlib.h>
#include <string.h>

static bool first_target(struct view *v, struct target *out)
{
	return v->type->targets && v->type->targets(v, out, 1) == 1;
}

static void open_record(struct view *v, const struct view_type *type)
{
	struct target t;
	if (first_target(v, &t))
		(void)app_open(v->app, type,
			&(struct view_arg){
				.rid = t.rid, .name = t.key, .title = t.title});
}

void act_detail(struct view *v)
{
	open_record(v, &detail_view);
}

void act_raw(struct view *v)
{
	open_record(v, &raw_view);
}

void act_log(struct view *v)
{
	struct target t;
	if (!first_target(v, &t))
		return;
	if (t.kind != KIND_RUN) {
		app_say(v->app, ROLE_DIM,
			"Only runs have a log; this is %s %s. Enter shows what is known "
			"about it.",
			t.kind == KIND_INCIDENT || t.kind == KIND_ACCESS ? "an" : "a",
			kind_name(t.kind));
		return;
	}
	open_record(v, &log_view);
}

/* ---- runbooks ------------------------------------------------------------------------------- */

static bool writable(struct view *v)
{
	if (!app_read_only(v->app))
		return true;
	app_say(v->app, ROLE_WARN,
		"Read-only: the configuration says `read_only: true`, so nothing can be "
		"changed from here.");
	return false;
}

static struct target *all_targets(struct view *v, size_t *n)
{
	struct target *t = xcalloc(TARGETS_MAX, sizeof(*t));
	*n = v->type->targets ? v->type->targets(v, t, TARGETS_MAX) : 0;
	for (size_t i = 1; i < *n; i++) {
		if (t[i].kind != t[0].kind) {
			app_say(v->app, ROLE_WARN,
				"The marked ones are of different kinds (%s, %s): mark "
				"one kind at a time.",
				kind_name(t[0].kind), kind_name(t[i].kind));
			*n = 0;
		}
	}
	return t;
}

static void open_with_targets(
	struct view *v, const struct view_type *type, const char *runbook)
{
	size_t n = 0;
	struct target *t = all_targets(v, &n);
	if (n)
		(void)app_open(v->app, type,
			&(struct view_arg){.rid = t[0].rid,
				.name = runbook,
				.title = t[0].title,
				.targets = t,
				.n_targets = n});
	free(t);
}

void act_runbooks(struct view *v)
{
	open_with_targets(v, &runbooks_view, NULL);
}

/* A runbook is chosen by the record as the store has it now; the answer opens the form, if the user is still there. */
struct choosing {
	struct app *app;
	struct view *v;
	char name[128]; /* "": the one of the key */
	char key;
};

static const struct runbook *choose(struct choosing *ch, const struct record *r)
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

static void chosen(void *arg, json_t *answer, const struct err *e)
{
	struct choosing *ch = arg;
	struct record r;
	ch->app->choose_req = NULL;
	ch->app->choosing = NULL;
	if (!answer)
		app_say_err(ch->app, e);
	else if (!record_from_json(answer, &r))
		app_say(ch->app, ROLE_WARN, "It is gone from the store.");
	else if (ch->app->top == ch->v) {
		const struct runbook *b = choose(ch, &r);
		if (b)
			open_with_targets(ch->v, &run_view, runbook_name(b));
		else
			say_none(ch, &r);
	}
	free(ch);
}

static void choose_for(struct view *v, const char *name, char key)
{
	struct target t;
	struct app *a = v->app;
	if (!first_target(v, &t)) {
		app_say(a, ROLE_DIM, "Nothing is chosen here.");
		return;
	}
	store_cancel(a->store, a->choose_req);
	free(a->choosing);
	struct choosing *ch = xcalloc(1, sizeof(*ch));
	*ch = (struct choosing){.app = a, .v = v, .key = key};
	(void)str_copy(ch->name, sizeof(ch->name), name ? name : "");
	a->choosing = ch;
	a->choose_req = store_ask(a->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)t.rid), chosen, ch);
}

void act_acknowledge(struct view *v)
{
	if (writable(v))
		choose_for(v, NULL, 'a');
}

void act_runbook(struct view *v, const char *name)
{
	const struct runbooks *all = app_runbooks(v->app);
	const struct runbook *b = all ? runbooks_find(all, name) : NULL;
	if (!b || (runbook_risk(b) != RISK_READ && !writable(v)))
		return;
	if (runbook_on_hosts(b))
		(void)app_open(v->app, &run_view, &(struct view_arg){.name = name});
	else
		choose_for(v, name, 0);
}

/* ---- what people say about a record ----------------------------------------------------------- */

static void note_done(struct view *v, const char *text)
{
	if (!text || !*text)
		return;
	view_tell(v, "note_add",
		json_pack("{s:I,s:s,s:s}", "rid", (json_int_t)v->app->asked_rid, "who",
			app_me(v->app), "text", text),
		"Noted.");
}

void act_note(struct view *v)
{
	struct target t;
	if (!first_target(v, &t))
		return;
	v->app->asked_rid = t.rid;
	(void)app_prompt(v,
		&(struct prompt){.label = "Note:", .side = t.title, .done = note_done});
}

static void snooze_done(struct view *v, const char *text)
{
	usec_t d = 0;
	char done[120], until[48];
	if (!text)
		return;
	if (!clock_parse_duration(text, &d) || d <= 0 || d > 30 * 86400 * USEC_PER_SEC) {
		app_say(v->app, ROLE_WARN,
			"\"%.40s\" is no time span: 30m, 2h or 3d, at most 30d.", text);
		return;
	}
	usec_t at = clock_now() + d;
	app_time(v->app, until, sizeof(until), at);
	(void)str_format(done, sizeof(done), "Hidden from Triage until %s.", until);
	view_tell(v, "snooze",
		json_pack("{s:I,s:I,s:s}", "rid", (json_int_t)v->app->asked_rid, "until",
			(json_int_t)at, "who", app_me(v->app)),
		done);
}

void act_snooze(struct view *v)
{
	struct target t;
	if (!first_target(v, &t))
		return;
	v->app->asked_rid = t.rid;
	(void)app_prompt(v, &(struct prompt){.label = "Hide for:",
				    .text = "1h",
				    .side = t.title,
				    .done = snooze_done});
}

static void claim_answer(void *arg, json_t *answer, const struct err *e)
{
	struct app *a = arg;
	struct record r;
	a->choose_req = NULL;
	if (!answer || !record_from_json(answer, &r)) {
		app_say_err(a, e);
		return;
	}
	bool mine = strcmp(r.claimed_by, a->me) == 0 && *r.claimed_by;
	json_t *args =
		mine ? json_pack("{s:I}", "rid", (json_int_t)r.rid)
		     : json_pack("{s:I,s:s}", "rid", (json_int_t)r.rid, "who", a->me);
	view_tell(a->top, mine ? "unclaim" : "claim", args,
		mine ? "Given back: nobody has it now." : "You have it.");
}

void act_claim(struct view *v)
{
	struct target t;
	struct app *a = v->app;
	if (!first_target(v, &t))
		return;
	store_cancel(a->store, a->choose_req);
	free(a->choosing);
	a->choosing = NULL;
	a->choose_req = store_ask(a->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)t.rid), claim_answer, a);
}

/* ---- out of the terminal ------------------------------------------------------------------------ */

static void url_answer(void *arg, json_t *answer, const struct err *e)
{
	struct app *a = arg;
	a->choose_req = NULL;
	const char *url = json_str(answer, "url", "");
	if (!answer)
		app_say_err(a, e);
	else if (!*url)
		app_say(a, ROLE_DIM, "Its source gives no address for it.");
	else if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		app_say(a, ROLE_WARN, "Its address is no web address: %s", url);
	else
		app_copy(a, url, url);
}

void act_url(struct view *v)
{
	struct target t;
	struct app *a = v->app;
	if (!first_target(v, &t))
		return;
	store_cancel(a->store, a->choose_req);
	free(a->choosing);
	a->choosing = NULL;
	a->choose_req = store_ask(a->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)t.rid), url_answer, a);
}

void act_copy(struct view *v)
{
	struct target t;
	if (first_target(v, &t))
		app_copy(v->app, t.key, t.key);
}
