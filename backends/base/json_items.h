#ifndef BASE_JSON_ITEMS_H
#define BASE_JSON_ITEMS_H

#include "backends/base/json.h"

/*
 * A list in a JSON text, item by item: for one that is too large as a tree. The whole text is looked at before the first item
 * is handed out, so a text that is cut or broken anywhere gives nothing, as with json_read_reply; what is handed out is what
 * that would have read.
 */
struct json_items;

enum json_items_found {
	JSON_ITEMS_OPEN,
	JSON_ITEMS_ELSE, /* no list there, or its name in a way that is not looked for: read it as a whole */
	JSON_ITEMS_BAD /* no valid JSON: e says why */
};

/* `path`: names with dots between, through objects; "" is the document itself. Takes the text when it opens, and drops it
 * from the budget (budget_text_drop) when it is freed. *repaired grows as with json_read_reply. */
enum json_items_found json_items_open(struct json_items **out, struct str *text,
	const char *path, size_t *repaired, struct err *e) MUST_USE;
void json_items_free(struct json_items *it); /* NULL is fine */

size_t json_items_count(const struct json_items *it);
/* An array of the next items: at most `max`, and one at least but no more than about `need` bytes of tree. NULL after the
 * last. New reference. */
json_t *json_items_next(struct json_items *it, size_t max, size_t need);

#endif
