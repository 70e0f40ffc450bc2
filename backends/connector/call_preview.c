/*
 * Calls beforehand: the text of what would be sent, what forbids it without a request, and the far side's own dry run.
 */
#include "backends/base/shown.h"
#include "backends/connector/call.h"
#include "backends/connector/request.h"

#include <stdlib.h>
#include <string.h>

enum { LINES_MAX = 200, LINE_MAX_BYTES = 400 };

/* ---- the text, without sending; secrets are masked, so none is resolved ---- */

static json_t *masks(const struct connector *c)
{
	json_t *v = json_object();
	for (size_t i = 0; i < c->n_secrets; i++)
		json_object_set_new(v, c->secrets[i].name, json_string("[secret]"));
	return v;
}

static bool describe_step(const struct source *s, const struct def_call *d, size_t i,
	json_t *scope, struct str *out, struct err *e)
{
	const struct def_request *rq = &d->steps[i].request;
	struct exchange_spec spec = {.rq = rq, .scope = scope};
	struct rendered r;
	if (i)
		str_adds(out, " ; then ");
	if (request_render(s, &spec, scope, false, &r, e)) {
		request_describe(&r, out);
		rendered_release(&r);
		return true;
	}
	if (!rq->later)
		return err_wrap(e, "%s", d->name);
	/* filled from the reply of the step before, which is not there yet */
	*e = (struct err)ERR_INIT;
	str_addf(out, "%s %s (filled from the reply before)",
		rq->method ? rq->method : "", rq->raw);
	return true;
}

static const struct def_call *find(
	const struct source *s, const char *call, struct err *e)
{
	const struct def_call *d = connector_call(s->def, call);
	if (!d)
		err_set(e, ERR_NOTFOUND, "connector %s has no call \"%s\"", s->def->name,
			call);
	return d;
}

static json_t *masked_scope(const struct source *s, json_t *input)
{
	json_t *scope = call_scope(s, input);
	json_object_set_new(scope, "secret", masks(s->def));
	return scope;
}

char *source_call_text(struct source *s, const char *call, json_t *input, struct err *e)
{
	const struct def_call *d = find(s, call, e);
	struct str text = STR_INIT_MAX(1 << 20);
	bool ok = true;
	if (!d)
		return NULL;
	json_t *scope = masked_scope(s, input);
	for (size_t i = 0; i < d->n_steps && ok; i++)
		ok = describe_step(s, d, i, scope, &text, e);
	json_decref(scope);
	if (ok)
		return str_take(&text);
	str_release(&text);
	return NULL;
}

/* ---- what forbids it, without a request ---- */

static bool requirement(const struct def_require *q, json_t *scope, struct err *e)
{
	struct str says = STR_INIT_MAX(400);
	json_t *v = jmes_search(q->that.jmes, scope, scope, e);
	if (!v)
		return err_wrap(e, "requires");
	bool ok = jmes_truthy(v);
	json_decref(v);
	if (!ok && tmpl_render_text(q->says, scope, &says, e))
		err_set(e, ERR_CONFLICT, "%s", says.buf);
	str_release(&says);
	return ok;
}

/* The requests that need nothing of what the call will bring. */
static bool renders(const struct source *s, const struct def_request *rq, json_t *scope,
	const char *what, struct err *e)
{
	struct exchange_spec spec = {.rq = rq, .scope = scope};
	struct rendered r;
	if (rq->later || rq->transport == DEF_NONE)
		return true;
	if (!request_render(s, &spec, scope, false, &r, e))
		return err_wrap(e, "%s", what);
	rendered_release(&r);
	return true;
}

bool source_call_check(struct source *s, const char *call, json_t *input, struct err *e)
{
	const struct def_call *d = find(s, call, e);
	bool ok = d != NULL;
	json_t *scope = masked_scope(s, input);
	for (size_t i = 0; ok && i < d->n_requires; i++)
		ok = requirement(&d->requires[i], scope, e);
	for (size_t i = 0; ok && i < d->n_steps; i++)
		ok = renders(s, &d->steps[i].request, scope, d->name, e);
	ok = ok && renders(s, &d->preview, scope, "preview", e) &&
	     renders(s, &d->verify.fetch.request, scope, "verify", e);
	json_decref(scope);
	return ok;
}

/* ---- preview ---- */

static void add_line(json_t *lines, const json_t *v)
{
	struct str raw = STR_INIT_MAX(65536), safe = STR_INIT_MAX(1024);
	json_scalar_to(&raw, v);
	shown_safely(&safe, raw.buf, raw.len, LINE_MAX_BYTES, UTF8_ONE_LINE);
	json_array_append_new(lines, json_string(safe.buf));
	str_release(&raw);
	str_release(&safe);
}

static void add_lines(json_t *lines, json_t *v)
{
	size_t i;
	json_t *one;
	if (!json_is_array(v)) {
		if (v && !json_is_null(v))
			add_line(lines, v);
		return;
	}
	json_array_foreach (v, i, one) {
		if (i == LINES_MAX) {
			json_array_append_new(lines,
				json_sprintf("... and %zu more", json_array_size(v) - i));
			return;
		}
		add_line(lines, one);
	}
}

static bool preview_part(struct call *c, const struct def_expr *x, const char *what,
	json_t *body, json_t *lines, struct err *e)
{
	if (!x->jmes)
		return true;
	json_t *v = jmes_search(x->jmes, body, c->scope, e);
	if (!v)
		return err_wrap(e, "preview.%s", what);
	add_lines(lines, v);
	json_decref(v);
	return true;
}

static bool preview_refused(struct call *c, json_t *body, struct err *e)
{
	struct str words = STR_INIT_MAX(400);
	if (!c->def->refuse.jmes)
		return false;
	json_t *v = jmes_search(c->def->refuse.jmes, body, c->scope, e);
	if (!v)
		return !err_wrap(e, "preview.refuse");
	bool refused = jmes_truthy(v);
	json_scalar_to(&words, v);
	if (refused)
		err_set(e, ERR_CONFLICT, "%s", words.buf);
	str_release(&words);
	json_decref(v);
	return refused;
}

static json_t *preview_reply(
	struct call *c, const struct exchange_reply *r, struct err *e)
{
	json_t *body = r->body ? r->body : json_null();
	if (preview_refused(c, body, e))
		return NULL;
	json_t *envelope = exchange_envelope(r);
	json_t *lines = json_array(), *targets = json_array();
	struct str says = STR_INIT_MAX(4096), plain = STR_INIT_MAX(64);
	if (r->affected >= 0 && c->def->preview_rollback)
		str_addf(&plain, "%ld %s would change", r->affected,
			r->affected == 1 ? "row" : "rows");
	call_say(c, c->def->preview_says, envelope, plain.buf, &says);
	if (says.len) {
		json_t *first = json_stringn(says.buf, says.len);
		add_lines(lines, first);
		json_decref(first);
	}
	bool ok = preview_part(c, &c->def->lines, "lines", body, lines, e) &&
		  preview_part(c, &c->def->targets, "targets", body, targets, e);
	if (ok && !c->def->lines.jmes && (json_is_array(body) || json_is_string(body)))
		add_lines(lines, body);
	str_release(&says);
	str_release(&plain);
	json_decref(envelope);
	json_t *out = json_pack("{s:o,s:o}", "lines", lines, "targets", targets);
	if (ok)
		return out;
	json_decref(out);
	return NULL;
}

static void previewed(void *arg, const struct exchange_reply *r)
{
	struct call *c = arg;
	struct err e = r->err;
	c->exchange = NULL;
	json_t *reply = e.code == ERR_NONE ? preview_reply(c, r, &e) : NULL;
	if (e.code != ERR_NONE)
		err_wrap(&e, "preview");
	call_end(c, &e, reply, e.msg);
	json_decref(reply);
}

void call_preview(struct call *c)
{
	if (!c->def->has_preview) {
		struct err none = ERR_INIT;
		json_t *reply = json_pack("{s:[s],s:[]}", "lines",
			"not previewable: this system has no dry run for it", "targets");
		call_end(c, &none, reply, "");
		json_decref(reply);
		return;
	}
	struct exchange_spec spec = {.rq = &c->def->preview,
		.scope = c->scope,
		.mode = c->def->preview_rollback ? PG_PREVIEW : PG_READ};
	c->exchange = exchange_start(&c->session, &spec, previewed, c);
}

struct call *source_preview(
	struct source *s, const char *call, json_t *input, call_fn *fn, void *arg)
{
	struct call *c = call_new(s, input, fn, arg);
	call_start(c, connector_call(s->def, call), call_preview);
	return c;
}
