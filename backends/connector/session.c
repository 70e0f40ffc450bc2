/*
 * The secrets of one operation: resolved when it begins, wiped when it ends.
 */
#include "backends/base/secret.h"
#include "backends/connector/source_private.h"

#include <stdlib.h>
#include <string.h>

/* Lives until the last resolver has answered, even when the session is long gone. */
struct secrets_job {
	struct session *session; /* NULL: nobody waits any more */
	session_fn *fn;
	void *arg;
	struct loop *loop;
	struct loop_timer *deferred;
	size_t waiting;
	json_t *values;
	struct err err;
};

struct secret_wait {
	struct secrets_job *job;
	const char *name;
};

static void job_end(struct secrets_job *job)
{
	struct session *se = job->session;
	session_fn *fn = job->fn;
	void *arg = job->arg;
	struct err err = job->err;
	if (se) {
		se->job = NULL;
		se->secret = job->values;
	} else {
		json_wipe_own(job->values);
	}
	free(job);
	if (se)
		fn(arg, &err);
}

static void secret_came(void *arg, const char *value, const struct err *e)
{
	struct secret_wait *w = arg;
	struct secrets_job *job = w->job;
	if (value && job->session) {
		json_t *v = json_string(value);
		if (v)
			json_object_set_new(job->values, w->name, v);
		else
			err_set(&job->err, ERR_AUTH, "secret %s is not UTF-8", w->name);
	} else if (!value && job->err.code == ERR_NONE) {
		job->err = *e;
		err_wrap(&job->err, "secret %s", w->name);
	}
	free(w);
	if (--job->waiting == 0)
		job_end(job);
}

static void no_secrets(struct loop *l, void *arg)
{
	(void)l;
	job_end(arg);
}

static void want(struct secrets_job *job, const struct source *s, const char *name)
{
	const json_t *spec = json_object_get(s->cfg.values, name);
	if (json_object_get(job->values, name))
		return;
	json_object_set_new(job->values, name, json_null());
	if (!spec)
		return;
	struct secret_wait *w = xcalloc(1, sizeof(*w));
	for (size_t i = 0; i < s->def->n_secrets; i++)
		if (strcmp(s->def->secrets[i].name, name) == 0)
			w->name = s->def->secrets[i].name;
	w->job = job;
	job->waiting++;
	secret_resolve(s->reach.loop, spec, secret_came, w);
}

static void want_all(
	struct secrets_job *job, const struct source *s, const char *const *names)
{
	for (; names && *names; names++)
		want(job, s, *names);
}

void session_open(struct session *se, struct source *s, const char *const *const *lists,
	size_t n, session_fn *fn, void *arg)
{
	struct secrets_job *job = xcalloc(1, sizeof(*job));
	*se = (struct session){.source = s, .scope = source_scope(s), .job = job};
	job->session = se;
	job->fn = fn;
	job->arg = arg;
	job->loop = s->reach.loop;
	job->values = json_object();
	/* the secrets of a login are resolved by the login itself, when it takes place */
	if (s->auth->kind != AUTH_LOGIN)
		want_all(job, s, s->auth->secrets);
	want_all(job, s, s->def->common_secrets);
	for (size_t i = 0; i < n; i++)
		want_all(job, s, lists[i]);
	if (job->waiting == 0)
		job->deferred = loop_defer(s->reach.loop, no_secrets, job);
}

void source_refused(const struct source *s)
{
	for (size_t i = 0; i < s->def->n_secrets; i++) {
		const json_t *spec =
			json_object_get(s->cfg.values, s->def->secrets[i].name);
		if (spec)
			secret_refused(s->reach.loop, spec);
	}
}

void session_close(struct session *se)
{
	struct secrets_job *job = se->job;
	if (job && job->deferred) {
		loop_timer_cancel(job->loop, job->deferred);
		json_wipe_own(job->values);
		free(job);
	} else if (job) {
		job->session = NULL;
	}
	json_decref(se->scope);
	json_wipe_own(se->secret);
	memset(se, 0, sizeof(*se));
}
