#ifndef STORE_AUDIT_H
#define STORE_AUDIT_H

#include "backends/store/store_private.h"

/*
 * The audit: rows that are only ever added, each with the hash of the one before. The hash is over the bytes as they are
 * stored, so that nothing can be added to them that a reader would not see:
 *   hash = sha256 of "watchdesk audit 2\n" and, for seq, at, who, host, event, job, body, prev in this order,
 *          the letter of how it is stored (i or t), its length in bytes, ":", its bytes (integers in decimal), "\n"
 * in lower-case hex; prev of the first row is "". Rows of the first rule, which stand before all others in older stores,
 *   hash = sha256(prev || canonical JSON of {at, body, event, host, job, seq, who})
 * count only when they are stored exactly as that rule's writer stored them. A changed, removed or inserted row breaks the
 * chain at a known place; rows missing at the end can only be found by comparing the head with one noted elsewhere.
 */

/* As it is kept in sqlite_master: another table, or a view of that name, is not the audit. */
#define AUDIT_TABLE                                                                     \
	"CREATE TABLE audit("                                                           \
	" seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, who TEXT NOT NULL, host TEXT "  \
	"NOT NULL, event TEXT NOT NULL,"                                                \
	" job INTEGER NOT NULL, body TEXT NOT NULL, prev TEXT NOT NULL, hash TEXT NOT " \
	"NULL)"

struct audit_check {
	long long rows;    /* that are as they were written */
	long long bad_seq; /* of the first that is not */
	char problem[160]; /* "": the chain is whole */
	char head[65];     /* hash of the last good row */
	bool second; /* a row of the second rule was seen: none of the first may follow */
};

/* Walks every row that there is. False only when the table cannot be read. */
bool audit_verify(struct db *d, struct audit_check *out, struct err *e) MUST_USE;
/* The hash of a row by the second rule. */
struct audit_row {
	long long seq, at, job;
	const char *who, *host, *event, *body, *prev;
};
void audit_hash(const struct audit_row *r, char hex[65]);

#endif
