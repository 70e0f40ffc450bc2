/* Commands on records: what the keys d l y z n o Y do, wherever records are shown. r and a: act_runbook.c; c: act_claim.c. */
#include "tui/act.h"

#include "tui/app_inside.h"
#include "tui/from_json.h"
#include "tui/views/list.h"
#include <stdlib.h>
#include <string.h>

enum { TITLE_COLS = 60 };

/* What is looked at is the one under the cursor, whatever is marked. */
static bool shown_target(struct view *v, struct target *out)
{
	const struct view_type *type = v->type;
	if (type->current ? type->current(v, out)
			  : type->targets && type->targets(v, out, 1) == 1)
		return true;
	app_say(v->app, ROLE_DIM, "Nothing is chosen here.");
	return false;
}

bool choose_all(struct view *v, struct chosen *c)
{
	struct target *all = xcalloc(TARGETS_MAX, sizeof(*all));
	struct str title = STR_INIT;
	c->n = v->type->targets ? v->type->targets(v, all, TARGETS_MAX) : 0;
	c->snoozed = 0;
	for (size_t i = 0; i < c->n; i++) {
		c->rids[i] = all[i].rid;
		c->snoozed += all[i].snoozed_until > clock_now();
	}
	if (c->n == 1)
		utf8_cut(&title, all[0].title, TITLE_COLS, UTF8_CUT_END);
	else
		str_addf(&title, "%zu records", c->n);
	(void)str_copy(c->title, sizeof(c->title), title.buf);
	str_release(&title);
	free(all);
	return c->n > 0;
}

static void open_record(struct view *v, const struct view_type *type)
{
	struct target t;
	if (shown_target(v, &t))
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

bool act_may_log(struct view *v, struct str *why)
{
	struct glance g;
	if (!v->type->glance(v, false, &g) || g.kind == KIND_RUN)
		return true;
	str_addf(why,
		"Only runs have a log; this is %s %s. Enter shows what is known about "
		"it.",
		g.kind == KIND_INCIDENT || g.kind == KIND_ACCESS ? "an" : "a",
		kind_name(g.kind));
	return false;
}

void act_log(struct view *v)
{
	open_record(v, &log_view);
}

/* ---- what people say about records ------------------------------------------------------------- */

static void note_done(struct view *v, const char *text)
{
	const struct chosen *c = &v->app->asked;
	char done[200];
	if (!text || !*text)
		return;
	(void)str_format(
		done, sizeof(done), c->n > 1 ? "Noted on %s." : "Noted: %s.", c->title);
	view_tell_each(v, "note_add", c->rids, c->n,
		json_pack("{s:s,s:s}", "who", app_me(v->app), "text", text), done);
}

void act_note(struct view *v)
{
	struct chosen *c = &v->app->asked;
	if (choose_all(v, c))
		(void)app_prompt(v,
			&(struct prompt){
				.label = "Note:", .side = c->title, .done = note_done});
}

static void snooze_done(struct view *v, const char *text)
{
	const struct chosen *c = &v->app->asked;
	usec_t d = 0;
	char done[280], until[48];
	if (!text)
		return;
	if (!clock_parse_duration(text, &d) || d <= 0 || d > 30 * USEC_PER_SEC * 86400) {
		app_say(v->app, ROLE_WARN,
			"\"%.40s\" is no time span: 30m, 2h or 3d, at most 30d.", text);
		return;
	}
	usec_t at = clock_now() + d;
	app_time(v->app, NULL, until, sizeof(until), at);
	(void)str_format(done, sizeof(done), "Snoozed until %s: %s. z again ends it.",
		until, c->title);
	view_tell_each(v, "snooze", c->rids, c->n,
		json_pack("{s:I,s:s}", "until", (json_int_t)at, "who", app_me(v->app)),
		done);
}

/* Only when all are snoozed it ends for them. */
static void wake(struct view *v, const struct chosen *c)
{
	char done[240];
	(void)str_format(done, sizeof(done), "Not snoozed any more: %s.", c->title);
	view_tell_each(v, "snooze", c->rids, c->n,
		json_pack("{s:i,s:s}", "until", 0, "who", app_me(v->app)), done);
}

void act_snoozed(struct view *v)
{
	struct app *a = v->app;
	app_lane(a, LANE_TRIAGE);
	list_show(a->top, "snoozed:yes");
}

void act_snooze(struct view *v)
{
	struct chosen *c = &v->app->asked;
	if (!choose_all(v, c))
		return;
	if (c->snoozed == c->n)
		wake(v, c);
	else
		(void)app_prompt(v, &(struct prompt){.label = "Snooze for:",
					    .text = "1h",
					    .side = c->title,
					    .done = snooze_done});
}

/* ---- out of the terminal ------------------------------------------------------------------------ */

static const char no_url[] = "Its source gives no address for it.";

bool act_may_url(struct view *v, struct str *why)
{
	struct glance g;
	if (!v->type->glance(v, false, &g) || !g.url || *g.url)
		return true;
	str_adds(why, no_url);
	return false;
}

static void url_answer(void *arg, json_t *answer, const struct err *e)
{
	struct app *a = arg;
	a->choose_req = NULL;
	const char *url = json_str(answer, "url", "");
	if (!answer)
		app_say_err(a, e);
	else if (!*url)
		app_say(a, ROLE_DIM, "%s", no_url);
	else if (!str_starts(url, "https://") && !str_starts(url, "http://"))
		app_say(a, ROLE_WARN, "Its address is no web address: %s", url);
	else
		app_copy(a, url, url);
}

void act_url(struct view *v)
{
	struct target t;
	struct app *a = v->app;
	if (!shown_target(v, &t))
		return;
	act_cancel(a);
	a->choose_req = store_ask(a->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)t.rid), url_answer, a);
}

void act_copy(struct view *v)
{
	struct target t;
	if (shown_target(v, &t))
		app_copy(v->app, t.key, t.key);
}
