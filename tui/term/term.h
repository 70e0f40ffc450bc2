#ifndef TUI_TERM_TERM_H
#define TUI_TERM_TERM_H

#include "tui/grid.h"
#include "tui/theme.h"

/*
 * The terminal: the only user of curses. It is given whole grids and sends what differs.
 */
struct term;

struct term_options {
	const struct theme *theme; /* copied */
	bool ascii;                /* nothing but ASCII is sent */
};

/* Takes over the terminal of stdin and stdout. Fails with one sentence when there is none or its TERM is not known. */
/* Other looks from the next frame on. Copied. */
void term_set_theme(struct term *t, const struct theme *theme);
struct term *term_open(const struct term_options *o, struct err *e) MUST_USE;
void term_close(struct term *t); /* gives it back; NULL is fine */

void term_size(struct term *t, int *rows, int *cols); /* asks the kernel; tells curses */
bool term_is_ascii(
	const struct term *t); /* by option, or because the locale is not UTF-8 */

void term_draw(struct term *t, const struct grid *g);
void term_redraw(
	struct term *t); /* forget what is there: the next draw sends everything */
/* More than a screen is still on its way to a slow line: better not to draw now. */
bool term_busy(const struct term *t);

int term_fd(const struct term *t);
/* Bytes of input: > 0; 0 nothing now; -1 the terminal is gone. */
long term_read(struct term *t, char *buf, size_t size);
void term_suspend(struct term *t); /* Ctrl-Z: returns when we are continued */
/* Puts text on the clipboard of the user's terminal by OSC 52; false when it is too long. */
bool term_copy(struct term *t, const char *text);

#endif
