#ifndef TRANSPORT_PG_H
#define TRANSPORT_PG_H

#include "backends/base/json.h"
#include "backends/base/loop.h"

/*
 * PostgreSQL as a source, over non-blocking libpq. Names are resolved outside the loop (hostaddr is passed with host)
 * and their addresses tried in turn (tries.h); every step has our own deadline; PG* variables are not honoured;
 * connections are pooled per target and dropped after 60 s of idleness.
 * Statements are single, parameters always bound ($1...). Transactions are read-only unless the mode says otherwise.
 */
struct pg;

struct pg_target {
	const char *host; /* name, address, or absolute folder of a unix socket */
	const char *port; /* NULL: 5432 */
	const char *dbname, *user, *password; /* password may be NULL */
	/* NULL: "verify-full", but "disable" for sockets and loopback addresses. */
	const char *sslmode;
	const char *sslrootcert; /* NULL: the system's default file of libpq */
	const char *sslcert,
		*sslkey; /* files of a certificate that shows who we are; NULL: those of libpq */
	const char *application; /* application_name, e.g. "watchdesk/oncall" */
};

enum pg_mode {
	PG_READ, /* BEGIN READ ONLY; statement; ROLLBACK */
	PG_WRITE, /* BEGIN; statement; COMMIT, or ROLLBACK when it touches too many or too few rows */
	PG_PREVIEW, /* the same in a transaction that is always rolled back */
};

struct pg_query {
	const char *sql;
	/* Array of strings, numbers, booleans, null; objects and arrays are sent as JSON text. May be NULL. */
	const json_t *params;
	enum pg_mode mode;
	int64_t timeout_ms; /* 0: 30 000; also statement_timeout; lock_timeout is a third of it */
	size_t max_rows;  /* PG_READ: more are not read, `truncated` is set. 0: 100 000 */
	size_t max_bytes; /* of all values, 0: 16 MiB: ERR_LIMIT */
	/* PG_WRITE, PG_PREVIEW: a statement that touches more or fewer rows fails and is
	 * rolled back. max_affected < 0: no limit, min_affected 0: none. */
	long max_affected, min_affected;
};

struct pg_reply {
	/*
	 * An array of objects by column name; borrowed, incref to keep. int2/4/8, float and numeric are numbers (a numeric
	 * that is no exact int64 or short decimal stays a string), bool is a boolean, json and jsonb are parsed, the rest
	 * are strings.
	 */
	json_t *rows;
	long affected;   /* command's row count, -1 when none */
	size_t repaired; /* values that were no UTF-8 or no JSON: json_read_reply */
	bool truncated;
	/* The last NOTICE or WARNING, e.g. that a REVOKE found nothing; "" when none. */
	const char *notice;
	bool sent;      /* did the statement leave us? */
	bool committed; /* PG_WRITE: COMMIT was confirmed */
	/* ERR_UNKNOWN when the connection was lost after COMMIT was sent; SQL errors ERR_REMOTE with SQLSTATE, message and
	 * hint; 28xxx and 42501 ERR_AUTH. */
	struct err err;
};
typedef void pg_fn(void *arg, const struct pg_reply *reply);
struct pg_call;

struct pg *pg_new(struct loop *l);
void pg_free(struct pg *p);
/* Everything is copied. fn once, later. */
struct pg_call *pg_send(struct pg *p, const struct pg_target *to,
	const struct pg_query *q, pg_fn *fn, void *arg);
/* No callback after this; the server is told by closing the connection. NULL is fine. */
void pg_cancel(struct pg *p, struct pg_call *c);

#endif
