#ifndef CONNECTOR_READING_H
#define CONNECTOR_READING_H

#include "backends/base/json_items.h"
#include "backends/connector/source_private.h"

/*
 * The text of a large reply on its way to a tree. It is read when the budget of the process (budget.h) has room for the tree,
 * in the order in which replies came; what is too large for the budget is not read at all.
 */
struct reading;

struct reading_end {
	struct err err;
	json_t *body;             /* borrowed; NULL with err or items */
	struct json_items *items; /* instead of a body; the receiver's */
	size_t repaired;
};
typedef void reading_fn(void *arg, const struct reading_end *end);

/* The bytes that the reply takes as a tree, roughly and not less. */
size_t reading_need(const struct def_request *rq, const char *bytes, size_t len);
/* So little that it is read without asking. */
bool reading_is_small(size_t need);

/*
 * Takes the text, which budget_text_add has counted, with its reading_need. `list`: the path of the list (json_items.h) when
 * the reader can take its items some at a time, or NULL. fn is called once, later.
 */
struct reading *reading_start(struct loop *l, const struct def_request *rq,
	const char *list, struct str *text, size_t need, reading_fn *fn, void *arg);
void reading_cancel(struct reading *r); /* NULL is fine */

#endif
