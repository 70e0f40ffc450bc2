/*
 * Reading `log:`.
 */
#include "backends/base/crypto.h"
#include "backends/connector/def.h"
#include "backends/connector/line_rules.h"

#include <stdlib.h>
#include <string.h>

static bool read_fields(
	struct connector *c, const json_t *v, struct def_log *out, struct err *e)
{
	if (!json_object_get(v, "title"))
		return yaml_err(e, &c->doc, v, NULL,
			"parts: title is missing: an expression over the part");
	return def_expr(c, v, "title", &out->part_title, e) &&
	       def_expr(c, v, "state", &out->part_state, e) &&
	       def_expr(c, v, "try", &out->part_try, e) &&
	       def_expr(c, v, "tries", &out->part_tries, e) &&
	       def_expr(c, v, "id", &out->part_id, e);
}

/* Parts of parts: the outer ones only say where the inner ones are. */
static bool read_inner(struct connector *c, const json_t *v, enum kind kind,
	struct def_log *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"title", YAML_STRING, true},
		{"state", YAML_STRING}, {"try", YAML_STRING}, {"tries", YAML_STRING},
		{"id", YAML_STRING}, {NULL}};
	static const char *const inner_only[] = {"title", "state", "try", "tries", "id"};
	const json_t *in = json_object_get(v, "parts");
	for (size_t i = 0; i < LENGTH(inner_only); i++)
		if (json_object_get(v, inner_only[i]))
			return yaml_err(e, &c->doc, v, inner_only[i],
				"%s belongs to the inner parts: they are what has a log",
				inner_only[i]);
	out->has_inner = true;
	def_sees_record(c, SEES_PART, NULL, kind);
	bool ok = def_check(c, in, "parts of parts", keys, WITH_FETCH, e) &&
		  def_fetch(c, in, &out->inner, e);
	def_sees_record(c, 0, NULL, kind);
	return ok && read_fields(c, in, out, e);
}

static bool read_parts(struct connector *c, const json_t *in, enum kind kind,
	struct def_log *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"title", YAML_STRING},
		{"state", YAML_STRING}, {"try", YAML_STRING}, {"tries", YAML_STRING},
		{"id", YAML_STRING}, {"max", YAML_COUNT}, {"pick", YAML_STRING},
		{"parts", YAML_OBJECT}, {NULL}};
	const json_t *v = json_object_get(in, "parts");
	if (!v)
		return true;
	out->has_parts = true;
	out->max_parts = (size_t)json_int(v, "max", 50);
	return def_check(c, v, "parts", keys, WITH_FETCH, e) &&
	       def_fetch(c, v, &out->parts, e) &&
	       def_expr(c, v, "pick", &out->part_pick, e) &&
	       (json_object_get(v, "parts") ? read_inner(c, v, kind, out, e)
					    : read_fields(c, v, out, e));
}

static bool read_format(
	struct connector *c, const json_t *in, struct def_log *out, struct err *e)
{
	static const char *const formats[] = {"text", "json-lines", "items"};
	static const char *const tails[] = {"range"};
	int format = 0;
	if (json_object_get(in, "format"))
		format = def_word(c, in, "format", formats, LENGTH(formats), e);
	if (format < 0 || (json_object_get(in, "tail") &&
				  def_word(c, in, "tail", tails, LENGTH(tails), e) < 0))
		return false;
	out->format = (enum log_format)format;
	out->tail_range = json_object_get(in, "tail") != NULL;
	return true;
}

static bool read_log(struct connector *c, const json_t *in, enum kind kind,
	struct def_log *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"parts", YAML_OBJECT},
		{"format", YAML_STRING}, {"line", YAML_STRING}, {"tail", YAML_STRING},
		{"redact", YAML_STRING | YAML_ARRAY}, {"drop", YAML_STRING | YAML_ARRAY},
		{"strip", YAML_STRING | YAML_ARRAY}, {"level", YAML_OBJECT}, {NULL}};
	out->given = true;
	if (!def_check(c, in, "log", keys, WITH_FETCH, e))
		return false;
	if (!read_format(c, in, out, e))
		return false;
	def_sees_record(
		c, json_object_get(in, "parts") ? (unsigned)SEES_PART : 0, NULL, kind);
	bool ok = def_fetch(c, in, &out->fetch, e);
	if (out->format != LOGFMT_ITEMS) /* split here, not by the request */
		out->fetch.request.reply = REPLY_TEXT;
	if (!ok || !def_expr(c, in, "line", &out->line, e))
		return false;
	def_sees_record(c, 0, NULL, kind);
	if (!read_parts(c, in, kind, out, e) || !line_rules_read(c, in, &out->rules, e))
		return false;
	if (out->fetch.request.transport == DEF_NONE && out->format != LOGFMT_ITEMS)
		return yaml_err(e, &c->doc, in, "format",
			"without a request the lines come from the record: "
			"format: items, and items: EXPR over the record");
	if (out->tail_range && out->format != LOGFMT_TEXT)
		return yaml_err(
			e, &c->doc, in, "tail", "tail: range is for format: text");
	return true;
}

void connector_log_rules(const struct connector *c, char hex[65])
{
	char *text = json_text(json_object_get(c->doc.root, "log"));
	crypto_sha256(text, strlen(text), hex);
	free(text);
}

bool def_logs(struct connector *c, struct err *e)
{
	json_t *in = json_object_get(c->doc.root, "log"), *v;
	const char *name;
	enum kind kind;
	json_object_foreach (in, name, v) {
		if (!kind_parse(name, &kind))
			return yaml_err(e, &c->doc, in, name,
				"log: has an entry a kind (run, incident, ...), not "
				"\"%s\"",
				name);
		if (!read_log(c, v, kind, &c->log[kind], e))
			return false;
	}
	return true;
}
