/*
 * What an expression looks at: the paths that it takes of its input and of the scope object, with what is there.
 */
#include "backends/base/jmes_fn.h"

#include <string.h>

struct look {
	const struct jmes *j;
	json_t *input, *scope;
	jmes_path_fn *fn;
	void *arg;
	bool stopped;
};

static bool is_scope(const struct jmes_node *n)
{
	return n->op == JN_SCOPE_FIELD ||
	       (n->op == JN_CALL && strcmp(n->fn->name, "scope") == 0);
}

/* Fields and places in lists, one after the other. */
static bool is_path(const struct jmes_node *n)
{
	if (n->op == JN_INDEX)
		return is_path(n->left);
	if (n->op == JN_SUB || n->op == JN_PIPE)
		return is_path(n->left) && is_path(n->right);
	return n->op == JN_FIELD || n->op == JN_CURRENT || is_scope(n);
}

static const struct jmes_node *root_of(const struct jmes_node *n)
{
	while (n->left)
		n = n->left;
	return n;
}

static void write_path(const struct jmes_node *n, struct str *out)
{
	if (n->op == JN_FIELD || n->op == JN_SCOPE_FIELD) {
		if (out->len)
			str_addc(out, '.');
		str_add(out, n->name, n->name_len);
	} else if (n->op == JN_INDEX) {
		write_path(n->left, out);
		str_addf(out, "[%ld]", n->index);
	} else if (n->op == JN_SUB || n->op == JN_PIPE) {
		write_path(n->left, out);
		write_path(n->right, out);
	}
}

static void report(struct look *l, const struct jmes_node *n, bool list)
{
	struct str path = STR_INIT_MAX(JMES_EXPR_MAX);
	struct err ignored = ERR_INIT;
	struct jmes_run r = {.j = l->j,
		.scope = l->scope,
		.e = &ignored,
		.pool = r.first,
		.pool_cap = LENGTH(r.first)};
	json_t *v = jmes_eval(&r, n, l->input);
	if (!v || (list && !json_is_array(v)))
		v = json_null();
	write_path(n, &path);
	l->stopped = !l->fn(l->arg, is_scope(root_of(n)), path.buf, v);
	for (size_t i = 0; i < r.pool_n; i++)
		json_decref(r.pool[i]);
	if (r.pool != r.first)
		free(r.pool);
	str_release(&path);
}

/* `here`: what stands here is about the input, not about an element of something; `list`: it is taken as a list. */
static void walk(struct look *l, const struct jmes_node *n, bool here, bool list)
{
	if (!n || l->stopped)
		return;
	if (is_path(n)) {
		if (here || is_scope(root_of(n)))
			report(l, n, list);
		return;
	}
	bool elements = n->op == JN_LIST_PROJ || n->op == JN_FILTER_PROJ ||
			n->op == JN_FLATTEN || n->op == JN_SLICE;
	bool other =
		elements || n->op == JN_VALUE_PROJ || n->op == JN_SUB || n->op == JN_PIPE;
	walk(l, n->left, here && n->op != JN_EXPREF, elements);
	walk(l, n->cond, false, false);
	walk(l, n->right, here && !other, false);
	for (size_t i = 0; i < n->n; i++)
		walk(l, n->items[i], here, false);
}

void jmes_paths(
	const struct jmes *j, json_t *input, json_t *scope, jmes_path_fn *fn, void *arg)
{
	struct look l = {.j = j,
		.input = input ? input : json_null(),
		.scope = scope,
		.fn = fn,
		.arg = arg};
	walk(&l, j->root, true, false);
}
