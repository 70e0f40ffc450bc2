#ifndef TUI_TERM_TERM_PRIVATE_H
#define TUI_TERM_TERM_PRIVATE_H

#ifndef _XOPEN_SOURCE_EXTENDED
#define _XOPEN_SOURCE_EXTENDED 1
#endif
#include <curses.h>

#include "tui/term/term.h"

/* The inside of struct term, shared by term*.c. */
struct term {
	SCREEN *screen;
	struct theme theme;
	bool ascii;
	struct grid last; /* what curses was given */
	bool stale;       /* `last` says nothing */
	bool cursor_on;
	cchar_t *line;
	FILE *out; /* curses' own descriptor of the terminal */
	int out_fd;
	int frame_fd; /* memory that stands in for it while a frame is made; -1: none */
	attr_t attrs[ROLE_COUNT];
	short pairs[ROLE_COUNT];
};

#endif
