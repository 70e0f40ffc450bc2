/* The log of a record, fetched for a console: its lines become the job's output, bounded; the first error line is marked. And: refresh. */
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/triage/signature.h"
#include "runbooks/engine/exec.h"

/* More than the connector keeps of a log, made safe. */
#define LOG_BYTES_MAX ((size_t)64 << 20)
#define LINES_A_CALL 500
#define ERRORS_MAX 1000

struct log_state {
	struct job_run *job;
	struct log_fetch *fetch;
	json_t *record, *parts, *pending;
	json_t *errors;  /* numbers of the lines at which errors begin */
	struct str text; /* the whole log, to find the error line */
	size_t lines;
	bool cut;
	bool in_error; /* the line before was one: a traceback is one error */
};

/* As everything that is told of a job: what the store does not take now is told again, before the job is said to be done. */
static void send_lines(struct log_state *s)
{
	job_lines(s->job, s->pending);
	s->pending = json_array();
}

static void on_parts(void *arg, const json_t *parts)
{
	struct log_state *s = arg;

	json_decref(s->parts);
	s->parts = json_deep_copy(parts);
}

static void note_error(struct log_state *s, const char *line)
{
	/* The frames of a traceback belong to the error that it is. */
	bool bad = signature_line_bad(line, strlen(line)) ||
		   (s->in_error && (line[0] == ' ' || line[0] == '\t'));

	if (bad && !s->in_error && json_array_size(s->errors) < ERRORS_MAX)
		json_array_append_new(s->errors, json_integer((json_int_t)s->lines));
	s->in_error = bad;
}

static void on_lines(void *arg, const char *const *lines, size_t n)
{
	struct log_state *s = arg;

	for (size_t i = 0; i < n && !s->cut; i++) {
		struct str safe = STR_INIT_MAX(1 << 16);

		if (!str_adds(&s->text, lines[i]) || !str_addc(&s->text, '\n')) {
			s->cut = true;
			break;
		}
		str_adds(&safe, lines[i]);
		log_scrub(&safe);
		json_array_append_new(
			s->pending, json_pack("{s:i, s:s, s:s}", "n", 0, "stream", "out",
					    "text", safe.buf));
		str_release(&safe);
		s->lines++;
		note_error(s, lines[i]);
		if (json_array_size(s->pending) >= LINES_A_CALL)
			send_lines(s);
	}
}

/* Who follows a log has it fetched whole every few seconds: only the last one is kept. */
static void log_ended(struct job_run *j, json_t *result)
{
	tidy_log(j->worker->tidy, j->id);
	job_end(j, "done", NULL, result);
}

static void on_done(void *arg, const struct err *e, bool truncated)
{
	struct log_state *s = arg;
	struct str cause = STR_INIT, signature = STR_INIT;
	long line = 0;
	json_t *result;

	s->fetch = NULL;
	send_lines(s);
	if (!signature_find(s->text.buf, s->text.len, &cause, &signature, &line))
		line = 0;
	result = json_pack("{s:I, s:I, s:b, s:s}", "error_at", (json_int_t)line, "lines",
		(json_int_t)s->lines, "truncated", truncated || s->cut, "cause",
		cause.buf);
	json_object_set_new(
		result, "part", json_integer(json_int(s->job->spec, "part", -1)));
	json_object_set_new(
		result, "parts", s->parts ? json_incref(s->parts) : json_array());
	json_object_set(result, "errors", s->errors);
	str_release(&cause);
	str_release(&signature);
	if (e && e->code != ERR_NONE)
		job_end(s->job, "failed", e->msg, result);
	else
		log_ended(s->job, result);
}

static void on_record(void *arg, json_t *answer, const struct err *e)
{
	struct log_state *s = arg;
	struct job_run *j = s->job;
	struct log_fns fns = {
		.parts = on_parts, .lines = on_lines, .done = on_done, .arg = s};
	struct err why = ERR_INIT;
	struct source *source;

	j->request = NULL;
	if (!json_is_object(answer)) {
		job_end(j, "failed", e ? e->msg : "there is no such record any more",
			NULL);
		return;
	}
	source = schedule_source(
		j->worker->schedule, json_str(answer, "source", ""), &why);
	if (!source) {
		job_end(j, "failed", why.msg, NULL);
		return;
	}
	s->record = json_incref(answer);
	s->fetch = source_log(
		source, s->record, (int)json_int(j->spec, "part", -1), 0, &fns);
}

static void log_start(struct job_run *j)
{
	struct log_state *s = xcalloc(1, sizeof(*s));

	s->job = j;
	s->pending = json_array();
	s->errors = json_array();
	str_init(&s->text, LOG_BYTES_MAX);
	j->state = s;
	job_state(j, "running", NULL, NULL);
	j->request = store_ask(j->worker->store, "record",
		json_pack("{s:s}", "key", json_str(j->spec, "key", "")), on_record, s);
}

static void log_cancel(struct job_run *j)
{
	job_end(j, "canceled", "canceled", NULL);
}

static void log_release(struct job_run *j)
{
	struct log_state *s = j->state;

	if (!s)
		return;
	log_fetch_cancel(s->fetch);
	json_decref(s->record);
	json_decref(s->parts);
	json_decref(s->pending);
	json_decref(s->errors);
	str_release(&s->text);
	free(s);
	j->state = NULL;
}

const struct job_type log_type = {
	.name = "log",
	.start = log_start,
	.cancel = log_cancel,
	.release = log_release,
};

static void refresh_start(struct job_run *j)
{
	const struct worker *w = j->worker;
	const char *name = json_str(j->spec, "source", NULL);
	enum kind kind;
	char source[128];
	const char *id;

	if (!name && record_key_parse(json_str(j->spec, "key", ""), &kind, source,
			     sizeof(source), &id, NULL))
		name = source;
	for (size_t i = 0; i < w->config.n_sources; i++)
		if (!name || str_equal(name, w->config.sources[i].name))
			schedule_refresh(w->schedule, w->config.sources[i].name);
	job_state(j, "running", NULL, NULL);
	job_end(j, "done", NULL, NULL);
}

const struct job_type refresh_type = {
	.name = "refresh",
	.start = refresh_start,
};
