#ifndef TUI_VIEWS_CURSOR_H
#define TUI_VIEWS_CURSOR_H

#include "tui/table.h"
#include "tui/view.h"

/* A place in a list that is all here: the row of the cursor and the first one on the screen. */
struct cursor {
	size_t at, top;
	size_t n, height; /* rows there are, rows on the screen */
};

void cursor_fit(struct cursor *c, size_t n,
	size_t height); /* before drawing: both may have changed */
void cursor_move(struct cursor *c, enum move m);
/* Header and rows of a list that is all in one answer, fitted to the canvas. NULL rows: not answered yet; none: `empty`, a sentence. */
void cursor_rows(struct cursor *cur, struct table *t, const struct canvas *c,
	const json_t *rows, const char *empty);

#endif
