/* Lines to read: holding, scrolling, drawing. Finding is in pager_find.c. */
#include "tui/pager.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SIDE_STEP = 20, GUTTER = 3 };

void pager_init(struct pager *p)
{
	memset(p, 0, sizeof(*p));
}

void pager_release(struct pager *p)
{
	arena_release(&p->mem);
	free(p->lines);
	pager_init(p);
}

void pager_clear(struct pager *p)
{
	arena_clear(&p->mem);
	p->n = 0;
	p->at = p->top = p->shift = 0;
}

bool pager_add(struct pager *p, look_t look, long long tag, const char *text)
{
	if (p->n >= PAGER_LINES_MAX || p->mem.total >= PAGER_BYTES_MAX)
		return false;
	p->lines = mem_grow(p->lines, &p->cap, p->n + 1, sizeof(*p->lines));
	p->lines[p->n++] = (struct pager_line){arena_strdup(&p->mem, text), look, tag};
	return true;
}

bool pager_addf(struct pager *p, look_t look, long long tag, const char *fmt, ...)
{
	char text[1024];
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return pager_add(p, look, tag, text);
}

void pager_add_text(struct pager *p, look_t look, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");
		char *line = xstrndup(text, len);
		bool ok = pager_add(p, look, 0, line);
		free(line);
		if (!ok)
			return;
		text += len;
		if (*text == '\n')
			text++;
	}
}

/* ---- moving ------------------------------------------------------------------------------ */

static size_t limit(const struct pager *p, size_t line)
{
	return p->n == 0 ? 0 : line >= p->n ? p->n - 1 : line;
}

void pager_move(struct pager *p, enum move m)
{
	size_t h = p->height > 1 ? p->height - 1 : 1;
	switch (m) {
	case MOVE_UP:
		p->at -= p->at > 0;
		break;
	case MOVE_DOWN:
		p->at = limit(p, p->at + 1);
		break;
	case MOVE_PGUP:
		p->at = p->at > h ? p->at - h : 0;
		p->top = p->top > h ? p->top - h : 0;
		break;
	case MOVE_PGDN:
		p->at = limit(p, p->at + h);
		p->top = limit(p, p->top + h);
		break;
	case MOVE_TOP:
		p->at = p->top = 0;
		break;
	case MOVE_BOTTOM:
		p->at = limit(p, p->n);
		break;
	}
}

bool pager_side(struct pager *p, int key)
{
	if (key == 0)
		p->shift = 0;
	else if (key == K_RIGHT)
		p->shift += SIDE_STEP;
	else if (key == K_LEFT)
		p->shift -= p->shift < SIDE_STEP ? p->shift : SIDE_STEP;
	else
		return false;
	return true;
}

void pager_goto(struct pager *p, size_t line)
{
	p->at = limit(p, line);
	p->top = p->at > p->height / 3 ? p->at - p->height / 3 : 0;
}

/* ---- drawing ------------------------------------------------------------------------------- */

static size_t rows_of(const struct pager *p, size_t line, int width)
{
	int w = p->wrap ? utf8_width(p->lines[line].text) : 0;
	return w <= width ? 1 : (size_t)((w + width - 1) / width);
}

/* The first line on the screen, so that the cursor's line is seen whole. */
static void place_top(struct pager *p, int width)
{
	if (p->at < p->top)
		p->top = p->at;
	if (p->top + p->height > p->n && !p->wrap)
		p->top = p->n > p->height ? p->n - p->height : 0;
	if (p->at - p->top > p->height)
		p->top = p->at - p->height;
	size_t rows = 0;
	for (size_t i = p->top; i <= p->at && i < p->n; i++)
		rows += rows_of(p, i, width);
	while (rows > p->height && p->top < p->at)
		rows -= rows_of(p, p->top++, width);
}

/* Skips `columns` of a line. */
static const char *shifted(const char *text, size_t columns)
{
	int used = 0;
	return text + utf8_fit(text, columns > 10000 ? 10000 : (int)columns, &used);
}

static void show_matches(
	const struct pager *p, const struct canvas *c, int row, const char *text)
{
	size_t len = strlen(p->search);
	if (!len)
		return;
	for (const char *at = strcasestr(text, p->search); at;
		at = strcasestr(at + len, p->search)) {
		char before[2048];
		size_t n = (size_t)(at - text);
		if (n >= sizeof(before))
			return;
		memcpy(before, text, n);
		before[n] = '\0';
		int col = GUTTER + utf8_width(before), width = utf8_width(p->search);
		if (col + width >= c->cols)
			return;
		grid_look(c->g, c->row + row, c->col + col, width, ROLE_MATCH);
	}
}

static int draw_line(const struct pager *p, const struct canvas *c, int row, size_t line)
{
	const struct pager_line *l = &p->lines[line];
	int width = c->cols - GUTTER - 1;
	if (line == p->at && !p->plain)
		canvas_put(c, row, 0, 1, ROLE_CURSOR, ">");
	if (!p->wrap) {
		const char *text = shifted(l->text, p->shift);
		canvas_put(c, row, GUTTER, width, l->look, text);
		show_matches(p, c, row, text);
		return 1;
	}
	const char *rest = l->text;
	int rows = 0;
	do {
		int used = 0;
		size_t n = utf8_fit(rest, width, &used);
		char *part = xstrndup(rest, n);
		canvas_put(c, row + rows, GUTTER, width, l->look, part);
		show_matches(p, c, row + rows, part);
		free(part);
		rest += n;
		rows++;
		if (n == 0)
			break;
	} while (*rest && row + rows < c->rows);
	return rows;
}

void pager_draw(struct pager *p, const struct canvas *c)
{
	int row = 0, width = c->cols - GUTTER - 1;
	p->height = c->rows > 0 ? (size_t)c->rows : 1;
	p->end = 0;
	if (!p->n || width < 1)
		return;
	p->at = limit(p, p->at);
	place_top(p, width);
	for (p->end = p->top; p->end < p->n && row < c->rows; p->end++)
		row += draw_line(p, c, row, p->end);
}
