/*
 * Which names an expression takes from the scope object: a walk over the tree with what is known of each value, without
 * evaluating anything.
 */
#include "backends/base/jmes_fn.h"

#include <string.h>

enum what { OTHER, SCOPE, MEMBER /* of the scope, by `root` */ };

struct value {
	enum what what;
	const char *root;
};

struct walk {
	jmes_name_fn *fn;
	void *arg;
	bool stopped;
};

static const struct value other = {OTHER, NULL};

static void say(struct walk *w, const char *root, const char *member)
{
	if (!w->stopped)
		w->stopped = !w->fn(w->arg, root, member);
}

static struct value walk_field(struct walk *w, const struct jmes_node *n, struct value in)
{
	if (in.what == SCOPE) {
		say(w, n->name, NULL);
		return (struct value){MEMBER, n->name};
	}
	if (in.what == MEMBER)
		say(w, in.root, n->name);
	return other;
}

static struct value walk(struct walk *w, const struct jmes_node *n, struct value in)
{
	if (!n || n->op == JN_CURRENT)
		return in;
	if (n->op == JN_FIELD)
		return walk_field(w, n, in);
	if (n->op == JN_SCOPE_FIELD)
		return walk_field(w, n, (struct value){SCOPE, NULL});
	struct value left = walk(w, n->left, n->op == JN_EXPREF ? other : in);
	if (n->op == JN_SUB || n->op == JN_PIPE)
		return walk(w, n->right, left);
	bool elements = n->op == JN_LIST_PROJ || n->op == JN_VALUE_PROJ ||
			n->op == JN_FILTER_PROJ;
	walk(w, n->cond, other);
	walk(w, n->right, elements ? other : in);
	for (size_t i = 0; i < n->n; i++)
		walk(w, n->items[i], in);
	if (n->op == JN_CALL && strcmp(n->fn->name, "scope") == 0)
		return (struct value){SCOPE, NULL};
	return other;
}

bool jmes_names(const struct jmes *j, bool of_input, jmes_name_fn *fn, void *arg)
{
	struct walk w = {.fn = fn, .arg = arg};
	walk(&w, j->root, of_input ? (struct value){SCOPE, NULL} : other);
	return !w.stopped;
}

/* ---- names of the scope without scope() ---- */

/* What has the expression's own input as its input. "@.name" is the way to say that the input is meant. */
static void take(struct jmes_node *n, const char *name)
{
	if (!n)
		return;
	if (n->op == JN_FIELD && strcmp(n->name, name) == 0)
		n->op = JN_SCOPE_FIELD;
	if (n->op == JN_EXPREF)
		return;
	take(n->left, name);
	bool elements = n->op == JN_LIST_PROJ || n->op == JN_VALUE_PROJ ||
			n->op == JN_FILTER_PROJ || n->op == JN_SUB || n->op == JN_PIPE;
	if (!elements)
		take(n->right, name);
	for (size_t i = 0; i < n->n; i++)
		take(n->items[i], name);
}

void jmes_take_from_scope(struct jmes *j, const char *name)
{
	take(j->root, name);
}
