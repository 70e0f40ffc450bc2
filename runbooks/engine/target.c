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
static void step_done(struct target_run *t, enum step_end end, const char *known);

struct job_run *target_job(const struct target_run *t)
{
	return t->plan->job;
}

void target_to(struct target_run *t, const char *state, const char *known)
{
	log_at(LOG_INFO, "target", "%lld/%zu -> %s: %s", target_job(t)->id, t->n, state,
		known);
	str_copy(t->known, sizeof(t->known), known);
	job_target(target_job(t), t->n, state, known);
}

static void finish(struct target_run *t, const char *state)
{
	char known[sizeof(t->known)];

	str_copy(known, sizeof(known), t->known);
	t->fn(t->arg, t->n, state, known);
}

/* ---- looking whether a change arrived ------------------------------------------------ */

static void verify_again(struct loop *l, void *arg);

static void verify_over(struct target_run *t)
{
	char text[300];

	str_format(text, sizeof(text),
		"%s; not confirmed in time, not repeated by itself", t->known);
	step_done(t, STEP_END_UNKNOWN, text);
}

static void on_verified(void *arg, const struct call_result *r)
{
	struct target_run *t = arg;

	t->call = NULL;
	if (r->err.code == ERR_NONE && json_is_true(r->reply)) {
		step_done(t, STEP_END_OK,
			r->known ? r->known : "confirmed by the far side");
		return;
	}
	if (clock_mono_ms() >= t->deadline_ms) {
		verify_over(t);
		return;
	}
	if (r->known && !str_equal(r->known, t->seen)) {
		str_copy(t->seen, sizeof(t->seen), r->known);
		target_to(t, "verifying", r->known);
	}
	t->timer = loop_timer(target_job(t)->worker->loop, t->every_ms, verify_again, t);
}

static void verify_again(struct loop *l, void *arg)
{
	struct target_run *t = arg;

	(void)l;
	t->timer = NULL;
	t->call = source_verify(t->source, t->step->call, t->input, on_verified, t);
}

/* False: the call has no `verify`; the far side's word at the call is all there is. */
static bool verify_start(struct target_run *t)
{
	int64_t within;

	source_verify_times(t->source, t->step->call, &t->every_ms, &within);
	if (within <= 0)
		return false;
	if (t->every_ms <= 0)
		t->every_ms = 2000;
	t->deadline_ms = clock_mono_ms() + within;
	target_to(t, "verifying", t->known);
	verify_again(target_job(t)->worker->loop, t);
	return true;
}

/* ---- steps --------------------------------------------------------------------------- */

static void on_called(void *arg, const struct call_result *r)
{
	struct target_run *t = arg;
	const char *known = r->err.code != ERR_NONE ? r->err.msg
			    : r->known              ? r->known
						    : "accepted";

	t->call = NULL;
	job_line(target_job(t), t->n, r->err.code == ERR_NONE ? "out" : "err", known,
		strlen(known));
	job_audit(target_job(t), "reply",
		json_pack("{s:I, s:s, s:s}", "n", (json_int_t)t->n, "class",
			err_code_name(r->err.code), "known", known),
		NULL, NULL);
	str_copy(t->known, sizeof(t->known), known);
	if (r->err.code == ERR_UNKNOWN || (r->err.code == ERR_TIMEOUT && r->sent) ||
		(r->err.code == ERR_NET && r->sent)) {
		t->lost = true;
		if (!verify_start(t))
			step_done(t, STEP_END_UNKNOWN, known);
		return;
	}
	if (r->err.code != ERR_NONE) {
		step_done(t, STEP_END_FAILED, known);
		return;
	}
	if (!verify_start(t))
		step_done(t, STEP_END_OK, known);
}

static void run_call(struct target_run *t)
{
	t->call = source_call(t->source, t->step->call, t->input, on_called, t);
}

static const struct {
	void (*run)(struct target_run *t);
} runners[] = {
	[STEP_CALL] = {run_call},
	[STEP_WAIT] = {target_wait},
	[STEP_SSH] = {target_ssh},
	[STEP_EXEC] = {target_exec},
};

void target_step_done(struct target_run *t, enum step_end end, const char *known)
{
	step_done(t, end, known);
}

static void start_rescue(struct target_run *t)
{
	t->steps = t->step->rescue;
	t->n_steps = t->step->n_rescue;
	t->at = 0;
	t->rescuing = true;
	next_step(t);
}

static void step_done(struct target_run *t, enum step_end end, const char *known)
{
	const struct step *s = t->step;

	target_to(t, end == STEP_END_UNKNOWN ? "verifying" : "running", known);
	json_decref(t->input);
	t->input = NULL;
	t->lost = false;
	if (end == STEP_END_OK || (end == STEP_END_FAILED && s->go_on)) {
		t->at++;
		next_step(t);
		return;
	}
	if (!t->rescuing)
		t->failed_end = end;
	if (s->n_rescue > 0 && !t->rescuing && !t->resume) {
		str_copy(t->why, sizeof(t->why), known);
		start_rescue(t);
		return;
	}
	t->failed_end = t->failed_end == STEP_END_UNKNOWN ? STEP_END_UNKNOWN : end;
	finish(t, t->failed_end == STEP_END_UNKNOWN ? "unknown" : "failed");
}

static void on_written(void *arg, json_t *answer, const struct err *e)
{
	struct target_run *t = arg;

	t->request = NULL;
	if (!answer) {
		char text[300];

		str_format(text, sizeof(text),
			"not sent: the audit could not be written: %s", e->msg);
		step_done(t, STEP_END_FAILED, text);
		return;
	}
	runners[t->step->kind].run(t);
}

static bool prepare(struct target_run *t, struct err *e)
{
	struct plan_target *target = &t->plan->targets[t->n];

	if (target->error)
		return err_set(e, ERR_REMOTE, "%s", target->error);
	t->input = plan_step_input(target, t->step, e);
	if (!t->input)
		return false;
	if (t->step->kind == STEP_CALL) {
		t->source = schedule_source(
			target_job(t)->worker->schedule, target->source, e);
		return t->source != NULL;
	}
	return true;
}

/* The request goes to the audit before it goes out; for a `wait` nothing goes out. */
static void send_step(struct target_run *t)
{
	struct err e = ERR_INIT;
	char *text = plan_step_text(t->plan, &t->plan->targets[t->n], t->step, &e);

	if (!text) {
		step_done(t, STEP_END_FAILED, e.msg);
		return;
	}
	target_to(t, "running", t->step->title ? t->step->title : "sending");
	t->request = store_tell(target_job(t)->worker->store, "audit_add",
		json_pack("{s:s, s:s, s:s, s:I, s:{s:I, s:s, s:s}}", "who",
			target_job(t)->who, "host", target_job(t)->host, "event",
			"request", "job", (json_int_t)target_job(t)->id, "body", "n",
			(json_int_t)t->n, "key", t->plan->targets[t->n].key, "request",
			text),
		on_written, t);
	free(text);
}

static void next_step(struct target_run *t)
{
	struct err e = ERR_INIT;

	if (t->at >= t->n_steps) {
		if (t->rescuing) {
			str_copy(t->known, sizeof(t->known), t->why);
			finish(t,
				t->failed_end == STEP_END_UNKNOWN ? "unknown" : "failed");
			return;
		}
		finish(t, "succeeded");
		return;
	}
	t->step = &t->steps[t->at];
	if (!prepare(t, &e)) {
		step_done(t, STEP_END_FAILED, e.msg);
		return;
	}
	if (t->step->kind == STEP_WAIT)
		runners[STEP_WAIT].run(t);
	else
		send_step(t);
}

/* After a worker's end in mid-action: only what can be looked at is looked at. */
static void resume(struct target_run *t)
{
	struct err e = ERR_INIT;
	size_t calls = 0;

	for (size_t i = 0; i < t->n_steps; i++) {
		if (t->steps[i].kind == STEP_WAIT)
			continue;
		calls += t->steps[i].kind == STEP_CALL ? 1 : 2;
		t->at = i;
	}
	t->step = &t->steps[t->at];
	str_copy(t->known, sizeof(t->known), "the worker ended while this ran");
	if (calls == 1 && prepare(t, &e) && verify_start(t))
		return;
	step_done(t, STEP_END_UNKNOWN,
		"the worker ended while this ran; what became of it is not known, not "
		"repeated by itself");
}

static void begin(struct loop *l, void *arg)
{
	struct target_run *t = arg;

	(void)l;
	t->timer = NULL;
	if (t->resume)
		resume(t);
	else
		next_step(t);
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
	str_init(&t->partial[0], TARGET_LINE_MAX);
	str_init(&t->partial[1], TARGET_LINE_MAX);
	t->steps = p->runbook->steps;
	t->n_steps = p->runbook->n_steps;
	if (!resume_only)
		target_to(t, "starting", "");
	t->timer = loop_defer(p->job->worker->loop, begin, t);
	return t;
}

void target_free(struct target_run *t)
{
	struct worker *w;

	if (!t)
		return;
	w = target_job(t)->worker;
	loop_timer_cancel(w->loop, t->timer);
	store_cancel(w->store, t->request);
	call_cancel(t->call);
	ssh_cancel(w->reach.ssh, t->ssh);
	loop_child_abandon(t->child);
	json_decref(t->input);
	str_release(&t->partial[0]);
	str_release(&t->partial[1]);
	free(t);
}
