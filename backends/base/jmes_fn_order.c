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

/* Element i with its key, which must be of the kind of `other`, the key of another element. */
static bool rank(struct jmes_run *r, const struct jmes_args *a, size_t i,
	const json_t *other, struct ranked *out)
{
	json_t *v = json_array_get(a->v[0], i);
	const json_t *key = a->n > 1 ? jmes_eval(r, a->ref[1], v) : v;
	if (!key)
		return false;
	*out = (struct ranked){key, v, i};
	if (json_is_string(key) ? !other || json_is_string(other)
				: json_is_number(key) && !json_is_string(other))
		return true;
	jmes_fn_bad(r, a, "the keys must be all numbers or all strings; one is %s",
		jmes_type_name(key));
	return false;
}

static json_t *fn_sort(struct jmes_run *r, const struct jmes_args *a)
{
	size_t n = json_array_size(a->v[0]);
	if (!jmes_steps(r, n))
		return NULL;
	struct ranked *all = xcalloc(n, sizeof(*all));
	for (size_t i = 0; i < n; i++)
		if (!rank(r, a, i, all[0].key, &all[i])) {
			free(all);
			return NULL;
		}
	qsort(all, n, sizeof(*all), rank_order);
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = 0; i < n; i++)
		json_array_append(out, all[i].value);
	free(all);
	return out;
}

static json_t *extreme(struct jmes_run *r, const struct jmes_args *a, int sign)
{
	struct ranked best = {.value = json_null()}, other;
	size_t n = json_array_size(a->v[0]);
	if (!jmes_steps(r, n))
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (!rank(r, a, i, best.key, &other))
			return NULL;
		if (i == 0 || sign * key_order(other.key, best.key) > 0)
			best = other;
	}
	return best.value;
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
