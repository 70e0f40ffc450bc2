/* The sessions of the PostgreSQL transport: silent and lost servers, the pool, cancelling. */
#include <sys/socket.h>

#include <arpa/inet.h>

#include "backends/transport/pg_private.h"
#include "tests/unit/pg_help.h"

#include "tests/unit/addresses.h"

/* A server that takes the connection and never says a word: the deadline is ours. */
static void test_silent_server(void **state)
{
	struct sockaddr_in at = {
		.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t len = sizeof(at);
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	struct answer slow = {0}, quick = {0};
	struct pg_target to = target();
	struct pg_query q = {.sql = "SELECT 1 AS a", .timeout_ms = 3000};
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
	struct deaf d = deaf_open((int)json_int(server, "port", 0));
	struct answer a;

	(void)state;
	do_sql("CREATE ROLE pw LOGIN PASSWORD 'right'");
	to.sslmode = "disable";
	to.user = "pw";
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
	/* The same by our own deadline, or the server's a little earlier. */
	q.timeout_ms = 400;
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_silent_server),
		cmocka_unit_test(test_pool),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_lost_connections),
		cmocka_unit_test(test_cancel),
	};

	return cmocka_run_group_tests_name("pg_session", tests, setup, teardown);
}
