/* The steps that are no calls: waiting for a record to show something, a script on a host, a local program. */
#include <string.h>
#include <sys/wait.h>

#include "backends/base/mem.h"
#include "runbooks/engine/target_private.h"

#define WAIT_EVERY_MS 2000

/* ---- wait ----------------------------------------------------------------------------- */

static void wait_look(struct loop *l, void *arg);

static bool holds(const struct target_run *t, const struct jmes *expr, json_t *record,
	struct err *e)
{
	json_t *scope, *answer;
	bool yes;

	if (!expr || !json_is_object(record) || e->code != ERR_NONE)
		return false;
	scope = json_pack(
		"{s:O, s:O}", "record", record, "before", t->plan->targets[t->n].record);
	if (t->unit->loop)
		json_object_set(scope, t->unit->loop->as, t->unit->item);
	answer = jmes_search(expr, scope, scope, e);
	yes = answer && jmes_truthy(answer);
	json_decref(answer);
	json_decref(scope);
	return yes;
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

static void on_record(void *arg, json_t *answer, const struct err *e)
{
	struct target_run *t = arg;
	const char *state = json_str(answer, "state", "unknown");
	struct err wrong = ERR_INIT;
	char text[300];

	(void)e;
	t->request = NULL;
	str_format(
		text, sizeof(text), "%s is %s", json_str(answer, "source", "it"), state);
	if (t->fresh && holds(t, t->step->until, answer, &wrong)) {
		target_step_done(t, STEP_END_OK, text);
		return;
	}
	if ((t->fresh && holds(t, t->step->fails, answer, &wrong)) ||
		wrong.code != ERR_NONE) {
		target_step_done(
			t, STEP_END_FAILED, wrong.code != ERR_NONE ? wrong.msg : text);
		return;
	}
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

/* Asked before the record is: what it holds then is at least as new. */
static bool is_fresh(const struct target_run *t)
{
	const struct plan_target *target = &t->plan->targets[t->n];
	const char *name = json_str(target->record, "kind", "");
	enum kind kind;

	return kind_parse(name, &kind) && target_far(t)->read_since(target_far(t)->arg,
						  target->source, kind, t->began);
}

static void wait_look(struct loop *l, void *arg)
{
	struct target_run *t = arg;
	const struct plan_target *target = &t->plan->targets[t->n];

	(void)l;
	t->timer = NULL;
	t->fresh = is_fresh(t);
	target_far(t)->refresh(target_far(t)->arg, target->source);
	t->request = store_ask(target_job(t)->store, "record",
		json_pack("{s:s}", "key", target->key), on_record, t);
}

void target_wait(struct target_run *t)
{
	t->deadline_ms = clock_mono_ms() + t->step->within_ms;
	t->seen[0] = '\0';
	t->began = clock_now();
	target_to(t, "verifying", t->known);
	/* The far side needs a moment, and so does the first collection after the change. */
	target_far(t)->refresh(target_far(t)->arg, t->plan->targets[t->n].source);
	t->timer = loop_timer(target_job(t)->loop, 300, wait_look, t);
}

/* ---- output by lines ------------------------------------------------------------------- */

void target_line(void *arg, const char *line, size_t len)
{
	static const char cut[] = "more than 4 MiB of output: the rest is not kept";
	struct target_run *t = arg;

	if (t->output >= TARGET_OUTPUT_MAX)
		return;
	t->output += len + TARGET_LINE_COST;
	job_lines_add(t->lines, t->n, t->stream, line, len);
	if (t->output >= TARGET_OUTPUT_MAX)
		job_lines_add(t->lines, t->n, "info", cut, sizeof(cut) - 1);
}

/* bytes NULL: the end. */
static void take_output(struct target_run *t, int stream, const char *bytes, size_t len)
{
	t->lines = json_array();
	t->stream = stream == 2 ? "err" : "out";
	if (bytes)
		shown_lines_add(&t->said[stream - 1], bytes, len);
	else
		shown_lines_end(&t->said[stream - 1]);
	job_lines(target_job(t), t->lines);
	t->lines = NULL;
}

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	take_output(arg, stream, bytes, len);
}

static void flush_output(struct target_run *t)
{
	take_output(t, 1, NULL, 0);
	take_output(t, 2, NULL, 0);
}

/* ---- ssh ------------------------------------------------------------------------------- */

static void on_script(void *arg, const struct ssh_reply *r)
{
	struct target_run *t = arg;
	char text[300];

	t->ssh = NULL;
	flush_output(t);
	if (r->proved) {
		str_format(text, sizeof(text), "exit code %d", r->exit_code);
		target_step_done(
			t, r->exit_code == 0 ? STEP_END_OK : STEP_END_FAILED, text);
		return;
	}
	job_line(target_job(t), t->n, "err", r->err.msg, strlen(r->err.msg));
	if (!r->started) {
		target_step_done(t, STEP_END_FAILED, r->err.msg);
		return;
	}
	str_format(text, sizeof(text), "the script had begun, its end is not known: %s",
		r->err.msg);
	target_step_done(t, STEP_END_UNKNOWN, text);
}

void target_ssh(struct target_run *t)
{
	struct err e = ERR_INIT;
	const struct config_host *h = plan_step_host(t->plan, t->step, t->input, &e);
	json_t *vars =
		t->step->with && h ? tmpl_render(t->step->with, t->input, &e) : NULL;
	struct ssh_script script = {
		.text = t->step->text,
		.vars = vars,
		.timeout_ms = t->step->within_ms,
		.on_output = on_output,
	};

	if (!h || (t->step->with && !vars)) {
		target_step_done(t, STEP_END_FAILED, e.msg);
		return;
	}
	t->ssh = target_far(t)->ssh(target_far(t)->arg, h, &script, on_script, t);
	json_decref(vars);
}

/* ---- exec ------------------------------------------------------------------------------ */

static void on_ended(void *arg, int status, bool timed_out)
{
	struct target_run *t = arg;
	char text[200];

	t->child = NULL;
	flush_output(t);
	if (timed_out)
		str_format(text, sizeof(text),
			"ended by its time limit; what it had done is not known");
	else if (WIFEXITED(status))
		str_format(text, sizeof(text), "exit code %d", WEXITSTATUS(status));
	else
		str_format(text, sizeof(text), "ended by signal %d", WTERMSIG(status));
	if (!timed_out && WIFEXITED(status))
		target_step_done(t,
			WEXITSTATUS(status) == 0 ? STEP_END_OK : STEP_END_FAILED, text);
	else
		target_step_done(t, STEP_END_UNKNOWN, text);
}

static void exec_words(struct target_run *t, const json_t *argv)
{
	const char *words[64];
	struct err e = ERR_INIT;
	struct loop_child_spec spec = {
		.argv = words,
		.deadline_ms = t->step->within_ms ? t->step->within_ms : 60000,
		.on_output = on_output,
		.on_exit = on_ended,
		.arg = t,
	};
	size_t n = json_array_size(argv);

	for (size_t i = 0; i < n && i < LENGTH(words) - 1; i++)
		words[i] = json_string_value(json_array_get(argv, i));
	words[n < LENGTH(words) - 1 ? n : LENGTH(words) - 1] = NULL;
	for (size_t i = 0; i < n; i++)
		if (i >= LENGTH(words) - 1 || !words[i])
			err_set(&e, ERR_USAGE,
				"exec takes at most 63 words, all of them text");
	if (e.code == ERR_NONE)
		t->child = loop_spawn(target_job(t)->loop, &spec, &e);
	if (!t->child)
		target_step_done(t, STEP_END_FAILED, e.msg);
}

void target_exec(struct target_run *t)
{
	struct err e = ERR_INIT;
	json_t *argv = tmpl_render(t->step->with, t->input, &e);

	if (!argv) {
		target_step_done(t, STEP_END_FAILED, e.msg);
		return;
	}
	exec_words(t, argv);
	json_decref(argv);
}
