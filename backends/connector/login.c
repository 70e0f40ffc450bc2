/*
 * The login of a source: one at a time, its token kept in memory until it expires, is refused, or the source ends.
 */
#include "backends/base/log.h"
#include "backends/connector/source_private.h"

#include <stdlib.h>
#include <string.h>

enum { TOKEN_MAX = 65536 };

struct login_waiter {
	struct login_waiter *next;
	login_fn *fn;
	void *arg;
};

struct login {
	struct source *source;
	json_t *header;   /* NULL: no good token */
	int64_t until_ms; /* monotonic */
	bool busy;
	struct session session;
	struct exchange *exchange;
	struct login_waiter *waiters;
	/* Those of the login that just ended; any of them may still forget. */
	struct login_waiter *telling;
};

struct login *login_new(struct source *s)
{
	struct login *l = xcalloc(1, sizeof(*l));
	l->source = s;
	return l;
}

void login_drop(struct login *l)
{
	json_wipe_own(l->header);
	l->header = NULL;
}

json_t *login_header(struct login *l)
{
	if (l->header && clock_mono_ms() >= l->until_ms)
		login_drop(l);
	return l->header;
}

static void tell(struct login *l, const struct err *e)
{
	l->telling = l->waiters;
	l->waiters = NULL;
	l->busy = false;
	session_close(&l->session);
	while (l->telling) {
		struct login_waiter *w = l->telling;
		l->telling = w->next;
		w->fn(w->arg, e);
		free(w);
	}
}

static int64_t lifetime(const struct def_auth *a, json_t *body, json_t *scope)
{
	struct err ignored = ERR_INIT;
	if (!a->expires.jmes)
		return a->lifetime_ms;
	json_t *v = jmes_search(a->expires.jmes, body, scope, &ignored);
	double seconds = json_is_number(v) ? json_number_value(v) : 0;
	json_decref(v);
	/* a tenth early, so that a token does not die on its way */
	return seconds >= 10 && seconds < 1e8 ? (int64_t)(seconds * 900) : a->lifetime_ms;
}

static bool take_token(struct login *l, json_t *body, struct err *e)
{
	const struct def_auth *a = l->source->auth;
	json_t *scope = json_copy(l->session.scope);
	json_t *token = jmes_search(a->token.jmes, body, scope, e);
	bool ok = token && json_is_string(token) && json_string_length(token) > 0;
	if (ok && json_string_length(token) > TOKEN_MAX)
		ok = err_set(e, ERR_AUTH, "the token is longer than %d bytes", TOKEN_MAX);
	else if (token && !ok)
		err_set(e, ERR_AUTH, "the reply holds no token at \"%s\"", a->token.text);
	if (ok) {
		log_redact_token(l, json_string_value(token));
		json_object_set(scope, "token", token);
		l->header = tmpl_render(a->header, scope, e);
		ok = l->header != NULL;
		l->until_ms = clock_mono_ms() + lifetime(a, body, scope);
	}
	json_decref(scope);
	json_decref(token);
	return ok;
}

static void replied(void *arg, const struct exchange_reply *r)
{
	struct login *l = arg;
	struct err e = r->err;
	l->exchange = NULL;
	if (e.code == ERR_NONE && !take_token(l, r->body, &e) && e.code == ERR_NONE)
		err_set(&e, ERR_AUTH, "no token");
	if (e.code != ERR_NONE)
		err_wrap(&e, "login");
	tell(l, &e);
}

static void opened(void *arg, const struct err *e)
{
	struct login *l = arg;
	if (e->code != ERR_NONE) {
		struct err copy = *e;
		tell(l, &copy);
		return;
	}
	struct exchange_spec spec = {.rq = &l->source->auth->login,
		.scope = l->session.scope,
		.no_auth = true};
	l->exchange = exchange_start(&l->session, &spec, replied, l);
}

void login_wait(struct login *l, login_fn *fn, void *arg)
{
	struct login_waiter *w = xcalloc(1, sizeof(*w));
	w->fn = fn;
	w->arg = arg;
	w->next = l->waiters;
	l->waiters = w;
	if (l->busy)
		return;
	l->busy = true;
	login_drop(l);
	const char *const *lists[] = {l->source->auth->secrets};
	session_open(&l->session, l->source, lists, 1, opened, l);
}

static void forget_in(struct login_waiter **at, void *arg)
{
	for (; *at; at = &(*at)->next)
		if ((*at)->arg == arg) {
			struct login_waiter *w = *at;
			*at = w->next;
			free(w);
			return;
		}
}

void login_forget(struct login *l, void *arg)
{
	forget_in(&l->waiters, arg);
	forget_in(&l->telling, arg);
}

void login_free(struct login *l)
{
	if (!l)
		return;
	exchange_cancel(l->exchange);
	session_close(&l->session);
	while (l->waiters)
		login_forget(l, l->waiters->arg);
	while (l->telling)
		login_forget(l, l->telling->arg);
	login_drop(l);
	log_redact_token(l, NULL);
	free(l);
}
