/* Curses: taking over the terminal and giving it back, colours, size, input. */
#include "tui/term/term_private.h"

#include "backends/base/crypto.h"
#include "backends/base/mem.h"
#include "tui/term/guard.h"
#include <errno.h>
#include <fcntl.h>
#include <langinfo.h>
#include <locale.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

/* <term.h> declares it, and a struct term of its own. */
extern char *tigetstr(const char *name);

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

static SCREEN *open_screen(FILE *out, struct err *e)
{
	const char *name = getenv("TERM");
	SCREEN *s = NULL;
	if (!name || !*name) {
		err_set(e, ERR_IO,
			"TERM is not set: export TERM=xterm-256color, or use `watchdesk "
			"list`");
		return NULL;
	}
	s = newterm(name, out, stdin);
	if (!s && stand_in(name))
		s = newterm(stand_in(name), out, stdin);
	if (!s && stand_in(name))
		s = newterm("xterm", out, stdin);
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

static attr_t attrs_of(const struct style *s)
{
	static const struct {
		unsigned style;
		attr_t attr;
	} map[] = {{STYLE_BOLD, A_BOLD}, {STYLE_DIM, A_DIM},
		{STYLE_UNDERLINE, A_UNDERLINE}, {STYLE_REVERSE, A_REVERSE},
		{STYLE_ITALIC, A_ITALIC}};
	attr_t a = A_NORMAL;
	for (size_t i = 0; i < LENGTH(map); i++)
		if (s->attrs & map[i].style)
			a |= map[i].attr;
	return a;
}

static bool can_colour(const struct term *t)
{
	if (t->theme.no_colour || !has_colors() || start_color() != OK || COLORS < 8)
		return false;
	return use_default_colors() == OK;
}

static void set_looks(struct term *t)
{
	bool colours = can_colour(t);
	for (int i = 0; i < ROLE_COUNT; i++) {
		const struct style *s = &t->theme.roles[i];
		short pair = (short)(i + 1);
		bool plain = s->fg < 0 && s->bg < 0;
		t->attrs[i] = attrs_of(s);
		t->pairs[i] = 0;
		if (colours && !plain && pair < COLOR_PAIRS &&
			init_pair(pair, colour(s->fg, s->fg16), colour(s->bg, s->bg16)) ==
				OK)
			t->pairs[i] = pair;
	}
}

void term_set_theme(struct term *t, const struct theme *theme)
{
	t->theme = *theme;
	set_looks(t);
	term_redraw(t);
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
	int fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	FILE *out = fd >= 0 ? fdopen(fd, "w") : NULL;
	SCREEN *s = out ? open_screen(out, e) : NULL;
	if (!s) {
		if (!out)
			err_set(e, ERR_IO, "the terminal cannot be opened: %s",
				strerror(errno));
		else
			(void)fclose(out);
		guard_disarm();
		return NULL;
	}
	struct term *t = xcalloc(1, sizeof(*t));
	t->screen = s;
	t->out = out;
	t->out_fd = fd;
	t->frame_fd = memfd_create("watchdesk-frame", MFD_CLOEXEC);
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
	(void)fclose(t->out);
	if (t->frame_fd >= 0)
		(void)close(t->frame_fd);
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
	reset_prog_mode();
	guard_enter(STDOUT_FILENO);
	term_redraw(t);
}

bool term_copy(struct term *t, const char *text)
{
	struct str out = STR_INIT;
	size_t len = strlen(text);
	(void)t;
	if (len > COPY_MAX / 4 * 3UL)
		return false;
	str_adds(&out, "\033]52;c;");
	crypto_base64(&out, text, len);
	str_adds(&out, "\a");
	bool ok = write(STDOUT_FILENO, out.buf, out.len) == (ssize_t)out.len;
	str_release(&out);
	return ok;
}
