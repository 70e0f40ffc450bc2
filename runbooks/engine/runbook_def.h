#ifndef ENGINE_RUNBOOK_DEF_H
#define ENGINE_RUNBOOK_DEF_H

#include "runbooks/engine/runbook.h"

/* The parsed runbook, private to runbooks/engine: what runbook.c fills and the executor
 * reads. Strings belong to `doc`. */
enum step_kind { STEP_CALL, STEP_WAIT, STEP_SSH, STEP_EXEC };

struct step {
	enum step_kind kind;
	const char *title;   /* or NULL */
	const char *call;    /* call */
	struct tmpl *with;   /* call: object added to params; ssh:
				object of variables; exec: argv */
	struct tmpl *host;   /* ssh */
	const char *text;    /* ssh: the script */
	struct jmes *fails;  /* wait: it cannot be reached any more; or NULL */
	struct jmes *until;  /* wait */
	int64_t within_ms;   /* wait; ssh, exec: time limit, 0: the transport's */
	bool optional;       /* wait: not reached in time is said, not failed */
	bool go_on;          /* on_failure: continue */
	struct step *rescue; /* on_failure: [steps] */
	size_t n_rescue;
};

struct runbook {
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

/* params.c */
bool params_load(struct runbook *r, const json_t *list, struct err *e) MUST_USE;
void params_release(struct runbook *r);
/* steps.c */
bool steps_load(const struct yaml_doc *doc, const json_t *in, const char *key,
	struct step **steps, size_t *n, int depth, struct err *e) MUST_USE;
void steps_free(struct step *steps, size_t n);

#endif
