#ifndef ENGINE_PLAN_H
#define ENGINE_PLAN_H

#include "runbooks/engine/far.h"
#include "runbooks/engine/runbook_def.h"

struct job_run;

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
	json_t *last; /* of a preview: what was last done to the targets, see last_acts */
	json_t *params; /* borrowed from spec */
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
/* question.c: {sentence, undo, type?}: the last question before the plan is carried out, and what has to be typed for it. lines: of
 * the dry runs, one array a target. New reference. */
json_t *question_make(const struct plan *p, const json_t *lines);
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
/* The words of an exec step; a list among them stands for its items. New reference, NULL with e. */
enum { EXEC_WORDS_MAX = 63 };
json_t *plan_step_exec(const struct step *s, json_t *input, struct err *e) MUST_USE;
/* The connection of an ssh step. */
const struct config_host *plan_step_host(const struct plan *p, const struct step *s,
	json_t *input, struct err *e) MUST_USE;
/* The source and the statement of an sql step. Released also when it failed. */
struct plan_sql {
	char source[128];
	struct sql_statement q;
	json_t *values; /* q borrows it */
};
bool plan_step_sql(const struct plan *p, const struct plan_target *t,
	const struct step *s, json_t *input, struct plan_sql *out,
	struct err *e) MUST_USE;
void plan_sql_release(struct plan_sql *q);
/* plan_proof.c: "success when ...", in words; "no proof of ..." where there is none. malloc'ed. */
char *plan_proof(const struct plan *p);

#endif
