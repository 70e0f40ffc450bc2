#ifndef TUI_VIEWS_LIST_H
#define TUI_VIEWS_LIST_H

#include "tui/lanes.h"
#include "tui/line.h"
#include "tui/window.h"

/* The inside of the list view, shared by list*.c. */
struct list_view {
	struct view v;
	const struct lane *lane;
	struct window w;
	struct table table;
	struct lane_cells cells;
	bool filter_wrong; /* what is typed now is none: the rows are still of `filter` */
	struct filter *filter; /* in use by the window's query; NULL: none */
	char filter_text[sizeof(((struct line *)NULL)->text)];
	char filter_before[sizeof(
		((struct line *)NULL)
			->text)]; /* while one is typed: what Esc goes back to */
	struct target *marks;     /* copies; their text is malloc'ed */
	size_t n_marks, cap_marks;
	struct store_req *marking; /* all rows, to be marked or inverted */
	struct store_query marking_q;
	bool inverting;
	struct view
		*reader; /* opened above, waits for the row that it moved to; or NULL */
	void (*reader_moved)(struct view *reader);
	struct arena scratch; /* text of the target handed out last */
	struct list_pane {
		long long rid;        /* the record that the pane shows */
		struct record record; /* its text is in mem */
		struct arena mem;
		json_t *links; /* answer of "links", or NULL */
		json_t *whole; /* answer of "record", or NULL: rows have no labels */
		struct ask ask, ask_whole;
		struct loop_timer *rest;
	} pane;
};

enum { PANE_ROWS = 9, PANE_MIN_ROWS = 26, PANE_MIN_COLS = 90 };

/* All records of the lane's kinds. */
long long list_all(const struct list_view *l);

/* list_pane.c: what is known about the record under the cursor, once that has come to rest. */
bool pane_fits(const struct list_view *l, const struct canvas *c);
void pane_follow(struct list_view *l, bool at_once);
void pane_draw(struct list_view *l, const struct canvas *c);
void pane_release(struct list_view *l);

/* list_marks.c */
bool mark_has(const struct list_view *l, long long rid);
void mark_toggle(struct list_view *l, const struct record *r);
void marks_clear(struct list_view *l);
void marks_all(struct view *v);
void marks_invert(struct view *v);
void marks_range(struct view *v);
void target_of(struct arena *mem, const struct record *r, struct target *out);

/* list_filter.c */
void filter_open(struct view *v);
void filter_show_count(struct list_view *l); /* beside the prompt of the filter */
void filter_set(struct list_view *l, const char *text); /* a good one */
/* The same for the view of a lane, once it is on top. */
void list_show(struct view *v, const char *filter);
bool filter_clear(struct list_view *l); /* true: there was one */
void list_order(struct view *v);
const char *sort_word(enum store_sort s);

#endif
