/* A preview: the plan, what the far side's own dry run says, and the question that the console will ask. Changes nothing. */
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/exec.h"

#define PREVIEW_PARALLEL 4
#define LINES_MAX 200

struct preview_state {
	struct job_run *job;
	struct plan plan;
	json_t *lines;      /* one array a target */
	json_t *errors;     /* one string or null a target */
	struct look *looks; /* one a target */
	size_t next, running, ended;
};

struct look {
	struct preview_state *state;
	size_t n;
	struct call *call;
	json_t *input;
};

static void look_next(struct preview_state *s);

static void on_previewed(void *arg, const struct call_result *r)
{
	struct look *k = arg;
	struct preview_state *s = k->state;
	json_t *lines = json_sub(r->reply, "lines");

	k->call = NULL;
	s->running--;
	s->ended++;
	if (r->err.code != ERR_NONE)
		json_array_set_new(s->errors, k->n, json_string(r->err.msg));
	else if (lines)
		json_array_set(s->lines, k->n, lines);
	look_next(s);
}

/* The dry run of the first call; a runbook without one has nothing that a far side could tell. */
static const struct step *previewed_step(const struct runbook *r)
{
	for (size_t i = 0; i < r->n_steps; i++)
		if (r->steps[i].kind == STEP_CALL)
			return &r->steps[i];
	return NULL;
}

static bool look_start(struct preview_state *s, struct look *k)
{
	struct plan_target *t = &s->plan.targets[k->n];
	const struct step *step = previewed_step(s->plan.runbook);
	struct err e = ERR_INIT;
	struct source *source;

	if (t->error || !step) {
		json_array_set_new(
			s->errors, k->n, t->error ? json_string(t->error) : json_null());
		return false;
	}
	source = schedule_source(s->job->worker->schedule, t->source, &e);
	k->input = source ? plan_step_input(t, step, &e) : NULL;
	if (!k->input) {
		json_array_set_new(s->errors, k->n, json_string(e.msg));
		return false;
	}
	k->call = source_preview(source, step->call, k->input, on_previewed, k);
	return true;
}

static json_t *target_results(const struct preview_state *s)
{
	json_t *out = json_array();

	for (size_t i = 0; i < s->plan.n; i++) {
		const struct plan_target *t = &s->plan.targets[i];
		json_t *row = json_pack("{s:I, s:s, s:s, s:O}", "n", (json_int_t)i, "key",
			t->key, "title", t->title, "lines", json_array_get(s->lines, i));
		json_t *error = json_array_get(s->errors, i);

		if (!json_is_null(error))
			json_object_set(row, "error", error);
		json_array_append_new(out, row);
	}
	return out;
}

static void sentence_of(const struct plan *p, struct str *out)
{
	const struct plan_target *first = &p->targets[0];

	if (!p->runbook->summary || !first->input ||
		!tmpl_render_text(p->runbook->summary, first->input, out, NULL))
		str_addf(out, "%s: %s", runbook_title(p->runbook), first->title);
	if (p->n > 1)
		str_addf(out, " and %zu more", p->n - 1);
	if (first->source[0])
		str_addf(out, " on %s", first->source);
	if (p->prod)
		str_adds(out, " (PROD)");
}

/* What has to be typed: the runbook says, else irreversible and security changes want the title of the target, or how many. */
static void type_of(const struct plan *p, struct str *out)
{
	const struct plan_target *first = &p->targets[0];

	if (p->runbook->risk == RISK_READ || p->runbook->risk == RISK_REVERSIBLE) {
		if (!p->runbook->confirm)
			return;
	}
	if (p->n > 1)
		str_addf(out, "%zu targets", p->n);
	else if (!p->runbook->confirm || !first->input ||
		 !tmpl_render_text(p->runbook->confirm, first->input, out, NULL) ||
		 out->len == 0)
		str_adds(out, first->title);
}

static json_t *confirm_of(const struct plan *p)
{
	struct str sentence = STR_INIT_MAX(1000), type = STR_INIT_MAX(500);
	json_t *confirm;

	sentence_of(p, &sentence);
	type_of(p, &type);
	confirm = json_pack(
		"{s:s, s:s}", "sentence", sentence.buf, "undo", runbook_undo(p->runbook));
	if (type.len)
		json_object_set_new(confirm, "type", json_string(type.buf));
	str_release(&sentence);
	str_release(&type);
	return confirm;
}

/* What the far side refuses in its own dry run it would refuse for real; what cannot be looked at is not sent. */
static bool dry_run_passed(const struct preview_state *s, struct err *e)
{
	for (size_t i = 0; i < s->plan.n; i++) {
		const char *error = json_string_value(json_array_get(s->errors, i));

		if (error)
			return err_set(
				e, ERR_REMOTE, "%s: %s", s->plan.targets[i].title, error);
	}
	return true;
}

static void finish(struct preview_state *s)
{
	const struct plan *p = &s->plan;
	struct job_run *j = s->job;
	struct err e = ERR_INIT;
	bool allowed = plan_allowed(p, &e) && dry_run_passed(s, &e);
	char *proof = plan_proof(p);
	json_t *result = json_pack("{s:s, s:s, s:s, s:b, s:b, s:o, s:O, s:s, s:s}",
		"plan_hash", p->hash, "at", p->at, "risk", risk_name(p->runbook->risk),
		"prod", p->prod, "reason_required",
		runbook_needs_reason(p->runbook, p->prod), "targets", target_results(s),
		"requests", p->requests, "allowed",
		allowed ? "nothing stands against it" : "", "proof", proof);

	free(proof);
	if (!allowed)
		json_object_set_new(result, "refused", json_string(e.msg));
	if (p->n > 0)
		json_object_set_new(result, "confirm", confirm_of(p));
	job_end(j, "done", NULL, result);
}

static void look_next(struct preview_state *s)
{
	while (s->next < s->plan.n && s->running < PREVIEW_PARALLEL) {
		if (look_start(s, &s->looks[s->next]))
			s->running++;
		else
			s->ended++;
		s->next++;
	}
	if (s->ended == s->plan.n)
		finish(s);
}

static void on_plan(struct plan *p, const struct err *e)
{
	struct preview_state *s = p->job->state;

	if (e->code != ERR_NONE) {
		job_end(p->job, "failed", e->msg, NULL);
		return;
	}
	s->lines = json_array();
	s->errors = json_array();
	s->looks = xcalloc(p->n ? p->n : 1, sizeof(*s->looks));
	for (size_t i = 0; i < p->n; i++) {
		s->looks[i] = (struct look){.state = s, .n = i};
		json_array_append_new(s->lines, json_array());
		json_array_append_new(s->errors, json_null());
	}
	look_next(s);
}

static void preview_start(struct job_run *j)
{
	struct preview_state *s = xcalloc(1, sizeof(*s));

	j->state = s;
	s->job = j;
	job_state(j, "running", NULL, NULL);
	plan_start(&s->plan, j, NULL, on_plan);
}

static void preview_cancel(struct job_run *j)
{
	job_end(j, "canceled", "canceled before it was complete", NULL);
}

static void preview_release(struct job_run *j)
{
	struct preview_state *s = j->state;

	if (!s)
		return;
	for (size_t i = 0; s->looks && i < s->plan.n; i++) {
		call_cancel(s->looks[i].call);
		json_decref(s->looks[i].input);
	}
	free(s->looks);
	json_decref(s->lines);
	json_decref(s->errors);
	plan_release(&s->plan);
	free(s);
	j->state = NULL;
}

const struct job_type preview_type = {
	.name = "preview",
	.start = preview_start,
	.cancel = preview_cancel,
	.release = preview_release,
};
