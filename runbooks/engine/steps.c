/* The steps of a runbook: reading and checking. What they do when run: exec_step.c. */
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/runbook_def.h"

static const struct yaml_key step_keys[] = {
	{"call", YAML_STRING, false},
	{"with", YAML_OBJECT, false},
	{"wait", YAML_OBJECT, false},
	{"ssh", YAML_OBJECT, false},
	{"exec", YAML_ARRAY, false},
	{"timeout", YAML_DURATION, false},
	{"title", YAML_STRING, false},
	{"on_failure", YAML_STRING | YAML_ARRAY, false},
	{NULL, 0, false},
};

static const struct yaml_key wait_keys[] = {
	{"until", YAML_STRING, true},
	{"fails", YAML_STRING, false},
	{"within", YAML_DURATION, true},
	{"optional", YAML_BOOL, false},
	{NULL, 0, false},
};

static const struct yaml_key ssh_keys[] = {
	{"host", YAML_STRING, true},
	{"script", YAML_STRING, true},
	{"vars", YAML_OBJECT, false},
	{NULL, 0, false},
};

static int64_t duration_ms(const json_t *in, const char *key)
{
	usec_t t = 0;
	const char *text = json_str(in, key, NULL);

	return text && clock_parse_duration(text, &t) ? t / 1000 : 0;
}

static bool load_call(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	s->kind = STEP_CALL;
	s->call = json_str(in, "call", "");
	if (json_sub(in, "with"))
		s->with = tmpl_compile(doc, in, "with", json_sub(in, "with"), e);
	return !json_sub(in, "with") || s->with;
}

static bool load_wait(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	const json_t *w = json_sub(in, "wait");

	s->kind = STEP_WAIT;
	if (!yaml_check(doc, w, "`wait`", wait_keys, e))
		return false;
	s->optional = json_flag(w, "optional", false);
	s->within_ms = duration_ms(w, "within");
	s->until = jmes_compile(json_str(w, "until", ""), e);
	if (!s->until)
		return yaml_err_value(e, doc, w, "until", "%s", e->msg);
	if (!json_sub(w, "fails"))
		return true;
	s->fails = jmes_compile(json_str(w, "fails", ""), e);
	return s->fails || yaml_err_value(e, doc, w, "fails", "%s", e->msg);
}

static bool load_ssh(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	const json_t *ssh = json_sub(in, "ssh"), *vars;

	s->kind = STEP_SSH;
	if (!yaml_check(doc, ssh, "`ssh`", ssh_keys, e))
		return false;
	s->text = json_str(ssh, "script", "");
	if (strstr(s->text, "{{"))
		return yaml_err_value(e, doc, ssh, "script",
			"a script is constant: give values to it as `vars`");
	vars = json_sub(ssh, "vars");
	if (!(s->host = tmpl_compile(doc, ssh, "host", json_sub(ssh, "host"), e)))
		return false;
	if (vars)
		s->with = tmpl_compile(doc, ssh, "vars", vars, e);
	return !vars || s->with;
}

static bool load_exec(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	s->kind = STEP_EXEC;
	if (json_array_size(json_sub(in, "exec")) == 0)
		return yaml_err_value(
			e, doc, in, "exec", "a program and its arguments are wanted");
	s->with = tmpl_compile(doc, in, "exec", json_sub(in, "exec"), e);
	return s->with != NULL;
}

static const struct {
	const char *key;
	bool (*load)(
		const struct yaml_doc *, const json_t *, struct step *, struct err *);
} step_kinds[] = {
	{"call", load_call},
	{"wait", load_wait},
	{"ssh", load_ssh},
	{"exec", load_exec},
};

static bool load_on_failure(const struct yaml_doc *doc, const json_t *in, struct step *s,
	int depth, struct err *e)
{
	const json_t *v = json_sub(in, "on_failure");

	if (!v)
		return true;
	if (json_is_array(v)) {
		if (depth > 0)
			return yaml_err(e, doc, in, "on_failure",
				"steps of on_failure cannot have such steps themselves");
		return steps_load(
			doc, in, "on_failure", &s->rescue, &s->n_rescue, depth + 1, e);
	}
	s->go_on = str_equal(json_string_value(v), "continue");
	if (!s->go_on && !str_equal(json_string_value(v), "stop"))
		return yaml_err_value(e, doc, in, "on_failure",
			"use stop, continue or a list of steps");
	return true;
}

static bool load_step(const struct yaml_doc *doc, const json_t *list, size_t i,
	struct step *s, int depth, struct err *e)
{
	const json_t *in = json_array_get(list, i);
	size_t found = LENGTH(step_kinds);

	if (!json_is_object(in))
		return yaml_err_item(
			e, doc, list, i, "a step is `call:`, `wait:`, `ssh:` or `exec:`");
	if (!yaml_check(doc, in, "a step", step_keys, e))
		return false;
	for (size_t k = 0; k < LENGTH(step_kinds); k++) {
		if (!json_sub(in, step_kinds[k].key))
			continue;
		if (found < LENGTH(step_kinds))
			return yaml_err_item(e, doc, list, i,
				"a step does one thing: `%s` or `%s`",
				step_kinds[found].key, step_kinds[k].key);
		found = k;
	}
	if (found == LENGTH(step_kinds))
		return yaml_err_item(e, doc, list, i,
			"a step needs `call:`, `wait:`, `ssh:` or `exec:`");
	s->title = json_str(in, "title", NULL);
	if (!step_kinds[found].load(doc, in, s, e))
		return false;
	if (s->kind != STEP_WAIT)
		s->within_ms = duration_ms(in, "timeout");
	return load_on_failure(doc, in, s, depth, e);
}

bool steps_load(const struct yaml_doc *doc, const json_t *in, const char *key,
	struct step **steps, size_t *n, int depth, struct err *e)
{
	const json_t *list = json_sub(in, key);
	size_t count = json_array_size(list);

	if (count == 0 || count > 50)
		return yaml_err(e, doc, in, key, "1 to 50 steps are wanted");
	*steps = xcalloc(count, sizeof(**steps));
	*n = count;
	for (size_t i = 0; i < count; i++)
		if (!load_step(doc, list, i, &(*steps)[i], depth, e))
			return false;
	return true;
}

void steps_free(struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct step *s = &steps[i];

		tmpl_free(s->with);
		tmpl_free(s->host);
		jmes_free(s->until);
		jmes_free(s->fails);
		/* One level only: steps_load refuses deeper ones. */
		for (size_t k = 0; k < s->n_rescue; k++) {
			tmpl_free(s->rescue[k].with);
			tmpl_free(s->rescue[k].host);
			jmes_free(s->rescue[k].until);
			jmes_free(s->rescue[k].fails);
		}
		free(s->rescue);
	}
	free(steps);
}
