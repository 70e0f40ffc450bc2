/*
 * PostgreSQL calls: checking and copying them, giving them a connection of the pool, answering them. An answer is
 * always given from a deferred call, when nothing of ours is on the stack.
 */
#include "backends/transport/pg.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/transport/pg_private.h"

#define TIMEOUT_MS 30000
#define ROWS_MAX 100000
#define BYTES_MAX ((size_t)16 << 20)
#define LINKS_PER_TARGET 4

extern char **environ;

static void wipe_free(char *s)
{
	if (s)
		explicit_bzero(s, strlen(s));
	free(s);
}

static void call_unlink(struct pg_call *c)
{
	struct pg_call **at = &c->pg->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
	loop_timer_cancel(c->pg->loop, c->deadline);
	loop_timer_cancel(c->pg->loop, c->deferred);
	c->deadline = c->deferred = NULL;
}

static void call_free(struct pg_call *c)
{
	for (size_t i = 0; i < LENGTH(c->fields); i++)
		wipe_free(c->fields[i]);
	wipe_free(c->key);
	free(c->sql);
	pg_params_free(c->values, c->count);
	json_decref(c->reply.rows);
	str_release(&c->notice);
	free(c);
}

static void deliver(struct loop *l, void *arg)
{
	struct pg_call *c = arg;

	(void)l;
	c->deferred = NULL;
	call_unlink(c);
	c->in_fn = true;
	c->reply.notice = c->notice.buf;
	c->fn(c->arg, &c->reply);
	call_free(c);
}

void pg_call_finish(struct pg_call *c)
{
	loop_timer_cancel(c->pg->loop, c->deadline);
	c->deadline = NULL;
	c->deferred = loop_defer(c->pg->loop, deliver, c);
	pg_pump(c->pg);
}

static void on_deadline(struct loop *l, void *arg)
{
	struct pg_call *c = arg;
	const char *host = c->fields[PG_HOST];
	struct err *e = &c->reply.err;
	bool committing = c->link && c->link->state == PG_CONN_END &&
			  c->mode == PG_WRITE && !c->refused;

	(void)l;
	c->deadline = NULL;
	if (committing)
		err_set(e, ERR_UNKNOWN,
			"no answer to COMMIT from PostgreSQL on %s within %lld ms: it "
			"cannot be known "
			"whether the change was made",
			host, (long long)c->timeout_ms);
	else if (e->code == ERR_NONE)
		err_set(e, ERR_TIMEOUT,
			"no answer from PostgreSQL on %s within %lld ms%s", host,
			(long long)c->timeout_ms,
			c->reply.sent && c->mode == PG_WRITE ? "; nothing was committed"
							     : "");
	if (c->link && c->link->state == PG_CONN_CONNECT)
		tries_explain(&c->link->tries, e);
	if (c->link)
		pg_link_drop(c->link);
	pg_call_finish(c);
}

/* ---- the pool ---------------------------------------------------------------------------------- */

static void give_link(struct pg *p, struct pg_call *c)
{
	size_t count = 0;

	for (struct pg_link *k = p->links; k; k = k->next) {
		if (!str_equal(k->key, c->key))
			continue;
		count++;
		if (k->state == PG_CONN_IDLE) {
			pg_link_serve(k, c);
			return;
		}
	}
	if (count < LINKS_PER_TARGET)
		pg_link_open(p, c);
}

static void on_pump(struct loop *l, void *arg)
{
	struct pg *p = arg;

	(void)l;
	p->pumping = NULL;
	for (struct pg_call *c = p->calls; c; c = c->next)
		if (!c->link && !c->deferred)
			give_link(p, c);
}

void pg_pump(struct pg *p)
{
	if (!p->pumping)
		p->pumping = loop_defer(p->loop, on_pump, p);
}

/* ---- calls ------------------------------------------------------------------------------------- */

static char *make_key(char *const *fields)
{
	struct str key = STR_INIT;

	for (size_t i = 0; i < PG_FIELD_COUNT; i++)
		str_addf(&key, "%zu:%s,", fields[i] ? strlen(fields[i]) : 0,
			fields[i] ? fields[i] : "-");
	return str_take(&key);
}

static bool copy_target(struct pg_call *c, const struct pg_target *to)
{
	const char *from[PG_FIELD_COUNT] = {
		[PG_HOST] = to->host ? to->host : "",
		[PG_PORT] = to->port ? to->port : "5432",
		[PG_DBNAME] = to->dbname,
		[PG_USER] = to->user,
		[PG_PASSWORD] = to->password,
		[PG_SSLMODE] = to->sslmode,
		[PG_SSLROOTCERT] = to->sslrootcert,
		[PG_SSLCERT] = to->sslcert,
		[PG_SSLKEY] = to->sslkey,
		[PG_APPLICATION] = to->application ? to->application : "watchdesk",
	};

	if (!from[PG_SSLMODE])
		from[PG_SSLMODE] = pg_local(from[PG_HOST]) ? "disable" : "verify-full";
	for (size_t i = 0; i < PG_FIELD_COUNT; i++)
		c->fields[i] = from[i] ? xstrdup(from[i]) : NULL;
	c->key = make_key(c->fields);
	if (!*from[PG_HOST] || strchr(from[PG_HOST], ','))
		return err_set(&c->reply.err, ERR_CONFIG,
			"PostgreSQL needs one host: a name, an address or the folder of "
			"a socket");
	return true;
}

static bool copy_query(struct pg_call *c, const struct pg_query *q)
{
	c->sql = xstrdup(q->sql ? q->sql : "");
	c->mode = q->mode;
	c->timeout_ms = q->timeout_ms > 0 ? q->timeout_ms : TIMEOUT_MS;
	c->until = clock_mono_ms() + c->timeout_ms;
	c->max_rows = q->max_rows > 0 ? q->max_rows : ROWS_MAX;
	c->max_bytes = q->max_bytes > 0 ? q->max_bytes : BYTES_MAX;
	c->max_affected = q->max_affected;
	c->min_affected = q->min_affected;
	return pg_params(q->params, &c->values, &c->count, &c->reply.err);
}

struct pg_call *pg_send(struct pg *p, const struct pg_target *to,
	const struct pg_query *q, pg_fn *fn, void *arg)
{
	struct pg_call *c = xcalloc(1, sizeof(*c)), **at = &p->calls;

	c->pg = p;
	c->fn = fn;
	c->arg = arg;
	c->reply.rows = json_array();
	c->reply.affected = -1;
	str_init(&c->notice, 1024);
	while (*at)
		at = &(*at)->next;
	*at = c;
	if (copy_target(c, to) && copy_query(c, q)) {
		c->deadline = loop_timer(p->loop, c->timeout_ms, on_deadline, c);
		pg_pump(p);
	} else {
		c->deferred = loop_defer(p->loop, deliver, c);
	}
	return c;
}

void pg_cancel(struct pg *p, struct pg_call *c)
{
	if (!c || c->in_fn)
		return; /* within its own answer there is nothing left to cancel */
	if (c->link)
		pg_link_drop(c->link);
	call_unlink(c);
	call_free(c);
	pg_pump(p);
}

/* libpq takes a default for what is not given from dozens of PG* variables: a source is what its
 * configuration says. */
static void forget_environment(void)
{
	for (char **v = environ; *v;) {
		char name[64];
		size_t len = strcspn(*v, "=");

		if (!str_starts(*v, "PG") || len >= sizeof(name)) {
			v++;
			continue;
		}
		memcpy(name, *v, len);
		name[len] = '\0';
		unsetenv(name); /* moves the rest down */
	}
}

struct pg *pg_new(struct loop *l)
{
	struct pg *p = xcalloc(1, sizeof(*p));

	forget_environment();
	p->loop = l;
	p->resolver = resolver_new(l);
	return p;
}

void pg_free(struct pg *p)
{
	if (!p)
		return;
	for (struct pg_call *c = p->calls, *next; c; c = next) {
		next = c->next;
		pg_cancel(p, c);
	}
	for (struct pg_link *k = p->links, *next; k; k = next) {
		next = k->next;
		pg_link_drop(k);
	}
	loop_timer_cancel(p->loop, p->pumping);
	resolver_free(p->resolver);
	free(p);
}
