/*
 * The last question before something happens. Every rule here keeps a key that was not meant from being a yes: it must come
 * alone, by hand, after the question has stood on the screen for a moment without any other key.
 */
#include "tui/app_inside.h"
#include "tui/line.h"
#include <limits.h>
#include <stdlib.h>
#include <string.h>

enum { INPUT_MIN = 10 };

struct confirm_state {
	struct view v;
	struct view *asker;
	struct confirm c;
	char *what, *undo, *typed, *verb;
	struct line line;
	bool clipped;            /* the question did not fit when it was last drawn */
	struct loop_timer *said; /* y was typed; it counts if it stays alone */
	int64_t quiet_since;     /* last key, or first paint; 0: not painted yet */
	char note[160];
};

bool app_confirm(struct view *v, const struct confirm *c)
{
	if (!app_open(v->app, &confirm_view, NULL))
		return false;
	struct confirm_state *s = (struct confirm_state *)v->app->top;
	s->asker = v;
	s->c = *c;
	s->what = arena_strdup(&s->v.mem, c->what);
	if (c->undo && *c->undo) {
		char *undo = xasprintf("Undo: %s.", c->undo);
		s->undo = arena_strdup(&s->v.mem, undo);
		free(undo);
	}
	s->typed = arena_strdup(&s->v.mem, c->typed && *c->typed ? c->typed : NULL);
	s->verb = arena_strdup(&s->v.mem, c->verb ? c->verb : "start");
	line_set(&s->line, "");
	return true;
}

static void answer(struct confirm_state *s, bool yes)
{
	struct view *asker = s->asker;
	void (*fn)(struct view *) = yes ? s->c.yes : s->c.no;
	app_close(&s->v);
	if (fn)
		fn(asker);
}

/* A held key never lets the quiet time pass. */
static bool armed(struct confirm_state *s)
{
	int64_t now = clock_mono_ms();
	bool ok = s->quiet_since && now - s->quiet_since >= ARM_MS;
	if (s->quiet_since)
		s->quiet_since = now;
	return ok;
}

static void refuse(struct confirm_state *s, const char *why)
{
	(void)str_copy(s->note, sizeof(s->note), why);
}

/* Keys that arrive together (a paste into a terminal without bracketed paste, a held key behind a stall) are no answer. */
static void on_alone(struct loop *l, void *arg)
{
	struct confirm_state *s = arg;
	struct app *a = s->v.app;
	(void)l;
	s->said = NULL;
	answer(s, true);
	app_paint(a);
}

static void yes_no_key(struct confirm_state *s, const struct event *ev)
{
	bool quiet = armed(s);
	/* On a terminal without bracketed paste even a short one comes in one read. */
	bool pasted =
		ev->type == EVENT_PASTE || ev->burst || (ev->key == 'y' && ev->together);
	if (pasted)
		refuse(s, "Pasted text does not answer this.");
	else if (!quiet && ev->key != K_ESC)
		refuse(s, "Too soon after the question came up: read it, then press the "
			  "key once.");
	else if (ev->key == 'y')
		s->said = loop_timer(app_loop(s->v.app), ALONE_MS, on_alone, s);
	else if (ev->key == K_ENTER)
		refuse(s, "Enter alone is not yes. y starts it, Esc goes back.");
	else
		answer(s, false);
}

static void typed_key(struct confirm_state *s, const struct event *ev)
{
	bool quiet = armed(s);
	bool printable = ev->key >= ' ' && ev->key < K_FIRST;
	if (ev->type == EVENT_PASTE) {
		refuse(s, "Pasted text is not taken here: type it.");
	} else if (ev->burst || (ev->together && (printable || ev->key == K_ENTER))) {
		/* Where pastes are not marked even a short one comes in one read; what was typed by then may be its beginning. */
		line_set(&s->line, "");
		refuse(s, "Typed too fast or pasted: type it again.");
	} else if (ev->key == K_ESC) {
		answer(s, false);
	} else if (ev->key != K_ENTER) {
		/* Typing is not held up; what was typed before the question could be read is dropped. */
		if (!quiet && !*s->line.text && s->quiet_since == 0)
			return;
		(void)line_event(&s->line, ev);
		s->note[0] = '\0';
	} else if (strcmp(s->line.text, s->typed) == 0) {
		answer(s, true);
	} else {
		refuse(s, "That is not it. Type it exactly, or Esc to go back; nothing "
			  "has been sent.");
	}
}

static bool key(struct view *v, const struct event *ev)
{
	struct confirm_state *s = (struct confirm_state *)v;
	s->note[0] = '\0';
	loop_timer_cancel(app_loop(v->app), s->said);
	s->said = NULL;
	if (ev->type == EVENT_KEY && (ev->key == K_CTRL('c') || ev->key == K_ESC))
		answer(s, false);
	else if (s->clipped)
		refuse(s, "There is no room for the whole question: make the screen "
			  "larger, or Esc to go back.");
	else if (s->typed)
		typed_key(s, ev);
	else
		yes_no_key(s, ev);
	return true;
}

static int lines_of(const char *text, int width, const struct canvas *c)
{
	struct canvas nowhere = canvas_sub(c, 0, 0, 0, 0);
	return canvas_wrap(&nowhere, 0, 0, width, INT_MAX, ROLE_TEXT, text);
}

/* What is to be typed stands in quotes, so that it is seen where it begins and ends: Type "4 targets" to revoke. A long name
 * takes rows of its own. Returns the rows. */
static int typed_rows(
	const struct confirm_state *s, int width, const struct canvas *c, struct str *ask)
{
	str_addf(ask, "Type \"%s\" to %s:", s->typed, s->verb);
	return utf8_width(ask->buf) + INPUT_MIN <= width
		       ? 1
		       : lines_of(ask->buf, width, c) + 1;
}

static void draw_typed(struct confirm_state *s, const struct canvas *box, int row)
{
	struct str ask = STR_INIT;
	int width = box->cols - 2, rows = typed_rows(s, width, box, &ask), col = 1;
	if (rows == 1)
		col += canvas_put(box, row, 1, -1, ROLE_KEY, ask.buf) + 1;
	else
		canvas_wrap(box, row, 1, width, rows - 1, ROLE_KEY, ask.buf);
	line_draw(&s->line, box, row + rows - 1, col, width - col, true);
	str_release(&ask);
}

static int key_rows(const struct confirm_state *s, int width, const struct canvas *c)
{
	struct str ask = STR_INIT;
	int rows = s->typed ? typed_rows(s, width, c, &ask) : 1;
	str_release(&ask);
	return rows;
}

static void draw(struct view *v, const struct canvas *c)
{
	struct confirm_state *s = (struct confirm_state *)v;
	int width = c->cols - 2, what = lines_of(s->what, width, c),
	    keys = key_rows(s, width, c),
	    undo = s->undo ? lines_of(s->undo, width, c) : 0;
	bool odd = s->typed ? !utf8_ascii(s->typed) : !utf8_ascii(s->what);
	int others = 3 + keys + undo + (odd ? 1 : 0), row = 1;
	/* Where there is no room for all, the sentence is clipped: never the line that says what the keys do. What is not seen
	 * whole is not answered. */
	s->clipped = what + others > c->rows;
	if (s->clipped)
		what = c->rows > others ? c->rows - others : 1;
	int rows = what + others;
	struct canvas box = canvas_sub(c, c->rows - rows, 0, rows, c->cols);
	canvas_clear(&box);
	canvas_rule(&box, 0);
	row += canvas_wrap(&box, row, 1, width, what,
		s->c.danger ? ROLE_DANGER : ROLE_TITLE, s->what);
	if (s->undo)
		row += canvas_wrap(&box, row, 1, width, undo, ROLE_TEXT, s->undo);
	if (odd)
		canvas_put(&box, row++, 1, -1, ROLE_WARN,
			"It contains characters that are not ASCII: look twice.");
	if (s->typed)
		draw_typed(s, &box, row);
	else
		canvas_putf(&box, row, 1, -1, ROLE_KEY, "y %s     any other key: back",
			s->verb);
	row += keys;
	if (s->note[0])
		canvas_put(&box, row, 1, -1, ROLE_WARN, s->note);
	/* The quiet time begins when the question can be read. */
	if (!s->quiet_since)
		s->quiet_since = clock_mono_ms() ? clock_mono_ms() : 1;
}

static void release(struct view *v)
{
	struct confirm_state *s = (struct confirm_state *)v;
	loop_timer_cancel(app_loop(v->app), s->said);
}

const struct view_type confirm_view = {
	.name = "confirm",
	.size = sizeof(struct confirm_state),
	.overlay = true,
	.help = "The last question.",
	.release = release,
	.draw = draw,
	.key = key,
};
