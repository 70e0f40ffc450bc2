#ifndef TUI_VIEWS_ACTION_H
#define TUI_VIEWS_ACTION_H

#include "tui/table.h"
#include "tui/views/answer.h"
#include "tui/views/cursor.h"

/* Shared by the views of action runs: action*.c, actions.c, detail*.c. */

/* "done", "UNKNOWN", ...: the state of a job or of one of its targets in at most 9 columns, and its look. */
const char *job_word(const char *state);
look_t job_look(const char *state);
/* "1 of 3 done, 2 failed" from the answer of "jobs" or "job". */
void job_progress(const json_t *job, struct str *out);

/* The inside of the view of one action. */
struct action_view {
	struct view v;
	struct answer job, targets, output;
	struct cursor c;
	struct table table;
	long long output_of; /* the target whose output is held, from 1 */
	/* action_answer.c: the question that was read, and the answer on its way */
	const char *question;
	long long question_of;
	struct store_req *telling;
	struct answer told;
};

struct action_counts {
	long long all, done, already, accepted, failed, unknown, canceled, running,
		waiting, asking;
};
void action_count(const json_t *targets, struct action_counts *out);

/* action_answer.c */
bool action_asks(struct view *v, struct str *why); /* the target under the cursor */
void action_say_yes(struct view *v);
void action_say_no(struct view *v);
void action_answer_changed(struct view *v);
void action_answer_release(struct view *v);

/* action_draw.c */
void action_draw(struct view *v, const struct canvas *c);
extern const struct column action_columns[];
extern const size_t action_columns_n;

#endif
