#ifndef TUI_VIEW_H
#define TUI_VIEW_H

#include "backends/connector/config.h"
#include "backends/store/store.h"
#include "tui/grid.h"
#include "tui/term/keys.h"

/*
 * Views: what fills the screen between the first line (where am I, how fresh is it) and
 * the last (what can I do here); the app draws these two from `title` and the commands'
 * hints. A view is one file in tui/views/ with a `const struct view_type x_view` at its
 * end and one line in the table of tui/views/views.c. It never blocks: it asks the store
 * and draws what it has; tui/views/list.c is the example.
 *
 * A view's struct begins with `struct view`. Everything runs in the one loop. After each
 * event, answer and change of the store the app paints once, and sends only what differs,
 * so drawing is plain: draw everything from the state.
 */
struct app;
struct view;

/* What a command acts on: bound to the record that was shown when the key came, never to
 * a row number. */
struct target {
	long long rid;
	enum kind kind;
	enum state state;
	const char *key; /* "kind:source:id" */
	const char *source;
	const char *title;
};

/* How a view is opened. Strings and targets are copied by the app and live as long as the
 * view (`view->arg`). */
struct view_arg {
	long long rid;     /* the record it is about */
	long long job;     /* the job (action run, log fetch) it is about */
	const char *name;  /* per type: a runbook, a command, ... */
	const char *title; /* of the record: shown until the answer is there, and in the
			      path of the first line */
	const struct target *targets;
	size_t n_targets;
};

enum move { MOVE_UP, MOVE_DOWN, MOVE_PGUP, MOVE_PGDN, MOVE_TOP, MOVE_BOTTOM };

/* A command: a key, a name for the palette, a line in the help and in the hints, all from
 * this one row. */
enum command_flags {
	CMD_TARGET =
		1
		<< 0, /* only where the view has targets (and only while there is one) */
	CMD_ACTS = 1 << 1, /* begins something that changes the world: refused just after
			      the list moved by itself, and in read-only mode */
	CMD_NO_HELP = 1 << 2, /* an alias */
};
struct command {
	const char *name; /* "snooze": unique, what `:` takes */
	const char *keys; /* "z", "Enter", "j Down": separated by blanks */
	const char *hint; /* shown in the last line: "z snooze"; NULL: not there */
	const char *help; /* "hide it until later" */
	unsigned flags;
	void (*run)(struct view *v);
};

struct view_type {
	const char *name; /* "detail" */
	size_t size; /* of the struct that begins with struct view; zeroed at the start */
	bool overlay;     /* drawn over the view below, takes all keys */
	const char *help; /* what it shows: first line of the help */
	bool (*init)(struct view *v, struct err *e); /* may be NULL; v->arg is set */
	void (*release)(struct view *v);             /* cancel all requests here */
	/* `path` of the first line ("orders_daily 2026-11-22"; the paths of the views
	 * below come before it) and what stands right of it ("airflow-prod, 4 s ago"). */
	void (*title)(struct view *v, struct str *path, struct str *side);
	void (*draw)(struct view *v, const struct canvas *c);
	bool (*key)(struct view *v,
		const struct event *ev);           /* before the commands; true: used */
	void (*move)(struct view *v, enum move m); /* j k g G PgUp PgDn and the arrows */
	void (*changed)(struct view *v); /* the store changed: ask again what may have */
	void (*shown)(struct view *v);   /* it is on top again */
	size_t (*targets)(struct view *v, struct target *out,
		size_t max); /* the marked ones, else the one under the cursor */
	const struct command
		*commands; /* its own, before the general ones; an empty row at the end */
};

struct view {
	const struct view_type *type;
	struct app *app;
	struct view *below; /* the app's */
	struct view_arg arg;
	struct arena mem; /* freed with the view */
	int rows,
		cols; /* of the canvas it draws into: valid from before the first draw */
};

enum { TARGETS_MAX = 500 };

/* ---- the app, for views
 * -------------------------------------------------------------------------- */

struct store *app_store(struct app *a);
const struct config *app_config(struct app *a); /* never NULL */
struct loop *app_loop(struct app *a);
const char *app_me(struct app *a); /* the operator */
bool app_read_only(struct app *a);

/* Opens a view above the others. False when init refused: the reason is then on the last
 * line. */
bool app_open(struct app *a, const struct view_type *t, const struct view_arg *arg);
void app_close(struct view *v);         /* it stays valid until the event is over */
void app_lane(struct app *a, int lane); /* goes to a lane: closes what is above */
void app_quit(struct app *a);

/* A sentence on the last line, until the next key. */
void app_say(struct app *a, enum role role, const char *fmt, ...) PRINTF_LIKE(3, 4);
void app_say_err(struct app *a, const struct err *e);
void app_paint(struct app *a); /* something to be drawn changed outside an event or answer
				  (a timer) */
void app_copy(struct app *a, const char *text,
	const char *what); /* to the terminal's clipboard (OSC 52) */

/* Times as the user wants them now (`T` switches UTC and local): "13:47:02 UTC",
 * "2026-11-22 13:47:02 UTC". size >= 40. */
void app_clock(struct app *a, char *dst, size_t size, usec_t t);
void app_time(struct app *a, char *dst, size_t size, usec_t t);
/* "12m" since t; "-" when t is 0. size >= 16. */
void app_age(char *dst, size_t size, usec_t t);

/* ---- asking the store
 * ------------------------------------------------------------------------------ */

/* One question in flight a slot: starting again cancels the one before; `release` of the
 * view cancels it. The answer is borrowed and paints by itself. When it failed, answer is
 * NULL and the reason is on the last line already. */
typedef void view_answer_fn(struct view *v, json_t *answer);
struct ask {
	struct view *view;
	struct store_req *req;
	view_answer_fn *fn;
	char question[24];
};
void ask_start(struct view *v, struct ask *k, const char *question,
	json_t *args /* taken */, view_answer_fn *fn);
void ask_cancel(struct ask *k);

/* A change in the store. Says `done` when it is written, or why not. The view may close
 * meanwhile. */
void view_tell(
	struct view *v, const char *change, json_t *args /* taken */, const char *done);

/* ---- questions to the user
 * -------------------------------------------------------------------------- */

/* A line of text on the last line. `changed` (may be NULL) on every keystroke.
 * done(NULL): left with Esc. */
struct prompt {
	const char *label; /* "Note" */
	const char *text;  /* to begin with */
	const char *side;  /* context, or NULL */
	void (*changed)(struct view *v, const char *text);
	void (*done)(struct view *v, const char *text);
};
bool app_prompt(struct view *v, const struct prompt *p); /* strings are copied */
/* Replaces what stands right of the typed text ("41 of 20 412"). Nothing when no prompt
 * is open. */
void app_prompt_side(struct app *a, const char *side);

/*
 * The last question before something happens. Enter is never yes; a paste, keys typed
 * ahead, a held key and keys within 400 ms of its first paint are not taken. With `typed`
 * only that text, typed by hand, and Enter start it.
 */
struct confirm {
	const char *what;  /* "Clear 6 failed tasks in 3 runs of orders_daily on
			      airflow-prod (PROD)." Lines with "\n". */
	const char *undo;  /* how it can be undone, or NULL */
	const char *typed; /* NULL: y is enough */
	const char *verb;  /* "start", "revoke": what y does */
	bool danger;
	void (*yes)(struct view *v);
	void (*no)(struct view *v); /* or NULL */
};
bool app_confirm(struct view *v, const struct confirm *c); /* strings are copied */

/* ---- the views
 * -----------------------------------------------------------------------------------------
 */

extern const struct view_type list_view;    /* lanes 1..6 */
extern const struct view_type actions_view; /* lane 7: action runs */
extern const struct view_type sources_view; /* lane 8 */
extern const struct view_type detail_view;  /* arg.rid */
extern const struct view_type log_view; /* arg.rid: the log of a run (job of type "log");
					   arg.job: the output of a job */
extern const struct view_type raw_view; /* arg.rid: the source's JSON */
extern const struct view_type run_view; /* arg.name: the runbook; arg.targets */
extern const struct view_type action_view;   /* arg.job */
extern const struct view_type runbooks_view; /* arg.targets: choose one that applies */
extern const struct view_type help_view;
extern const struct view_type palette_view;
extern const struct view_type prompt_view;
extern const struct view_type confirm_view;

/* All view types, closed by NULL. */
extern const struct view_type *const views[];

/* ---- words and looks shared by views
 * ------------------------------------------------------------------- */

look_t look_of_state(enum kind k, enum state s);
look_t look_of_severity(enum severity s);
const char *word_of_state(
	enum state s); /* "ack" for acknowledged, ...: at most 9 columns */
/* "1 340": thousands apart. size >= 32. */
void format_count(char *dst, size_t size, long long n);
/* "$1 840", "1 840 EUR": without cents from 100 on. size >= 48. */
void format_money(char *dst, size_t size, const char *amount, const char *currency);
const char *plural(long long n, const char *one, const char *many);

#endif
