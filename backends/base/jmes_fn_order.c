/*
 * JMESPath functions that compare: sort, max, min and their _by forms. Strings are ordered by code point,
 * which in UTF-8 is the order of the bytes.
 */
#include "backends/base/jmes_fn.h"

#include <stdlib.h>
#include <string.h>

struct ranked {
	const json_t *key;
	json_t *value;
	size_t index; /* keeps the sort stable */
};

static int key_order(const json_t *a, const json_t *b)
{
	if (json_is_string(a))
		return strcmp(json_string_value(a), json_string_value(b));
	if (json_is_integer(a) && json_is_integer(b))
		return (json_integer_value(a) > json_integer_value(b)) -
		       (json_integer_value(a) < json_integer_value(b));
	double x = json_number_value(a), y = json_number_value(b);
	return (x > y) - (x < y);
}

static int rank_order(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;
	int c = key_order(x->key, y->key);
	return c ? c : (x->index > y->index) - (x->index < y->index);
}

/* The elements with their keys; NULL on error. Never NULL for an empty array. */
static struct ranked *rank(struct jmes_run *r, const struct jmes_args *a)
{
	size_t n = json_array_size(a->v[0]);
	if (!jmes_steps(r, n))
		return NULL;
	struct ranked *all = xcalloc(n, sizeof(*all));
	for (size_t i = 0; i < n; i++) {
		json_t *v = json_array_get(a->v[0], i);
		const json_t *key = a->n > 1 ? jmes_eval(r, a->ref[1], v) : v;
		bool same = key &&
			    (i == 0 || json_is_string(key) == json_is_string(all[0].key));
		if (!key || !same || !(json_is_string(key) || json_is_number(key))) {
			if (key)
				jmes_fn_bad(r, a,
					"the keys must be all numbers or all strings; "
					"one is %s",
					jmes_type_name(key));
			free(all);
			return NULL;
		}
		all[i] = (struct ranked){key, v, i};
	}
	return all;
}

static json_t *fn_sort(struct jmes_run *r, const struct jmes_args *a)
{
	struct ranked *all = rank(r, a);
	size_t n = json_array_size(a->v[0]);
	if (!all)
		return NULL;
	qsort(all, n, sizeof(*all), rank_order);
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = 0; i < n; i++)
		json_array_append(out, all[i].value);
	free(all);
	return out;
}

static json_t *extreme(struct jmes_run *r, const struct jmes_args *a, int sign)
{
	struct ranked *all = rank(r, a);
	size_t n = json_array_size(a->v[0]), best = 0;
	if (!all)
		return NULL;
	for (size_t i = 1; i < n; i++)
		if (sign * key_order(all[i].key, all[best].key) > 0)
			best = i;
	json_t *v = n ? all[best].value : json_null();
	free(all);
	return v;
}

static json_t *fn_max(struct jmes_run *r, const struct jmes_args *a)
{
	return extreme(r, a, 1);
}

static json_t *fn_min(struct jmes_run *r, const struct jmes_args *a)
{
	return extreme(r, a, -1);
}

const struct jmes_fn jmes_fns_order[] = {
	{"max", 1, 1, false, {JA_NUMBERS | JA_STRINGS}, fn_max},
	{"max_by", 2, 2, false, {JA_ARRAY, JA_EXPREF}, fn_max},
	{"min", 1, 1, false, {JA_NUMBERS | JA_STRINGS}, fn_min},
	{"min_by", 2, 2, false, {JA_ARRAY, JA_EXPREF}, fn_min},
	{"sort", 1, 1, false, {JA_NUMBERS | JA_STRINGS}, fn_sort},
	{"sort_by", 2, 2, false, {JA_ARRAY, JA_EXPREF}, fn_sort},
	{NULL, 0, 0, false, {0}, NULL},
};
