/* The steps that go through a connector: its calls, and statements of the runbook. What was sent and is not known is looked for, never sent again. */
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/target_private.h"

enum { ROWS_SHOWN = 200 };

/* ---- looking whether a change arrived ------------------------------------------------ */

static void verify_again(struct loop *l, void *arg);

static const char *target_source(const struct target_run *t)
{
	return t->plan->targets[t->n].source;
}

static void verify_over(struct target_run *t)
{
	char text[sizeof(t->known) + 80];

	str_format(text, sizeof(text),
		"not confirmed in time, not repeated by itself: %s", t->known);
	target_step_done(t, STEP_END_UNKNOWN, text);
}

static void on_verified(void *arg, const struct look_result *r)
{
	struct target_run *t = arg;

	t->call = NULL;
	if (r->look == LOOK_FAILED) {
		target_step_done(t, STEP_END_FAILED,
			r->known ? r->known : "the far side says that it failed");
		return;
	}
	if (r->look == LOOK_HOLDS) {
		target_step_done(t, STEP_END_OK,
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
	t->timer = loop_timer(target_job(t)->loop, t->every_ms, verify_again, t);
}

static void verify_again(struct loop *l, void *arg)
{
	struct target_run *t = arg;

	struct err e = ERR_INIT;

	(void)l;
	t->timer = NULL;
	t->call = target_far(t)->verify(target_far(t)->arg, target_source(t),
		t->step->call, t->input, on_verified, t, &e);
	if (!t->call)
		target_step_done(t, STEP_END_UNKNOWN, e.msg);
}

bool target_verify(struct target_run *t)
{
	struct call_traits traits;

	if (!target_far(t)->traits(
		    target_far(t)->arg, target_source(t), t->step->call, &traits) ||
		!traits.verify)
		return false;
	t->every_ms = traits.every_ms > 0 ? traits.every_ms : 2000;
	t->deadline_ms = clock_mono_ms() + traits.within_ms;
	target_to(t, "verifying", t->known);
	verify_again(target_job(t)->loop, t);
	return true;
}

/* ---- looking whether it is so already -------------------------------------------------- */

/* The input is the plan's: a copy gets what was seen. */
static void keep(struct target_run *t, const char *name, json_t *value)
{
	json_t *with = json_copy(t->input);

	json_object_set_new(with, name, value);
	json_decref(t->input);
	t->input = with;
}

static void on_before(void *arg, const struct look_result *r)
{
	struct target_run *t = arg;
	char text[sizeof(t->known)];

	t->call = NULL;
	keep(t, "before",
		json_pack("{s:b, s:b, s:O?}", "whole", r->look != LOOK_UNREAD, "holds",
			r->look == LOOK_HOLDS, "body", r->reply));
	if (r->look != LOOK_HOLDS || t->again) {
		target_send(t);
		return;
	}
	str_format(text, sizeof(text), "already so, nothing was sent: %s",
		r->known ? r->known : "");
	target_step_done(t, STEP_END_ALREADY, text);
}

bool target_before(struct target_run *t)
{
	const struct far *far = target_far(t);
	struct call_traits traits;
	struct err e = ERR_INIT;

	if (!far->traits(far->arg, target_source(t), t->step->call, &traits) ||
		!traits.verify)
		return false;
	t->again = traits.again;
	target_to(t, "running", "looking before anything is sent");
	t->call = far->before(
		far->arg, target_source(t), t->step->call, t->input, on_before, t, &e);
	if (!t->call)
		target_step_done(t, STEP_END_FAILED, e.msg);
	return true;
}

/* ---- sending --------------------------------------------------------------------------- */

/* The answer goes to the output and the audit, with the item that it is about. */
static void said(struct target_run *t, const struct err *e, const char *known)
{
	struct str text = STR_INIT_MAX(2000);

	plan_unit_label(t->unit, &text);
	str_adds(&text, known);
	job_line(target_job(t), t->n, e->code == ERR_NONE ? "out" : "err", text.buf,
		text.len);
	job_audit(target_job(t), "reply",
		json_pack("{s:I, s:s, s:s}", "n", (json_int_t)t->n, "class",
			err_code_name(e->code), "known", text.buf),
		NULL, NULL);
	str_release(&text);
}

/* No proof by itself: a second look, where there is one. */
static void look_for_it(struct target_run *t, enum step_end without, const char *known)
{
	char text[sizeof(t->known) + 40];

	if (target_verify(t))
		return;
	str_format(text, sizeof(text), "%s%s", known,
		without == STEP_END_ACCEPTED ? " (no proof)" : "");
	target_step_done(t, without, text);
}

static void on_called(void *arg, const struct call_result *r)
{
	struct target_run *t = arg;
	const char *known = r->err.code != ERR_NONE ? r->err.msg
			    : r->known              ? r->known
						    : "accepted";

	t->call = NULL;
	said(t, &r->err, known);
	str_copy(t->known, sizeof(t->known), known);
	json_decref(t->called);
	t->called = json_incref(r->reply);
	/* `verify` looks for what this very call made. */
	if (r->reply)
		keep(t, "called", json_incref(r->reply));
	switch (r->effect) {
	case CALL_NOTHING:
		target_step_done(t, STEP_END_FAILED, t->known);
		break;
	case CALL_PROVED:
		target_step_done(t, STEP_END_OK, t->known);
		break;
	case CALL_ACCEPTED:
		look_for_it(t, STEP_END_ACCEPTED, known);
		break;
	case CALL_MAYBE:
		look_for_it(t, STEP_END_UNKNOWN, known);
		break;
	}
}

void target_call(struct target_run *t)
{
	struct err e = ERR_INIT;

	t->call = target_far(t)->call(target_far(t)->arg, target_source(t), t->step->call,
		t->input, on_called, t, &e);
	if (!t->call)
		target_step_done(t, STEP_END_FAILED, e.msg);
}

/* ---- sql ------------------------------------------------------------------------------- */

static void show_rows(struct target_run *t, const json_t *rows)
{
	size_t n = json_array_size(rows);

	for (size_t i = 0; i < n && i < ROWS_SHOWN; i++) {
		char *text = json_text(json_array_get(rows, i));

		job_line(target_job(t), t->n, "out", text, strlen(text));
		free(text);
	}
}

/* A change that touched no row was taken, and shows nothing; what only reads may find none. With
 * every error but a lost COMMIT the transaction is gone, so nothing was changed; but what a
 * statement did outside of it stays. */
static enum step_end sql_end(const struct target_run *t, const struct call_result *r)
{
	bool reads = t->plan->runbook->risk == RISK_READ;

	if (r->err.code == ERR_NONE)
		return r->no_rows && !reads ? STEP_END_ACCEPTED : STEP_END_OK;
	if (r->err.code == ERR_UNKNOWN || (t->step->outside && r->sent))
		return STEP_END_UNKNOWN;
	return STEP_END_FAILED;
}

static void on_sql(void *arg, const struct call_result *r)
{
	struct target_run *t = arg;
	char known[400];

	t->call = NULL;
	if (r->err.code == ERR_NONE)
		str_format(known, sizeof(known), "committed, %s%s", r->known,
			r->no_rows ? ": nothing was there to be changed" : "");
	else
		str_copy(known, sizeof(known), r->err.msg);
	if (r->err.code == ERR_NONE)
		show_rows(t, r->reply);
	said(t, &r->err, known);
	target_step_done(t, sql_end(t, r), known);
}

void target_sql(struct target_run *t)
{
	struct err e = ERR_INIT;
	struct plan_sql sql;

	if (plan_step_sql(t->plan, &t->plan->targets[t->n], t->step, t->input, &sql, &e))
		t->call = target_far(t)->sql(
			target_far(t)->arg, sql.source, &sql.q, on_sql, t, &e);
	plan_sql_release(&sql);
	if (!t->call)
		target_step_done(t, STEP_END_FAILED, e.msg);
}
