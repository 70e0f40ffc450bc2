/* The cursor of short lists. */
#include "tui/views/cursor.h"

void cursor_fit(struct cursor *c, size_t n, size_t height)
{
	c->n = n;
	c->height = height ? height : 1;
	if (c->at >= n)
		c->at = n ? n - 1 : 0;
	if (c->at < c->top)
		c->top = c->at;
	if (c->at >= c->top + c->height)
		c->top = c->at - c->height + 1;
	if (c->top && c->top + c->height > n)
		c->top = n > c->height ? n - c->height : 0;
}

void cursor_move(struct cursor *c, enum move m)
{
	size_t page = c->height > 1 ? c->height - 1 : 1;
	switch (m) {
	case MOVE_UP:
		c->at -= c->at > 0;
		break;
	case MOVE_DOWN:
		c->at++;
		break;
	case MOVE_PGUP:
		c->at = c->at > page ? c->at - page : 0;
		c->top = c->top > page ? c->top - page : 0;
		break;
	case MOVE_PGDN:
		c->at += page;
		c->top += page;
		break;
	case MOVE_TOP:
		c->at = 0;
		break;
	case MOVE_BOTTOM:
		c->at = c->n;
		break;
	}
	cursor_fit(c, c->n, c->height);
}

void cursor_rows(struct cursor *cur, struct table *t, const struct canvas *c,
	const json_t *rows, const char *empty)
{
	size_t n = json_array_size(rows);
	cursor_fit(cur, n, c->rows > 1 ? (size_t)c->rows - 1 : 1);
	if (!n) {
		canvas_put(c, 1, TABLE_GUTTER, -1, rows ? ROLE_TEXT : ROLE_DIM,
			rows ? empty : "Reading the store ...");
		return;
	}
	char total[32];
	size_t end = cur->top + (size_t)(c->rows > 1 ? c->rows - 1 : 0);
	for (size_t i = cur->top; i < n && i < end; i++)
		table_measure(t, json_array_get(rows, i));
	table_header(t, c, 0);
	count_format(total, sizeof(total), (long long)n);
	table_position(t, c, 0, cur->top + 1, end < n ? end : n, total);
	for (size_t i = cur->top; i < n && (int)(i - cur->top) + 1 < c->rows; i++)
		table_row(t, c, (int)(i - cur->top) + 1, json_array_get(rows, i),
			i == cur->at, false);
}
