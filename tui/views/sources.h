#ifndef TUI_VIEWS_SOURCES_H
#define TUI_VIEWS_SOURCES_H

#include "tui/table.h"
#include "tui/views/answer.h"
#include "tui/views/cursor.h"

/* The inside of the views of sources: all of them, and (arg.name) one with its collections. */
struct sources_view {
	struct view v;
	struct answer sources;
	struct cursor c;
	struct table table;
	const char *name; /* under the cursor; in the view's memory */
};

const json_t *sources_find(const struct sources_view *s, const char *name, size_t *at);
look_t source_look(const char *state);
/* "every 20s", "5m0", "-" */
void source_span(char *dst, size_t size, long long ms);

const json_t *sources_current(struct sources_view *s);
void sources_refresh(struct view *v);
bool sources_has(struct view *v, struct str *why); /* one under the cursor */
bool sources_moves(const struct view *v);
bool sources_wait(
	const struct view *v, enum key_about what); /* asks the current one now */

#endif
