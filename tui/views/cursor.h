#ifndef TUI_VIEWS_CURSOR_H
#define TUI_VIEWS_CURSOR_H

#include "tui/view.h"

/* A place in a list that is all here: the row of the cursor and the first one on the screen. */
struct cursor {
	size_t at, top;
	size_t n, height; /* rows there are, rows on the screen */
};

void cursor_fit(struct cursor *c, size_t n,
	size_t height); /* before drawing: both may have changed */
void cursor_move(struct cursor *c, enum move m);

#endif
