/* The SQLite driver and opening a store: rows as JSON, transactions, and what a bad file says. */
#include "backends/store/store_private.h"

#include "tests/unit/store_help.h"

#include <sys/stat.h>

static void test_rows_as_json(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	help_open(&h);
	struct db *d = db_open(h.path, DB_WRITE, &e);
	assert_non_null(d);
	assert_true(db_exec(d, "CREATE TABLE t(i INTEGER, r REAL, s TEXT, j TEXT)", &e));
	json_t *p =
		json_pack("[i, f, s, {s:[i]}]", 7, 1.5, "x'); DROP TABLE t; --", "k", 3);
	assert_true(db_run(d, "INSERT INTO t VALUES($1,$2,$3,$4)", p, &e));
	json_decref(p);
	p = json_pack("[n, b, s, s]", 1, "", "no json");
	assert_true(db_run(d, "INSERT INTO t VALUES($1,$2,$3,$4)", p, &e));
	json_decref(p);
	json_t *rows = db_rows(
		d, "SELECT i, r, s, j AS tree_json FROM t ORDER BY rowid", NULL, &e);
	assert_int_equal(json_array_size(rows), 2);
	const json_t *first = json_array_get(rows, 0), *second = json_array_get(rows, 1);
	assert_int_equal(json_int(first, "i", 0), 7);
	assert_true(json_num(first, "r", 0) == 1.5);
	assert_string_equal(json_str(first, "s", ""), "x'); DROP TABLE t; --");
	assert_int_equal(json_array_size(json_path(first, "tree.k")), 1);
	assert_true(json_is_null(json_object_get(second, "i")));
	assert_true(json_is_null(json_object_get(second, "tree")));
	json_decref(rows);
	assert_null(db_rows(d, "SELECT nothing FROM nowhere", NULL, &e));
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "nowhere"));
	db_close(d);
	help_close(&h);
}

static void test_transactions(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	bool row;
	help_open(&h);
	struct db *d = db_open(h.path, DB_WRITE, &e),
		  *reader = db_open(h.path, DB_READ, &e);
	assert_non_null(reader);
	long long version = db_data_version(reader);
	assert_true(db_begin(d, &e));
	assert_true(db_run(d, "INSERT INTO setting VALUES('a','1')", NULL, &e));
	db_rollback(d);
	assert_true(db_data_version(reader) == version);
	assert_true(db_begin(d, &e));
	assert_true(db_run(d, "INSERT INTO setting VALUES('a','2')", NULL, &e));
	assert_true(db_commit(d, true, &e));
	assert_true(db_data_version(reader) != version);
	/* a read transaction sees one state, also while others commit */
	assert_true(db_begin_read(reader, &e));
	struct db_stmt *q =
		db_stmt(reader, "SELECT value FROM setting WHERE key='a'", &e);
	assert_true(db_step(q, &row, &e) && row);
	assert_string_equal(db_text(q, 0), "2");
	assert_true(db_run(d, "UPDATE setting SET value='3'", NULL, &e));
	q = db_stmt(reader, "SELECT value FROM setting WHERE key='a'", &e);
	assert_true(db_step(q, &row, &e) && row);
	assert_string_equal(db_text(q, 0), "2");
	db_end_read(reader); /* also ends the statement in mid-step */
	q = db_stmt(reader, "SELECT value FROM setting WHERE key='a'", &e);
	assert_true(db_step(q, &row, &e) && row);
	assert_string_equal(db_text(q, 0), "3");
	db_reset(q);
	/* a reader cannot write */
	assert_false(db_run(reader, "DELETE FROM setting", NULL, &e));
	db_close(reader);
	db_close(d);
	help_close(&h);
}

static void refused(struct help *h, const char *path, enum store_role role,
	enum err_code code, const char *words)
{
	struct err e = ERR_INIT;

	assert_null(store_open(h->loop, path, role, &e));
	if (e.code != code || strstr(e.msg, words) == NULL)
		fail_msg("%d %s", e.code, e.msg);
}

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void test_bad_files(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	char path[120];
	struct stat st;
	help_open(&h);
	assert_int_equal(stat(h.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);

	str_format(path, sizeof(path), "%s/none.db", h.dir);
	refused(&h, path, STORE_CONSOLE, ERR_NOTFOUND, "start the worker");
	assert_int_equal(access(path, F_OK), -1); /* not made by looking */

	write_text(path, "");
	refused(&h, path, STORE_CONSOLE, ERR_NOTFOUND, "no watchdesk store yet");
	write_text(path,
		"This is not a database, but it is long enough to be looked at as one.");
	refused(&h, path, STORE_CONSOLE, ERR_IO, "damaged or is no store");
	refused(&h, path, STORE_WORKER, ERR_IO, "damaged or is no store");
	refused(&h, h.dir, STORE_WORKER, ERR_IO, "cannot open the store");

	struct db *d = db_open(h.path, DB_WRITE, &e);
	assert_true(db_run(d, "INSERT INTO migration VALUES(999, 0)", NULL, &e));
	refused(&h, h.path, STORE_CONSOLE, ERR_CONFLICT, "newer watchdesk");
	refused(&h, h.path, STORE_WORKER, ERR_CONFLICT, "newer watchdesk");
	assert_true(db_run(d, "DELETE FROM migration", NULL, &e));
	assert_true(db_run(d, "INSERT INTO migration VALUES(0, 0)", NULL, &e));
	refused(&h, h.path, STORE_CONSOLE, ERR_NOTFOUND, "start the worker");
	db_close(d);
	help_close(&h);
}

/* What the second version added is taken away again: a store as the first one left it. */
static const char AS_VERSION_1[] =
	"DROP INDEX job_preview; DROP INDEX job_type; DROP INDEX job_ended;"
	"ALTER TABLE job DROP COLUMN preview; DELETE FROM migration WHERE version>1;"
	"ALTER TABLE rec DROP COLUMN gone_at; ALTER TABLE rec DROP COLUMN unread;"
	"INSERT INTO job(job, type, state, runbook, title, who, host, reason,"
	" plan_hash, spec, created) VALUES"
	" (7, 'preview', 'done', '', '', 'ito', '', '', '', '{\"preview\": 3}', 1),"
	" (8, 'action', 'failed', '', '', 'ito', '', '', '', '{\"preview\": 7}', 1),"
	" (9, 'action', 'failed', '', '', 'ito', '', '', '', '', 1)";

static long long one_number(struct db *d, const char *sql)
{
	struct err e = ERR_INIT;
	json_t *rows = db_rows(d, sql, NULL, &e);

	if (!rows)
		fail_msg("%s", e.msg);
	long long n = json_int(json_array_get(rows, 0), "n", -1);
	json_decref(rows);
	return n;
}

static void test_from_version_1(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	help_open(&h);
	struct record r = help_record(KIND_RUN, "a", STATE_SUCCEEDED);
	assert_int_equal(help_put(&h, &r, 1).inserted, 1);
	assert_int_equal(help_put(&h, &r, 1).same, 1);
	store_close(h.store);
	struct db *d = db_open(h.path, DB_WRITE, &e);
	assert_true(db_exec(d, AS_VERSION_1, &e));
	refused(&h, h.path, STORE_CONSOLE, ERR_CONFLICT, "start its worker");
	h.store = store_open(h.loop, h.path, STORE_WORKER, &e);
	assert_non_null(h.store);
	assert_int_equal(
		one_number(d, "SELECT max(version) AS n FROM migration"), SCHEMA_VERSION);
	assert_int_equal(
		one_number(d, "SELECT sum(preview) AS n FROM job WHERE job<>8"), 0);
	assert_int_equal(one_number(d, "SELECT preview AS n FROM job WHERE job=8"), 7);
	assert_int_equal(
		one_number(d, "SELECT count(*) AS n FROM sqlite_master WHERE name IN"
			      " ('job_preview','job_type','job_ended')"),
		3);
	/* What th was is not what it is now: the record is written anew, though its source says nothing new. */
	assert_int_equal(help_put(&h, &r, 1).changed, 1);
	assert_int_equal(help_put(&h, &r, 1).same, 1);
	db_close(d);
	help_close(&h);
}

/* What a state's words said before is a time now. */
static void test_gone_from_version_2(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	help_open(&h);
	struct record r[2] = {help_record(KIND_RUN, "lost", STATE_UNKNOWN),
		help_record(KIND_RUN, "odd", STATE_UNKNOWN)};
	r[0].raw_state = "gone at the source (404)";
	r[1].raw_state = "banana";
	assert_int_equal(help_put(&h, r, 2).inserted, 2);
	store_close(h.store);
	struct db *d = db_open(h.path, DB_WRITE, &e);
	assert_true(db_exec(d,
		"ALTER TABLE rec DROP COLUMN gone_at; ALTER TABLE rec DROP COLUMN unread;"
		"DELETE FROM migration WHERE version>2;",
		&e));
	h.store = store_open(h.loop, h.path, STORE_WORKER, &e);
	assert_non_null(h.store);
	json_t *a = help_ask(&h, "record", "{\"key\": \"run:airflow:lost\"}");
	assert_int_equal(json_int(json_sub(a, "times"), "gone_at", 0),
		json_int(json_sub(a, "times"), "updated", -1));
	assert_string_equal(json_str(a, "raw_state", ""), "");
	json_decref(a);
	a = help_ask(&h, "record", "{\"key\": \"run:airflow:odd\"}");
	assert_null(json_object_get(a, "gone_at"));
	assert_string_equal(json_str(a, "raw_state", ""), "banana");
	json_decref(a);
	db_close(d);
	help_close(&h);
}

static void test_opened_twice(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	help_open(&h);
	struct store *again = store_open(h.loop, h.path, STORE_WORKER, &e);
	assert_non_null(again);
	store_close(again);
	struct store *console = store_open(h.loop, h.path, STORE_CONSOLE, &e);
	assert_non_null(console);
	store_close(console);
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rows_as_json),
		cmocka_unit_test(test_transactions),
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_from_version_1),
		cmocka_unit_test(test_gone_from_version_2),
		cmocka_unit_test(test_opened_twice),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
