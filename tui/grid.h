#ifndef TUI_GRID_H
#define TUI_GRID_H

#include "backends/base/utf8.h"

/*
 * The screen as cells. Views write text with a role ("bad", "dim"), never a colour;
 * tui/term turns the grid into terminal output, and tests read it as text. Text must be
 * clean (utf8_clean): it is from the store. Writing outside the grid is cut, never an
 * error, so a view may draw without asking for the size first.
 */
enum role {
	ROLE_TEXT,
	ROLE_DIM,      /* context, hints, what is over */
	ROLE_TITLE,    /* where I am */
	ROLE_HEADER,   /* column titles */
	ROLE_LANE,     /* the other lanes */
	ROLE_LANE_NOW, /* this lane */
	ROLE_CURSOR,   /* ">" and the thing under it */
	ROLE_MARK,
	ROLE_GOOD,   /* proved */
	ROLE_WARN,   /* wants attention, stale */
	ROLE_BAD,    /* failed, critical */
	ROLE_DANGER, /* irreversible, security */
	ROLE_RULE,
	ROLE_KEY,   /* the key in a hint */
	ROLE_INPUT, /* text being typed */
	ROLE_MATCH, /* a found word */
	ROLE_COUNT
};
const char *role_name(enum role r); /* as in theme files */

/* A look: a role, plus attributes that say something by themselves. */
enum { LOOK_BOLD = 1 << 8, LOOK_UNDERLINE = 1 << 9, LOOK_REVERSE = 1 << 10 };
typedef unsigned look_t;

struct cell {
	char text[13]; /* one character with at most 2 combining marks; "" in the right
			  half of a wide one */
	uint8_t width; /* 1, 2; 0: right half */
	uint16_t look;
};

struct grid {
	int rows, cols;
	struct cell *cells;
	int cursor_row, cursor_col; /* where the terminal's cursor stands while something
				       is typed; -1: hidden */
};

enum { GRID_ROWS_MAX = 1000, GRID_COLS_MAX = 1000 };

void grid_init(struct grid *g);
void grid_release(struct grid *g);
void grid_resize(struct grid *g, int rows, int cols); /* clamps to 1..max and clears */
void grid_clear(struct grid *g);
const struct cell *grid_cell(const struct grid *g, int row, int col); /* NULL outside */

/* Writes text from (row, col) into at most `max` columns; what does not fit is cut with
 * "~" at the end. Returns the columns used. */
int grid_put(struct grid *g, int row, int col, int max, look_t look, const char *text);

enum align { ALIGN_LEFT, ALIGN_RIGHT };
/* A field of exactly `width` columns. Blanks around the text get the plain look. */
void grid_field(struct grid *g, int row, int col, int width, enum align align,
	enum utf8_cut cut, look_t look, const char *text);
void grid_fill(struct grid *g, int row, int col, int width, char c, look_t look);
/* Changes the look of what is there. */
void grid_look(struct grid *g, int row, int col, int width, look_t look);

/* The text of one row, or of all with "\n" after each; trailing blanks are dropped. */
void grid_row_text(const struct grid *g, int row, struct str *out);
void grid_dump(const struct grid *g, struct str *out);
bool grid_same(const struct cell *a, const struct cell *b, int n);

/* A rectangle of a grid, with its own origin: what a view draws into. */
struct canvas {
	struct grid *g;
	int row, col, rows, cols;
};
struct canvas canvas_sub(
	const struct canvas *c, int row, int col, int rows, int cols); /* clipped to c */
/* As grid_put, within the canvas. max < 0: to its right edge minus one column of padding.
 */
int canvas_put(
	const struct canvas *c, int row, int col, int max, look_t look, const char *text);
int canvas_putf(const struct canvas *c, int row, int col, int max, look_t look,
	const char *fmt, ...) PRINTF_LIKE(6, 7);
void canvas_field(const struct canvas *c, int row, int col, int width, enum align align,
	enum utf8_cut cut, look_t look, const char *text);
void canvas_rule(const struct canvas *c, int row);
void canvas_clear(const struct canvas *c);
void canvas_cursor(
	const struct canvas *c, int row, int col); /* shows the terminal's cursor there */
/* Text wrapped at blanks into at most `max_rows` lines from (row, col); returns the lines
 * used. The last is cut with "~". */
int canvas_wrap(const struct canvas *c, int row, int col, int width, int max_rows,
	look_t look, const char *text);

#endif
