/* What one PGresult means for its call: rows, counts, failures, and the one answer that proves a COMMIT. */
#include "backends/transport/pg_private.h"

#include <libpq-fe.h>
#include <string.h>

#include "backends/base/budget.h"
#include "backends/base/mem.h"

static bool check_columns(struct pg_call *c, const PGresult *res)
{
	int n = PQnfields(res);

	for (int i = 1; i < n; i++)
		for (int j = 0; j < i; j++)
			if (!strcmp(PQfname(res, i), PQfname(res, j)))
				return err_set(&c->reply.err, ERR_CONFIG,
					"two columns of the statement are called \"%s\": "
					"rename one with AS",
					PQfname(res, i));
	return true;
}

static bool row_count_bytes(struct pg_call *c, const PGresult *res, int row)
{
	for (int i = 0; i < PQnfields(res); i++) {
		c->bytes += (size_t)PQgetlength(res, row, i);
		if (c->bytes > c->max_bytes)
			return err_set(&c->reply.err, ERR_LIMIT,
				"the answer of PostgreSQL on %s is larger than %zu bytes",
				c->fields[PG_HOST], c->max_bytes);
	}
	return true;
}

static json_t *row_of(struct pg_call *c, const PGresult *res, int row)
{
	json_t *o = json_object();

	for (int i = 0; i < PQnfields(res); i++) {
		const char *text = PQgetvalue(res, row, i);
		json_t *v = PQgetisnull(res, row, i)
				    ? json_null()
				    : pg_value(PQftype(res, i), text,
					      (size_t)PQgetlength(res, row, i),
					      &c->reply.repaired);

		json_object_set_new(o, PQfname(res, i), v);
	}
	return o;
}

static void take_count(struct pg_call *c, PGresult *res)
{
	long long n;

	if (str_to_int(PQcmdTuples(res), &n)) /* "" for a single row */
		c->reply.affected = (long)n;
}

/* Are the trees of the process full? Rows come with no end in sight, so what is there already is all that is known. */
static bool check_room(struct pg_call *c)
{
	if (budget_tree_fits(0))
		return true;
	return err_set(&c->reply.err, ERR_LIMIT,
		"no memory for more rows of PostgreSQL on %s: ask for less at once "
		"(max_rows, fewer columns)",
		c->fields[PG_HOST]);
}

/* PG_DROP also when more rows are on their way than anybody wants. */
static enum pg_verdict take_rows(struct pg_call *c, PGresult *res)
{
	json_t *rows = c->reply.rows;

	for (int row = 0; row < PQntuples(res); row++) {
		if (json_array_size(rows) == 0 && !check_columns(c, res))
			return PG_DROP;
		if (c->mode == PG_READ && !check_room(c))
			return PG_DROP;
		if (json_array_size(rows) >= c->max_rows || !budget_tree_fits(0)) {
			c->reply.truncated = true;
			if (c->mode == PG_READ)
				return PG_DROP;
			continue; /* a change runs to its end */
		}
		if (!row_count_bytes(c, res, row))
			return PG_DROP;
		json_array_append_new(rows, row_of(c, res, row));
	}
	take_count(c, res);
	return PG_GOES_ON;
}

static bool is_fatal(const PGresult *res)
{
	const char *severity = PQresultErrorField(res, PG_DIAG_SEVERITY_NONLOCALIZED);

	return !severity || strcmp(severity, "ERROR") != 0;
}

/* Did COMMIT fail for certain? A session that was ended meanwhile may have committed before. */
static enum pg_verdict take_end_error(
	struct pg_call *c, const PGresult *res, const PGconn *conn)
{
	const char *state = PQresultErrorField(res, PG_DIAG_SQLSTATE);

	if (is_fatal(res) || !state || str_equal(state, "40003"))
		return PG_DROP; /* link_fail says UNKNOWN */
	if (c->reply.err.code == ERR_NONE)
		pg_result_error(&c->reply.err, res, conn, c->fields[PG_HOST]);
	return PG_GOES_ON;
}

static enum pg_verdict take_error(
	struct pg_call *c, enum pg_state state, const PGresult *res, const PGconn *conn)
{
	if (state == PG_CONN_END)
		return take_end_error(c, res, conn);
	if (state == PG_CONN_BEGIN && is_fatal(res))
		return PG_DROP; /* a kept session that has been ended */
	if (c->reply.err.code == ERR_NONE)
		pg_result_error(&c->reply.err, res, conn, c->fields[PG_HOST]);
	json_array_clear(c->reply.rows); /* rows before an error are no answer */
	c->refused = true;
	return PG_GOES_ON;
}

static void take_end(struct pg_call *c, PGresult *res)
{
	/* COMMIT of a failed transaction succeeds, with the tag ROLLBACK. */
	c->reply.committed = !strcmp(PQcmdStatus(res), "COMMIT");
	if (c->mode == PG_WRITE && !c->refused && !c->reply.committed)
		err_set(&c->reply.err, ERR_REMOTE,
			"PostgreSQL on %s rolled the change back", c->fields[PG_HOST]);
}

static enum pg_verdict refuse(struct pg_call *c, const char *words)
{
	err_set(&c->reply.err, ERR_CONFIG, "%s", words);
	return PG_DROP;
}

/* AND CHAIN leaves a new transaction behind, which looks as if it were ours. */
static bool ends_transaction(PGresult *res)
{
	const char *tag = PQcmdStatus(res);

	return str_equal(tag, "COMMIT") || str_equal(tag, "ROLLBACK");
}

static enum pg_verdict take_done(struct pg_call *c, enum pg_state state, PGresult *res)
{
	if (state == PG_CONN_END)
		take_end(c, res);
	else if (state == PG_CONN_STATEMENT && ends_transaction(res))
		return refuse(c, "the statement ended its transaction itself: COMMIT and "
				 "ROLLBACK are ours");
	else if (state == PG_CONN_STATEMENT)
		take_count(c, res);
	return PG_GOES_ON;
}

enum pg_verdict pg_result_take(
	struct pg_call *c, enum pg_state state, PGresult *res, const PGconn *conn)
{
	switch (PQresultStatus(res)) {
	case PGRES_SINGLE_TUPLE:
	case PGRES_TUPLES_OK:
		return take_rows(c, res);
	case PGRES_COMMAND_OK:
		return take_done(c, state, res);
	case PGRES_FATAL_ERROR:
	case PGRES_BAD_RESPONSE:
	case PGRES_NONFATAL_ERROR:
		return take_error(c, state, res, conn);
	case PGRES_EMPTY_QUERY:
		return refuse(c, "an empty SQL statement");
	case PGRES_COPY_IN:
	case PGRES_COPY_OUT:
	case PGRES_COPY_BOTH:
		return refuse(c,
			"COPY to or from the client is not possible here: use a query");
	case PGRES_PIPELINE_SYNC:
	case PGRES_PIPELINE_ABORTED:
		break; /* no pipelines here */
	}
	return PG_DROP;
}
