/* Forgetting: old records, history and jobs, and texts that nobody uses. */
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
	s->hook = triage_hook_new(NULL, NULL, &e);
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

/* ---- texts ---- */

static long long sweep(struct scene *s)
{
	json_t *a = help_tell(&s->h, "terms_sweep", "{}");
	long long n = json_int(a, "n", -1);
	assert_false(json_flag(a, "more", true));
	json_decref(a);
	return n;
}

static void by(struct help *h, struct store *store, const char *change, const char *who)
{
	struct help_reply r = {0};
	store_tell(store, change, json_pack("{s:i, s:s}", "rid", 1, "who", who),
		help_answer, &r);
	assert_true(loop_until(h->loop, &r.done, HELP_WAIT_MS));
	if (!r.answer)
		fail_msg("%s", r.err.msg);
	json_decref(r.answer);
}

struct total {
	bool done;
	size_t n;
};

static void on_rows(void *arg, const struct store_rows *rows)
{
	struct total *t = arg;
	t->done = rows->complete;
	t->n = rows->total;
}

static size_t matches(struct help *h, struct store *store, const char *text)
{
	struct err e = ERR_INIT;
	struct total t = {0};
	struct filter *f = filter_parse(text, "me", &e);
	assert_non_null(f);
	struct store_query q = {.filter = f, .count = 20};
	store_query(store, &q, on_rows, &t);
	assert_true(loop_until(h->loop, &t.done, HELP_WAIT_MS));
	filter_free(f);
	return t.n;
}

static void test_sweep(void **state)
{
	(void)state;
	struct scene s;
	struct err e = ERR_INIT;
	scene_open(&s);
	struct record rows[3] = {
		help_record(KIND_RUN, "load 2026-01-01", STATE_SUCCEEDED),
		help_record(KIND_RUN, "load 2026-01-02", STATE_SUCCEEDED),
		help_record(KIND_RUN, "load 2026-01-03", STATE_SUCCEEDED)};
	help_put(&s.h, rows, 3);
	/* Like the writer child of a console, it knows the texts in memory. */
	struct store *other = store_open(s.h.loop, s.h.path, STORE_WORKER, &e);
	assert_non_null(other);
	by(&s.h, other, "claim", "kim");
	by(&s.h, other, "unclaim", "kim");
	by(&s.h, other, "claim", "ito");
	long long before = rows_of(&s, "term");
	clock_advance_test(HELP_HOUR);
	prune(&s, HELP_NOW + HELP_MIN);
	/* Two titles (the newest record stays) and kim. */
	assert_int_equal(sweep(&s), 3);
	assert_int_equal(rows_of(&s, "term"), before - 3);
	assert_int_equal(sweep(&s), 0);
	/* What is used is found, and what was removed comes back with a number of its own. */
	assert_int_equal(matches(&s.h, s.h.store, "claimed:ito"), 1);
	assert_int_equal(matches(&s.h, other, "load"), 1);
	by(&s.h, other, "unclaim", "ito");
	by(&s.h, other, "claim", "kim");
	assert_int_equal(matches(&s.h, other, "claimed:kim"), 1);
	assert_int_equal(matches(&s.h, s.h.store, "claimed:kim"), 1);
	rows[0].updated = clock_now();
	help_put(&s.h, rows, 1);
	assert_int_equal(matches(&s.h, s.h.store, "2026-01-01"), 1);
	assert_int_equal(matches(&s.h, other, "2026-01-01"), 1);
	/* Nobody has the newest text, and it stays: its number is the highest. */
	by(&s.h, other, "unclaim", "kim");
	by(&s.h, other, "claim", "newest");
	by(&s.h, other, "unclaim", "newest");
	long long ito_and_kim = sweep(&s);
	assert_int_equal(ito_and_kim, 2);
	store_close(other);
	struct store *fresh = store_open(s.h.loop, s.h.path, STORE_CONSOLE, &e);
	assert_non_null(fresh);
	assert_int_equal(matches(&s.h, fresh, "2026-01-01"), 1);
	store_close(fresh);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_prune),
		cmocka_unit_test(test_prune_jobs),
		cmocka_unit_test(test_prune_history),
		cmocka_unit_test(test_sweep),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
