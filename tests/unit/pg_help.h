/* What the tests of the PostgreSQL transport share: a cluster of tests/servers/pg.py, and statements on it. */
#ifndef TESTS_PG_HELP_H
#define TESTS_PG_HELP_H

#include "backends/base/mem.h"
#include "backends/transport/pg.h"
#include "tests/unit/server_help.h"

#define WAIT_MS 60000
#define PG_SERVER "tests/servers/pg.py"

static struct loop *loop;
static struct pg *pg;
static char dir[] = "/tmp/wd-pg-XXXXXX";
static json_t *server; /* what pg.py printed */
static char port_text[16];

struct answer {
	bool done, truncated, sent, committed;
	int calls;
	long affected;
	json_t *rows;
	char *notice;
	struct err err;
};

static inline void on_reply(void *arg, const struct pg_reply *r)
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

static inline void answer_release(struct answer *a)
{
	json_decref(a->rows);
	free(a->notice);
	*a = (struct answer){0};
}

static inline struct pg_target target(void)
{
	return (struct pg_target){.host = json_str(server, "socket_dir", ""),
		.port = port_text,
		.dbname = "postgres",
		.user = "watch",
		.application = "watchdesk/test"};
}

static inline struct answer run_on(struct pg_target to, struct pg_query q)
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

static inline struct answer run(struct pg_query q)
{
	return run_on(target(), q);
}

/* The rows as compact JSON. */
static inline void gives(struct pg_query q, const char *want)
{
	struct answer a = run(q);
	char *text = json_text(a.rows);

	if (a.err.code != ERR_NONE || strcmp(text, want) != 0)
		fail_msg("%s: %s %s, not %s", q.sql, a.err.msg, text, want);
	free(text);
	answer_release(&a);
}

static inline void fails_on(
	struct pg_target to, struct pg_query q, enum err_code code, const char *words)
{
	struct answer a = run_on(to, q);

	if (a.err.code != code || !strstr(a.err.msg, words))
		fail_msg("%s: %s: %s", q.sql, err_code_name(a.err.code), a.err.msg);
	assert_false(a.committed);
	answer_release(&a);
}

static inline void fails(struct pg_query q, enum err_code code, const char *words)
{
	fails_on(target(), q, code, words);
}

static inline void do_sql(const char *sql)
{
	struct answer a = run((struct pg_query){.sql = sql, .mode = PG_WRITE});

	if (a.err.code != ERR_NONE)
		fail_msg("%s: %s", sql, a.err.msg);
	assert_true(a.committed);
	answer_release(&a);
}

/* Until the statement gives a row. */
static inline void wait_for(const char *sql)
{
	int64_t end = clock_mono_ms() + WAIT_MS;
	struct pg_target to = target();
	bool yes = false;

	to.application = "watcher";
	while (!yes && clock_mono_ms() < end) {
		struct answer a = run_on(to, (struct pg_query){.sql = sql});

		yes = json_array_size(a.rows) > 0;
		answer_release(&a);
		loop_turn(loop, 20);
	}
	if (!yes)
		fail_msg("%s: never", sql);
}

static inline int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	server = server_up(PG_SERVER, dir);
	if (!server)
		return -1;
	str_format(port_text, sizeof(port_text), "%lld", json_int(server, "port", 0));
	/* What must not be honoured. */
	setenv("PGOPTIONS", "-c work_mem=12345kB", 1);
	setenv("PGHOST", "127.0.0.2", 1);
	setenv("PGSERVICE", "nosuch", 1);
	loop = loop_new();
	pg = pg_new(loop);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	pg_free(pg);
	loop_free(loop);
	int ended = server_down(PG_SERVER, dir, server);
	return rmdir(dir) == 0 ? ended : -1;
}

#endif
