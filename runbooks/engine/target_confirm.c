/*
 * The step that asks a person. Nothing that follows is sent without a yes to this very question; a no, no answer in time, the
 * end of the action and the end of the worker all cancel the target there.
 */
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/shown.h"
#include "runbooks/engine/target_private.h"

/* "before step 3 of 5", counted as the target's list in the preview. at: the step that is not begun, from 0. */
static void place(const struct target_run *t, size_t at, struct str *out)
{
	size_t n = t->plan->targets[t->n].n_units;

	if (at < n)
		str_addf(out, "before step %zu of %zu", at + 1, n);
	else
		str_addf(out, "at the last of %zu steps", n);
}

void target_cancel_before(struct target_run *t, size_t at, const char *why)
{
	struct str text = STR_INIT_MAX(1000);

	t->asking = t->claimed = false;
	loop_timer_cancel(target_job(t)->loop, t->timer);
	t->timer = NULL;
	plan_unit_label(t->unit, &text);
	str_adds(&text, "canceled ");
	place(t, at, &text);
	str_addf(&text, " %s: nothing of what follows was sent", why);
	target_end(t, "canceled", text.buf);
	str_release(&text);
}

/* The question is the step under way. */
static void cancel_here(struct target_run *t, const char *why)
{
	target_cancel_before(t, t->at + 1, why);
}

static void on_time(struct loop *l, void *arg)
{
	struct target_run *t = arg;
	char words[40], why[100];

	(void)l;
	t->timer = NULL;
	/* An answer that came in time is on its way through the audit. */
	if (t->claimed)
		return;
	clock_format_words(words, sizeof(words), (usec_t)t->step->within_ms * 1000);
	str_format(why, sizeof(why), "since nobody answered within %s", words);
	cancel_here(t, why);
}

static void ask(struct target_run *t, const char *question)
{
	struct str text = STR_INIT_MAX(1000), shown = STR_INIT_MAX(1000);

	plan_unit_label(t->unit, &text);
	str_adds(&text, "asks ");
	place(t, t->at + 1, &text);
	str_addf(&text, ": %s", question);
	/* As the store will hold it: an answer names the question by its text. */
	shown_safely(&shown, text.buf, text.len, sizeof(t->seen) - 1, UTF8_ONE_LINE);
	str_copy(t->seen, sizeof(t->seen), shown.buf);
	t->asking = true;
	t->timer = loop_timer(target_job(t)->loop, t->step->within_ms, on_time, t);
	log_at(LOG_INFO, "target", "%lld/%zu %s", target_job(t)->id, t->n, t->seen);
	job_target(target_job(t), t->n, "asking", t->seen);
	str_release(&text);
	str_release(&shown);
}

void target_confirm(struct target_run *t)
{
	struct err e = ERR_INIT;
	char *question = plan_unit_text(t->plan, &t->plan->targets[t->n], t->unit, &e);

	if (!question)
		target_step_done(t, STEP_END_FAILED, e.msg);
	else
		ask(t, question);
	free(question);
}

bool target_claim(
	struct target_run *t, const char *question, const char *who, struct err *e)
{
	if (!t->asking)
		return err_set(e, ERR_CONFLICT,
			"it does not wait for an answer any more: nothing was done with "
			"this one");
	if (!str_equal(question, t->seen))
		return err_set(e, ERR_CONFLICT,
			"it asks something else by now: look again before you answer");
	if (t->claimed)
		return err_set(e, ERR_CONFLICT, "%s has answered already", t->why);
	t->claimed = true;
	str_copy(t->why, sizeof(t->why), who);
	return true;
}

void target_unclaim(struct target_run *t)
{
	t->claimed = false;
	if (!t->timer)
		on_time(target_job(t)->loop, t);
}

void target_answer(struct target_run *t, bool yes, const char *who)
{
	char text[200];

	if (!yes) {
		str_format(text, sizeof(text), "by %s", who);
		cancel_here(t, text);
		return;
	}
	t->asking = t->claimed = false;
	loop_timer_cancel(target_job(t)->loop, t->timer);
	t->timer = NULL;
	str_format(text, sizeof(text), "%s said yes", who);
	target_step_done(t, STEP_END_OK, text);
}

/* A yes that is on its way to the audit finds that the target has ended. */
void target_stop(struct target_run *t)
{
	if (t->asking)
		cancel_here(t, t->plan->stop);
}
