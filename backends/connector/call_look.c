/*
 * Looks at the far side: whether it is so already, before anything is sent, and whether the change has arrived. What was read
 * goes to call_proof.c, which says what it shows.
 */
#include "backends/connector/call_look.h"

#include <string.h>

static void end_look(struct call *c, const struct exchange_reply *r, struct err *e)
{
	struct str known = STR_INIT_MAX(4096);
	json_t *body = json_incref(r->body);
	c->look = call_look(c, r, &known, e);
	if (e->code != ERR_NONE)
		err_wrap(e, "verify");
	call_end(c, e, body, e->code == ERR_NONE ? known.buf : e->msg);
	json_decref(body);
	str_release(&known);
}

static void looked(void *arg, const struct exchange_reply *r)
{
	struct call *c = arg;
	struct err e = r->err;
	c->exchange = NULL;
	end_look(c, r, &e);
}

/* ---- a list, page by page ---- */

static bool page_came(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct call *c = arg;
	(void)r;
	json_array_extend(c->items, items);
	return true;
}

static void pages_ended(void *arg, const struct fetch_end *end)
{
	struct call *c = arg;
	struct err e = end->err;
	struct exchange_reply r = {.err = end->err,
		.whole = end->err.code == ERR_NONE && !end->cut,
		.doubt = end->cut ? "the list is longer" : "",
		.status = end->status,
		.body = end->err.code == ERR_NONE ? c->items : NULL,
		.affected = -1,
		.exit_code = -1,
		.repaired = end->repaired,
		.err_out = "",
		.link = "",
		.next = ""};
	c->fetch = NULL;
	end_look(c, &r, &e);
}

static void run_look(struct call *c)
{
	static const struct fetch_fns fns = {page_came, pages_ended};
	const struct def_verify *v = &c->def->verify;
	struct err e = ERR_INIT;
	if (!v->given) {
		err_set(&e, ERR_NOTFOUND, "call %s has no verify", c->def->name);
		call_end(c, &e, NULL, e.msg);
		return;
	}
	if (v->pages) {
		c->items = json_array();
		c->fetch = fetch_start(&c->session, &v->fetch, c->scope, &fns, c);
		return;
	}
	struct exchange_spec spec = {
		.rq = &v->fetch.request, .scope = c->scope, .mode = PG_READ};
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
