/*
 * One connection: from a name to a session, and a call's BEGIN, statement and COMMIT or ROLLBACK on it. Each of the
 * three is a round trip of its own, so that it is always known whether COMMIT has left us.
 */
#include "backends/transport/pg_private.h"

#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/shown.h"

#define IDLE_MS 60000
#define NOTICE_BYTES 400

static void on_event(struct loop *l, int fd, unsigned events, void *arg);

static void link_to(struct pg_link *k, enum pg_state state)
{
	static const char *const names[] = {
		[PG_CONN_RESOLVE] = "resolve",
		[PG_CONN_CONNECT] = "connect",
		[PG_CONN_IDLE] = "idle",
		[PG_CONN_BEGIN] = "begin",
		[PG_CONN_STATEMENT] = "statement",
		[PG_CONN_END] = "end",
	};

	log_at(LOG_DEBUG, "pg", "connection %p: %s", (void *)k, names[state]);
	k->state = state;
}

void pg_link_drop(struct pg_link *k)
{
	struct pg_link **at = &k->pg->links;

	while (*at != k)
		at = &(*at)->next;
	*at = k->next;
	if (k->call)
		k->call->link = NULL;
	resolve_cancel(k->pg->resolver, k->resolving);
	loop_unwatch(k->pg->loop, k->watch);
	loop_timer_cancel(k->pg->loop, k->idle);
	loop_timer_cancel(k->pg->loop, k->slow);
	PQfinish(k->conn);
	explicit_bzero(k->key, strlen(k->key));
	free(k->key);
	free(k);
}

static void on_idle_end(struct loop *l, void *arg)
{
	struct pg_link *k = arg;

	(void)l;
	k->idle = NULL;
	pg_link_drop(k);
}

/* The link is left healthy and idle; its call has its answer. */
static void link_release(struct pg_link *k)
{
	struct pg_call *c = k->call;

	k->call = NULL;
	c->link = NULL;
	k->used = true;
	link_to(k, PG_CONN_IDLE);
	k->idle = loop_timer(k->pg->loop, IDLE_MS, on_idle_end, k);
	loop_watch_events(k->pg->loop, k->watch, LOOP_READ); /* to see it closed */
	pg_call_finish(c);
}

/* What a call is told whose connection is gone. We hang up ourselves when a read has enough rows; and at
 * ROLLBACK the answer is complete. */
static void explain_loss(struct pg_call *c, const struct pg_link *k)
{
	bool ending = k->state == PG_CONN_END;
	bool enough = c->mode == PG_READ && c->reply.truncated;

	if (c->reply.err.code != ERR_NONE || c->reply.committed)
		return;
	if (ending && c->mode == PG_WRITE && !c->refused)
		err_set(&c->reply.err, ERR_UNKNOWN,
			"the connection to PostgreSQL on %s was lost in COMMIT: it "
			"cannot be known "
			"whether the change was made",
			c->fields[PG_HOST]);
	else if (!ending && !enough)
		pg_lost_error(&c->reply.err, k->conn, c->fields[PG_HOST]);
}

/* The link is not usable any more. */
static void link_fail(struct pg_link *k)
{
	struct pg_call *c = k->call;

	if (!c) {
		pg_link_drop(k);
	} else if (k->state == PG_CONN_BEGIN && k->used && !c->retried) {
		pg_link_drop(k); /* a kept session had died: nothing was sent yet */
		c->retried = true;
		c->reply.err = (struct err)ERR_INIT;
		pg_pump(c->pg);
	} else {
		explain_loss(c, k);
		pg_link_drop(k);
		pg_call_finish(c);
	}
}

/* ---- connecting -------------------------------------------------------------------------------- */

static void on_notice(void *arg, const char *text)
{
	struct pg_link *k = arg;

	if (!k->call)
		return;
	str_clear(&k->call->notice);
	shown_safely(
		&k->call->notice, text, strcspn(text, "\n"), NOTICE_BYTES, UTF8_ONE_LINE);
}

static void connect_wait(struct pg_link *k, PostgresPollingStatusType want)
{
	k->watch = loop_watch(k->pg->loop, PQsocket(k->conn),
		want == PGRES_POLLING_READING ? LOOP_READ : LOOP_WRITE, on_event, k);
}

static void connect_next(struct pg_link *k);

/* Not reached there: the next address may be. What a server said holds for all of them. */
static void try_another(struct pg_link *k, const char *words)
{
	tries_failed(&k->tries, words);
	loop_unwatch(k->pg->loop, k->watch);
	k->watch = NULL;
	PQfinish(k->conn);
	k->conn = NULL;
	connect_next(k);
}

static void connect_failed(struct pg_link *k)
{
	struct err e = ERR_INIT;
	char words[120];
	bool reached = pg_connect_error(
		&e, k->conn, k->call->fields[PG_HOST], words, sizeof(words));

	loop_timer_cancel(k->pg->loop, k->slow);
	k->slow = NULL;
	if (!reached && tries_left(&k->tries)) {
		try_another(k, words);
		return;
	}
	if (!reached)
		tries_explain(&k->tries, &e);
	k->call->reply.err = e;
	link_fail(k);
}

static void on_slow(struct loop *l, void *arg)
{
	struct pg_link *k = arg;

	(void)l;
	k->slow = NULL;
	try_another(k, "no answer");
}

/* The socket may be another one after each step (TLS refused, next try), under the same number even: watch it anew. */
static void connect_step(struct pg_link *k)
{
	PostgresPollingStatusType want;
	struct pg_call *c = k->call;

	loop_unwatch(k->pg->loop, k->watch);
	k->watch = NULL;
	want = PQconnectPoll(k->conn);
	switch (want) {
	case PGRES_POLLING_READING:
	case PGRES_POLLING_WRITING:
		connect_wait(k, want);
		return;
	case PGRES_POLLING_OK:
		loop_timer_cancel(k->pg->loop, k->slow);
		k->slow = NULL;
		PQsetnonblocking(k->conn, 1);
		PQsetErrorVerbosity(k->conn, PQERRORS_DEFAULT);
		connect_wait(k, PGRES_POLLING_READING);
		pg_link_serve(k, c);
		return;
	case PGRES_POLLING_FAILED:
	case PGRES_POLLING_ACTIVE: /* not used any more, says libpq-fe.h */
		connect_failed(k);
		return;
	}
}

static void connect_start(struct pg_link *k, const char *address)
{
	char *const *f = k->call->fields;
	bool socket = f[PG_HOST][0] == '/';
	const char *const names[] = {"host", "hostaddr", "port", "dbname", "user",
		"password", "sslmode", "sslrootcert", "sslcert", "sslkey",
		"application_name", "client_encoding", "gssencmode", "passfile",
		"keepalives_idle", "keepalives_interval", "keepalives_count",
		"tcp_user_timeout", NULL};
	/* passfile: a password comes from the configuration or not at all. The path does not exist. */
	const char *const values[] = {f[PG_HOST], socket ? NULL : address, f[PG_PORT],
		f[PG_DBNAME], f[PG_USER], f[PG_PASSWORD], f[PG_SSLMODE],
		f[PG_SSLROOTCERT], f[PG_SSLCERT], f[PG_SSLKEY], f[PG_APPLICATION], "UTF8",
		"disable", "/dev/null/none", "30", "10", "3", "10000", NULL};

	link_to(k, PG_CONN_CONNECT);
	k->conn = PQconnectStartParams(names, values, 0);
	if (!k->conn || PQstatus(k->conn) == CONNECTION_BAD) {
		connect_failed(k);
		return;
	}
	/* The only way to a SQLSTATE here. */
	PQsetErrorVerbosity(k->conn, PQERRORS_VERBOSE);
	PQsetNoticeProcessor(k->conn, on_notice, k);
	connect_wait(k, PGRES_POLLING_WRITING);
}

/* The last address has all the time that the call has. */
static void connect_next(struct pg_link *k)
{
	int64_t within_ms = 0;
	const char *address = tries_next(&k->tries, &within_ms);

	if (tries_left(&k->tries))
		k->slow = loop_timer(k->pg->loop, within_ms, on_slow, k);
	connect_start(k, address);
}

static void on_address(void *arg, const struct resolved *to, const struct err *e)
{
	struct pg_link *k = arg;

	k->resolving = NULL;
	if (to) {
		tries_begin(&k->tries, to, k->call->until);
		connect_next(k);
		return;
	}
	k->call->reply.err = *e;
	link_fail(k);
}

struct pg_link *pg_link_open(struct pg *p, struct pg_call *c)
{
	struct pg_link *k = xcalloc(1, sizeof(*k));

	k->pg = p;
	k->key = xstrdup(c->key);
	k->call = c;
	c->link = k;
	k->next = p->links;
	p->links = k;
	link_to(k, PG_CONN_RESOLVE);
	k->resolving =
		resolve(p->resolver, c->fields[PG_HOST], c->timeout_ms, on_address, k);
	return k;
}

/* ---- serving a call ------------------------------------------------------------------------------ */

/* Sends what is buffered and sets what to wait for. False: lost, k is gone. */
static bool link_wait(struct pg_link *k)
{
	int left = PQflush(k->conn);

	if (left < 0) {
		link_fail(k);
		return false;
	}
	loop_watch_events(k->pg->loop, k->watch, LOOP_READ | (left ? LOOP_WRITE : 0U));
	return true;
}

void pg_link_serve(struct pg_link *k, struct pg_call *c)
{
	char text[400];
	int64_t left = c->until - clock_mono_ms(),
		limit = left > 10 ? left - left / 10 : 1;
	int64_t lock = limit >= 3 ? limit / 3 : 1;

	loop_timer_cancel(k->pg->loop, k->idle);
	k->idle = NULL;
	k->call = c;
	c->link = k;
	link_to(k, PG_CONN_BEGIN);
	/* The server's limits end a little before ours, so that it is the one that says so. */
	str_format(text, sizeof(text),
		"BEGIN %s; SET LOCAL statement_timeout=%lld; SET LOCAL "
		"lock_timeout=%lld; "
		"SET LOCAL idle_in_transaction_session_timeout=%lld%s",
		c->mode == PG_READ ? "READ ONLY" : "READ WRITE", (long long)limit,
		(long long)lock, (long long)c->timeout_ms,
		/* Else a statement runs on after we have closed the connection. */
		PQserverVersion(k->conn) >= 140000
			? "; SET LOCAL client_connection_check_interval=1000"
			: "");
	if (!PQsendQuery(k->conn, text))
		link_fail(k);
	else
		link_wait(k);
}

static bool send_statement(struct pg_link *k)
{
	struct pg_call *c = k->call;

	if (PQtransactionStatus(k->conn) != PQTRANS_INTRANS ||
		!PQsendQueryParams(k->conn, c->sql, c->count, NULL,
			(const char *const *)c->values, NULL, NULL, 0) ||
		!PQsetSingleRowMode(k->conn)) {
		link_fail(k);
		return false;
	}
	c->reply.sent = true;
	link_to(k, PG_CONN_STATEMENT);
	return true;
}

/* A preview is judged by the same limits: it would fail when it is run. */
static void check_count(struct pg_call *c)
{
	long n = c->reply.affected < 0 ? 0 : c->reply.affected;

	if (c->refused || c->mode == PG_READ)
		return;
	if (c->max_affected >= 0 && n > c->max_affected) {
		c->refused = true;
		err_set(&c->reply.err, ERR_LIMIT,
			"the statement would change %ld rows, at most %ld are allowed: "
			"rolled back",
			n, c->max_affected);
	} else if (n < c->min_affected) {
		c->refused = true;
		err_set(&c->reply.err, ERR_LIMIT,
			"the statement would change %ld rows, at least %ld are wanted: "
			"rolled back",
			n, c->min_affected);
	}
}

static bool send_end(struct pg_link *k)
{
	struct pg_call *c = k->call;
	PGTransactionStatusType status = PQtransactionStatus(k->conn);

	if (status != PQTRANS_INTRANS && status != PQTRANS_INERROR) {
		if (status == PQTRANS_IDLE)
			err_set(&c->reply.err, ERR_CONFIG,
				"the statement ended its transaction itself: COMMIT and "
				"ROLLBACK are ours");
		link_fail(k);
		return false;
	}
	check_count(c);
	link_to(k, PG_CONN_END);
	if (!PQsendQuery(k->conn,
		    c->mode == PG_WRITE && !c->refused ? "COMMIT" : "ROLLBACK")) {
		link_fail(k);
		return false;
	}
	return true;
}

/* All results of one step were read. False: k is gone or idle. */
static bool next_step(struct pg_link *k)
{
	switch (k->state) {
	case PG_CONN_BEGIN:
		if (k->call->reply.err.code == ERR_NONE)
			return send_statement(k) && link_wait(k);
		link_fail(k);
		return false;
	case PG_CONN_STATEMENT:
		return send_end(k) && link_wait(k);
	case PG_CONN_END:
		if (PQtransactionStatus(k->conn) == PQTRANS_IDLE)
			link_release(k);
		else
			link_fail(k);
		return false;
	case PG_CONN_RESOLVE:
	case PG_CONN_CONNECT:
	case PG_CONN_IDLE:
		break;
	}
	return false;
}

/* Reads what has come. */
static void serve(struct pg_link *k)
{
	while (!PQisBusy(k->conn)) {
		PGresult *res = PQgetResult(k->conn);
		enum pg_verdict verdict;

		if (!res) {
			if (!next_step(k))
				return;
			continue;
		}
		verdict = pg_result_take(k->call, k->state, res, k->conn);
		PQclear(res);
		if (verdict == PG_DROP) {
			link_fail(k);
			return;
		}
	}
	link_wait(k);
}

static void on_event(struct loop *l, int fd, unsigned events, void *arg)
{
	struct pg_link *k = arg;

	(void)l;
	(void)fd;
	if (k->state == PG_CONN_CONNECT) {
		connect_step(k);
		return;
	}
	bool lost = (events & (LOOP_READ | LOOP_ERROR)) && !PQconsumeInput(k->conn);
	if (!lost && k->state != PG_CONN_IDLE)
		serve(k);
	else if (lost || PQisBusy(k->conn) || PQstatus(k->conn) != CONNECTION_OK)
		link_fail(k);
}
