#ifndef BASE_JMES_FN_H
#define BASE_JMES_FN_H

#include "backends/base/jmes_private.h"

/*
 * Internal to jmes_fn*.c: what a function gets, and the tables of functions. A new function is one row.
 */

enum jmes_type {
	JA_NULL = 1 << 0,
	JA_BOOL = 1 << 1,
	JA_NUMBER = 1 << 2,
	JA_STRING = 1 << 3,
	JA_ARRAY = 1 << 4,
	JA_OBJECT = 1 << 5,
	JA_EXPREF = 1 << 6,
	JA_ANY = 63,
	JA_NUMBERS = 1 << 7, /* an array of numbers only */
	JA_STRINGS = 1 << 8, /* an array of strings only */
};

struct jmes_args {
	json_t *v[12]; /* NULL for an expression reference */
	const struct jmes_node *ref[12];
	size_t n;
	const struct jmes_node *call;
};
#define JMES_ARGS_MAX 12

typedef json_t *jmes_fn_call(struct jmes_run *r, const struct jmes_args *a);
struct jmes_fn {
	const char *name;
	unsigned char least,
		most;      /* arguments; most 255: any number up to JMES_ARGS_MAX */
	bool null_through; /* a null argument gives null */
	unsigned types[3]; /* of the arguments; the last holds for all further ones */
	jmes_fn_call *call;
};

/* Sets "column N: name(): ..." and returns NULL. */
json_t *jmes_fn_bad(struct jmes_run *r, const struct jmes_args *a, const char *fmt, ...)
	PRINTF_LIKE(3, 4);
const char *jmes_type_name(const json_t *v);

extern const struct jmes_fn jmes_fns_number[], jmes_fns_text[], jmes_fns_list[],
	jmes_fns_order[], jmes_fns_time[];

#endif
