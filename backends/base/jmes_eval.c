/*
 * JMESPath: the value of a tree for an input. One small function an operation, by table. The depth of
 * recursion is that of the expression, which the parser has limited.
 */
#include "backends/base/jmes_private.h"

#include <stdlib.h>
#include <string.h>

typedef json_t *eval_fn(struct jmes_run *r, const struct jmes_node *n, json_t *in);

json_t *jmes_keep(struct jmes_run *r, json_t *fresh)
{
	if (r->pool_n == r->pool_cap) {
		size_t cap = r->pool_cap * 2;
		json_t **pool = xmalloc(cap * sizeof(json_t *));
		memcpy(pool, r->pool, r->pool_n * sizeof(json_t *));
		if (r->pool != r->first)
			free(r->pool);
		r->pool = pool;
		r->pool_cap = cap;
	}
	return r->pool[r->pool_n++] = fresh;
}

bool jmes_steps(struct jmes_run *r, size_t n)
{
	r->steps += n;
	if (r->steps <= JMES_STEPS_MAX)
		return true;
	return err_set(r->e, ERR_LIMIT,
		"the expression takes more than %d steps on this input", JMES_STEPS_MAX);
}

json_t *jmes_keep_text(struct jmes_run *r, const char *s, size_t len)
{
	r->text += len;
	if (r->text > JMES_TEXT_MAX) {
		err_set(r->e, ERR_LIMIT,
			"the expression builds more than 16 MiB of text");
		return NULL;
	}
	/* All text here comes from valid strings, cut at characters. */
	return jmes_keep(r, json_stringn_nocheck(s, len));
}

json_t *jmes_keep_number(struct jmes_run *r, double d)
{
	if (d >= -9007199254740992.0 && d <= 9007199254740992.0 &&
		d == (double)(long long)d)
		return jmes_keep(r, json_integer((json_int_t)d));
	json_t *v = json_real(d); /* NULL when not finite */
	return v ? jmes_keep(r, v) : json_null();
}

bool jmes_truthy(const json_t *v)
{
	switch (v ? json_typeof(v) : JSON_NULL) {
	case JSON_NULL:
	case JSON_FALSE:
		return false;
	case JSON_TRUE:
	case JSON_INTEGER:
	case JSON_REAL:
		return true;
	case JSON_STRING:
		return json_string_length(v) > 0;
	case JSON_ARRAY:
		return json_array_size(v) > 0;
	case JSON_OBJECT:
		return json_object_size(v) > 0;
	}
	return false;
}

/* ---- comparing ---- */

static int number_order(const json_t *a, const json_t *b)
{
	if (json_is_integer(a) && json_is_integer(b)) {
		json_int_t x = json_integer_value(a), y = json_integer_value(b);
		return (x > y) - (x < y);
	}
	double x = json_number_value(a), y = json_number_value(b);
	return (x > y) - (x < y);
}

static bool same_members(struct jmes_run *r, json_t *a, const json_t *b, int depth)
{
	for (void *i = json_object_iter(a); i; i = json_object_iter_next(a, i)) {
		const json_t *other = json_object_getn(
			b, json_object_iter_key(i), json_object_iter_key_len(i));
		if (!other || !jmes_same(r, json_object_iter_value(i), other, depth + 1))
			return false;
	}
	return true;
}

/* Equality by value; 1 equals 1.0. */
bool jmes_same(struct jmes_run *r, const json_t *a, const json_t *b, int depth)
{
	if (a == b)
		return true;
	r->steps++;
	if (json_is_number(a) && json_is_number(b))
		return number_order(a, b) == 0;
	if (json_typeof(a) != json_typeof(b) || depth > 4 * JSON_DEPTH_MAX)
		return false;
	if (json_is_string(a)) {
		size_t n = json_string_length(a);
		return n == json_string_length(b) &&
		       memcmp(json_string_value(a), json_string_value(b), n) == 0;
	}
	if (json_is_array(a)) {
		size_t n = json_array_size(a);
		if (n != json_array_size(b))
			return false;
		for (size_t i = 0; i < n; i++)
			if (!jmes_same(r, json_array_get(a, i), json_array_get(b, i),
				    depth + 1))
				return false;
		return true;
	}
	union {
		const json_t *in;
		json_t *out;
	} obj = {a}; /* iterating changes nothing, but jansson's iterator wants it */
	return json_is_object(a) && json_object_size(a) == json_object_size(b) &&
	       same_members(r, obj.out, b, depth);
}

static json_t *eval_compare(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *a = jmes_eval(r, n->left, in), *b = a ? jmes_eval(r, n->right, in) : NULL;
	if (!b)
		return NULL;
	if (n->compare == JT_EQ || n->compare == JT_NE)
		return json_boolean(jmes_same(r, a, b, 0) == (n->compare == JT_EQ));
	if (!json_is_number(a) || !json_is_number(b))
		return json_null();
	int c = number_order(a, b);
	if (n->compare == JT_LT)
		return json_boolean(c < 0);
	if (n->compare == JT_LE)
		return json_boolean(c <= 0);
	return json_boolean(n->compare == JT_GT ? c > 0 : c >= 0);
}

/* ---- simple operations ---- */

static json_t *eval_field(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	(void)r;
	json_t *v = json_object_getn(in, n->name, n->name_len);
	return v ? v : json_null();
}

static json_t *eval_scope_field(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	(void)in;
	json_t *v = json_object_getn(r->scope, n->name, n->name_len);
	return v ? v : json_null();
}

static json_t *eval_sub(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	return !v || (json_is_null(v) && n->op == JN_SUB) ? v : jmes_eval(r, n->right, v);
}

static json_t *eval_index(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	if (!v)
		return NULL;
	long size = (long)json_array_size(v),
	     i = n->index < 0 ? size + n->index : n->index;
	return i >= 0 && i < size ? json_array_get(v, (size_t)i) : json_null();
}

static long clip(long i, long size, long low, long high)
{
	if (i < 0)
		i += size;
	return i < low ? low : i > high ? high : i;
}

static json_t *eval_slice(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	if (!v || !json_is_array(v))
		return v ? json_null() : NULL;
	long size = (long)json_array_size(v);
	bool back = n->step < 0;
	long low = back ? -1 : 0, high = back ? size - 1 : size;
	long start = n->has_start ? clip(n->index, size, low, high) : back ? high : low;
	long stop = n->has_stop ? clip(n->stop, size, low, high) : back ? low : high;
	json_t *out = jmes_keep(r, json_array());
	for (long i = start; back ? i > stop : i < stop; i += n->step)
		json_array_append(out, json_array_get(v, (size_t)i));
	return jmes_steps(r, json_array_size(out)) ? out : NULL;
}

static json_t *eval_or(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	return !v || jmes_truthy(v) ? v : jmes_eval(r, n->right, in);
}

static json_t *eval_and(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	return !v || !jmes_truthy(v) ? v : jmes_eval(r, n->right, in);
}

static json_t *eval_not(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	return v ? json_boolean(!jmes_truthy(v)) : NULL;
}

static json_t *eval_literal(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	(void)r;
	(void)in;
	return n->value;
}

static json_t *eval_current(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	(void)r;
	(void)n;
	return in;
}

static json_t *eval_list(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	if (json_is_null(in))
		return in;
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = 0; i < n->n; i++) {
		json_t *v = jmes_eval(r, n->items[i], in);
		if (!v)
			return NULL;
		json_array_append(out, v);
	}
	return out;
}

static json_t *eval_hash(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	if (json_is_null(in))
		return in;
	json_t *out = jmes_keep(r, json_object());
	for (size_t i = 0; i < n->n; i++) {
		json_t *v = jmes_eval(r, n->items[i], in);
		if (!v)
			return NULL;
		json_object_set_nocheck(out, n->keys[i], v);
	}
	return out;
}

/* Only as an argument, where jmes_call takes it before it is evaluated. */
static json_t *eval_expref(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	return jmes_eval(r, n->left, in);
}

/* ---- projections ---- */

/* Appends the right side's value for one element, unless it is null. */
static bool project(
	struct jmes_run *r, const struct jmes_node *right, json_t *out, json_t *element)
{
	json_t *v = right->op == JN_CURRENT ? element : jmes_eval(r, right, element);
	if (v && !json_is_null(v))
		json_array_append(out, v);
	return v != NULL;
}

static json_t *eval_list_projection(
	struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	if (!v || !json_is_array(v))
		return v ? json_null() : NULL;
	size_t size = json_array_size(v);
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = 0; i < size; i++)
		if (!project(r, n->right, out, json_array_get(v, i)))
			return NULL;
	return jmes_steps(r, size) ? out : NULL;
}

static json_t *eval_value_projection(
	struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	if (!v || !json_is_object(v))
		return v ? json_null() : NULL;
	json_t *out = jmes_keep(r, json_array());
	for (void *i = json_object_iter(v); i; i = json_object_iter_next(v, i))
		if (!project(r, n->right, out, json_object_iter_value(i)))
			return NULL;
	return jmes_steps(r, json_object_size(v)) ? out : NULL;
}

static json_t *eval_filter(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	if (!v || !json_is_array(v))
		return v ? json_null() : NULL;
	size_t size = json_array_size(v);
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = 0; i < size; i++) {
		json_t *element = json_array_get(v, i),
		       *yes = jmes_eval(r, n->cond, element);
		if (!yes || (jmes_truthy(yes) && !project(r, n->right, out, element)))
			return NULL;
	}
	return out;
}

static json_t *eval_flatten(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	json_t *v = jmes_eval(r, n->left, in);
	if (!v || !json_is_array(v))
		return v ? json_null() : NULL;
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = 0; i < json_array_size(v); i++) {
		json_t *element = json_array_get(v, i);
		if (json_is_array(element))
			json_array_extend(out, element);
		else
			json_array_append(out, element);
	}
	return jmes_steps(r, json_array_size(out)) ? out : NULL;
}

static eval_fn *const operations[] = {
	[JN_FIELD] = eval_field,
	[JN_SCOPE_FIELD] = eval_scope_field,
	[JN_SUB] = eval_sub,
	[JN_PIPE] = eval_sub,
	[JN_INDEX] = eval_index,
	[JN_SLICE] = eval_slice,
	[JN_LIST_PROJ] = eval_list_projection,
	[JN_VALUE_PROJ] = eval_value_projection,
	[JN_FILTER_PROJ] = eval_filter,
	[JN_FLATTEN] = eval_flatten,
	[JN_OR] = eval_or,
	[JN_AND] = eval_and,
	[JN_NOT] = eval_not,
	[JN_COMPARE] = eval_compare,
	[JN_LITERAL] = eval_literal,
	[JN_CURRENT] = eval_current,
	[JN_LIST] = eval_list,
	[JN_HASH] = eval_hash,
	[JN_CALL] = jmes_call,
	[JN_EXPREF] = eval_expref,
};

json_t *jmes_eval(struct jmes_run *r, const struct jmes_node *n, json_t *in)
{
	if (++r->steps > JMES_STEPS_MAX && !jmes_steps(r, 0))
		return NULL;
	return operations[n->op](r, n, in);
}
