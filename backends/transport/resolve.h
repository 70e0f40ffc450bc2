#ifndef TRANSPORT_RESOLVE_H
#define TRANSPORT_RESOLVE_H

#include "backends/base/loop.h"

/*
 * Host names without blocking the loop: getaddrinfo runs in a thread of its own per look-up (the one use of threads),
 * its answer comes through a pipe. Addresses and absolute paths answer at once (by a deferred call). Answers are kept 60 s.
 * A look-up that never returns costs its thread, not the loop; at most 16 run, more fail with ERR_LIMIT.
 */
#define RESOLVED_MAX 8

struct resolved {
	size_t n; /* of a host with more addresses, the first RESOLVED_MAX */
	/* Numeric, with %scope, in the order in which they are to be tried; or the path. */
	char address[RESOLVED_MAX][128];
};

struct resolver;
struct resolver *resolver_new(struct loop *l);
void resolver_free(struct resolver *r);
/* An answer that is known already, kept like one that was looked up. */
void resolver_keep(struct resolver *r, const char *host, const struct resolved *to);

struct resolve_call;
/* `to` NULL: failed. */
typedef void resolve_fn(void *arg, const struct resolved *to, const struct err *e);
struct resolve_call *resolve(struct resolver *r, const char *host, int64_t timeout_ms,
	resolve_fn *fn, void *arg);
void resolve_cancel(struct resolver *r, struct resolve_call *c);

#endif
