/*
 * JMESPath: tokens to a tree, by precedence climbing ("Pratt"). A projection's right side is what
 * follows it and binds tighter than a pipe or comparison; it is applied to each element.
 */
#include "backends/base/jmes_private.h"

#include <stdlib.h>
#include <string.h>

/* How tightly an operator holds what stands to its left. */
static const unsigned char power[] = {[JT_PIPE] = 1,
	[JT_OR] = 2,
	[JT_AND] = 3,
	[JT_EQ] = 5,
	[JT_NE] = 5,
	[JT_LT] = 5,
	[JT_LE] = 5,
	[JT_GT] = 5,
	[JT_GE] = 5,
	[JT_FLATTEN] = 9,
	[JT_STAR] = 20,
	[JT_FILTER] = 21,
	[JT_DOT] = 40,
	[JT_NOT] = 45,
	[JT_LBRACE] = 50,
	[JT_LBRACKET] = 55,
	[JT_LPAREN] = 60};
#define PROJECTION_STOP 10

struct parser {
	struct jmes *j;
	const struct jmes_token *t; /* the current token */
	int nest;
	struct err *e;
};

static struct jmes_node *parse(struct parser *p, int least);

static void *bad(struct parser *p, const char *what)
{
	if (p->t->kind == JT_END)
		return jmes_bad(p->e, p->j->text, p->t->at,
			"the expression ends too early: %s", what);
	const char *s = p->j->text + p->t->at;
	return jmes_bad(p->e, p->j->text, p->t->at, "unexpected \"%.*s\": %s",
		(int)strcspn(s, " \t\n"), s, what);
}

static struct jmes_node *node(struct parser *p, enum jmes_op op, struct jmes_node *left,
	struct jmes_node *right)
{
	struct jmes_node *n = arena_alloc(&p->j->mem, sizeof(*n));
	int l = left ? left->height : 0, r = right ? right->height : 0;
	n->op = op;
	n->left = left;
	n->right = right;
	n->at = p->t->at;
	n->height = 1 + (l > r ? l : r);
	if (n->height > JMES_HEIGHT_MAX)
		return jmes_bad(
			p->e, p->j->text, n->at, "the expression is too long a chain");
	return n;
}

static bool take(struct parser *p, enum jmes_kind kind, const char *what)
{
	if (p->t->kind != kind)
		return bad(p, what) != NULL;
	p->t++;
	return true;
}

static struct jmes_node *current(struct parser *p)
{
	return node(p, JN_CURRENT, NULL, NULL);
}

/* Appends to a growing list that lives outside the arena until it is complete. */
struct list {
	struct jmes_node **items;
	const char **keys;
	size_t n, cap, keys_cap;
	int height;
};

static void list_add(struct list *l, const char *key, struct jmes_node *item)
{
	l->items = mem_grow(l->items, &l->cap, l->n + 1, sizeof(struct jmes_node *));
	l->keys = mem_grow(l->keys, &l->keys_cap, l->n + 1, sizeof(const char *));
	l->keys[l->n] = key;
	l->items[l->n++] = item;
	if (item->height > l->height)
		l->height = item->height;
}

/* Moves the list into the node; with ok false only frees it. */
static struct jmes_node *list_done(
	struct parser *p, struct list *l, struct jmes_node *n, bool ok)
{
	if (ok && n && l->n) {
		size_t size = l->n * sizeof(void *);
		n->n = l->n;
		n->height = 1 + l->height;
		n->items = arena_alloc(&p->j->mem, size);
		n->keys = arena_alloc(&p->j->mem, size);
		for (size_t i = 0; i < l->n; i++) {
			n->items[i] = l->items[i];
			n->keys[i] = l->keys[i];
		}
	}
	free(l->items);
	free(l->keys);
	return ok ? n : NULL;
}

/* "[a, b" after the bracket. */
static struct jmes_node *multi_list(struct parser *p)
{
	struct jmes_node *n = node(p, JN_LIST, NULL, NULL);
	struct list l = {NULL, NULL, 0, 0, 0, 0};
	bool ok = n != NULL;
	while (ok) {
		struct jmes_node *item = parse(p, 0);
		if ((ok = item != NULL))
			list_add(&l, NULL, item);
		if (!ok || p->t->kind != JT_COMMA)
			break;
		p->t++;
	}
	ok = ok && take(p, JT_RBRACKET, "expected \"]\" or \",\"");
	return list_done(p, &l, n, ok);
}

/* "{a: b, c: d" after the brace. */
static struct jmes_node *multi_hash(struct parser *p)
{
	struct jmes_node *n = node(p, JN_HASH, NULL, NULL);
	struct list l = {NULL, NULL, 0, 0, 0, 0};
	bool ok = n != NULL;
	while (ok) {
		const char *key = p->t->name;
		if (p->t->kind != JT_NAME && p->t->kind != JT_QUOTED)
			ok = bad(p, "expected a key") != NULL;
		else
			p->t++;
		ok = ok && take(p, JT_COLON, "expected \":\" after the key");
		struct jmes_node *item = ok ? parse(p, 0) : NULL;
		if ((ok = item != NULL))
			list_add(&l, key, item);
		if (!ok || p->t->kind != JT_COMMA)
			break;
		p->t++;
	}
	ok = ok && take(p, JT_RBRACE, "expected \"}\" or \",\"");
	return list_done(p, &l, n, ok);
}

static struct jmes_node *argument(struct parser *p)
{
	if (p->t->kind != JT_AMP)
		return parse(p, 0);
	p->t++;
	struct jmes_node *body = parse(p, 0);
	return body ? node(p, JN_EXPREF, body, NULL) : NULL;
}

/* name "(" ... with the current token at the parenthesis. */
static struct jmes_node *call(struct parser *p, const struct jmes_token *name)
{
	struct jmes_node *n = node(p, JN_CALL, NULL, NULL);
	struct list l = {NULL, NULL, 0, 0, 0, 0};
	bool ok = n != NULL;
	p->t++;
	while (ok && (p->t->kind != JT_RPAREN || l.n > 0)) {
		struct jmes_node *arg = argument(p);
		if ((ok = arg != NULL))
			list_add(&l, NULL, arg);
		if (!ok || p->t->kind != JT_COMMA)
			break;
		p->t++;
	}
	ok = ok && take(p, JT_RPAREN, "expected \")\" or \",\"");
	n = list_done(p, &l, n, ok);
	if (!n)
		return NULL;
	n->at = name->at;
	return jmes_bind_call(p->j, n, name->name, p->e) ? n : NULL;
}

/* After a dot: a field, a call, *, [list] or {hash}. */
static struct jmes_node *after_dot(struct parser *p, int least)
{
	switch ((int)p->t->kind) {
	case JT_NAME:
	case JT_QUOTED:
	case JT_STAR:
		return parse(p, least);
	case JT_LBRACKET:
		p->t++;
		return multi_list(p);
	case JT_LBRACE:
		p->t++;
		return multi_hash(p);
	}
	return bad(p, "after a dot comes a name, *, [ or {");
}

static struct jmes_node *projected(struct parser *p, int least)
{
	enum jmes_kind k = p->t->kind;
	if (power[k] < PROJECTION_STOP)
		return current(p);
	if (k == JT_LBRACKET || k == JT_FILTER)
		return parse(p, least);
	if (k == JT_DOT) {
		p->t++;
		return after_dot(p, least);
	}
	return bad(p, "expected a dot, a bracket or the end");
}

static struct jmes_node *projection(
	struct parser *p, enum jmes_op op, struct jmes_node *left, int least)
{
	struct jmes_node *right = left ? projected(p, least) : NULL;
	return right ? node(p, op, left, right) : NULL;
}

/* [N] or [a:b:c] with the current token after the bracket. */
static struct jmes_node *index_or_slice(struct parser *p, struct jmes_node *left)
{
	long part[3] = {0, 0, 1};
	bool has[3] = {false, false, false};
	int i = 0;
	size_t at = p->t->at;
	while (p->t->kind == JT_NUMBER || p->t->kind == JT_COLON) {
		if (p->t->kind == JT_COLON) {
			if (++i > 2)
				return bad(p, "a slice has at most two colons");
		} else if (has[i]) {
			return bad(p, "expected \":\" or \"]\"");
		} else {
			part[i] = p->t->number;
			has[i] = true;
		}
		p->t++;
	}
	if (!take(p, JT_RBRACKET, "expected \"]\""))
		return NULL;
	struct jmes_node *n = node(p, i ? JN_SLICE : JN_INDEX, left, NULL);
	if (!n)
		return NULL;
	n->at = at;
	n->index = part[0];
	n->stop = part[1];
	n->step = has[2] ? part[2] : 1;
	n->has_start = has[0];
	n->has_stop = has[1];
	if (n->step == 0)
		return jmes_bad(p->e, p->j->text, at, "the step of a slice may not be 0");
	return i ? projection(p, JN_LIST_PROJ, n, power[JT_STAR]) : n;
}

static struct jmes_node *filter(struct parser *p, struct jmes_node *left)
{
	struct jmes_node *cond = parse(p, 0);
	if (!cond || !take(p, JT_RBRACKET, "expected \"]\""))
		return NULL;
	struct jmes_node *right =
		p->t->kind == JT_FLATTEN ? current(p) : projected(p, power[JT_FILTER]);
	struct jmes_node *n = right ? node(p, JN_FILTER_PROJ, left, right) : NULL;
	if (!n)
		return NULL;
	n->cond = cond;
	if (cond->height >= n->height)
		n->height = cond->height + 1;
	return n;
}

static struct jmes_node *flatten(struct parser *p, struct jmes_node *left)
{
	struct jmes_node *n = left ? node(p, JN_FLATTEN, left, NULL) : NULL;
	return projection(p, JN_LIST_PROJ, n, power[JT_FLATTEN]);
}

/* A bracket; `left` is what it applies to, NULL at the start of an expression. */
static struct jmes_node *bracket(struct parser *p, struct jmes_node *left)
{
	if (p->t->kind == JT_NUMBER || p->t->kind == JT_COLON)
		return (left = left ? left : current(p)) ? index_or_slice(p, left) : NULL;
	if (p->t->kind == JT_STAR && p->t[1].kind == JT_RBRACKET) {
		p->t += 2;
		return projection(
			p, JN_LIST_PROJ, left ? left : current(p), power[JT_STAR]);
	}
	if (left)
		return bad(p, "expected a number, a slice, * or ? in the brackets");
	return multi_list(p);
}

static struct jmes_node *field(struct parser *p, const struct jmes_token *t)
{
	struct jmes_node *n = node(p, JN_FIELD, NULL, NULL);
	n->name = t->name;
	n->name_len = strlen(t->name);
	n->at = t->at;
	return n;
}

static struct jmes_node *literal(struct parser *p, const struct jmes_token *t)
{
	struct jmes_node *n = node(p, JN_LITERAL, NULL, NULL);
	n->value = t->value;
	n->at = t->at;
	return n;
}

static struct jmes_node *negation(struct parser *p, const struct jmes_token *t)
{
	struct jmes_node *of = parse(p, power[JT_NOT]);
	struct jmes_node *n = of ? node(p, JN_NOT, of, NULL) : NULL;
	if (n)
		n->at = t->at;
	return n;
}

static struct jmes_node *parenthesis(struct parser *p)
{
	struct jmes_node *n = parse(p, 0);
	if (!n || !take(p, JT_RPAREN, "expected \")\""))
		return NULL;
	n->alone = true;
	return n;
}

/* A name, quoted or not, that starts an expression; t is its token. */
static struct jmes_node *named(struct parser *p, const struct jmes_token *t)
{
	if (p->t->kind != JT_LPAREN)
		return field(p, t);
	return t->kind == JT_NAME ? call(p, t)
				  : bad(p, "a function's name takes no quotes");
}

static struct jmes_node *star(struct parser *p)
{
	if (p->t->kind == JT_RBRACKET)
		return node(p, JN_VALUE_PROJ, current(p), current(p));
	return projection(p, JN_VALUE_PROJ, current(p), power[JT_STAR]);
}

/* What can start an expression. */
static struct jmes_node *prefix(struct parser *p)
{
	const struct jmes_token *t = p->t;
	if (t->kind != JT_END)
		p->t++;
	switch ((int)t->kind) {
	case JT_LITERAL:
		return literal(p, t);
	case JT_NAME:
	case JT_QUOTED:
		return named(p, t);
	case JT_CURRENT:
		return current(p);
	case JT_STAR:
		return star(p);
	case JT_FILTER:
		return filter(p, current(p));
	case JT_FLATTEN:
		return flatten(p, current(p));
	case JT_LBRACKET:
		return bracket(p, NULL);
	case JT_LBRACE:
		return multi_hash(p);
	case JT_LPAREN:
		return parenthesis(p);
	case JT_NOT:
		return negation(p, t);
	}
	p->t = t;
	return bad(p, t->kind == JT_AMP ? "& stands only before a function's argument"
					: "expected a value");
}

static struct jmes_node *binary(
	struct parser *p, enum jmes_kind k, struct jmes_node *left)
{
	size_t at = p->t[-1].at;
	enum jmes_op op = k == JT_PIPE  ? JN_PIPE
			  : k == JT_OR  ? JN_OR
			  : k == JT_AND ? JN_AND
					: JN_COMPARE;
	struct jmes_node *right = parse(p, power[k]);
	struct jmes_node *n = right ? node(p, op, left, right) : NULL;
	if (n) {
		n->compare = k;
		n->at = at;
	}
	return n;
}

/* What can follow `left`; its token is already taken. */
static struct jmes_node *infix(struct parser *p, enum jmes_kind k, struct jmes_node *left)
{
	switch ((int)k) {
	case JT_DOT:
		if (p->t->kind == JT_STAR) {
			p->t++;
			return projection(p, JN_VALUE_PROJ, left, power[JT_STAR]);
		}
		struct jmes_node *right = after_dot(p, power[JT_DOT]);
		return right ? node(p, JN_SUB, left, right) : NULL;
	case JT_FILTER:
		return filter(p, left);
	case JT_FLATTEN:
		return flatten(p, left);
	case JT_LBRACKET:
		return bracket(p, left);
	case JT_STAR:
	case JT_NOT:
	case JT_LBRACE:
	case JT_LPAREN:
		p->t--;
		return bad(p, "an operator is missing before it");
	}
	return binary(p, k, left);
}

static struct jmes_node *parse(struct parser *p, int least)
{
	if (++p->nest > JMES_NEST_MAX)
		return jmes_bad(p->e, p->j->text, p->t->at,
			"nested deeper than %d levels", JMES_NEST_MAX);
	struct jmes_node *left = prefix(p);
	while (left && least < power[p->t->kind]) {
		enum jmes_kind k = p->t->kind;
		p->t++;
		left = infix(p, k, left);
	}
	p->nest--;
	return left;
}

bool jmes_parse(struct jmes *j, const struct jmes_token *tokens, struct err *e)
{
	struct parser p = {.j = j, .t = tokens, .e = e};
	if (tokens->kind == JT_END)
		return jmes_bad(e, j->text, 0, "the expression is empty") != NULL;
	j->root = parse(&p, 0);
	if (j->root && p.t->kind != JT_END)
		j->root = bad(&p, "expected the end of the expression");
	return j->root != NULL;
}
