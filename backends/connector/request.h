#ifndef CONNECTOR_REQUEST_H
#define CONNECTOR_REQUEST_H

#include "backends/connector/source_private.h"

/* A request with every template filled in: what is sent, or shown by a preview. */
struct rendered {
	enum def_transport transport;
	const char *method;
	struct str url, body, sql, host;
	/* Of a json or form body, unless the headers name one; or NULL. */
	const char *content_type;
	json_t *headers;       /* object of texts */
	json_t *params, *vars; /* sql, ssh; or NULL */
};

/* `scope` holds the secrets (or their masks). `sorted`: the query in order of its names, as signatures want it. */
bool request_render(const struct source *s, const struct exchange_spec *spec,
	json_t *scope, bool sorted, struct rendered *out, struct err *e) MUST_USE;
void rendered_release(struct rendered *r); /* wipes */
/* One line for people: "POST https://... headers {...} {...}", the statement with its values, or host and script; without
 * what authenticates, which is added when it is sent. By shown_exactly: two requests never have the same line. */
void request_describe(const struct rendered *r, struct str *out);

/* The reply's bytes as JSON, as the request's `reply:` and `columns:` say. Empty gives json_null. New reference, NULL
 * with e. *repaired grows by the values that could not stay as they were sent (json_read_reply; text that is no UTF-8). */
json_t *reply_read(const struct def_request *rq, const char *bytes, size_t len,
	size_t *repaired, struct err *e) MUST_USE;
/* The wait that a 429's header tells (rate_limit: of the connector), 1 s .. 5 min as with Retry-After; 0: it tells none. */
int64_t reply_reset_ms(const struct connector *c, const char *header);

#endif
