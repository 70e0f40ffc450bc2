/*
 * The end of an exchange: what came becomes JSON, at once when it is little, else in turn.
 */
#include "backends/connector/exchange.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/budget.h"
#include "backends/connector/request.h"

/* Of what a refusal says, more is not read as JSON. */
#define REFUSED_BYTES ((size_t)256 << 10)

void exchange_free(struct exchange *x)
{
	json_decref(x->spec.scope);
	json_decref(x->spec.extra);
	free((char *)(uintptr_t)x->spec.url);
	free((char *)(uintptr_t)x->spec.list);
	str_release(&x->scratch);
	free(x->link);
	free(x->next);
	free(x);
}

void exchange_answer(struct exchange *x, const struct exchange_reply *r)
{
	if (r->status == 401 ||
		(x->spec.rq->transport == DEF_SQL && r->err.code == ERR_AUTH))
		source_refused(x->se->source);
	exchange_fn *fn = x->fn;
	void *arg = x->arg;
	struct str scratch = x->scratch;
	char *link = x->link, *next = x->next;
	struct exchange_reply copy = *r;
	x->link = x->next = NULL;
	x->scratch = (struct str)STR_INIT;
	exchange_free(x);
	fn(arg, &copy);
	str_release(&scratch);
	free(link);
	free(next);
}

/* A reply that was cut, or ended by us, is no answer whatever its status. `ended`: it is whole, or its end is open. */
static bool is_accepted(
	const struct def_request *rq, struct exchange_reply *r, bool ended)
{
	for (size_t i = 0; ended && i < rq->n_accept; i++)
		if (r->status && r->status == rq->accept_status[i]) {
			r->err = (struct err)ERR_INIT;
			return true;
		}
	return r->err.code == ERR_NONE;
}

/* A JSON text that says by itself where it ends. */
static bool ends_itself(const struct def_request *rq, const json_t *body)
{
	return rq->reply == REPLY_JSON && body && !json_is_null(body) &&
	       !json_is_number(body);
}

static void conclude(
	struct exchange *x, struct exchange_reply *r, json_t *body, bool open_end)
{
	/* Items come only of an array. */
	if (open_end && (r->items || ends_itself(x->spec.rq, body)))
		r->whole = true;
	r->doubt = open_end && !r->whole ? "its end is not proved" : "";
	r->body = body;
	exchange_answer(x, r);
}

static void was_read(void *arg, const struct reading_end *end)
{
	struct exchange *x = arg;
	struct exchange_reply r = x->held;
	struct json_items *items = end->items;
	x->reading = NULL;
	r.err = end->err;
	r.repaired = end->repaired;
	r.whole = r.whole && end->err.code == ERR_NONE;
	r.items = items ? &items : NULL;
	conclude(x, &r, end->body, x->open_end && end->err.code == ERR_NONE);
	json_items_free(items);
}

/* A large reply waits until there is room for its tree. What it refers to is gone by then. */
static void hold(struct exchange *x, const struct exchange_reply *r,
	const struct exchange_text *text, size_t need)
{
	struct str own = STR_INIT_MAX(text->len + 1);
	x->held = *r;
	x->link = xstrdup(r->link);
	x->next = xstrdup(r->next);
	x->held.link = x->link;
	x->held.next = x->next;
	x->open_end = text->open_end;
	if (text->http) {
		http_take_body(text->http, &own);
	} else {
		str_add(&own, text->bytes, text->len);
		budget_text_add(own.len);
	}
	x->reading = reading_start(x->se->source->reach.loop, x->spec.rq, x->spec.list,
		&own, need, was_read, x);
}

void exchange_finish(
	struct exchange *x, struct exchange_reply *r, const struct exchange_text *text)
{
	json_t *body = NULL;
	const struct def_request *rq = x->spec.rq;
	bool ended = r->whole || text->open_end;
	if (is_accepted(rq, r, ended)) {
		if (!x->spec.on_data) {
			size_t need = reading_need(rq, text->bytes, text->len);
			if (!reading_is_small(need)) {
				hold(x, r, text, need);
				return;
			}
			body = reply_read(
				rq, text->bytes, text->len, &r->repaired, &r->err);
			r->whole = r->whole && body;
		}
	} else if (r->status && ended && text->len <= REFUSED_BYTES &&
		   reading_is_small(json_need(text->bytes, text->len))) {
		struct err ignored = ERR_INIT;
		body = json_read_reply(text->bytes, text->len, &r->repaired, &ignored);
	}
	conclude(x, r, body, text->open_end);
	json_decref(body);
}
