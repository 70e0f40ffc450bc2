#ifndef TUI_VIEWS_RUN_H
#define TUI_VIEWS_RUN_H

#include "runbooks/engine/job.h"
#include "tui/form.h"
#include "tui/pager.h"
#include "tui/views/answer.h"

/* The inside of the view that runs a runbook, shared by run*.c: a form, and the preview of what the values in it would do. */
struct run_view {
	struct view v;
	const struct runbook *r;
	struct answer record;  /* of the first target: defaults, production */
	struct answer earlier; /* arg.job: the action whose values are taken */
	struct form form;
	bool ready; /* the form is filled */

	/* run_preview.c */
	json_t *params;  /* typed values that the preview was asked for */
	json_t *targets; /* the same */
	struct loop_timer *wait;
	struct store_req *adding;
	long long preview_id; /* 0: none was asked for yet */
	struct answer preview;
	char invalid[200];
	bool fresh; /* the answer is about the values in the form */
	bool eager; /* Enter on Start came before the preview: ask when that is here */

	/* run_draw.c */
	bool text_fresh;
	bool full;                 /* the preview has the whole screen */
	int text_cols, text_label; /* the widths that `text` was made for */
	int room;                  /* rows that the preview had last */
	int label;                 /* columns of the labels */
	struct pager text;
	const json_t *text_of; /* the result that is in `text` */
	size_t text_first;     /* the line with the first thing that it says */
	size_t more_requests;  /* that are not in `text` */
	size_t more_fields;    /* that the last draw had no room for */
	long long
		seen; /* the preview of which enough was drawn: only that can be started */

	struct store_req *starting;
	bool sent; /* what this preview showed was started */
};

extern const char run_reason[],
	run_host[]; /* names of the fields that are no parameters */

/* run_form.c */
void run_form_build(struct run_view *f);
void run_form_release(struct run_view *f);
/* Typed values and targets of what is in the form; false: something is not right yet, `why` says what. */
bool run_form_values(
	struct run_view *f, json_t **params, json_t **targets, char *why, size_t size);
/* NULL: not production, as far as known; else the word for it: an env that nobody knows is taken for production. */
const char *run_prod(const struct run_view *f);
bool run_danger(const struct run_view *f);

/* run_preview.c */
void run_preview_soon(struct run_view *f); /* a value changed */
void run_preview_now(struct run_view *f);
void run_preview_release(struct run_view *f);
const json_t *run_preview_result(
	const struct run_view *f); /* the last one, NULL: none yet */

/* run.c: the last question, or why not */
void run_start(struct view *v);

/* run_draw.c */
void run_draw(struct view *v, const struct canvas *c);

/* run_verdict.c: Allowed or Refused, Proof, Undo; each in at most `lines` lines. Returns the rows. */
int run_verdict_draw(struct run_view *f, const struct canvas *c, int row, int lines);
int run_verdict_rows(struct run_view *f, const struct canvas *c, int lines);
void run_verdict_add(struct run_view *f); /* to the text */

#endif
