/* One step of a plan: what it sees, and the exact text of what it would send. */
#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/shown.h"
#include "runbooks/engine/exec.h"

enum { QUESTION_SHOWN = 240 };

const struct config_host *plan_step_host(
	const struct plan *p, const struct step *s, json_t *input, struct err *e)
{
	const struct far *far = p->job->far;
	struct str name = STR_INIT_MAX(300);
	const struct config_host *h = NULL;

	if (tmpl_render_text(s->host, input, &name, e)) {
		h = far->host(far->arg, name.buf);
		if (!h)
			err_set(e, ERR_NOTFOUND,
				"the host \"%s\" is not in the configuration (hosts:)",
				name.buf);
	}
	str_release(&name);
	return h;
}

/* Values of records and people: JSON, by which no two look the same. */
static char *shown_json(const json_t *v)
{
	struct str out = STR_INIT;
	char *text = json_text(v);

	shown_exactly(&out, text, strlen(text));
	free(text);
	return str_take(&out);
}

static char *ssh_text(
	const struct plan *p, const struct step *s, json_t *input, struct err *e)
{
	const struct config_host *h = plan_step_host(p, s, input, e);
	json_t *vars = h && s->with ? tmpl_render(s->with, input, e) : NULL;
	char *text, *shown;

	if (!h || (s->with && !vars))
		return NULL;
	shown = vars ? shown_json(vars) : xstrdup("{}");
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
	shown = shown_json(argv);
	text = xasprintf("exec %s", shown);
	free(shown);
	json_decref(argv);
	return text;
}

/* The record's own source unless the step names another. */
static bool sql_source(const struct plan *p, const struct plan_target *t,
	const struct step *s, json_t *input, struct str *name, struct err *e)
{
	const struct far *far = p->job->far;

	if (!s->source)
		str_adds(name, t->source);
	else if (!tmpl_render_text(s->source, input, name, e))
		return err_wrap(e, "sql.source");
	if (!name->len)
		return err_set(e, ERR_CONFIG,
			"sql: this target is of no source, so the step needs `source:`");
	if (!far->source(far->arg, name->buf, e))
		return false;
	return far->has_sql(far->arg, name->buf) ||
	       err_set(e, ERR_CONFIG,
		       "sql: source %s is no PostgreSQL source (its connector has no "
		       "`postgres:`): name one in `source:`",
		       name->buf);
}

bool plan_step_sql(const struct plan *p, const struct plan_target *t,
	const struct step *s, json_t *input, struct plan_sql *out, struct err *e)
{
	struct str name = STR_INIT_MAX(sizeof(out->source) - 1);
	bool ok = sql_source(p, t, s, input, &name, e);

	memset(out, 0, sizeof(*out));
	str_copy(out->source, sizeof(out->source), name.buf);
	str_release(&name);
	if (ok && s->with) {
		out->values = tmpl_render(s->with, input, e);
		ok = out->values != NULL;
	}
	out->q = (struct sql_statement){.text = s->text,
		.values = out->values,
		.min_rows = s->min_rows,
		.max_rows = s->max_rows,
		.timeout_ms = s->within_ms};
	return ok;
}

void plan_sql_release(struct plan_sql *q)
{
	json_decref(q->values);
	q->values = NULL;
}

static char *sql_text(const struct plan *p, const struct plan_target *t,
	const struct step *s, json_t *input, struct err *e)
{
	struct plan_sql sql;
	const struct sql_statement *q = &sql.q;
	char *statement, *text = NULL;

	if (plan_step_sql(p, t, s, input, &sql, e)) {
		statement = source_sql_text(q);
		if (q->min_rows == q->max_rows)
			text = xasprintf("sql on %s, %ld %s: %s", sql.source, q->max_rows,
				q->max_rows == 1 ? "row" : "rows", statement);
		else
			text = xasprintf("sql on %s, %ld to %ld rows: %s", sql.source,
				q->min_rows, q->max_rows, statement);
		free(statement);
	}
	plan_sql_release(&sql);
	return text;
}

static char *call_text(const struct plan *p, const struct plan_target *t,
	const struct step *s, json_t *input, struct err *e)
{
	const struct far *far = p->job->far;

	return far->text(far->arg, t->source, s->call, input, e);
}

static char *confirm_text(const struct step *s, json_t *input, struct err *e)
{
	struct str question = STR_INIT_MAX(2000), safe = STR_INIT_MAX(1000);
	char words[40], *text = NULL;

	clock_format_words(words, sizeof(words), (usec_t)s->within_ms * 1000);
	if (!tmpl_render_text(s->question, input, &question, e)) {
		err_wrap(e, "confirm.question");
	} else {
		shown_safely(
			&safe, question.buf, question.len, QUESTION_SHOWN, UTF8_ONE_LINE);
		text = xasprintf("%s (yes or no, within %s)", safe.buf, words);
	}
	str_release(&question);
	str_release(&safe);
	return text;
}

static char *unit_text(const struct plan *p, const struct plan_target *t,
	const struct step *s, json_t *input, struct err *e)
{
	switch (s->kind) {
	case STEP_CALL:
		return call_text(p, t, s, input, e);
	case STEP_SQL:
		return sql_text(p, t, s, input, e);
	case STEP_SSH:
		return ssh_text(p, s, input, e);
	case STEP_EXEC:
		return exec_text(s, input, e);
	case STEP_CONFIRM:
		return confirm_text(s, input, e);
	case STEP_WAIT:
	case STEP_FOREACH:
		break;
	}
	return xstrdup("");
}

char *plan_unit_text(const struct plan *p, const struct plan_target *t,
	const struct plan_unit *u, struct err *e)
{
	json_t *input = plan_unit_input(t, u, e);
	char *text = input ? unit_text(p, t, u->step, input, e) : NULL;

	json_decref(input);
	return text;
}

static void add_proof(struct str *out, const char *text)
{
	if (out->len)
		str_adds(out, ", then ");
	str_adds(out, text);
}

static void add_proofs(
	const struct plan *p, struct str *out, const struct step *steps, size_t n);

/* Of all targets the first: their sources may differ, their connector's calls by that name hardly do. */
static bool has_verify(const struct plan *p, const char *call)
{
	const struct far *far = p->job->far;
	struct call_traits traits;

	return p->n && far->traits(far->arg, p->targets[0].source, call, &traits) &&
	       traits.verify;
}

static void add_loop_proof(const struct plan *p, struct str *out, const struct step *loop)
{
	struct str each = STR_INIT_MAX(1000);

	add_proofs(p, &each, loop->body, loop->n_body);
	str_addf(out, "%sfor each %s: %s", out->len ? ", then " : "", loop->as, each.buf);
	str_release(&each);
}

static void add_proofs(
	const struct plan *p, struct str *out, const struct step *steps, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const struct step *s = &steps[i];
		char words[40];

		switch (s->kind) {
		case STEP_CALL:
			add_proof(out, has_verify(p, s->call)
					       ? "the far side accepts it and a second "
						 "look shows the change"
					       : "the far side accepts it");
			break;
		case STEP_SQL:
			add_proof(out, "PostgreSQL confirms the commit of a number of "
				       "rows within the limits");
			break;
		case STEP_SSH:
		case STEP_EXEC:
			add_proof(out, "the script ends with exit code 0");
			break;
		case STEP_WAIT:
			clock_format_words(
				words, sizeof(words), (usec_t)s->within_ms * 1000);
			add_proof(out, "the record shows the wanted state within ");
			str_adds(out, words);
			break;
		case STEP_CONFIRM:
			add_proof(out, "a person says yes");
			break;
		case STEP_FOREACH:
			add_loop_proof(p, out, s);
			break;
		}
	}
}

char *plan_proof(const struct plan *p)
{
	struct str out = STR_INIT_MAX(1000);

	if (p->runbook->proof)
		return xstrdup(p->runbook->proof);
	add_proofs(p, &out, p->runbook->steps, p->runbook->n_steps);
	return str_take(&out);
}
