/* Answers of the store back to records. */
#include "tui/from_json.h"

usec_t json_time(const json_t *obj, const char *key)
{
	const json_t *v = json_sub(obj, key);
	usec_t t = 0;
	if (json_is_integer(v))
		return (usec_t)json_integer_value(v);
	if (json_is_string(v) && !clock_parse(json_string_value(v), &t))
		return 0;
	return t;
}

bool record_from_json(const json_t *obj, struct record *r)
{
	record_init(r);
	if (!json_is_object(obj) || !kind_parse(json_str(obj, "kind", ""), &r->kind) ||
		!state_parse(json_str(obj, "state", ""), &r->state))
		return false;
	if (!severity_parse(json_str(obj, "severity", "none"), &r->severity))
		r->severity = SEVERITY_NONE;
	const struct {
		const char *key;
		const char **to;
	} texts[] = {{"source", &r->source}, {"id", &r->id}, {"title", &r->title},
		{"raw_state", &r->raw_state}, {"env", &r->env}, {"owner", &r->owner},
		{"service", &r->service}, {"asset", &r->asset}, {"actor", &r->actor},
		{"amount", &r->amount}, {"expected", &r->expected},
		{"currency", &r->currency}, {"url", &r->url}, {"parent", &r->parent},
		{"why", &r->why}, {"cause", &r->cause}, {"signature", &r->signature},
		{"claimed_by", &r->claimed_by}, {"unread", &r->unread}};
	for (size_t i = 0; i < LENGTH(texts); i++)
		*texts[i].to = json_str(obj, texts[i].key, "");
	const struct {
		const char *key;
		usec_t *to;
	} times[] = {{"started", &r->started}, {"ended", &r->ended},
		{"updated", &r->updated}, {"due", &r->due}, {"since", &r->since},
		{"seen", &r->seen}, {"snoozed_until", &r->snoozed_until},
		{"gone_at", &r->gone_at}};
	for (size_t i = 0; i < LENGTH(times); i++)
		*times[i].to = json_time(obj, times[i].key);
	r->rid = json_int(obj, "rid", 0);
	r->tier = (int)json_int(obj, "tier", 0);
	r->attention = (int)json_int(obj, "attention", 0);
	r->group = (int)json_int(obj, "group", 0);
	r->labels = json_sub(obj, "labels");
	r->opaque = json_sub(obj, "opaque");
	r->detail = json_sub(obj, "detail");
	return true;
}
