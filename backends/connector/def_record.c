/*
 * The `record:` part of a connector file: fields, maps and rules, with every literal checked against
 * what its field can hold.
 */
#include "backends/connector/def.h"

#include <string.h>

static const char *const field_names[FIELD_COUNT] = {
	[FIELD_ID] = "id",
	[FIELD_TITLE] = "title",
	[FIELD_STATE] = "state",
	[FIELD_RAW_STATE] = "raw_state",
	[FIELD_SEVERITY] = "severity",
	[FIELD_TIER] = "tier",
	[FIELD_ENV] = "env",
	[FIELD_OWNER] = "owner",
	[FIELD_SERVICE] = "service",
	[FIELD_ASSET] = "asset",
	[FIELD_ACTOR] = "actor",
	[FIELD_STARTED] = "started",
	[FIELD_ENDED] = "ended",
	[FIELD_UPDATED] = "updated",
	[FIELD_DUE] = "due",
	[FIELD_AMOUNT] = "amount",
	[FIELD_EXPECTED] = "expected",
	[FIELD_CURRENCY] = "currency",
	[FIELD_URL] = "url",
	[FIELD_PARENT] = "parent",
	[FIELD_DETAIL] = "detail",
};

/* What a literal of this field must be. */
struct want {
	enum kind kind;
	bool state, severity;
};

static bool literal_fits(const struct want *w, const json_t *v)
{
	enum state s;
	enum severity sev;
	const char *text = json_string_value(v);
	if (w->state)
		return text && state_parse(text, &s) &&
		       (s == STATE_UNKNOWN || state_of_kind(w->kind, s));
	if (w->severity)
		return text && severity_parse(text, &sev);
	return !json_is_object(v) && !json_is_array(v);
}

static void wanted(const struct want *w, struct str *out)
{
	if (!w->state && !w->severity) {
		str_adds(out, "a text, number or true/false");
		return;
	}
	int n = w->state ? STATE_COUNT : SEVERITY_COUNT;
	str_adds(out, w->state ? "a state of a " : "one of");
	if (w->state)
		str_addf(out, "%s:", kind_name(w->kind));
	for (int i = 0; i < n; i++)
		if (!w->state || state_of_kind(w->kind, (enum state)i))
			str_addf(out, " %s",
				w->state ? state_name((enum state)i)
					 : severity_name((enum severity)i));
}

static bool check_literal(struct connector *c, const json_t *in, const char *key,
	const json_t *v, const struct want *w, struct err *e)
{
	if (literal_fits(w, v))
		return true;
	struct str words = STR_INIT_MAX(400);
	wanted(w, &words);
	yaml_err_value(e, &c->doc, in, key, "\"%s\" is not %s",
		json_is_string(v) ? json_string_value(v) : "this", words.buf);
	str_release(&words);
	return false;
}

static bool read_map(struct connector *c, const json_t *in, const struct want *w,
	struct def_field *out, struct err *e)
{
	json_t *map = json_object_get(in, "map"), *v;
	const char *key;
	json_object_foreach (map, key, v)
		if (!check_literal(c, map, key, v, w, e))
			return false;
	out->map = map;
	out->fallback = json_object_get(in, "default");
	return !out->fallback || check_literal(c, in, "default", out->fallback, w, e);
}

static bool read_rule(struct connector *c, const json_t *in, const struct want *w,
	struct def_rule *out, struct err *e)
{
	static const struct yaml_key keys[] = {
		{"when", YAML_STRING, true}, {"then", YAML_ANY, true}, {NULL}};
	static const struct yaml_key then_keys[] = {{"expr", YAML_STRING, true}, {NULL}};
	if (!yaml_check(&c->doc, in, "a rule", keys, e) ||
		!def_expr(c, in, "when", &out->when, e))
		return false;
	const json_t *then = json_object_get(in, "then");
	if (json_is_object(then))
		return yaml_check(&c->doc, then, "then", then_keys, e) &&
		       def_expr(c, then, "expr", &out->expr, e);
	out->literal = then;
	return check_literal(c, in, "then", then, w, e);
}

static bool read_rules(struct connector *c, const json_t *in, const struct want *w,
	struct def_field *out, struct err *e)
{
	const json_t *rules = json_object_get(in, "rules"), *v;
	size_t i;
	out->n_rules = json_array_size(rules);
	out->rules = def_alloc(c, out->n_rules, sizeof(*out->rules));
	json_array_foreach (rules, i, v)
		if (!read_rule(c, v, w, &out->rules[i], e))
			return false;
	return true;
}

/* "airflow3.yaml:65" */
static const char *place_of(struct connector *c, const json_t *in, const char *name)
{
	const char *slash = strrchr(c->doc.path, '/');
	int line = 0, column = 0;
	yaml_where(&c->doc, in, name, 0, &line, &column);
	return arena_printf(&c->arena, "%s:%d", slash ? slash + 1 : c->doc.path, line);
}

static bool read_field(struct connector *c, const json_t *in, const char *name,
	const struct want *w, struct def_field *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"value", YAML_STRING},
		{"map", YAML_OBJECT}, {"rules", YAML_ARRAY}, {"default", YAML_SCALAR},
		{NULL}};
	const json_t *v = json_object_get(in, name);
	if (!v)
		return true;
	out->name = name;
	out->place = place_of(c, in, name);
	out->given = true;
	out->strict = w->state;
	if (json_is_string(v))
		return def_expr(c, in, name, &out->value, e);
	if (json_is_integer(v) || json_is_boolean(v)) {
		out->fallback = v;
		return check_literal(c, in, name, v, w, e);
	}
	if (!json_is_object(v))
		return yaml_err_value(e, &c->doc, in, name,
			"%s must be an expression, or {value, map, rules, default}",
			name);
	if (!yaml_check(&c->doc, v, name, keys, e) ||
		!def_expr(c, v, "value", &out->value, e) || !read_map(c, v, w, out, e) ||
		!read_rules(c, v, w, out, e))
		return false;
	if (out->map && !out->value.jmes)
		return yaml_err(
			e, &c->doc, v, "map", "map needs the `value` to look up in it");
	if (!out->value.jmes && !out->n_rules && !out->fallback)
		return yaml_err(
			e, &c->doc, in, name, "%s needs value, rules or default", name);
	return true;
}

static bool read_pairs(struct connector *c, const json_t *in, const char *key,
	struct def_pair **out, size_t *n, struct err *e)
{
	static const struct want any = {KIND_RUN, false, false};
	json_t *pairs = json_object_get(in, key), *v;
	const char *name;
	struct def_pair *p = def_alloc(c, json_object_size(pairs), sizeof(*p));
	*out = p;
	json_object_foreach (pairs, name, v) {
		p[*n].name = name;
		if (strcmp(key, "opaque") == 0 && connector_reserved(name))
			return yaml_err(e, &c->doc, pairs, name,
				"\"%s\" is a name of the scope: call it something else",
				name);
		if (!read_field(c, pairs, name, &any, &p[(*n)++].field, e))
			return false;
	}
	return true;
}

bool def_record(struct connector *c, const json_t *in, enum kind kind,
	struct def_record *out, struct err *e)
{
	struct yaml_key keys[FIELD_COUNT + 3] = {{NULL}};
	for (int i = 0; i < FIELD_COUNT; i++)
		keys[i] = (struct yaml_key){field_names[i],
			YAML_STRING | YAML_OBJECT | YAML_INT | YAML_BOOL,
			i == FIELD_ID || i == FIELD_STATE};
	keys[FIELD_COUNT] = (struct yaml_key){"labels", YAML_OBJECT | YAML_STRING};
	keys[FIELD_COUNT + 1] = (struct yaml_key){"opaque", YAML_OBJECT};
	if (!yaml_check(&c->doc, in, "record", keys, e))
		return false;
	for (int i = 0; i < FIELD_COUNT; i++) {
		struct want w = {kind, i == FIELD_STATE, i == FIELD_SEVERITY};
		if (!read_field(c, in, field_names[i], &w, &out->field[i], e))
			return false;
	}
	out->labels_place = place_of(c, in, "labels");
	if (json_is_string(json_object_get(in, "labels")))
		return def_expr(c, in, "labels", &out->all_labels, e) &&
		       read_pairs(c, in, "opaque", &out->opaque, &out->n_opaque, e);
	return read_pairs(c, in, "labels", &out->labels, &out->n_labels, e) &&
	       read_pairs(c, in, "opaque", &out->opaque, &out->n_opaque, e);
}
