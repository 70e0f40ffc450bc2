#ifndef CONNECTOR_PROBE_H
#define CONNECTOR_PROBE_H

#include "backends/base/jmespath.h"

/* Is it true of this? False also when it fails, or there is none (NULL). */
bool probe_holds(const struct jmes *x, json_t *input, json_t *scope);
/*
 * Would an expression also hold of a reply that shows nothing? Such a one proves nothing: a negation is true of whatever is
 * not there. Tried on null, {}, "", [] and, unless `errors_are_told`, on error objects.
 */
bool probe_body(const struct jmes *x, json_t *scope, bool errors_are_told);
/* The same of an expression over the envelope, with its status and exit code; a count of rows is 0 then. */
bool probe_envelope(const struct jmes *x, const json_t *envelope, json_t *scope,
	bool errors_are_told);
/*
 * What can be seen without a scope: everything that the expression takes of it is then some text. False also where that
 * cannot be told (a list in the scope). `of_envelope`: with no status at all.
 */
bool probe_unscoped(const struct jmes *x, bool of_envelope, bool errors_are_told);
/* Of the names that an expression takes of the envelope, the first that is none: malloc'ed, or NULL. */
char *probe_not_of_envelope(const struct jmes *x);
/* Does it take a member of `root` of its input? */
bool probe_names_of_input(const struct jmes *x, const char *root);
/* Does it take `root` of the scope object? */
bool probe_names(const struct jmes *x, const char *root);

#endif
