/* The steps of a runbook: the list, and what all kinds have. Each kind: step_kinds.c. */
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/runbook_def.h"

#define A_STEP "`call:`, `sql:`, `ssh:`, `exec:`, `wait:`, `confirm:` or `foreach:`"

static const struct yaml_key step_keys[] = {
	{"call", YAML_STRING, false},
	{"with", YAML_OBJECT, false},
	{"sql", YAML_OBJECT, false},
	{"ssh", YAML_OBJECT, false},
	{"exec", YAML_ARRAY, false},
	{"wait", YAML_OBJECT, false},
	{"confirm", YAML_OBJECT, false},
	{"foreach", YAML_OBJECT, false},
	{"timeout", YAML_DURATION, false},
	{"refused", YAML_ARRAY, false},
	{"title", YAML_STRING, false},
	{"on_failure", YAML_STRING | YAML_ARRAY, false},
	{NULL, 0, false},
};

static bool load_on_failure(const struct yaml_doc *doc, const json_t *in, struct step *s,
	enum steps_place place, struct err *e)
{
	const json_t *v = json_sub(in, "on_failure");

	if (!v)
		return true;
	if (json_is_array(v)) {
		if (place == STEPS_ON_FAILURE)
			return yaml_err(e, doc, in, "on_failure",
				"steps of on_failure cannot have such steps themselves");
		return steps_load(doc, in, "on_failure", &s->rescue, &s->n_rescue,
			STEPS_ON_FAILURE, e);
	}
	s->go_on = str_equal(json_string_value(v), "continue");
	if (!s->go_on && !str_equal(json_string_value(v), "stop"))
		return yaml_err_value(e, doc, in, "on_failure",
			"use stop, continue or a list of steps");
	return true;
}

/* Which kind it is: exactly one. */
static bool find_kind(const struct yaml_doc *doc, const json_t *list, size_t i,
	enum step_kind *kind, struct err *e)
{
	const json_t *in = json_array_get(list, i);
	size_t found = step_types_n;

	for (size_t k = 0; k < step_types_n; k++) {
		if (!json_sub(in, step_types[k].key))
			continue;
		if (found < step_types_n)
			return yaml_err_item(e, doc, list, i,
				"a step does one thing: `%s` or `%s`",
				step_types[found].key, step_types[k].key);
		found = k;
	}
	if (found == step_types_n)
		return yaml_err_item(e, doc, list, i, "a step needs " A_STEP);
	*kind = (enum step_kind)found;
	return true;
}

/* A key that would be without effect is a mistake of whoever wrote it. */
static bool check_fit(const struct yaml_doc *doc, const json_t *in,
	const struct step_type *type, enum steps_place place, struct err *e)
{
	static const char *const places[] = {[STEPS_OF_RUNBOOK] = "here",
		[STEPS_OF_FOREACH] = "within a foreach",
		[STEPS_ON_FAILURE] = "within on_failure"};

	if (type->not_in & (1u << place))
		return yaml_err(e, doc, in, type->key, "`%s` cannot stand %s", type->key,
			places[place]);
	if (json_sub(in, "with") && !str_equal(type->key, "call"))
		return yaml_err(e, doc, in, "with", "`with` belongs to `call`");
	if (json_sub(in, "timeout") && !type->timed)
		return yaml_err(e, doc, in, "timeout",
			"`timeout` belongs to `sql`, `ssh` and `exec`");
	return true;
}

/* Exit codes that say: nothing was done. */
static bool load_refused(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	size_t i;
	json_t *one;

	s->refused = json_sub(in, "refused");
	if (s->refused && s->kind != STEP_SSH && s->kind != STEP_EXEC)
		return yaml_err(
			e, doc, in, "refused", "`refused` belongs to `ssh` and `exec`");
	json_array_foreach (s->refused, i, one)
		if (json_integer_value(one) < 1 || json_integer_value(one) > 255)
			return yaml_err_item(e, doc, s->refused, i,
				"an exit code from 1 to 255 is wanted");
	return true;
}

static bool load_step(const struct yaml_doc *doc, const json_t *list, size_t i,
	struct step *s, enum steps_place place, struct err *e)
{
	const json_t *in = json_array_get(list, i);
	const struct step_type *type;
	const char *timeout;
	usec_t t = 0;

	if (!json_is_object(in))
		return yaml_err_item(e, doc, list, i, "a step is " A_STEP);
	if (!yaml_check(doc, in, "a step", step_keys, e) ||
		!find_kind(doc, list, i, &s->kind, e))
		return false;
	type = &step_types[s->kind];
	s->title = json_str(in, "title", NULL);
	if (!check_fit(doc, in, type, place, e) || !type->load(doc, in, s, e))
		return false;
	timeout = json_str(in, "timeout", NULL);
	if (timeout && clock_parse_duration(timeout, &t))
		s->within_ms = t / 1000;
	return load_refused(doc, in, s, e) && load_on_failure(doc, in, s, place, e);
}

bool steps_load(const struct yaml_doc *doc, const json_t *in, const char *key,
	struct step **steps, size_t *n, enum steps_place place, struct err *e)
{
	const json_t *list = json_sub(in, key);
	size_t count = json_array_size(list);

	if (count == 0 || count > 50)
		return yaml_err(e, doc, in, key, "1 to 50 steps are wanted");
	*steps = xcalloc(count, sizeof(**steps));
	*n = count;
	for (size_t i = 0; i < count; i++)
		if (!load_step(doc, list, i, &(*steps)[i], place, e))
			return false;
	return true;
}

/* Three levels at most: steps_load refuses deeper ones. */
void steps_free(struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct step *s = &steps[i];

		tmpl_free(s->with);
		tmpl_free(s->host);
		tmpl_free(s->source);
		tmpl_free(s->question);
		tmpl_free(s->in);
		tmpl_free(s->other);
		jmes_free(s->until);
		jmes_free(s->fails);
		steps_free(s->body, s->n_body);
		steps_free(s->rescue, s->n_rescue);
	}
	free(steps);
}
