#ifndef TRANSPORT_PG_PRIVATE_H
#define TRANSPORT_PG_PRIVATE_H

#include "backends/transport/pg.h"
#include "backends/transport/tries.h"

/*
 * Shared by pg.c (calls, pool), pg_conn.c (one connection's way through libpq), pg_result.c (its results), pg_text.c
 * (words of errors, parameters) and pg_rows.c (values, without libpq).
 *
 * A call has at most one connection, a connection at most one call. A connection without a call is idle.
 */

struct pg_conn;   /* libpq's PGconn */
struct pg_result; /* and PGresult */

enum pg_state {
	PG_CONN_RESOLVE,
	PG_CONN_CONNECT,
	PG_CONN_IDLE,
	PG_CONN_BEGIN,
	PG_CONN_STATEMENT,
	PG_CONN_END, /* COMMIT or ROLLBACK was sent */
};

enum pg_field {
	PG_HOST,
	PG_PORT,
	PG_DBNAME,
	PG_USER,
	PG_PASSWORD,
	PG_SSLMODE,
	PG_SSLROOTCERT,
	PG_SSLCERT,
	PG_SSLKEY,
	PG_APPLICATION,
	PG_FIELD_COUNT
};

struct pg_call {
	struct pg *pg;
	struct pg_call *next;
	struct pg_link *link; /* NULL: waits for one */
	struct loop_timer *deadline;
	struct loop_timer *deferred; /* an answer that is known */
	pg_fn *fn;
	void *arg;
	char *key;                    /* of the target, see pg_key; wiped */
	char *fields[PG_FIELD_COUNT]; /* the target's, copied, by enum pg_field; wiped */
	char *sql;
	char **values; /* of $1..., as text */
	int count;
	enum pg_mode mode;
	int64_t timeout_ms, until; /* until: monotonic ms */
	size_t max_rows, max_bytes, bytes;
	long max_affected, min_affected;
	bool refused; /* the statement failed or passed a limit: roll back */
	bool retried; /* on a fresh connection, because a kept one had died before the statement */
	bool in_fn;
	struct str notice;
	struct pg_reply reply;
};

struct pg_link {
	struct pg *pg;
	struct pg_link *next;
	struct pg_conn *conn;
	enum pg_state state;
	char *key;
	struct pg_call *call;
	struct resolve_call *resolving;
	struct tries tries;
	struct loop_timer *slow; /* the address in hand has had its time */
	struct loop_watch *watch;
	struct loop_timer *idle; /* ends it after a while */
	bool used;               /* has served a call before */
};

struct pg {
	struct loop *loop;
	struct resolver *resolver;
	struct pg_link *links;
	struct pg_call *calls; /* all, oldest first */
	struct loop_timer *pumping;
};

/* ---- pg.c ---- */

/* Frees its link for others or drops it, then answers; c is gone. */
void pg_call_finish(struct pg_call *c);
/* Soon: gives waiting calls a link. */
void pg_pump(struct pg *p);

/* ---- pg_conn.c ---- */

/* Resolves and connects, then serves c. */
struct pg_link *pg_link_open(struct pg *p, struct pg_call *c);
/* For an idle one. */
void pg_link_serve(struct pg_link *k, struct pg_call *c);
/* Closes and frees; its call, if any, is left without a link. */
void pg_link_drop(struct pg_link *k);

/* ---- pg_result.c ---- */

/* PG_DROP: the connection cannot be used any more. */
enum pg_verdict { PG_GOES_ON, PG_DROP };
enum pg_verdict pg_result_take(struct pg_call *c, enum pg_state state,
	struct pg_result *res, const struct pg_conn *conn);

/* ---- pg_text.c ---- */

bool pg_local(const char *host); /* a socket's folder or a loopback address */
/* Why there is no connection, and in `words` the same in a few. True: a server was reached and said so. */
bool pg_connect_error(struct err *e, const struct pg_conn *conn, const char *host,
	char *words, size_t size);
void pg_lost_error(struct err *e, const struct pg_conn *conn, const char *host);
void pg_result_error(struct err *e, const struct pg_result *res,
	const struct pg_conn *conn, const char *host);
/* Values of $1... in text form, malloc'ed; free with pg_params_free. */
bool pg_params(const json_t *params, char ***values, int *count, struct err *e) MUST_USE;
void pg_params_free(char **values, int count);

/* ---- pg_rows.c ---- */

/* A value in PostgreSQL's text format as JSON, by the type's OID. New reference, never NULL.
 * *repaired grows when it was no UTF-8, or by the values of a document that json_read_reply repaired. */
json_t *pg_value(unsigned oid, const char *text, size_t len, size_t *repaired);

#endif
