#ifndef TUI_APP_INSIDE_H
#define TUI_APP_INSIDE_H

#include "backends/store/pulse.h"
#include "tui/act.h"
#include "tui/command.h"
#include "tui/lanes.h"
#include "tui/term/term.h"
#include "tui/view.h"

/* The inside of the app: for app*.c, command.c and the console's entry. Views do not include it. */

/* ARM_MS: no answer so soon after the last key or the first paint; ALONE_MS: a yes takes effect when no key followed it for so long. */
enum { HISTORY = 32, ARM_MS = 400, ALONE_MS = 120, AHEAD_MAX = 32 };

/* A view that can be opened again. */
struct place {
	int lane;
	const struct view_type *type; /* NULL: the lane's own view */
	struct view_arg arg;          /* own copies, no targets */
};

struct history {
	struct place places[HISTORY];
	size_t n, at; /* at: where the user is; those behind it are ahead */
	bool going;   /* moving along it: what opens and closes is not noted */
};

enum times { TIMES_UTC, TIMES_LOCAL, TIMES_SOURCE, TIMES_COUNT };

/* The records that a key was about, as they were shown when it came. */
struct chosen {
	long long rids[TARGETS_MAX];
	size_t n, snoozed; /* how many of them are snoozed */
	char title[160];   /* "orders_daily", "3 records" */
};

/* Keys that wait for what they are about: app_ahead.c. */
struct ahead {
	struct event keys[AHEAD_MAX]; /* the oldest first; no pastes */
	size_t n;
	bool dropped; /* one behind them was: it is said once more when they were taken */
	bool playing; /* one of them is being taken now */
	struct loop_timer *timer; /* until it is said that they wait */
};

struct app {
	struct loop *loop;
	struct store *store;
	const struct config *config;
	struct config *own_config; /* the same, when it came by an edit */
	struct edition *editions;  /* what was before */
	char wrong[600];           /* why an edit was not taken up; "": it was */
	const char *me;
	struct term *term; /* NULL: no terminal (tests) */
	struct keys keys;
	struct ahead ahead;
	struct grid grid;
	int rows, cols;

	/* Made when first gone to, then kept with cursor and filter. */
	struct view *lanes[LANE_COUNT];
	int lane;
	struct view *top;
	struct view *dead; /* closed in this turn, freed before the next paint */
	struct history history;

	struct runbooks *runbooks; /* loaded when first needed */
	json_t *counts;
	struct store_req *counts_req;

	char say[512];
	enum role say_role;
	/* Whether the store is written; store_path NULL: not looked at (tests). */
	const char *store_path;
	struct pulse pulse;
	int64_t pulse_from_ms;
	struct loop_timer *pulse_timer;
	unsigned long changes;
	enum times times;
	usec_t minute; /* of the last tick */
	bool read_only, painted, dirty, quit;
	bool counts_again; /* the store changed while the question was under way */
	bool load_tried;   /* a catalogue that cannot be read is complained about once */
	const struct view *
		shifted; /* whose list last moved under the cursor by itself; only compared */
	int64_t shifted_ms;           /* when that was */
	struct telling *tellings;     /* changes under way: ask.c */
	struct store_req *choose_req; /* act*.c: one command at a time */
	struct choosing *choosing;
	struct chosen asked;        /* what a prompt is about */
	struct claiming *claimings; /* act_claim.c */
	struct loop_timer *load_timer;
	struct loop_timer *esc_timer, *tick_timer, *resize_timer, *retry_timer;
	struct loop_watch *input;
	void (*on_paint)(void *arg); /* after each paint: tests */
	void *paint_arg;
	struct err gone; /* why it ended, when not by the user */
};

struct app_options {
	struct loop *loop;
	struct store *store;
	const struct config *config;
	const char *store_path; /* whose worker's pulse is watched; NULL: none */
	struct term *term;      /* NULL: rows and cols are used */
	int rows, cols;
};
struct app *app_new(const struct app_options *o);
void app_free(struct app *a); /* the store and the terminal stay the caller's */

/* A key or paste as it comes from the terminal. */
void app_event(struct app *a, const struct event *ev);
/* The same for the view on top as it is now, without waiting for anything. */
void app_take(struct app *a, const struct event *ev);
/* As if the store had changed: what it says depends on the time too (stale, snoozed). */
void app_ask_again(struct app *a);
void app_resize(struct app *a, int rows, int cols);
void app_paint_now(struct app *a);
void app_collect_dead(struct app *a);

bool app_just_shifted(const struct view *v);
/* Esc: to the view below. */
void app_back(struct app *a);

/* app_history.c. After the view on top changed; `closed`: because another was closed. */
void history_note(struct app *a, bool closed);
/* [ and ]: by is -1 or 1. */
void history_step(struct app *a, int by);
void history_forget(struct app *a);

/* Waits for the changes that were told and not answered yet: a note must not be lost by q. */
void tellings_finish(struct app *a, int within_ms);
void tellings_forget(struct app *a);

/* act.c. What is said of records is said of all marked ones; false: there is none. */
bool choose_all(struct view *v, struct chosen *c);
/* act_claim.c */
void claimings_forget(struct app *a);

/* app_ahead.c: true: what the key is about is not shown yet, so it waits, or was dropped and that is said. */
bool ahead_takes(struct app *a, const struct event *ev);
/* Takes the keys whose turn has come: before every sleep of the loop. */
void ahead_play(struct app *a);
/* What waits was about something that will not come. */
void ahead_forget(struct app *a);
void ahead_say_dropped(struct app *a);

/* app_input.c: stdin, signals, timers. */
void input_start(struct app *a);
void input_stop(struct app *a);

/* app_paint.c */
void paint_all(struct app *a);
void paint_first_line(struct app *a, struct view *v); /* app_title.c */
/* The rows and columns that views get. */
void paint_room(const struct app *a, int *rows, int *cols);

/* app_edit.c: the configuration was edited. `next` is taken. */
void edit_taken(struct app *a, struct config *next);
/* It cannot be read: the last good one goes on. */
void edit_refused(struct app *a, const struct err *e);
void edit_forget(struct app *a);

/* app_pulse.c */
void pulse_start(struct app *a);
void pulse_stop(struct app *a);
/* Not said of a store whose state is not known: that of the first moments. */
bool pulse_known(const struct app *a);

/* app_counts.c: the numbers of the first line and the lanes. */
void counts_ask(struct app *a);

#endif
