#ifndef BASE_SHOWN_H
#define BASE_SHOWN_H

#include "backends/base/redact.h"
#include "backends/base/utf8.h"

/*
 * Text from outside on its way to a person: shown or stored. Secrets go first, out of the whole text as it came and as it
 * reads once it is safe (a zero-width blank within a token hides it from the first look only); then it is cut to max bytes.
 * flags: as of utf8_clean.
 */
void shown_safely(struct str *out, const char *bytes, size_t len, size_t max,
	enum utf8_flags flags);

/*
 * A program's output as lines, which comes in pieces: a secret that lies across two of them is found. A line longer than
 * SHOWN_PART is given in parts. What is given is safe, and what looks like a credential is gone (redact.h); blank lines are
 * not given.
 */
enum { SHOWN_PART = 4000 };
typedef void shown_fn(void *arg, const char *line, size_t len);
struct shown_lines {
	struct str held; /* the line that has no end yet */
	struct redact redact;
	shown_fn *fn;
	void *arg;
};
void shown_lines_init(struct shown_lines *s, shown_fn *fn, void *arg);
void shown_lines_add(struct shown_lines *s, const char *bytes, size_t len);
void shown_lines_end(struct shown_lines *s); /* gives what is held */
void shown_lines_release(struct shown_lines *s);

/*
 * Appends the text as one line that tells any two texts apart, for what is approved by the eye and by a hash. Blanks stay;
 * what cannot be seen as it is becomes \n, \t, \u200b, \U000e0001 or, a byte that is no UTF-8, \xff. With an escape, or
 * cut at 16 KiB, the line ends with the length and the sha256 of the whole.
 */
void shown_exactly(struct str *out, const char *bytes, size_t len);

#endif
