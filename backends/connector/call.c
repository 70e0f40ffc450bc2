/*
 * Calls: what changes something on the far side. Sent once, step by step; what the replies tell is call_judge.c.
 */
#include "backends/connector/call.h"
#include "backends/base/shown.h"
#include "backends/connector/request.h"

#include <stdlib.h>
#include <string.h>

static void call_free(struct call *c)
{
	exchange_cancel(c->exchange);
	fetch_cancel(c->fetch);
	session_close(&c->session);
	json_decref(c->input);
	json_decref(c->scope);
	json_decref(c->steps);
	json_decref(c->items);
	json_decref(c->values);
	free(c->text);
	op_remove(&c->op);
	free(c);
}

static void cancel_op(struct op *op)
{
	call_free((struct call *)(void *)op);
}

void call_cancel(struct call *c)
{
	if (c)
		call_free(c);
}

static void tell(
	const struct call *c, const struct err *e, json_t *reply, const char *known)
{
	struct call_result r = {.err = *e,
		.effect = c->effect,
		.sent = c->sent,
		.whole = c->whole,
		.no_rows = c->no_rows,
		.reply = reply,
		.known = known};
	struct look_result l = {.err = *e,
		.look = e->code == ERR_NONE ? c->look : LOOK_UNREAD,
		.reply = reply,
		.known = known};
	if (c->look_fn)
		c->look_fn(c->arg, &l);
	else
		c->fn(c->arg, &r);
}

void call_end(struct call *c, const struct err *e, json_t *reply, const char *known)
{
	struct call was = *c;
	struct str safe = STR_INIT_MAX(1024);
	struct err err = *e;
	shown_safely(&safe, known, strlen(known), 300, UTF8_ONE_LINE);
	scrub_err(&err);
	json_incref(reply);
	call_free(c); /* who is told may free the source */
	tell(&was, &err, reply, safe.buf);
	json_decref(reply);
	str_release(&safe);
}

json_t *call_scope(const struct source *s, json_t *input)
{
	json_t *scope = source_scope(s);
	if (json_is_object(input))
		json_object_update(scope, input);
	scope_merge(scope, json_path(input, "record.opaque"));
	/* what was read before anything was sent is seen only where it was read whole */
	json_t *before = json_sub(input, "before");
	if (before)
		json_object_set(scope, "before",
			json_flag(before, "whole", false)
				? json_object_get(before, "body")
				: json_null());
	/* a plan's own time, so that what was previewed and what is executed are the same */
	json_t *now = json_path(input, "action.now");
	if (json_is_string(now))
		json_object_set(scope, "now", now);
	return scope;
}

void call_say(const struct call *c, const struct tmpl *says, json_t *envelope,
	const char *fallback, struct str *out)
{
	struct err ignored = ERR_INIT;
	json_t *scope = scope_with(c->scope, "reply", envelope);
	if (!says || !tmpl_render_text(says, scope, out, &ignored)) {
		str_clear(out);
		str_adds(out, fallback);
	}
	json_decref(scope);
}

void call_default_words(const struct exchange_reply *r, struct str *out)
{
	if (r->status)
		str_addf(out, "HTTP %d", r->status);
	else if (r->exit_code >= 0)
		str_addf(out, "exit code %d", r->exit_code);
	else if (r->affected >= 0)
		str_addf(out, "%ld %s", r->affected, r->affected == 1 ? "row" : "rows");
}

/* ---- running ---- */

static void step_failed(struct call *c, struct err *e, json_t *body)
{
	if (c->def->n_steps > 1)
		err_wrap(e, "step %zu of %zu", c->step + 1, c->def->n_steps);
	call_end(c, e, body, e->msg);
}

static void next_step(struct call *c, const struct def_step *step, json_t *envelope)
{
	if (step->name)
		json_object_set(c->steps, step->name, envelope);
	json_object_set(c->scope, "prev", envelope);
	c->step++;
	call_run(c);
}

static void all_done(struct call *c, const struct exchange_reply *r, json_t *envelope)
{
	struct err none = ERR_INIT;
	struct str plain = STR_INIT_MAX(64), known = STR_INIT_MAX(4096);
	c->no_rows = r->affected == 0;
	call_default_words(r, &plain);
	call_say(c, c->def->says, envelope, plain.buf, &known);
	if (r->repaired)
		str_addf(&known, " (%zu values of the reply could not be read as sent)",
			r->repaired);
	call_end(c, &none, r->body, known.buf);
	str_release(&plain);
	str_release(&known);
}

static void step_done(void *arg, const struct exchange_reply *r)
{
	struct call *c = arg;
	const struct def_step *step = &c->def->steps[c->step];
	struct err e = r->err;
	bool before = c->sent;
	c->exchange = NULL;
	c->sent = c->sent || (r->sent && !call_step_reads(c));
	json_t *envelope = exchange_envelope(r);
	call_judge(c, r, envelope, before, &e);
	if (e.code != ERR_NONE)
		step_failed(c, &e, r->body);
	else if (c->step + 1 < c->def->n_steps)
		next_step(c, step, envelope);
	else
		all_done(c, r, envelope);
	json_decref(envelope);
}

void call_run(struct call *c)
{
	const struct def_request *rq = &c->def->steps[c->step].request;
	struct exchange_spec spec = {.rq = rq, .scope = c->scope, .mode = PG_WRITE};
	c->exchange = exchange_start(&c->session, &spec, step_done, c);
}

static void opened(void *arg, const struct err *e)
{
	struct call *c = arg;
	if (e->code != ERR_NONE) {
		struct err copy = *e;
		call_end(c, &copy, NULL, copy.msg);
		return;
	}
	c->run(c);
}

/* ---- starting ---- */

static void no_call(struct call *c)
{
	struct err e = ERR_INIT;
	err_set(&e, ERR_NOTFOUND, "connector %s has no such call", c->source->def->name);
	call_end(c, &e, NULL, e.msg);
}

struct call *call_new(struct source *s, json_t *input, call_fn *fn, void *arg)
{
	struct call *c = xcalloc(1, sizeof(*c));
	c->source = s;
	c->input = json_incref(input);
	c->scope = call_scope(s, input);
	c->steps = json_object();
	json_object_set(c->scope, "steps", c->steps);
	c->was.body = json_path(input, "before.body");
	c->was.whole =
		c->was.body && json_flag(json_sub(input, "before"), "whole", false);
	c->was.holds = json_flag(json_sub(input, "before"), "holds", false);
	c->called = json_sub(input, "called") != NULL;
	c->fn = fn;
	c->arg = arg;
	op_add(s, &c->op, cancel_op);
	return c;
}

void call_start(struct call *c, const struct def_call *def, void (*run)(struct call *c))
{
	const char *const *lists[12] = {NULL};
	size_t n = 0;
	c->def = def;
	c->run = def ? run : no_call;
	if (def) {
		lists[n++] = def->preview.secrets;
		lists[n++] = def->verify.fetch.request.secrets;
		for (size_t i = 0; i < def->n_steps; i++)
			lists[n++] = def->steps[i].request.secrets;
	}
	session_open(&c->session, c->source, lists, n, opened, c);
}

struct call *source_call(
	struct source *s, const char *call, json_t *input, call_fn *fn, void *arg)
{
	struct call *c = call_new(s, input, fn, arg);
	call_start(c, connector_call(s->def, call), call_run);
	return c;
}

bool source_call_traits(const struct source *s, const char *call, struct call_traits *out)
{
	const struct def_call *d = connector_call(s->def, call);
	*out = (struct call_traits){0};
	if (!d)
		return false;
	out->verify = d->verify.given;
	out->again = d->again;
	out->proof_reply = d->proof_reply;
	out->preview = d->has_preview;
	out->every_ms = d->verify.every_ms;
	out->within_ms = d->verify.within_ms;
	return true;
}
