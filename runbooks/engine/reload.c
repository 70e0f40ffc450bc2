/*
 * Edits of the configuration, connectors and runbooks, taken up while the worker runs. What cannot be read leaves the last good
 * version as it is. Versions that a job under way was planned with stay until it has ended.
 */
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/connector/config_watch.h"
#include "backends/triage/attention.h"
#include "runbooks/engine/exec.h"

/* Longer than any request that was begun with a version takes. */
enum { KEEP_MS = 10 * 60 * 1000 };

struct version {
	struct version *next;
	unsigned number;
	int64_t until_ms; /* at least */
	struct config config;
	struct runbooks *runbooks;
};

struct reload {
	struct worker *worker;
	char *path; /* NULL: the default file, which may be missing */
	struct config_watch *watch;
	struct version *old;
};

static void edited(void *arg);

/* What the score of a record follows from, beside itself: the store weighs anew when it is another than when it did. */
static void tell_weights(const struct worker *w)
{
	const json_t *attention = w->config.attention,
		     *classes = w->config.environments.classes;
	json_t *all = json_pack(
		"{s:O?, s:O?}", "attention", attention, "environments", classes);
	char *rules = json_line(all);

	store_tell(w->store, "weights", json_pack("{s:s}", "rules", rules), NULL, NULL);
	free(rules);
	json_decref(all);
}

struct reload *reload_new(struct worker *w, const char *config_path)
{
	struct reload *r = xcalloc(1, sizeof(*r));
	char *connectors = file_data("backends/catalog"),
	     *runbooks = file_data("runbooks/catalog");
	const char *more[] = {connectors, runbooks, NULL};

	r->worker = w;
	tell_weights(w);
	r->path = config_path ? xstrdup(config_path) : NULL;
	r->watch = config_watch_new(w->loop, w->config.path, more, edited, r);
	free(connectors);
	free(runbooks);
	return r;
}

static void version_free(struct version *v)
{
	runbooks_free(v->runbooks);
	config_release(&v->config);
	free(v);
}

void reload_free(struct reload *r)
{
	if (!r)
		return;
	config_watch_free(r->watch);
	while (r->old) {
		struct version *v = r->old;

		r->old = v->next;
		version_free(v);
	}
	free(r->path);
	free(r);
}

/* ---- taking up ---- */

struct next {
	struct config config;
	struct runbooks *runbooks;
	struct triage_hook *triage;
};

static bool load(struct reload *r, struct next *n, struct err *e)
{
	struct worker *w = r->worker;

	memset(n, 0, sizeof(*n));
	if (!config_reload(&n->config, &w->config, r->path, e))
		return false;
	n->triage = triage_hook_new(
		(json_t *)(uintptr_t)n->config.attention, &n->config.environments, e);
	if (n->triage)
		n->runbooks = runbooks_again(&n->config, w->runbooks, e);
	if (n->runbooks)
		return true;
	triage_hook_free(n->triage);
	config_release(&n->config);
	return false;
}

static void put_aside(struct reload *r)
{
	struct worker *w = r->worker;
	struct version *v = xcalloc(1, sizeof(*v));

	v->number = w->version;
	v->until_ms = clock_mono_ms() + KEEP_MS;
	v->config = w->config;
	v->runbooks = w->runbooks;
	v->next = r->old;
	r->old = v;
}

static void edited(void *arg)
{
	struct reload *r = arg;
	struct worker *w = r->worker;
	struct err e = ERR_INIT;
	struct next n;

	if (!load(r, &n, &e)) {
		log_at(LOG_ERROR, "config", "%s", e.msg);
		return;
	}
	put_aside(r);
	w->version++;
	w->config = n.config;
	w->runbooks = n.runbooks;
	if (w->foreground)
		w->config.idle_exit_ms = 0;
	triage_hook_free(w->triage);
	w->triage = n.triage;
	store_set_triage(w->store, triage_hook(w->triage));
	tell_weights(w);
	schedule_edited(w->schedule);
	for (size_t i = 0; i < runbooks_errors(w->runbooks); i++)
		log_at(LOG_ERROR, "runbook", "%s", runbooks_error(w->runbooks, i)->msg);
	log_at(LOG_INFO, "config", "%s was edited: %zu sources, %zu runbooks",
		w->config.path, w->config.n_sources, runbooks_count(w->runbooks));
	store_retriage(w->store, NULL, NULL);
}

void reload_look(struct reload *r)
{
	config_watch_look(r->watch);
}

static const struct version *find(const struct worker *w, unsigned version)
{
	const struct version *v = w->reload ? w->reload->old : NULL;

	while (v && v->number != version)
		v = v->next;
	return version == w->version ? NULL : v;
}

const struct config *reload_config(const struct worker *w, unsigned version)
{
	const struct version *v = find(w, version);

	return v ? &v->config : &w->config;
}

const struct runbooks *reload_runbooks(const struct worker *w, unsigned version)
{
	const struct version *v = find(w, version);

	return v ? v->runbooks : w->runbooks;
}

void reload_tidy(struct reload *r)
{
	struct worker *w = r->worker;
	unsigned oldest = far_oldest(w);

	schedule_forget(w->schedule, oldest);
	for (struct version **at = &r->old; *at;) {
		struct version *v = *at;

		if (v->number >= oldest || clock_mono_ms() < v->until_ms ||
			schedule_uses(w->schedule, &v->config)) {
			at = &v->next;
			continue;
		}
		*at = v->next;
		version_free(v);
	}
}
