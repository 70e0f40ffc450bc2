/* The page of a log: which lines are held, where the screen stands in them, drawing. */
#include "tui/views/log.h"

#include <stdlib.h>
#include <string.h>

enum { GUTTER = 3, PAGES = 3 };

const json_t *log_line(const struct log_view *l, long long position)
{
	if (position < l->block_first)
		return NULL;
	return json_array_get(l->block.json, (size_t)(position - l->block_first));
}

/* ---- what is held --------------------------------------------------------------------------------- */

static long long last_row(const struct log_view *l, long long top)
{
	long long last = top + l->height;
	return last < l->total ? last : l->total;
}

static bool held(const struct log_view *l, long long top)
{
	return l->block.json && top >= l->block_first &&
	       last_row(l, top) <=
		       l->block_first + (long long)json_array_size(l->block.json);
}

static void answered(struct view *v, struct answer *a)
{
	struct log_view *l = (struct log_view *)v;
	(void)a;
	l->block_first = l->block_want;
	/* It may have grown, or the user gone on, meanwhile. */
	log_page_want(l);
}

void log_page_want(struct log_view *l)
{
	long long extra = l->height * PAGES, first = l->top > extra ? l->top - extra : 0;
	if (!l->job_id || !l->total || !l->height || held(l, l->top))
		return;
	/* What is under way may do; an answer that does not asks again. */
	if (l->block.req && l->top >= l->block_want &&
		l->top + l->height <= l->block_want + extra * 2 + l->height)
		return;
	/* The same question would get the same answer. */
	if (!l->block.req && l->block.json && first == l->block_want &&
		l->block_total == l->total)
		return;
	l->block_want = first;
	l->block_total = l->total;
	answer_ask(&l->v, &l->block, "output",
		json_pack("{s:I,s:I,s:I}", "job", (json_int_t)l->job_id, "after",
			(json_int_t)first, "limit", (json_int_t)(extra * 2 + l->height)),
		answered);
}

/* ---- moving ----------------------------------------------------------------------------------------- */

static void clamp(struct log_view *l)
{
	long long last = l->total > l->height ? l->total - l->height : 0;
	if (l->at >= l->total)
		l->at = l->total ? l->total - 1 : 0;
	if (l->at < 0)
		l->at = 0;
	if (l->top > l->at)
		l->top = l->at;
	if (l->at >= l->top + l->height)
		l->top = l->at - l->height + 1;
	if (l->top > last && !l->wrap)
		l->top = last;
	if (l->top < 0)
		l->top = 0;
	log_page_want(l);
}

void log_goto(struct log_view *l, long long position)
{
	l->at = position;
	l->top = position - l->height / 3;
	clamp(l);
}

void log_move(struct log_view *l, enum move m)
{
	long long page = l->height > 1 ? l->height - 1 : 1;
	switch (m) {
	case MOVE_UP:
		l->at--;
		break;
	case MOVE_DOWN:
		l->at++;
		break;
	case MOVE_PGUP:
		l->at -= page;
		l->top -= page;
		break;
	case MOVE_PGDN:
		l->at += page;
		l->top += page;
		break;
	case MOVE_TOP:
		l->at = l->top = 0;
		break;
	case MOVE_BOTTOM:
		l->at = l->total - 1;
		break;
	}
	clamp(l);
}

/* ---- drawing ---------------------------------------------------------------------------------------- */

static int rows_of(struct log_view *l, long long position, int width)
{
	struct str text = STR_INIT;
	look_t look = ROLE_TEXT;
	const json_t *line = log_line(l, position);
	if (!l->wrap || !line)
		return 1;
	log_line_show(l, line, &text, &look);
	int w = utf8_width(text.buf);
	str_release(&text);
	return w <= width ? 1 : (w + width - 1) / width;
}

/* With wrapped lines fewer fit: the line of the cursor must be seen. */
static void make_room(struct log_view *l, int width)
{
	long long rows = 0;
	for (long long i = l->top; i <= l->at; i++)
		rows += rows_of(l, i, width);
	while (rows > l->height && l->top < l->at)
		rows -= rows_of(l, l->top++, width);
}

static void show_matches(
	const struct log_view *l, const struct canvas *c, int row, const char *text)
{
	size_t len = strlen(l->search);
	for (const char *at = len ? strcasestr(text, l->search) : NULL; at;
		at = strcasestr(at + len, l->search)) {
		char *before = xstrndup(text, (size_t)(at - text));
		int col = GUTTER + utf8_width(before), width = utf8_width(l->search);
		free(before);
		if (col + width >= c->cols)
			return;
		grid_look(c->g, c->row + row, c->col + col, width, ROLE_MATCH);
	}
}

static int draw_line(
	struct log_view *l, const struct canvas *c, int row, const json_t *line)
{
	struct str text = STR_INIT;
	look_t look = ROLE_TEXT;
	int width = c->cols - GUTTER - 1, rows = 0, used = 0;
	log_line_show(l, line, &text, &look);
	const char *rest = text.buf;
	if (!l->wrap)
		rest += utf8_fit(rest, (int)l->shift, &used);
	do {
		size_t n = l->wrap ? utf8_fit(rest, width, &used) : strlen(rest);
		char *part = xstrndup(rest, n);
		canvas_put(c, row + rows, GUTTER, width, look, part);
		show_matches(l, c, row + rows, part);
		free(part);
		rest += n;
		rows++;
		if (!n)
			break;
	} while (*rest && row + rows < c->rows);
	str_release(&text);
	return rows;
}

void log_page_draw(struct log_view *l, const struct canvas *c)
{
	int row = 0, width = c->cols - GUTTER - 1;
	if (l->height != c->rows) {
		l->height = c->rows > 0 ? c->rows : 1;
		clamp(l);
	}
	if (held(l, l->top)) {
		make_room(l, width > 0 ? width : 1);
		l->drawn_top = l->top;
		l->drawn_at = l->at;
	}
	for (long long i = l->drawn_top; i < l->total && row < c->rows; i++) {
		const json_t *line = log_line(l, i);
		if (!line)
			break;
		if (i == l->drawn_at)
			canvas_put(c, row, 0, 1, ROLE_CURSOR, ">");
		row += draw_line(l, c, row, line);
	}
}
