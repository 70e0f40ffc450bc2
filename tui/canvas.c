/* Rectangles of the grid: clipping, and wrapped text. */
#include "tui/grid.h"

#include <stdio.h>
#include <string.h>

struct canvas canvas_sub(const struct canvas *c, int row, int col, int rows, int cols)
{
	struct canvas sub = {c->g, c->row + row, c->col + col, rows, cols};
	if (row + rows > c->rows)
		sub.rows = c->rows - row;
	if (col + cols > c->cols)
		sub.cols = c->cols - col;
	if (sub.rows < 0)
		sub.rows = 0;
	if (sub.cols < 0)
		sub.cols = 0;
	return sub;
}

/* The columns that may be written at (row, col) of the canvas; 0: outside. */
static int room(const struct canvas *c, int row, int col, int max)
{
	if (row < 0 || row >= c->rows || col < 0 || col >= c->cols)
		return 0;
	int edge = c->cols - col;
	if (max < 0)
		return edge > 1 ? edge - 1 : edge;
	return max < edge ? max : edge;
}

int canvas_put(
	const struct canvas *c, int row, int col, int max, look_t look, const char *text)
{
	int n = room(c, row, col, max);
	return n ? grid_put(c->g, c->row + row, c->col + col, n, look, text) : 0;
}

int canvas_putf(const struct canvas *c, int row, int col, int max, look_t look,
	const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return canvas_put(c, row, col, max, look, text);
}

void canvas_field(const struct canvas *c, int row, int col, int width, enum align align,
	enum utf8_cut cut, look_t look, const char *text)
{
	int n = room(c, row, col, width);
	if (n)
		grid_field(c->g, c->row + row, c->col + col, n, align, cut, look, text);
}

void canvas_rule(const struct canvas *c, int row)
{
	if (row >= 0 && row < c->rows)
		grid_fill(c->g, c->row + row, c->col, c->cols, '-', ROLE_RULE);
}

void canvas_clear(const struct canvas *c)
{
	for (int row = 0; row < c->rows; row++)
		grid_fill(c->g, c->row + row, c->col, c->cols, ' ', ROLE_TEXT);
}

void canvas_cursor(const struct canvas *c, int row, int col)
{
	if (row < 0 || row >= c->rows || col < 0 || col >= c->cols)
		return;
	c->g->cursor_row = c->row + row;
	c->g->cursor_col = c->col + col;
}

/* How many bytes of s go on one line of `width` columns: up to the last blank that fits,
 * or all that fit. */
static size_t line_length(const char *s, int width)
{
	int used = 0;
	size_t fit = utf8_fit(s, width, &used);
	const char *lf = memchr(s, '\n', fit);
	if (lf)
		return (size_t)(lf - s);
	if (!s[fit] || s[fit] == ' ' || s[fit] == '\n')
		return fit;
	for (size_t i = fit; i > 0; i--)
		if (s[i - 1] == ' ')
			return i;
	return fit;
}

int canvas_wrap(const struct canvas *c, int row, int col, int width, int max_rows,
	look_t look, const char *text)
{
	int used = 0;
	if (width <= 0)
		return 0;
	while (*text && used < max_rows) {
		size_t n = line_length(text, width);
		if (n == 0 && *text != '\n') /* a wide character in a single column */
			break;
		const char *rest = text + n;
		while (*rest == ' ')
			rest++;
		if (*rest == '\n')
			rest++;
		if (used + 1 == max_rows && *rest) {
			canvas_put(c, row + used, col, width, look, text);
			return used + 1;
		}
		char line[2048];
		if (n >= sizeof(line))
			n = sizeof(line) - 1;
		memcpy(line, text, n);
		line[n] = '\0';
		canvas_put(c, row + used, col, width, look, line);
		used++;
		text = rest;
	}
	return used;
}
