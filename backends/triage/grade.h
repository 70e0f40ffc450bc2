#ifndef TRIAGE_GRADE_H
#define TRIAGE_GRADE_H

#include <stdbool.h>
#include <stddef.h>

/*
 * How much one line of a log says about why something failed. Private to backends/triage.
 */
enum grade {
	GRADE_NONE,
	GRADE_WEAK,      /* "exited with return code 1": a failure, but no reason */
	GRADE_FAILED,    /* "failed", "No such file": sounds like a reason */
	GRADE_WRAP,      /* an exception that only says that a command or task failed */
	GRADE_LEVEL,     /* logged as ERROR, CRITICAL, FATAL */
	GRADE_EXCEPTION, /* an exception or database error with its message */
	GRADE_ROOT,      /* "Caused by:" */
};

/* A piece of the log; not terminated. */
struct span {
	const char *at;
	size_t len;
};

struct span span_from(struct span s, size_t skip);
struct span span_trim(struct span s);
bool span_has(struct span s, const char *word); /* ASCII case is ignored */
bool span_starts(struct span s, const char *word);

/* Takes away what stands before the message: time stamps, places, levels. *bad: a level
 * of failure was among it. */
struct span grade_strip(struct span s, bool *bad);

/* Grades a message; *s becomes the part of it that is the cause. after_trace: it ended a
 * traceback. */
enum grade grade_text(struct span *s, bool bad_level, bool after_trace);

/* dbt and others put the kind of error on one line and what it is on the next. */
bool grade_names_next_line(struct span s);

#endif
