/* The fields of a runbook: its parameters with their defaults, the reason, the host. */
#include "tui/views/run.h"

#include <stdlib.h>
#include <string.h>

const char run_reason[] = "reason", run_host[] = "target host";

static const struct param *param_of(const struct runbook *r, const char *name)
{
	for (size_t i = 0; i < runbook_params(r); i++)
		if (strcmp(runbook_param(r, i)->name, name) == 0)
			return runbook_param(r, i);
	return NULL;
}

static void check(void *arg, struct form_field *field)
{
	const struct run_view *f = arg;
	struct err e = ERR_INIT;
	const struct param *p = field->name == run_reason || field->name == run_host
					? NULL
					: param_of(f->r, field->name);
	if (!p)
		return;
	json_t *value = param_parse(p, field->line.text, &e);
	if (!value)
		(void)str_copy(field->error, sizeof(field->error), e.msg);
	json_decref(value);
}

const char *run_prod(const struct run_view *f)
{
	const json_t *result = run_preview_result(f);
	const struct config *config = app_config(f->v.app);
	const struct config_source *cs =
		config_source(config, json_str(f->record.json, "source", ""));
	const char *env = json_str(f->record.json, "env", cs && cs->env ? cs->env : "");
	bool gated = environment_gated(&config->environments, env),
	     known = environment_class(&config->environments, env) != NULL;
	if (result) {
		gated = json_flag(result, "prod", false);
		known = !json_flag(result, "env_unknown", false);
	}
	return !gated ? NULL : known ? "PROD" : "PROD?";
}

bool run_danger(const struct run_view *f)
{
	return runbook_risk(f->r) == RISK_IRREVERSIBLE ||
	       runbook_risk(f->r) == RISK_SECURITY;
}

/* ---- building ------------------------------------------------------------------------------------- */

static const char **choices_of(struct run_view *f, const struct param *p)
{
	static const char *const yes_no[] = {"false", "true"};
	size_t n = p->type == PARAM_BOOL ? LENGTH(yes_no) : json_array_size(p->choices),
	       at = 0;
	if (!n || (p->type != PARAM_ENUM && p->type != PARAM_BOOL))
		return NULL;
	const char **out = arena_alloc(&f->v.mem, (n + 2) * sizeof(*out));
	/* Nothing chosen is a choice where nothing is needed and nothing is the default. */
	if (!p->required && !p->fallback)
		out[at++] = "";
	for (size_t i = 0; i < n; i++)
		out[at++] = p->type == PARAM_BOOL
				    ? yes_no[i]
				    : json_string_value(json_array_get(p->choices, i));
	return out;
}

/* Values of the action that is repeated come before defaults. */
static void value_of(struct run_view *f, const struct param *p, struct str *out)
{
	struct err e = ERR_INIT;
	const json_t *old = json_sub(json_path(f->earlier.json, "spec.params"), p->name);
	if (old)
		(void)json_scalar_to(out, old);
	else if (!param_default(p, f->record.json, app_me(f->v.app), out, &e))
		str_clear(out);
}

/* Is it sent for any of the targets? */
static bool is_sent(const struct run_view *f, const struct param *p)
{
	const struct config *c = app_config(f->v.app);
	bool sent = !f->v.arg.n_targets;
	for (size_t i = 0; i < f->v.arg.n_targets && !sent; i++) {
		char source[128];
		const char *key = f->v.arg.targets[i].key, *from = strchr(key, ':');
		size_t len = from ? strcspn(from + 1, ":") : 0;
		if (!len || len >= sizeof(source))
			return true;
		memcpy(source, from + 1, len);
		source[len] = '\0';
		const struct config_source *one = config_source(c, source);
		sent = !one || param_is_for(p, one->connector);
	}
	return sent;
}

static void add_host(struct run_view *f)
{
	const struct config *c = app_config(f->v.app);
	const char **hosts = arena_alloc(&f->v.mem, (c->n_hosts + 1) * sizeof(*hosts));
	for (size_t i = 0; i < c->n_hosts; i++)
		hosts[i] = c->hosts[i].name;
	form_add(&f->form, run_host, "Host",
		c->n_hosts ? NULL
			   : "the configuration names no hosts: see `hosts:` in README",
		c->n_hosts ? hosts : NULL, true, "");
}

void run_form_build(struct run_view *f)
{
	struct str value = STR_INIT;
	form_init(&f->form, check, f);
	if (runbook_on_hosts(f->r) && !f->v.arg.n_targets)
		add_host(f);
	if (runbook_takes_reason(f->r))
		form_add(&f->form, run_reason, "Reason",
			"kept with the action and in the audit", NULL,
			runbook_needs_reason(f->r, run_prod(f)),
			json_str(f->earlier.json, "reason", ""));
	for (size_t i = 0; i < runbook_params(f->r); i++) {
		const struct param *p = runbook_param(f->r, i);
		if (!is_sent(f, p))
			continue;
		str_clear(&value);
		value_of(f, p, &value);
		form_add(&f->form, p->name, p->prompt && *p->prompt ? p->prompt : p->name,
			p->help, choices_of(f, p), p->required, value.buf);
	}
	str_release(&value);
	/* Nothing to fill in: Enter is the next key. */
	f->form.at = f->form.n;
	for (size_t i = f->form.n; i-- > 0;)
		if (f->form.fields[i].required && !*f->form.fields[i].line.text)
			f->form.at = i;
	f->ready = true;
}

void run_form_release(struct run_view *f)
{
	form_release(&f->form);
}

/* ---- values ------------------------------------------------------------------------------------------ */

static bool params_of(struct run_view *f, json_t *out, char *why, size_t size)
{
	struct err e = ERR_INIT;
	for (size_t i = 0; i < runbook_params(f->r); i++) {
		const struct param *p = runbook_param(f->r, i);
		if (!is_sent(f, p))
			continue;
		const char *label = p->prompt && *p->prompt ? p->prompt : p->name;
		json_t *value = param_parse(p, form_value(&f->form, p->name), &e);
		bool missing = value && json_is_null(value) && p->required;
		if (!value || missing) {
			(void)str_format(why, size, "%s: %s", label,
				missing ? "must be filled in" : e.msg);
			json_decref(value);
			return false;
		}
		json_object_set_new(out, p->name, value);
	}
	return true;
}

static bool targets_of(struct run_view *f, json_t *out, char *why, size_t size)
{
	const char *host = form_value(&f->form, run_host);
	struct str title = STR_INIT;
	for (size_t i = 0; i < f->v.arg.n_targets; i++) {
		const struct target *t = &f->v.arg.targets[i];
		str_clear(&title);
		str_adds(&title, t->title);
		/* Which run it is: in the preview, in the action's rows, in the audit. */
		if (t->run && *t->run)
			str_addf(&title, " %s", t->run);
		json_array_append_new(
			out, json_pack("{s:s,s:s}", "key", t->key, "title", title.buf));
	}
	str_release(&title);
	if (f->v.arg.n_targets)
		return true;
	if (!*host) {
		(void)str_copy(why, size, "Host: must be filled in");
		return false;
	}
	char *key = xasprintf("host:%s", host);
	json_array_append_new(out, json_pack("{s:s,s:s}", "key", key, "title", host));
	free(key);
	return true;
}

bool run_form_values(
	struct run_view *f, json_t **params, json_t **targets, char *why, size_t size)
{
	*params = json_object();
	*targets = json_array();
	if (params_of(f, *params, why, size) && targets_of(f, *targets, why, size))
		return true;
	json_decref(*params);
	json_decref(*targets);
	*params = *targets = NULL;
	return false;
}
