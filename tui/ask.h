#ifndef TUI_ASK_H
#define TUI_ASK_H

#include "tui/view.h"

/* Asking and telling the store from a view. */

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
/* The same for each of these records: `done` once all are written, else how many are, and why the first of the others is not. */
void view_tell_each(struct view *v, const char *change, const long long *rids, size_t n,
	json_t *args /* taken; without "rid" */, const char *done);

#endif
