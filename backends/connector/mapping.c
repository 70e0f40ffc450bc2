/*
 * The `record:` part at work: expressions, maps and rules over an item, then the fields of the record.
 */
#include "backends/connector/mapping.h"
#include "backends/base/log.h"

#include <stdlib.h>
#include <string.h>

static const json_t *look_up(const json_t *map, const json_t *v)
{
	const char *s = json_string_value(v);
	if (s)
		return json_object_get(map, s);
	struct str text = STR_INIT_MAX(1024);
	json_scalar_to(&text, v);
	const json_t *found = json_object_get(map, text.buf);
	str_release(&text);
	return found;
}

static json_t *share(const json_t *v)
{
	return json_incref((json_t *)(uintptr_t)v);
}

/* The rule that holds. *hit false: none. NULL with e. */
static json_t *by_rules(const struct def_field *f, const struct mapper *m, json_t *item,
	bool *hit, struct err *e)
{
	*hit = false;
	for (size_t i = 0; i < f->n_rules; i++) {
		const struct def_rule *r = &f->rules[i];
		json_t *holds = jmes_search(r->when.jmes, item, m->scope, e);
		if (!holds)
			return NULL;
		*hit = jmes_truthy(holds);
		json_decref(holds);
		if (*hit)
			return r->literal ? share(r->literal)
					  : jmes_search(r->expr.jmes, item, m->scope, e);
	}
	return json_null();
}

/* The value through map and default; takes v. */
static json_t *by_map(const struct def_field *f, json_t *v)
{
	const json_t *mapped = f->map && !json_is_null(v) ? look_up(f->map, v) : NULL;
	if (!mapped && f->fallback && (f->map || json_is_null(v)))
		mapped = f->fallback;
	/* a word of theirs that happens to be one of ours is no mapping */
	bool nothing = !mapped && f->map && f->strict;
	if (!mapped && !nothing)
		return v;
	json_decref(v);
	return nothing ? json_null() : share(mapped);
}

/* The field's value, a new reference; NULL with e. *raw (or NULL) gets what `value` gave before the map. */
static json_t *field_value(const struct def_field *f, const struct mapper *m,
	json_t *item, json_t **raw, struct err *e)
{
	bool hit = false;
	json_t *v = json_null(), *ruled = by_rules(f, m, item, &hit, e);
	if (ruled && f->value.jmes && (!hit || raw))
		v = jmes_search(f->value.jmes, item, m->scope, e);
	if (!ruled || !v) {
		json_decref(ruled);
		return NULL;
	}
	if (raw)
		*raw = json_incref(v);
	json_decref(hit ? v : ruled);
	return hit ? ruled : by_map(f, v);
}

struct mapping {
	const struct mapper *m;
	json_t *item;
	struct record *out;
	struct err *e;
};

/* One field by its name in the file; NULL with e. */
static json_t *get(const struct mapping *g, enum field_id id, json_t **raw)
{
	const struct def_field *f = &g->m->def->record.field[id];
	if (!f->given)
		return json_null();
	return field_value(f, g->m, g->item, raw, g->e);
}

static bool get_text(
	const struct mapping *g, enum field_id id, size_t max, const char **out)
{
	json_t *v = get(g, id, NULL);
	if (!v)
		return false;
	*out = id == FIELD_PARENT ? map_id_text(g->m->arena, v, max)
				  : map_text(g->m->arena, v, max);
	json_decref(v);
	return true;
}

static bool get_time(const struct mapping *g, enum field_id id, usec_t *out)
{
	json_t *v = get(g, id, NULL);
	if (!v)
		return false;
	*out = map_time(v);
	json_decref(v);
	return true;
}

/* Digits, at most one point, a sign: what the store keeps as a decimal. */
static bool decimal(const char *s)
{
	size_t i = s[0] == '-', digits = strspn(s + i, "0123456789");
	if (!digits)
		return false;
	i += digits;
	return !s[i] || (s[i] == '.' && s[i + 1] &&
				strspn(s + i + 1, "0123456789") == strlen(s + i + 1));
}

static bool get_amount(const struct mapping *g, enum field_id id, const char **out)
{
	json_t *v = get(g, id, NULL);
	if (!v)
		return false;
	const char *text = map_text(g->m->arena, v, 40);
	if (json_is_real(v) && !decimal(text))
		text = arena_printf(g->m->arena, "%.6f", json_real_value(v));
	*out = decimal(text) ? text : "";
	json_decref(v);
	return true;
}

static bool map_state(const struct mapping *g, bool *unknown)
{
	json_t *raw = NULL, *v = get(g, FIELD_STATE, &raw);
	enum state s = STATE_UNKNOWN;
	if (!v)
		return false;
	const char *text = json_string_value(v);
	bool known = text && state_parse(text, &s);
	if (known && s != STATE_UNKNOWN && !state_of_kind(g->m->def->kind, s))
		known = false;
	g->out->state = known ? s : STATE_UNKNOWN;
	*unknown = !known;
	g->out->raw_state =
		map_text(g->m->arena, json_is_null(raw) ? v : raw, RECORD_TEXT_MAX);
	json_decref(raw);
	json_decref(v);
	return !g->m->def->record.field[FIELD_RAW_STATE].given ||
	       get_text(g, FIELD_RAW_STATE, RECORD_TEXT_MAX, &g->out->raw_state);
}

static bool map_severity_tier(const struct mapping *g)
{
	json_t *v = get(g, FIELD_SEVERITY, NULL);
	if (!v)
		return false;
	const char *text = json_string_value(v);
	if (!text || !severity_parse(text, &g->out->severity))
		g->out->severity = SEVERITY_NONE;
	json_decref(v);
	v = get(g, FIELD_TIER, NULL);
	if (!v)
		return false;
	struct str digits = STR_INIT_MAX(32);
	long long tier = 0;
	json_scalar_to(&digits, v);
	if (str_to_int(digits.buf, &tier) && tier >= 1 && tier <= 5)
		g->out->tier = (int)tier;
	str_release(&digits);
	json_decref(v);
	return true;
}

/* What names something is never altered: with a secret in it, it could not leave the worker, nor name the same without. */
static bool keeps_secrets(const struct mapping *g, const char *field, const char *text)
{
	return !log_gives_away(text, strlen(text)) ||
	       err_set(g->e, ERR_DENIED,
		       "%s holds a secret of the configuration or a token: choose "
		       "another field",
		       field);
}

static bool map_id(const struct mapping *g)
{
	json_t *v = get(g, FIELD_ID, NULL);
	if (!v)
		return false;
	bool scalar = !json_is_object(v) && !json_is_array(v);
	size_t len = json_string_length(v); /* what is no text is short */
	g->out->id = map_id_text(g->m->arena, v, RECORD_ID_MAX);
	json_decref(v);
	if (!scalar || !*g->out->id)
		return err_set(g->e, ERR_PARSE, "an item has no id");
	/* a cut id could be that of another item */
	if (len > RECORD_ID_MAX)
		return err_set(
			g->e, ERR_LIMIT, "an id is longer than %d bytes", RECORD_ID_MAX);
	return keeps_secrets(g, "id", g->out->id);
}

static bool map_texts(const struct mapping *g)
{
	struct record *r = g->out;
	const struct {
		enum field_id id;
		size_t max;
		const char **to;
	} texts[] = {{FIELD_TITLE, RECORD_TITLE_MAX, &r->title},
		{FIELD_ENV, RECORD_TEXT_MAX, &r->env},
		{FIELD_OWNER, RECORD_TEXT_MAX, &r->owner},
		{FIELD_SERVICE, RECORD_TEXT_MAX, &r->service},
		{FIELD_ASSET, RECORD_TEXT_MAX, &r->asset},
		{FIELD_ACTOR, RECORD_TEXT_MAX, &r->actor},
		{FIELD_CURRENCY, 8, &r->currency}, {FIELD_URL, 2000, &r->url},
		{FIELD_PARENT, RECORD_ID_MAX, &r->parent}};
	for (size_t i = 0; i < LENGTH(texts); i++)
		if (!get_text(g, texts[i].id, texts[i].max, texts[i].to))
			return false;
	if (!str_starts(r->url, "https://") && !str_starts(r->url, "http://"))
		r->url = "";
	if (!*r->title)
		r->title = r->id;
	return keeps_secrets(g, "parent", r->parent);
}

static bool map_numbers(const struct mapping *g)
{
	struct record *r = g->out;
	return get_time(g, FIELD_STARTED, &r->started) &&
	       get_time(g, FIELD_ENDED, &r->ended) &&
	       get_time(g, FIELD_UPDATED, &r->updated) &&
	       get_time(g, FIELD_DUE, &r->due) &&
	       get_amount(g, FIELD_AMOUNT, &r->amount) &&
	       get_amount(g, FIELD_EXPECTED, &r->expected);
}

static void add_label(const struct mapping *g, json_t *to, const char *name, json_t *v)
{
	const char *text = map_text(g->m->arena, v, RECORD_TEXT_MAX);
	if (*text && json_object_size(to) < 64)
		json_object_set_new_nocheck(to, name, json_string_nocheck(text));
}

static bool map_all_labels(const struct mapping *g)
{
	const char *key;
	json_t *v, *all = jmes_search(
			   g->m->def->record.all_labels.jmes, g->item, g->m->scope, g->e);
	if (!all)
		return false;
	g->out->labels = json_object();
	json_object_foreach (all, key, v) {
		json_t *name = json_string(key);
		add_label(g, g->out->labels, map_text(g->m->arena, name, 100), v);
		json_decref(name);
	}
	json_decref(all);
	return true;
}

static bool map_pairs(const struct mapping *g, const struct def_pair *p, size_t n,
	bool text, json_t **out)
{
	if (!n)
		return true;
	*out = json_object();
	for (size_t i = 0; i < n; i++) {
		json_t *v = field_value(&p[i].field, g->m, g->item, NULL, g->e);
		if (!v)
			return err_wrap(g->e, "%s", p[i].name);
		if (text)
			add_label(g, *out, p[i].name, v);
		else if (!json_is_null(v))
			json_object_set_nocheck(*out, p[i].name, v);
		json_decref(v);
	}
	return true;
}

static bool map_trees(const struct mapping *g)
{
	const struct def_record *d = &g->m->def->record;
	json_t *detail = d->field[FIELD_DETAIL].given ? get(g, FIELD_DETAIL, NULL)
						      : json_incref(g->item);
	if (!detail)
		return false;
	g->out->detail = map_safe_tree(detail, RECORD_DETAIL_MAX);
	json_decref(detail);
	if (d->all_labels.jmes
			? !map_all_labels(g)
			: !map_pairs(g, d->labels, d->n_labels, true, &g->out->labels))
		return false;
	if (!map_pairs(g, d->opaque, d->n_opaque, false, &g->out->opaque))
		return false;
	for (size_t i = 0; i < d->n_opaque; i++)
		if (map_gives_away(json_object_get(g->out->opaque, d->opaque[i].name)))
			return err_set(g->e, ERR_DENIED,
				"opaque.%s holds a secret of the configuration or a "
				"token: choose another field",
				d->opaque[i].name);
	return true;
}

/* What the platform's people know and no API tells. */
static void map_defaults(const struct mapper *m, struct record *r)
{
	const struct config_source *src = &m->source->cfg;
	const struct config_asset *a =
		config_asset(m->source->reach.config, r->asset, r->title);
	if (a) {
		r->env = *r->env ? r->env : a->env;
		r->owner = *r->owner ? r->owner : a->owner;
		r->service = *r->service ? r->service : a->service;
		r->tier = r->tier ? r->tier : a->tier;
	}
	const struct config_host *h = config_host(m->source->reach.config, r->asset);
	if (h) {
		r->env = *r->env ? r->env : h->env;
		r->owner = *r->owner ? r->owner : h->owner;
	}
	r->env = *r->env ? r->env : src->env;
	r->owner = *r->owner ? r->owner : src->owner;
	r->tier = r->tier ? r->tier : src->tier;
	r->source = src->name;
	r->kind = m->def->kind;
}

bool map_record(const struct mapper *m, json_t *item, struct record *out, bool *unknown,
	struct err *e)
{
	struct mapping g = {m, item, out, e};
	record_init(out);
	*unknown = false;
	if (map_id(&g) && map_texts(&g) && map_state(&g, unknown) &&
		map_severity_tier(&g) && map_numbers(&g) && map_trees(&g)) {
		map_defaults(m, out);
		return true;
	}
	if (out->id && *out->id)
		err_wrap(e, "%s", out->id);
	record_release_json(out);
	return false;
}
