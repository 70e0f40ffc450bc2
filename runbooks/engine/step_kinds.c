/* The kinds of steps: what each has in the file. What they do when run: target*.c. */
#include <string.h>

#include "backends/base/mem.h"
#include "backends/connector/connector.h"
#include "runbooks/engine/runbook_def.h"

#define ROWS_MAX 1000000000

static const struct yaml_key wait_keys[] = {
	{"until", YAML_STRING, true},
	{"fails", YAML_STRING, false},
	{"within", YAML_DURATION, true},
	{"optional", YAML_BOOL, false},
	{"key", YAML_STRING, false},
	{NULL, 0, false},
};

static const struct yaml_key ssh_keys[] = {
	{"host", YAML_STRING, true},
	{"script", YAML_STRING, true},
	{"vars", YAML_OBJECT, false},
	{NULL, 0, false},
};

static const struct yaml_key sql_keys[] = {
	{"source", YAML_STRING, false},
	{"text", YAML_STRING, true},
	{"values", YAML_ARRAY, false},
	{"rows", YAML_OBJECT, false},
	{"preview", YAML_BOOL, false},
	{"outside", YAML_BOOL, false},
	{NULL, 0, false},
};

static const struct yaml_key rows_keys[] = {
	{"min", YAML_INT, false},
	{"max", YAML_INT, false},
	{NULL, 0, false},
};

static const struct yaml_key confirm_keys[] = {
	{"question", YAML_STRING, true},
	{"within", YAML_DURATION, true},
	{NULL, 0, false},
};

static const struct yaml_key foreach_keys[] = {
	{"in", YAML_STRING | YAML_ARRAY, true},
	{"as", YAML_STRING, true},
	{"steps", YAML_ARRAY, true},
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
	s->call = json_str(in, "call", "");
	if (json_sub(in, "with"))
		s->with = runbook_tmpl(doc, in, "with", e);
	return !json_sub(in, "with") || s->with;
}

static bool load_wait(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	const json_t *w = json_sub(in, "wait");

	if (!yaml_check(doc, w, "`wait`", wait_keys, e))
		return false;
	s->optional = json_flag(w, "optional", false);
	s->within_ms = duration_ms(w, "within");
	if (json_sub(w, "key") && !(s->other = runbook_wait_tmpl(doc, w, "key", e)))
		return false;
	s->until = runbook_wait_expr(doc, w, "until", e);
	if (!s->until)
		return false;
	if (!json_sub(w, "fails"))
		return true;
	s->fails = runbook_wait_expr(doc, w, "fails", e);
	return s->fails != NULL;
}

static bool load_rows(
	const struct yaml_doc *doc, const json_t *sql, struct step *s, struct err *e)
{
	const json_t *rows = json_sub(sql, "rows");
	long long least, most;

	if (rows && !yaml_check(doc, rows, "`rows`", rows_keys, e))
		return false;
	least = json_int(rows, "min", 0);
	most = json_int(rows, "max", 1);
	if (least < 0 || most < least || most > ROWS_MAX)
		return yaml_err(e, doc, sql, "rows",
			"min is 0 or more and at most max; max is 1 unless it is given, "
			"and at most %d",
			ROWS_MAX);
	s->min_rows = (long)least;
	s->max_rows = (long)most;
	return true;
}

static bool load_sql(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	const json_t *sql = json_sub(in, "sql"), *values, *source;

	if (!yaml_check(doc, sql, "`sql`", sql_keys, e))
		return false;
	s->text = json_str(sql, "text", "");
	if (strstr(s->text, "{{"))
		return yaml_err_value(e, doc, sql, "text",
			"a statement is constant: write $1 and give the value in "
			"`values`");
	values = json_sub(sql, "values");
	source = json_sub(sql, "source");
	s->outside = json_flag(sql, "outside", false);
	/* A try that is rolled back would have done it all the same. */
	s->no_preview = !json_flag(sql, "preview", true) || s->outside;
	if (source && !(s->source = runbook_tmpl(doc, sql, "source", e)))
		return false;
	if (values && !(s->with = runbook_tmpl(doc, sql, "values", e)))
		return false;
	return load_rows(doc, sql, s, e);
}

static bool load_confirm(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	const json_t *c = json_sub(in, "confirm");

	if (!yaml_check(doc, c, "`confirm`", confirm_keys, e))
		return false;
	if (json_sub(in, "on_failure"))
		return yaml_err(e, doc, in, "on_failure",
			"a confirm cannot fail: without a yes the target is canceled "
			"there");
	s->within_ms = duration_ms(c, "within");
	if (s->within_ms <= 0)
		return yaml_err_value(
			e, doc, c, "within", "some time to answer is wanted");
	s->question = runbook_tmpl(doc, c, "question", e);
	return s->question != NULL;
}

/* A name in expressions, which must not hide one that is there already. */
static bool name_ok(const char *name)
{
	size_t len = strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789_");

	return len > 0 && len <= 32 && !name[len] && name[0] >= 'a' && name[0] <= 'z';
}

static bool load_foreach(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	const json_t *f = json_sub(in, "foreach");

	if (!yaml_check(doc, f, "`foreach`", foreach_keys, e))
		return false;
	s->as = json_str(f, "as", "");
	if (!name_ok(s->as))
		return yaml_err_value(
			e, doc, f, "as", "a name such as day: small letters, digits, _");
	if (connector_reserved(s->as) || str_equal(s->as, "before"))
		return yaml_err_value(e, doc, f, "as",
			"\"%s\" means something else in expressions: take another name",
			s->as);
	s->in = runbook_tmpl(doc, f, "in", e);
	return s->in &&
	       steps_load(doc, f, "steps", &s->body, &s->n_body, STEPS_OF_FOREACH, e);
}

static bool load_ssh(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	const json_t *ssh = json_sub(in, "ssh"), *vars;

	if (!yaml_check(doc, ssh, "`ssh`", ssh_keys, e))
		return false;
	s->text = json_str(ssh, "script", "");
	if (strstr(s->text, "{{"))
		return yaml_err_value(e, doc, ssh, "script",
			"a script is constant: give values to it as `vars`");
	vars = json_sub(ssh, "vars");
	if (!(s->host = runbook_tmpl(doc, ssh, "host", e)))
		return false;
	if (vars)
		s->with = runbook_tmpl(doc, ssh, "vars", e);
	return !vars || s->with;
}

static bool load_exec(
	const struct yaml_doc *doc, const json_t *in, struct step *s, struct err *e)
{
	if (json_array_size(json_sub(in, "exec")) == 0)
		return yaml_err_value(
			e, doc, in, "exec", "a program and its arguments are wanted");
	s->with = runbook_tmpl(doc, in, "exec", e);
	return s->with != NULL;
}

#define IN_FOREACH (1u << STEPS_OF_FOREACH)
#define IN_RESCUE (1u << STEPS_ON_FAILURE)

const struct step_type step_types[] = {
	[STEP_CALL] = {.key = "call", .load = load_call, .sends = true},
	[STEP_SQL] = {.key = "sql", .load = load_sql, .timed = true, .sends = true},
	[STEP_SSH] = {.key = "ssh", .load = load_ssh, .timed = true, .sends = true},
	[STEP_EXEC] = {.key = "exec", .load = load_exec, .timed = true, .sends = true},
	[STEP_WAIT] = {.key = "wait", .load = load_wait},
	[STEP_CONFIRM] = {.key = "confirm", .load = load_confirm, .not_in = IN_RESCUE},
	[STEP_FOREACH] = {.key = "foreach",
		.load = load_foreach,
		.not_in = IN_FOREACH | IN_RESCUE},
};
const size_t step_types_n = LENGTH(step_types);
