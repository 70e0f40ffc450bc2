/*
 * What the readers of a connector file share: expressions and templates with their place
 * in messages, lists, words.
 */
#include "backends/connector/def.h"

#include <string.h>

static const struct yaml_key request_keys[] = {
	{"get", YAML_STRING},
	{"post", YAML_STRING},
	{"put", YAML_STRING},
	{"patch", YAML_STRING},
	{"delete", YAML_STRING},
	{"query", YAML_OBJECT},
	{"json", YAML_ANY},
	{"form", YAML_OBJECT},
	{"body", YAML_STRING},
	{"headers", YAML_OBJECT},
	{"timeout", YAML_DURATION},
	{"max_bytes", YAML_COUNT},
	{"accept_status", YAML_ARRAY},
	{"reply", YAML_STRING},
	{"columns", YAML_ARRAY},
	{"sql", YAML_STRING},
	{"params", YAML_ARRAY},
	{"identifiers", YAML_OBJECT},
	{"max_rows", YAML_COUNT},
	{"max_affected", YAML_INT},
	{"ssh", YAML_OBJECT},
};
static const struct yaml_key fetch_keys[] = {
	{"page", YAML_OBJECT},
	{"items", YAML_STRING},
	{"error", YAML_STRING},
};
enum { KEYS_MAX = 56 };

bool def_check(struct connector *c, const json_t *obj, const char *what,
	const struct yaml_key *own, enum def_with with, struct err *e)
{
	struct yaml_key keys[KEYS_MAX + 1] = {{NULL}};
	size_t n = 0;
	for (; own[n].name; n++)
		keys[n] = own[n];
	BUG_ON(n + LENGTH(request_keys) + LENGTH(fetch_keys) > KEYS_MAX);
	if (with != WITH_OWN)
		for (size_t i = 0; i < LENGTH(request_keys); i++)
			keys[n++] = request_keys[i];
	if (with == WITH_FETCH)
		for (size_t i = 0; i < LENGTH(fetch_keys); i++)
			keys[n++] = fetch_keys[i];
	return yaml_check(&c->doc, obj, what, keys, e);
}

void *def_alloc(struct connector *c, size_t count, size_t size)
{
	return count ? arena_alloc(&c->arena, count * size) : NULL;
}

static bool compile_expr(struct connector *c, const json_t *obj, const char *key,
	const char *text, bool of_scope, struct def_expr *out, struct err *e)
{
	struct err why = ERR_INIT;
	out->jmes = jmes_compile(text, &why);
	out->text = text;
	if (out->jmes) {
		if (!of_scope)
			jmes_take_from_scope(out->jmes, "settings");
		c->jmes = mem_grow(c->jmes, &c->cap_jmes, c->n_jmes + 1, sizeof(void *));
		c->jmes[c->n_jmes++] = out->jmes;
	}
	if (!out->jmes || !jmes_sound(out->jmes, &why) ||
		!def_names_known(c, out->jmes, of_scope, &why))
		return yaml_err_value(e, &c->doc, obj, key, "expression of %s: %s%s", key,
			why.msg, yaml_cut(&c->doc, obj, key, 0) ? YAML_CUT_HINT : "");
	return true;
}

bool def_expr_text(struct connector *c, const json_t *obj, const char *key,
	const char *text, struct def_expr *out, struct err *e)
{
	return compile_expr(c, obj, key, text, false, out, e);
}

static bool read_expr(struct connector *c, const json_t *obj, const char *key,
	bool of_scope, struct def_expr *out, struct err *e)
{
	const json_t *v = json_object_get(obj, key);
	if (!v)
		return true;
	if (!json_is_string(v))
		return yaml_err_value(
			e, &c->doc, obj, key, "%s must be an expression (a text)", key);
	return compile_expr(c, obj, key, json_string_value(v), of_scope, out, e);
}

bool def_expr(struct connector *c, const json_t *obj, const char *key,
	struct def_expr *out, struct err *e)
{
	return read_expr(c, obj, key, false, out, e);
}

bool def_expr_of_scope(struct connector *c, const json_t *obj, const char *key,
	struct def_expr *out, struct err *e)
{
	return read_expr(c, obj, key, true, out, e);
}

bool def_keep(struct connector *c, struct tmpl *t, struct tmpl **out)
{
	*out = t;
	if (!t)
		return false;
	c->tmpls = mem_grow(c->tmpls, &c->cap_tmpls, c->n_tmpls + 1, sizeof(void *));
	c->tmpls[c->n_tmpls++] = t;
	return true;
}

bool def_tmpl(struct connector *c, const json_t *obj, const char *key, struct tmpl **out,
	struct err *e)
{
	const json_t *v = json_object_get(obj, key);
	struct tmpl_names names = def_names(c);
	return !v ||
	       def_keep(c, tmpl_compile_known(&c->doc, obj, key, v, &names, e), out);
}

bool def_path(struct connector *c, const json_t *obj, const char *key, struct tmpl **out,
	struct err *e)
{
	const char *v = json_string_value(json_object_get(obj, key));
	struct tmpl_names names = def_names(c);
	/* What is sent goes to the host of `base` and no other: the secrets are its own. */
	if (v && (strstr(v, "://") || str_starts(v, "//")))
		return yaml_err_value(e, &c->doc, obj, key,
			"%s is a path below `base`, such as /api/v1/runs: an address "
			"with "
			"a host of its own cannot stand here",
			key);
	return !v || def_keep(c, tmpl_compile_path(&c->doc, obj, key, v, &names, e), out);
}

bool def_strings(struct connector *c, const json_t *obj, const char *key,
	const char *const **out, size_t *n, struct err *e)
{
	const json_t *list = json_object_get(obj, key), *v;
	size_t i, len = json_array_size(list);
	const char **names = def_alloc(c, len + 1, sizeof(*names));
	json_array_foreach (list, i, v) {
		names[i] = json_string_value(v);
		if (!names[i] || !*names[i])
			return yaml_err_item(e, &c->doc, list, i,
				"%s is a list of texts that are not empty", key);
	}
	*out = names;
	if (n)
		*n = len;
	return true;
}

int64_t def_ms(const json_t *obj, const char *key, int64_t fallback)
{
	const char *text = json_str(obj, key, NULL);
	usec_t t;
	return text && clock_parse_duration(text, &t) ? t / 1000 : fallback;
}

int def_word(struct connector *c, const json_t *obj, const char *key,
	const char *const *names, size_t n, struct err *e)
{
	const char *word = json_str(obj, key, "");
	struct str all = STR_INIT_MAX(300);
	for (size_t i = 0; i < n; i++) {
		if (strcmp(names[i], word) == 0) {
			str_release(&all);
			return (int)i;
		}
		str_addf(&all, "%s%s", i ? ", " : "", names[i]);
	}
	yaml_err_value(
		e, &c->doc, obj, key, "%s is one of %s, not \"%s\"", key, all.buf, word);
	str_release(&all);
	return -1;
}
