#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "backends/store/store_private.h"

/*
 * The audit: rows that are only ever added, each with the hash of the one before:
 *   hash = sha256(prev || canonical JSON of {at, body, event, host, job, seq, who})
 * in lower-case hex; prev of the first row is "". A changed, removed or inserted row breaks the chain at a known
 * place; rows missing at the end can only be found by comparing the head with one noted elsewhere.
 */
struct audit_check {
	long long rows;    /* that are as they were written */
	long long bad_seq; /* 0: the chain is whole */
	char problem[160];
	char head[65]; /* hash of the last good row */
};

/* False only when the table cannot be read. */
bool audit_verify(struct db *d, struct audit_check *out, struct err *e) MUST_USE;

#endif
