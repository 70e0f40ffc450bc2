/* Commands on records: what the keys d l y z c n o Y do, wherever records are shown. r and a: act_runbook.c. */
#include "tui/act.h"

#include "tui/app_inside.h"
#include "tui/from_json.h"
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
	if (!clock_parse_duration(text, &d) || d <= 0 || d > 30 * USEC_PER_SEC * 86400) {
		app_say(v->app, ROLE_WARN,
			"\"%.40s\" is no time span: 30m, 2h or 3d, at most 30d.", text);
		return;
	}
	usec_t at = clock_now() + d;
	app_time(v->app, NULL, until, sizeof(until), at);
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
	act_cancel(a);
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
	act_cancel(a);
	a->choose_req = store_ask(a->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)t.rid), url_answer, a);
}

void act_copy(struct view *v)
{
	struct target t;
	if (first_target(v, &t))
		app_copy(v->app, t.key, t.key);
}
