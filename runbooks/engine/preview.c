/* A preview: the plan, what the far side's own dry run says, and the question that the console will ask. Changes nothing. */
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/exec.h"

#define PREVIEW_PARALLEL 4
enum { LINES_MAX = 200, LOOKS_MAX = 50 /* dry runs of one target */ };

struct preview_state {
	struct job_run *job;
	struct plan plan;
	json_t *lines;      /* one array a target */
	json_t *errors;     /* one string or null a target */
	struct look *looks; /* one a target */
	size_t next, running, ended;
};

/* The dry runs of one target, one after the other. */
struct look {
	struct preview_state *state;
	size_t n;
	size_t at;   /* of the target's units */
	size_t done; /* how many there were */
	const struct step
		*call;       /* the first call: the later ones stand on what it does */
	bool blind;          /* it has no dry run: said once, not for each item */
	bool again;          /* it is sent also when it is so already */
	bool looks;          /* whether it is so already can be seen */
	bool said;           /* that it has no dry run */
	bool read;           /* whether it is so was looked at */
	bool dry;            /* something was tried out */
	size_t already;      /* of the units that would be sent: so many are so */
	struct plan_sql sql; /* of the statement that is tried out */
	struct call *running;
};

static void look_next(struct preview_state *s);
static bool look_go(struct look *k);

static struct plan_target *target_of(const struct look *k)
{
	return &k->state->plan.targets[k->n];
}

static void add_line(struct look *k, const struct plan_unit *u, const char *text)
{
	json_t *lines = json_array_get(k->state->lines, k->n);
	struct str line = STR_INIT_MAX(4096);

	if (json_array_size(lines) > LINES_MAX)
		return;
	plan_unit_label(u, &line);
	/* Of several statements each has its own count. */
	if (!line.len && u->step->kind == STEP_SQL && u->step->title)
		str_addf(&line, "%s: ", u->step->title);
	str_adds(&line, text);
	json_array_append_new(lines, json_array_size(lines) < LINES_MAX
					     ? json_stringn(line.buf, line.len)
					     : json_string("... and more"));
	str_release(&line);
}

static void set_error(struct look *k, const struct plan_unit *u, const char *text)
{
	struct str line = STR_INIT_MAX(4096);

	plan_unit_label(u, &line);
	str_adds(&line, text);
	json_array_set_new(k->state->errors, k->n, json_stringn(line.buf, line.len));
	str_release(&line);
}

static void look_over(struct look *k)
{
	k->state->running--;
	k->state->ended++;
	look_next(k->state);
}

static void on_previewed(void *arg, const struct call_result *r)
{
	struct look *k = arg;
	const struct plan_unit *u = &target_of(k)->units[k->at++];
	const json_t *lines = json_sub(r->reply, "lines");

	k->running = NULL;
	k->read = false;
	k->done++;
	if (r->err.code != ERR_NONE) {
		set_error(k, u, r->err.msg);
		look_over(k);
		return;
	}
	for (size_t i = 0; i < json_array_size(lines); i++)
		add_line(k, u, json_string_value(json_array_get(lines, i)));
	if (!look_go(k))
		look_over(k);
}

/* Can this be tried without changing anything? */
static bool has_look(struct look *k, const struct step *s)
{
	if (s->kind == STEP_CALL && !k->call)
		k->call = s;
	return (s->kind == STEP_CALL && s == k->call && (!k->blind || k->looks)) ||
	       (s->kind == STEP_SQL && !s->no_preview);
}

static struct call *look_before(
	struct look *k, const struct plan_unit *u, json_t *input, struct err *e);

static struct call *start_call(
	struct look *k, const struct plan_unit *u, json_t *input, struct err *e)
{
	const struct far *far = k->state->job->far;
	const char *source = target_of(k)->source;
	struct call_traits traits;

	if (!far->traits(far->arg, source, u->step->call, &traits))
		traits = (struct call_traits){false};
	k->again = traits.again;
	k->blind = !traits.preview;
	k->looks = traits.verify;
	if (traits.verify && !k->read)
		return look_before(k, u, input, e);
	k->dry = k->dry || !k->blind;
	k->said = k->said || k->blind;
	return far->preview(far->arg, source, u->step->call, input, on_previewed, k, e);
}

static struct call *start_look(struct look *k, const struct plan_unit *u, struct err *e)
{
	const struct plan *p = &k->state->plan;
	const struct plan_target *t = target_of(k);
	const struct far *far = p->job->far;
	json_t *input = plan_unit_input(t, u, e);
	struct call *call = NULL;

	if (input && u->step->kind == STEP_SQL) {
		if (plan_step_sql(p, t, u->step, input, &k->sql, e))
			call = far->sql_preview(
				far->arg, k->sql.source, &k->sql.q, on_previewed, k, e);
		plan_sql_release(&k->sql);
		k->dry = k->dry || call;
	} else if (input) {
		call = start_call(k, u, input, e);
	}
	json_decref(input);
	return call;
}

/* Starts the next dry run of the target; false: there is none any more. */
static bool look_go(struct look *k)
{
	struct plan_target *t = target_of(k);
	struct err e = ERR_INIT;

	while (k->at < t->n_units && !has_look(k, t->units[k->at].step))
		k->at++;
	if (k->at >= t->n_units)
		return false;
	if (k->done >= LOOKS_MAX) {
		add_line(k, &t->units[k->at],
			"this and what follows is not tried out: see the requests");
		return false;
	}
	k->running = start_look(k, &t->units[k->at], &e);
	if (!k->running)
		set_error(k, &t->units[k->at], e.msg);
	return k->running != NULL;
}

/* What is so already is not tried out: nothing of it will be sent. */
static void on_before(void *arg, const struct look_result *r)
{
	struct look *k = arg;
	const struct plan_unit *u = &target_of(k)->units[k->at];
	struct str text = STR_INIT_MAX(1000);

	k->running = NULL;
	k->read = true;
	if (r->look == LOOK_HOLDS && !k->again) {
		str_addf(&text, "already so, nothing will be sent: %s",
			r->known ? r->known : "");
		add_line(k, u, text.buf);
		str_release(&text);
		k->already++;
	}
	/* Nothing more can be seen of it, or it was said before that it has no dry run. */
	if ((r->look == LOOK_HOLDS && !k->again) || (k->blind && k->said)) {
		k->done++;
		k->at++;
		k->read = false;
	}
	if (!look_go(k))
		look_over(k);
}

static struct call *look_before(
	struct look *k, const struct plan_unit *u, json_t *input, struct err *e)
{
	const struct far *far = k->state->job->far;

	return far->before(
		far->arg, target_of(k)->source, u->step->call, input, on_before, k, e);
}

/* Nothing could be tried out: why, so that no line is missing without a word. */
static const char *why_blind(const struct plan_target *t)
{
	const struct step *first = NULL;

	for (size_t i = 0; i < t->n_units && !first; i++)
		if (step_types[t->units[i].step->kind].sends)
			first = t->units[i].step;
	if (!first)
		return "nothing is sent";
	if (first->kind == STEP_SQL)
		return "this statement is not tried out: see what is sent";
	if (first->kind == STEP_CALL)
		return "its system has no dry run for this: see what is sent";
	return "what runs is not tried out: see what is sent";
}

/* How many units of the target send something. */
static size_t sending(const struct plan_target *t)
{
	size_t n = 0;

	for (size_t i = 0; i < t->n_units; i++)
		n += step_types[t->units[i].step->kind].sends;
	return n;
}

static json_t *target_results(const struct preview_state *s)
{
	json_t *out = json_array();

	for (size_t i = 0; i < s->plan.n; i++) {
		const struct plan_target *t = &s->plan.targets[i];
		json_t *lines = json_array_get(s->lines, i);
		json_t *row = json_pack("{s:I, s:s, s:s, s:O, s:b, s:b}", "n",
			(json_int_t)i, "key", t->key, "title", t->title, "lines", lines,
			"dry", s->looks[i].dry, "already",
			s->looks[i].already > 0 && s->looks[i].already == sending(t));
		json_t *error = json_array_get(s->errors, i);

		if (json_array_size(lines) == 0 && json_is_null(error))
			json_array_append_new(lines, json_string(why_blind(t)));

		if (!json_is_null(error))
			json_object_set(row, "error", error);
		json_array_append_new(out, row);
	}
	return out;
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
	json_object_set_new(result, "env_unknown", json_boolean(p->env_unknown));
	json_object_set(result, "last", p->last);

	free(proof);
	if (!allowed)
		json_object_set_new(result, "refused", json_string(e.msg));
	if (p->n > 0)
		json_object_set_new(result, "confirm", question_make(p, s->lines));
	job_end(j, "done", NULL, result);
}

static void look_next(struct preview_state *s)
{
	while (s->next < s->plan.n && s->running < PREVIEW_PARALLEL) {
		if (look_go(&s->looks[s->next]))
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
	struct err refused = ERR_INIT;

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
		json_array_append_new(
			s->errors, p->targets[i].error ? json_string(p->targets[i].error)
						       : json_null());
	}
	/* What may not be done is not tried out either: nothing goes out for it. */
	if (plan_allowed(p, &refused))
		look_next(s);
	else
		finish(s);
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
		j->far->cancel(j->far->arg, s->looks[i].running);
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
