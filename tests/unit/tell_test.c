/* Notes, claims, snoozes, causes, what is no longer listed, and forgetting. */
#include "backends/store/db.h"
#include "backends/triage/attention.h"

#include "tests/unit/store_help.h"

struct scene {
	struct help h;
	struct triage_hook *hook;
	long long rid;
};

static void scene_open(struct scene *s)
{
	struct err e = ERR_INIT;
	help_open(&s->h);
	s->hook = triage_hook_new(NULL, &e);
	assert_non_null(s->hook);
	store_set_triage(s->h.store, triage_hook(s->hook));
	struct record r = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	help_put(&s->h, &r, 1);
	help_retriage(&s->h);
	s->rid = help_rid(&s->h, "incident:airflow:P1");
	assert_int_equal(s->rid, 1);
}

static void scene_close(struct scene *s)
{
	help_close(&s->h);
	triage_hook_free(s->hook);
}

static long long attention(struct scene *s)
{
	json_t *r = help_ask(&s->h, "record", "{\"rid\": 1}");
	long long n = json_int(r, "attention", 0);
	json_decref(r);
	return n;
}

static void test_notes(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	help_do(&s.h, "note_add", "{\"rid\": 1, \"who\": \"ito\", \"text\": \"one\"}");
	help_do(&s.h, "note_add",
		"{\"rid\": 1, \"who\": \"ito\", \"text\": \"two \\u001b[31m\"}");
	json_t *a = help_ask(&s.h, "notes", "{\"rid\": 1}");
	assert_int_equal(json_array_size(a), 2);
	assert_non_null(strstr(json_str(json_array_get(a, 0), "text", ""), "two"));
	assert_null(strchr(json_str(json_array_get(a, 0), "text", ""), '\x1b'));
	json_decref(a);
	help_refused(&s.h, "note_add", "{\"rid\": 9, \"who\": \"x\", \"text\": \"y\"}",
		ERR_NOTFOUND, "record 9");
	help_refused(&s.h, "note_add", "{\"rid\": 1, \"who\": \"x\"}", ERR_USAGE, "text");
	scene_close(&s);
}

static void test_claims(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	long long before = attention(&s);
	help_do(&s.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	help_do(&s.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	clock_advance_test(5 * HELP_MIN);
	help_refused(&s.h, "claim", "{\"rid\": 1, \"who\": \"kim\"}", ERR_CONFLICT,
		"ito has it since 5 min");
	help_retriage(&s.h);
	assert_true(attention(&s) < before && attention(&s) > 0);
	help_do(&s.h, "unclaim", "{\"rid\": 1}");
	help_do(&s.h, "claim", "{\"rid\": 1, \"who\": \"kim\"}");
	scene_close(&s);
}

static void test_snooze(void **state)
{
	(void)state;
	struct scene s;
	char args[120];
	scene_open(&s);
	str_format(args, sizeof(args), "{\"rid\": 1, \"who\": \"ito\", \"until\": %lld}",
		(long long)(HELP_NOW + HELP_HOUR));
	help_do(&s.h, "snooze", args);
	assert_int_equal(attention(&s), 0);
	json_t *c = help_ask(&s.h, "counts", "{}");
	assert_int_equal(json_int(json_sub(c, "need"), "incident", -1), 0);
	json_decref(c);
	help_retriage(&s.h);
	assert_int_equal(attention(&s), 0);
	clock_advance_test(HELP_HOUR + HELP_MIN);
	help_retriage(&s.h);
	assert_true(attention(&s) > 0);
	help_refused(&s.h, "snooze", "{\"rid\": 1, \"who\": \"ito\", \"until\": 5}",
		ERR_USAGE, "future");
	scene_close(&s);
}

static void test_vanish(void **state)
{
	(void)state;
	struct scene s;
	char args[160];
	scene_open(&s);
	clock_advance_test(HELP_HOUR);
	struct record other = help_record(KIND_INCIDENT, "P2", STATE_OPEN);
	help_put(&s.h, &other, 1);
	str_format(args, sizeof(args),
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"state\": "
		"\"resolved\", \"before\": %lld}",
		(long long)(HELP_NOW + HELP_MIN));
	/* Another list of the same kind says nothing about this record. */
	char of_others[200];
	str_format(of_others, sizeof(of_others), "%.*s, \"ids\": \"import/\"}",
		(int)strlen(args) - 1, args);
	json_t *a = help_tell(&s.h, "vanish", of_others);
	assert_int_equal(json_int(a, "n", -1), 0);
	json_decref(a);
	a = help_tell(&s.h, "vanish", args);
	assert_int_equal(json_int(a, "n", -1), 1);
	assert_false(json_flag(a, "more", true));
	json_decref(a);
	a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_string_equal(json_str(a, "state", ""), "resolved");
	json_decref(a);
	assert_int_equal(attention(&s), 0);
	a = help_ask(&s.h, "history", "{\"rid\": 1}");
	assert_string_equal(json_str(json_array_get(a, 0), "to", ""), "resolved");
	json_decref(a);
	a = help_tell(&s.h, "vanish", args);
	assert_int_equal(json_int(a, "n", -1), 0);
	json_decref(a);
	help_refused(&s.h, "vanish",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"state\": "
		"\"succeeded\", \"before\": 1}",
		ERR_USAGE, "state of that kind");
	/* It comes back as it was. */
	struct record back = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	assert_int_equal(help_put(&s.h, &back, 1).changed, 1);
	scene_close(&s);
}

static void test_gone(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	assert_true(attention(&s) > 0);
	help_do(&s.h, "gone",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"id\": \"P1\", "
		"\"why\": "
		"\"404\"}");
	json_t *a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_string_equal(json_str(a, "state", ""), "unknown");
	assert_string_equal(json_str(a, "raw_state", ""), "gone at the source (404)");
	assert_null(json_object_get(a, "ended")); /* nobody knows */
	json_decref(a);
	assert_int_equal(attention(&s), 0);
	a = help_ask(&s.h, "history", "{\"rid\": 1}");
	assert_string_equal(json_str(json_array_get(a, 0), "from", ""), "open");
	assert_string_equal(json_str(json_array_get(a, 0), "to", ""), "unknown");
	assert_string_equal(
		json_str(json_array_get(a, 0), "note", ""), "gone at the source (404)");
	json_decref(a);
	/* Not asked for again; a second look at it changes nothing. */
	static const char open_ids[] =
		"{\"source\": \"airflow\", \"kind\": \"incident\"}";
	a = help_ask(&s.h, "open_ids", open_ids);
	assert_int_equal(json_array_size(a), 0);
	json_decref(a);
	help_do(&s.h, "gone",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"id\": \"P1\", "
		"\"why\": "
		"\"410\"}");
	a = help_ask(&s.h, "history", "{\"rid\": 1}");
	assert_int_equal(json_array_size(a), 1);
	json_decref(a);
	/* Time alone does not bring it back to Triage. */
	clock_advance_test(HELP_HOUR);
	help_retriage(&s.h);
	assert_int_equal(attention(&s), 0);
	help_refused(&s.h, "gone", "{\"source\": \"airflow\", \"kind\": \"incident\"}",
		ERR_USAGE, "id");
	/* Seen again, it is as it was. */
	struct record back = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	assert_int_equal(help_put(&s.h, &back, 1).changed, 1);
	a = help_ask(&s.h, "open_ids", open_ids);
	assert_int_equal(json_array_size(a), 1);
	json_decref(a);
	scene_close(&s);
}

/* Rows of a table; what the questions do not show. */
static long long rows_of(struct scene *s, const char *table)
{
	struct err e = ERR_INIT;
	char sql[80];
	struct db *d = db_open(s->h.path, DB_READ, &e);
	assert_non_null(d);
	str_format(sql, sizeof(sql), "SELECT count(*) AS n FROM %s", table);
	json_t *rows = db_rows(d, sql, NULL, &e);
	long long n = json_int(json_array_get(rows, 0), "n", -1);
	json_decref(rows);
	db_close(d);
	return n;
}

/* To the end; how many calls it took. */
static int prune(struct scene *s, usec_t before)
{
	char args[120];
	long long next = 0;
	int calls = 0;
	do {
		str_format(args, sizeof(args), "{\"before\": %lld, \"from\": %lld}",
			(long long)before, next);
		json_t *a = help_tell(&s->h, "prune", args);
		next = json_int(a, "next", -1);
		json_decref(a);
		assert_true(++calls < 1000);
	} while (next);
	return calls;
}

static long long job(
	struct scene *s, const char *args, const char *first, const char *end)
{
	char move[80];
	json_t *a = help_tell(&s->h, "job_add", args);
	long long n = json_int(a, "job", 0);
	json_decref(a);
	const char *const to[] = {first, end};
	for (size_t i = 0; i < LENGTH(to) && to[i]; i++) {
		str_format(move, sizeof(move), "{\"job\": %lld, \"state\": \"%s\"}", n,
			to[i]);
		help_do(&s->h, "job_state", move);
	}
	return n;
}

static void add_output(struct scene *s, long long n, int lines)
{
	json_t *list = json_array();
	for (int i = 0; i < lines; i++)
		json_array_append_new(list, json_pack("{s:s}", "text", "line"));
	json_t *args = json_pack("{s:I, s:o}", "job", (json_int_t)n, "lines", list);
	char *text = json_dumps(args, 0);
	help_do(&s->h, "output_add", text);
	free(text);
	json_decref(args);
}

static bool has_job(struct scene *s, long long n)
{
	char args[40];
	str_format(args, sizeof(args), "{\"job\": %lld}", n);
	json_t *a = help_ask(&s->h, "job", args);
	bool has = json_is_object(a);
	json_decref(a);
	return has;
}

static void test_prune(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record rows[2] = {help_record(KIND_RUN, "old", STATE_SUCCEEDED),
		help_record(KIND_RUN, "last", STATE_SUCCEEDED)};
	help_put(&s.h, rows, 2);
	help_do(&s.h, "audit_add",
		"{\"who\": \"x\", \"host\": \"h\", \"event\": \"e\", \"body\": {}}");
	clock_advance_test(HELP_HOUR);
	prune(&s, HELP_NOW + HELP_MIN);
	json_t *a = help_ask(&s.h, "record", "{\"key\": \"run:airflow:old\"}");
	assert_true(json_is_null(a));
	json_decref(a);
	/* What needs somebody and the audit stay, and the newest of all, so that its number is not given again. */
	assert_true(attention(&s) > 0);
	assert_int_equal(help_rid(&s.h, "run:airflow:last"), 3);
	a = help_ask(&s.h, "audit_verify", "{}");
	assert_int_equal(json_int(a, "rows", 0), 1);
	json_decref(a);
	help_refused(&s.h, "prune", "{}", ERR_USAGE, "before");
	scene_close(&s);
}

/* What was read for a console goes after a day, but not the preview of an action before the action. */
static void test_prune_jobs(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	long long log = job(&s,
		"{\"type\": \"log\", \"who\": \"x\", \"targets\": [{\"key\": "
		"\"host:a\"}]}",
		"running", "done");
	long long preview =
		job(&s, "{\"type\": \"preview\", \"who\": \"x\"}", "running", "done");
	long long unused =
		job(&s, "{\"type\": \"preview\", \"who\": \"x\"}", "running", "failed");
	long long queued = job(&s, "{\"type\": \"log\", \"who\": \"x\"}", NULL, NULL);
	long long action = job(&s,
		"{\"type\": \"action\", \"who\": \"x\", \"spec\": {\"preview\": 2},"
		" \"targets\": [{\"key\": \"host:a\"}, {\"key\": \"host:b\"}]}",
		"starting", "failed");
	long long newest =
		job(&s, "{\"type\": \"refresh\", \"who\": \"x\"}", "running", "done");
	assert_int_equal(preview, 2);
	add_output(&s, log, 1500);
	add_output(&s, action, 10);
	clock_advance_test(23 * HELP_HOUR);
	prune(&s, HELP_NOW - 24 * 90 * HELP_HOUR);
	assert_true(has_job(&s, log) && has_job(&s, unused));
	clock_advance_test(2 * HELP_HOUR);
	assert_true(prune(&s, HELP_NOW - 24 * 90 * HELP_HOUR) >= 3);
	assert_false(has_job(&s, log) || has_job(&s, unused));
	assert_true(has_job(&s, preview) && has_job(&s, action));
	assert_true(has_job(&s, queued) && has_job(&s, newest));
	assert_int_equal(rows_of(&s, "output"), 10);
	assert_int_equal(rows_of(&s, "target"), 2);
	/* The action in its time, and its preview with it. */
	prune(&s, clock_now() - HELP_HOUR);
	assert_false(has_job(&s, preview) || has_job(&s, action));
	assert_int_equal(rows_of(&s, "output"), 0);
	assert_int_equal(rows_of(&s, "target"), 0);
	assert_true(has_job(&s, queued) && has_job(&s, newest));
	scene_close(&s);
}

static void source_is(struct scene *s, const char *state, usec_t last_good)
{
	char args[200];
	str_format(args, sizeof(args),
		"{\"name\": \"airflow\", \"state\": \"%s\", \"interval_ms\": 20000,"
		" \"last_good\": %lld}",
		state, (long long)last_good);
	help_do(&s->h, "source_state", args);
}

static void assert_stale(struct scene *s, bool stale)
{
	json_t *a = help_ask(&s->h, "record", "{\"rid\": 1}");
	bool is = strstr(json_str(a, "why", ""), "its source is stale") != NULL;
	if (is != stale)
		fail_msg("why: %s", json_str(a, "why", ""));
	json_decref(a);
}

/* The words come and go with the state of the source, also where the record's own time brings no look at it. */
static void test_stale_source(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	source_is(&s, "ok", HELP_NOW);
	help_retriage(&s.h);
	assert_stale(&s, false);
	/* Nobody said so, but its time is over; then somebody says so. */
	clock_advance_test(3 * HELP_MIN);
	source_is(&s, "stale", HELP_NOW);
	help_retriage(&s.h);
	assert_stale(&s, true);
	assert_int_equal(help_retriage(&s.h).same, 0);
	source_is(&s, "stale", HELP_NOW);
	assert_int_equal(help_retriage(&s.h).same, 0);
	source_is(&s, "ok", clock_now());
	help_retriage(&s.h);
	assert_stale(&s, false);
	source_is(&s, "ok", clock_now());
	assert_int_equal(help_retriage(&s.h).same, 0);
	/* Read again before anybody had said that it was stale. */
	clock_advance_test(3 * HELP_MIN);
	help_do(&s.h, "note_add", "{\"rid\": 1, \"who\": \"ito\", \"text\": \"x\"}");
	help_retriage(&s.h);
	assert_stale(&s, true);
	source_is(&s, "ok", clock_now());
	help_retriage(&s.h);
	assert_stale(&s, false);
	scene_close(&s);
}

enum { MANY = 1300 };

/* One record after the other comes into another state: more rows of history than records are looked at in a slice. */
static void test_prune_history(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record r = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	for (int i = 0; i < MANY; i++) {
		clock_advance_test(USEC_PER_SEC);
		r.updated = clock_now();
		r.state = i % 2 ? STATE_OPEN : STATE_ACKNOWLEDGED;
		help_put(&s.h, &r, 1);
	}
	assert_int_equal(rows_of(&s, "hist"), MANY);
	prune(&s, clock_now() - 10 * USEC_PER_SEC + 1);
	assert_int_equal(rows_of(&s, "hist"), 10);
	clock_advance_test(HELP_HOUR);
	prune(&s, clock_now() - HELP_MIN);
	/* The chain goes on with a number of its own. */
	assert_int_equal(rows_of(&s, "hist"), 1);
	r.updated = clock_now();
	r.state = STATE_ACKNOWLEDGED;
	help_put(&s.h, &r, 1);
	json_t *a = help_ask(&s.h, "history", "{\"rid\": 1}");
	assert_int_equal(json_array_size(a), 2);
	json_decref(a);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_snooze),
		cmocka_unit_test(test_vanish),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_stale_source),
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_prune_jobs),
		cmocka_unit_test(test_prune_history),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
