#ifndef ENGINE_EXEC_H
#define ENGINE_EXEC_H

#include "runbooks/engine/job.h"
#include "runbooks/engine/runbook_def.h"
#include "runbooks/engine/worker.h"

/*
 * Shared by the files of the executor: a job under way. Each type of job is a row in the table of executor.c
 * (start, cancel, release); plan.c loads records and renders what would be sent for preview and action alike.
 */
struct job_run;

struct job_type {
	const char *name;
	void (*start)(struct job_run *j);
	/* A person asked: start nothing more. May be NULL. */
	void (*cancel)(struct job_run *j);
	/* Frees `state` and cancels what is under way, without callbacks. May be NULL. */
	void (*release)(struct job_run *j);
	bool changes; /* counts as running for the idle check */
};
extern const struct job_type preview_type, action_type, answer_type, log_type,
	refresh_type;

struct job_run {
	struct executor *executor;
	struct worker *worker;
	struct job_run *next;
	const struct job_type *type;
	long long id;
	const char *who, *host, *reason; /* in `row` */
	json_t *row;        /* the answer of question "job" or "jobs_queued", owned */
	const json_t *spec; /* in row */
	json_t *targets;    /* [{n, key, title, ...}], owned */
	bool canceled;
	struct store_req *request; /* the one question under way */
	struct loop_timer *again;  /* recover.c: that question once more */
	void *state;               /* of the type */
};

struct executor {
	struct worker *worker;
	struct job_run *jobs;
	struct store_req *asking;
	bool again;
	struct causes *causes; /* cause.c */
	bool recovered; /* what an earlier worker left is in hand: nothing new is taken up before */
	struct store_req *recovering;
	struct loop_timer *recover_again;
};

/* executor.c. n counts from 0, as in the arrays; in the store targets count from 1. */
void job_state(struct job_run *j, const char *state, const char *error,
	json_t *result /* taken, or NULL */);
/* "starting", with the store's answer: it may have been canceled meanwhile, and then nothing is sent. */
struct store_req *job_begin(struct job_run *j, store_answer_fn *fn, void *arg);
struct store_req *job_target_begin(
	struct job_run *j, size_t n, store_answer_fn *fn, void *arg);
/* Lets go of j and frees it, its state as the store has it: return at once. */
void job_leave(struct job_run *j);
/* The same, with the state that it ends in. */
void job_end(struct job_run *j, const char *state, const char *error, json_t *result);
void job_target(struct job_run *j, size_t n, const char *state, const char *known);
/* One line of output of target n; made safe and scrubbed here. stream: "out", "err", "info". */
void job_line(
	struct job_run *j, size_t n, const char *stream, const char *text, size_t len);
/* Many at once, in one write: added to an array, which is taken in the end. */
void job_lines_add(
	json_t *lines, size_t n, const char *stream, const char *text, size_t len);
void job_lines(struct job_run *j, json_t *lines);
void job_audit(struct job_run *j, const char *event, json_t *body /* taken */,
	store_answer_fn *fn, void *arg);
struct job_run *job_adopt(
	struct executor *x, const struct job_type *type, json_t *row /* taken */);
/* The job under way of this number, or NULL. */
struct job_run *executor_job(struct executor *x, long long id);

/*
 * plan.c: records and requests of a preview or an action. What is to be done for a target is a list of units: its steps in order,
 * those of a foreach once for each item. The lists are made with the plan and do not change any more.
 */
enum {
	PLAN_ITEMS_MAX = 400,  /* of one foreach */
	PLAN_UNITS_MAX = 20000 /* of a plan */
};
struct plan_unit {
	const struct step *step;
	const struct step *loop; /* the foreach that it is of, or NULL */
	json_t *item;            /* of the loop; owned */
	size_t nth, items;       /* the item's number from 1, and how many there are */
};
struct plan_target {
	const char *key, *title; /* in the job's targets */
	/* The answer of question "record", or an object {host} for runbooks on hosts; NULL: gone */
	json_t *record;
	json_t *input; /* scope of calls and steps */
	char source[128];
	char *error; /* why it cannot be done, or NULL */
	struct plan_unit *units;
	size_t n_units;
};
struct plan {
	struct job_run *job;
	const struct runbook *runbook;
	struct plan_target *targets;
	size_t n, loaded, n_units;
	json_t *requests; /* array of texts, targets in order, steps within */
	json_t *params;   /* borrowed from spec */
	char at[40]; /* the `now` of all expressions: that of the preview, so that the same plan renders the same requests */
	char key[65];     /* action.key: the same for the preview and its action */
	bool prod;        /* gated as production: some env is, or is not known */
	bool env_unknown; /* of some target */
	char hash[65];
	bool changed; /* it is another one than was confirmed: see target_resume.c */
	/* "by kim, who canceled the action": why nothing more is sent from now on; "": go on. action.c */
	char stop[300];
	void (*ready)(
		struct plan *p, const struct err *e); /* e->code ERR_NONE: complete */
	struct store_req *request;
};
/* Loads all records, renders all requests, computes the hash; then `ready`. at NULL: now. */
void plan_start(struct plan *p, struct job_run *job, const char *at,
	void (*ready)(struct plan *, const struct err *));
void plan_release(struct plan *p);
/* Why this plan may not be carried out (read-only, too many targets, does not apply any more ...); false with e. */
bool plan_allowed(const struct plan *p, struct err *e) MUST_USE;
/* What the env of a target does to prod and env_unknown. */
void plan_see_env(struct plan *p, const json_t *record);
/* plan_unit.c: the units of a target; false with e. */
bool plan_units_make(struct plan *p, struct plan_target *t, struct err *e) MUST_USE;
void plan_units_free(struct plan_target *t);
bool plan_too_many(struct err *e); /* PLAN_UNITS_MAX is passed: false, with e */
/* "day 2026-11-02 (2 of 3): ", so that everything said of a unit says which item; "" outside a foreach. */
void plan_unit_label(const struct plan_unit *u, struct str *out);
/* What the unit's templates see: the target's input, the item by its name, `with` merged into params. New reference, NULL with e. */
json_t *plan_unit_input(
	const struct plan_target *t, const struct plan_unit *u, struct err *e) MUST_USE;

/* plan_step.c: exactly what the unit would send, ask or run; one line, malloc'ed. NULL with e. */
char *plan_unit_text(const struct plan *p, const struct plan_target *t,
	const struct plan_unit *u, struct err *e) MUST_USE;
/* The connection of an ssh step. */
const struct config_host *plan_step_host(const struct plan *p, const struct step *s,
	json_t *input, struct err *e) MUST_USE;
/* The source and the statement of an sql step; values is a new reference that q borrows. NULL with e. */
struct source *plan_step_sql(const struct plan *p, const struct plan_target *t,
	const struct step *s, json_t *input, struct sql_statement *q, json_t **values,
	struct err *e) MUST_USE;
/* "success when ...", in words. malloc'ed. */
char *plan_proof(const struct plan *p);

/* target.c: one target of an action, step by step. */
struct target_run;
typedef void target_fn(void *arg, size_t n, const char *state, const char *known);
/* resume: an earlier worker ended while this target ran: only verify, send nothing. */
struct target_run *target_start(
	struct plan *p, size_t n, bool resume, target_fn *fn, void *arg);
void target_free(struct target_run *t); /* no callback; what was sent stays sent */

/*
 * target_confirm.c: a target that stopped at a `confirm` is in state "asking", and its `known` is the question. An answer is
 * claimed first: it must be to the very question that is asked now, and the first. Then it is written to the audit, then given.
 */
bool target_claim(struct target_run *t, const char *question, const char *who,
	struct err *e) MUST_USE;
void target_unclaim(struct target_run *t); /* the audit could not be written: ask on */
void target_answer(struct target_run *t, bool yes, const char *who);
/* plan->stop is set: what waits for an answer is canceled, with one that is on its way or not. What else runs ends by itself
 * before it sends anything more. */
void target_stop(struct target_run *t);

/* schedule_read.c: all collections of this kind of the source began anew after that time, and are complete in the store. */
bool schedule_read_since(
	const struct schedule *s, const char *source, enum kind kind, usec_t since);

/* cause.c */
struct causes *causes_new(struct worker *w);
void causes_free(struct causes *c);
void causes_look(struct causes *c);

/* recover.c: jobs that an earlier worker left. Called once. */
void recover_start(struct executor *x);
void recover_stop(struct executor *x);
/* action.c: takes up an interrupted action; nothing is sent again. */
void action_resume(struct job_run *j);
/* The run of target n (from 0) of an action; NULL: it is no action, or that target was not started. */
struct target_run *action_target(struct job_run *j, size_t n);

#endif
