/*
 * One request and its reply: authenticated, sent through its transport, read into JSON. A 401 with a login is
 * answered by one new login: the far side has refused, so sending again repeats nothing.
 */
#include "backends/connector/exchange.h"
#include "backends/base/secret.h"
#include "backends/base/shown.h"
#include "backends/connector/request.h"

#include <stdlib.h>
#include <string.h>

static void fail_now(struct loop *l, void *arg)
{
	(void)l;
	struct exchange *x = arg;
	struct exchange_reply r = {.err = x->err,
		.affected = -1,
		.exit_code = -1,
		.doubt = "",
		.err_out = "",
		.link = "",
		.next = ""};
	exchange_answer(x, &r);
}

/* Later, so that no callback runs within the function that asked. */
static void fail(struct exchange *x, const struct err *e)
{
	x->err = *e;
	x->deferred = loop_defer(x->se->source->reach.loop, fail_now, x);
}

static void start(struct exchange *x);

static void logged_in(void *arg, const struct err *e)
{
	struct exchange *x = arg;
	x->waits_login = false;
	if (e->code != ERR_NONE)
		fail(x, e);
	else
		start(x);
}

static void wait_login(struct exchange *x)
{
	x->waits_login = true;
	login_wait(x->se->source->login, logged_in, x);
}

/* ---- http ---- */

static void http_came(void *arg, const struct http_reply *reply)
{
	struct exchange *x = arg;
	struct source *s = x->se->source;
	x->http = NULL;
	/* ERR_AUTH: a refusal that was cut may be anything. */
	if (reply->status == 401 && reply->err.code == ERR_AUTH && s->login &&
		!x->spec.no_auth && !x->again) {
		x->again = true;
		login_drop(s->login);
		wait_login(x);
		return;
	}
	struct exchange_reply r = {.err = reply->err,
		.whole = reply->whole,
		.status = reply->status,
		.affected = -1,
		.exit_code = -1,
		.sent = reply->sent,
		.err_out = "",
		.link = reply->link ? reply->link : "",
		.next = x->spec.next_header ? http_header(reply, x->spec.next_header)
					    : "",
		.retry_after_ms = reply->retry_after_ms};
	if (r.err.code == ERR_LIMIT && str_starts(reply->err.msg, "the reply of"))
		err_set(&r.err, ERR_LIMIT,
			"%s: ask for less at once (page: size), or allow more "
			"(max_bytes)",
			reply->err.msg);
	if (r.err.code == ERR_THROTTLE && !r.retry_after_ms && s->def->reset_header)
		r.retry_after_ms =
			reply_reset_ms(s->def, http_header(reply, s->def->reset_header));
	struct exchange_text text = {.bytes = reply->body ? reply->body : "",
		.len = reply->len,
		.open_end = reply->open_end,
		.http = reply};
	exchange_finish(x, &r, &text);
}

static bool data_came(void *arg, const char *bytes, size_t len)
{
	struct exchange *x = arg;
	return x->spec.on_data(x->arg, bytes, len);
}

struct credentials {
	struct str user, password, region, service, session;
};

static bool text_of(const struct tmpl *t, json_t *scope, struct str *out, struct err *e)
{
	return !t || tmpl_render_text(t, scope, out, e);
}

static bool credentials_fill(
	const struct def_auth *a, json_t *scope, struct credentials *c, struct err *e)
{
	return (text_of(a->user, scope, &c->user, e) &&
		       text_of(a->password, scope, &c->password, e) &&
		       text_of(a->region, scope, &c->region, e) &&
		       text_of(a->service, scope, &c->service, e) &&
		       text_of(a->session, scope, &c->session, e)) ||
	       err_wrap(e, "auth");
}

static void credentials_wipe(struct credentials *c)
{
	str_wipe(&c->user);
	str_wipe(&c->password);
	str_wipe(&c->region);
	str_wipe(&c->service);
	str_wipe(&c->session);
}

/* Auth headers go over the request's own: nobody sends another token by a mistake in the file. */
static bool auth_headers(
	struct exchange *x, json_t *scope, json_t *headers, struct err *e)
{
	struct source *s = x->se->source;
	const struct def_auth *a = s->auth;
	if (x->spec.no_auth || (a->kind != AUTH_HEADER && a->kind != AUTH_LOGIN))
		return true;
	json_t *more = a->kind == AUTH_HEADER ? tmpl_render(a->header, scope, e)
					      : json_incref(login_header(s->login));
	if (!more)
		return err_wrap(e, "auth.header");
	json_object_update(headers, more);
	json_wipe_own(more);
	return true;
}

enum { HEADERS_MAX = 40 };

static void fill_headers(struct rendered *r, const char *range, struct http_header *list)
{
	const char *key;
	json_t *v;
	size_t n = 0;
	bool typed = false;
	json_object_foreach (r->headers, key, v) {
		if (n + 3 >= HEADERS_MAX)
			break;
		typed = typed || strcasecmp(key, "content-type") == 0;
		list[n++] = (struct http_header){key, json_string_value(v)};
	}
	if (!typed && r->content_type)
		list[n++] = (struct http_header){"Content-Type", r->content_type};
	if (*range)
		list[n++] = (struct http_header){"Range", range};
	list[n] = (struct http_header){NULL, NULL};
}

static void send_http(struct exchange *x, struct rendered *r, json_t *scope)
{
	struct source *s = x->se->source;
	const struct def_auth *a = s->auth;
	struct http_header headers[HEADERS_MAX];
	struct credentials cred = {STR_INIT_MAX(4096), STR_INIT_MAX(65536),
		STR_INIT_MAX(256), STR_INIT_MAX(256), STR_INIT_MAX(16384)};
	struct err e = ERR_INIT;
	char range[40] = "";
	if (!credentials_fill(a, scope, &cred, &e) ||
		!auth_headers(x, scope, r->headers, &e)) {
		credentials_wipe(&cred);
		fail(x, &e);
		return;
	}
	if (x->spec.tail_bytes)
		str_format(range, sizeof(range), "bytes=-%zu", x->spec.tail_bytes);
	fill_headers(r, range, headers);
	bool by_password = !x->spec.no_auth && a->user;
	struct http_request rq = {.method = r->method,
		.url = r->url.buf,
		.headers = headers,
		.body = r->body.len ? r->body.buf : NULL,
		.body_len = r->body.len,
		.timeout_ms = x->spec.rq->timeout_ms,
		.max_bytes =
			x->spec.max_bytes ? x->spec.max_bytes : x->spec.rq->max_bytes,
		.user = by_password ? cred.user.buf : NULL,
		.password = by_password ? cred.password.buf : NULL,
		.aws_region = a->kind == AUTH_SIGV4 ? cred.region.buf : NULL,
		.aws_service = a->kind == AUTH_SIGV4 ? cred.service.buf : NULL,
		.aws_token = cred.session.len ? cred.session.buf : NULL,
		.ca_file = s->ca_file,
		.client_cert = s->client_cert,
		.client_key = s->client_key,
		.proxy = s->proxy,
		.plain_http = s->plain_http,
		.on_data = x->spec.on_data ? data_came : NULL};
	x->http = http_send(s->reach.http, &rq, http_came, x);
	credentials_wipe(&cred);
}

/* ---- SQL ---- */

static void pg_came(void *arg, const struct pg_reply *reply)
{
	struct exchange *x = arg;
	x->pg = NULL;
	struct exchange_reply r = {.err = reply->err,
		.whole = reply->err.code == ERR_NONE && !reply->truncated,
		.doubt = reply->truncated ? "not all rows were read" : "",
		.body = reply->rows,
		.affected = reply->affected,
		.exit_code = -1,
		.sent = reply->sent,
		.truncated = reply->truncated,
		.repaired = reply->repaired,
		.err_out = "",
		.link = "",
		.next = ""};
	exchange_answer(x, &r);
}

static void send_sql(struct exchange *x, struct rendered *r, json_t *scope)
{
	struct source *s = x->se->source;
	struct err e = ERR_INIT;
	json_t *to = tmpl_render(s->def->postgres, scope, &e);
	if (!to) {
		err_wrap(&e, "postgres");
		fail(x, &e);
		return;
	}
	struct str port = STR_INIT_MAX(32), app = STR_INIT_MAX(64);
	json_scalar_to(&port, json_object_get(to, "port"));
	str_addf(&app, "watchdesk/%.40s", s->reach.config->operator_name);
	struct pg_target target = {.host = json_str(to, "host", ""),
		.port = port.len ? port.buf : NULL,
		.dbname = json_str(to, "dbname", ""),
		.user = json_str(to, "user", NULL),
		.password = json_str(to, "password", NULL),
		.sslmode = json_str(to, "sslmode", NULL),
		.sslrootcert = json_str(to, "sslrootcert", NULL),
		.sslcert = json_str(to, "sslcert", s->client_cert),
		.sslkey = json_str(to, "sslkey", s->client_key),
		.application = app.buf};
	struct pg_query q = {.sql = r->sql.buf,
		.params = r->params,
		.mode = x->spec.mode,
		.timeout_ms = x->spec.rq->timeout_ms,
		.max_rows = x->spec.rq->max_rows,
		.max_bytes = x->spec.rq->max_bytes,
		.max_affected = x->spec.rq->max_affected,
		.min_affected = x->spec.rq->min_affected};
	x->pg = pg_send(s->reach.pg, &target, &q, pg_came, x);
	str_release(&port);
	str_release(&app);
	json_wipe_own(to);
}

/* ---- ssh ---- */

/* The last line with something in it, made safe: where programs say why they failed. */
static void last_line(struct str *out, const char *text, size_t len)
{
	while (len && strchr("\r\n \t", text[len - 1]))
		len--;
	size_t from = len;
	while (from && text[from - 1] != '\n')
		from--;
	shown_safely(out, text + from, len - from, 200, UTF8_ONE_LINE);
}

static void ssh_came(void *arg, const struct ssh_reply *reply)
{
	struct exchange *x = arg;
	x->ssh = NULL;
	struct exchange_reply r = {.err = reply->err,
		.whole = reply->proved && reply->err.code == ERR_NONE,
		.affected = -1,
		.exit_code = reply->proved ? reply->exit_code : -1,
		.sent = reply->started,
		.err_out = "",
		.link = "",
		.next = ""};
	bool change = x->spec.mode == PG_WRITE;
	struct str last = STR_INIT_MAX(1024);
	if (reply->err_out)
		last_line(&last, reply->err_out, reply->err_len);
	r.err_out = last.buf;
	if (r.err.code == ERR_NONE && r.exit_code != 0 && !change)
		err_set(&r.err, ERR_REMOTE, "the script ended with code %d: %s",
			r.exit_code, last.buf);
	x->scratch = last;
	struct exchange_text text = {
		.bytes = reply->out ? reply->out : "", .len = reply->out_len};
	exchange_finish(x, &r, &text);
}

static void send_ssh(struct exchange *x, struct rendered *r)
{
	struct source *s = x->se->source;
	const struct config_host *known = config_host(s->reach.config, r->host.buf);
	struct ssh_host alias = {.host = r->host.buf};
	struct ssh_script script = {.text = r->body.buf,
		.vars = r->vars,
		.timeout_ms = x->spec.rq->timeout_ms,
		.max_bytes = x->spec.rq->max_bytes};
	x->ssh =
		ssh_run(s->reach.ssh, known ? &known->ssh : &alias, &script, ssh_came, x);
}

/* ---- any ---- */

static bool missing_transport(const struct source *s, enum def_transport t)
{
	return (t == DEF_HTTP && !s->reach.http) || (t == DEF_SQL && !s->reach.pg) ||
	       (t == DEF_SSH && !s->reach.ssh);
}

/* The key of a certificate is read by libcurl and libpq, which ask nobody whose it is and who may read it. */
static bool key_is_safe(const struct source *s, enum def_transport t, struct err *e)
{
	const char *path = s->client_key ? s->client_key : s->client_cert;
	return t == DEF_SSH || !path || secret_file_check(path, e) ||
	       err_wrap(e, s->client_key ? "client_key" : "client_cert");
}

static bool can_send(const struct source *s, enum def_transport t, struct err *e)
{
	if (missing_transport(s, t))
		return err_set(e, ERR_CONFIG, "this process cannot reach sources");
	return key_is_safe(s, t, e);
}

static void start(struct exchange *x)
{
	struct source *s = x->se->source;
	struct rendered r;
	struct err e = ERR_INIT;
	if (x->spec.rq->transport == DEF_HTTP && s->login && !x->spec.no_auth &&
		!login_header(s->login)) {
		wait_login(x);
		return;
	}
	json_t *scope = scope_with(x->spec.scope, "secret", x->se->secret);
	bool sorted = s->auth->kind == AUTH_SIGV4;
	if (!can_send(s, x->spec.rq->transport, &e) ||
		!request_render(s, &x->spec, scope, sorted, &r, &e)) {
		fail(x, &e);
	} else {
		if (r.transport == DEF_HTTP)
			send_http(x, &r, scope);
		else if (r.transport == DEF_SQL)
			send_sql(x, &r, scope);
		else
			send_ssh(x, &r);
		rendered_release(&r);
	}
	json_decref(scope);
}

struct exchange *exchange_start(
	struct session *se, const struct exchange_spec *spec, exchange_fn *fn, void *arg)
{
	struct exchange *x = xcalloc(1, sizeof(*x));
	str_init(&x->scratch, 1024);
	x->se = se;
	x->spec = *spec;
	x->spec.scope = json_incref(spec->scope);
	x->spec.extra = json_incref(spec->extra);
	x->spec.url = spec->url ? xstrdup(spec->url) : NULL;
	x->spec.list = spec->list ? xstrdup(spec->list) : NULL;
	x->fn = fn;
	x->arg = arg;
	start(x);
	return x;
}

void exchange_cancel(struct exchange *x)
{
	if (!x)
		return;
	struct source *s = x->se->source;
	if (x->waits_login)
		login_forget(s->login, x);
	loop_timer_cancel(s->reach.loop, x->deferred);
	reading_cancel(x->reading);
	if (x->http)
		http_cancel(s->reach.http, x->http);
	if (x->pg)
		pg_cancel(s->reach.pg, x->pg);
	if (x->ssh)
		ssh_cancel(s->reach.ssh, x->ssh);
	exchange_free(x);
}

json_t *exchange_envelope(const struct exchange_reply *r)
{
	json_t *v = json_object();
	json_object_set_new(
		v, "status", r->status ? json_integer(r->status) : json_null());
	json_object_set(v, "body", r->body ? r->body : json_null());
	json_object_set_new(v, "affected",
		r->affected >= 0 ? json_integer(r->affected) : json_null());
	json_object_set_new(
		v, "exit", r->exit_code >= 0 ? json_integer(r->exit_code) : json_null());
	return v;
}
