/*
 * `requires:` and `verify:` of a call. An expression that is true of an empty reply is refused where that can be seen.
 */
#include "backends/connector/def.h"
#include "backends/connector/probe.h"

#include <string.h>

bool def_positive(struct connector *c, const json_t *in, const char *key,
	const struct def_expr *x, bool of_envelope, bool errors_are_told, struct err *e)
{
	return !x->jmes || !probe_unscoped(x->jmes, of_envelope, errors_are_told) ||
	       yaml_err_value(e, &c->doc, in, key,
		       "%s is true of an empty reply%s: say what must be there", key,
		       errors_are_told ? "" : " or of an error");
}

bool def_requires(
	struct connector *c, const json_t *in, struct def_call *out, struct err *e)
{
	static const struct yaml_key keys[] = {
		{"that", YAML_STRING, true}, {"says", YAML_STRING, true}, {NULL}};
	const json_t *list = json_object_get(in, "requires"), *v;
	size_t i;
	out->n_requires = json_array_size(list);
	out->requires = def_alloc(c, out->n_requires, sizeof(*out->requires));
	json_array_foreach (list, i, v)
		if (!def_check(c, v, "requires", keys, WITH_OWN, e) ||
			!def_expr_of_scope(c, v, "that", &out->requires[i].that, e) ||
			!def_tmpl(c, v, "says", &out->requires[i].says, e))
			return false;
	return true;
}

/* ---- absent ---- */

static const char *const absent_words[] = {"array", "rows", "output", "object"};
static const enum def_transport absent_of[] = {[ABSENT_ARRAY] = DEF_HTTP,
	[ABSENT_ROWS] = DEF_SQL,
	[ABSENT_OUTPUT] = DEF_SSH,
	[ABSENT_OBJECT] = DEF_HTTP};

/* A 4xx that says that it is gone; of time, of rights or of haste others tell. */
static bool may_say_gone(int status)
{
	return status >= 400 && status < 500 && status != 401 && status != 403 &&
	       status != 408 && status != 425 && status != 429 && status != 499;
}

static bool read_absent_status(
	struct connector *c, const json_t *in, struct def_verify *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"status", YAML_INT, true},
		{"code", YAML_STRING}, {"text", YAML_STRING}, {NULL}};
	if (!def_check(c, in, "absent", keys, WITH_OWN, e))
		return false;
	out->absent = ABSENT_OBJECT;
	out->absent_status = (int)json_int(in, "status", 0);
	out->absent_code = json_str(in, "code", NULL);
	out->absent_text = json_str(in, "text", NULL);
	if (!may_say_gone(out->absent_status))
		return yaml_err_value(e, &c->doc, in, "status",
			"the status of `absent` is a 4xx that can say that it is gone, "
			"not %d",
			out->absent_status);
	bool named = (out->absent_code && *out->absent_code) ||
		     (out->absent_text && *out->absent_text);
	return named ||
	       yaml_err(e, &c->doc, in, "status",
		       "a status alone says not that it is gone: add code: or text:");
}

static bool read_absent(
	struct connector *c, const json_t *in, struct def_verify *out, struct err *e)
{
	const json_t *v = json_object_get(in, "absent");
	if (!v)
		return true;
	if (json_is_object(v)) {
		if (!read_absent_status(c, v, out, e))
			return false;
	} else {
		int i = def_word(c, in, "absent", absent_words, LENGTH(absent_words), e);
		if (i < 0)
			return false;
		out->absent = (enum def_absent)(i + 1);
	}
	if (out->fetch.request.transport == absent_of[out->absent])
		return true;
	return yaml_err_value(e, &c->doc, in, "absent",
		"absent is array or object for HTTP, rows for sql, output for ssh");
}

/* ---- what is hardly meant ---- */

void def_warn(struct connector *c, const struct err *e)
{
	c->warnings = mem_grow(
		c->warnings, &c->cap_warnings, c->n_warnings + 1, sizeof(*c->warnings));
	c->warnings[c->n_warnings++] = *e;
}

void def_warn_body(
	struct connector *c, const json_t *in, const char *key, const struct def_expr *x)
{
	static const char *const of_scope[] = {"params", "record", "settings", "action"};
	struct err e = ERR_INIT;
	if (!x->jmes)
		return;
	for (size_t i = 0; i < LENGTH(of_scope); i++)
		if (probe_names_of_input(x->jmes, of_scope[i])) {
			yaml_err_value(&e, &c->doc, in, key,
				"warning: %s sees the reply: of that is %s taken here; "
				"what was asked is scope().%s",
				key, of_scope[i], of_scope[i]);
			def_warn(c, &e);
		}
	if (!probe_names_of_input(x->jmes, "body"))
		return;
	yaml_err_value(&e, &c->doc, in, key,
		"warning: %s sees the reply itself: body. is only of `success`", key);
	def_warn(c, &e);
}

/* ---- verify ---- */

static bool read_until(
	struct connector *c, const json_t *in, struct def_verify *out, struct err *e)
{
	if (!def_expr(c, in, "until", &out->until, e) ||
		!def_expr(c, in, "already", &out->already, e) ||
		!def_expr(c, in, "fails", &out->fails, e) ||
		!def_positive(c, in, "fails", &out->fails, false, false, e))
		return false;
	if (!out->until.jmes)
		return out->absent == ABSENT_OBJECT ||
		       yaml_err(e, &c->doc, in, NULL,
			       "verify needs `until:`, or `absent: object`");
	out->names_called = probe_names(out->until.jmes, "called");
	out->names_before = probe_names(out->until.jmes, "before");
	def_warn_body(c, in, "until", &out->until);
	def_warn_body(c, in, "fails", &out->fails);
	return out->absent != ABSENT_NONE ||
	       (def_positive(c, in, "until", &out->until, false, false, e) &&
		       def_positive(c, in, "already", &out->already, false, false, e));
}

bool def_verify(
	struct connector *c, const json_t *in, struct def_call *call, struct err *e)
{
	static const struct yaml_key keys[] = {{"until", YAML_STRING},
		{"already", YAML_STRING}, {"fails", YAML_STRING},
		{"absent", YAML_STRING | YAML_OBJECT}, {"every", YAML_DURATION},
		{"within", YAML_DURATION}, {"says", YAML_STRING}, {NULL}};
	const json_t *v = json_object_get(in, "verify");
	struct def_verify *out = &call->verify;
	if (!v)
		return true;
	def_sees_record(c, SEES_IN_CALLS | SEES_CALLED | SEES_BEFORE, NULL, KIND_COUNT);
	out->given = true;
	out->every_ms = def_ms(v, "every", 2000);
	out->within_ms = def_ms(v, "within", 60L * 1000);
	out->pages = json_object_get(v, "page") || json_object_get(v, "items");
	if (!def_check(c, v, "verify", keys, WITH_FETCH, e) ||
		!def_fetch(c, v, &out->fetch, e))
		return false;
	def_ssh_text(v, &out->fetch.request);
	if (json_object_get(v, "error") && !out->pages)
		return yaml_err(e, &c->doc, v, "error",
			"error belongs to a list here: add `items:`");
	return def_need_request(c, v, &out->fetch.request, "verify", e) &&
	       read_absent(c, v, out, e) && read_until(c, v, out, e) &&
	       def_says(c, v, &out->says, e);
}
