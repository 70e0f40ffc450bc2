/*
 * Filling a request's templates: URL, query, body, bound parameters, script variables.
 */
#include "backends/connector/request.h"

#include <stdlib.h>
#include <string.h>

enum { HEADER_MAX = 16384 };

struct pair {
	char *name, *value;
};
struct pairs {
	struct pair *list;
	size_t n, cap;
};

static void pairs_add(struct pairs *p, const char *name, const json_t *v)
{
	struct str text = STR_INIT;
	json_scalar_to(&text, v);
	p->list = mem_grow(p->list, &p->cap, p->n + 1, sizeof(*p->list));
	p->list[p->n++] = (struct pair){xstrdup(name), str_take(&text)};
}

static void pairs_release(struct pairs *p)
{
	for (size_t i = 0; i < p->n; i++) {
		explicit_bzero(p->list[i].value, strlen(p->list[i].value));
		free(p->list[i].name);
		free(p->list[i].value);
	}
	free(p->list);
}

/* null is left out, an array repeats its name */
static void pairs_fill(struct pairs *p, json_t *obj)
{
	const char *key;
	json_t *v, *one;
	size_t i;
	json_object_foreach (obj, key, v) {
		if (json_is_array(v)) {
			json_array_foreach (v, i, one)
				pairs_add(p, key, one);
		} else if (!json_is_null(v)) {
			pairs_add(p, key, v);
		}
	}
}

static int pair_cmp(const void *a, const void *b)
{
	const struct pair *x = a, *y = b;
	int by_name = strcmp(x->name, y->name);
	return by_name ? by_name : strcmp(x->value, y->value);
}

static void pairs_encode(struct pairs *p, struct str *out, bool first)
{
	for (size_t i = 0; i < p->n; i++) {
		if (!first || i)
			str_addc(out, '&');
		http_encode(out, p->list[i].name, strlen(p->list[i].name));
		str_addc(out, '=');
		http_encode(out, p->list[i].value, strlen(p->list[i].value));
	}
}

/* The rendered object, or an empty one without a template; paging's members over it. */
static json_t *with_extra(
	const struct tmpl *t, json_t *scope, json_t *extra, struct err *e)
{
	json_t *v = t ? tmpl_render(t, scope, e) : json_object();
	if (!v || !extra)
		return v;
	json_t *copy = json_copy(v);
	json_decref(v);
	json_object_update(copy, extra);
	return copy;
}

static bool add_query(const struct exchange_spec *spec, json_t *scope, bool sorted,
	struct rendered *out, struct err *e)
{
	json_t *extra = spec->where == PAGE_IN_QUERY ? spec->extra : NULL;
	json_t *query = with_extra(spec->rq->query, scope, extra, e);
	if (!query)
		return err_wrap(e, "query");
	struct pairs p = {0};
	pairs_fill(&p, query);
	json_wipe_own(query);
	if (sorted && p.n)
		qsort(p.list, p.n, sizeof(*p.list), pair_cmp);
	if (p.n) {
		bool has = strchr(out->url.buf, '?') != NULL;
		str_addc(&out->url, has ? '&' : '?');
		pairs_encode(&p, &out->url, true);
	}
	pairs_release(&p);
	return true;
}

/* What belongs to another host, a secret perhaps, is not sent to this one. A value is encoded by now. */
static bool is_path(const char *path, struct err *e)
{
	static const char *const starts[] = {"http:", "https:", "http%3A", "https%3A"};
	for (size_t i = 0; i < LENGTH(starts); i++)
		if (str_starts(path, starts[i]))
			return err_set(e, ERR_CONFIG,
				"\"%s\" is an address where a path belongs: requests go "
				"to the source's own url",
				path);
	return true;
}

static bool build_url(const struct source *s, const struct exchange_spec *spec,
	json_t *scope, bool sorted, struct rendered *out, struct err *e)
{
	struct str path = STR_INIT_MAX(16384);
	if (spec->url) {
		str_adds(&out->url, spec->url);
		return true;
	}
	if (!s->def->base)
		return err_set(
			e, ERR_CONFIG, "connector %s has no base URL", s->def->name);
	if (!tmpl_render_text(s->def->base, scope, &out->url, e))
		return err_wrap(e, "base");
	size_t len = out->url.len;
	while (len && out->url.buf[len - 1] == '/')
		len--;
	str_cut(&out->url, len);
	bool ok = tmpl_render_path(spec->rq->path, scope, &path, e);
	ok = ok && is_path(path.buf, e);
	if (ok && path.buf[0] != '/' && path.buf[0] != '?' && path.len)
		str_addc(&out->url, '/');
	str_add(&out->url, path.buf, path.len);
	str_release(&path);
	return ok && add_query(spec, scope, sorted, out, e);
}

/* "page.cursor" sets body.page.cursor: what lies between is made, copies where it is the template's own. */
static void set_dotted(json_t *obj, const char *dotted, json_t *value)
{
	const char *dot = strchr(dotted, '.');
	if (!dot) {
		json_object_set(obj, dotted, value);
		return;
	}
	char *head = xstrndup(dotted, (size_t)(dot - dotted));
	const json_t *have = json_object_get(obj, head);
	json_t *sub = json_is_object(have) ? json_copy((json_t *)(uintptr_t)have)
					   : json_object();
	set_dotted(sub, dot + 1, value); /* depth: the dots of a name in the file */
	json_object_set_new(obj, head, sub);
	free(head);
}

static bool json_body(const struct exchange_spec *spec, json_t *scope,
	struct rendered *out, struct err *e)
{
	json_t *v =
		spec->rq->json ? tmpl_render(spec->rq->json, scope, e) : json_object();
	if (!v)
		return err_wrap(e, "json");
	if (spec->where == PAGE_IN_JSON && spec->extra && json_is_object(v)) {
		json_t *copy = json_copy(v), *one;
		const char *key;
		json_object_foreach (spec->extra, key, one)
			set_dotted(copy, key, one);
		json_decref(v);
		v = copy;
	}
	json_text_to(&out->body, v);
	json_wipe_own(v);
	out->content_type = "application/json";
	return true;
}

static bool form_body(const struct exchange_spec *spec, json_t *scope,
	struct rendered *out, struct err *e)
{
	json_t *extra = spec->where == PAGE_IN_FORM ? spec->extra : NULL;
	json_t *form = with_extra(spec->rq->form, scope, extra, e);
	if (!form)
		return err_wrap(e, "form");
	struct pairs p = {0};
	pairs_fill(&p, form);
	pairs_encode(&p, &out->body, true);
	pairs_release(&p);
	json_wipe_own(form);
	out->content_type = "application/x-www-form-urlencoded";
	return true;
}

static bool build_body(const struct exchange_spec *spec, json_t *scope,
	struct rendered *out, struct err *e)
{
	const struct def_request *rq = spec->rq;
	if (rq->json || (spec->extra && spec->where == PAGE_IN_JSON))
		return json_body(spec, scope, out, e);
	if (rq->form || (spec->extra && spec->where == PAGE_IN_FORM))
		return form_body(spec, scope, out, e);
	return !rq->body || tmpl_render_text(rq->body, scope, &out->body, e) ||
	       err_wrap(e, "body");
}

static bool add_headers(
	const struct tmpl *t, json_t *scope, struct rendered *out, struct err *e)
{
	const char *key;
	json_t *v;
	if (!t)
		return true;
	json_t *more = tmpl_render(t, scope, e);
	if (!more)
		return err_wrap(e, "headers");
	bool ok = true;
	json_object_foreach (more, key, v) {
		struct str text = STR_INIT_MAX(HEADER_MAX);
		json_scalar_to(&text, v);
		if (text.over)
			ok = err_set(e, ERR_LIMIT, "header %s is longer than %d bytes",
				key, HEADER_MAX);
		else if (!json_is_null(v))
			json_object_set_new(out->headers, key, json_string(text.buf));
		str_wipe(&text);
	}
	json_wipe_own(more);
	return ok;
}

/* As PostgreSQL quotes an identifier: "a""b". */
static bool add_identifier(
	struct str *out, const char *name, const char *value, struct err *e)
{
	if (!*value || strlen(value) > 63)
		return err_set(e, ERR_USAGE,
			"%s must be a name of 1 to 63 bytes, not \"%s\"", name, value);
	str_addc(out, '"');
	for (const char *p = value; *p; p++) {
		if (*p == '"')
			str_addc(out, '"');
		str_addc(out, *p);
	}
	return str_addc(out, '"');
}

/* %{name} becomes the quoted identifier of that name. */
static bool fill_identifiers(
	const char *sql, const json_t *ids, struct str *out, struct err *e)
{
	for (const char *at = sql; *at; at++) {
		size_t len = at[0] == '%' && at[1] == '{' ? strcspn(at + 2, "}") : 0;
		if (!len) {
			str_addc(out, *at);
			continue;
		}
		char *name = xstrndup(at + 2, len);
		bool ok = add_identifier(out, name, json_str(ids, name, ""), e);
		free(name);
		if (!ok)
			return false;
		at += len + 2;
	}
	return true;
}

static bool build_sql(
	const struct def_request *rq, json_t *scope, struct rendered *out, struct err *e)
{
	json_t *ids = rq->identifiers ? tmpl_render(rq->identifiers, scope, e) : NULL;
	if (rq->identifiers && !ids)
		return err_wrap(e, "identifiers");
	bool ok = ids ? fill_identifiers(rq->sql, ids, &out->sql, e)
		      : str_adds(&out->sql, rq->sql) ||
				  err_set(e, ERR_LIMIT, "the statement is too long");
	json_decref(ids);
	if (!ok)
		return false;
	if (rq->values)
		out->params = json_deep_copy(rq->values);
	else if (rq->params)
		out->params = tmpl_render(rq->params, scope, e);
	return !rq->params || out->params || err_wrap(e, "params");
}

static bool build_ssh(
	const struct def_request *rq, json_t *scope, struct rendered *out, struct err *e)
{
	if (!tmpl_render_text(rq->host, scope, &out->host, e))
		return err_wrap(e, "ssh.host");
	if (!out->host.len)
		return err_set(e, ERR_CONFIG, "ssh.host is empty");
	str_adds(&out->body, rq->script);
	out->vars = rq->vars ? tmpl_render(rq->vars, scope, e) : NULL;
	return !rq->vars || out->vars || err_wrap(e, "ssh.vars");
}

bool request_render(const struct source *s, const struct exchange_spec *spec,
	json_t *scope, bool sorted, struct rendered *out, struct err *e)
{
	bool ok = false;
	*out = (struct rendered){.transport = spec->rq->transport,
		.method = spec->rq->method,
		.url = STR_INIT_MAX(32768),
		.body = STR_INIT,
		.sql = STR_INIT_MAX(1 << 20),
		.host = STR_INIT_MAX(512),
		.headers = json_object()};
	switch (spec->rq->transport) {
	case DEF_HTTP:
		ok = build_url(s, spec, scope, sorted, out, e) &&
		     build_body(spec, scope, out, e) &&
		     add_headers(s->def->headers, scope, out, e) &&
		     add_headers(spec->rq->headers, scope, out, e);
		if (ok && (out->url.over || out->body.over))
			ok = err_set(e, ERR_LIMIT, "the request is too large");
		break;
	case DEF_SQL:
		ok = build_sql(spec->rq, scope, out, e);
		break;
	case DEF_SSH:
		ok = build_ssh(spec->rq, scope, out, e);
		break;
	case DEF_NONE:
		err_set(e, ERR_CONFIG, "there is no request");
		break;
	}
	if (!ok)
		rendered_release(out);
	return ok;
}

void rendered_release(struct rendered *r)
{
	str_wipe(&r->url);
	str_wipe(&r->body);
	str_wipe(&r->sql);
	str_wipe(&r->host);
	json_wipe_own(r->headers);
	json_wipe_own(r->params);
	json_wipe_own(r->vars);
	memset(r, 0, sizeof(*r));
}
