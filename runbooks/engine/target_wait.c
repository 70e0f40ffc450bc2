/* The step that waits until a record shows something: the target's own, or another one, such as the run that the call made. */
#include <string.h>

#include "backends/base/log.h"
#include "runbooks/engine/target_private.h"

#define WAIT_EVERY_MS 2000

static void wait_look(struct loop *l, void *arg);

static bool holds(const struct target_run *t, const struct jmes *expr, json_t *record,
	json_t *called, struct err *e)
{
	json_t *scope, *answer;
	bool yes;

	if (!expr || !json_is_object(record) || e->code != ERR_NONE)
		return false;
	scope = json_pack(
		"{s:O, s:O}", "record", record, "before", t->plan->targets[t->n].record);
	if (called)
		json_object_set(scope, "called", called);
	if (t->unit->loop)
		json_object_set(scope, t->unit->loop->as, t->unit->item);
	answer = jmes_search(expr, scope, scope, e);
	yes = answer && jmes_truthy(answer);
	json_decref(answer);
	json_decref(scope);
	return yes;
}

/*
 * What was so before shows nothing of what was accepted: before the action, or when the wait before ended. Another record
 * shows something of it only where what the call returned names it.
 */
static bool is_proof(const struct target_run *t, json_t *record)
{
	struct err ignored = ERR_INIT;
	json_t *was = t->shown ? t->shown : t->plan->targets[t->n].record;

	if (!t->step->other)
		return !holds(t, t->step->until, was, t->called, &ignored);
	return t->looked.made || !holds(t, t->step->until, record, NULL, &ignored);
}

static void reached(struct target_run *t, json_t *record)
{
	if (is_proof(t, record))
		target_proved(t);
	if (t->step->other)
		return;
	json_decref(t->shown);
	t->shown = json_incref(record);
}

static void wait_over(struct target_run *t, const char *state)
{
	char text[600], words[40];

	clock_format_words(words, sizeof(words), (usec_t)t->step->within_ms * 1000);
	if (t->fresh)
		str_format(text, sizeof(text), "still %s after %s; %s", state, words,
			t->known);
	else
		str_format(text, sizeof(text),
			"its source was not read completely within %s, before it was %s; "
			"%s",
			words, state, t->known);
	target_step_done(t, t->step->optional ? STEP_END_OK : STEP_END_UNKNOWN, text);
}

/* Of the record, not of its source. */
static void say(
	struct target_run *t, json_t *record, const char *state, char *text, size_t size)
{
	str_format(text, size, "%s is %s",
		json_str(record, "title", t->plan->targets[t->n].title), state);
}

/* True: the step has ended. */
static bool judge(struct target_run *t, json_t *record, const char *text)
{
	struct err wrong = ERR_INIT;

	if (!t->fresh)
		return false;
	if (holds(t, t->step->until, record, t->called, &wrong)) {
		reached(t, record);
		target_step_done(t, STEP_END_OK, text);
		return true;
	}
	if (holds(t, t->step->fails, record, t->called, &wrong)) {
		target_step_done(t, STEP_END_FAILED, text);
		return true;
	}
	if (wrong.code == ERR_NONE)
		return false;
	target_step_done(t, STEP_END_UNKNOWN, wrong.msg);
	return true;
}

static void on_record(void *arg, json_t *answer, const struct err *e)
{
	struct target_run *t = arg;
	const char *state = !answer ? "not readable"
			    : json_is_object(answer)
				    ? json_str(answer, "state", "unknown")
				    : "not there";
	char text[300];

	t->request = NULL;
	if (!answer)
		log_at(LOG_WARN, "target", "%s: %s", t->looked.key, e->msg);
	say(t, answer, state, text, sizeof(text));
	if (judge(t, answer, text))
		return;
	if (clock_mono_ms() >= t->deadline_ms) {
		wait_over(t, state);
		return;
	}
	if (t->fresh && !str_equal(t->seen, state)) {
		str_copy(t->seen, sizeof(t->seen), state);
		str_format(text, sizeof(text), "%s; now %s", t->known, state);
		target_show(t, "verifying", text);
	}
	t->timer = loop_timer(target_job(t)->loop, WAIT_EVERY_MS, wait_look, t);
}

static void wait_look(struct loop *l, void *arg)
{
	struct target_run *t = arg;
	const struct far *far = target_far(t);

	(void)l;
	t->timer = NULL;
	/* Asked before the record is: what it holds then is at least as new. */
	t->fresh = far->read_since(far->arg, t->looked.source, t->looked.kind, t->began);
	far->refresh(far->arg, t->looked.source);
	t->request = store_ask(target_job(t)->store, "record",
		json_pack("{s:s}", "key", t->looked.key), on_record, t);
}

/* Is it named by what the call returned? Without that its key is another one, or none. */
static bool is_made(const struct target_run *t, const char *key)
{
	struct str without = STR_INIT_MAX(sizeof(t->looked.key) - 1);
	struct err ignored = ERR_INIT;
	json_t *input = json_copy(t->input);
	bool same;

	json_object_del(input, "called");
	same = tmpl_render_text(t->step->other, input, &without, &ignored) &&
	       strcmp(without.buf, key) == 0;
	json_decref(input);
	str_release(&without);
	return !same;
}

static bool find_key(struct target_run *t, struct err *e)
{
	struct str key = STR_INIT_MAX(sizeof(t->looked.key) - 1);
	const char *id;
	bool ok = true;

	if (t->step->other)
		ok = tmpl_render_text(t->step->other, t->input, &key, e) ||
		     err_wrap(e, "wait.key");
	else
		str_adds(&key, t->plan->targets[t->n].key);
	str_copy(t->looked.key, sizeof(t->looked.key), key.buf);
	t->looked.made = ok && t->step->other && is_made(t, key.buf);
	str_release(&key);
	return ok && record_key_parse(t->looked.key, &t->looked.kind, t->looked.source,
			     sizeof(t->looked.source), &id, e);
}

void target_wait(struct target_run *t)
{
	const struct far *far = target_far(t);
	struct err e = ERR_INIT;

	t->deadline_ms = clock_mono_ms() + t->step->within_ms;
	t->seen[0] = '\0';
	t->began = clock_now();
	target_to(t, "verifying", t->known);
	/* What was sent stays sent: only whether it arrived cannot be seen. */
	if (!find_key(t, &e)) {
		target_step_done(t, STEP_END_UNKNOWN, e.msg);
		return;
	}
	/* The far side needs a moment, and so does the first collection after the change. */
	far->refresh(far->arg, t->looked.source);
	t->timer = loop_timer(target_job(t)->loop, 300, wait_look, t);
}
