/*
 * A record as JSON: one table of names, so that --json, `record.` in expressions and the question "record" agree.
 */
#include "backends/store/record.h"

#include <stddef.h>

#include "backends/base/mem.h"
#include "backends/base/str.h"

enum field_type { FIELD_TEXT, FIELD_TIME, FIELD_INT, FIELD_JSON };

static const struct field {
	const char *name;
	enum field_type type;
	size_t offset;
} FIELDS[] = {
	{"source", FIELD_TEXT, offsetof(struct record, source)},
	{"id", FIELD_TEXT, offsetof(struct record, id)},
	{"title", FIELD_TEXT, offsetof(struct record, title)},
	{"raw_state", FIELD_TEXT, offsetof(struct record, raw_state)},
	{"tier", FIELD_INT, offsetof(struct record, tier)},
	{"env", FIELD_TEXT, offsetof(struct record, env)},
	{"owner", FIELD_TEXT, offsetof(struct record, owner)},
	{"service", FIELD_TEXT, offsetof(struct record, service)},
	{"asset", FIELD_TEXT, offsetof(struct record, asset)},
	{"actor", FIELD_TEXT, offsetof(struct record, actor)},
	{"started", FIELD_TIME, offsetof(struct record, started)},
	{"ended", FIELD_TIME, offsetof(struct record, ended)},
	{"updated", FIELD_TIME, offsetof(struct record, updated)},
	{"due", FIELD_TIME, offsetof(struct record, due)},
	{"gone_at", FIELD_TIME, offsetof(struct record, gone_at)},
	{"unread", FIELD_TEXT, offsetof(struct record, unread)},
	{"amount", FIELD_TEXT, offsetof(struct record, amount)},
	{"expected", FIELD_TEXT, offsetof(struct record, expected)},
	{"currency", FIELD_TEXT, offsetof(struct record, currency)},
	{"url", FIELD_TEXT, offsetof(struct record, url)},
	{"parent", FIELD_TEXT, offsetof(struct record, parent)},
	{"labels", FIELD_JSON, offsetof(struct record, labels)},
	{"opaque", FIELD_JSON, offsetof(struct record, opaque)},
	{"attention", FIELD_INT, offsetof(struct record, attention)},
	{"why", FIELD_TEXT, offsetof(struct record, why)},
	{"cause", FIELD_TEXT, offsetof(struct record, cause)},
	{"signature", FIELD_TEXT, offsetof(struct record, signature)},
	{"group", FIELD_INT, offsetof(struct record, group)},
	{"since", FIELD_TIME, offsetof(struct record, since)},
	{"seen", FIELD_TIME, offsetof(struct record, seen)},
	{"claimed_by", FIELD_TEXT, offsetof(struct record, claimed_by)},
	{"snoozed_until", FIELD_TIME, offsetof(struct record, snoozed_until)},
	{"detail", FIELD_JSON, offsetof(struct record, detail)},
};

static json_t *time_json(usec_t t)
{
	char text[40];

	if (t == 0)
		return NULL;
	clock_format(text, sizeof(text), t, t % USEC_PER_SEC != 0);
	return json_string(text);
}

static json_t *field_json(const struct record *r, const struct field *f)
{
	const char *at = (const char *)r + f->offset;

	switch (f->type) {
	case FIELD_TEXT: {
		const char *text = *(const char *const *)at;
		return text != NULL && text[0] != '\0' ? json_string(text) : NULL;
	}
	case FIELD_TIME:
		return time_json(*(const usec_t *)at);
	case FIELD_INT: {
		int n = *(const int *)at;
		return n != 0 ? json_integer(n) : NULL;
	}
	case FIELD_JSON:
		return json_incref(*(json_t *const *)at);
	}
	return NULL;
}

const char *record_member(size_t i)
{
	static const char *const first[] = {
		"key", "rid", "kind", "state", "severity", "times"};

	if (i < LENGTH(first))
		return first[i];
	i -= LENGTH(first);
	return i < LENGTH(FIELDS) ? FIELDS[i].name : NULL;
}

json_t *record_json(const struct record *r)
{
	json_t *o = json_object();
	struct str key = STR_INIT;

	record_key(r, &key);
	json_object_set_new(o, "key", json_string(key.buf));
	str_release(&key);
	if (r->rid != 0)
		json_object_set_new(o, "rid", json_integer(r->rid));
	json_object_set_new(o, "kind", json_string(kind_name(r->kind)));
	json_object_set_new(o, "state", json_string(state_name(r->state)));
	json_object_set_new(o, "severity", json_string(severity_name(r->severity)));
	for (size_t i = 0; i < LENGTH(FIELDS); i++) {
		json_t *v = field_json(r, &FIELDS[i]);
		if (v != NULL)
			json_object_set_new(o, FIELDS[i].name, v);
	}
	return o;
}
