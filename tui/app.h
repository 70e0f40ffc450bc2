#ifndef TUI_APP_H
#define TUI_APP_H

#include "tui/view.h"

/* What the app does for views. Its inside is tui/app_inside.h. */

struct store *app_store(struct app *a);
const struct config *app_config(struct app *a); /* never NULL */
struct loop *app_loop(struct app *a);
const json_t *app_counts(struct app *a); /* last answer of "counts", or NULL */
const char *app_me(struct app *a);       /* the operator */
/* False, and the reason is on the last line: the configuration is read-only. */
bool app_writable(struct app *a);
/* May this runbook be started from here? One that only reads always may. False: said why. */
struct runbook;
bool app_may_run(struct app *a, const struct runbook *r);
/* Why the last edit of the configuration, a runbook or the theme is not taken up, with its place; NULL: it is. */
const char *app_wrong(const struct app *a);
/* What keeps the store from being written, in a sentence, as far as known; false: nothing. */
bool app_unwritten(struct app *a, struct str *out);
/* The catalogue, read when first asked for; NULL when it cannot be: said already. */
struct runbooks;
const struct runbooks *app_runbooks(struct app *a);
/* The same for drawing: NULL until it is read, which happens after the screen is painted. */
const struct runbooks *app_runbooks_soon(struct app *a);

/* Opens a view above the others. False when init refused: the reason is then on the last
 * line. */
bool app_open(struct app *a, const struct view_type *t, const struct view_arg *arg);
/* It stays valid until the event is over. Only from a key of the view, or while it is on top: views above hold on to those below. */
void app_close(struct view *v);
bool app_on_top(
	const struct view *v); /* for answers: nothing was opened above meanwhile */
void app_lane(struct app *a, int lane); /* goes to a lane: closes what is above */
void app_quit(struct app *a);
/* The view shows another thing now (arg changed): [ and ] come back to that. */
void history_replace(struct view *v);
/* The list of this view moved under the cursor by itself: what is aimed with that cursor is refused for a moment. */
void app_shifted(struct view *v);

/* A sentence on the last line, until the next key. */
void app_say(struct app *a, enum role role, const char *fmt, ...) PRINTF_LIKE(3, 4);
void app_say_err(struct app *a, const struct err *e);
/* Something to be drawn changed outside an event or answer (a timer). */
void app_paint(struct app *a);
/* To the terminal's clipboard (OSC 52). */
void app_copy(struct app *a, const char *text, const char *what);

/* Times as the user wants them now (`T` switches UTC, local, and the zone of the source, NULL: of none): "13:47:02 UTC",
 * "2026-11-22 13:47:02 UTC". size >= 40. */
void app_clock(struct app *a, const char *source, char *dst, size_t size, usec_t t);
void app_time(struct app *a, const char *source, char *dst, size_t size, usec_t t);
/* The time of day when it is of today, in the zone that is shown; else with its date. */
void app_when(struct app *a, const char *source, char *dst, size_t size, usec_t t);
/* "12m" since t; "-" when t is 0. size >= 16. */
void app_age(char *dst, size_t size, usec_t t);

/* A line of text on the last line. `changed` (may be NULL) on every keystroke.
 * done(NULL): left with Esc. */
struct prompt {
	const char *label; /* "Note" */
	const char *text;  /* to begin with */
	const char *side;  /* context, or NULL */
	void (*changed)(struct view *v, const char *text);
	void (*done)(struct view *v, const char *text);
	/* May be NULL. False: Enter does not take the text, and what is wrong is said as with app_prompt_wrong. */
	bool (*check)(struct view *v, const char *text);
};
bool app_prompt(struct view *v, const struct prompt *p); /* strings are copied */
/* Replaces what stands right of the typed text ("41 of 20 412") in the prompt of this view that follows each keystroke;
 * nothing when no such prompt is open. */
void app_prompt_side(struct view *v, const char *side);
/* What is wrong with the text in that prompt, on the line above it; "": nothing. */
void app_prompt_wrong(struct view *v, const char *why);

/*
 * The last question before something happens. Enter is never yes; a paste, keys typed
 * ahead, a held key and keys within 400 ms of its first paint are not taken. With `typed`
 * only that text, typed by hand, and Enter start it.
 */
struct confirm {
	/* "Clear 6 failed tasks in 3 runs of orders_daily on airflow-prod (PROD)." Lines with "\n". */
	const char *what;
	const char *undo;  /* how it can be undone, or NULL */
	const char *typed; /* NULL: y is enough */
	const char *verb;  /* "start", "revoke": what y does */
	bool danger;
	void (*yes)(struct view *v);
	void (*no)(struct view *v); /* or NULL */
};
bool app_confirm(struct view *v, const struct confirm *c); /* strings are copied */

#endif
