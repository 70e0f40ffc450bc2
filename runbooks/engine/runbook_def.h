#ifndef ENGINE_RUNBOOK_DEF_H
#define ENGINE_RUNBOOK_DEF_H

#include "runbooks/engine/runbook.h"

/* The parsed runbook, private to runbooks/engine: what runbook.c fills and the executor
 * reads. Strings belong to `doc`. */
enum step_kind {
	STEP_CALL,
	STEP_SQL,
	STEP_SSH,
	STEP_EXEC,
	STEP_WAIT,
	STEP_CONFIRM,
	STEP_FOREACH
};

struct step {
	enum step_kind kind;
	const char *title; /* or NULL */
	const char *call;  /* call */
	/* call: object added to params; ssh: object of variables; exec: argv; sql: array of
	 * values. Or NULL */
	struct tmpl *with;
	struct tmpl *host;   /* ssh */
	const char *text;    /* ssh: the script; sql: the statement */
	struct tmpl *source; /* sql: NULL: the record's own */
	long min_rows, max_rows;
	bool no_preview; /* sql: it cannot be tried before the steps above were made */
	bool outside; /* sql: it acts outside its transaction, so an error proves nothing */
	const json_t *
		refused; /* ssh, exec: exit codes by which nothing was changed, or NULL */
	struct jmes *until;    /* wait */
	struct tmpl *other;    /* wait: `key` of the record; NULL: the target's own */
	struct jmes *fails;    /* wait: it cannot be reached any more; or NULL */
	bool optional;         /* wait: not reached in time is said, not failed */
	struct tmpl *question; /* confirm */
	int64_t within_ms; /* wait, confirm; sql, ssh, exec: time limit, 0: the transport's */
	struct tmpl *in;   /* foreach: the list */
	const char *as;    /* foreach: the item's name in the scope */
	struct step *body; /* foreach; none of them is a foreach */
	size_t n_body;
	bool go_on;          /* on_failure: continue */
	struct step *rescue; /* on_failure: [steps] */
	size_t n_rescue;
};

struct runbook {
	unsigned owners; /* catalogues that hold it */
	char *path;
	struct yaml_doc doc;
	const char *name, *title, *undo;
	char hash[65];
	enum risk risk;
	char key;
	bool on_hosts;
	unsigned kinds;            /* bits 1 << KIND_x */
	const json_t *connectors;  /* string or array of strings, or NULL: any */
	unsigned long long states; /* bits 1 << STATE_x; 0: any */
	struct jmes *when;         /* or NULL */
	struct tmpl *confirm;      /* text to be typed, or NULL */
	struct tmpl *summary;      /* one target's part of the sentence, or NULL */
	struct param *params;
	size_t n_params;
	struct step *steps;
	size_t n_steps;
	int max_targets, parallel, stop_after;
	int reason; /* -1: by risk; 0 none; 1 optional; 2 required */
	const char
		*proof; /* how success is known, in words, or NULL: said from the steps */
};

/*
 * runbook_names.c: what stands at `key` of `in`, compiled. Names that the scope will not have are refused where they stand,
 * with those there are. NULL with e.
 */
struct tmpl *runbook_tmpl(const struct yaml_doc *doc, const json_t *in, const char *key,
	struct err *e) MUST_USE;
/* The key of a `wait` sees `called` too. */
struct tmpl *runbook_wait_tmpl(const struct yaml_doc *doc, const json_t *in,
	const char *key, struct err *e) MUST_USE;
/* `wait`: over {record, before, called} and the items of foreach. */
struct jmes *runbook_wait_expr(const struct yaml_doc *doc, const json_t *in,
	const char *key, struct err *e) MUST_USE;
/* `when`: over the members of the record. */
struct jmes *runbook_record_expr(const struct yaml_doc *doc, const json_t *in,
	const char *key, struct err *e) MUST_USE;

/* params.c */
bool params_load(struct runbook *r, const json_t *list, struct err *e) MUST_USE;
void params_release(struct runbook *r);
/* steps.c. Where a list of steps stands: there are kinds that cannot stand everywhere. */
enum steps_place { STEPS_OF_RUNBOOK, STEPS_OF_FOREACH, STEPS_ON_FAILURE };
bool steps_load(const struct yaml_doc *doc, const json_t *in, const char *key,
	struct step **steps, size_t *n, enum steps_place place, struct err *e) MUST_USE;
void steps_free(struct step *steps, size_t n);

/* step_kinds.c: what is special to each kind. `in` is the step's mapping. */
struct step_type {
	const char *key;
	bool (*load)(const struct yaml_doc *doc, const json_t *in, struct step *s,
		struct err *e);
	unsigned not_in; /* bits 1 << enum steps_place */
	bool timed;      /* takes `timeout` */
	bool sends;      /* something goes out, so it is in the audit before */
};
extern const struct step_type step_types[]; /* by enum step_kind */
extern const size_t step_types_n;

#endif
