/* Curses: taking over the terminal, colours, and turning a grid into what is sent. */
#define _XOPEN_SOURCE_EXTENDED 1
#include "tui/term/term.h"

#include "backends/base/crypto.h"
#include "backends/base/mem.h"
#include "tui/term/guard.h"
#include <curses.h>
#include <errno.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>
#include <wchar.h>

/* <term.h> declares it, and a struct term of its own. */
extern char *tigetstr(const char *name);

struct term {
	SCREEN *screen;
	struct theme theme;
	bool ascii;
	struct grid last; /* what curses was given */
	bool stale;       /* `last` says nothing */
	bool cursor_on;
	cchar_t *line;
	attr_t attrs[ROLE_COUNT];
	short pairs[ROLE_COUNT];
};

enum { COPY_MAX = 74994 }; /* what terminals take as one OSC 52 */

/* Descriptions of newer terminals are often missing on a bastion; these speak xterm. */
static const char *stand_in(const char *name)
{
	static const char *const like_xterm[] = {"xterm", "kitty", "alacritty", "foot",
		"wezterm", "ghostty", "tmux", "screen", "rxvt", "st-", "konsole", "gnome",
		"vte"};
	for (size_t i = 0; name && i < LENGTH(like_xterm); i++)
		if (strstr(name, like_xterm[i]))
			return strstr(name, "tmux") || strstr(name, "screen")
				       ? "screen"
				       : "xterm-256color";
	return NULL;
}

static SCREEN *open_screen(struct err *e)
{
	const char *name = getenv("TERM");
	SCREEN *s = NULL;
	if (!name || !*name) {
		err_set(e, ERR_IO,
			"TERM is not set: export TERM=xterm-256color, or use `watchdesk "
			"list`");
		return NULL;
	}
	s = newterm(name, stdout, stdin);
	if (!s && stand_in(name))
		s = newterm(stand_in(name), stdout, stdin);
	if (!s && stand_in(name))
		s = newterm("xterm", stdout, stdin);
	if (!s) {
		err_set(e, ERR_IO,
			"the terminal type \"%s\" is not known on this host: try "
			"TERM=xterm-256color, or use `watchdesk list`",
			name);
		return NULL;
	}
	const char *cup = tigetstr("cup");
	if (!cup || *cup == '\0' || strcmp(name, "dumb") == 0) {
		endwin();
		delscreen(s);
		err_set(e, ERR_IO,
			"the terminal type \"%s\" cannot move its cursor: use `watchdesk "
			"list`",
			name);
		return NULL;
	}
	return s;
}

static short colour(int wanted, int wanted16)
{
	if (COLORS >= 256)
		return (short)wanted;
	if (wanted16 >= COLORS)
		return (short)(wanted16 % 8);
	return (short)wanted16;
}

static void set_looks(struct term *t)
{
	bool colours =
		!t->theme.no_colour && has_colors() && start_color() == OK && COLORS >= 8;
	if (colours)
		colours = use_default_colors() == OK;
	for (int i = 0; i < ROLE_COUNT; i++) {
		const struct style *s = &t->theme.roles[i];
		attr_t a = A_NORMAL;
		if (s->attrs & STYLE_BOLD)
			a |= A_BOLD;
		if (s->attrs & STYLE_DIM)
			a |= A_DIM;
		if (s->attrs & STYLE_UNDERLINE)
			a |= A_UNDERLINE;
		if (s->attrs & STYLE_REVERSE)
			a |= A_REVERSE;
		if (s->attrs & STYLE_ITALIC)
			a |= A_ITALIC;
		t->pairs[i] = 0;
		if (colours && (s->fg >= 0 || s->bg >= 0) && i + 1 < COLOR_PAIRS &&
			init_pair((short)(i + 1), colour(s->fg, s->fg16),
				colour(s->bg, s->bg16)) == OK)
			t->pairs[i] = (short)(i + 1);
		t->attrs[i] = a;
	}
}

struct term *term_open(const struct term_options *o, struct err *e)
{
	if (!isatty(STDIN_FILENO) || !isatty(STDOUT_FILENO)) {
		err_set(e, ERR_IO,
			"the console needs a terminal: run it in one, or use `watchdesk "
			"list`");
		return NULL;
	}
	if (!setlocale(LC_CTYPE, ""))
		(void)setlocale(LC_CTYPE, "C");
	bool utf8 = strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
	guard_arm(STDOUT_FILENO);
	SCREEN *s = open_screen(e);
	if (!s) {
		guard_disarm();
		return NULL;
	}
	struct term *t = xcalloc(1, sizeof(*t));
	t->screen = s;
	t->theme = *o->theme;
	t->ascii = o->ascii || !utf8;
	t->stale = true;
	grid_init(&t->last);
	set_escdelay(25);
	raw();
	noecho();
	nonl();
	typeahead(-1); /* else a key that waits leaves a frame half drawn */
	idlok(stdscr, TRUE);
	leaveok(stdscr, TRUE);
	curs_set(0);
	set_looks(t);
	guard_enter(STDOUT_FILENO);
	return t;
}

void term_close(struct term *t)
{
	if (!t)
		return;
	guard_leave(STDOUT_FILENO);
	endwin();
	delscreen(t->screen);
	guard_disarm();
	grid_release(&t->last);
	free(t->line);
	free(t);
}

bool term_is_ascii(const struct term *t)
{
	return t->ascii;
}

int term_fd(const struct term *t)
{
	(void)t;
	return STDIN_FILENO;
}

void term_size(struct term *t, int *rows, int *cols)
{
	struct winsize ws = {0};
	if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &ws) != 0 || ws.ws_row == 0 ||
		ws.ws_col == 0) {
		*rows = LINES;
		*cols = COLS;
		return;
	}
	*rows = ws.ws_row < GRID_ROWS_MAX ? ws.ws_row : GRID_ROWS_MAX;
	*cols = ws.ws_col < GRID_COLS_MAX ? ws.ws_col : GRID_COLS_MAX;
	if (*rows != LINES || *cols != COLS) {
		resizeterm(*rows, *cols);
		t->stale = true;
	}
}

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
	if (typing != t->cursor_on) {
		curs_set(typing ? 1 : 0);
		leaveok(stdscr, typing ? FALSE : TRUE);
		t->cursor_on = typing;
	}
	if (typing)
		move(g->cursor_row, g->cursor_col);
	refresh();
}

void term_redraw(struct term *t)
{
	t->stale = true;
	clearok(curscr, TRUE);
}

bool term_busy(const struct term *t)
{
	int queued = 0;
	return ioctl(STDOUT_FILENO, TIOCOUTQ, &queued) == 0 &&
	       queued > t->last.rows * t->last.cols / 2;
}

long term_read(struct term *t, char *buf, size_t size)
{
	struct pollfd p = {.fd = STDIN_FILENO, .events = POLLIN};
	(void)t;
	if (poll(&p, 1, 0) <= 0)
		return 0;
	if (!(p.revents & POLLIN))
		return -1;
	ssize_t n = read(STDIN_FILENO, buf, size);
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return 0;
	return n > 0 ? (long)n : -1;
}

void term_suspend(struct term *t)
{
	guard_leave(STDOUT_FILENO);
	endwin();
	(void)kill(0, SIGSTOP);
	guard_enter(STDOUT_FILENO);
	term_redraw(t);
}

bool term_copy(struct term *t, const char *text)
{
	struct str out = STR_INIT;
	size_t len = strlen(text);
	(void)t;
	if (len > COPY_MAX / 4 * 3)
		return false;
	str_adds(&out, "\033]52;c;");
	crypto_base64(&out, text, len);
	str_adds(&out, "\a");
	bool ok = write(STDOUT_FILENO, out.buf, out.len) == (ssize_t)out.len;
	str_release(&out);
	return ok;
}
