/*
 * The `collect:` part of a connector file.
 */
#include "backends/connector/def.h"

#include <string.h>

static const struct yaml_key collect_keys[] = {
	{"kind", YAML_STRING, true},
	{"title", YAML_STRING},
	{"every", YAML_DURATION},
	{"min_every", YAML_DURATION},
	{"timeout", YAML_DURATION},
	{"complete", YAML_BOOL},
	{"gone", YAML_STRING},
	{"gone_after", YAML_DURATION},
	{"ids", YAML_STRING},
	{"each", YAML_STRING | YAML_OBJECT},
	{"parallel", YAML_INT},
	{"when", YAML_STRING},
	{"since", YAML_OBJECT},
	{"reread", YAML_OBJECT},
	{"enrich", YAML_OBJECT | YAML_ARRAY},
	{"detail", YAML_OBJECT},
	{"record", YAML_OBJECT, true},
	{NULL},
};

static bool read_each(
	struct connector *c, const json_t *in, struct def_collect *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"max", YAML_COUNT},
		{"wanted", YAML_STRING}, {"names", YAML_STRING}, {NULL}};
	const json_t *each = json_object_get(in, "each");
	out->each_max = 200;
	out->parallel = (size_t)json_int(in, "parallel", 4);
	if (out->parallel < 1 || out->parallel > 16)
		return yaml_err_value(
			e, &c->doc, in, "parallel", "parallel is from 1 to 16");
	def_sees(c, SEES_SINCE);
	if (!json_is_object(each))
		return def_expr_of_scope(c, in, "each", &out->each, e);
	out->has_each_fetch = true;
	out->each_max = (size_t)json_int(each, "max", 200);
	if (!json_object_get(each, "wanted") != !json_object_get(each, "names"))
		return yaml_err(e, &c->doc, in, "each",
			"wanted and names stand together: what is looked for, and what "
			"an item is called");
	return def_check(c, each, "each", keys, WITH_FETCH, e) &&
	       def_expr_of_scope(c, each, "wanted", &out->wanted, e) &&
	       def_expr(c, each, "names", &out->names, e) &&
	       def_fetch(c, each, &out->each_fetch, e) &&
	       def_need_request(c, each, &out->each_fetch.request, "each", e);
}

static bool check_start(
	struct connector *c, const json_t *in, enum since_type type, struct err *e)
{
	const json_t *start = json_object_get(in, "start");
	usec_t t;
	if (type == SINCE_TIME)
		return (json_is_string(start) &&
			       clock_parse_duration(json_string_value(start), &t)) ||
		       yaml_err_value(
			       e, &c->doc, in, "start", "start is a duration such as 7d");
	if (json_object_get(in, "overlap"))
		return yaml_err(e, &c->doc, in, "overlap", "overlap is for type: time");
	bool number = type == SINCE_NUMBER;
	return (number ? json_is_number(start) : json_is_string(start)) ||
	       yaml_err_value(e, &c->doc, in, "start", "start is a %s with type: %s",
		       number ? "number" : "text", number ? "number" : "text");
}

static bool read_since(
	struct connector *c, const json_t *in, struct def_collect *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"start", YAML_SCALAR, true},
		{"watermark", YAML_STRING}, {"overlap", YAML_DURATION},
		{"type", YAML_STRING}, {"order", YAML_STRING}, {NULL}};
	static const char *const types[] = {"none", "time", "number", "text"};
	static const char *const orders[] = {"any", "ascending"};
	const json_t *v = json_object_get(in, "since");
	if (!v)
		return true;
	int type = SINCE_TIME, order = 0;
	if (!yaml_check(&c->doc, v, "since", keys, e))
		return false;
	if (json_object_get(v, "type") &&
		(type = def_word(c, v, "type", types + 1, LENGTH(types) - 1, e) + 1) < 1)
		return false;
	if (json_object_get(v, "order") &&
		(order = def_word(c, v, "order", orders, LENGTH(orders), e)) < 0)
		return false;
	out->since = (enum since_type)type;
	out->since_start = json_object_get(v, "start");
	out->overlap_ms = def_ms(v, "overlap", 0);
	out->ascending = order == 1;
	return check_start(c, v, out->since, e) &&
	       def_expr(c, v, "watermark", &out->watermark, e);
}

static bool read_reread(
	struct connector *c, const json_t *in, struct def_collect *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"max", YAML_COUNT}, {NULL}};
	const json_t *v = json_object_get(in, "reread");
	if (!v)
		return true;
	def_sees_record(c, SEES_SINCE, in, KIND_COUNT);
	out->has_reread = true;
	out->reread_max = (size_t)json_int(v, "max", 50);
	if (!def_check(c, v, "reread", keys, WITH_FETCH, e) ||
		!def_fetch(c, v, &out->reread, e) ||
		!def_need_request(c, v, &out->reread.request, "reread", e))
		return false;
	return out->reread.page.items.jmes ||
	       def_expr_text(c, v, "items", "[@]", &out->reread.page.items, e);
}

static bool read_enrich_one(
	struct connector *c, const json_t *v, struct def_enrich *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"when", YAML_STRING},
		{"as", YAML_STRING, true}, {"max", YAML_COUNT}, {NULL}};
	if (!def_check(c, v, "enrich", keys, WITH_FETCH, e) ||
		!def_expr(c, v, "when", &out->when, e) ||
		!def_fetch(c, v, &out->fetch, e))
		return false;
	out->as = json_str(v, "as", "");
	out->max = (size_t)json_int(v, "max", 20);
	return def_need_request(c, v, &out->fetch.request, "enrich", e);
}

static bool read_enrich(struct connector *c, const json_t *in, struct def_collect *out,
	unsigned sees, struct err *e)
{
	def_sees(c, sees);
	const json_t *v = json_object_get(in, "enrich"), *one;
	if (!v)
		v = json_object_get(in, "detail");
	else if (json_object_get(in, "detail"))
		return yaml_err(e, &c->doc, in, "detail",
			"detail is another name for enrich: write a list");
	if (!v)
		return true;
	size_t i, n = json_is_array(v) ? json_array_size(v) : 1;
	out->enrich = def_alloc(c, n, sizeof(*out->enrich));
	out->n_enrich = n;
	if (json_is_object(v))
		return read_enrich_one(c, v, &out->enrich[0], e);
	json_array_foreach (v, i, one)
		if (!read_enrich_one(c, one, &out->enrich[i], e))
			return false;
	return true;
}

/* What being gone means when the file does not say; STATE_UNKNOWN: it must say. */
static enum state usual_gone(enum kind kind)
{
	switch (kind) {
	case KIND_INCIDENT:
	case KIND_COST:
		return STATE_RESOLVED;
	case KIND_GRANT:
		return STATE_REVOKED;
	case KIND_CHECK:
		return STATE_OK;
	case KIND_RUN:
	case KIND_ACCESS:
	case KIND_CHANGE:
	case KIND_COUNT:
		break;
	}
	return STATE_UNKNOWN;
}

static bool read_gone(
	struct connector *c, const json_t *in, struct def_collect *out, struct err *e)
{
	const char *gone = json_str(in, "gone", NULL);
	out->complete = json_flag(in, "complete", false);
	out->gone_after_ms = def_ms(in, "gone_after", 0);
	if (out->gone_after_ms && !out->complete)
		return yaml_err(e, &c->doc, in, "gone_after",
			"gone_after belongs to `complete: true`");
	if (gone && !out->complete && !json_object_get(in, "reread"))
		return yaml_err(e, &c->doc, in, "gone",
			"gone belongs to `complete: true` or `reread`");
	if (gone && (!state_parse(gone, &out->gone) ||
			    (out->gone != STATE_UNKNOWN &&
				    !state_of_kind(out->kind, out->gone))))
		return yaml_err_value(e, &c->doc, in, "gone",
			"\"%s\" is no state of a %s", gone, kind_name(out->kind));
	if (gone || !out->complete)
		return true;
	out->gone = usual_gone(out->kind);
	return out->gone != STATE_UNKNOWN ||
	       yaml_err(e, &c->doc, in, "complete",
		       "complete: true needs `gone:`, the state of a %s that is missing",
		       kind_name(out->kind));
}

/* Later parts see less: the sight of the ones before is gone by then. */
static bool read_parts(struct connector *c, const char *what, const json_t *in,
	struct def_collect *out, struct err *e)
{
	unsigned sees =
		SEES_SINCE | (json_object_get(in, "each") ? (unsigned)SEES_EACH : 0);
	def_sees(c, sees);
	/* `timeout` is the collection's here, not its requests' */
	if (!def_fetch(c, in, &out->fetch, e))
		return false;
	out->fetch.request.timeout_ms = 0;
	return def_need_request(c, in, &out->fetch.request, what, e) &&
	       def_expr(c, in, "when", &out->when, e) && read_gone(c, in, out, e) &&
	       read_since(c, in, out, e) &&
	       def_record(c, json_object_get(in, "record"), out->kind, &out->record, e) &&
	       read_enrich(c, in, out, sees | SEES_ITEM, e) && read_each(c, in, out, e) &&
	       read_reread(c, in, out, e);
}

static bool read_collect(struct connector *c, const char *name, const json_t *in,
	struct def_collect *out, struct err *e)
{
	char what[80];
	out->name = name;
	str_format(what, sizeof(what), "collection %s", name);
	if (!def_check(c, in, what, collect_keys, WITH_FETCH, e))
		return false;
	const char *kind = json_str(in, "kind", "");
	if (!kind_parse(kind, &out->kind))
		return yaml_err_value(e, &c->doc, in, "kind",
			"kind is one of run, incident, access, grant, cost, check, "
			"change, not \"%s\"",
			kind);
	out->ids = json_str(in, "ids", "");
	out->every_ms = def_ms(in, "every", 60L * 1000);
	out->min_every_ms = def_ms(in, "min_every", 1000);
	out->timeout_ms = def_ms(in, "timeout", 60L * 1000);
	struct def_mentions before = def_secrets_begin(c);
	bool ok = read_parts(c, what, in, out, e);
	out->secrets = def_secrets_end(c, before);
	return ok;
}

/* Records vanish and are read again by kind, so lists of one kind must be told apart by their ids. */
static bool check_ids(struct connector *c, const json_t *in, struct err *e)
{
	for (size_t i = 0; i < c->n_collects; i++) {
		const struct def_collect *a = &c->collects[i];
		bool apart = *a->ids || (!a->complete && !a->has_reread);
		for (size_t j = 0; j < c->n_collects && !apart; j++)
			if (i != j && c->collects[j].kind == a->kind)
				return yaml_err(e, &c->doc, in, a->name,
					"%s beside another collection of kind %s (%s) "
					"needs `ids:`, what all ids of this one begin "
					"with",
					a->complete ? "complete: true" : "reread",
					kind_name(a->kind), c->collects[j].name);
	}
	return true;
}

bool def_collects(struct connector *c, struct err *e)
{
	json_t *in = json_object_get(c->doc.root, "collect"), *v;
	const char *name;
	c->collects = def_alloc(c, json_object_size(in), sizeof(*c->collects));
	json_object_foreach (in, name, v)
		if (!read_collect(c, name, v, &c->collects[c->n_collects++], e))
			return false;
	return check_ids(c, in, e);
}
