/* Columns: which are shown, how wide, and the cells of a row. */
#include "tui/table.h"

#include <string.h>

static int needed(size_t n, const int *widths)
{
	int sum = TABLE_GUTTER, shown = 0;
	for (size_t i = 0; i < n; i++) {
		if (!widths[i])
			continue;
		sum += widths[i] + (shown++ ? 2 : 0);
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

/* Gives the room that is left to the growing columns by their shares, up to their limits; what one cannot use goes to the
 * others. */
static int grow(
	const struct column *columns, size_t n, int *widths, const int *limits, int left)
{
	while (left > 0) {
		int shares = 0, given = 0;
		for (size_t i = 0; i < n; i++)
			if (widths[i] && widths[i] < limits[i])
				shares += columns[i].share;
		if (!shares)
			break;
		for (size_t i = 0; i < n && given < left; i++) {
			if (!widths[i] || widths[i] >= limits[i] || !columns[i].share)
				continue;
			int part = left * columns[i].share / shares;
			if (part < 1)
				part = 1;
			if (part > limits[i] - widths[i])
				part = limits[i] - widths[i];
			if (part > left - given)
				part = left - given;
			widths[i] += part;
			given += part;
		}
		left -= given;
	}
	return left;
}

static int clamp(int v, int low, int high)
{
	return v < low ? low : v > high ? high : v;
}

/* Columns that share nothing take what they need, up to their limit, before the others grow. */
static int fill_fixed(
	const struct column *columns, size_t n, int *widths, const int *needs, int left)
{
	for (size_t i = 0; i < n; i++) {
		int max = columns[i].max ? columns[i].max : columns[i].min;
		int more = clamp(needs[i], widths[i], max) - widths[i];
		if (!widths[i] || columns[i].share || more <= 0)
			continue;
		more = more > left ? left : more;
		widths[i] += more;
		left -= more;
	}
	return left;
}

void table_layout(const struct column *columns, size_t n, int width, const int *needs,
	int widths[TABLE_COLUMNS_MAX])
{
	int limits[TABLE_COLUMNS_MAX], most[TABLE_COLUMNS_MAX];
	if (n > TABLE_COLUMNS_MAX)
		n = TABLE_COLUMNS_MAX;
	for (size_t i = 0; i < n; i++) {
		int title = utf8_width(columns[i].title);
		most[i] = columns[i].max ? columns[i].max : columns[i].min;
		widths[i] = columns[i].min;
		limits[i] = most[i];
		if (!needs || !needs[i])
			continue;
		int need = needs[i] > title ? needs[i] : title;
		widths[i] = need < columns[i].min ? need : columns[i].min;
		limits[i] = clamp(need, widths[i], most[i]);
	}
	while (needed(n, widths) > width && drop_one(columns, n, widths))
		;
	int left = width - needed(n, widths);
	if (needs)
		left = fill_fixed(columns, n, widths, needs, left);
	/* First what each needs, then what is spare. */
	left = grow(columns, n, widths, limits, left);
	(void)grow(columns, n, widths, most, left);
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
	table_layout(t->columns, t->n_columns, c->cols, t->needs, t->widths);
	t->laid_out = c->cols;
}

void table_measure(struct table *t, const void *data)
{
	struct str text = STR_INIT;
	for (size_t i = 0; i < t->n_columns; i++) {
		look_t look = ROLE_TEXT;
		int had = t->widths[i];
		str_clear(&text);
		/* What a cell can say where there is room for all of it. */
		t->widths[i] = t->columns[i].max ? t->columns[i].max : t->columns[i].min;
		t->columns[i].cell(data, t->arg, &text, &look);
		t->widths[i] = had;
		int width = utf8_width(text.buf);
		if (width <= t->needs[i])
			continue;
		t->needs[i] = width;
		t->laid_out = 0;
	}
	str_release(&text);
}

void table_forget(struct table *t)
{
	memset(t->needs, 0, sizeof(t->needs));
	t->laid_out = 0;
}

void table_position(const struct table *t, const struct canvas *c, int row, size_t first,
	size_t last, const char *total)
{
	char text[80];
	for (size_t i = 0; i < 2; i++) {
		(void)str_format(text, sizeof(text), i ? "%zu-%zu/%s" : "%zu-%zu of %s",
			first, last, total);
		int width = utf8_width(text), col = c->cols - 1 - width;
		if (col <= t->header_end)
			continue;
		canvas_put(c, row, col, width, ROLE_DIM, text);
		return;
	}
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
		int title = utf8_width(t->columns[i].title);
		bool left = t->columns[i].align == ALIGN_LEFT && title < t->widths[i];
		t->header_end = col + (left ? title : t->widths[i]);
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
