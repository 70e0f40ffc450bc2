/* The steps that run something: a script on a host, a local program. Only exit code 0 is done, and
 * only a code that the step names as refused has changed nothing. */
#include <string.h>
#include <sys/wait.h>

#include "backends/base/mem.h"
#include "runbooks/engine/target_private.h"

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

/* ---- exit codes ------------------------------------------------------------------------ */

static bool is_refusal(const struct step *s, int code)
{
	size_t i;
	json_t *one;

	json_array_foreach (s->refused, i, one)
		if (json_integer_value(one) == code)
			return true;
	return false;
}

static void exited(struct target_run *t, int code)
{
	char text[200];

	if (code == 0)
		str_format(text, sizeof(text), "exit code 0");
	else if (is_refusal(t->step, code))
		str_format(text, sizeof(text), "refused: exit code %d", code);
	else
		str_format(text, sizeof(text),
			"exit code %d; what it had done by then is not known", code);
	target_step_done(t,
		code == 0                   ? STEP_END_OK
		: is_refusal(t->step, code) ? STEP_END_FAILED
					    : STEP_END_UNKNOWN,
		text);
}

/* ---- ssh ------------------------------------------------------------------------------- */

static void on_script(void *arg, const struct ssh_reply *r)
{
	struct target_run *t = arg;
	char text[300];

	t->ssh = NULL;
	flush_output(t);
	if (r->proved) {
		exited(t, r->exit_code);
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
	if (!timed_out && WIFEXITED(status)) {
		exited(t, WEXITSTATUS(status));
		return;
	}
	if (timed_out)
		str_format(text, sizeof(text),
			"ended by its time limit; what it had done is not known");
	else
		str_format(text, sizeof(text),
			"ended by signal %d; what it had done is not known",
			WTERMSIG(status));
	target_step_done(t, STEP_END_UNKNOWN, text);
}

void target_exec(struct target_run *t)
{
	const char *words[EXEC_WORDS_MAX + 1] = {NULL};
	struct err e = ERR_INIT;
	struct loop_child_spec spec = {
		.argv = words,
		.deadline_ms = t->step->within_ms ? t->step->within_ms : 60000,
		.on_output = on_output,
		.on_exit = on_ended,
		.arg = t,
	};
	json_t *argv = plan_step_exec(t->step, t->input, &e);

	for (size_t i = 0; i < json_array_size(argv); i++)
		words[i] = json_string_value(json_array_get(argv, i));
	if (argv)
		t->child = loop_spawn(target_job(t)->loop, &spec, &e);
	json_decref(argv);
	if (!t->child)
		target_step_done(t, STEP_END_FAILED, e.msg);
}
