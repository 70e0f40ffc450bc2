/* Columns: which are shown, how wide, and the cells of a row. */
#include "tui/table.h"

#include <string.h>

static int needed(const struct column *columns, size_t n, const int *widths)
{
	int sum = TABLE_GUTTER, shown = 0;
	for (size_t i = 0; i < n; i++) {
		if (!widths[i])
			continue;
		sum += columns[i].min + (shown++ ? 2 : 0);
	}
	return sum + 1;
}

static bool drop_one(const struct column *columns, size_t n, int *widths)
{
	size_t worst = n;
	for (size_t i = 0; i < n; i++)
		if (widths[i] && columns[i].rank > 0 &&
			(worst == n || columns[i].rank > columns[worst].rank))
			worst = i;
	if (worst == n)
		return false;
	widths[worst] = 0;
	return true;
}

/* Gives the room that is left to the growing columns by their shares; what one cannot use goes to the others. */
static void grow(const struct column *columns, size_t n, int *widths, int left)
{
	while (left > 0) {
		int shares = 0, given = 0;
		for (size_t i = 0; i < n; i++)
			if (widths[i] && widths[i] < columns[i].max)
				shares += columns[i].share;
		if (!shares)
			return;
		for (size_t i = 0; i < n && given < left; i++) {
			if (!widths[i] || widths[i] >= columns[i].max ||
				!columns[i].share)
				continue;
			int part = left * columns[i].share / shares;
			if (part < 1)
				part = 1;
			if (part > columns[i].max - widths[i])
				part = columns[i].max - widths[i];
			if (part > left - given)
				part = left - given;
			widths[i] += part;
			given += part;
		}
		left -= given;
	}
}

void table_layout(
	const struct column *columns, size_t n, int width, int widths[TABLE_COLUMNS_MAX])
{
	if (n > TABLE_COLUMNS_MAX)
		n = TABLE_COLUMNS_MAX;
	for (size_t i = 0; i < n; i++)
		widths[i] = columns[i].min;
	while (needed(columns, n, widths) > width && drop_one(columns, n, widths))
		;
	grow(columns, n, widths, width - needed(columns, n, widths));
}

void table_init(struct table *t, const struct column *columns, size_t n, void *arg)
{
	memset(t, 0, sizeof(*t));
	t->columns = columns;
	t->n_columns = n;
	t->arg = arg;
}

static void layout(struct table *t, const struct canvas *c)
{
	if (t->laid_out == c->cols)
		return;
	table_layout(t->columns, t->n_columns, c->cols, t->widths);
	t->laid_out = c->cols;
}

void table_header(struct table *t, const struct canvas *c, int row)
{
	layout(t, c);
	int col = TABLE_GUTTER;
	for (size_t i = 0; i < t->n_columns; i++) {
		if (!t->widths[i])
			continue;
		canvas_field(c, row, col, t->widths[i], t->columns[i].align, UTF8_CUT_END,
			ROLE_HEADER, t->columns[i].title);
		col += t->widths[i] + 2;
	}
}

void table_row(struct table *t, const struct canvas *c, int row, const void *data,
	bool cursor, bool marked)
{
	layout(t, c);
	struct str text = STR_INIT;
	int col = TABLE_GUTTER;
	if (cursor)
		canvas_put(c, row, 0, 1, ROLE_CURSOR, ">");
	if (marked)
		canvas_put(c, row, 1, 1, ROLE_MARK, "*");
	for (size_t i = 0; i < t->n_columns; i++) {
		const struct column *k = &t->columns[i];
		look_t look = ROLE_TEXT;
		if (!t->widths[i])
			continue;
		str_clear(&text);
		k->cell(data, t->arg, &text, &look);
		if (cursor && k->strong)
			look |= LOOK_BOLD;
		canvas_field(c, row, col, t->widths[i], k->align, k->cut, look, text.buf);
		col += t->widths[i] + 2;
	}
	str_release(&text);
}
