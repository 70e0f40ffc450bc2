/* Cells, and writing text into them. The rest of the screen code (canvas.c) is built on
 * these few functions. */
#include "tui/grid.h"

#include "backends/base/mem.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *const role_names[ROLE_COUNT] = {
	[ROLE_TEXT] = "text",
	[ROLE_DIM] = "dim",
	[ROLE_TITLE] = "title",
	[ROLE_HEADER] = "header",
	[ROLE_LANE] = "lane",
	[ROLE_LANE_NOW] = "lane-now",
	[ROLE_CURSOR] = "cursor",
	[ROLE_MARK] = "mark",
	[ROLE_GOOD] = "good",
	[ROLE_WARN] = "warn",
	[ROLE_BAD] = "bad",
	[ROLE_DANGER] = "danger",
	[ROLE_RULE] = "rule",
	[ROLE_KEY] = "key",
	[ROLE_INPUT] = "input",
	[ROLE_MATCH] = "match",
};

const char *role_name(enum role r)
{
	return r < ROLE_COUNT ? role_names[r] : "text";
}

static const struct cell blank = {" ", 1, ROLE_TEXT};

void grid_init(struct grid *g)
{
	memset(g, 0, sizeof(*g));
	g->cursor_row = g->cursor_col = -1;
}

void grid_release(struct grid *g)
{
	free(g->cells);
	grid_init(g);
}

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

void grid_resize(struct grid *g, int rows, int cols)
{
	rows = clamp(rows, 1, GRID_ROWS_MAX);
	cols = clamp(cols, 1, GRID_COLS_MAX);
	if (rows != g->rows || cols != g->cols) {
		g->cells = xrealloc(
			g->cells, (size_t)rows * (size_t)cols * sizeof(*g->cells));
		g->rows = rows;
		g->cols = cols;
	}
	grid_clear(g);
}

void grid_clear(struct grid *g)
{
	size_t n = (size_t)g->rows * (size_t)g->cols;
	for (size_t i = 0; i < n; i++)
		g->cells[i] = blank;
	g->cursor_row = g->cursor_col = -1;
}

static struct cell *cell_at(const struct grid *g, int row, int col)
{
	if (row < 0 || col < 0 || row >= g->rows || col >= g->cols)
		return NULL;
	return &g->cells[(size_t)row * (size_t)g->cols + (size_t)col];
}

const struct cell *grid_cell(const struct grid *g, int row, int col)
{
	return cell_at(g, row, col);
}

/* A wide character that loses one half becomes blanks: half a character cannot be drawn.
 */
static void unpair(struct grid *g, int row, int col)
{
	struct cell *c = cell_at(g, row, col), *other = NULL;
	if (!c)
		return;
	if (c->width == 0)
		other = cell_at(g, row, col - 1);
	else if (c->width == 2)
		other = cell_at(g, row, col + 1);
	if (other) {
		uint16_t look = other->look;
		*other = blank;
		other->look = look;
	}
}

static void set_cell(struct grid *g, int row, int col, const char *bytes, size_t len,
	int width, look_t look)
{
	struct cell *c = cell_at(g, row, col);
	if (!c || len >= sizeof(c->text))
		return;
	unpair(g, row, col);
	memcpy(c->text, bytes, len);
	memset(c->text + len, 0, sizeof(c->text) - len);
	c->width = (uint8_t)width;
	c->look = (uint16_t)look;
	if (width == 2) {
		struct cell *right = cell_at(g, row, col + 1);
		unpair(g, row, col + 1);
		if (right) {
			memset(right->text, 0, sizeof(right->text));
			right->width = 0;
			right->look = (uint16_t)look;
		}
	}
}

/* One character and the combining marks after it: bytes, and its columns. A control
 * character never gets here from clean text; should one, it is shown as "?". */
static size_t cluster(const char *s, size_t len, int *width, bool *control)
{
	uint32_t cp = 0;
	size_t n = utf8_decode(s, len, &cp);
	*control = cp < 0x20 || (cp >= 0x7f && cp < 0xa0);
	*width = utf8_width_cp(cp);
	if (*control || cp < 0x80) {
		*width = 1;
		if (n >= len || (unsigned char)s[n] < 0x80)
			return n;
	}
	for (int marks = 0; n < len; marks++) {
		size_t m = utf8_decode(s + n, len - n, &cp);
		if (utf8_width_cp(cp) != 0 || marks >= 2)
			break;
		n += m;
	}
	return n;
}

/* Writes text that is known to fit. */
static int write_text(struct grid *g, int row, int col, int max, look_t look,
	const char *text, size_t len)
{
	int used = 0;
	for (size_t i = 0; i < len;) {
		int width = 0;
		bool control = false;
		size_t n = cluster(text + i, len - i, &width, &control);
		if (n == 0)
			break;
		if (used + width > max)
			break;
		if (control)
			set_cell(g, row, col + used, "?", 1, 1, look);
		else if (width > 0 && col + used + width <= g->cols)
			set_cell(g, row, col + used, text + i, n, width, look);
		used += width;
		i += n;
	}
	return used;
}

int grid_put(struct grid *g, int row, int col, int max, look_t look, const char *text)
{
	if (row < 0 || row >= g->rows || col < 0 || col >= g->cols || !text)
		return 0;
	if (max > g->cols - col)
		max = g->cols - col;
	if (max <= 0)
		return 0;
	int used = 0;
	size_t len = strlen(text);
	if (utf8_fit(text, max, &used) >= len)
		return write_text(g, row, col, max, look, text, len);
	size_t fit = utf8_fit(text, max - 1, &used);
	used = write_text(g, row, col, max - 1, look, text, fit);
	set_cell(g, row, col + used, "~", 1, 1, look);
	return used + 1;
}

void grid_field(struct grid *g, int row, int col, int width, enum align align,
	enum utf8_cut cut, look_t look, const char *text)
{
	if (width <= 0 || !text)
		return;
	int w = utf8_width(text);
	if (w > width) {
		struct str cutted = STR_INIT;
		utf8_cut(&cutted, text, width, cut);
		w = utf8_width(cutted.buf);
		grid_put(g, row, align == ALIGN_RIGHT ? col + width - w : col, width,
			look, cutted.buf);
		str_release(&cutted);
		return;
	}
	grid_put(g, row, align == ALIGN_RIGHT ? col + width - w : col, width, look, text);
}

void grid_fill(struct grid *g, int row, int col, int width, char c, look_t look)
{
	for (int i = 0; i < width; i++)
		set_cell(g, row, col + i, &c, 1, 1, look);
}

void grid_look(struct grid *g, int row, int col, int width, look_t look)
{
	for (int i = 0; i < width; i++) {
		struct cell *c = cell_at(g, row, col + i);
		if (c)
			c->look = (uint16_t)look;
	}
}

void grid_row_text(const struct grid *g, int row, struct str *out)
{
	size_t end = out->len;
	for (int col = 0; col < g->cols; col++) {
		const struct cell *c = cell_at(g, row, col);
		if (!c || !str_adds(out, c->text))
			return;
		if (c->width && strcmp(c->text, " ") != 0)
			end = out->len;
	}
	str_cut(out, end);
}

void grid_dump(const struct grid *g, struct str *out)
{
	for (int row = 0; row < g->rows; row++) {
		grid_row_text(g, row, out);
		str_addc(out, '\n');
	}
}

bool grid_same(const struct cell *a, const struct cell *b, int n)
{
	return memcmp(a, b, (size_t)n * sizeof(*a)) == 0;
}
