#ifndef ENGINE_EXEC_H
#define ENGINE_EXEC_H

#include "runbooks/engine/far.h"
#include "runbooks/engine/job.h"
#include "runbooks/engine/outbox.h"
#include "runbooks/engine/plan.h"
#include "runbooks/engine/runbook_def.h"
#include "runbooks/engine/worker.h"

/*
 * Shared by the files of the executor: a job under way. Each type of job is a row in the table of executor.c
 * (start, cancel, release); plan.h is what preview and action have in common.
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
	struct worker *worker; /* of log and refresh; NULL in tests of actions */
	struct loop *loop;
	struct store *store;
	const struct far *far;
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
	struct worker *worker; /* of log and refresh; NULL in tests of actions */
	struct loop *loop;
	struct store *store;
	struct far far;
	struct outbox *outbox;
	struct job_run *jobs;
	struct store_req *asking;
	bool again;
	struct causes *causes; /* cause.c */
	bool recovered; /* what an earlier worker left is in hand: nothing new is taken up before */
	struct store_req *recovering;
	struct loop_timer *recover_again;
};

/* executor.c. On any loop, store and far side; executor_new of worker.h takes the worker's. */
struct executor *executor_make(struct loop *l, struct store *s, struct far far);

/* n counts from 0, as in the arrays; in the store targets count from 1. */
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
/* That it was refused, and nothing sent. */
void job_audit_refused(struct job_run *j, const char *why);
/* fn NULL: told again until it is taken. Else the answer of this very row, which what is sent after it waits for. */
struct store_req *job_audit(struct job_run *j, const char *event,
	json_t *body /* taken */, store_answer_fn *fn, void *arg);
struct job_run *job_adopt(
	struct executor *x, const struct job_type *type, json_t *row /* taken */);
/* The job under way of this number, or NULL. */
struct job_run *executor_job(struct executor *x, long long id);

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
