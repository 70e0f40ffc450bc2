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
	int min;   /* columns at least; fewer where neither title nor content need them */
	int max;   /* at most; 0: as min (fixed) */
	int share; /* of the room that is left, among the growing ones */
	int rank;  /* 0: never dropped; the highest rank goes first */
	enum align align;
	enum utf8_cut cut; /* where text loses when it does not fit */
	bool strong;       /* the thing itself: bold under the cursor */
	void (*cell)(const void *row, void *arg, struct str *out, look_t *look);
};

enum { TABLE_COLUMNS_MAX = 16, TABLE_GUTTER = 3 };

/* Widths of the columns in `width` screen columns; 0: dropped. needs: the widths of their content, or NULL: not known. */
void table_layout(const struct column *columns, size_t n, int width, const int *needs,
	int widths[TABLE_COLUMNS_MAX]);

struct table {
	const struct column *columns;
	size_t n_columns;
	void *arg; /* of the cell functions */
	int widths[TABLE_COLUMNS_MAX];
	int needs
		[TABLE_COLUMNS_MAX]; /* of what was measured, since the last table_forget */
	int laid_out;                /* for this many screen columns; 0: anew */
	int header_end;              /* where the titles drawn last end */
};

void table_init(struct table *t, const struct column *columns, size_t n, void *arg);
/* What a row needs; columns only grow, so that a list that moves does not jump. */
void table_measure(struct table *t, const void *data);
void table_forget(struct table *t); /* other rows come */
void table_header(struct table *t, const struct canvas *c, int row);
/* "1-19 of 33" at the right of the header that was drawn in that row, "1-19/33" where its titles leave less room; total: as it
 * is to be said. first counts from 1. */
void table_position(const struct table *t, const struct canvas *c, int row, size_t first,
	size_t last, const char *total);
void table_row(struct table *t, const struct canvas *c, int row, const void *data,
	bool cursor, bool marked);

#endif
