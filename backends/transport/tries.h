#ifndef TRANSPORT_TRIES_H
#define TRANSPORT_TRIES_H

#include "backends/transport/resolve.h"

/*
 * The addresses of a host, one after the other until one takes the connection: the first of them may be one of a
 * network that this machine does not reach, or of a server that is down.
 *
 *   tries_begin    when the name is resolved
 *   tries_next     an address, and how long it may take: the time left, shared among those left; NULL: there is none
 *   tries_failed   what came of it
 */
struct tries {
	struct resolved to;
	size_t next;
	int64_t until;  /* monotonic ms */
	char said[300]; /* what came of those before: "ADDRESS: words; ADDRESS: words" */
};

void tries_begin(struct tries *t, const struct resolved *to, int64_t until);
const char *tries_next(struct tries *t, int64_t *within_ms);
/* Of the address that tries_next gave last. */
void tries_failed(struct tries *t, const char *words);
/* Is there another one? */
bool tries_left(const struct tries *t);
/* Appends to a message of the address in hand what came of the others, if there were some. */
void tries_explain(const struct tries *t, struct err *e);

#endif
