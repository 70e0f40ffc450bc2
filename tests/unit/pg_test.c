/* Statements over the PostgreSQL transport: values, errors, modes, limits. */
#include "backends/base/budget.h"
#include "backends/transport/pg_private.h"
#include "tests/unit/pg_help.h"

static void test_types(void **state)
{
	(void)state;
	gives((struct pg_query){.sql = "SELECT 1::int2 AS a, 9223372036854775807::int8 "
				       "AS b, 1.5::float8 AS c, "
				       "true AS d, null::int AS e, 'x'::text AS f"},
		"[{\"a\":1,\"b\":9223372036854775807,\"c\":1.5,\"d\":true,\"e\":null,"
		"\"f\":\"x\"}]");
	gives((struct pg_query){.sql = "SELECT 12.50::numeric AS a, "
				       "123456789012345678901234.5::numeric AS b, "
				       "7::numeric AS c, 'NaN'::numeric AS d, "
				       "'Infinity'::float8 AS e"},
		"[{\"a\":12.5,\"b\":\"123456789012345678901234.5\",\"c\":7,\"d\":\"NaN\","
		"\"e\":\"Infinity\"}]");
	gives((struct pg_query){.sql = "SELECT '{\"k\":[1,null]}'::jsonb AS a, "
				       "'[true]'::json AS b, "
				       "'2026-11-22'::date AS c, '{1,2}'::int[] AS d"},
		"[{\"a\":{\"k\":[1,null]},\"b\":[true],\"c\":\"2026-11-22\",\"d\":\"{1,2}"
		"\"}]");
	gives((struct pg_query){.sql = "SELECT 1 AS a WHERE false"}, "[]");
	gives((struct pg_query){.sql = "SELECT i FROM generate_series(1,3) i"},
		"[{\"i\":1},{\"i\":2},{\"i\":3}]");
}

static void test_parameters(void **state)
{
	json_t *p =
		json_pack("[s,i,b,n,{s:i},f]", "'; DROP TABLE x; --", 7, 1, "k", 2, 0.25);

	(void)state;
	gives((struct pg_query){.sql = "SELECT $1::text AS a, $2::int AS b, $3::bool AS "
				       "c, $4::text AS d, "
				       "$5::jsonb AS e, $6::float8 AS f",
		      .params = p},
		"[{\"a\":\"'; DROP TABLE x; "
		"--\",\"b\":7,\"c\":true,\"d\":null,\"e\":{\"k\":2},\"f\":0.25}]");
	json_decref(p);
	p = json_pack("[o]", json_stringn("a\0b", 3));
	fails((struct pg_query){.sql = "SELECT $1::text", .params = p}, ERR_PARSE,
		"$1 holds a NUL");
	json_decref(p);
	p = json_object();
	fails((struct pg_query){.sql = "SELECT 1", .params = p}, ERR_CONFIG, "list");
	json_decref(p);
}

static void test_errors(void **state)
{
	struct pg_target to = target();

	(void)state;
	fails((struct pg_query){.sql = "SELECT * FROM nowhere"}, ERR_REMOTE,
		"\"nowhere\" does not exist (SQLSTATE 42P01)");
	fails((struct pg_query){.sql = "SELECT no_such_fn()"}, ERR_REMOTE, "hint: ");
	fails((struct pg_query){.sql = "SELECT 1; SELECT 2"}, ERR_REMOTE, "42601");
	fails((struct pg_query){.sql = ""}, ERR_CONFIG, "empty");
	fails((struct pg_query){.sql = "COPY pg_class TO STDOUT"}, ERR_CONFIG, "COPY");
	fails((struct pg_query){.sql = "SELECT 1 AS a, 2 AS a"}, ERR_CONFIG, "\"a\"");
	fails(
		(struct pg_query){
			.sql = "SELECT 1 / (3 - i) AS x FROM generate_series(1,5) i"},
		ERR_REMOTE, "22012");
	to.user = "nobody_here";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_AUTH, "nobody_here");
	to = target();
	to.dbname = "no_such_db";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_REMOTE, "no_such_db");
	to = target();
	to.host = "/nonexistent/folder";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_NET, "cannot connect");
	to.host = "";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_CONFIG, "host");
	to.host = "a,b";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_CONFIG, "host");
	do_sql("CREATE ROLE reader LOGIN");
	to = target();
	to.user = "reader";
	fails_on(to, (struct pg_query){.sql = "SELECT * FROM pg_authid"}, ERR_AUTH,
		"42501");
}

static void test_passwords_over_tcp(void **state)
{
	struct pg_target to = target();
	struct answer a;

	(void)state;
	do_sql("CREATE ROLE pw LOGIN PASSWORD 'right'");
	to.host = "127.0.0.1";
	to.user = "pw";
	to.password = "right";
	a = run_on(
		to, (struct pg_query){.sql = "SELECT current_user AS u, "
					     "current_setting('application_name') AS n"});
	assert_string_equal(a.err.msg, "");
	assert_string_equal(json_str(json_array_get(a.rows, 0), "u", ""), "pw");
	assert_string_equal(
		json_str(json_array_get(a.rows, 0), "n", ""), "watchdesk/test");
	answer_release(&a);
	to.password = "wrong";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_AUTH, "28P01");
	to.password = NULL;
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_NET, "password");
	to.password = "right";
	to.sslmode = "require";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_NET, "SSL");
	/* By default only what is surely this machine goes without: another way to write it is not known as such. */
	to.sslmode = NULL;
	to.host = "127.1";
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_NET, "SSL");
}

static void reads_change_nothing(void)
{
	fails((struct pg_query){.sql = "INSERT INTO t VALUES (1)"}, ERR_REMOTE,
		"25006"); /* read-only */
}

static void previews_roll_back(void)
{
	struct answer a = run((struct pg_query){
		.sql = "INSERT INTO t VALUES (1),(2),(3)", .mode = PG_PREVIEW});

	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.affected, 3);
	assert_false(a.committed);
	answer_release(&a);
	gives((struct pg_query){.sql = "SELECT * FROM t"}, "[]");
}

static void writes_are_limited(void)
{
	struct answer a =
		run((struct pg_query){.sql = "INSERT INTO t VALUES (1),(2) RETURNING id",
			.mode = PG_WRITE,
			.max_affected = 2});

	assert_true(a.committed && a.sent);
	assert_int_equal(a.affected, 2);
	assert_int_equal(json_array_size(a.rows), 2);
	answer_release(&a);
	fails(
		(struct pg_query){
			.sql = "DELETE FROM t", .mode = PG_WRITE, .max_affected = 1},
		ERR_LIMIT, "change 2 rows");
	gives((struct pg_query){.sql = "SELECT count(*) AS n FROM t"}, "[{\"n\":2}]");
}

/* Neither the statement's own COMMIT nor a procedure's gets past us. */
static void nobody_else_commits(void)
{
	fails((struct pg_query){.sql = "COMMIT", .mode = PG_PREVIEW}, ERR_CONFIG,
		"COMMIT");
	/* A new transaction stands there after these, and its end would look like that of ours. */
	fails((struct pg_query){.sql = "commit and chain", .mode = PG_PREVIEW},
		ERR_CONFIG, "ended its transaction itself");
	fails((struct pg_query){.sql = "/* */ End And Chain", .mode = PG_WRITE},
		ERR_CONFIG, "ended its transaction itself");
	fails((struct pg_query){.sql = "rollback and chain", .mode = PG_WRITE},
		ERR_CONFIG, "ended its transaction itself");
	do_sql("CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN INSERT INTO t VALUES "
	       "(9); COMMIT; END'");
	fails((struct pg_query){.sql = "CALL p()", .mode = PG_PREVIEW}, ERR_REMOTE,
		"2D000");
	gives((struct pg_query){.sql = "SELECT count(*) AS n FROM t"}, "[{\"n\":2}]");
}

static void settings_do_not_stay(void)
{
	struct answer a =
		run((struct pg_query){.sql = "SET default_transaction_read_only = off"});

	answer_release(&a);
	fails((struct pg_query){.sql = "INSERT INTO t VALUES (5)"}, ERR_REMOTE, "25006");
}

static void test_modes(void **state)
{
	(void)state;
	do_sql("CREATE TABLE t (id int PRIMARY KEY)");
	reads_change_nothing();
	previews_roll_back();
	writes_are_limited();
	nobody_else_commits();
	settings_do_not_stay();
}

/* A constraint that is checked by COMMIT only; and what the server says beside the result. */
static void test_what_commit_says(void **state)
{
	struct answer a;

	(void)state;
	do_sql("CREATE TABLE d (id int UNIQUE DEFERRABLE INITIALLY DEFERRED)");
	fails((struct pg_query){.sql = "INSERT INTO d VALUES (1),(1)", .mode = PG_WRITE},
		ERR_REMOTE, "23505");
	a = run((struct pg_query){
		.sql = "REVOKE pg_monitor FROM watch", .mode = PG_WRITE});
	assert_non_null(strstr(a.notice, "is not a member"));
	answer_release(&a);
}

static void test_limits(void **state)
{
	struct answer a = run((struct pg_query){
		.sql = "SELECT generate_series(1,1000000000) AS i", .max_rows = 5});

	(void)state;
	assert_int_equal(a.err.code, ERR_NONE);
	assert_true(a.truncated);
	assert_int_equal(json_array_size(a.rows), 5);
	answer_release(&a);
	a = run((struct pg_query){
		.sql = "SELECT i FROM generate_series(1,5) i", .max_rows = 5});
	assert_false(a.truncated);
	answer_release(&a);
	fails((struct pg_query){.sql = "SELECT repeat('x', 1000) AS a FROM "
				       "generate_series(1,1000)",
		      .max_bytes = 100000},
		ERR_LIMIT, "larger than 100000");
	fails((struct pg_query){.sql = "SELECT pg_sleep(20)", .timeout_ms = 500},
		ERR_TIMEOUT, "");
	/* The server has stopped it, too. */
	wait_for("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE "
		 "query LIKE 'SELECT pg_sleep%')");
}

static void test_environment_is_not_used(void **state)
{
	struct answer a;

	(void)state;
	assert_null(getenv("PGOPTIONS")); /* set by setup, before pg_new */
	a = run((struct pg_query){.sql = "SELECT current_setting('work_mem') AS w"});
	assert_string_not_equal(json_str(json_array_get(a.rows, 0), "w", ""), "12345kB");
	answer_release(&a);
}

static void test_values_alone(void **state)
{
	size_t repaired = 0;
	/* SQL_ASCII databases hold any bytes */
	json_t *v = pg_value(25, "a\xff", 2, &repaired);

	(void)state;
	assert_int_equal(repaired, 1);
	assert_string_equal(json_string_value(v), "a\xef\xbf\xbd");
	json_decref(v);
	v = pg_value(1700, "123456789012345", 15, &repaired);
	assert_true(json_is_integer(v));
	json_decref(v);
	v = pg_value(1700, "0.1234567890123456", 18, &repaired);
	assert_true(json_is_string(v));
	json_decref(v);
	v = pg_value(114, "[1e999, \"a\\u0000\", 1]", 21, &repaired);
	assert_string_equal(json_string_value(json_array_get(v, 0)), "1e999");
	json_decref(v);
	assert_int_equal(repaired, 3);
	assert_true(pg_local("127.0.0.1") && pg_local("::1") && pg_local("/run") &&
		    pg_local("localhost"));
	assert_false(pg_local("127.evil.example") || pg_local("10.0.0.1"));
}

/* Rows come until there is no memory for their trees, not until the worker ends. */
static void test_rows_beyond_the_budget(void **state)
{
	json_t *other = json_array();
	char text[4096];

	(void)state;
	memset(text, 'x', sizeof(text));
	while (budget_tree_fits((size_t)8 << 20))
		json_array_append_new(other, json_stringn(text, sizeof(text)));
	fails((struct pg_query){.sql = "SELECT i FROM generate_series(1, 90000) i"},
		ERR_LIMIT, "no memory for more rows");
	json_decref(other);
	gives((struct pg_query){.sql = "SELECT 1 AS a"}, "[{\"a\":1}]");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_rows_beyond_the_budget),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_passwords_over_tcp),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_what_commit_says),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_environment_is_not_used),
		cmocka_unit_test(test_values_alone),
	};

	return cmocka_run_group_tests_name("pg", tests, setup, teardown);
}
