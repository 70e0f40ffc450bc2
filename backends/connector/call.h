#ifndef CONNECTOR_CALL_H
#define CONNECTOR_CALL_H

#include "backends/connector/fetch.h"

/* Internal to call*.c: one call, preview or verification under way. */
struct call {
	struct op op; /* first */
	struct source *source;
	const struct def_call *def; /* NULL: there is none by that name */
	json_t *input, *scope, *steps;
	call_fn *fn;
	look_fn *look_fn; /* instead of fn: a look */
	void *arg;
	bool before;                 /* a look before anything is sent */
	void (*run)(struct call *c); /* once the secrets are there */
	struct session session;
	struct exchange *exchange;
	/* Of a look: the pages of a list, and what its input tells of the time before. */
	struct fetch *fetch;
	json_t *items;
	struct {
		bool whole, holds;
		json_t *body; /* in input */
	} was;
	bool called; /* the call's own reply is known */
	size_t step;
	bool sent; /* something that may have changed the far side */
	/* The answer's; as they are here until the transport has told otherwise. */
	bool whole;
	bool no_rows; /* the last statement touched none */
	enum call_effect effect;
	enum call_look look;
	/* call_sql.c: the definition of a statement that has none in the file */
	struct def_call made;
	struct def_step made_step;
	char *text;
	json_t *values;
};

struct call *call_new(struct source *s, json_t *input, call_fn *fn, void *arg);
/* Opens the session, then run. def NULL: there is no such call, which is the answer then. */
void call_start(struct call *c, const struct def_call *def, void (*run)(struct call *c));
void call_run(struct call *c);     /* what source_call does then */
void call_preview(struct call *c); /* what source_preview does then */
/* Answers and frees. `known` is made safe here. With an error a look is LOOK_UNREAD. */
void call_end(struct call *c, const struct err *e, json_t *reply, const char *known);
/* What templates and expressions of a call see, without secrets. New reference. */
json_t *call_scope(const struct source *s, json_t *input);
/* The template with `reply` in its scope, or the fallback. */
void call_say(const struct call *c, const struct tmpl *says, json_t *envelope,
	const char *fallback, struct str *out);
/* "HTTP 200", "2 rows", "exit code 0" */
void call_default_words(const struct exchange_reply *r, struct str *out);

/*
 * call_judge.c: what the reply of the step in hand tells. ERR_NONE: it was taken, and so the next may follow; else what
 * is wrong, and c->effect says what can have changed. c->sent counts this step already.
 */
void call_judge(struct call *c, const struct exchange_reply *r, json_t *envelope,
	bool sent_before, struct err *e);
/* The step is no change: a GET before the last step, which is the call's own request whatever its method. */
bool call_step_reads(const struct call *c);

#endif
