#ifndef TRIAGE_SIGNATURE_H
#define TRIAGE_SIGNATURE_H

#include "backends/base/str.h"

/*
 * Why a run failed, read from the text of its log. The log is untrusted: what comes out
 * is safe text of bounded length.
 */
enum { SIGNATURE_CAUSE_MAX = 200 };

/*
 * Finds the line that says most: the innermost "Caused by", else the first exception (the
 * last line of a traceback, a database error), else the first line logged as an error,
 * else one that at least sounds like a failure. `cause` gets its message without time
 * stamp and level, `signature` the shape of it (below), `line` (may be NULL) its number
 * from 1. The strings are replaced. False: the log names no error; nothing is set.
 */
bool signature_find(const char *log, size_t len, struct str *cause, struct str *signature,
	long *line) MUST_USE;

/* Does this one line say by itself that something went wrong: logged as an error, or an exception with its message. For
 * colours and for going from error to error; "failed" in the middle of a sentence is not enough. */
bool signature_line_bad(const char *line, size_t len) MUST_USE;

/*
 * The shape of a message: times become "<time>", numbers "<n>", hexadecimal and other ids
 * "<id>", paths and URLs
 * "<path>". Words and what stands in quotes stay: relation "stg.orders" is what two
 * failures have in common. `text` is clean.
 */
void signature_of(struct str *out, const char *text);

#endif
