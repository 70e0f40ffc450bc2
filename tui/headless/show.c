/* watchdesk show KEY: a record with its history, links, notes and actions. watchdesk log KEY: its log, fetched now. */
#include <stdio.h>
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/job.h"
#include "tui/headless/headless.h"

#define LOG_PAGE 500

/* Adds the answer of a question about the record to the document. */
static bool add(
	struct headless *h, json_t *doc, const char *name, long long rid, struct err *e)
{
	json_t *answer = headless_ask(
		h, name, json_pack("{s:I, s:i}", "rid", (json_int_t)rid, "limit", 50), e);

	if (!answer)
		return false;
	json_object_set_new(doc, name, answer);
	return true;
}

static void print_times(const json_t *rows, const char *title)
{
	size_t i;
	json_t *row;

	if (json_array_size(rows) == 0)
		return;
	printf("%s\n", title);
	json_array_foreach (rows, i, row) {
		char at[40];

		clock_format(at, sizeof(at),
			json_int(row, "at", json_int(row, "since", 0)), false);
		printf("  %s  %s%s%s  %s%s%s\n", at, json_str(row, "from", ""),
			json_sub(row, "from") ? " -> " : "",
			json_str(row, "to", json_str(row, "reason", "")),
			json_str(row, "title", json_str(row, "note", "")),
			json_str(row, "who", ""), json_str(row, "text", ""));
	}
}

static void print_record(const json_t *doc)
{
	static const char *const hidden[] = {
		"detail", "opaque", "labels", "history", "links", "notes"};
	const char *name;
	json_t *value;

	json_object_foreach ((json_t *)(uintptr_t)doc, name, value) {
		struct str text = STR_INIT_MAX(4096);
		bool skip = false;

		for (size_t i = 0; i < LENGTH(hidden); i++)
			skip = skip || strcmp(hidden[i], name) == 0;
		if (!skip && json_scalar_to(&text, value) && text.len)
			printf("%-14s %s\n", name, text.buf);
		str_release(&text);
	}
	print_times(json_sub(doc, "history"), "history");
	print_times(json_sub(doc, "links"), "linked");
	print_times(json_sub(doc, "notes"), "notes");
}

static int show(struct headless *h, const char *key)
{
	struct err e = ERR_INIT;
	json_t *doc = headless_ask(h, "record", json_pack("{s:s}", "key", key), &e);
	long long rid = json_int(doc, "rid", 0);

	if (doc && !json_is_object(doc))
		err_set(&e, ERR_NOTFOUND,
			"there is no record %s (see `watchdesk list all`)", key);
	if (e.code == ERR_NONE && add(h, doc, "history", rid, &e) &&
		add(h, doc, "links", rid, &e) && add(h, doc, "notes", rid, &e)) {
		json_object_del(doc, "times"); /* the same once more, for screens */
		if (h->args->json)
			print_json(doc);
		else
			print_record(doc);
	}
	json_decref(doc);
	return e.code == ERR_NONE ? EXIT_DONE : headless_fail(&e);
}

static int one_key(const struct arguments *a, const char *name, bool worker,
	int (*fn)(struct headless *, const char *))
{
	struct headless h;
	int status;

	if (a->n_rest != 1) {
		fprintf(stderr,
			"watchdesk: %s KEY, a key is kind:source:id as `watchdesk list` "
			"prints it\n",
			name);
		return EXIT_WRONG_CALL;
	}
	if (!headless_open(&h, a, worker, &status))
		return status;
	status = fn(&h, a->rest[0]);
	headless_close(&h);
	return status;
}

int cmd_show(const struct arguments *a)
{
	return one_key(a, "show", false, show);
}

static bool print_output(struct headless *h, long long job, struct err *e)
{
	long long after = 0;

	for (;;) {
		json_t *lines = headless_ask(h, "output",
			json_pack("{s:I, s:I, s:i}", "job", (json_int_t)job, "after",
				(json_int_t)after, "limit", LOG_PAGE),
			e);
		size_t n = json_array_size(lines), i;
		json_t *line;

		if (!lines)
			return false;
		json_array_foreach (lines, i, line) {
			puts(json_str(line, "text", ""));
			after = json_int(line, "seq", after);
		}
		json_decref(lines);
		if (n < LOG_PAGE)
			return true;
	}
}

static int show_log(struct headless *h, const char *key)
{
	struct err e = ERR_INIT;
	json_t *job =
		headless_job(h, job_log_args(key, h->args->part, h->config.operator_name),
			NULL, NULL, &e);
	const char *error = json_str(job, "error", "");

	if (job && print_output(h, json_int(job, "job", 0), &e) &&
		strcmp(json_str(job, "state", ""), "done") != 0)
		err_set(&e, ERR_REMOTE, "%s", error);
	if (json_flag(json_sub(job, "result"), "truncated", false))
		fprintf(stderr, "watchdesk: the log is longer than what is kept: its "
				"beginning and its end, and a line says what is left out "
				"between them\n");
	json_decref(job);
	return e.code == ERR_NONE ? EXIT_DONE : headless_fail(&e);
}

int cmd_log(const struct arguments *a)
{
	return one_key(a, "log", true, show_log);
}
