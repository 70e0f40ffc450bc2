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

json_t *plan_step_exec(const struct step *s, json_t *input, struct err *e)
{
	json_t *argv = tmpl_render(s->with, input, e), *words, *one;
	size_t i;

	if (!argv)
		return NULL;
	words = json_array();
	json_array_foreach (argv, i, one) {
		if (json_is_array(one))
			json_array_extend(words, one);
		else
			json_array_append(words, one);
	}
	json_decref(argv);
	json_array_foreach (words, i, one)
		if (!json_is_string(one))
			err_set(e, ERR_USAGE, "exec: word %zu is no text", i + 1);
	if (json_array_size(words) > EXEC_WORDS_MAX || json_array_size(words) == 0)
		err_set(e, ERR_USAGE, "exec takes 1 to %d words, these are %zu",
			EXEC_WORDS_MAX, json_array_size(words));
	if (e->code == ERR_NONE && json_array_size(words) &&
		!json_string_length(json_array_get(words, 0)))
		err_set(e, ERR_USAGE, "exec: the program has no name");
	if (e->code == ERR_NONE)
		return words;
	json_decref(words);
	return NULL;
}

static char *exec_text(const struct step *s, json_t *input, struct err *e)
{
	json_t *argv = plan_step_exec(s, input, e);
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

	if (!far->check(far->arg, t->source, s->call, input, e))
		return NULL;
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
