/*
 * A statement of a runbook: a call whose definition stands in no file. Its values are bound as they came, so nothing in them
 * is an expression, and no secret of the source can be seen by them.
 */
#include "backends/connector/call.h"
#include "backends/connector/request.h"

#include <stdlib.h>
#include <string.h>

bool source_has_sql(const struct source *s)
{
	return s->def->postgres != NULL;
}

char *source_sql_text(const struct sql_statement *q)
{
	struct rendered r = {.transport = DEF_SQL, .sql = STR_INIT_MAX(1 << 20)};
	struct str out = STR_INIT_MAX(1 << 20);
	str_adds(&r.sql, q->text);
	r.params = q->values ? json_deep_copy(q->values) : NULL;
	request_describe(&r, &out);
	rendered_release(&r);
	return str_take(&out);
}

static void no_sql(struct call *c)
{
	struct err e = ERR_INIT;
	err_set(&e, ERR_CONFIG,
		"source %s is no PostgreSQL source: connector %s has no `postgres:`",
		c->source->cfg.name, c->source->def->name);
	call_end(c, &e, NULL, e.msg);
}

static struct call *start(struct source *s, const struct sql_statement *q, call_fn *fn,
	void *arg, void (*run)(struct call *c))
{
	struct call *c = call_new(s, NULL, fn, arg);
	c->text = xstrdup(q->text);
	c->values = q->values ? json_deep_copy(q->values) : NULL;
	c->made_step.request = (struct def_request){.transport = DEF_SQL,
		.raw = c->text,
		.sql = c->text,
		.values = c->values,
		.max_affected = q->max_rows,
		.min_affected = q->min_rows,
		.timeout_ms = q->timeout_ms};
	c->made = (struct def_call){.name = "sql",
		.title = "sql",
		.steps = &c->made_step,
		.n_steps = 1,
		.has_preview = true,
		.preview_rollback = true,
		.preview = c->made_step.request};
	call_start(c, &c->made, source_has_sql(s) ? run : no_sql);
	return c;
}

struct call *source_sql(
	struct source *s, const struct sql_statement *q, call_fn *fn, void *arg)
{
	return start(s, q, fn, arg, call_run);
}

struct call *source_sql_preview(
	struct source *s, const struct sql_statement *q, call_fn *fn, void *arg)
{
	return start(s, q, fn, arg, call_preview);
}
