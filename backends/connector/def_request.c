/*
 * Requests, paging and fetches of a connector file.
 */
#include "backends/connector/def.h"

#include <string.h>

static const char *const methods[] = {"get", "post", "put", "patch", "delete"};
static const char *const method_names[] = {"GET", "POST", "PUT", "PATCH", "DELETE"};

/* The one key that says how the request goes out; NULL when there is none. */
static bool find_transport(struct connector *c, const json_t *obj,
	struct def_request *out, const char **key, struct err *e)
{
	*key = NULL;
	for (size_t i = 0; i < LENGTH(methods) + 2; i++) {
		const char *k = i < LENGTH(methods)    ? methods[i]
				: i == LENGTH(methods) ? "sql"
						       : "ssh";
		if (!json_object_get(obj, k))
			continue;
		if (*key)
			return yaml_err(e, &c->doc, obj, k,
				"a request has one of get, post, put, patch, delete, "
				"sql, "
				"ssh: here are %s and %s",
				*key, k);
		*key = k;
		out->transport = i < LENGTH(methods)    ? DEF_HTTP
				 : i == LENGTH(methods) ? DEF_SQL
							: DEF_SSH;
		out->method = i < LENGTH(methods) ? method_names[i] : NULL;
	}
	return true;
}

/* Keys that only make sense with one transport, so that a mistake is not silently without
 * effect. */
static bool check_fit(
	struct connector *c, const json_t *obj, enum def_transport have, struct err *e)
{
	static const struct {
		const char *key;
		enum def_transport only;
	} fit[] = {{"query", DEF_HTTP}, {"json", DEF_HTTP}, {"form", DEF_HTTP},
		{"body", DEF_HTTP}, {"headers", DEF_HTTP}, {"accept_status", DEF_HTTP},
		{"params", DEF_SQL}, {"identifiers", DEF_SQL}, {"max_rows", DEF_SQL},
		{"max_affected", DEF_SQL}};
	static const char *const need[] = {"a request", "an HTTP request", "sql", "ssh"};
	for (size_t i = 0; i < LENGTH(fit); i++)
		if (json_object_get(obj, fit[i].key) && have != fit[i].only)
			return yaml_err(e, &c->doc, obj, fit[i].key, "%s belongs to %s",
				fit[i].key, need[fit[i].only]);
	static const char *const bodies[] = {"json", "form", "body"};
	const char *seen = NULL;
	for (size_t i = 0; i < LENGTH(bodies); i++) {
		if (!json_object_get(obj, bodies[i]))
			continue;
		if (seen)
			return yaml_err(e, &c->doc, obj, bodies[i],
				"a request has one of json, form, body: here are %s and "
				"%s",
				seen, bodies[i]);
		seen = bodies[i];
	}
	return true;
}

static bool http_keys(
	struct connector *c, const json_t *obj, struct def_request *out, struct err *e)
{
	bool body = json_object_get(obj, "json") || json_object_get(obj, "form") ||
		    json_object_get(obj, "body");
	if (body) /* a preview with a body of its own does not send the call's too */
		out->json = out->form = out->body = NULL;
	if (!def_tmpl(c, obj, "query", &out->query, e) ||
		!def_tmpl(c, obj, "json", &out->json, e) ||
		!def_tmpl(c, obj, "form", &out->form, e) ||
		!def_tmpl(c, obj, "body", &out->body, e) ||
		!def_tmpl(c, obj, "headers", &out->headers, e))
		return false;
	const json_t *list = json_object_get(obj, "accept_status"), *v;
	if (!list)
		return true;
	size_t i;
	int *codes = def_alloc(c, json_array_size(list) + 1, sizeof(*codes));
	json_array_foreach (list, i, v) {
		codes[i] = (int)json_integer_value(v);
		if (codes[i] < 400 || codes[i] > 599)
			return yaml_err_item(e, &c->doc, list, i,
				"accept_status lists HTTP codes from 400 to 599");
	}
	out->accept_status = codes;
	out->n_accept = i;
	return true;
}

/* Each %{name} of the statement must be an identifier that is given. */
static bool check_identifiers(
	struct connector *c, const json_t *obj, const char *sql, struct err *e)
{
	const json_t *given = json_object_get(obj, "identifiers");
	for (const char *at = sql; (at = strstr(at, "%{"));) {
		size_t len = strcspn(at + 2, "}");
		char name[64];
		if (len >= sizeof(name) || at[2 + len] != '}')
			return yaml_err_value(
				e, &c->doc, obj, "sql", "%%{ without a name and }");
		memcpy(name, at + 2, len);
		name[len] = '\0';
		if (!json_object_get(given, name))
			return yaml_err_value(e, &c->doc, obj, "sql",
				"%%{%s} is not in `identifiers:`", name);
		at += 2;
	}
	return true;
}

static bool sql_keys(
	struct connector *c, const json_t *obj, struct def_request *out, struct err *e)
{
	out->sql = json_str(obj, "sql", out->sql);
	if (strstr(out->sql, "{{"))
		return yaml_err_value(e, &c->doc, obj, "sql",
			"no {{ }} in a statement: use $1 with `params:`, or %%{name} "
			"with `identifiers:`");
	out->max_rows = (size_t)json_int(obj, "max_rows", 0);
	out->max_affected = (long)json_int(obj, "max_affected", 1);
	return check_identifiers(c, obj, out->sql, e) &&
	       def_tmpl(c, obj, "params", &out->params, e) &&
	       def_tmpl(c, obj, "identifiers", &out->identifiers, e);
}

static bool check_vars(struct connector *c, const json_t *ssh, struct err *e)
{
	json_t *vars = json_object_get(ssh, "vars"), *v;
	const char *key;
	json_object_foreach (vars, key, v) {
		size_t len = strspn(key, "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_");
		if (key[len] || key[0] < 'A' || key[0] > 'Z')
			return yaml_err(e, &c->doc, vars, key,
				"a variable of a script is named like UNIT_NAME");
	}
	return true;
}

static bool ssh_keys(
	struct connector *c, const json_t *obj, struct def_request *out, struct err *e)
{
	static const struct yaml_key keys[] = {{"host", YAML_STRING, true},
		{"script", YAML_STRING, true}, {"vars", YAML_OBJECT}, {NULL}};
	const json_t *ssh = json_object_get(obj, "ssh");
	if (!yaml_check(&c->doc, ssh, "ssh", keys, e) || !check_vars(c, ssh, e))
		return false;
	out->script = json_str(ssh, "script", "");
	if (strstr(out->script, "{{"))
		return yaml_err_value(e, &c->doc, ssh, "script",
			"no {{ }} in a script: give the value as a variable with "
			"`vars:`");
	return def_tmpl(c, ssh, "host", &out->host, e) &&
	       def_tmpl(c, ssh, "vars", &out->vars, e);
}

static bool reply_keys(
	struct connector *c, const json_t *obj, struct def_request *out, struct err *e)
{
	static const char *const names[] = {"json", "json-lines", "text", "lines"};
	if (json_object_get(obj, "reply")) {
		int i = def_word(c, obj, "reply", names, LENGTH(names), e);
		if (i < 0)
			return false;
		out->reply = (enum def_reply)i;
	}
	out->timeout_ms = def_ms(obj, "timeout", out->timeout_ms);
	out->max_bytes = (size_t)json_int(obj, "max_bytes", (long long)out->max_bytes);
	if (!json_object_get(obj, "columns"))
		return true;
	if (out->reply != REPLY_LINES)
		return yaml_err(
			e, &c->doc, obj, "columns", "columns belongs to `reply: lines`");
	return def_strings(c, obj, "columns", &out->columns, &out->n_columns, e);
}

static bool transport_keys(struct connector *c, const json_t *obj, const char *key,
	struct def_request *out, struct err *e)
{
	switch (out->transport) {
	case DEF_NONE:
		return true;
	case DEF_HTTP:
		return (!key || def_path(c, obj, key, &out->path, e)) &&
		       http_keys(c, obj, out, e);
	case DEF_SQL:
		if (!c->postgres)
			return yaml_err(e, &c->doc, obj, key,
				"sql needs the connection: add `postgres:` at the top "
				"level of the file");
		return sql_keys(c, obj, out, e);
	case DEF_SSH:
		return !key || ssh_keys(c, obj, out, e);
	}
	return false;
}

bool def_request(struct connector *c, const json_t *obj, const struct def_request *base,
	struct def_request *out, struct err *e)
{
	const char *key;
	if (base)
		*out = *base;
	if (!find_transport(c, obj, out, &key, e))
		return false;
	if (key)
		out->raw = json_str(
			obj, key, json_str(json_object_get(obj, "ssh"), "host", ""));
	if (key && base)
		out->json = out->form = out->body = out->query = NULL;
	struct def_mentions before = def_secrets_begin(c);
	bool ok = check_fit(c, obj, out->transport, e) && reply_keys(c, obj, out, e) &&
		  transport_keys(c, obj, key, out, e);
	out->later = (c->sight.mentioned & SEES_LATER) != 0;
	out->secrets = def_secrets_end(c, before);
	return ok;
}

bool def_need_request(struct connector *c, const json_t *obj,
	const struct def_request *rq, const char *what, struct err *e)
{
	return rq->transport != DEF_NONE ||
	       yaml_err(e, &c->doc, obj, NULL,
		       "%s needs a request: one of get, post, put, patch, delete, sql, "
		       "ssh",
		       what);
}

/* ---- paging ---- */

static bool page_needs(struct connector *c, const json_t *in, const struct def_page *p,
	const char *style, struct err *e)
{
	bool ok = true;
	const char *needs = "";
	switch (p->style) {
	case PAGE_NONE:
	case PAGE_LINK:
		break;
	case PAGE_OFFSET:
	case PAGE_NUMBER:
		ok = p->size > 0;
		needs = "size";
		break;
	case PAGE_TOKEN:
		ok = p->param && (p->next.jmes || p->next_header);
		needs = "param, and next or next_header";
		break;
	case PAGE_LAST_ITEM:
		ok = p->param && p->next.jmes;
		needs = "param and next";
		break;
	}
	return ok ||
	       yaml_err(e, &c->doc, in, "style", "paging by %s needs %s", style, needs);
}

static bool read_page(
	struct connector *c, const json_t *in, struct def_page *p, struct err *e)
{
	static const struct yaml_key keys[] = {{"style", YAML_STRING},
		{"where", YAML_STRING}, {"size", YAML_COUNT}, {"first", YAML_INT},
		{"param", YAML_STRING}, {"size_param", YAML_STRING},
		{"next_header", YAML_STRING}, {"items", YAML_STRING},
		{"total", YAML_STRING}, {"more", YAML_STRING}, {"next", YAML_STRING},
		{"hosts", YAML_ARRAY}, {"max_pages", YAML_COUNT},
		{"max_items", YAML_COUNT}, {NULL}};
	static const char *const styles[] = {
		"none", "offset", "page", "token", "link", "last-item"};
	static const char *const wheres[] = {"query", "json", "form"};
	static const char *const params[] = {NULL, "offset", "page", NULL, NULL, NULL};
	static const char *const sizes[] = {NULL, "limit", "per_page", NULL, NULL, NULL};
	if (!yaml_check(&c->doc, in, "page", keys, e))
		return false;
	int style = 0, where = 0;
	if (json_object_get(in, "style") &&
		(style = def_word(c, in, "style", styles, LENGTH(styles), e)) < 0)
		return false;
	if (json_object_get(in, "where") &&
		(where = def_word(c, in, "where", wheres, LENGTH(wheres), e)) < 0)
		return false;
	p->style = (enum page_style)style;
	p->where = (enum page_where)where;
	p->size = (long)json_int(in, "size", 0);
	p->first = (long)json_int(in, "first", 1);
	p->param = json_str(in, "param", params[style]);
	p->size_param = json_str(in, "size_param", sizes[style]);
	p->next_header = json_str(in, "next_header", NULL);
	p->max_pages = (size_t)json_int(in, "max_pages", (long long)p->max_pages);
	p->max_items = (size_t)json_int(in, "max_items", (long long)p->max_items);
	if (p->size < 0 || p->size > 100000)
		return yaml_err_value(
			e, &c->doc, in, "size", "size must be from 1 to 100000");
	if (json_object_get(in, "hosts") &&
		!def_strings(c, in, "hosts", &p->hosts, NULL, e))
		return false;
	return def_expr(c, in, "items", &p->items, e) &&
	       def_expr(c, in, "total", &p->total, e) &&
	       def_expr(c, in, "more", &p->more, e) &&
	       def_expr(c, in, "next", &p->next, e) &&
	       page_needs(c, in, p, styles[style], e);
}

bool def_fetch(
	struct connector *c, const json_t *obj, struct def_fetch *out, struct err *e)
{
	const json_t *page = json_object_get(obj, "page");
	out->page.max_pages = 50;
	out->page.max_items = 20000;
	if (!def_request(c, obj, NULL, &out->request, e) ||
		(page && !read_page(c, page, &out->page, e)))
		return false;
	if (json_object_get(obj, "items") && json_object_get(page, "items"))
		return yaml_err(e, &c->doc, obj, "items", "items stands in page too");
	if (out->page.style != PAGE_NONE && out->request.transport != DEF_HTTP)
		return yaml_err(e, &c->doc, obj, "page",
			"only HTTP requests are fetched page by page");
	return def_expr(c, obj, "items", &out->page.items, e) &&
	       def_expr(c, obj, "error", &out->error, e);
}
