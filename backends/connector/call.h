#ifndef CONNECTOR_CALL_H
#define CONNECTOR_CALL_H

#include "backends/connector/source_private.h"

/* Internal to call*.c: one call, preview or verification under way. */
struct call {
	struct op op; /* first */
	struct source *source;
	const struct def_call *def; /* NULL: there is none by that name */
	json_t *input, *scope, *steps;
	call_fn *fn;
	void *arg;
	void (*run)(struct call *c); /* once the secrets are there */
	struct session session;
	struct exchange *exchange;
	size_t step;
	bool sent; /* something that may have changed the far side */
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
/* Answers and frees. `known` is made safe here. */
void call_end(struct call *c, const struct err *e, json_t *reply, const char *known);
/* What templates and expressions of a call see, without secrets. New reference. */
json_t *call_scope(const struct source *s, json_t *input);
/* The template with `reply` in its scope, or the fallback. */
void call_say(const struct call *c, const struct tmpl *says, json_t *envelope,
	const char *fallback, struct str *out);
/* "HTTP 200", "2 rows", "exit code 0" */
void call_default_words(const struct exchange_reply *r, struct str *out);

#endif
