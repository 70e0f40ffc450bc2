/* watchdesk answer JOB [yes|no]: what a running action asks at a `confirm`, and the answer to it. */
#include <stdio.h>
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/job.h"
#include "tui/headless/headless.h"

static bool wanted(const struct arguments *a, const char *key)
{
	for (int i = 0; i < a->n_targets; i++)
		if (strcmp(a->targets[i], key) == 0)
			return true;
	return a->n_targets == 0;
}

/* The targets that ask, of those named. */
static json_t *asking(struct headless *h, long long job, struct err *e)
{
	json_t *found =
		headless_ask(h, "job", json_pack("{s:I}", "job", (json_int_t)job), e);
	json_t *all, *out = json_array(), *row;
	size_t i;

	if (found && !json_is_object(found))
		err_set(e, ERR_NOTFOUND, "there is no action %lld", job);
	json_decref(found);
	all = e->code == ERR_NONE ? headless_ask(h, "targets",
					    json_pack("{s:I}", "job", (json_int_t)job), e)
				  : NULL;
	json_array_foreach (all, i, row)
		if (strcmp(json_str(row, "state", ""), "asking") == 0 &&
			wanted(h->args, json_str(row, "key", "")))
			json_array_append(out, row);
	if (all) {
		json_decref(all);
		return out;
	}
	json_decref(out);
	return NULL;
}

static void show(const struct headless *h, json_t *rows)
{
	json_t *row;
	size_t i;

	if (h->args->json) {
		print_json(rows);
		return;
	}
	json_array_foreach (rows, i, row)
		printf("%s  %s  %s\n", json_str(row, "key", ""),
			json_str(row, "title", ""), json_str(row, "known", ""));
	if (json_array_size(rows) == 0)
		puts("it asks nothing");
}

static bool may_answer(
	const struct headless *h, const json_t *rows, bool yes, struct err *e)
{
	size_t n = json_array_size(rows);

	if (yes && h->config.read_only)
		return err_set(e, ERR_DENIED,
			"the configuration says read_only: nothing that changes anything "
			"goes on");
	if (n == 0)
		return err_set(e, ERR_CONFLICT, "it asks nothing, so nothing was done");
	/* One yes is one decision. */
	if (n > 1 && h->args->n_targets == 0)
		return err_set(e, ERR_USAGE,
			"%zu targets ask: name those that are meant with --target", n);
	return true;
}

static bool answer_one(
	struct headless *h, long long job, const json_t *row, bool yes, struct err *e)
{
	const char *question = json_str(row, "known", "");
	json_t *ended = headless_job(h,
		job_answer_args(job, json_int(row, "n", 0), question, yes,
			h->config.operator_name),
		NULL, NULL, e);

	if (!ended)
		return false;
	if (strcmp(json_str(ended, "state", ""), "done") != 0)
		err_set(e, ERR_CONFLICT, "%s: the answer did not count: %s",
			json_str(row, "key", ""), json_str(ended, "error", ""));
	else if (h->args->json)
		print_json(ended);
	else
		printf("%s: %s, to: %s\n", json_str(row, "key", ""), yes ? "yes" : "no",
			question);
	json_decref(ended);
	return e->code == ERR_NONE;
}

static int run(struct headless *h, long long job, const char *word)
{
	struct err e = ERR_INIT;
	bool yes = str_equal(word, "yes");
	json_t *rows = asking(h, job, &e), *row;
	size_t i;

	if (!rows)
		return headless_fail(&e);
	if (!word)
		show(h, rows);
	else if (may_answer(h, rows, yes, &e))
		json_array_foreach (rows, i, row)
			if (!answer_one(h, job, row, yes, &e))
				break;
	json_decref(rows);
	return e.code == ERR_NONE ? EXIT_DONE : headless_fail(&e);
}

int cmd_answer(const struct arguments *a)
{
	struct headless h;
	const char *word = a->n_rest > 1 ? a->rest[1] : NULL;
	long long job = 0;
	int status;

	if (a->n_rest < 1 || a->n_rest > 2 || !str_to_int(a->rest[0], &job) || job < 1 ||
		(word && strcmp(word, "yes") != 0 && strcmp(word, "no") != 0)) {
		fprintf(stderr, "watchdesk: answer JOB [yes|no] [--target KEY] [--json]; "
				"without yes or no it says what is asked\n");
		return EXIT_WRONG_CALL;
	}
	if (!headless_open(&h, a, true, &status))
		return status;
	status = run(&h, job, word);
	headless_close(&h);
	return status;
}
