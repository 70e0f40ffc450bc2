#ifndef BASE_JMES_PRIVATE_H
#define BASE_JMES_PRIVATE_H

#include "backends/base/jmespath.h"
#include "backends/base/mem.h"

#include <regex.h>

/*
 * Internal to jmes_*.c. Text -> tokens (jmes_lex.c) -> tree in an arena (jmes_parse.c) -> values
 * (jmes_eval.c, jmes_fn*.c).
 *
 * Values during a search are borrowed pointers: parts of the input, literals of the expression, or
 * something built on the way, which jmes_keep gave to the pool of the search. So a field look-up
 * costs no reference count, and nothing can leak; the pool is dropped at the end.
 */

#define JMES_EXPR_MAX 8192
#define JMES_NEST_MAX 64 /* brackets, calls, projections inside one another */
/* Of the tree: a long chain of dots or || is high but harmless. */
#define JMES_HEIGHT_MAX 400
#define JMES_STEPS_MAX 2000000
#define JMES_TEXT_MAX ((size_t)16 << 20)

enum jmes_kind {
	JT_END,
	JT_NAME,
	JT_QUOTED,
	JT_LITERAL,
	JT_RBRACKET,
	JT_RPAREN,
	JT_COMMA,
	JT_RBRACE,
	JT_NUMBER,
	JT_CURRENT,
	JT_AMP,
	JT_COLON,
	JT_PIPE,
	JT_OR,
	JT_AND,
	JT_EQ,
	JT_NE,
	JT_LT,
	JT_LE,
	JT_GT,
	JT_GE,
	JT_FLATTEN,
	JT_STAR,
	JT_FILTER,
	JT_DOT,
	JT_NOT,
	JT_LBRACE,
	JT_LBRACKET,
	JT_LPAREN
};

struct jmes_token {
	enum jmes_kind kind;
	size_t at;        /* offset in the expression */
	const char *name; /* JT_NAME, JT_QUOTED; in the arena */
	json_t *value;    /* JT_LITERAL; owned by the jmes */
	long number;
};

enum jmes_op {
	JN_FIELD,
	JN_SCOPE_FIELD, /* a member of the scope object: jmes_take_from_scope */
	JN_SUB,
	JN_PIPE,
	JN_INDEX,
	JN_SLICE,
	JN_LIST_PROJ,
	JN_VALUE_PROJ,
	JN_FILTER_PROJ,
	JN_FLATTEN,
	JN_OR,
	JN_AND,
	JN_NOT,
	JN_COMPARE,
	JN_LITERAL,
	JN_CURRENT,
	JN_LIST,
	JN_HASH,
	JN_CALL,
	JN_EXPREF
};

struct jmes_node {
	enum jmes_op op;
	enum jmes_kind compare;
	int height;
	bool alone; /* a negation in parentheses of its own */
	size_t at;
	struct jmes_node *left, *right, *cond; /* cond: of a filter */
	const char *name;                      /* field */
	size_t name_len;
	json_t *value;          /* literal, owned by the jmes */
	long index, stop, step; /* index; slice start, stop, step */
	bool has_start, has_stop;
	struct jmes_node **items; /* list, hash, call arguments */
	const char **keys;        /* hash */
	size_t n;
	const struct jmes_fn *fn;
	/* match() with a literal pattern, compiled ahead; owned by the jmes. */
	regex_t *regex;
};

struct jmes {
	struct arena mem;
	char *text;
	struct jmes_node *root;
	json_t *literals; /* array: keeps every literal alive */
	regex_t **regexes;
	size_t regex_count, regex_cap;
};

/* Sets "column N: ..." and returns NULL. */
void *jmes_bad(struct err *e, const char *text, size_t at, const char *fmt, ...)
	PRINTF_LIKE(4, 5);
bool jmes_lex(
	struct jmes *j, struct jmes_token **tokens, size_t *n, struct err *e) MUST_USE;
bool jmes_parse(struct jmes *j, const struct jmes_token *tokens, struct err *e) MUST_USE;
/* Looks up the function, checks the number of arguments, and prepares what can be prepared. */
bool jmes_bind_call(
	struct jmes *j, struct jmes_node *call, const char *name, struct err *e) MUST_USE;

/* ---- a search ---- */

struct jmes_run {
	const struct jmes *j;
	json_t *scope;
	struct err *e;
	size_t steps;
	size_t text; /* bytes of strings built */
	json_t **pool;
	size_t pool_n, pool_cap;
	json_t *first[16]; /* the pool of most searches */
};

/* Borrowed, or NULL with run->e filled. */
json_t *jmes_eval(struct jmes_run *r, const struct jmes_node *n, json_t *in);
json_t *jmes_keep(struct jmes_run *r, json_t *fresh);
/* Counts work; false with the error set when it is too much. */
bool jmes_steps(struct jmes_run *r, size_t n);
json_t *jmes_keep_text(struct jmes_run *r, const char *s, size_t len);
json_t *jmes_keep_number(struct jmes_run *r, double d); /* an integer when it is whole */
bool jmes_same(struct jmes_run *r, const json_t *a, const json_t *b, int depth);

/* Calls a function: jmes_fn.c. */
json_t *jmes_call(struct jmes_run *r, const struct jmes_node *call, json_t *in);

#endif
