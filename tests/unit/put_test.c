/* Records in: what is new, changed and the same; history; and that everything derived agrees with table rec. */
#include "backends/store/put.h"

#include "backends/base/utf8.h"
#include "tests/unit/store_help.h"

static int scored; /* how often the hook was called, and what it was told last */
static char told[200];

static void score(void *arg, struct record *r, const json_t *context)
{
	(void)arg;
	scored++;
	str_format(told, sizeof(told), "failed %lld of %lld, ok before %lld%s",
		json_int(context, "failed", 0), json_int(context, "of", 0),
		json_int(context, "ok_before", 0),
		json_flag(context, "superseded", false) ? ", superseded" : "");
	r->attention = state_bad(r->kind, r->state) ? 300 : 0;
	r->why = r->attention > 0 ? "it failed" : "";
}

static void open_scored(struct help *h)
{
	static const struct store_triage triage = {.score = score};

	help_open(h);
	store_set_triage(h->store, &triage);
	scored = 0;
}

static void expect(
	struct store_put_result r, size_t inserted, size_t changed, size_t same)
{
	if (r.inserted != inserted || r.changed != changed || r.same != same)
		fail_msg("%zu new, %zu changed, %zu same", r.inserted, r.changed, r.same);
}

static long long number(struct help *h, const char *sql)
{
	struct err e = ERR_INIT;
	json_t *rows = db_rows(h->store->db, sql, NULL, &e);

	if (rows == NULL)
		fail_msg("%s", e.msg);
	const json_t *row = json_array_get(rows, 0);
	long long n = row != NULL ? json_int(row, "n", -1) : -1;
	json_decref(rows);
	return n;
}

static void test_new_changed_same(void **state)
{
	(void)state;
	struct help h;
	open_scored(&h);
	struct record r[2] = {help_record(KIND_RUN, "a", STATE_FAILED),
		help_record(KIND_INCIDENT, "a", STATE_OPEN)};
	expect(help_put(&h, r, 2), 2, 0, 0);
	assert_int_equal(scored, 2);
	unsigned long long writes = h.store->writes;
	expect(help_put(&h, r, 2), 0, 0, 2);
	assert_int_equal(scored, 2);
	assert_true(h.store->writes == writes); /* not even a commit */
	r[1].title = "another";
	expect(help_put(&h, r, 2), 0, 1, 1);
	assert_int_equal(scored, 3);
	/* twice in one batch: the second is a change of the first */
	struct record twice[2] = {help_record(KIND_RUN, "b", STATE_RUNNING),
		help_record(KIND_RUN, "b", STATE_FAILED)};
	expect(help_put(&h, twice, 2), 1, 1, 0);
	assert_int_equal(number(&h, "SELECT count(*) AS n FROM rec"), 3);
	expect(help_put(&h, r, 0), 0, 0, 0);
	help_close(&h);
}

static void test_history_is_a_chain(void **state)
{
	(void)state;
	struct help h;
	open_scored(&h);
	struct record r = help_record(KIND_RUN, "a", STATE_QUEUED);
	help_put(&h, &r, 1);
	const enum state steps[] = {
		STATE_RUNNING, STATE_FAILED, STATE_RUNNING, STATE_SUCCEEDED};
	for (size_t i = 0; i < LENGTH(steps); i++) {
		clock_advance_test(HELP_MIN);
		r.state = steps[i];
		r.updated = clock_now();
		help_put(&h, &r, 1);
		r.raw_state = "the same state, other words";
		help_put(&h, &r, 1);
		r.raw_state = "";
	}
	char args[60];
	str_format(args, sizeof(args), "{\"rid\": %lld, \"limit\": 10}",
		help_rid(&h, "run:airflow:a"));
	json_t *rows = help_ask(&h, "history", args);
	assert_int_equal(json_array_size(rows), 4);
	assert_string_equal(json_str(json_array_get(rows, 0), "to", ""), "succeeded");
	assert_string_equal(json_str(json_array_get(rows, 0), "from", ""), "running");
	assert_string_equal(json_str(json_array_get(rows, 3), "from", ""), "queued");
	assert_true(json_int(json_array_get(rows, 3), "at", 0) == HELP_NOW + HELP_MIN);
	json_decref(rows);
	assert_true(number(&h, "SELECT since AS n FROM rec") == HELP_NOW + 4 * HELP_MIN);
	help_close(&h);
}

static void test_what_people_added_stays(void **state)
{
	(void)state;
	struct help h;
	char args[120];
	open_scored(&h);
	struct record r = help_record(KIND_RUN, "a", STATE_FAILED);
	help_put(&h, &r, 1);
	long long rid = help_rid(&h, "run:airflow:a");
	str_format(args, sizeof(args), "{\"rid\": %lld, \"who\": \"ito\"}", rid);
	help_do(&h, "claim", args);
	str_format(args, sizeof(args),
		"{\"rid\": %lld, \"cause\": \"no table\", \"signature\": \"no <x>\"}",
		rid);
	help_do(&h, "cause_set", args);
	r.title = "renamed";
	help_put(&h, &r, 1);
	str_format(args, sizeof(args), "{\"rid\": %lld}", rid);
	json_t *o = help_ask(&h, "record", args);
	assert_string_equal(json_str(o, "claimed_by", ""), "ito");
	assert_string_equal(json_str(o, "cause", ""), "no table");
	assert_string_equal(json_str(o, "title", ""), "renamed");
	json_decref(o);
	/* it runs again: the cause was that of the failure */
	r.state = STATE_RUNNING;
	help_put(&h, &r, 1);
	o = help_ask(&h, "record", args);
	assert_string_equal(json_str(o, "cause", ""), "");
	assert_string_equal(json_str(o, "signature", ""), "");
	json_decref(o);
	help_close(&h);
}

/* The connector was mended: causes are read anew; the same rules again change nothing. */
static void test_cause_rules(void **state)
{
	(void)state;
	struct help h;
	char set[160], ask[60];
	open_scored(&h);
	struct record r = help_record(KIND_RUN, "a", STATE_FAILED);
	help_put(&h, &r, 1);
	str_format(ask, sizeof(ask), "{\"rid\": %lld}", help_rid(&h, "run:airflow:a"));
	str_format(set, sizeof(set),
		"{\"rid\": %lld, \"cause\": \"no table\", \"signature\": \"no <x>\"}",
		help_rid(&h, "run:airflow:a"));
	static const struct {
		const char *args, *cause;
	} steps[] = {{"{\"source\": \"airflow\", \"rules\": \"1\"}", ""},
		{"{\"source\": \"airflow\", \"rules\": \"1\"}", "no table"},
		{"{\"source\": \"other\", \"rules\": \"2\"}", "no table"},
		{"{\"source\": \"airflow\", \"rules\": \"2\"}", ""}};
	for (size_t i = 0; i < LENGTH(steps); i++) {
		help_do(&h, "cause_set", set);
		help_do(&h, "cause_rules", steps[i].args);
		json_t *o = help_ask(&h, "record", ask);
		assert_string_equal(json_str(o, "cause", ""), steps[i].cause);
		json_decref(o);
	}
	help_close(&h);
}

static void test_pattern_of_runs(void **state)
{
	(void)state;
	struct help h;
	open_scored(&h);
	static const char *const ids[] = {"r0", "r1", "r2", "r3", "r4", "r5"};
	for (int i = 0; i < 5; i++) {
		struct record r = help_record(
			KIND_RUN, ids[i], i < 3 ? STATE_SUCCEEDED : STATE_FAILED);
		r.title = "same";
		r.started = HELP_NOW - (10 - i) * HELP_HOUR;
		r.ended = r.started + HELP_MIN;
		help_put(&h, &r, 1);
	}
	assert_string_equal(told, "failed 2 of 5, ok before 0"); /* it is not the first */
	struct record late = help_record(KIND_RUN, ids[5], STATE_FAILED);
	late.title = "same";
	late.started = HELP_NOW - 20 * HELP_HOUR; /* failed before all of them */
	help_put(&h, &late, 1);
	assert_string_equal(told, "failed 1 of 1, ok before 0, superseded");
	late.id = "other";
	late.title = "alone";
	help_put(&h, &late, 1);
	assert_string_equal(told, "failed 1 of 1, ok before 0");
	help_close(&h);
}

/* Of one title are the records of one source and kind, and those that came just before lie beside them. */
static void test_titles(void **state)
{
	(void)state;
	struct help h;
	open_scored(&h);
	struct record r[] = {help_record(KIND_RUN, "a", STATE_SUCCEEDED),
		help_record(KIND_RUN, "b", STATE_SUCCEEDED),
		help_record(KIND_RUN, "c", STATE_SUCCEEDED),
		help_record(KIND_RUN, "d", STATE_SUCCEEDED),
		help_record(KIND_CHECK, "e", STATE_OK)};
	r[0].title = r[3].title = r[4].title = "orders";
	r[1].title = "ORDERS";
	r[2].title = "zzz";
	r[3].source = "another";
	help_put(&h, r, LENGTH(r));
	assert_int_equal(number(&h, "SELECT count(DISTINCT th) AS n FROM rec"), 4);
	assert_int_equal(number(&h, "SELECT count(DISTINCT th) AS n FROM rec "
				    "WHERE id IN ('a', 'b')"),
		1);
	assert_in_range(number(&h, "SELECT max(th) - min(th) AS n FROM rec "
				   "WHERE id IN ('a', 'b', 'c')"),
		1, 100);
	help_close(&h);
}

static void test_first_failure_after_successes(void **state)
{
	(void)state;
	struct help h;
	open_scored(&h);
	static const char *const ids[] = {"r0", "r1", "r2", "r3"};
	for (int i = 0; i < 4; i++) {
		struct record r = help_record(
			KIND_RUN, ids[i], i < 3 ? STATE_SUCCEEDED : STATE_FAILED);
		r.title = "same";
		r.started = HELP_NOW - (10 - i) * HELP_HOUR;
		r.ended = r.started + HELP_MIN;
		help_put(&h, &r, 1);
	}
	assert_string_equal(told, "failed 1 of 4, ok before 3");
	help_close(&h);
}

static void test_detail_is_bounded(void **state)
{
	(void)state;
	struct help h;
	open_scored(&h);
	struct record r = help_record(KIND_RUN, "a", STATE_RUNNING);
	char *big = xcalloc(1, RECORD_DETAIL_MAX + 100);
	memset(big, 'x', RECORD_DETAIL_MAX + 50);
	r.detail = json_pack("{s:s}", "text", big);
	help_put(&h, &r, 1);
	json_t *o = help_ask(&h, "record", "{\"key\": \"run:airflow:a\"}");
	assert_non_null(strstr(
		json_str(json_sub(o, "detail"), "not_kept", ""), "bytes of detail"));
	json_decref(o);
	record_release_json(&r);
	free(big);
	help_close(&h);
}

/* An extra request that failed once: what it gave before stays, with the reason beside it; it goes when it is read again. */
static void test_what_was_not_read_stays(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	struct record r = help_record(KIND_RUN, "a", STATE_FAILED);
	r.detail = json_pack(
		"{s:i, s:[{s:s}], s:s}", "n", 1, "tasks", "name", "load", "other", "x");
	r.labels = json_pack("{s:s}", "failed_tasks", "load");
	help_put(&h, &r, 1);
	record_release_json(&r);
	r.detail = json_pack(
		"{s:i, s:n, s:{s:s}}", "n", 2, "tasks", "not_read", "tasks", "HTTP 500");
	r.labels = json_object();
	assert_int_equal(help_put(&h, &r, 1).changed, 1);
	assert_int_equal(help_put(&h, &r, 1).same, 1);
	record_release_json(&r);
	json_t *a = help_ask(&h, "record", "{\"key\": \"run:airflow:a\"}");
	char *detail = json_text(json_sub(a, "detail"));
	assert_string_equal(detail, "{\"n\":2,\"not_read\":{\"tasks\":\"HTTP "
				    "500\"},\"tasks\":[{\"name\":\"load\"}]}");
	free(detail);
	assert_string_equal(json_str(json_sub(a, "labels"), "failed_tasks", ""), "load");
	json_decref(a);
	r.detail = json_pack("{s:i, s:[]}", "n", 3, "tasks");
	help_put(&h, &r, 1);
	record_release_json(&r);
	a = help_ask(&h, "record", "{\"key\": \"run:airflow:a\"}");
	assert_int_equal(json_array_size(json_path(a, "detail.tasks")), 0);
	assert_null(json_path(a, "detail.not_read"));
	json_decref(a);
	help_close(&h);
}

static void test_seen_and_vanish(void **state)
{
	(void)state;
	struct help h;
	char args[160];
	open_scored(&h);
	struct record r[2] = {help_record(KIND_INCIDENT, "stays", STATE_OPEN),
		help_record(KIND_INCIDENT, "goes", STATE_OPEN)};
	help_put(&h, r, 2);
	clock_advance_test(10 * USEC_PER_SEC);
	help_put(&h, r, 1); /* unchanged, seen again a moment ago: only in memory yet */
	str_format(args, sizeof(args),
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"state\": "
		"\"resolved\", \"before\": %lld}",
		(long long)(HELP_NOW + 5 * USEC_PER_SEC));
	help_do(&h, "vanish", args);
	json_t *stays = help_ask(&h, "record", "{\"key\": \"incident:airflow:stays\"}");
	json_t *goes = help_ask(&h, "record", "{\"key\": \"incident:airflow:goes\"}");
	assert_string_equal(json_str(stays, "state", ""), "open");
	assert_string_equal(json_str(goes, "state", ""), "resolved");
	json_decref(stays);
	json_decref(goes);
	help_close(&h);
}

/* Every cell says what its row says, no cell without a row, and the lanes count right. */
static void check_derived(struct help *h)
{
	struct err e = ERR_INIT;
	struct terms *t;
	size_t live = 0, len;
	bool row = true;

	assert_true(terms_load(h->store, &t, &e));
	struct db_stmt *q = db_stmt(h->store->db, "SELECT no, v FROM scan", &e);
	while (db_step(q, &row, &e) && row) {
		struct scan_chunk chunk;
		const void *blob = db_blob(q, 1, &len);
		assert_true(scan_parse(db_int(q, 0), blob, len, &chunk));
		for (size_t i = 0; i < SCAN_CELLS; i++) {
			const struct cell *c = &chunk.cells[i];
			struct arena a = ARENA_INIT;
			struct record r;
			bool found;
			struct str fold = STR_INIT;
			assert_true(record_load(h->store,
				chunk.no * SCAN_CELLS + (long long)i, &a, &r, &found,
				&e));
			assert_int_equal(found, (c->flags & CELL_LIVE) != 0);
			live += found;
			if (found) {
				assert_int_equal(c->kind, r.kind);
				assert_int_equal(c->state, r.state);
				assert_int_equal(c->attention, r.attention);
				assert_int_equal(c->updated, r.updated / USEC_PER_SEC);
				assert_int_equal(c->since, r.since / USEC_PER_SEC);
				utf8_fold(&fold, r.title);
				assert_string_equal(terms_text(t, c->title), fold.buf);
				assert_string_equal(
					terms_text(t, c->signature), r.signature);
				assert_string_equal(
					terms_text(t, c->claimed), r.claimed_by);
				assert_string_equal(scan_why(&chunk, i), r.why);
			}
			record_release_json(&r);
			str_release(&fold);
			arena_release(&a);
		}
	}
	assert_int_equal(live, number(h, "SELECT count(*) AS n FROM rec"));
	assert_int_equal(0, number(h, "SELECT count(*) AS n FROM lane l WHERE total <> "
				      "(SELECT count(*) FROM rec r WHERE r.kind=l.kind)"
				      " OR need <> (SELECT count(*) FROM rec r WHERE "
				      "r.kind=l.kind AND attention>0)"));
	assert_int_equal(0,
		number(h, "SELECT count(*) AS n FROM rec WHERE need <> (attention>0)"));
}

static unsigned long long dice;

static unsigned roll(unsigned sides)
{
	dice = dice * 6364136223846793005u + 1442695040888963407u;
	return (unsigned)(dice >> 33) % sides;
}

static void test_derived_agrees(void **state)
{
	(void)state;
	struct help h;
	char ids[400][16];
	open_scored(&h);
	dice = 7;
	for (int i = 0; i < 400; i++)
		str_format(ids[i], sizeof(ids[i]), "id-%d", i);
	for (int round = 0; round < 8; round++) {
		struct record r[60];
		struct err e = ERR_INIT;
		for (int i = 0; i < 60; i++) {
			enum kind k = (enum kind)roll(2);
			r[i] = help_record(k, ids[roll(400)],
				roll(3) == 0 ? (k == KIND_RUN ? STATE_FAILED : STATE_OPEN)
					     : STATE_UNKNOWN);
			r[i].title = ids[roll(30)];
			r[i].updated -= roll(1000) * USEC_PER_SEC;
		}
		help_put(&h, r, 60);
		assert_true(put_begin(h.store, &e));
		for (int i = 0; i < 5; i++) {
			char sql[100];
			long long rid = roll((unsigned)number(
						&h, "SELECT max(rid) AS n FROM rec")) +
					1;
			if (i < 3) {
				assert_true(put_remove(h.store, rid, &e));
				continue;
			}
			str_format(sql, sizeof(sql),
				"UPDATE rec SET attention=%u, why='x' WHERE rid=%lld",
				roll(2), rid);
			assert_true(db_exec(h.store->db, sql, &e));
			if (db_changes(h.store->db) > 0)
				assert_true(put_touch(h.store, rid, &e));
		}
		if (round % 3 == 2)
			put_rollback(h.store);
		else
			assert_true(put_commit(h.store, false, &e));
		/* a why without attention would not be there in real life; the cell still has to show it */
		check_derived(&h);
	}
	help_close(&h);
}

static void test_console_may_not_put(void **state)
{
	(void)state;
	struct help h;
	struct help_reply reply = {0};
	struct err e = ERR_INIT;
	open_scored(&h);
	struct store *console = store_open(h.loop, h.path, STORE_CONSOLE, &e);
	struct record r = help_record(KIND_RUN, "a", STATE_FAILED);
	assert_non_null(store_put(console, &r, 1, help_put_done, &reply));
	assert_true(loop_until(h.loop, &reply.done, HELP_WAIT_MS));
	assert_int_equal(reply.err.code, ERR_DENIED);
	store_close(console);
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_new_changed_same),
		cmocka_unit_test(test_history_is_a_chain),
		cmocka_unit_test(test_what_people_added_stays),
		cmocka_unit_test(test_cause_rules),
		cmocka_unit_test(test_pattern_of_runs),
		cmocka_unit_test(test_titles),
		cmocka_unit_test(test_first_failure_after_successes),
		cmocka_unit_test(test_detail_is_bounded),
		cmocka_unit_test(test_what_was_not_read_stays),
		cmocka_unit_test(test_seen_and_vanish),
		cmocka_unit_test(test_derived_agrees),
		cmocka_unit_test(test_console_may_not_put),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
