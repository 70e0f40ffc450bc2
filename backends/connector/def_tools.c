/*
 * What the readers of a connector file share: expressions and templates with their place
 * in messages, lists, words, and the secrets that templates mention.
 */
#include "backends/connector/def.h"

#include <ctype.h>
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
	{"max_bytes", YAML_INT},
	{"accept_status", YAML_ARRAY},
	{"reply", YAML_STRING},
	{"columns", YAML_ARRAY},
	{"sql", YAML_STRING},
	{"params", YAML_ARRAY},
	{"identifiers", YAML_OBJECT},
	{"max_rows", YAML_INT},
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

bool def_expr_text(struct connector *c, const json_t *obj, const char *key,
	const char *text, struct def_expr *out, struct err *e)
{
	struct err why = ERR_INIT;
	out->jmes = jmes_compile(text, &why);
	out->text = text;
	if (!out->jmes)
		return yaml_err_value(
			e, &c->doc, obj, key, "expression of %s: %s", key, why.msg);
	c->jmes = mem_grow(c->jmes, &c->cap_jmes, c->n_jmes + 1, sizeof(void *));
	c->jmes[c->n_jmes++] = out->jmes;
	return true;
}

bool def_expr(struct connector *c, const json_t *obj, const char *key,
	struct def_expr *out, struct err *e)
{
	const json_t *v = json_object_get(obj, key);
	if (!v)
		return true;
	if (!json_is_string(v))
		return yaml_err_value(
			e, &c->doc, obj, key, "%s must be an expression (a text)", key);
	return def_expr_text(c, obj, key, json_string_value(v), out, e);
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
	return !v || def_keep(c, tmpl_compile(&c->doc, obj, key, v, e), out);
}

bool def_path(struct connector *c, const json_t *obj, const char *key, struct tmpl **out,
	struct err *e)
{
	const char *v = json_string_value(json_object_get(obj, key));
	return !v || def_keep(c, tmpl_compile_path(&c->doc, obj, key, v, e), out);
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

bool connector_reserved(const char *name)
{
	static const char *const names[] = {"settings", "given", "secret", "source",
		"since", "each", "item", "record", "params", "operator", "reason",
		"action", "prev", "steps", "reply", "called", "part", "token", "now",
		"status"};
	for (size_t i = 0; i < LENGTH(names); i++)
		if (strcmp(names[i], name) == 0)
			return true;
	return false;
}

/* ---- secrets that templates mention ---- */

struct mentions {
	struct connector *c;
	const json_t *obj;
	const char *key;
	bool *used; /* by index of c->secrets */
	struct err *e;
};

static bool mention(struct mentions *m, const char *name, size_t len)
{
	for (size_t i = 0; i < m->c->n_secrets; i++) {
		const char *have = m->c->secrets[i].name;
		if (strlen(have) == len && memcmp(have, name, len) == 0) {
			m->used[i] = true;
			return true;
		}
	}
	return yaml_err_value(m->e, &m->c->doc, m->obj, m->key,
		"secret.%.*s is not declared: add it to `secrets:`", (int)len, name);
}

static bool in_name(char ch)
{
	return isalnum((unsigned char)ch) || ch == '_';
}

static bool scan_text(struct mentions *m, const char *text)
{
	static const char word[] = "secret.";
	if (!strchr(text, '{'))
		return true;
	for (const char *at = text; (at = strstr(at, word)); at += sizeof(word) - 1) {
		if (at > text && (in_name(at[-1]) || at[-1] == '.'))
			continue;
		const char *name = at + sizeof(word) - 1;
		size_t len = 0;
		while (in_name(name[len]))
			len++;
		if (len && !mention(m, name, len))
			return false;
	}
	return true;
}

/* Depth is bounded by yaml's own limit of 32. */
static bool scan(struct mentions *m, json_t *tree)
{
	size_t i;
	json_t *v;
	if (json_is_string(tree))
		return scan_text(m, json_string_value(tree));
	json_array_foreach (tree, i, v)
		if (!scan(m, v))
			return false;
	const char *key;
	json_object_foreach (tree, key, v)
		if (!scan(m, v))
			return false;
	return true;
}

bool def_secrets(struct connector *c, const json_t *obj, const char *key,
	const json_t *tree, const char *const **out, struct err *e)
{
	struct mentions m = {c, obj, key,
		arena_alloc(&c->arena, (c->n_secrets + 1) * sizeof(bool)), e};
	if (!scan(&m, def_iter(tree)))
		return false;
	const char **names = arena_alloc(&c->arena, (c->n_secrets + 1) * sizeof(*names));
	size_t n = 0;
	for (size_t i = 0; i < c->n_secrets; i++)
		if (m.used[i])
			names[n++] = c->secrets[i].name;
	*out = names;
	return true;
}
