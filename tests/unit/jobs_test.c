/* Jobs: what may follow what, targets, output, cancelling, locks. */
#include "backends/store/jobs.h"

#include "tests/unit/store_help.h"

static const char ACTION[] =
	"{\"type\": \"action\", \"runbook\": \"rerun\", \"title\": \"Rerun\","
	" \"who\": \"ito\", \"host\": \"b1\", \"reason\": \"why\","
	" \"spec\": {\"n\": 1}, \"targets\": ["
	"{\"key\": \"run:airflow:a\", \"title\": \"A\"},"
	"{\"key\": \"host:etl-04\", \"title\": \"etl-04\"}]}";

static void test_moves(void **state)
{
	(void)state;
	assert_true(job_may(JOB_ACTION, "queued", "starting"));
	assert_true(job_may(JOB_ACTION, "verifying", "unknown"));
	assert_true(job_may(JOB_ACTION, "unknown", "succeeded"));
	assert_false(job_may(JOB_ACTION, "queued", "succeeded"));
	assert_false(job_may(JOB_ACTION, "succeeded", "running"));
	assert_false(job_may(JOB_ACTION, "unknown", "running"));
	assert_false(job_may(JOB_ACTION, "running", "done"));
	assert_true(job_may(JOB_READ, "running", "done"));
	assert_false(job_may(JOB_READ, "queued", "starting"));
	assert_true(job_may(JOB_TARGET, "unknown", "failed"));
	assert_true(job_may(JOB_TARGET, "verifying", "running"));
	assert_true(job_may(JOB_TARGET, "starting", "verifying"));
	assert_false(job_may(JOB_TARGET, "queued", "succeeded"));
	assert_false(job_may(JOB_TARGET, "succeeded", "failed"));
}

/* The queue also holds what is under way: an earlier worker may have left it. */
static void is_queued(struct help *h)
{
	json_t *a = help_ask(h, "jobs_queued", "{}");

	assert_int_equal(json_array_size(a), 1);
	assert_int_equal(json_int(json_sub(json_array_get(a, 0), "spec"), "n", 0), 1);
	json_decref(a);
}

static void begins(struct help *h)
{
	is_queued(h);
	help_refused(h, "job_state", "{\"job\": 1, \"state\": \"succeeded\"}",
		ERR_CONFLICT, "is queued and cannot become succeeded");
	help_do(h, "job_state", "{\"job\": 1, \"state\": \"starting\"}");
	help_do(h, "job_state", "{\"job\": 1, \"state\": \"running\"}");
	is_queued(h);
	json_t *a = help_ask(h, "counts", "{}");
	assert_int_equal(json_int(a, "actions_running", 0), 1);
	json_decref(a);
}

static void works_on_its_targets(struct help *h)
{
	help_do(h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"starting\"}");
	help_do(h, "target_state",
		"{\"job\": 1, \"n\": 1, \"state\": \"running\", \"known\": \"sent\"}");
	help_do(h, "target_state",
		"{\"job\": 1, \"n\": 1, \"state\": \"unknown\", \"known\": \"lost\"}");
	help_refused(h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"running\"}",
		ERR_CONFLICT, "unknown");
	help_do(h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"succeeded\"}");
	help_refused(h, "target_state", "{\"job\": 1, \"n\": 9, \"state\": \"starting\"}",
		ERR_NOTFOUND, "target 9");
}

static void ends(struct help *h)
{
	help_do(h, "job_state",
		"{\"job\": 1, \"state\": \"partial\", \"result\": {\"ok\": 1}, "
		"\"error\": \"one\"}");
	help_refused(h, "job_state", "{\"job\": 1, \"state\": \"running\"}", ERR_CONFLICT,
		"partial");
	json_t *a = help_ask(h, "job", "{\"job\": 1}");
	assert_string_equal(json_str(a, "state", ""), "partial");
	assert_int_equal(json_int(a, "targets", 0), 2);
	assert_int_equal(json_int(a, "done", 0), 1);
	assert_int_equal(json_int(a, "ended", 0), HELP_NOW);
	assert_int_equal(json_int(json_sub(a, "result"), "ok", 0), 1);
	assert_string_equal(json_str(a, "error", ""), "one");
	json_decref(a);
}

static void test_life_of_an_action(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	struct record r = help_record(KIND_RUN, "a", STATE_FAILED);
	help_put(&h, &r, 1);
	json_t *a = help_tell(&h, "job_add", ACTION);
	assert_int_equal(json_int(a, "job", 0), 1);
	json_decref(a);
	begins(&h);
	works_on_its_targets(&h);
	ends(&h);
	a = help_ask(&h, "targets", "{\"job\": 1}");
	assert_int_equal(json_int(json_array_get(a, 0), "rid", 0), 1);
	assert_string_equal(json_str(json_array_get(a, 0), "known", ""), "lost");
	assert_int_equal(json_int(json_array_get(a, 1), "rid", -1), 0);
	json_decref(a);
	a = help_ask(&h, "job", "{\"job\": 7}");
	assert_true(json_is_null(a));
	json_decref(a);
	help_close(&h);
}

/* A question is counted with its job, and is left for what follows or for the end. */
static void test_asking(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	help_do(&h, "job_add", ACTION);
	help_refused(&h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"asking\"}",
		ERR_CONFLICT, "queued");
	help_do(&h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"starting\"}");
	help_do(&h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"asking\"}");
	json_t *a = help_ask(&h, "job", "{\"job\": 1}");
	assert_int_equal(json_int(a, "asking", 0), 1);
	json_decref(a);
	help_refused(&h, "target_state",
		"{\"job\": 1, \"n\": 1, \"state\": \"succeeded\"}", ERR_CONFLICT,
		"asking");
	help_do(&h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"running\"}");
	help_do(&h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"asking\"}");
	help_do(&h, "target_state", "{\"job\": 1, \"n\": 1, \"state\": \"canceled\"}");
	a = help_ask(&h, "jobs", "{}");
	assert_int_equal(json_int(json_array_get(a, 0), "asking", 0), 0);
	json_decref(a);
	/* The answer is no action: it is done or failed. */
	help_do(&h, "job_add", "{\"type\": \"answer\", \"who\": \"x\"}");
	help_do(&h, "job_state", "{\"job\": 2, \"state\": \"running\"}");
	help_do(&h, "job_state", "{\"job\": 2, \"state\": \"done\"}");
	help_close(&h);
}

static void test_cancel(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	help_do(&h, "job_add", ACTION);
	json_t *a = help_tell(&h, "job_cancel", "{\"job\": 1, \"who\": \"ito\"}");
	assert_string_equal(json_str(a, "state", ""), "canceled");
	json_decref(a);
	help_refused(&h, "job_cancel", "{\"job\": 1, \"who\": \"ito\"}", ERR_CONFLICT,
		"already ended");
	help_refused(&h, "job_state", "{\"job\": 1, \"state\": \"starting\"}",
		ERR_CONFLICT, "canceled");
	a = help_ask(&h, "targets", "{\"job\": 1}");
	assert_string_equal(json_str(json_array_get(a, 1), "state", ""), "canceled");
	json_decref(a);
	/* One that runs goes on until the worker knows. */
	help_do(&h, "job_add", ACTION);
	help_do(&h, "job_state", "{\"job\": 2, \"state\": \"starting\"}");
	help_do(&h, "job_cancel", "{\"job\": 2, \"who\": \"kim\"}");
	a = help_tell(&h, "job_state", "{\"job\": 2, \"state\": \"running\"}");
	assert_string_equal(json_str(a, "cancel_by", ""), "kim");
	json_decref(a);
	help_close(&h);
}

static long long add_job(struct help *h, const char *type, const char *key)
{
	char args[300];
	str_format(args, sizeof(args),
		"{\"type\": \"%s\", \"who\": \"ito\", \"targets\":"
		" [{\"key\": \"%s\", \"title\": \"T\"}, {\"key\": \"host:x\"}]}",
		type, key);
	json_t *a = help_tell(h, "job_add", args);
	long long job = json_int(a, "job", 0);
	json_decref(a);
	return job;
}

/* The jobs that a question gives, as "3 1 ". */
static void assert_jobs(struct help *h, const char *args, const char *want)
{
	struct str got = STR_INIT;
	json_t *a = help_ask(h, "jobs", args), *row;
	size_t i;
	json_array_foreach (a, i, row) {
		str_addf(&got, "%lld ", (long long)json_int(row, "job", 0));
		assert_string_equal(json_str(row, "target", ""), "T");
		assert_int_equal(json_int(row, "targets", 0), 2);
	}
	assert_string_equal(got.len ? got.buf : "", want);
	str_release(&got);
	json_decref(a);
}

static void test_which_jobs(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	add_job(&h, "action", "run:airflow:a");
	add_job(&h, "action", "run:airflow:b");
	add_job(&h, "log", "run:airflow:a");
	add_job(&h, "action", "run:airflow:a");
	help_do(&h, "job_cancel", "{\"job\": 4, \"who\": \"ito\"}");
	assert_jobs(&h, "{}", "4 3 2 1 ");
	assert_jobs(&h, "{\"limit\": 2}", "4 3 ");
	assert_jobs(&h, "{\"before\": 3}", "2 1 ");
	assert_jobs(&h, "{\"type\": \"action\"}", "4 2 1 ");
	assert_jobs(&h, "{\"type\": \"action\", \"state\": \"queued\"}", "2 1 ");
	assert_jobs(&h, "{\"key\": \"run:airflow:a\"}", "4 3 1 ");
	assert_jobs(&h, "{\"key\": \"run:airflow:a\", \"type\": \"action\"}", "4 1 ");
	assert_jobs(&h,
		"{\"key\": \"run:airflow:a\", \"type\": \"action\", \"limit\": 1}", "4 ");
	assert_jobs(&h, "{\"key\": \"host:y\"}", "");
	help_close(&h);
}

static void test_bad_jobs(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	help_refused(&h, "job_add", "{\"type\": \"magic\", \"who\": \"x\"}", ERR_USAGE,
		"magic");
	help_refused(&h, "job_add", "{\"type\": \"action\"}", ERR_USAGE, "who");
	help_refused(&h, "job_add",
		"{\"type\": \"action\", \"who\": \"x\", \"state\": \"running\"}",
		ERR_USAGE, "running");
	help_refused(&h, "job_add",
		"{\"type\": \"action\", \"who\": \"x\", \"targets\": [{}]}", ERR_USAGE,
		"target 1");
	json_t *a = help_ask(&h, "jobs", "{}");
	assert_int_equal(json_array_size(a), 0);
	json_decref(a);
	help_close(&h);
}

static void test_output(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	help_do(&h, "job_add", "{\"type\": \"log\", \"who\": \"x\"}");
	help_do(&h, "output_add",
		"{\"job\": 1, \"lines\": [{\"n\": 0, \"stream\": \"out\", \"text\": "
		"\"one\"},"
		" {\"n\": 0, \"stream\": \"err\", \"text\": \"Two ERROR\"}, {\"text\": "
		"\"three\"}]}");
	help_do(&h, "output_add",
		"{\"job\": 1, \"lines\": [{\"text\": \"four error\"}]}");
	json_t *a = help_ask(&h, "output", "{\"job\": 1, \"after\": 1, \"limit\": 2}");
	assert_int_equal(json_array_size(a), 2);
	assert_int_equal(json_int(json_array_get(a, 0), "seq", 0), 2);
	assert_string_equal(json_str(json_array_get(a, 0), "stream", ""), "err");
	json_decref(a);
	a = help_ask(
		&h, "output", "{\"job\": 1, \"after\": 0, \"limit\": 2, \"tail\": true}");
	assert_int_equal(json_int(json_array_get(a, 0), "seq", 0), 3);
	assert_int_equal(json_int(json_array_get(a, 1), "seq", 0), 4);
	json_decref(a);
	a = help_ask(
		&h, "output_find", "{\"job\": 1, \"after\": 0, \"text\": \"error\"}");
	assert_int_equal(json_int(json_array_get(a, 0), "seq", 0), 2);
	json_decref(a);
	a = help_ask(
		&h, "output_find", "{\"job\": 1, \"after\": 2, \"text\": \"ERROR\"}");
	assert_int_equal(json_int(json_array_get(a, 0), "seq", 0), 4);
	json_decref(a);
	a = help_ask(&h, "output_find",
		"{\"job\": 1, \"after\": 4, \"text\": \"error\", \"back\": true}");
	assert_int_equal(json_int(json_array_get(a, 0), "seq", 0), 2);
	json_decref(a);
	a = help_ask(
		&h, "output_find", "{\"job\": 1, \"after\": 4, \"text\": \"error\"}");
	assert_int_equal(json_array_size(a), 0);
	json_decref(a);
	help_close(&h);
}

/* A hundred actions that ask hide neither the answers nor the cancel of the last. */
static void test_the_whole_queue(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	for (int i = 0; i < 150; i++)
		help_do(&h, "job_add",
			"{\"type\": \"action\", \"who\": \"ito\", \"targets\": []}");
	help_do(&h, "job_add", "{\"type\": \"answer\", \"who\": \"ito\"}");
	json_t *a = help_ask(&h, "jobs_queued", "{}");
	assert_int_equal(json_array_size(a), 151);
	assert_string_equal(json_str(json_array_get(a, 150), "type", ""), "answer");
	json_decref(a);
	help_close(&h);
}

static void test_locks(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	for (int i = 0; i < 2; i++)
		help_do(&h, "job_add",
			"{\"type\": \"action\", \"who\": \"ito\", \"targets\": []}");
	help_do(&h, "job_state", "{\"job\": 1, \"state\": \"starting\"}");
	help_do(&h, "lock_take",
		"{\"locks\": [\"a\", \"b\"], \"job\": 1, \"ttl_ms\": 60000, \"who\": "
		"\"ito\"}");
	clock_advance_test(30 * USEC_PER_SEC);
	help_refused(&h, "lock_take",
		"{\"locks\": [\"c\", \"b\"], \"job\": 2, \"ttl_ms\": 60000, \"who\": "
		"\"kim\"}",
		ERR_CONFLICT, "b is locked by action 1 of ito");
	/* all or none: c was not kept */
	json_t *a = help_ask(&h, "locks", "{}");
	assert_int_equal(json_array_size(a), 2);
	json_decref(a);
	help_do(&h, "lock_renew", "{\"job\": 1, \"ttl_ms\": 60000}");
	/* A worker that was stopped for a day may send at once when it goes on. */
	clock_advance_test(24 * 3600 * USEC_PER_SEC);
	help_refused(&h, "lock_take",
		"{\"locks\": [\"b\"], \"job\": 2, \"ttl_ms\": 60000, \"who\": \"kim\"}",
		ERR_CONFLICT, "ito");
	help_do(&h, "job_state", "{\"job\": 1, \"state\": \"failed\"}");
	help_do(&h, "lock_take",
		"{\"locks\": [\"b\"], \"job\": 2, \"ttl_ms\": 60000, \"who\": \"kim\"}");
	/* Of a job that is not there any more. */
	help_do(&h, "lock_take",
		"{\"locks\": [\"d\"], \"job\": 99, \"ttl_ms\": 60000, \"who\": \"kim\"}");
	help_do(&h, "lock_take",
		"{\"locks\": [\"d\"], \"job\": 2, \"ttl_ms\": 60000, \"who\": \"kim\"}");
	help_do(&h, "lock_drop", "{\"job\": 1}");
	help_refused(&h, "lock_renew", "{\"job\": 1, \"ttl_ms\": 60000}", ERR_NOTFOUND,
		"no lock");
	help_refused(&h, "lock_take", "{\"locks\": [\"z\"], \"job\": 1, \"who\": \"x\"}",
		ERR_USAGE, "ttl_ms");
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moves),
		cmocka_unit_test(test_life_of_an_action),
		cmocka_unit_test(test_asking),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_which_jobs),
		cmocka_unit_test(test_bad_jobs),
		cmocka_unit_test(test_output),
		cmocka_unit_test(test_the_whole_queue),
		cmocka_unit_test(test_locks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
