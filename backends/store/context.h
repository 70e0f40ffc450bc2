#ifndef STORE_CONTEXT_H
#define STORE_CONTEXT_H

#include "backends/store/store_private.h"

/*
 * What triage must know of a record beyond itself (the context of struct store_triage): see backends/triage/attention.h
 * for the names. New reference, NULL with e.
 */
json_t *context_of(
	struct store *s, const struct record *r, long long group, struct err *e) MUST_USE;

/* When the next step of age or of its limit passes; 0: never. Always after now. */
usec_t context_next(const struct record *r, usec_t now);

#endif
