/* Named questions about records and where they come from. */
#include "backends/store/ask.h"
#include "tests/unit/store_help.h"

static json_t *by_rid(struct help *h, const char *question, const char *key)
{
	char args[64];
	str_format(args, sizeof(args), "{\"rid\": %lld}", help_rid(h, key));
	return help_ask(h, question, args);
}

static void test_record(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	struct record r = help_record(KIND_RUN, "orders/a:b+1", STATE_FAILED);
	r.tier = 1;
	r.labels = json_pack("{s:s}", "team", "core");
	r.opaque = json_pack("{s:i}", "try", 3);
	r.detail = json_pack("{s:[i,i]}", "tasks", 1, 2);
	help_put(&h, &r, 1);
	json_t *a = help_ask(&h, "record", "{\"key\": \"run:airflow:orders/a:b+1\"}");
	assert_string_equal(json_str(a, "key", ""), "run:airflow:orders/a:b+1");
	assert_string_equal(json_str(a, "state", ""), "failed");
	assert_string_equal(json_str(json_sub(a, "labels"), "team", ""), "core");
	assert_int_equal(json_int(json_sub(a, "opaque"), "try", 0), 3);
	assert_int_equal(json_array_size(json_path(a, "detail.tasks")), 2);
	assert_int_equal(json_int(json_sub(a, "times"), "started", 0), r.started);
	assert_true(json_int(a, "rid", 0) > 0);
	json_decref(a);
	a = help_ask(&h, "record", "{\"key\": \"run:airflow:none\"}");
	assert_true(json_is_null(a));
	json_decref(a);
	a = help_ask(&h, "record", "{\"rid\": 77}");
	assert_true(json_is_null(a));
	json_decref(a);
	json_decref(r.labels);
	json_decref(r.opaque);
	json_decref(r.detail);
	help_close(&h);
}

static void test_history_and_siblings(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	struct record rows[2] = {help_record(KIND_RUN, "o/1", STATE_QUEUED),
		help_record(KIND_RUN, "o/2", STATE_SUCCEEDED)};
	rows[0].title = rows[1].title = "o";
	rows[1].started -= HELP_HOUR;
	help_put(&h, rows, 2);
	clock_advance_test(HELP_MIN);
	rows[0].state = STATE_RUNNING;
	help_put(&h, rows, 1);
	clock_advance_test(HELP_MIN);
	rows[0].state = STATE_FAILED;
	help_put(&h, rows, 1);
	json_t *a = by_rid(&h, "history", "run:airflow:o/1");
	assert_int_equal(json_array_size(a), 2);
	assert_string_equal(json_str(json_array_get(a, 0), "from", ""), "running");
	assert_string_equal(json_str(json_array_get(a, 0), "to", ""), "failed");
	assert_string_equal(json_str(json_array_get(a, 1), "to", ""), "running");
	json_decref(a);
	a = by_rid(&h, "siblings", "run:airflow:o/2");
	assert_int_equal(json_array_size(a), 2);
	assert_string_equal(json_str(json_array_get(a, 0), "id", ""), "o/1");
	assert_string_equal(json_str(json_array_get(a, 1), "state", ""), "succeeded");
	json_decref(a);
	help_close(&h);
}

/* They are asked for at each change: with a million records none of them may be walked for it. */
static void test_counts_walk_no_records(void **state)
{
	struct help h;
	struct err e = ERR_INIT;
	struct db *d;
	json_t *steps, *step;
	size_t i;

	(void)state;
	help_open(&h);
	d = db_open(h.path, DB_READ, &e);
	assert_non_null(d);
	steps = db_rows(d, "EXPLAIN QUERY PLAN " ASK_KIND_COUNTS, NULL, &e);
	assert_true(json_array_size(steps) > 0);
	json_array_foreach (steps, i, step) {
		const char *how = json_str(step, "detail", "SCAN r");

		if (str_starts(how, "SCAN r") || str_starts(how, "SCAN rec"))
			fail_msg("%s", how);
	}
	json_decref(steps);
	db_close(d);
	help_close(&h);
}

static void test_counts_and_sources(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	struct record rows[2] = {help_record(KIND_RUN, "a", STATE_SUCCEEDED),
		help_record(KIND_INCIDENT, "b", STATE_OPEN)};
	help_put(&h, rows, 2);
	help_do(&h, "source_state",
		"{\"name\": \"airflow\", \"state\": \"ok\", \"interval_ms\": 20000, "
		"\"rows\": 2,"
		" \"last_good\": 1795356120000000, \"collections\": {\"runs\": "
		"{\"rows\": 1}}}");
	help_do(&h, "source_state",
		"{\"name\": \"pd\", \"state\": \"failing\", \"error\": \"401\"}");
	json_t *a = help_ask(&h, "counts", "{}");
	assert_int_equal(json_int(a, "all", 0), 2);
	assert_int_equal(json_int(json_sub(a, "total"), "incident", 0), 1);
	assert_int_equal(json_int(json_sub(a, "total"), "cost", -1), 0);
	assert_int_equal(json_int(a, "sources", 0), 2);
	assert_int_equal(json_int(a, "failing", 0), 1);
	assert_int_equal(json_int(a, "as_of", 0), HELP_NOW);
	json_decref(a);
	a = help_ask(&h, "sources", "{}");
	assert_string_equal(json_str(json_array_get(a, 0), "state", ""), "ok");
	assert_int_equal(
		json_int(json_path(json_array_get(a, 0), "collections.runs"), "rows", 0),
		1);
	assert_string_equal(json_str(json_array_get(a, 1), "error", ""), "401");
	json_decref(a);
	/* Nobody collects any more, and nobody said so. */
	clock_advance_test(3 * HELP_MIN);
	a = help_ask(&h, "sources", "{}");
	assert_string_equal(json_str(json_array_get(a, 0), "state", ""), "stale");
	json_decref(a);
	help_refused(&h, "source_state", "{\"name\": \"x\", \"state\": \"odd\"}",
		ERR_USAGE, "odd");
	help_close(&h);
}

static void test_small_ones(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	json_t *a = help_ask(&h, "cursor", "{\"source\": \"s\", \"collection\": \"c\"}");
	assert_null(json_sub(a, "value"));
	json_decref(a);
	help_do(&h, "cursor_set",
		"{\"source\": \"s\", \"collection\": \"c\", \"value\": \"v1\"}");
	help_do(&h, "cursor_set",
		"{\"source\": \"s\", \"collection\": \"c\", \"value\": \"v2\"}");
	a = help_ask(&h, "cursor", "{\"source\": \"s\", \"collection\": \"c\"}");
	assert_string_equal(json_str(a, "value", ""), "v2");
	json_decref(a);
	help_do(&h, "setting_set", "{\"key\": \"worker\", \"value\": 12}");
	a = help_ask(&h, "settings", "{}");
	assert_string_equal(json_str(a, "worker", ""), "12");
	assert_string_equal(json_str(a, "schema", ""), "3");
	json_decref(a);
	struct record r = help_record(KIND_INCIDENT, "b", STATE_OPEN);
	r.opaque = json_pack("{s:s}", "k", "v");
	help_put(&h, &r, 1);
	a = help_ask(&h, "open_ids",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"limit\": 5}");
	assert_string_equal(json_str(json_array_get(a, 0), "id", ""), "b");
	assert_string_equal(
		json_str(json_sub(json_array_get(a, 0), "opaque"), "k", ""), "v");
	json_decref(a);
	json_decref(r.opaque);
	struct help_reply reply = {0};
	store_ask(h.store, "weather", json_object(), help_answer, &reply);
	assert_true(loop_until(h.loop, &reply.done, HELP_WAIT_MS));
	assert_null(reply.answer);
	assert_int_equal(reply.err.code, ERR_USAGE);
	help_close(&h);
}

static void test_cancel(void **state)
{
	(void)state;
	struct help h;
	struct help_reply reply = {0};
	help_open(&h);
	struct store_req *r =
		store_ask(h.store, "settings", json_object(), help_answer, &reply);
	store_cancel(h.store, r);
	json_decref(help_ask(&h, "settings", "{}"));
	assert_false(reply.done);
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_record),
		cmocka_unit_test(test_history_and_siblings),
		cmocka_unit_test(test_counts_walk_no_records),
		cmocka_unit_test(test_counts_and_sources),
		cmocka_unit_test(test_small_ones),
		cmocka_unit_test(test_cancel),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
