#ifndef TUI_LINE_H
#define TUI_LINE_H

#include "tui/grid.h"
#include "tui/term/keys.h"

/* One line of text being typed: for prompts, forms, the palette. */
struct line {
	char text[512];
	size_t cursor; /* byte offset, at a character */
};

void line_set(struct line *l, const char *text);
/* True when the key was used. A key that is neither text nor editing is not. */
bool line_event(struct line *l, const struct event *ev);
/* Draws within `width` columns, scrolled so that the cursor is seen; shows the cursor when `active`. */
void line_draw(const struct line *l, const struct canvas *c, int row, int col, int width,
	bool active);

#endif
