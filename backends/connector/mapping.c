/*
 * The `record:` part at work: expressions, maps and rules over an item, then the fields of the record.
 */
#include "backends/connector/mapping.h"

#include "backends/base/log.h"
#include "backends/base/url.h"

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
};

static const struct def_field *field_of(const struct mapping *g, enum field_id id)
{
	return &g->m->def->record.field[id];
}

/* A value, json_null for one whose expression fails: that costs the field, not the record. */
static json_t *get_field(const struct mapping *g, const struct def_field *f, json_t **raw)
{
	struct err e = ERR_INIT;
	json_t *v = f->given ? field_value(f, g->m, g->item, raw, &e) : json_null();
	if (v)
		return v;
	map_spoiled(g->m, f, NULL, e.msg);
	return json_null();
}

static json_t *get(const struct mapping *g, enum field_id id)
{
	return get_field(g, field_of(g, id), NULL);
}

static bool is_empty(const json_t *v)
{
	return json_is_null(v) || (json_is_string(v) && !json_string_length(v));
}

static const char *get_text(const struct mapping *g, enum field_id id, size_t max)
{
	json_t *v = get(g, id);
	const char *text = id == FIELD_PARENT ? map_id_text(g->m->arena, v, max)
					      : map_text(g->m->arena, v, max);
	json_decref(v);
	return text;
}

/* Go's zero time and an epoch of 0 stand for "none" and are no flaw. */
static bool no_time(const json_t *v)
{
	usec_t t;
	return is_empty(v) || (json_is_number(v) && json_number_value(v) == 0) ||
	       (json_is_string(v) && clock_parse(json_string_value(v), &t) && t == 0);
}

static usec_t get_time(const struct mapping *g, enum field_id id)
{
	json_t *v = get(g, id);
	usec_t t = map_time(v);
	if (!t && !no_time(v))
		map_spoiled(g->m, field_of(g, id), v, "is no time that can be kept");
	json_decref(v);
	return t;
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

static const char *get_amount(const struct mapping *g, enum field_id id)
{
	json_t *v = get(g, id);
	const char *text = map_text(g->m->arena, v, 40);
	if (json_is_real(v) && !decimal(text))
		text = arena_printf(g->m->arena, "%.6f", json_real_value(v));
	if (!decimal(text)) {
		if (!is_empty(v))
			map_spoiled(g->m, field_of(g, id), v, "is no decimal number");
		text = "";
	}
	json_decref(v);
	return text;
}

static void map_state(const struct mapping *g)
{
	const struct def_field *f = field_of(g, FIELD_STATE);
	json_t *raw = NULL, *v = get_field(g, f, &raw);
	enum state s = STATE_UNKNOWN;
	const char *text = json_string_value(v);
	bool known = text && state_parse(text, &s);
	if (known && s != STATE_UNKNOWN && !state_of_kind(g->m->def->kind, s))
		known = false;
	g->out->state = known ? s : STATE_UNKNOWN;
	const json_t *said = raw && !json_is_null(raw) ? raw : v;
	if (!known)
		map_unknown(g->m, f, said);
	g->out->raw_state = map_text(g->m->arena, said, RECORD_TEXT_MAX);
	json_decref(raw);
	json_decref(v);
	if (field_of(g, FIELD_RAW_STATE)->given)
		g->out->raw_state = get_text(g, FIELD_RAW_STATE, RECORD_TEXT_MAX);
}

static void map_severity(const struct mapping *g)
{
	json_t *v = get(g, FIELD_SEVERITY);
	const char *text = json_string_value(v);
	if (!text || !severity_parse(text, &g->out->severity)) {
		g->out->severity = SEVERITY_NONE;
		if (!is_empty(v))
			map_spoiled(
				g->m, field_of(g, FIELD_SEVERITY), v, "is no severity");
	}
	json_decref(v);
}

static void map_tier(const struct mapping *g)
{
	json_t *v = get(g, FIELD_TIER);
	struct str digits = STR_INIT_MAX(32);
	long long tier = 0;
	json_scalar_to(&digits, v);
	if (str_to_int(digits.buf, &tier) && tier >= 1 && tier <= 5)
		g->out->tier = (int)tier;
	else if (!is_empty(v))
		map_spoiled(g->m, field_of(g, FIELD_TIER), v, "is no tier from 1 to 5");
	str_release(&digits);
	json_decref(v);
}

static bool check_id(const struct mapping *g, const json_t *v, struct err *e)
{
	bool scalar = !json_is_object(v) && !json_is_array(v);
	size_t len = json_string_length(v); /* what is no text is short */
	g->out->id = map_id_text(g->m->arena, v, RECORD_ID_MAX);
	if (!scalar || !*g->out->id)
		return err_set(e, ERR_PARSE, "an item has no id");
	/* a cut id could be that of another item */
	return len <= RECORD_ID_MAX ||
	       err_set(e, ERR_LIMIT, "an id is longer than %d bytes", RECORD_ID_MAX);
}

/* The one field that costs the record. */
static bool map_id(const struct mapping *g, struct err *e)
{
	const struct def_field *f = field_of(g, FIELD_ID);
	json_t *v = field_value(f, g->m, g->item, NULL, e);
	bool ok = v && check_id(g, v, e);
	json_decref(v);
	return ok || err_wrap(e, "id (%s)", f->place);
}

static void map_url(const struct mapping *g, struct record *r)
{
	r->url = get_text(g, FIELD_URL, 2000);
	if (str_starts(r->url, "https://") || str_starts(r->url, "http://")) {
		struct str whole = STR_INIT_MAX(8000); /* copied, it must be one word */
		url_whole(&whole, r->url, strlen(r->url));
		r->url = arena_strndup(g->m->arena, whole.buf, whole.len);
		str_release(&whole);
		return;
	}
	if (*r->url) {
		json_t *v = json_string(r->url);
		map_spoiled(g->m, field_of(g, FIELD_URL), v, "is no http address");
		json_decref(v);
	}
	r->url = "";
}

static void map_texts(const struct mapping *g)
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
		{FIELD_CURRENCY, 8, &r->currency},
		{FIELD_PARENT, RECORD_ID_MAX, &r->parent}};
	for (size_t i = 0; i < LENGTH(texts); i++)
		*texts[i].to = get_text(g, texts[i].id, texts[i].max);
	map_url(g, r);
	if (!*r->title)
		r->title = r->id;
}

static void map_numbers(const struct mapping *g)
{
	g->out->started = get_time(g, FIELD_STARTED);
	g->out->ended = get_time(g, FIELD_ENDED);
	g->out->updated = get_time(g, FIELD_UPDATED);
	g->out->due = get_time(g, FIELD_DUE);
	g->out->amount = get_amount(g, FIELD_AMOUNT);
	g->out->expected = get_amount(g, FIELD_EXPECTED);
}

static void add_label(const struct mapping *g, json_t *to, const char *name, json_t *v)
{
	const char *text = map_text(g->m->arena, v, RECORD_TEXT_MAX);
	if (*text && json_object_size(to) < 64)
		json_object_set_new_nocheck(to, name, json_string_nocheck(text));
}

static void map_all_labels(const struct mapping *g)
{
	const struct def_record *d = &g->m->def->record;
	struct err e = ERR_INIT;
	const char *key;
	json_t *v, *all = jmes_search(d->all_labels.jmes, g->item, g->m->scope, &e);
	g->out->labels = json_object();
	if (!all) {
		struct def_field f = {.name = "labels", .place = d->labels_place};
		map_spoiled(g->m, &f, NULL, e.msg);
		return;
	}
	json_object_foreach (all, key, v) {
		json_t *name = json_string(key);
		add_label(g, g->out->labels, map_text(g->m->arena, name, 100), v);
		json_decref(name);
	}
	json_decref(all);
}

static json_t *map_pairs(
	const struct mapping *g, const struct def_pair *p, size_t n, bool text)
{
	json_t *out = n ? json_object() : NULL;
	for (size_t i = 0; i < n; i++) {
		json_t *v = get_field(g, &p[i].field, NULL);
		if (text)
			add_label(g, out, p[i].name, v);
		else if (!json_is_null(v))
			json_object_set_nocheck(out, p[i].name, v);
		json_decref(v);
	}
	return out;
}

static void map_trees(const struct mapping *g)
{
	const struct def_record *d = &g->m->def->record;
	json_t *not_read = json_incref(json_object_get(g->item, MAP_NOT_READ));
	json_object_del(g->item, MAP_NOT_READ);
	json_t *detail = d->field[FIELD_DETAIL].given ? get(g, FIELD_DETAIL)
						      : json_incref(g->item);
	if (not_read && json_is_object(detail)) {
		json_t *with = json_copy(detail);
		json_object_set(with, "not_read", not_read);
		json_decref(detail);
		detail = with;
	}
	json_decref(not_read);
	g->out->detail = map_safe_tree(detail, RECORD_DETAIL_MAX);
	json_decref(detail);
	if (d->all_labels.jmes)
		map_all_labels(g);
	else
		g->out->labels = map_pairs(g, d->labels, d->n_labels, true);
	g->out->opaque = map_pairs(g, d->opaque, d->n_opaque, false);
}

/* What names something is never altered: with a secret in it, it could not leave the worker, nor name the same without. */
static bool keeps_secrets(
	const char *field, const char *place, const char *text, struct err *e)
{
	return !log_gives_away(text, strlen(text)) ||
	       err_set(e, ERR_DENIED,
		       "%s holds a secret of the configuration or a token: choose "
		       "another field (%s)",
		       field, place);
}

static bool keys_keep_secrets(const struct mapping *g, struct err *e)
{
	const struct def_record *d = &g->m->def->record;
	const struct def_field *id = field_of(g, FIELD_ID),
			       *parent = field_of(g, FIELD_PARENT);
	if (!keeps_secrets("id", id->place, g->out->id, e) ||
		!keeps_secrets("parent", parent->place, g->out->parent, e))
		return false;
	for (size_t i = 0; i < d->n_opaque; i++)
		if (map_gives_away(json_object_get(g->out->opaque, d->opaque[i].name)))
			return err_set(e, ERR_DENIED,
				"opaque.%s holds a secret of the configuration or a "
				"token: choose another field (%s)",
				d->opaque[i].name, d->opaque[i].field.place);
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

bool map_record(const struct mapper *m, json_t *item, struct record *out, struct err *e)
{
	struct mapping g = {m, item, out};
	record_init(out);
	if (!map_id(&g, e))
		return false;
	map_texts(&g);
	map_state(&g);
	map_severity(&g);
	map_tier(&g);
	map_numbers(&g);
	map_trees(&g);
	map_defaults(m, out);
	if (keys_keep_secrets(&g, e))
		return true;
	record_release_json(out);
	return false;
}
