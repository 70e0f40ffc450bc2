/* Takes queued jobs out of the store and runs them, each by its type; and the small tellings that all of them need. */
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/shown.h"
#include "runbooks/engine/exec.h"

static const struct job_type *const types[] = {
	&preview_type,
	&action_type,
	&answer_type,
	&log_type,
	&refresh_type,
};

static json_t *state_args(
	struct job_run *j, const char *state, const char *error, json_t *result)
{
	usec_t now = clock_now();
	json_t *args = json_pack("{s:I, s:s}", "job", (json_int_t)j->id, "state", state);

	log_at(LOG_INFO, "job", "%lld -> %s%s%s", j->id, state, error ? ": " : "",
		error ? error : "");
	if (error)
		json_object_set_new(args, "error", json_string(error));
	if (result)
		json_object_set_new(args, "result", result);
	if (strcmp(state, "running") == 0 || strcmp(state, "starting") == 0)
		json_object_set_new(args, "started", json_integer(now));
	if (job_ended(state))
		json_object_set_new(args, "ended", json_integer(now));
	return args;
}

void job_state(struct job_run *j, const char *state, const char *error, json_t *result)
{
	outbox_tell(
		j->executor->outbox, "job_state", state_args(j, state, error, result));
}

struct store_req *job_begin(struct job_run *j, store_answer_fn *fn, void *arg)
{
	return outbox_ask(j->executor->outbox, "job_state",
		state_args(j, "starting", NULL, NULL), fn, arg);
}

static void job_free(struct job_run *j)
{
	if (j->type->release)
		j->type->release(j);
	store_cancel(j->store, j->request);
	loop_timer_cancel(j->loop, j->again);
	if (j->far != &j->executor->far)
		j->far->let_go(j->far);
	json_decref(j->row);
	json_decref(j->targets);
	free(j);
}

void job_leave(struct job_run *j)
{
	struct job_run **link = &j->executor->jobs;

	j->far->used(j->far->arg);
	while (*link != j)
		link = &(*link)->next;
	*link = j->next;
	job_free(j);
}

void job_end(struct job_run *j, const char *state, const char *error, json_t *result)
{
	job_state(j, state, error, result);
	job_leave(j);
}

static json_t *target_args(
	struct job_run *j, size_t n, const char *state, const char *known)
{
	json_t *args;
	struct str text = STR_INIT_MAX(2000);

	shown_safely(&text, known, strlen(known), 400, UTF8_ONE_LINE);
	args = json_pack("{s:I, s:I, s:s, s:s}", "job", (json_int_t)j->id, "n",
		(json_int_t)n + 1, "state", state, "known", text.buf);
	str_release(&text);
	return args;
}

void job_target(struct job_run *j, size_t n, const char *state, const char *known)
{
	outbox_tell(j->executor->outbox, "target_state", target_args(j, n, state, known));
}

struct store_req *job_target_begin(
	struct job_run *j, size_t n, store_answer_fn *fn, void *arg)
{
	log_at(LOG_INFO, "target", "%lld/%zu -> starting", j->id, n);
	return outbox_ask(j->executor->outbox, "target_state",
		target_args(j, n, "starting", ""), fn, arg);
}

void job_lines_add(
	json_t *lines, size_t n, const char *stream, const char *text, size_t len)
{
	struct str safe = STR_INIT;

	shown_safely(&safe, text, len, SHOWN_PART, UTF8_SGR);
	json_array_append_new(lines, json_pack("{s:I, s:s, s:s}", "n", (json_int_t)n + 1,
					     "stream", stream, "text", safe.buf));
	str_release(&safe);
}

void job_lines(struct job_run *j, json_t *lines)
{
	if (json_array_size(lines) == 0) {
		json_decref(lines);
		return;
	}
	outbox_tell(j->executor->outbox, "output_add",
		json_pack("{s:I, s:o}", "job", (json_int_t)j->id, "lines", lines));
}

void job_line(
	struct job_run *j, size_t n, const char *stream, const char *text, size_t len)
{
	json_t *lines = json_array();

	job_lines_add(lines, n, stream, text, len);
	job_lines(j, lines);
}

/* What happened is in the row even when its words cannot be. body is taken. */
static json_t *audit_args(const struct job_run *j, const char *event, json_t *body)
{
	if (!body)
		body = json_pack("{s:s}", "lost",
			"the details are lost: a text among them is not UTF-8");
	return json_pack("{s:s, s:s, s:s, s:I, s:o}", "who", j->who, "host", j->host,
		"event", event, "job", (json_int_t)j->id, "body", body);
}

struct store_req *job_audit(struct job_run *j, const char *event, json_t *body,
	store_answer_fn *fn, void *arg)
{
	json_t *args = audit_args(j, event, body);

	if (fn)
		return outbox_ask(j->executor->outbox, "audit_add", args, fn, arg);
	outbox_tell(j->executor->outbox, "audit_add", args);
	return NULL;
}

void job_audit_refused(struct job_run *j, const char *why)
{
	outbox_tell_late(j->executor->outbox, "audit_add",
		audit_args(j, "refused",
			json_pack("{s:s, s:s}", "runbook",
				json_str(j->spec, "runbook", ""), "why", why)));
}

struct job_run *job_adopt(struct executor *x, const struct job_type *type, json_t *row)
{
	struct job_run *j = xcalloc(1, sizeof(*j));

	j->executor = x;
	j->worker = x->worker;
	j->store = x->store;
	j->loop = x->loop;
	j->far = x->far.hold ? x->far.hold(x->far.arg) : &x->far;
	j->type = type;
	j->row = row;
	j->id = json_int(row, "job", 0);
	j->who = json_str(row, "who", "");
	j->host = json_str(row, "host", "");
	j->reason = json_str(row, "reason", "");
	j->spec = json_sub(row, "spec");
	j->next = x->jobs;
	x->jobs = j;
	x->far.used(x->far.arg);
	return j;
}

struct job_run *executor_job(struct executor *x, long long id)
{
	for (struct job_run *j = x->jobs; j; j = j->next)
		if (j->id == id)
			return j;
	return NULL;
}

static void on_targets(void *arg, json_t *answer, const struct err *e)
{
	struct job_run *j = arg;

	j->request = NULL;
	if (!answer) {
		job_end(j, "failed", e->msg, NULL);
		return;
	}
	j->targets = json_incref(answer);
	j->type->start(j);
}

static void take_up(struct executor *x, json_t *row)
{
	const char *name = json_str(row, "type", "");
	struct job_run *j;

	if (executor_job(x, json_int(row, "job", 0)))
		return;
	for (size_t i = 0; i < LENGTH(types); i++) {
		if (strcmp(types[i]->name, name) != 0)
			continue;
		j = job_adopt(x, types[i], json_incref(row));
		j->request = store_ask(x->store, "targets",
			json_pack("{s:I}", "job", (json_int_t)j->id), on_targets, j);
		return;
	}
	log_at(LOG_ERROR, "executor", "job %lld has the unknown type \"%s\"",
		json_int(row, "job", 0), name);
	outbox_tell(x->outbox, "job_state",
		json_pack("{s:I, s:s, s:s}", "job", (json_int_t)json_int(row, "job", 0),
			"state", "failed", "error",
			"this worker does not know this type of job"));
}

static void look(struct executor *x);

static void cancel_asked(struct executor *x, const json_t *answer)
{
	size_t i;
	json_t *row;

	json_array_foreach (answer, i, row) {
		struct job_run *j = executor_job(x, json_int(row, "job", 0));

		if (!j || j->canceled || json_str(row, "cancel_by", "")[0] == '\0')
			continue;
		j->canceled = true;
		json_object_set(j->row, "cancel_by", json_object_get(row, "cancel_by"));
		log_at(LOG_INFO, "job", "%lld: %s wants it to end", j->id,
			json_str(row, "cancel_by", ""));
		if (j->type->cancel)
			j->type->cancel(j);
	}
}

static void on_queued(void *arg, json_t *answer, const struct err *e)
{
	struct executor *x = arg;
	size_t i;
	json_t *row;

	x->asking = NULL;
	if (!answer)
		log_at(LOG_ERROR, "executor", "the queue: %s", e->msg);
	cancel_asked(x, answer);
	json_array_foreach (answer, i, row)
		if (!x->far.leaving(x->far.arg) && !outbox_waits(x->outbox) &&
			strcmp(json_str(row, "state", ""), "queued") == 0)
			take_up(x, row);
	if (x->again) {
		x->again = false;
		look(x);
	}
}

static void look(struct executor *x)
{
	x->asking = store_ask(x->store, "jobs_queued", json_object(), on_queued, x);
}

void executor_wake(struct executor *x)
{
	if (x->asking || !x->recovered)
		x->again = true;
	else
		look(x);
}

/* What was not taken up meanwhile is. */
static void on_taken(void *arg)
{
	executor_wake(arg);
}

struct executor *executor_make(struct loop *l, struct store *s, struct far far)
{
	struct executor *x = xcalloc(1, sizeof(*x));

	x->loop = l;
	x->store = s;
	x->far = far;
	x->outbox = outbox_new(l, s, on_taken, x);
	recover_start(x);
	return x;
}

void executor_free(struct executor *x)
{
	if (!x)
		return;
	recover_stop(x);
	store_cancel(x->store, x->asking);
	while (x->jobs) {
		struct job_run *j = x->jobs;

		x->jobs = j->next;
		job_free(j);
	}
	causes_free(x->causes);
	outbox_free(x->outbox);
	free(x);
}

bool executor_busy(const struct executor *x)
{
	for (const struct job_run *j = x->jobs; j; j = j->next)
		if (j->type->changes)
			return true;
	return outbox_waits(x->outbox);
}

void executor_causes(struct executor *x)
{
	if (x)
		causes_look(x->causes);
}
