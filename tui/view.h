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
	const char *run; /* which run of that title, or "" or NULL */
	int group;       /* records of one cause that this row stands for; 0, 1: itself */
	usec_t snoozed_until; /* as shown; 0 or past: it is not */
};

/* What is at hand of the record that a key is about, to say beforehand what the key can do.
 * Borrowed, as shown: nothing is held or moved by it. */
struct glance {
	enum kind kind;
	enum state state;
	const char *source;
	const char *url; /* "": it has none; NULL: not known */
	json_t *whole;   /* the answer of question "record"; NULL: not here */
};

/* How a view is opened. Strings and targets are copied by the app and live as long as the
 * view (`view->arg`). */
struct view_arg {
	long long rid;    /* the record it is about */
	long long job;    /* the job (action run, log fetch) it is about */
	const char *name; /* per type: a runbook, a command, ... */
	/* Of the record: shown until the answer is there, and in the path of the first line. */
	const char *title;
	const struct target *targets;
	size_t n_targets;
};

enum move { MOVE_UP, MOVE_DOWN, MOVE_PGUP, MOVE_PGDN, MOVE_TOP, MOVE_BOTTOM };

/* A command: a key, a name for the palette, a line in the help and in the hints, all from
 * this one row. */
enum command_flags {
	/* Only where the view has targets, and only while there is one. */
	CMD_TARGET = 1 << 0,
	/* Acts on what the cursor is on: refused just after the list moved by itself below it. */
	CMD_AIMED = 1 << 1,
	/* Begins something that changes the world: aimed, and refused in read-only mode. */
	CMD_ACTS = 1 << 2,
	/* Does its thing with the key alone: typed before what it is about is shown, it is dropped. Others wait for that. */
	CMD_NOW = 1 << 3,
	/* Of a view's own: not about what the view shows, so that it never waits. */
	CMD_FREE = 1 << 4,
};
struct command {
	const char *name; /* "snooze": unique, what `:` takes */
	const char *keys; /* "z", "Enter", "j Down": separated by blanks */
	const char *hint; /* shown in the last line: "z snooze"; NULL: not there */
	const char *help; /* "hide it until later" */
	unsigned flags;
	void (*run)(struct view *v);
	/* Would it do something here and now, by what is shown? Else `why` says the reason, or
	 * stays empty: then it is neither run nor offered. NULL: always. */
	bool (*able)(struct view *v, struct str *why);
};

/* What a key that was typed wants of the view. */
enum key_about { KEY_MOVES, KEY_TARGET, KEY_OTHER };

struct view_type {
	const char *name; /* "detail" */
	size_t size; /* of the struct that begins with struct view; zeroed at the start */
	bool overlay;     /* drawn over the view below, takes all keys */
	bool typing;      /* its keys are text, even before it is filled */
	bool live;        /* shows ages in seconds: painted again every 10 s */
	const char *help; /* what it shows: first line of the help */
	bool (*init)(struct view *v, struct err *e); /* may be NULL; v->arg is set */
	void (*release)(struct view *v);             /* cancel all requests here */
	/* `path` of the first line ("orders_daily 2026-11-22"; the paths of the views
	 * below come before it) and what stands right of it ("airflow-prod, 4 s ago"). */
	void (*title)(struct view *v, struct str *path, struct str *side);
	void (*draw)(struct view *v, const struct canvas *c);
	/* Before the commands; true: used. */
	bool (*key)(struct view *v, const struct event *ev);
	/* Is what such a key is about still to come: the first answer, a page that is jumped to? What is on the screen and only
	 * asked again is there. Once no answer can come it is false. NULL: never. */
	bool (*waits)(const struct view *v, enum key_about what);
	void (*move)(struct view *v, enum move m); /* j k g G PgUp PgDn and the arrows */
	/* Is there anywhere to move to? NULL: always. */
	bool (*moves)(const struct view *v);
	/* The store changed, or time passed that its answers depend on: ask again. Also when it did while another lane was shown. */
	void (*changed)(struct view *v);
	/* The marked ones, else the one under the cursor. */
	size_t (*targets)(struct view *v, struct target *out, size_t max);
	/* The one under the cursor, whatever is marked. NULL: `targets` knows no marks. */
	bool (*current)(struct view *v, struct target *out);
	/* The first of the marked ones when `acting` and there are such, else the one under the cursor; false: there is none. A
	 * view with `targets` has it. */
	bool (*glance)(struct view *v, bool acting, struct glance *out);
	/* Its own, before the general ones; an empty row at the end. */
	const struct command *commands;
};

struct view {
	const struct view_type *type;
	struct app *app;
	struct view *below; /* the app's */
	struct view_arg arg;
	struct arena mem;      /* freed with the view */
	unsigned long changes; /* of the store, that it was told of; the app's */
	int lane;              /* it is the root of this lane; -1: opened above one */
	int rows,
		cols; /* of the canvas it draws into: valid from before the first draw */
};

enum { TARGETS_MAX = 500 };

/* All view types, closed by NULL (tui/views/views.c). */
extern const struct view_type *const views[];

#include "tui/app.h"
#include "tui/ask.h"
#include "tui/views/views.h"
#include "tui/words.h"

#endif
