/*
 * JMESPath functions on arrays and objects, and those on any value.
 */
#include "backends/base/jmes_fn.h"

#include <stdlib.h>
#include <string.h>

static json_t *fn_contains(struct jmes_run *r, const struct jmes_args *a)
{
	const json_t *in = a->v[0], *what = a->v[1];
	if (json_is_string(in)) {
		return json_boolean(
			json_is_string(what) &&
			memmem(json_string_value(in), json_string_length(in),
				json_string_value(what), json_string_length(what)));
	}
	size_t n = json_array_size(in);
	for (size_t i = 0; i < n; i++)
		if (jmes_same(r, json_array_get(in, i), what, 0))
			return json_true();
	return json_false();
}

static json_t *fn_length(struct jmes_run *r, const struct jmes_args *a)
{
	const json_t *v = a->v[0];
	size_t n = json_is_array(v) ? json_array_size(v) : json_object_size(v);
	if (json_is_string(v)) {
		const char *s = json_string_value(v);
		for (size_t i = 0; i < json_string_length(v); i++)
			n += ((unsigned char)s[i] & 0xC0) != 0x80;
	}
	return jmes_keep(r, json_integer((json_int_t)n));
}

static json_t *reversed_text(struct jmes_run *r, const json_t *v)
{
	size_t len = json_string_length(v), end = len, at = 0;
	const char *s = json_string_value(v);
	char *out = xmalloc(len);
	for (size_t i = len; i-- > 0;) {
		if (((unsigned char)s[i] & 0xC0) == 0x80)
			continue;
		memcpy(out + at, s + i, end - i);
		at += end - i;
		end = i;
	}
	json_t *text = jmes_keep_text(r, out, len);
	free(out);
	return text;
}

static json_t *fn_reverse(struct jmes_run *r, const struct jmes_args *a)
{
	if (json_is_string(a->v[0]))
		return reversed_text(r, a->v[0]);
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = json_array_size(a->v[0]); i-- > 0;)
		json_array_append(out, json_array_get(a->v[0], i));
	return jmes_steps(r, json_array_size(out)) ? out : NULL;
}

static json_t *fn_keys(struct jmes_run *r, const struct jmes_args *a)
{
	json_t *out = jmes_keep(r, json_array());
	for (void *i = json_object_iter(a->v[0]); i;
		i = json_object_iter_next(a->v[0], i))
		json_array_append_new(out, json_stringn_nocheck(json_object_iter_key(i),
						   json_object_iter_key_len(i)));
	return jmes_steps(r, json_array_size(out)) ? out : NULL;
}

static json_t *fn_values(struct jmes_run *r, const struct jmes_args *a)
{
	json_t *out = jmes_keep(r, json_array());
	for (void *i = json_object_iter(a->v[0]); i;
		i = json_object_iter_next(a->v[0], i))
		json_array_append(out, json_object_iter_value(i));
	return jmes_steps(r, json_array_size(out)) ? out : NULL;
}

static json_t *fn_map(struct jmes_run *r, const struct jmes_args *a)
{
	json_t *out = jmes_keep(r, json_array());
	size_t n = json_array_size(a->v[1]);
	for (size_t i = 0; i < n; i++) {
		json_t *v = jmes_eval(r, a->ref[0], json_array_get(a->v[1], i));
		if (!v)
			return NULL;
		json_array_append(out, v);
	}
	return out;
}

static json_t *fn_merge(struct jmes_run *r, const struct jmes_args *a)
{
	json_t *out = jmes_keep(r, json_object());
	for (size_t i = 0; i < a->n; i++) {
		json_object_update(out, a->v[i]);
		if (!jmes_steps(r, json_object_size(a->v[i])))
			return NULL;
	}
	return out;
}

static json_t *fn_not_null(struct jmes_run *r, const struct jmes_args *a)
{
	(void)r;
	for (size_t i = 0; i < a->n; i++)
		if (!json_is_null(a->v[i]))
			return a->v[i];
	return json_null();
}

static json_t *fn_to_array(struct jmes_run *r, const struct jmes_args *a)
{
	if (json_is_array(a->v[0]))
		return a->v[0];
	json_t *out = jmes_keep(r, json_array());
	json_array_append(out, a->v[0]);
	return out;
}

static json_t *fn_type(struct jmes_run *r, const struct jmes_args *a)
{
	const char *name = jmes_type_name(a->v[0]);
	return jmes_keep_text(r, name, strlen(name));
}

static json_t *fn_scope(struct jmes_run *r, const struct jmes_args *a)
{
	(void)a;
	return r->scope ? r->scope : json_null();
}

static int by_key(const void *a, const void *b)
{
	const char *const *x = a, *const *y = b;
	return strcmp(*x, *y);
}

static json_t *fn_items(struct jmes_run *r, const struct jmes_args *a)
{
	size_t n = json_object_size(a->v[0]), k = 0;
	if (!jmes_steps(r, n))
		return NULL;
	const char **keys = xcalloc(n, sizeof(*keys));
	for (void *i = json_object_iter(a->v[0]); i && k < n;
		i = json_object_iter_next(a->v[0], i))
		keys[k++] = json_object_iter_key(i);
	qsort(keys, k, sizeof(*keys), by_key);
	json_t *out = jmes_keep(r, json_array());
	for (size_t i = 0; i < k; i++) {
		json_t *pair = json_object();
		json_object_set_new_nocheck(pair, "key", json_string_nocheck(keys[i]));
		json_object_set_nocheck(pair, "value", json_object_get(a->v[0], keys[i]));
		json_array_append_new(out, pair);
	}
	free(keys);
	return out;
}

static json_t *fn_from_items(struct jmes_run *r, const struct jmes_args *a)
{
	json_t *out = jmes_keep(r, json_object());
	size_t n = json_array_size(a->v[0]);
	for (size_t i = 0; i < n; i++) {
		const json_t *pair = json_array_get(a->v[0], i);
		const char *key = json_string_value(json_object_get(pair, "key"));
		json_t *value = json_object_get(pair, "value");
		if (!key)
			return jmes_fn_bad(
				r, a, "item %zu is no object with a string \"key\"", i);
		json_object_set_nocheck(out, key, value ? value : json_null());
	}
	return jmes_steps(r, n) ? out : NULL;
}

/* Seen values are kept by their text in an object, so a long array costs no more than its length. */
static json_t *fn_unique(struct jmes_run *r, const struct jmes_args *a)
{
	json_t *out = jmes_keep(r, json_array()), *seen = jmes_keep(r, json_object());
	struct str text = STR_INIT_MAX(JMES_TEXT_MAX);
	size_t n = json_array_size(a->v[0]);
	for (size_t i = 0; i < n && !text.over; i++) {
		json_t *v = json_array_get(a->v[0], i);
		str_clear(&text);
		(void)(json_is_number(v) ? json_scalar_to(&text, v)
					 : json_text_to(&text, v));
		if (json_object_getn(seen, text.buf, text.len))
			continue;
		json_object_setn_new_nocheck(seen, text.buf, text.len, json_true());
		json_array_append(out, v);
	}
	bool over = text.over;
	str_release(&text);
	if (over)
		return jmes_fn_bad(r, a, "an element is larger than 16 MiB");
	return jmes_steps(r, n) ? out : NULL;
}

const struct jmes_fn jmes_fns_list[] = {
	{"coalesce", 1, 255, false, {JA_ANY, JA_ANY, JA_ANY}, fn_not_null},
	{"contains", 2, 2, false, {JA_STRING | JA_ARRAY, JA_ANY}, fn_contains},
	{"from_items", 1, 1, true, {JA_ARRAY}, fn_from_items},
	{"items", 1, 1, true, {JA_OBJECT}, fn_items},
	{"keys", 1, 1, false, {JA_OBJECT}, fn_keys},
	{"length", 1, 1, false, {JA_STRING | JA_ARRAY | JA_OBJECT}, fn_length},
	{"map", 2, 2, false, {JA_EXPREF, JA_ARRAY}, fn_map},
	{"merge", 1, 255, false, {JA_OBJECT, JA_OBJECT, JA_OBJECT}, fn_merge},
	{"not_null", 1, 255, false, {JA_ANY, JA_ANY, JA_ANY}, fn_not_null},
	{"reverse", 1, 1, false, {JA_STRING | JA_ARRAY}, fn_reverse},
	{"scope", 0, 0, false, {0}, fn_scope},
	{"to_array", 1, 1, false, {JA_ANY}, fn_to_array},
	{"type", 1, 1, false, {JA_ANY}, fn_type},
	{"unique", 1, 1, true, {JA_ARRAY}, fn_unique},
	{"values", 1, 1, false, {JA_OBJECT}, fn_values},
	{NULL, 0, 0, false, {0}, NULL},
};
