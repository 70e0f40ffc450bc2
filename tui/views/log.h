#ifndef TUI_VIEWS_LOG_H
#define TUI_VIEWS_LOG_H

#include "tui/view.h"
#include "tui/views/answer.h"

/*
 * The inside of the log view, shared by log*.c. Lines have positions from 0; line p of a job's output has seq p + 1. Only the
 * pages around the screen are held, so a log of any length opens at once.
 */
struct log_view {
	struct view v;
	/* log_fetch.c */
	struct answer record; /* whose log it is; nothing for the output of an action */
	struct answer job, tail;
	struct str key; /* of the target handed out last */
	struct store_req *adding;
	long long job_id;  /* 0: not known yet */
	int part;          /* -1: the first */
	bool placed;       /* it stands where it should open, or the user moved */
	bool fetched_open; /* the run went on when it was fetched last */
	struct loop_timer *refetch;
	/* log_page.c */
	struct answer block;
	long long block_first,
		block_want;    /* position of the first held and of the first asked for */
	long long block_total; /* lines there were when it was asked for */
	long long total, at, top;
	long long drawn_at, drawn_top; /* last drawn: shown until another page is here */
	long long height;
	bool wrap, follow;
	size_t shift;
	/* log_find.c */
	char search[200];
	struct answer find;
	long long find_from, find_to; /* the slice that is looked through, as seq */
	bool find_back, find_around;
	/* log_save.c */
	struct log_save *save;
};

/* log_fetch.c */
void log_fetch(struct log_view *l, int part);
void log_open_job(struct log_view *l, long long job);
void log_follow(struct log_view *l, bool on);
const json_t *log_result(const struct log_view *l); /* of the job, NULL while it runs */
bool log_has_parts(struct view *v, struct str *why);
void log_next_part(struct view *v);
void log_find_part(struct view *v);
/* "load_orders, try 2 of 3". */
void log_part_words(const json_t *parts, size_t nth, struct str *out);

/* log_page.c */
void log_goto(struct log_view *l, long long position); /* a third down the screen */
void log_move(struct log_view *l, enum move m);
void log_page_want(struct log_view *l); /* asks for what is missing */
void log_page_draw(struct log_view *l, const struct canvas *c);
const json_t *log_line(const struct log_view *l, long long position); /* NULL: not held */

/* log_line.c: a line as it is shown. `stamped`: put its own time before it (output of actions). */
void log_line_show(struct log_view *l, const json_t *line, struct str *out, look_t *look);

/* log_find.c */
void log_search(struct view *v);
bool log_has_next(struct view *v, struct str *why);
bool log_has_previous(struct view *v, struct str *why);
void log_next(struct view *v);
void log_previous(struct view *v);
size_t log_errors(const struct log_view *l, size_t *nth);

/* log_save.c */
bool log_may_save(struct view *v, struct str *why);
void log_save(struct view *v);
void log_save_stop(struct log_view *l);

#endif
