/* Words and parameters: what libpq says as errors of ours, and JSON as bound values. */
#include "backends/transport/pg_private.h"

#include <arpa/inet.h>
#include <libpq-fe.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/shown.h"

bool pg_local(const char *host)
{
	struct in_addr v4;

	if (inet_pton(AF_INET, host, &v4) == 1)
		return ntohl(v4.s_addr) >> 24 == 127;
	return host[0] == '/' || str_equal(host, "localhost") || str_equal(host, "::1");
}

static enum err_code code_of_state(const char *state)
{
	if (str_starts(state, "28") || str_equal(state, "42501"))
		return ERR_AUTH;
	if (str_equal(state,
		    "57014")) /* query_canceled: our statement_timeout, or an administrator */
		return ERR_TIMEOUT;
	return str_starts(state, "57P") ? ERR_NET : ERR_REMOTE; /* shut down or crashed */
}

/* Finds "  28P01: " that PQERRORS_VERBOSE puts behind the (translated) severity. */
static bool find_state(const char *text, char state[6], const char **words)
{
	for (const char *s = strstr(text, ":  "); s; s = strstr(s + 1, ":  ")) {
		const char *code = s + 3;

		if (strspn(code, "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ") != 5 ||
			code[5] != ':')
			continue;
		memcpy(state, code, 5);
		state[5] = '\0';
		*words = code + 6 + strspn(code + 6, " ");
		return true;
	}
	return false;
}

bool pg_connect_error(
	struct err *e, const PGconn *conn, const char *host, char *words, size_t size)
{
	const char *text = conn ? PQerrorMessage(conn) : "out of memory", *said = text,
		   *last;
	char state[6] = "", line[300];
	struct str safe = STR_INIT;

	find_state(text, state, &said);
	shown_safely(&safe, said, strcspn(said, "\n"), sizeof(line) - 1, UTF8_ONE_LINE);
	str_copy(line, sizeof(line), safe.buf);
	str_release(&safe);
	last = strrchr(line, ':');
	str_copy(words, size, last && last[1] == ' ' ? last + 2 : line);
	if (!*state)
		err_set(e, ERR_NET, "cannot connect to PostgreSQL on %s: %s", host, line);
	else if (str_equal(state, "57P03") || str_starts(state, "53"))
		err_set(e, ERR_NET, "PostgreSQL on %s takes no connection now: %s (%s)",
			host, line, state);
	else
		err_set(e, str_starts(state, "28") ? ERR_AUTH : ERR_REMOTE,
			"PostgreSQL on %s refused the connection: %s (%s)", host, line,
			state);
	return *state != '\0';
}

void pg_lost_error(struct err *e, const PGconn *conn, const char *host)
{
	const char *text = conn ? PQerrorMessage(conn) : "";

	err_set(e, ERR_NET, "lost the connection to PostgreSQL on %s: %.*s", host,
		(int)strcspn(text, "\n"), text);
}

static const char *field(const PGresult *res, int code)
{
	const char *text = PQresultErrorField(res, code);

	return text ? text : "";
}

void pg_result_error(
	struct err *e, const PGresult *res, const PGconn *conn, const char *host)
{
	const char *state = field(res, PG_DIAG_SQLSTATE),
		   *hint = field(res, PG_DIAG_MESSAGE_HINT),
		   *detail = field(res, PG_DIAG_MESSAGE_DETAIL);

	if (!*state || str_starts(state, "08") || PQstatus(conn) != CONNECTION_OK) {
		pg_lost_error(e, conn, host);
		return;
	}
	err_set(e, code_of_state(state), "%s: %s%s%s%s%s (SQLSTATE %s)", host,
		field(res, PG_DIAG_MESSAGE_PRIMARY), *detail ? "; " : "", detail,
		*hint ? "; hint: " : "", hint, state);
}

static char *param_text(const json_t *v)
{
	struct str text = STR_INIT;

	if (json_is_null(v))
		return NULL;
	json_scalar_to(&text, v);
	return str_take(&text);
}

bool pg_params(const json_t *params, char ***values, int *count, struct err *e)
{
	size_t n = json_array_size(params);

	*values = NULL;
	*count = 0;
	if (params && !json_is_array(params) && !json_is_null(params))
		return err_set(
			e, ERR_CONFIG, "the parameters of a statement have to be a list");
	if (n > 1000)
		return err_set(e, ERR_LIMIT, "a statement takes at most 1000 parameters");
	*values = xcalloc(n + 1, sizeof(**values));
	for (size_t i = 0; i < n; i++) {
		const json_t *v = json_array_get(params, i);

		if (json_is_string(v) &&
			strlen(json_string_value(v)) != json_string_length(v)) {
			pg_params_free(*values, (int)i);
			*values = NULL;
			return err_set(e, ERR_PARSE,
				"parameter $%zu holds a NUL character", i + 1);
		}
		(*values)[i] = param_text(v);
	}
	*count = (int)n;
	return true;
}

void pg_params_free(char **values, int count)
{
	for (int i = 0; values && i < count; i++) {
		if (values[i])
			explicit_bzero(values[i], strlen(values[i]));
		free(values[i]);
	}
	free(values);
}
