#ifndef TUI_TABLE_H
#define TUI_TABLE_H

#include "tui/grid.h"

/*
 * Drawing rows in columns. A kind of table is an array of columns; which of them are shown at a width follows from their
 * ranks, so narrow screens lose the least useful first. Rows are anything: a cell function turns one into text and a look.
 *
 *   " >*" gutter of 3 columns (cursor, mark), then the columns, two blanks between.
 */
struct column {
	const char *title;
	int min;   /* columns at least */
	int max;   /* at most; 0: as min (fixed) */
	int share; /* of the room that is left, among the growing ones */
	int rank;  /* 0: never dropped; the highest rank goes first */
	enum align align;
	enum utf8_cut cut; /* where text loses when it does not fit */
	bool strong;       /* the thing itself: bold under the cursor */
	void (*cell)(const void *row, void *arg, struct str *out, look_t *look);
};

enum { TABLE_COLUMNS_MAX = 16, TABLE_GUTTER = 3 };

/* Widths of the columns in `width` screen columns; 0: dropped. */
void table_layout(
	const struct column *columns, size_t n, int width, int widths[TABLE_COLUMNS_MAX]);

struct table {
	const struct column *columns;
	size_t n_columns;
	void *arg; /* of the cell functions */
	int widths[TABLE_COLUMNS_MAX];
	int laid_out; /* for this many screen columns */
};

void table_init(struct table *t, const struct column *columns, size_t n, void *arg);
void table_header(struct table *t, const struct canvas *c, int row);
void table_row(struct table *t, const struct canvas *c, int row, const void *data,
	bool cursor, bool marked);

#endif
