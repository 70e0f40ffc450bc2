/*
 * What one look shows. A reply that is not whole, empty or of another shape than `until` asks about was not read at all; an
 * `until` that would also be true of a reply that shows nothing proves nothing, but by an absence that the call declares.
 */
#include "backends/connector/call_look.h"
#include "backends/connector/html.h"
#include "backends/connector/probe.h"

#include <string.h>

enum { DEPTH_MAX = 16 };

/* ---- what was looked at ---- */

struct shape {
	struct str *words; /* of the first that is there; or NULL */
	size_t asked, there;
};

static void describe_value(const char *path, const json_t *v, struct str *out)
{
	if (json_is_array(v)) {
		size_t n = json_array_size(v);
		str_addf(out, "%s%s%zu %s", path, *path ? " has " : "", n,
			n == 1 ? "entry" : "entries");
		return;
	}
	str_addf(out, "%s%s", path, *path ? " is " : "");
	json_scalar_to(out, v);
}

static bool is_there(void *arg, bool of_scope, const char *path, json_t *value)
{
	struct shape *s = arg;
	if (of_scope)
		return true;
	s->asked++;
	if (!json_is_null(value) && s->there++ == 0 && s->words)
		describe_value(path, value, s->words);
	return true;
}

/* Does the body have anything of what `until` asks about? */
static bool has_shape(const struct call *c, json_t *body, struct str *words)
{
	struct shape s = {words, 0, 0};
	if (!c->def->verify.until.jmes)
		return true;
	jmes_paths(c->def->verify.until.jmes, body, c->scope, is_there, &s);
	return !s.asked || s.there;
}

/* ---- gone ---- */

/* A text of the body: the code itself (after "#", as AWS writes it), or one that holds `part`. */
static bool body_tells(const json_t *v, const char *code, const char *part, int depth)
{
	const char *text = json_string_value(v), *key;
	json_t *one;
	size_t i;
	if (text) {
		const char *hash = strchr(text, '#');
		return code ? strcmp(hash ? hash + 1 : text, code) == 0
			    : strstr(text, part) != NULL;
	}
	if (depth >= DEPTH_MAX)
		return false;
	json_array_foreach (v, i, one)
		if (body_tells(one, code, part, depth + 1))
			return true;
	json_object_foreach ((json_t *)(uintptr_t)v, key, one)
		if (body_tells(one, code, part, depth + 1))
			return true;
	return false;
}

/* The far side's own whole answer that there is no such thing, of one that was there before. */
static bool is_gone(const struct call *c, const struct exchange_reply *r)
{
	const struct def_verify *v = &c->def->verify;
	if (c->before || v->absent != ABSENT_OBJECT || !r->whole || !c->was.whole)
		return false;
	if (r->status == 404 || r->status == 410)
		return true;
	return v->absent_status && r->status == v->absent_status &&
	       (!v->absent_code || body_tells(r->body, v->absent_code, NULL, 0)) &&
	       (!v->absent_text || body_tells(r->body, NULL, v->absent_text, 0));
}

/* What `until` looked at can prove by being empty. */
static bool may_be_absent(const struct call *c, const struct exchange_reply *r)
{
	switch (c->def->verify.absent) {
	case ABSENT_ARRAY:
		return json_is_array(r->body) && !strstr(r->link, "rel=\"next\"") &&
		       !strstr(r->link, "rel=next");
	case ABSENT_ROWS:
		return json_is_array(r->body);
	case ABSENT_OUTPUT:
		return r->exit_code == 0;
	case ABSENT_NONE:
	case ABSENT_OBJECT:
		break;
	}
	return false;
}

/* ---- what it shows ---- */

/* Whole, and of the shape that is asked about; or why not, in e. */
static bool was_read(const struct call *c, const struct exchange_reply *r,
	struct str *words, struct err *e)
{
	if (e->code != ERR_NONE)
		return false;
	if (!r->whole)
		return err_set(e, ERR_PARSE, "the reply is not known to be whole%s%s",
			*r->doubt ? ": " : "", r->doubt);
	if (!r->body || json_is_null(r->body))
		return err_set(e, ERR_PARSE, "the reply is empty");
	if (is_html(r->body))
		return err_set(e, ERR_PARSE, "a web page in place of the reply");
	return has_shape(c, r->body, words) ||
	       err_set(e, ERR_PARSE,
		       "the reply has nothing of what is asked about: it proves nothing");
}

/* `x` holds; is that proof? `why` else. */
static bool is_positive(const struct call *c, const struct def_expr *x,
	const struct exchange_reply *r, const char **why)
{
	if (!probe_body(x->jmes, c->scope, false) || may_be_absent(c, r))
		return true;
	*why = "which would be true of an empty reply too: it proves nothing";
	return false;
}

static bool names_made(void *arg, bool of_scope, const char *path, json_t *value)
{
	bool *made = arg;
	bool member =
		strncmp(path, "called.", 7) == 0 || strncmp(path, "called[", 7) == 0;
	/* That there was some reply names nothing of it. */
	bool whole = strcmp(path, "called") == 0 && !json_is_object(value);
	*made = of_scope && (member || whole) && !json_is_null(value);
	return !*made;
}

/* What `until` names of the call's own reply is there: nothing compared with nothing would be equal. */
static bool made_is_known(const struct call *c, json_t *body)
{
	bool made = false;
	jmes_paths(c->def->verify.until.jmes, body, c->scope, names_made, &made);
	return c->called && made;
}

/* `already` asks for something else than `until`, which may have held all the same. */
static bool was_so(const struct call *c)
{
	return c->was.holds ||
	       probe_holds(c->def->verify.until.jmes, c->was.body, c->scope);
}

/* It is so now as `already` asks, and was not before. */
static bool became_so(const struct call *c, json_t *body)
{
	const struct def_expr *x = &c->def->verify.already;
	return probe_holds(x->jmes, body, c->scope) &&
	       !probe_body(x->jmes, c->scope, false) &&
	       !probe_holds(x->jmes, c->was.body, c->scope);
}

/* Why what holds is no proof of this call, or NULL: one that is sent though it may be so already
 * is not proved by what was so before. */
static const char *not_new(const struct call *c, json_t *body)
{
	static const char unread[] =
		"and what was there before is not known: it proves nothing";
	const struct def_verify *v = &c->def->verify;
	if (v->names_called)
		return made_is_known(c, body) ? NULL
					      : "and what the call itself made is not "
						"known: it proves nothing";
	if (!c->was.whole && (v->names_before || c->def->again))
		return unread;
	if (c->was.whole && (c->def->again || v->already.jmes) && was_so(c) &&
		!became_so(c, body))
		return "as it was before: it proves nothing";
	return NULL;
}

/* What failed before, may have, or would be said by an empty reply, is no failure of this call. */
static bool has_failed(const struct call *c, json_t *body)
{
	const struct def_expr *x = &c->def->verify.fails;
	bool names_made = x->jmes && probe_names(x->jmes, "called") && c->called;
	return !c->before && probe_holds(x->jmes, body, c->scope) &&
	       !probe_body(x->jmes, c->scope, false) &&
	       (names_made ||
		       (c->was.whole && !probe_holds(x->jmes, c->was.body, c->scope)));
}

static enum call_look judge(
	const struct call *c, const struct exchange_reply *r, const char **why)
{
	const struct def_verify *v = &c->def->verify;
	bool own = c->before && v->already.jmes;
	const struct def_expr *x = own ? &v->already : &v->until;
	if (probe_holds(x->jmes, r->body, c->scope)) {
		if (!is_positive(c, x, r, why))
			return LOOK_NOT_YET;
		/* Before the call there is nothing that it made. */
		if (c->before)
			return own || !v->names_called ? LOOK_HOLDS : LOOK_NOT_YET;
		*why = not_new(c, r->body);
		return *why ? LOOK_NOT_YET : LOOK_HOLDS;
	}
	return has_failed(c, r->body) ? LOOK_FAILED : LOOK_NOT_YET;
}

enum call_look call_look(
	struct call *c, const struct exchange_reply *r, struct str *known, struct err *e)
{
	struct str words = STR_INIT_MAX(400);
	const char *why = NULL;
	enum call_look look = LOOK_UNREAD;
	if (is_gone(c, r)) {
		*e = (struct err)ERR_INIT;
		str_addf(known, "it is gone (HTTP %d)", r->status);
		return LOOK_HOLDS;
	}
	if (c->before) /* nothing has changed since */
		json_object_set(c->scope, "before", r->body ? r->body : json_null());
	if (was_read(c, r, &words, e)) {
		json_t *envelope = exchange_envelope(r);
		look = judge(c, r, &why);
		if (!words.len)
			call_default_words(r, &words);
		call_say(c, c->def->verify.says, envelope, words.buf, known);
		if (why)
			str_addf(known, ", %s", why);
		json_decref(envelope);
	}
	str_release(&words);
	return look;
}
