/*
 * An action: plan again and compare with what was confirmed, lock the targets, write the intent and sync it, run the targets, write the outcome.
 * Every refusal before the intent leaves nothing sent.
 */
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "runbooks/engine/action_locks.h"
#include "runbooks/engine/exec.h"

#define AGAIN_MS 1000
#define ACTED_EVERY (2 * USEC_PER_SEC)

enum goal { GOAL_WAITING, GOAL_RUNNING, GOAL_OVER };

struct action_state {
	struct job_run *job;
	struct plan plan;
	struct target_run **runs;
	enum goal *goals;
	bool *resume; /* the target was under way when an earlier worker ended */
	bool resuming, begun;
	size_t running, ended, failed, unknown, canceled, succeeded, already, accepted;
	usec_t acted; /* when what was changed was last asked for */
	struct locks locks;
	json_t *last; /* what the preview saw that was last done to the targets */
	struct store_req *request;
	struct loop_timer *ending; /* or that takes the locks once more */
};

static void run_more(struct action_state *s);

static struct store *store_of(const struct action_state *s)
{
	return s->job->store;
}

static const char *state_of(const struct action_state *s, size_t n)
{
	return json_str(json_array_get(s->job->targets, n), "state", "");
}

/* Taken up after a worker's end, what was under way may have been sent: it is not known, and not refused. */
static bool refuse_target(struct action_state *s, size_t n, const struct err *e)
{
	bool asking = strcmp(state_of(s, n), "asking") == 0;

	if (!s->resume || !s->resume[n]) {
		job_target(s->job, n, "refused", "not started");
		return false;
	}
	job_target(s->job, n, asking ? "canceled" : "unknown", e->msg);
	return !asking;
}

/* Nothing was sent: say why, in the job, on every target and in the audit. */
static void refuse(struct action_state *s, const struct err *e)
{
	struct job_run *j = s->job;
	bool unknown = false;

	for (size_t i = 0; i < json_array_size(j->targets); i++)
		unknown = refuse_target(s, i, e) || unknown;
	job_audit_refused(j, e->msg);
	locks_drop(&s->locks);
	job_end(j, unknown ? "unknown" : "failed", e->msg, NULL);
}

/* ---- the end --------------------------------------------------------------------------- */

static const char *outcome(const struct action_state *s)
{
	size_t good = s->succeeded + s->already + s->accepted;

	if (s->unknown)
		return "unknown";
	if (good == s->plan.n)
		return s->accepted ? "accepted" : s->succeeded ? "succeeded" : "already";
	if (good)
		return "partial";
	return s->failed ? "failed" : "canceled";
}

static json_t *counts(const struct action_state *s)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I}", "succeeded",
		(json_int_t)s->succeeded, "already", (json_int_t)s->already, "accepted",
		(json_int_t)s->accepted, "failed", (json_int_t)s->failed, "unknown",
		(json_int_t)s->unknown, "canceled", (json_int_t)s->canceled);
}

/* What was changed is not shown as it was until the next round of its source. */
static void read_again(const struct action_state *s, size_t n)
{
	const struct far *far = s->job->far;

	if (s->plan.targets[n].source[0])
		far->acted(far->arg, s->plan.targets[n].source);
}

static void on_end(struct loop *l, void *arg)
{
	struct action_state *s = arg;
	struct job_run *j = s->job;

	(void)l;
	s->ending = NULL;
	job_end(j, outcome(s), NULL, counts(s));
}

static void finish(struct action_state *s)
{
	struct job_run *j = s->job;
	json_t *body;

	if (s->ending)
		return;
	body = counts(s);
	json_object_set_new(body, "state", json_string(outcome(s)));
	job_audit(j, "outcome", body, NULL, NULL);
	locks_drop(&s->locks);
	for (size_t i = 0; i < s->plan.n; i++)
		read_again(s, i);
	/* Not from within a target's own call: that target is still on the stack. */
	s->ending = loop_defer(j->loop, on_end, s);
}

/* ---- targets --------------------------------------------------------------------------- */

static void count(struct action_state *s, const char *state)
{
	if (strcmp(state, "succeeded") == 0)
		s->succeeded++;
	else if (strcmp(state, "already") == 0)
		s->already++;
	else if (strcmp(state, "accepted") == 0)
		s->accepted++;
	else if (strcmp(state, "unknown") == 0)
		s->unknown++;
	else if (strcmp(state, "canceled") == 0)
		s->canceled++;
	else
		s->failed++;
	s->ended++;
}

static void on_target(void *arg, size_t n, const char *state, const char *known)
{
	struct action_state *s = arg;

	s->goals[n] = GOAL_OVER;
	s->running--;
	job_target(s->job, n, state, known);
	job_audit(s->job, "target",
		json_pack("{s:I, s:s, s:s, s:s}", "n", (json_int_t)n, "key",
			s->plan.targets[n].key, "state", state, "known", known),
		NULL, NULL);
	count(s, state);
	/* Of many targets not each by itself: the last of them is read in the end. */
	if (strcmp(state, "succeeded") == 0 && s->ended < s->plan.n &&
		clock_now() - s->acted > ACTED_EVERY) {
		s->acted = clock_now();
		read_again(s, n);
	}
	run_more(s);
}

static void leave_out(struct action_state *s, size_t n, const char *why)
{
	s->goals[n] = GOAL_OVER;
	job_target(s->job, n, "canceled", why);
	count(s, "canceled");
}

/* Of an action that is taken up: what had ended before the worker did has its state already. */
static void take_as_it_is(struct action_state *s, size_t n)
{
	if (strcmp(state_of(s, n), "queued") == 0) {
		leave_out(s, n,
			"the worker ended before this was started: nothing was sent");
		return;
	}
	s->goals[n] = GOAL_OVER;
	count(s, state_of(s, n));
}

static void run_more(struct action_state *s)
{
	const struct runbook *r = s->plan.runbook;
	char not_begun[400];
	bool stopped = s->failed + s->unknown >= (size_t)r->stop_after;

	str_format(not_begun, sizeof(not_begun),
		"canceled before it was started %s: nothing was sent", s->plan.stop);
	for (size_t i = 0; i < s->plan.n && s->running < (size_t)r->parallel; i++) {
		if (s->goals[i] != GOAL_WAITING)
			continue;
		if (s->resuming && !s->resume[i]) {
			take_as_it_is(s, i);
		} else if (s->plan.stop[0] && !s->resume[i]) {
			leave_out(s, i, not_begun);
		} else if (stopped && !s->resume[i]) {
			leave_out(s, i,
				"not started: too many of the targets before failed");
		} else {
			s->goals[i] = GOAL_RUNNING;
			s->running++;
			s->runs[i] =
				target_start(&s->plan, i, s->resume[i], on_target, s);
		}
	}
	if (s->ended == s->plan.n)
		finish(s);
}

/* From here on nothing more is sent. What was sent is looked after. */
static void stop(struct action_state *s, const char *why)
{
	if (s->plan.stop[0])
		return;
	str_copy(s->plan.stop, sizeof(s->plan.stop), why);
	if (!s->begun)
		return; /* seen when the targets start */
	for (size_t i = 0; i < s->plan.n; i++)
		if (s->goals[i] == GOAL_RUNNING)
			target_stop(s->runs[i]);
	run_more(s);
}

static void on_lost(void *arg, const char *why)
{
	stop(arg, why);
}

static void on_lock(void *arg, json_t *answer, const struct err *e);

static void take_locks(struct loop *l, void *arg)
{
	struct action_state *s = arg;

	(void)l;
	s->ending = NULL;
	s->request = locks_take(&s->locks, &s->plan, s->last, on_lock, s);
}

/* What may have been sent is looked after as soon as the store takes writes: giving up would leave
 * it to nobody. True: later. */
static bool try_later(struct action_state *s, const struct err *e)
{
	if (!s->resuming || (e->code != ERR_IO && e->code != ERR_TIMEOUT))
		return false;
	log_at(LOG_ERROR, "executor", "action %lld is looked after later: %s", s->job->id,
		e->msg);
	s->ending = loop_timer(s->job->loop, AGAIN_MS, take_locks, s);
	return true;
}

static void on_intent(void *arg, json_t *answer, const struct err *e)
{
	struct action_state *s = arg;
	struct err why;

	s->request = NULL;
	if (!answer && try_later(s, e))
		return;
	if (!answer) {
		why = *e;
		err_wrap(&why, "the audit could not be written, so nothing was started");
		refuse(s, &why);
		return;
	}
	job_state(s->job, "running", NULL, NULL);
	locks_keep(&s->locks, on_lost, s);
	s->begun = true;
	run_more(s);
}

static json_t *intent(const struct action_state *s)
{
	const struct plan *p = &s->plan;
	json_t *keys = json_array();

	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(keys, json_string(p->targets[i].key));
	return json_pack("{s:s, s:s, s:s, s:s, s:O, s:o, s:O, s:I, s:s}", "runbook",
		runbook_name(p->runbook), "version", runbook_hash(p->runbook),
		"plan_hash", p->hash, "reason", json_str(s->job->spec, "reason", ""),
		"params", p->params, "targets", keys, "requests", p->requests, "preview",
		(json_int_t)json_int(s->job->spec, "preview", 0), "risk",
		risk_name(p->runbook->risk));
}

static void on_lock(void *arg, json_t *answer, const struct err *e)
{
	struct action_state *s = arg;

	s->request = NULL;
	if (!answer && try_later(s, e))
		return;
	if (!answer) {
		refuse(s, e);
		return;
	}
	s->request = job_audit(
		s->job, s->resuming ? "resumed" : "intent", intent(s), on_intent, s);
}

/* ---- the beginning --------------------------------------------------------------------- */

static bool confirmed(const struct action_state *s, struct err *e)
{
	const struct plan *p = &s->plan;
	const json_t *spec = s->job->spec;

	if (!plan_allowed(p, e))
		return false;
	if (!str_equal(json_str(spec, "plan_hash", ""), p->hash))
		return err_set(e, ERR_CONFLICT,
			"the plan changed since the preview (a target, a request or the "
			"runbook): "
			"nothing was sent, look at a new preview");
	if (runbook_needs_reason(p->runbook, p->prod) &&
		json_str(spec, "reason", "")[0] == '\0')
		return err_set(
			e, ERR_DENIED, "%s wants a reason", runbook_name(p->runbook));
	return true;
}

static void on_plan(struct plan *p, const struct err *e)
{
	struct action_state *s = p->job->state;
	struct err why = *e;

	if (why.code != ERR_NONE || (!s->resuming && !confirmed(s, &why))) {
		refuse(s, &why);
		return;
	}
	p->changed = !str_equal(json_str(s->job->spec, "plan_hash", ""), p->hash);
	s->runs = xcalloc(p->n, sizeof(struct target_run *));
	s->goals = xcalloc(p->n, sizeof(*s->goals));
	if (!s->resume)
		s->resume = xcalloc(p->n, sizeof(*s->resume));
	take_locks(p->job->loop, s);
}

static void on_preview(void *arg, json_t *answer, const struct err *e)
{
	struct action_state *s = arg;
	const json_t *result = json_sub(answer, "result");
	const char *at = json_str(result, "at", NULL);
	struct err why = ERR_INIT;

	(void)e;
	s->request = NULL;
	if (!str_equal(json_str(answer, "type", ""), "preview") || !at)
		err_set(&why, ERR_DENIED,
			"an action needs the preview it was confirmed on");
	else if (!str_equal(json_str(result, "plan_hash", ""),
			 json_str(s->job->spec, "plan_hash", "-")))
		err_set(&why, ERR_CONFLICT,
			"this action was confirmed on another plan than its preview");
	else if (json_str(result, "refused", NULL))
		err_set(&why, ERR_DENIED, "%s", json_str(result, "refused", ""));
	else if (!json_sub(result, "last"))
		err_set(&why, ERR_DENIED,
			"its preview does not say what was done before: look at a new "
			"one");
	/* What an action that is taken up has done itself voids nothing. */
	if (!s->resuming)
		s->last = json_incref(json_sub(result, "last"));
	if (why.code != ERR_NONE && !s->resuming)
		refuse(s, &why);
	else
		plan_start(&s->plan, s->job, at, on_plan);
}

static void action_cancel(struct job_run *j);

static struct action_state *state_new(struct job_run *j)
{
	struct action_state *s = xcalloc(1, sizeof(*s));

	s->job = j;
	j->state = s;
	s->request = store_ask(j->store, "job",
		json_pack("{s:I}", "job", (json_int_t)json_int(j->spec, "preview", 0)),
		on_preview, s);
	if (j->canceled)
		action_cancel(j);
	return s;
}

/* Refused: somebody canceled it after it was read, or the store takes no writes. */
static void on_begun(void *arg, json_t *answer, const struct err *e)
{
	struct job_run *j = arg;

	j->request = NULL;
	if (answer) {
		state_new(j);
		return;
	}
	log_at(LOG_WARN, "executor", "action %lld is not started: %s", j->id, e->msg);
	if (e->code == ERR_CONFLICT || e->code == ERR_NOTFOUND)
		job_leave(j);
	else
		job_end(j, "failed", e->msg, NULL);
}

static void action_start(struct job_run *j)
{
	j->request = job_begin(j, on_begun, j);
}

void action_resume(struct job_run *j)
{
	struct action_state *s;
	size_t n = json_array_size(j->targets);

	log_at(LOG_WARN, "executor",
		"action %lld was under way when the worker before ended", j->id);
	s = state_new(j);
	s->resuming = true;
	s->resume = xcalloc(n ? n : 1, sizeof(*s->resume));
	for (size_t i = 0; i < n; i++) {
		const char *state = state_of(s, i);

		s->resume[i] =
			strcmp(state, "starting") == 0 || strcmp(state, "running") == 0 ||
			strcmp(state, "asking") == 0 || strcmp(state, "verifying") == 0;
	}
}

static void action_cancel(struct job_run *j)
{
	struct action_state *s = j->state;
	char why[200];

	if (!s)
		return; /* seen when it begins */
	str_format(why, sizeof(why), "by %s, who canceled the action",
		json_str(j->row, "cancel_by", ""));
	stop(s, why);
}

struct target_run *action_target(struct job_run *j, size_t n)
{
	struct action_state *s = j->type == &action_type ? j->state : NULL;

	return s && s->runs && n < s->plan.n && s->goals[n] == GOAL_RUNNING ? s->runs[n]
									    : NULL;
}

static void action_release(struct job_run *j)
{
	struct action_state *s = j->state;

	if (!s)
		return;
	for (size_t i = 0; s->runs && i < s->plan.n; i++)
		target_free(s->runs[i]);
	store_cancel(store_of(s), s->request);
	locks_release(&s->locks);
	loop_timer_cancel(j->loop, s->ending);
	plan_release(&s->plan);
	free(s->runs);
	free(s->goals);
	free(s->resume);
	json_decref(s->last);
	free(s);
	j->state = NULL;
}

const struct job_type action_type = {
	.name = "action",
	.start = action_start,
	.cancel = action_cancel,
	.release = action_release,
	.changes = true,
};
