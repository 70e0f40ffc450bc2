/*
 * One target of an action, step by step: send, look whether it arrived, next. The state is written before the first byte leaves; what was sent
 * and cannot be known is UNKNOWN, and nothing here sends a second time.
 */
#include <string.h>
#include <sys/wait.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "runbooks/engine/target_private.h"

static void next_step(struct target_run *t);

struct job_run *target_job(const struct target_run *t)
{
	return t->plan->job;
}

const struct far *target_far(const struct target_run *t)
{
	return t->plan->job->far;
}

void target_show(struct target_run *t, const char *state, const char *text)
{
	struct str shown = STR_INIT_MAX(2000);

	if (t->unit)
		plan_unit_label(t->unit, &shown);
	str_adds(&shown, text);
	log_at(LOG_INFO, "target", "%lld/%zu -> %s: %s", target_job(t)->id, t->n, state,
		shown.buf);
	job_target(target_job(t), t->n, state, shown.buf);
	str_release(&shown);
}

void target_to(struct target_run *t, const char *state, const char *known)
{
	if (known != t->known)
		str_copy(t->known, sizeof(t->known), known);
	target_show(t, state, known);
}

void target_end(struct target_run *t, const char *state, const char *text)
{
	json_decref(t->input);
	t->input = NULL;
	t->fn(t->arg, t->n, state, text);
}

static void (*const runners[])(struct target_run *t) = {
	[STEP_CALL] = target_call,
	[STEP_SQL] = target_sql,
	[STEP_SSH] = target_ssh,
	[STEP_EXEC] = target_exec,
	[STEP_WAIT] = target_wait,
	[STEP_CONFIRM] = target_confirm,
	[STEP_FOREACH] = NULL, /* spread out in the plan */
};

/* ---- the order of steps ---------------------------------------------------------------- */

void target_use(struct target_run *t, const struct plan_unit *u)
{
	t->unit = u;
	t->step = u->step;
}

/* The weakest of what its steps ended as. */
static const char *good_word(const struct target_run *t)
{
	/* Of what was to be sent nothing was done. */
	bool nothing = t->failures && !t->sent && !t->accepted && !t->already;

	if (t->items_failed || nothing)
		return "failed";
	if (t->accepted)
		return "accepted";
	return t->already && !t->sent ? "already" : "succeeded";
}

void target_proved(struct target_run *t)
{
	t->sent = t->sent || t->accepted;
	t->accepted = false;
}

static void note(struct target_run *t, enum step_end end)
{
	if (end == STEP_END_ALREADY)
		t->already = true;
	else if (end == STEP_END_ACCEPTED)
		t->accepted = true;
	else if (end == STEP_END_OK && step_types[t->step->kind].sends)
		t->sent = true;
}

/* What was passed over is said in the end: a target is never just "done" when something in it was not. */
static void succeed(struct target_run *t)
{
	struct str text = STR_INIT_MAX(2000);

	if (t->failures)
		str_addf(&text, "%zu failed, the first: %s; ", t->failures, t->passed);
	if (t->items_failed) {
		str_adds(&text, "the others are done");
	} else {
		plan_unit_label(t->unit, &text);
		str_adds(&text, t->known);
	}
	target_end(t, good_word(t), text.buf);
	str_release(&text);
}

static void pass_over(struct target_run *t, const char *said)
{
	static const char words[] = "goes on in spite of it";

	if (t->failures++ == 0)
		str_copy(t->passed, sizeof(t->passed), said);
	job_line(target_job(t), t->n, "info", words, sizeof(words) - 1);
}

/* The first unit that is not of the item under way. */
static void skip_item(struct target_run *t)
{
	const struct plan_target *target = &t->plan->targets[t->n];
	const struct plan_unit *u = t->unit;

	while (t->at < target->n_units && target->units[t->at].loop == u->loop &&
		target->units[t->at].nth == u->nth)
		t->at++;
}

/* False: the failure ends the target. */
static bool may_go_on(struct target_run *t, const char *said)
{
	const struct step *loop = t->unit->loop;

	if (t->step->go_on) {
		pass_over(t, said);
		t->at++;
		return true;
	}
	if (!loop || !loop->go_on || t->step->n_rescue)
		return false;
	pass_over(t, said);
	t->items_failed = true;
	skip_item(t);
	return true;
}

static bool start_rescue(struct target_run *t, const char *said)
{
	const struct step *s = t->step;

	if (s->n_rescue == 0 && t->unit->loop)
		s = t->unit->loop;
	if (s->n_rescue == 0 || t->resume)
		return false;
	str_copy(t->why, sizeof(t->why), said);
	t->rescue = s->rescue;
	t->n_rescue = s->n_rescue;
	t->rescue_at = 0;
	t->rescue_unit = *t->unit;
	next_step(t);
	return true;
}

static const char *end_word(const struct target_run *t)
{
	return t->failed_end == STEP_END_UNKNOWN ? "unknown" : "failed";
}

static void stop_here(struct target_run *t, const char *said)
{
	const struct plan_unit *u = t->unit;
	struct str text = STR_INIT_MAX(2000);

	str_adds(&text, said);
	if (u->loop && u->nth < u->items && !t->resume)
		str_addf(&text, "; stopped there, %zu not begun", u->items - u->nth);
	target_end(t, end_word(t), text.buf);
	str_release(&text);
}

static void step_failed(struct target_run *t, enum step_end end, const char *said)
{
	if (t->rescue) {
		if (end == STEP_END_FAILED && t->step->go_on) {
			t->rescue_at++;
			next_step(t);
			return;
		}
		if (t->failed_end != STEP_END_UNKNOWN)
			t->failed_end = end;
		target_end(t, end_word(t), said);
		return;
	}
	if (end == STEP_END_FAILED && may_go_on(t, said)) {
		next_step(t);
		return;
	}
	t->failed_end = end;
	if (!start_rescue(t, said))
		stop_here(t, said);
}

void target_step_done(struct target_run *t, enum step_end end, const char *known)
{
	struct str said = STR_INIT_MAX(2000);

	plan_unit_label(t->unit, &said);
	str_adds(&said, known);
	target_to(t, end == STEP_END_UNKNOWN ? "verifying" : "running", known);
	json_decref(t->input);
	t->input = NULL;
	note(t, end);
	if (end < STEP_END_FAILED) {
		*(t->rescue ? &t->rescue_at : &t->at) += 1;
		next_step(t);
	} else {
		step_failed(t, end, said.buf);
	}
	str_release(&said);
}

/* What remains may be no more than looking at what the steps before did: that goes on. */
static bool only_looks(const struct target_run *t)
{
	const struct plan_target *target = &t->plan->targets[t->n];

	for (size_t i = t->at; i < target->n_units; i++)
		if (target->units[i].step->kind != STEP_WAIT)
			return false;
	return true;
}

/* Canceled, or its lock is lost: true, and the target has ended, with nothing more sent. */
static bool stopped(struct target_run *t)
{
	char text[sizeof(t->why) + sizeof(t->plan->stop) + 80];

	if (!t->plan->stop[0] || (!t->rescue && only_looks(t)))
		return false;
	if (t->rescue) {
		str_format(text, sizeof(text),
			"%s; what on_failure says was not sent any more: canceled %s",
			t->why, t->plan->stop);
		target_end(t, end_word(t), text);
	} else {
		target_cancel_before(t, t->at, t->plan->stop);
	}
	return true;
}

static void on_written(void *arg, json_t *answer, const struct err *e)
{
	struct target_run *t = arg;

	t->request = NULL;
	if (!answer) {
		char text[300];

		str_format(text, sizeof(text),
			"not sent: the audit could not be written: %s", e->msg);
		target_step_done(t, STEP_END_FAILED, text);
		return;
	}
	if (!stopped(t))
		runners[t->step->kind](t);
}

/* `called` of a call is what itself returned. */
static void see_called(struct target_run *t)
{
	json_t *with;

	if (t->step->kind != STEP_WAIT || !t->called)
		return;
	with = json_copy(t->input);
	json_object_set(with, "called", t->called);
	json_decref(t->input);
	t->input = with;
}

bool target_prepare(struct target_run *t, struct err *e)
{
	const struct plan_target *target = &t->plan->targets[t->n];

	t->input = plan_unit_input(target, t->unit, e);
	if (!t->input)
		return false;
	see_called(t);
	return t->step->kind != STEP_CALL ||
	       target_far(t)->source(target_far(t)->arg, target->source, e);
}

/* What a script prints does not say for which item. */
static void say_item(struct target_run *t, const char *what)
{
	struct str text = STR_INIT_MAX(2000);

	plan_unit_label(t->unit, &text);
	if (text.len) {
		str_adds(&text, what);
		job_line(target_job(t), t->n, "info", text.buf, text.len);
	}
	str_release(&text);
}

/* The request goes to the audit before it goes out. */
static void send_step(struct target_run *t)
{
	struct err e = ERR_INIT;
	const char *what = t->step->title ? t->step->title : "sending";
	char *text = plan_unit_text(t->plan, &t->plan->targets[t->n], t->unit, &e);
	json_t *body = text ? json_pack("{s:I, s:s, s:s}", "n", (json_int_t)t->n, "key",
				      t->plan->targets[t->n].key, "request", text)
			    : NULL;

	free(text);
	if (!body) {
		target_step_done(t, STEP_END_FAILED,
			e.code != ERR_NONE ? e.msg
					   : "not sent: its text cannot be audited");
		return;
	}
	target_to(t, "running", what);
	say_item(t, what);
	t->request = job_audit(target_job(t), "request", body, on_written, t);
}

void target_send(struct target_run *t)
{
	if (!stopped(t))
		send_step(t);
}

/* False: there is none any more, and the target has ended. */
static bool take_next(struct target_run *t)
{
	const struct plan_target *target = &t->plan->targets[t->n];

	if (target->error) {
		target_end(t, "failed", target->error);
		return false;
	}
	if (t->rescue && t->rescue_at >= t->n_rescue) {
		stop_here(t, t->why);
		return false;
	}
	if (t->rescue) {
		t->rescue_unit.step = &t->rescue[t->rescue_at];
		target_use(t, &t->rescue_unit);
		return true;
	}
	if (t->at >= target->n_units) {
		succeed(t);
		return false;
	}
	target_use(t, &target->units[t->at]);
	return true;
}

static void next_step(struct target_run *t)
{
	struct err e = ERR_INIT;

	if (!take_next(t) || stopped(t))
		return;
	if (!target_prepare(t, &e))
		target_step_done(t, STEP_END_FAILED, e.msg);
	else if (t->step->kind == STEP_CALL && target_before(t))
		return;
	else if (step_types[t->step->kind].sends)
		send_step(t);
	else
		runners[t->step->kind](t);
}

static void resume(struct loop *l, void *arg)
{
	struct target_run *t = arg;

	(void)l;
	t->timer = NULL;
	target_resume(t);
}

/* A worker that takes over must find that this one may have been sent. */
static void on_begun(void *arg, json_t *answer, const struct err *e)
{
	struct target_run *t = arg;
	char text[400];

	t->request = NULL;
	if (answer) {
		next_step(t);
		return;
	}
	str_format(text, sizeof(text),
		"not sent: that it starts could not be written: %s", e->msg);
	target_end(t, "failed", text);
}

struct target_run *target_start(
	struct plan *p, size_t n, bool resume_only, target_fn *fn, void *arg)
{
	struct target_run *t = xcalloc(1, sizeof(*t));

	t->plan = p;
	t->n = n;
	t->fn = fn;
	t->arg = arg;
	t->resume = resume_only;
	shown_lines_init(&t->said[0], target_line, t);
	shown_lines_init(&t->said[1], target_line, t);
	if (resume_only)
		t->timer = loop_defer(p->job->loop, resume, t);
	else
		t->request = job_target_begin(p->job, n, on_begun, t);
	return t;
}

void target_free(struct target_run *t)
{
	const struct far *far;

	if (!t)
		return;
	far = target_far(t);
	loop_timer_cancel(target_job(t)->loop, t->timer);
	store_cancel(target_job(t)->store, t->request);
	far->cancel(far->arg, t->call);
	far->ssh_cancel(far->arg, t->ssh);
	loop_child_abandon(t->child);
	json_decref(t->input);
	json_decref(t->called);
	json_decref(t->shown);
	shown_lines_release(&t->said[0]);
	shown_lines_release(&t->said[1]);
	free(t);
}
