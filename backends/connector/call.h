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
};

struct call *call_start(struct source *s, const char *name, json_t *input, call_fn *fn,
	void *arg, void (*run)(struct call *c));
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
