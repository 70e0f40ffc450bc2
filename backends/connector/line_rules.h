#ifndef CONNECTOR_LINE_RULES_H
#define CONNECTOR_LINE_RULES_H

#include "backends/base/redact.h"
#include "backends/connector/connector_def.h"

/*
 * What a connector says about the lines of a log, applied to each before a cause is looked for in them. Patterns are POSIX
 * extended regular expressions.
 *   redact  what matches, or its first group when it has one, becomes "[secret]"; besides what redact.h knows
 *   drop    lines that match are left out
 *   strip   what matches is cut out
 *   level   {error: [...], warning: [...], info: [...], debug: [...]}: a line that matches is of that level, whatever it
 *           looks like: the word is put before it
 */
struct line_rules;

/* `in`: the object with these keys; *out NULL: it has none. False with line and column in e. */
bool line_rules_read(struct connector *c, const json_t *in, struct line_rules **out,
	struct err *e) MUST_USE;
void line_rules_free(struct line_rules *r);

/* The line as it may be shown and looked through; rules may be NULL. False: it is left out. */
bool line_rules_apply(
	const struct line_rules *rules, struct redact *state, struct str *line);

#endif
