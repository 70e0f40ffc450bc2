#ifndef TUI_VIEWS_DETAIL_H
#define TUI_VIEWS_DETAIL_H

#include "tui/from_json.h"
#include "tui/views/answer.h"

/* The inside of the view of one record, shared by detail*.c: rows made from the answers, a cursor on those that open something. */
enum detail_opens { OPENS_NOTHING, OPENS_RECORD, OPENS_JOB, OPENS_FOLD };

struct detail_row {
	const char *label; /* "" below the first of a section */
	const char *text;
	look_t look;
	const char *mark; /* a word of its own look before the text: a state */
	look_t mark_look;
	int mark_width;
	bool strip; /* words of states in a line: the bad ones stand out */
	enum detail_opens opens;
	long long id;
	const char *name; /* of what opens */
};

struct detail_view {
	struct view v;
	struct answer record, links, siblings, history, notes, jobs, group;
	struct record r; /* of `record`; text borrowed from it */
	bool have;
	bool unfolded;           /* links that cannot matter are listed too */
	struct detail_row *rows; /* made anew before each draw; text in `mem` */
	size_t n, cap;
	struct arena mem;
	size_t top, height;
	size_t at; /* SIZE_MAX: nothing here opens */
	enum detail_opens at_opens;
	long long at_id; /* the cursor stays on what it was on */
	struct str key;  /* of the target handed out last */
	const char *run; /* of that target */
	struct list_view
		*list; /* while J or K is on its way: it fetches that row; or NULL */
};

/* detail_rows.c */
void detail_build(struct detail_view *d, int width);
struct detail_row *detail_add(
	struct detail_view *d, const char *label, look_t look, const char *text);
/* Text of any length: one row a line of `width` columns. */
void detail_add_wrapped(struct detail_view *d, const char *label, look_t look, int width,
	const char *text);
/* "10 s", "5m38", "3h40": long enough to compare, short enough to read. */
void detail_span(char *dst, size_t size, usec_t t);
/* "success" beside "succeeded", "cancelled" beside "canceled": nothing new. */
bool detail_says_more(const char *raw, const char *state);
void detail_blank(struct detail_view *d);
const char *detail_time(struct detail_view *d, usec_t t); /* see app_when */

/* detail_links.c: what was before and after it, and what has the same cause; in time order, what cannot matter folded. */
void detail_links(struct detail_view *d, int width);

/* detail_more.c */
void detail_tasks(struct detail_view *d);
void detail_not_read(struct detail_view *d);
void detail_siblings(struct detail_view *d, int width);
void detail_history(struct detail_view *d);
void detail_notes(struct detail_view *d, int width);
void detail_actions(struct detail_view *d);
void detail_labels(struct detail_view *d, int width);
usec_t detail_usual(
	const struct detail_view *d); /* what it usually takes, 0: not known */

enum { DETAIL_LABEL = 9 };

#endif
