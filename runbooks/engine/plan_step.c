/* One step of a plan: what it sees, and the exact text of what it would send. */
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/exec.h"

json_t *plan_step_input(const struct plan_target *t, const struct step *s, struct err *e)
{
	json_t *input = json_copy(t->input), *with, *params;

	if (s->kind != STEP_CALL || !s->with)
		return input;
	with = tmpl_render(s->with, input, e);
	if (!with) {
		json_decref(input);
		return NULL;
	}
	params = json_copy(json_object_get(input, "params"));
	json_object_update(params, with);
	json_object_set_new(input, "params", params);
	json_decref(with);
	return input;
}

const struct config_host *plan_step_host(
	const struct plan *p, const struct step *s, json_t *input, struct err *e)
{
	const struct config *c = &p->job->worker->config;
	struct str name = STR_INIT_MAX(300);
	const struct config_host *h = NULL;

	if (tmpl_render_text(s->host, input, &name, e)) {
		h = config_host(c, name.buf);
		if (!h)
			err_set(e, ERR_NOTFOUND,
				"the host \"%s\" is not in the configuration (hosts:)",
				name.buf);
	}
	str_release(&name);
	return h;
}

static char *ssh_text(
	const struct plan *p, const struct step *s, json_t *input, struct err *e)
{
	const struct config_host *h = plan_step_host(p, s, input, e);
	json_t *vars = h && s->with ? tmpl_render(s->with, input, e) : NULL;
	char *text, *shown;

	if (!h || (s->with && !vars))
		return NULL;
	shown = vars ? json_text(vars) : xstrdup("{}");
	text = xasprintf("ssh %s, variables %s, script: %s", h->name, shown, s->text);
	free(shown);
	json_decref(vars);
	return text;
}

static char *exec_text(const struct step *s, json_t *input, struct err *e)
{
	json_t *argv = tmpl_render(s->with, input, e);
	char *shown, *text;

	if (!argv)
		return NULL;
	shown = json_text(argv);
	text = xasprintf("exec %s", shown);
	free(shown);
	json_decref(argv);
	return text;
}

char *plan_step_text(const struct plan *p, const struct plan_target *t,
	const struct step *s, struct err *e)
{
	json_t *input = plan_step_input(t, s, e);
	struct source *source;
	char *text = NULL;

	if (!input)
		return NULL;
	switch (s->kind) {
	case STEP_CALL:
		source = schedule_source(p->job->worker->schedule, t->source, e);
		if (source)
			text = source_call_text(source, s->call, input, e);
		break;
	case STEP_SSH:
		text = ssh_text(p, s, input, e);
		break;
	case STEP_EXEC:
		text = exec_text(s, input, e);
		break;
	case STEP_WAIT:
		text = xstrdup("");
		break;
	}
	json_decref(input);
	return text;
}

static void add_proof(struct str *out, const char *text)
{
	if (out->len)
		str_adds(out, ", then ");
	str_adds(out, text);
}

char *plan_proof(const struct plan *p)
{
	struct str out = STR_INIT_MAX(1000);
	const struct runbook *r = p->runbook;

	if (r->proof)
		return xstrdup(r->proof);
	for (size_t i = 0; i < r->n_steps; i++) {
		const struct step *s = &r->steps[i];
		char words[40];

		switch (s->kind) {
		case STEP_CALL:
			add_proof(&out, "the far side accepts it and a second look shows "
					"the change");
			break;
		case STEP_SSH:
		case STEP_EXEC:
			add_proof(&out, "the script ends with exit code 0");
			break;
		case STEP_WAIT:
			clock_format_words(
				words, sizeof(words), (usec_t)s->within_ms * 1000);
			add_proof(&out, "the record shows the wanted state within ");
			str_adds(&out, words);
			break;
		}
	}
	return str_take(&out);
}
