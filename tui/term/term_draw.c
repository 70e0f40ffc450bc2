/* From a grid to curses, and a frame out in one write. */
#include "tui/term/term_private.h"

#include "backends/base/mem.h"
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wchar.h>

static void cell_chars(const struct term *t, const struct cell *c, wchar_t out[4])
{
	size_t n = 0, len = strlen(c->text);
	for (size_t i = 0; i < len && n < 3;) {
		uint32_t cp = 0;
		i += utf8_decode(c->text + i, len - i, &cp);
		if (cp >= 0x80 && t->ascii)
			cp = '?';
		/* The C library decides what curses can place; what it does not know is shown, but not as itself. */
		else if (n == 0 && wcwidth((wchar_t)cp) != c->width)
			cp = c->width == 2 ? 0x3013 : 0xfffd;
		out[n++] = (wchar_t)cp;
		if (t->ascii)
			break;
	}
	out[n] = L'\0';
}

static void to_curses(const struct term *t, const struct cell *c, cchar_t *out)
{
	wchar_t text[4];
	unsigned role = c->look & 0xff;
	if (role >= ROLE_COUNT)
		role = ROLE_TEXT;
	attr_t a = t->attrs[role];
	if (c->look & LOOK_BOLD)
		a |= A_BOLD;
	if (c->look & LOOK_UNDERLINE)
		a |= A_UNDERLINE;
	if (c->look & LOOK_REVERSE)
		a |= A_REVERSE;
	cell_chars(t, c, text);
	if (setcchar(out, text, a, t->pairs[role], NULL) != OK)
		(void)setcchar(out, L"?", a, t->pairs[role], NULL);
}

/* A look that cannot be seen on a blank: a colour of the letters, and nothing else. */
static bool unseen_on_blank(const struct term *t, unsigned look)
{
	unsigned role = look & 0xff;
	return look < LOOK_BOLD && role < ROLE_COUNT && t->attrs[role] == A_NORMAL &&
	       t->theme.roles[role].bg < 0;
}

static void draw_row(struct term *t, const struct grid *g, int row)
{
	const struct cell *cells = grid_cell(g, row, 0);
	bool wide = false;
	unsigned before = ROLE_TEXT;
	for (int col = 0; col < g->cols; col++) {
		struct cell c = cells[col];
		/* The gap after coloured text takes its colour: to go back to plain and forth again for a
		 * few blanks costs 15 bytes each time. */
		if (c.look == ROLE_TEXT && c.text[0] == ' ' && unseen_on_blank(t, before))
			c.look = (uint16_t)before;
		else
			before = c.look;
		to_curses(t, &c, &t->line[col]);
		wide = wide || cells[col].width != 1;
	}
	if (!wide) {
		mvadd_wchnstr(row, 0, t->line, g->cols);
		return;
	}
	for (int col = 0; col < g->cols; col++)
		if (cells[col].width != 0)
			mvadd_wchnstr(row, col, &t->line[col], 1);
		else if (t->ascii)
			mvaddch(row, col, ' ');
}

static void remember(struct term *t, const struct grid *g)
{
	if (t->last.rows != g->rows || t->last.cols != g->cols) {
		grid_resize(&t->last, g->rows, g->cols);
		t->line = xrealloc(t->line, (size_t)g->cols * sizeof(*t->line));
		t->stale = true;
	}
}

/*
 * Curses writes after every cursor movement: a hundred small packets a screen. So a frame is collected in
 * memory, by standing in for curses' descriptor meanwhile, and goes out as one write.
 */
static void frame_begin(const struct term *t)
{
	if (t->frame_fd < 0)
		return;
	if (ftruncate(t->frame_fd, 0) == 0 && lseek(t->frame_fd, 0, SEEK_SET) == 0)
		(void)dup3(t->frame_fd, t->out_fd, O_CLOEXEC);
}

static void frame_end(struct term *t)
{
	if (t->frame_fd < 0)
		return;
	(void)dup3(STDOUT_FILENO, t->out_fd, O_CLOEXEC);
	off_t len = lseek(t->frame_fd, 0, SEEK_CUR);
	if (len <= 0)
		return;
	char *bytes = xmalloc((size_t)len);
	ssize_t n = pread(t->frame_fd, bytes, (size_t)len, 0);
	for (ssize_t sent = 0, w = 0; sent < n; sent += w) {
		w = write(STDOUT_FILENO, bytes + sent, (size_t)(n - sent));
		if (w < 0 && errno == EINTR)
			w = 0;
		else if (w <= 0)
			break; /* gone: the next read says so */
	}
	free(bytes);
}

void term_draw(struct term *t, const struct grid *g)
{
	remember(t, g);
	bool typing = g->cursor_row >= 0;
	for (int row = 0; row < g->rows; row++) {
		const struct cell *now = grid_cell(g, row, 0);
		struct cell *then = &t->last.cells[(size_t)row * (size_t)g->cols];
		if (!t->stale && grid_same(now, then, g->cols))
			continue;
		draw_row(t, g, row);
		memcpy(then, now, (size_t)g->cols * sizeof(*now));
	}
	t->stale = false;
	frame_begin(t);
	if (typing != t->cursor_on) {
		curs_set(typing ? 1 : 0);
		leaveok(stdscr, typing ? FALSE : TRUE);
		t->cursor_on = typing;
	}
	if (typing)
		move(g->cursor_row, g->cursor_col);
	refresh();
	frame_end(t);
}
