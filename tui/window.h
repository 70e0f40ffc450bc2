#ifndef TUI_WINDOW_H
#define TUI_WINDOW_H

#include "tui/view.h"

/*
 * The part of a long list that is held here: some pages around the screen, fetched by store_query. The cursor belongs to a
 * record: after every answer it is where that record now is. Moves inside the held rows are answered at once; a jump beyond
 * them shows the old page until the new one is there, so the screen is never blank.
 */
struct window {
	struct view *view;
	struct store_query q; /* kinds, filter, sort ... : set, then window_reset */
	void (*answered)(struct view *v);

	struct record *rows; /* n of them, from position `first`; without JSON */
	size_t n, first, total;
	bool known;     /* there was an answer */
	bool complete;  /* total is exact */
	size_t at, top; /* the cursor and the first line of the screen, as positions */
	long long rid;  /* the record under the cursor; 0: none */
	size_t height;  /* lines on the screen */
	struct err err; /* why there is nothing, when err.code is set */

	struct store_req *req; /* the rest is the window's own */
	struct loop_timer *
		ahead; /* rows that are not on the screen yet: fetched once that is painted */
	struct arena mem;
	bool touched; /* the user has moved the cursor since the query was set */
	bool fresh;   /* the query was set, and nothing of its answer is here */
	bool jumping, again, second_try;
	size_t want_at, want_top;
};

void window_init(struct window *w, struct view *v, void (*answered)(struct view *v));
void window_release(struct window *w);
/* The query changed: from the top, cursor on the first row. Cancels what is under way; free an old filter after this. */
void window_reset(struct window *w);
/* What keys are about is not here: of this query, or the page that is jumped to (moves go on from where that will be). */
bool window_waits(const struct window *w, enum key_about what);
void window_refresh(struct window *w); /* the store changed */
void window_height(struct window *w, size_t height);
void window_move(struct window *w, enum move m);
/* The record at a position, NULL when not held. */
const struct record *window_at(const struct window *w, size_t position);
const struct record *window_current(const struct window *w);
/* "9", "200+" */
void window_total(const struct window *w, char *dst, size_t size);

/* A copy without JSON whose text lives in `mem`. */
void record_copy(struct arena *mem, struct record *dst, const struct record *src);

#endif
