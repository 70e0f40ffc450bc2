/*
 * The `calls:` part of a connector file.
 */
#include "backends/connector/def.h"
#include "backends/connector/probe.h"

#include <stdlib.h>
#include <string.h>

static const struct yaml_key call_keys[] = {
	{"title", YAML_STRING},
	{"requires", YAML_ARRAY},
	{"steps", YAML_ARRAY},
	{"success", YAML_STRING},
	{"refusal", YAML_STRING},
	{"refused", YAML_STRING},
	{"maybe", YAML_STRING},
	{"outside_transaction", YAML_BOOL},
	{"proof", YAML_STRING},
	{"again", YAML_BOOL},
	{"says", YAML_STRING},
	{"preview", YAML_OBJECT | YAML_STRING},
	{"verify", YAML_OBJECT},
	{NULL},
};
/* With `steps:` these stand in the steps. */
static const char *const of_a_step[] = {
	"success", "refusal", "refused", "maybe", "outside_transaction"};

void def_ssh_text(const json_t *in, struct def_request *rq)
{
	if (rq->transport == DEF_SSH && !json_object_get(in, "reply"))
		rq->reply = REPLY_TEXT;
}

/* An expression over the envelope, which has four names. */
static bool judging_expr(struct connector *c, const json_t *in, const char *key,
	struct def_expr *out, struct err *e)
{
	if (!def_expr(c, in, key, out, e))
		return false;
	char *odd = out->jmes ? probe_not_of_envelope(out->jmes) : NULL;
	bool ok = !odd ||
		  yaml_err_value(e, &c->doc, in, key,
			  "%s sees {status, body, affected, exit}, not \"%s\": what the "
			  "far side said is body.%s",
			  key, odd, odd);
	free(odd);
	return ok;
}

static bool read_judgement(
	struct connector *c, const json_t *in, struct def_step *out, struct err *e)
{
	out->outside_transaction = json_flag(in, "outside_transaction", false);
	if (out->outside_transaction && out->request.transport != DEF_SQL)
		return yaml_err(e, &c->doc, in, "outside_transaction",
			"outside_transaction belongs to sql");
	return judging_expr(c, in, "success", &out->success, e) &&
	       judging_expr(c, in, "refusal", &out->refusal, e) &&
	       judging_expr(c, in, "refused", &out->refused, e) &&
	       judging_expr(c, in, "maybe", &out->maybe, e) &&
	       def_positive(c, in, "success", &out->success, true, false, e) &&
	       def_positive(c, in, "refused", &out->refused, true, true, e);
}

static bool read_step(struct connector *c, const json_t *in, const char *what,
	struct def_step *out, struct err *e)
{
	if (!def_request(c, in, NULL, &out->request, e))
		return false;
	def_ssh_text(in, &out->request);
	if (!def_need_request(c, in, &out->request, what, e) ||
		!read_judgement(c, in, out, e))
		return false;
	/* A listed 500 would be taken for done. */
	if (out->request.n_accept && !out->success.jmes)
		return yaml_err(e, &c->doc, in, "accept_status",
			"with accept_status a call needs `success:`, which says when it "
			"was done: success: \"status < `300` || ...\"");
	return true;
}

/* `success` is proof only where it shows something that no empty reply has. */
static bool read_proof(
	struct connector *c, const json_t *in, struct def_call *out, struct err *e)
{
	static const char *const words[] = {"reply"};
	const struct def_step *last = &out->steps[out->n_steps - 1];
	out->again = json_flag(in, "again", false);
	if (!json_object_get(in, "proof"))
		return true;
	if (def_word(c, in, "proof", words, LENGTH(words), e) < 0)
		return false;
	out->proof_reply = true;
	return last->success.jmes ||
	       yaml_err_value(e, &c->doc, in, "proof",
		       "proof: reply needs `success:`, which says what the reply must "
		       "show");
}

static bool read_steps(
	struct connector *c, const json_t *in, struct def_call *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"name", YAML_STRING},
		{"success", YAML_STRING}, {"refusal", YAML_STRING},
		{"refused", YAML_STRING}, {"maybe", YAML_STRING},
		{"outside_transaction", YAML_BOOL}, {NULL}};
	const json_t *steps = json_object_get(in, "steps"), *v;
	size_t i;
	if (!steps) {
		out->n_steps = 1;
		out->steps = def_alloc(c, 1, sizeof(*out->steps));
		return read_step(c, in, out->name, &out->steps[0], e);
	}
	struct def_request none = {0};
	if (!def_request(c, in, NULL, &none, e))
		return false;
	bool beside = none.transport != DEF_NONE;
	for (size_t k = 0; k < LENGTH(of_a_step); k++)
		beside = beside || json_object_get(in, of_a_step[k]);
	if (beside)
		return yaml_err(e, &c->doc, in, "steps",
			"with steps, request and success stand in the steps");
	out->n_steps = json_array_size(steps);
	if (out->n_steps < 1 || out->n_steps > 8)
		return yaml_err_value(
			e, &c->doc, in, "steps", "steps lists 1 to 8 requests");
	out->steps = def_alloc(c, out->n_steps, sizeof(*out->steps));
	json_array_foreach (steps, i, v) {
		if (!def_check(c, v, "a step", keys, WITH_REQUEST, e) ||
			!read_step(c, v, "a step", &out->steps[i], e))
			return false;
		out->steps[i].name = json_str(v, "name", NULL);
	}
	return true;
}

/* A template that sees the reply. */
bool def_says(struct connector *c, const json_t *in, struct tmpl **out, struct err *e)
{
	unsigned before = c->sight.roots;
	def_sees_record(c, before | SEES_REPLY, NULL, KIND_COUNT);
	bool ok = def_tmpl(c, in, "says", out, e);
	def_sees_record(c, before, NULL, KIND_COUNT);
	return ok;
}

static bool read_preview(
	struct connector *c, const json_t *in, struct def_call *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"lines", YAML_STRING},
		{"targets", YAML_STRING}, {"says", YAML_STRING}, {"refuse", YAML_STRING},
		{NULL}};
	const json_t *v = json_object_get(in, "preview");
	const struct def_request *base = &out->steps[out->n_steps - 1].request;
	if (!v)
		return true;
	out->has_preview = true;
	if (json_is_string(v)) {
		out->preview_rollback = true;
		out->preview = *base;
		if (strcmp(json_string_value(v), "rollback") == 0 &&
			base->transport == DEF_SQL)
			return true;
		return yaml_err_value(e, &c->doc, in, "preview",
			"preview is a mapping, or `rollback` with sql");
	}
	if (!def_check(c, v, "preview", keys, WITH_REQUEST, e) ||
		!def_request(c, v, base, &out->preview, e))
		return false;
	def_ssh_text(v, &out->preview);
	if (base->transport == DEF_SQL && !json_object_get(v, "sql"))
		out->preview_rollback = true;
	if (base->transport == DEF_SSH && !json_object_get(v, "ssh"))
		return yaml_err(e, &c->doc, in, "preview",
			"the preview of an ssh call needs a script of its own");
	if (!def_expr(c, v, "lines", &out->lines, e) ||
		!def_expr(c, v, "targets", &out->targets, e) ||
		!def_expr(c, v, "refuse", &out->refuse, e))
		return false;
	def_warn_body(c, v, "lines", &out->lines);
	def_warn_body(c, v, "targets", &out->targets);
	def_warn_body(c, v, "refuse", &out->refuse);
	return def_says(c, v, &out->preview_says, e);
}

static void warn_unproved(
	struct connector *c, const json_t *calls, const struct def_call *d)
{
	struct err e = ERR_INIT;
	if (d->verify.given || d->proof_reply)
		return;
	yaml_err(&e, &c->doc, calls, d->name,
		"warning: call %s ends as accepted, nothing proves it: add `verify:`, or "
		"`proof: reply` with a `success:` that shows the wished state",
		d->name);
	def_warn(c, &e);
}

bool def_calls(struct connector *c, struct err *e)
{
	json_t *in = json_object_get(c->doc.root, "calls"), *v;
	const char *name;
	char what[80];
	c->calls = def_alloc(c, json_object_size(in), sizeof(*c->calls));
	json_object_foreach (in, name, v) {
		struct def_call *out = &c->calls[c->n_calls++];
		out->name = name;
		out->title = json_str(v, "title", name);
		str_format(what, sizeof(what), "call %s", name);
		def_sees_record(c, SEES_IN_CALLS, NULL, KIND_COUNT);
		if (!def_check(c, v, what, call_keys, WITH_REQUEST, e) ||
			!def_requires(c, v, out, e) || !read_steps(c, v, out, e) ||
			!read_proof(c, v, out, e) || !def_says(c, v, &out->says, e) ||
			!read_preview(c, v, out, e) || !def_verify(c, v, out, e))
			return false;
		warn_unproved(c, in, out);
	}
	return true;
}
