/*
 * Looks at the far side: whether it is so already, before anything is sent, and whether the change has arrived.
 */
#include "backends/connector/call.h"

static void see(struct call *c, const struct exchange_reply *r, json_t *body,
	struct str *known, struct err *e)
{
	struct str plain = STR_INIT_MAX(64);
	json_t *envelope = exchange_envelope(r);
	json_t *v = jmes_search(c->def->until.jmes, body, c->scope, e);
	call_default_words(r, &plain);
	call_say(c, c->def->verify_says, envelope, plain.buf, known);
	c->look = v && jmes_truthy(v) ? LOOK_HOLDS : LOOK_NOT_YET;
	json_decref(v);
	json_decref(envelope);
	str_release(&plain);
}

static void looked(void *arg, const struct exchange_reply *r)
{
	struct call *c = arg;
	struct err e = r->err;
	json_t *body = r->body ? r->body : json_null();
	struct str known = STR_INIT_MAX(4096);
	c->exchange = NULL;
	if (e.code == ERR_NOTFOUND && c->def->verify_missing) {
		e = (struct err)ERR_INIT;
		str_adds(&known, "it is gone");
		c->look = LOOK_HOLDS;
	} else if (e.code == ERR_NONE) {
		see(c, r, body, &known, &e);
	}
	if (e.code != ERR_NONE)
		err_wrap(&e, "verify");
	call_end(c, &e, r->body, e.code == ERR_NONE ? known.buf : e.msg);
	str_release(&known);
}

static void run_look(struct call *c)
{
	struct err e = ERR_INIT;
	if (!c->def->has_verify) {
		err_set(&e, ERR_NOTFOUND, "call %s has no verify", c->def->name);
		call_end(c, &e, NULL, e.msg);
		return;
	}
	struct exchange_spec spec = {
		.rq = &c->def->verify, .scope = c->scope, .mode = PG_READ};
	c->exchange = exchange_start(&c->session, &spec, looked, c);
}

static struct call *look(struct source *s, const char *call, json_t *input, bool before,
	look_fn *fn, void *arg)
{
	struct call *c = call_new(s, input, NULL, arg);
	c->look_fn = fn;
	c->before = before;
	call_start(c, connector_call(s->def, call), run_look);
	return c;
}

struct call *source_before(
	struct source *s, const char *call, json_t *input, look_fn *fn, void *arg)
{
	return look(s, call, input, true, fn, arg);
}

struct call *source_verify(
	struct source *s, const char *call, json_t *input, look_fn *fn, void *arg)
{
	return look(s, call, input, false, fn, arg);
}
