#ifndef TUI_CONSOLE_H
#define TUI_CONSOLE_H

#include "backends/connector/config.h"
#include "backends/store/store.h"
#include "tui/grid.h"

/* The console: `watchdesk` without a subcommand. */
struct console_options {
	const char *config_path; /* NULL: the default */
	const char *store_path;  /* NULL: the configuration's, else the default */
	const char *theme;       /* NULL: the configuration's, else "default" */
	bool ascii, mono;
	bool no_worker; /* start none */
};

/* Runs until the user leaves. 0; 1 with e: it could not start, or the terminal went away. */
int console_main(const struct console_options *o, struct err *e);

/*
 * The same console without a terminal, for tests: keys in, cells out. Keys are written as in the tables, special ones in
 * angle brackets: "jj<Enter>/ord<Esc>", "<Space>", "<lt>" for "<"; "<Paste:text>" is pasted text, "<Held:y>" 20 keys as
 * from a key held down, "<Together:yes>" keys that came in one read.
 */
struct screen;
struct screen *screen_open(
	struct loop *l, struct store *s, const struct config *c, int rows, int cols);
void screen_close(struct screen *s);
bool screen_keys(struct screen *s, const char *keys, struct err *e) MUST_USE;
void screen_resize(struct screen *s, int rows, int cols);
const struct grid *screen_grid(const struct screen *s); /* as painted last */
bool screen_ended(const struct screen *s);              /* the user left */

#endif
