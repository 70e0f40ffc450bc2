#ifndef TUI_THEME_H
#define TUI_THEME_H

#include "tui/grid.h"

/*
 * A theme file gives each role a colour and attributes:
 *   theme: default
 *   roles:
 *     bad: {fg: [203, red], bold: true}    # for 256 colours and more; for 16 and 8
 *     dim: {fg: [245, default], dim: true}
 * Colours are names (default black red green yellow blue magenta cyan white, bright-*) or
 * 0..255. A role that is not named looks as plain text. Meaning never rests on colour:
 * every theme is readable in mono.
 */
enum {
	STYLE_BOLD = 1,
	STYLE_DIM = 2,
	STYLE_UNDERLINE = 4,
	STYLE_REVERSE = 8,
	STYLE_ITALIC = 16
};
struct style {
	int16_t fg, bg; /* 256 colours; -1: the terminal's own */
	int16_t fg16, bg16;
	unsigned attrs;
};

struct theme {
	struct style roles[ROLE_COUNT];
	bool no_colour; /* NO_COLOR, --mono: attributes only */
};

/* By name from the `themes` folder, or a path when it holds "/". */
bool theme_load(struct theme *t, const char *name, struct err *e) MUST_USE;
bool theme_parse(struct theme *t, const char *path, const char *text, size_t len,
	struct err *e) MUST_USE;
/* Bold titles, reverse danger: what is there when no file can be read. */
void theme_plain(struct theme *t);

#endif
