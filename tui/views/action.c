/* One action, running or over. It goes on without this screen; nothing here repeats what may have been sent. */
#include "tui/views/action.h"

#include "runbooks/engine/job.h"
#include "runbooks/engine/runbook.h"
#include <stdlib.h>
#include <string.h>

enum { OUTPUT_LINES = 100 };

static struct action_view *of(struct view *v)
{
	return (struct action_view *)v;
}

static const json_t *current(struct action_view *a)
{
	return json_array_get(a->targets.json, a->c.at);
}

static bool is(const json_t *row, const char *state)
{
	return strcmp(json_str(row, "state", ""), state) == 0;
}

static void ask_output(struct view *v)
{
	struct action_view *a = of(v);
	long long n = json_int(current(a), "n", 0);
	if (!n || n == a->output_of)
		return;
	answer_clear(&a->output);
	a->output_of = n;
	answer_ask(v, &a->output, "output",
		json_pack("{s:I,s:I,s:b,s:i}", "job", (json_int_t)v->arg.job, "n",
			(json_int_t)n, "tail", 1, "limit", OUTPUT_LINES),
		NULL);
}

static void targets_answer(struct view *v, struct answer *a)
{
	cursor_fit(&of(v)->c, json_array_size(a->json), of(v)->c.height);
	ask_output(v);
}

static bool init(struct view *v, struct err *e)
{
	struct action_view *a = of(v);
	(void)e;
	table_init(&a->table, action_columns, action_columns_n, NULL);
	answer_ask(v, &a->job, "job", json_pack("{s:I}", "job", (json_int_t)v->arg.job),
		NULL);
	answer_ask(v, &a->targets, "targets",
		json_pack("{s:I}", "job", (json_int_t)v->arg.job), targets_answer);
	return true;
}

static void release(struct view *v)
{
	struct action_view *a = of(v);
	answer_clear(&a->job);
	answer_clear(&a->targets);
	answer_clear(&a->output);
	action_answer_release(v);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	const json_t *job = of(v)->job.json;
	str_addf(path, "action %lld %s", v->arg.job,
		json_str(job, "runbook", v->arg.title ? v->arg.title : ""));
	if (job && !job_ended(json_str(job, "state", "")))
		str_adds(side, "goes on without this screen");
}

static void move(struct view *v, enum move m)
{
	cursor_move(&of(v)->c, m);
	ask_output(v);
}

static bool waits(const struct view *v, enum key_about what)
{
	const struct action_view *a = (const struct action_view *)v;
	(void)what;
	return answer_waits(&a->job) || answer_waits(&a->targets);
}

static void changed(struct view *v)
{
	struct action_view *a = of(v);
	answer_again(&a->job);
	answer_again(&a->targets);
	answer_again(&a->output);
	action_answer_changed(v);
}

/* ---- commands ------------------------------------------------------------------------------------ */

static void cancel_yes(struct view *v)
{
	view_tell(v, "job_cancel",
		json_pack("{s:I,s:s}", "job", (json_int_t)v->arg.job, "who",
			app_me(v->app)),
		"Nothing more of it is started. What was sent already goes on.");
}

static void cancel(struct view *v)
{
	struct action_view *a = of(v);
	struct action_counts n;
	char what[240];
	action_count(a->targets.json, &n);
	(void)str_format(what, sizeof(what),
		"Start nothing more of action %lld: %lld of its targets wait. What was "
		"sent already goes on.%s",
		v->arg.job, n.waiting, n.asking ? " What asks is canceled there." : "");
	(void)app_confirm(
		v, &(struct confirm){
			   .what = what, .verb = "cancel the rest", .yes = cancel_yes});
}

static bool can_cancel(struct view *v, struct str *why)
{
	const json_t *job = of(v)->job.json;
	if (job && !job_ended(json_str(job, "state", "")))
		return true;
	str_adds(why, "It is over: there is nothing to cancel.");
	return false;
}

static bool may_retry(const json_t *row)
{
	return is(row, "failed") || is(row, "refused") || is(row, "canceled");
}

static void fill_target(const json_t *row, struct target *t)
{
	const char *id = NULL;
	*t = (struct target){.rid = json_int(row, "rid", 0),
		.key = json_str(row, "key", ""),
		.title = json_str(row, "title", ""),
		.source = ""};
	char source[RECORD_TEXT_MAX + 1];
	if (!record_key_parse(t->key, &t->kind, source, sizeof(source), &id, NULL))
		t->kind = KIND_CHECK;
}

/* A runbook that is gone by now is complained about by its form. */
static bool may_run(struct action_view *a)
{
	const struct runbooks *all = app_runbooks(a->v.app);
	const struct runbook *r =
		all ? runbooks_find(all, json_str(a->job.json, "runbook", "")) : NULL;
	return !r || app_may_run(a->v.app, r);
}

/* The form again, with what was given then, for those targets that did not get through. */
static void retry(struct view *v)
{
	struct action_view *a = of(v);
	struct action_counts count;
	size_t n = 0, i;
	json_t *row;
	if (!may_run(a))
		return;
	action_count(a->targets.json, &count);
	struct target *t = xcalloc((size_t)count.all + 1, sizeof(*t));
	json_array_foreach (a->targets.json, i, row) {
		if (may_retry(row))
			fill_target(row, &t[n++]);
	}
	(void)app_open(v->app, &run_view,
		&(struct view_arg){.name = json_str(a->job.json, "runbook", ""),
			.job = v->arg.job,
			.rid = t[0].rid,
			.title = t[0].title,
			.targets = t,
			.n_targets = n});
	free(t);
}

static bool can_retry(struct view *v, struct str *why)
{
	struct action_view *a = of(v);
	struct action_counts count;
	size_t i;
	json_t *row;
	if (!a->job.json || !job_ended(json_str(a->job.json, "state", ""))) {
		str_adds(why, "It is not over yet. R is for what has failed when it is.");
		return false;
	}
	json_array_foreach (a->targets.json, i, row) {
		if (may_retry(row))
			return true;
	}
	action_count(a->targets.json, &count);
	str_adds(why, count.unknown
			      ? "Nothing failed. What is UNKNOWN may have happened: look "
				"at its source before it is done again."
			      : "Nothing failed.");
	return false;
}

static void output(struct view *v)
{
	(void)app_open(v->app, &log_view,
		&(struct view_arg){.job = v->arg.job,
			.title = json_str(of(v)->job.json, "runbook", "")});
}

static void open_target(struct view *v)
{
	const json_t *row = current(of(v));
	(void)app_open(v->app, &detail_view,
		&(struct view_arg){.rid = json_int(row, "rid", 0),
			.title = json_str(row, "title", "")});
}

static bool has_record(struct view *v, struct str *why)
{
	if (json_int(current(of(v)), "rid", 0))
		return true;
	str_adds(why, "There is no record of it.");
	return false;
}

static bool moves(const struct view *v)
{
	return ((const struct action_view *)v)->c.n > 1;
}

static const struct command commands[] = {
	{"open", "Enter Right", "Enter record", "all that is known about the target", 0,
		open_target, has_record},
	{"output", "l", "l output", "all its output, with search", 0, output},
	{"answer-yes", "a", "a x answer", "say yes to what the target asks: it goes on",
		CMD_ACTS | CMD_NOW, action_say_yes, action_asks},
	{"answer-no", "x", NULL, "say no to what the target asks: it is canceled there",
		CMD_NOW, action_say_no, action_asks},
	{"cancel", "c", "c cancel what has not started",
		"start nothing more of it; what was sent goes on", CMD_NOW, cancel,
		can_cancel},
	{"retry", "R", "R retry failed",
		"the form again, for the targets that failed or were not started",
		CMD_AIMED, retry, can_retry},
	{NULL},
};

const struct view_type action_view = {
	.name = "action",
	.size = sizeof(struct action_view),
	.live = true,
	.help = "One action: what is known about each of its targets.",
	.init = init,
	.release = release,
	.title = title,
	.draw = action_draw,
	.waits = waits,
	.move = move,
	.moves = moves,
	.changed = changed,
	.commands = commands,
};
