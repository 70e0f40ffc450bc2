/*
 * The world of previews and actions as the worker has it: its sources, hosts, runbooks and configuration. A hand is what one job
 * sees of it: one version, whatever is edited meanwhile.
 */
#include "runbooks/engine/far.h"

#include "runbooks/engine/exec.h"

#include "backends/base/mem.h"
#include <stdlib.h>

struct hand {
	struct hand *next;
	struct worker *worker;
	struct far far;
	bool now; /* no version of its own: that of the moment */
	unsigned version;
};

static unsigned version_of(const struct hand *h)
{
	return h->now ? h->worker->version : h->version;
}

static struct source *find(const struct hand *h, const char *name, struct err *e)
{
	return schedule_source_of(h->worker->schedule, version_of(h), name, e);
}

static const struct config *config_of(const struct hand *h)
{
	return reload_config(h->worker, version_of(h));
}

static bool far_source(void *arg, const char *source, struct err *e)
{
	return find(arg, source, e) != NULL;
}

static const char *far_connector(void *arg, const char *source)
{
	const struct config_source *s = config_source(config_of(arg), source);

	return s ? s->connector : "";
}

static bool far_has_sql(void *arg, const char *source)
{
	const struct source *s = find(arg, source, NULL);

	return s && source_has_sql(s);
}

static bool far_traits(
	void *arg, const char *source, const char *call, struct call_traits *out)
{
	const struct source *s = find(arg, source, NULL);

	return s && source_call_traits(s, call, out);
}

static bool far_check(
	void *arg, const char *source, const char *call, json_t *input, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s && source_call_check(s, call, input, e);
}

static char *far_text(
	void *arg, const char *source, const char *call, json_t *input, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s ? source_call_text(s, call, input, e) : NULL;
}

static struct call *far_call(void *arg, const char *source, const char *call,
	json_t *input, call_fn *fn, void *fn_arg, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s ? source_call(s, call, input, fn, fn_arg) : NULL;
}

static struct call *far_before(void *arg, const char *source, const char *call,
	json_t *input, look_fn *fn, void *fn_arg, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s ? source_before(s, call, input, fn, fn_arg) : NULL;
}

static struct call *far_verify(void *arg, const char *source, const char *call,
	json_t *input, look_fn *fn, void *fn_arg, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s ? source_verify(s, call, input, fn, fn_arg) : NULL;
}

static struct call *far_preview(void *arg, const char *source, const char *call,
	json_t *input, call_fn *fn, void *fn_arg, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s ? source_preview(s, call, input, fn, fn_arg) : NULL;
}

static struct call *far_sql(void *arg, const char *source, const struct sql_statement *q,
	call_fn *fn, void *fn_arg, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s ? source_sql(s, q, fn, fn_arg) : NULL;
}

static struct call *far_sql_preview(void *arg, const char *source,
	const struct sql_statement *q, call_fn *fn, void *fn_arg, struct err *e)
{
	struct source *s = find(arg, source, e);

	return s ? source_sql_preview(s, q, fn, fn_arg) : NULL;
}

static void far_cancel(void *arg, struct call *c)
{
	(void)arg;
	call_cancel(c);
}

static void far_refresh(void *arg, const char *source)
{
	const struct worker *w = ((const struct hand *)arg)->worker;

	schedule_refresh(w->schedule, source);
}

static void far_acted(void *arg, const char *source)
{
	const struct worker *w = ((const struct hand *)arg)->worker;

	schedule_acted(w->schedule, source);
}

static bool far_read_since(void *arg, const char *source, enum kind kind, usec_t since)
{
	const struct worker *w = ((const struct hand *)arg)->worker;

	return schedule_read_since(w->schedule, source, kind, since);
}

static const struct config_host *far_host(void *arg, const char *name)
{
	return config_host(config_of(arg), name);
}

static struct ssh_call *far_ssh(void *arg, const struct config_host *h,
	const struct ssh_script *script, ssh_fn *fn, void *fn_arg)
{
	const struct worker *w = ((const struct hand *)arg)->worker;

	return ssh_run(w->reach.ssh, &h->ssh, script, fn, fn_arg);
}

static void far_ssh_cancel(void *arg, struct ssh_call *c)
{
	const struct worker *w = ((const struct hand *)arg)->worker;

	ssh_cancel(w->reach.ssh, c);
}

static const struct runbook *far_runbook(void *arg, const char *name)
{
	const struct hand *h = arg;

	return runbooks_find(reload_runbooks(h->worker, version_of(h)), name);
}

static bool far_read_only(void *arg)
{
	return config_of(arg)->read_only;
}

static const struct environments *far_environments(void *arg)
{
	return &config_of(arg)->environments;
}

static bool far_leaving(void *arg)
{
	const struct worker *w = ((const struct hand *)arg)->worker;

	return w->stopping;
}

static void far_used(void *arg)
{
	struct worker *w = ((struct hand *)arg)->worker;

	w->last_use_ms = clock_mono_ms();
}

static const struct far *far_hold(void *arg);

static void far_let_go(const struct far *held)
{
	struct hand *h = held->arg, **at = &h->worker->hands;

	while (*at != h)
		at = &(*at)->next;
	*at = h->next;
	free(h);
}

static void far_renew(void *arg)
{
	struct hand *h = arg;

	reload_look(h->worker->reload);
	h->version = h->worker->version;
}

static struct far functions(struct hand *h)
{
	return (struct far){
		.arg = h,
		.source = far_source,
		.connector = far_connector,
		.has_sql = far_has_sql,
		.traits = far_traits,
		.check = far_check,
		.text = far_text,
		.call = far_call,
		.before = far_before,
		.verify = far_verify,
		.preview = far_preview,
		.sql = far_sql,
		.sql_preview = far_sql_preview,
		.cancel = far_cancel,
		.refresh = far_refresh,
		.acted = far_acted,
		.read_since = far_read_since,
		.host = far_host,
		.ssh = far_ssh,
		.ssh_cancel = far_ssh_cancel,
		.runbook = far_runbook,
		.read_only = far_read_only,
		.environments = far_environments,
		.hold = far_hold,
		.let_go = far_let_go,
		.renew = far_renew,
		.leaving = far_leaving,
		.used = far_used,
	};
}

static struct hand *hand_new(struct worker *w, bool now)
{
	struct hand *h = xcalloc(1, sizeof(*h));

	h->worker = w;
	h->now = now;
	h->version = w->version;
	h->far = functions(h);
	h->next = w->hands;
	w->hands = h;
	return h;
}

static const struct far *far_hold(void *arg)
{
	return &hand_new(((struct hand *)arg)->worker, false)->far;
}

struct far far_of(struct worker *w)
{
	return hand_new(w, true)->far;
}

unsigned far_oldest(const struct worker *w)
{
	unsigned oldest = w->version;

	for (const struct hand *h = w->hands; h; h = h->next)
		if (version_of(h) < oldest)
			oldest = version_of(h);
	return oldest;
}

void far_free(struct worker *w)
{
	while (w->hands) {
		struct hand *h = w->hands;

		w->hands = h->next;
		free(h);
	}
}

struct executor *executor_new(struct worker *w)
{
	struct executor *x = executor_make(w->loop, w->store, far_of(w));

	x->worker = w;
	x->causes = causes_new(w);
	return x;
}
