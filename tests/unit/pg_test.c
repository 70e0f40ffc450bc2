/* The PostgreSQL transport against a cluster of tests/servers/pg.py. */
#include "backends/transport/pg.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <arpa/inet.h>
#include <cmocka.h>

#include "backends/base/json.h"
#include "backends/base/mem.h"
#include "backends/transport/pg_private.h"
#include "tests/unit/addresses.h"

#define WAIT_MS 15000

static struct loop *loop;
static struct pg *pg;
static char dir[] = "/tmp/wd-pg-XXXXXX";
static json_t *server;
static char port_text[16];

struct answer {
	bool done, truncated, sent, committed;
	int calls;
	long affected;
	json_t *rows;
	char *notice;
	struct err err;
};

static void on_reply(void *arg, const struct pg_reply *r)
{
	struct answer *a = arg;

	a->calls++;
	a->done = true;
	a->truncated = r->truncated;
	a->sent = r->sent;
	a->committed = r->committed;
	a->affected = r->affected;
	a->rows = json_incref(r->rows);
	a->notice = xstrdup(r->notice);
	a->err = r->err;
}

static void answer_release(struct answer *a)
{
	json_decref(a->rows);
	free(a->notice);
	*a = (struct answer){0};
}

static struct pg_target target(void)
{
	return (struct pg_target){.host = json_str(server, "socket_dir", ""),
		.port = port_text,
		.dbname = "postgres",
		.user = "watch",
		.application = "watchdesk/test"};
}

static struct answer run_on(struct pg_target to, struct pg_query q)
{
	struct answer a = {0};

	if (q.max_affected == 0)
		q.max_affected = -1;
	assert_non_null(pg_send(pg, &to, &q, on_reply, &a));
	assert_int_equal(a.calls, 0);
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.calls, 1);
	return a;
}

static struct answer run(struct pg_query q)
{
	return run_on(target(), q);
}

/* The rows as compact JSON. */
static void gives(struct pg_query q, const char *want)
{
	struct answer a = run(q);
	char *text = json_text(a.rows);

	if (a.err.code != ERR_NONE || strcmp(text, want) != 0)
		fail_msg("%s: %s %s, not %s", q.sql, a.err.msg, text, want);
	free(text);
	answer_release(&a);
}

static void fails_on(
	struct pg_target to, struct pg_query q, enum err_code code, const char *words)
{
	struct answer a = run_on(to, q);

	if (a.err.code != code || !strstr(a.err.msg, words))
		fail_msg("%s: %s: %s", q.sql, err_code_name(a.err.code), a.err.msg);
	assert_false(a.committed);
	answer_release(&a);
}

static void fails(struct pg_query q, enum err_code code, const char *words)
{
	fails_on(target(), q, code, words);
}

static void do_sql(const char *sql)
{
	struct answer a = run((struct pg_query){.sql = sql, .mode = PG_WRITE});

	if (a.err.code != ERR_NONE)
		fail_msg("%s: %s", sql, a.err.msg);
	assert_true(a.committed);
	answer_release(&a);
}

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
}

static void test_modes(void **state)
{
	struct answer a;

	(void)state;
	do_sql("CREATE TABLE t (id int PRIMARY KEY)");
	fails((struct pg_query){.sql = "INSERT INTO t VALUES (1)"}, ERR_REMOTE,
		"25006"); /* read-only */
	a = run((struct pg_query){
		.sql = "INSERT INTO t VALUES (1),(2),(3)", .mode = PG_PREVIEW});
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.affected, 3);
	assert_false(a.committed);
	answer_release(&a);
	gives((struct pg_query){.sql = "SELECT * FROM t"}, "[]");
	a = run((struct pg_query){.sql = "INSERT INTO t VALUES (1),(2) RETURNING id",
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
	/* Neither the statement's own COMMIT nor a procedure's gets past us. */
	fails((struct pg_query){.sql = "COMMIT", .mode = PG_PREVIEW}, ERR_CONFIG,
		"COMMIT");
	do_sql("CREATE PROCEDURE p() LANGUAGE plpgsql AS 'BEGIN INSERT INTO t VALUES "
	       "(9); COMMIT; END'");
	fails((struct pg_query){.sql = "CALL p()", .mode = PG_PREVIEW}, ERR_REMOTE,
		"2D000");
	gives((struct pg_query){.sql = "SELECT count(*) AS n FROM t"}, "[{\"n\":2}]");
	/* A setting made by a read does not stay with the session. */
	a = run((struct pg_query){.sql = "SET default_transaction_read_only = off"});
	answer_release(&a);
	fails((struct pg_query){.sql = "INSERT INTO t VALUES (5)"}, ERR_REMOTE, "25006");
	/* A constraint that is checked by COMMIT only. */
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
	gives((struct pg_query){.sql = "SELECT count(*) AS n FROM pg_stat_activity WHERE "
				       "query LIKE 'SELECT pg_sleep%'"},
		"[{\"n\":0}]");
}

/* A server that takes the connection and never says a word: the deadline is ours. */
static void test_silent_server(void **state)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct answer slow = {0}, quick = {0};
	struct pg_target to = target();
	struct pg_query q = {.sql = "SELECT 1 AS a", .timeout_ms = 400};
	char port[16];

	(void)state;
	assert_int_equal(bind(fd, (struct sockaddr *)&at, sizeof(at)), 0);
	assert_int_equal(listen(fd, 4), 0);
	getsockname(fd, (struct sockaddr *)&at, &len);
	str_format(port, sizeof(port), "%d", ntohs(at.sin_port));
	to.host = "127.0.0.1";
	to.port = port;
	pg_send(pg, &to, &q, on_reply, &slow);
	to = target();
	pg_send(pg, &to, &q, on_reply, &quick);
	assert_true(loop_until(loop, &quick.done, WAIT_MS));
	assert_false(slow.done);
	assert_true(loop_until(loop, &slow.done, WAIT_MS));
	assert_int_equal(slow.err.code, ERR_TIMEOUT);
	assert_false(slow.sent);
	close(fd);
	answer_release(&slow);
	answer_release(&quick);
}

static int backend(void)
{
	struct answer a = run((struct pg_query){.sql = "SELECT pg_backend_pid() AS p"});
	int pid = (int)json_int(json_array_get(a.rows, 0), "p", 0);

	answer_release(&a);
	return pid;
}

/* Ends a session of ours from another one. */
static void terminate(int pid)
{
	struct pg_target to = target();
	json_t *p = json_pack("[i]", pid);
	struct answer a;

	to.application = "killer";
	a = run_on(
		to, (struct pg_query){.sql = "SELECT pg_terminate_backend($1, 5000) AS x",
			    .params = p,
			    .mode = PG_WRITE});
	assert_int_equal(a.err.code, ERR_NONE);
	json_decref(p);
	answer_release(&a);
}

static void test_pool(void **state)
{
	int first = backend();
	struct answer a[10] = {0};
	struct pg_target to = target();
	struct pg_query q = {.sql = "SELECT pg_sleep(0.2)"};

	(void)state;
	assert_int_equal(backend(), first); /* the same session again */
	terminate(first);
	assert_int_not_equal(backend(), first); /* a new one, without an error */
	for (int i = 0; i < 10; i++)
		pg_send(pg, &to, &q, on_reply, &a[i]);
	for (int i = 0; i < 10; i++) {
		assert_true(loop_until(loop, &a[i].done, WAIT_MS));
		assert_int_equal(a[i].err.code, ERR_NONE);
		answer_release(&a[i]);
	}
	gives((struct pg_query){.sql = "SELECT count(*) <= 4 AS ok FROM pg_stat_activity "
				       "WHERE application_name = 'watchdesk/test' AND "
				       "usename = 'watch'"},
		"[{\"ok\":true}]");
}

static void test_addresses(void **state)
{
	static const char *const good[] = {REFUSES, DEAF, "127.0.0.1", NULL},
				 *const bad[] = {REFUSES, DEAF, NULL},
				 *const worse[] = {DEAF, REFUSES, NULL};
	struct pg_target to = target();
	struct pg_query q = {.sql = "SELECT 1 AS x", .timeout_ms = 3000};
	struct deaf d = deaf_open(atoi(port_text));
	struct answer a;

	(void)state;
	to.sslmode = "disable";
	to.user = "pw"; /* of test_passwords_over_tcp */
	to.password = "right";
	to.host = "many.test";
	know(pg->resolver, to.host, good);
	a = run_on(to, q);
	if (a.err.code != ERR_NONE)
		fail_msg("%s", a.err.msg);
	answer_release(&a);
	/* What a server says holds for all: no further address. */
	to.password = "wrong";
	to.dbname = "template1";
	a = run_on(to, q);
	assert_int_equal(a.err.code, ERR_AUTH);
	answer_release(&a);
	q.timeout_ms = 600;
	to.host = "deaf.test";
	know(pg->resolver, to.host, bad);
	fails_on(to, q, ERR_TIMEOUT,
		"within 600 ms (at " DEAF "; before that " REFUSES
		": Connection refused)");
	to.host = "none.test";
	know(pg->resolver, to.host, worse);
	fails_on(to, q, ERR_NET, "(at " REFUSES "; before that " DEAF ": no answer)");
	deaf_close(&d);
}

static void wait_for(const char *sql)
{
	for (int i = 0; i < 200; i++) {
		struct pg_target to = target();
		struct answer a;
		bool yes;

		to.application = "watcher";
		a = run_on(to, (struct pg_query){.sql = sql});
		yes = json_array_size(a.rows) > 0;
		answer_release(&a);
		if (yes)
			return;
		loop_turn(loop, 20);
	}
	fail_msg("%s: never", sql);
}

static int victim(const char *query)
{
	struct pg_target to = target();
	json_t *p = json_pack("[s]", query);
	struct answer a;
	int pid;

	to.application = "watcher";
	a = run_on(to, (struct pg_query){.sql = "SELECT pid FROM pg_stat_activity WHERE "
						"state = 'active' AND query LIKE $1 "
						"AND pid <> pg_backend_pid()",
			       .params = p});
	pid = (int)json_int(json_array_get(a.rows, 0), "pid", 0);
	json_decref(p);
	answer_release(&a);
	return pid;
}

/* Lost in the statement: nothing was committed. Lost in COMMIT: nobody knows. */
static void test_lost_connections(void **state)
{
	struct answer a = {0};
	struct pg_target to = target();
	struct pg_query q = {.sql = "SELECT pg_sleep(30), 'lost'",
		.mode = PG_WRITE,
		.max_affected = -1};

	(void)state;
	pg_send(pg, &to, &q, on_reply, &a);
	wait_for("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
		 "'%''lost''' AND pid <> pg_backend_pid()");
	terminate(victim("%'lost'"));
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.err.code, ERR_NET);
	assert_true(a.sent);
	assert_false(a.committed);
	answer_release(&a);

	do_sql("CREATE TABLE slow (id int)");
	do_sql("CREATE FUNCTION nap() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM "
	       "pg_sleep(30); RETURN NULL; END'");
	do_sql("CREATE CONSTRAINT TRIGGER nap AFTER INSERT ON slow DEFERRABLE INITIALLY "
	       "DEFERRED "
	       "FOR EACH ROW EXECUTE FUNCTION nap()");
	q.sql = "INSERT INTO slow VALUES (1)";
	pg_send(pg, &to, &q, on_reply, &a);
	wait_for("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = "
		 "'COMMIT'");
	terminate(victim("COMMIT"));
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.err.code, ERR_UNKNOWN);
	assert_false(a.committed);
	answer_release(&a);
	q.timeout_ms =
		400; /* the same by our own deadline, or the server's a little earlier */
	pg_send(pg, &to, &q, on_reply, &a);
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_true(a.err.code == ERR_UNKNOWN || a.err.code == ERR_TIMEOUT);
	assert_false(a.committed);
	answer_release(&a);
}

static void test_cancel(void **state)
{
	struct answer a = {0};
	struct pg_target to = target();
	struct pg_query q = {.sql = "SELECT pg_sleep(30), 'gone'"};
	struct pg_call *c;

	(void)state;
	pg_cancel(pg, NULL);
	pg_cancel(pg, pg_send(pg, &to, &q, on_reply, &a)); /* before it began */
	c = pg_send(pg, &to, &q, on_reply, &a);
	wait_for("SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE "
		 "'%''gone''' AND pid <> pg_backend_pid()");
	pg_cancel(pg, c);
	wait_for("SELECT 1 WHERE NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE query "
		 "LIKE '%''gone''' AND pid <> pg_backend_pid())");
	assert_int_equal(a.calls, 0);
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

static json_t *server_run(const char *verb)
{
	char out[4096] = "";
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t pid;

	if (pipe(fds))
		return NULL;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execlp("python3", "python3", "tests/servers/pg.py", verb, dir,
			(char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while (len < sizeof(out) - 1 &&
		(n = read(fds[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return NULL;
	return json_loadb(out, len, 0, NULL);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	server = server_run("start");
	if (!server)
		return -1;
	str_format(port_text, sizeof(port_text), "%lld", json_int(server, "port", 0));
	setenv("PGOPTIONS", "-c work_mem=12345kB", 1);
	setenv("PGHOST", "127.0.0.2", 1);
	setenv("PGSERVICE", "nosuch", 1);
	loop = loop_new();
	pg = pg_new(loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pg_free(pg);
	loop_free(loop);
	server_run("stop");
	json_decref(server);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_parameters),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_passwords_over_tcp),
		cmocka_unit_test(test_modes),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_lost_connections),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_environment_is_not_used),
		cmocka_unit_test(test_values_alone),
	};

	return cmocka_run_group_tests_name("pg", tests, setup, teardown);
}
