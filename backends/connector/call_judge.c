/*
 * What a call's reply tells of its effect. Nothing was changed only where nothing was sent, or where the far side's own
 * whole answer is a refusal. That it was done is never taken from a status alone.
 */
#include "backends/connector/call.h"
#include "backends/connector/html.h"
#include "backends/connector/probe.h"

#include <string.h>

bool call_step_reads(const struct call *c)
{
	const struct def_request *rq = &c->def->steps[c->step].request;
	return c->step + 1 < c->def->n_steps && rq->transport == DEF_HTTP &&
	       strcmp(rq->method, "GET") == 0;
}

/* A 4xx is the far side's no, but for those that tell of time: what they stand before may be done all the same. */
static bool refusing_status(int status)
{
	return status >= 400 && status < 500 && status != 408 && status != 425 &&
	       status != 499;
}

/* Can this step alone have changed nothing? */
static bool unchanged(const struct call *c, const struct exchange_reply *r)
{
	const struct def_step *step = &c->def->steps[c->step];
	if (!r->sent || call_step_reads(c))
		return true;
	switch (step->request.transport) {
	case DEF_HTTP:
		return r->whole && refusing_status(r->status);
	case DEF_SQL: /* before COMMIT was sent: the transaction is gone */
		return r->err.code != ERR_NONE && r->err.code != ERR_UNKNOWN &&
		       !step->outside_transaction;
	case DEF_SSH:
	case DEF_NONE:
		break;
	}
	return false;
}

/* "refused (HTTP 200): a freeze is on" */
static bool refuse(const struct call *c, const struct exchange_reply *r, json_t *envelope,
	struct err *e)
{
	const struct def_step *step = &c->def->steps[c->step];
	struct str words = STR_INIT_MAX(400), plain = STR_INIT_MAX(64);
	struct err ignored = ERR_INIT;
	json_t *why = step->refusal.jmes ? jmes_search(step->refusal.jmes, envelope,
						   c->scope, &ignored)
					 : NULL;
	if (why && !json_is_null(why))
		json_scalar_to(&words, why);
	else if (*r->err_out)
		str_adds(&words, r->err_out);
	call_default_words(r, &plain);
	err_set(e, ERR_REMOTE, "refused (%s)%s%s", plain.buf, words.len ? ": " : "",
		words.buf);
	str_release(&plain);
	str_release(&words);
	json_decref(why);
	return false;
}

/* False with the far side's words in e. */
static bool is_success(const struct call *c, const struct exchange_reply *r,
	json_t *envelope, struct err *e)
{
	const struct def_step *step = &c->def->steps[c->step];
	if (is_html(r->body))
		return err_set(e, ERR_REMOTE, "a web page in place of the reply");
	if (!step->success.jmes)
		return r->exit_code <= 0 || refuse(c, r, envelope, e);
	json_t *v = jmes_search(step->success.jmes, envelope, c->scope, e);
	if (!v)
		return err_wrap(e, "success");
	bool ok = jmes_truthy(v);
	json_decref(v);
	return ok || refuse(c, r, envelope, e);
}

/* The reply shows the wished state: `success` would not be true of one that shows nothing. */
static bool is_proof(
	const struct call *c, const struct exchange_reply *r, json_t *envelope)
{
	const struct def_expr *x = &c->def->steps[c->step].success;
	return c->def->proof_reply && c->step + 1 == c->def->n_steps && r->whole &&
	       !r->repaired && x->jmes &&
	       !probe_envelope(x->jmes, envelope, c->scope, false);
}

/* A refusal that the call names: 1 nothing was changed, -1 something may be, 0 it names none. */
static int named_refusal(
	const struct call *c, const struct exchange_reply *r, json_t *envelope)
{
	const struct def_step *step = &c->def->steps[c->step];
	if (!r->whole)
		return 0;
	if (probe_holds(step->maybe.jmes, envelope, c->scope))
		return -1;
	if (!probe_holds(step->refused.jmes, envelope, c->scope))
		return 0;
	/* A status or an exit code can refuse by itself, an empty reply cannot. */
	json_t *bare = json_pack("{s:n, s:n, s:n}", "status", "exit", "affected");
	bool empty = probe_envelope(step->refused.jmes, bare, c->scope, true);
	json_decref(bare);
	return !empty;
}

static void not_known(struct err *e)
{
	struct err was = *e;
	if (was.code != ERR_UNKNOWN)
		err_set(e, ERR_UNKNOWN, "sent, but what became of it is not known: %s",
			was.msg);
}

void call_judge(struct call *c, const struct exchange_reply *r, json_t *envelope,
	bool sent_before, struct err *e)
{
	int named = named_refusal(c, r, envelope);
	c->whole = r->whole;
	if (named && e->code == ERR_NONE)
		refuse(c, r, envelope, e);
	if (e->code == ERR_NONE && is_success(c, r, envelope, e)) {
		c->effect = is_proof(c, r, envelope) ? CALL_PROVED : CALL_ACCEPTED;
		return;
	}
	bool nothing = !sent_before && (named ? named > 0 : unchanged(c, r));
	c->effect = nothing ? CALL_NOTHING : CALL_MAYBE;
	if (!nothing)
		not_known(e);
}
