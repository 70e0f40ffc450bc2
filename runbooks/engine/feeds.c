/*
 * Which sources there are: at the start, and again when the configuration or a connector was edited. What did not change goes
 * on as it is, with its timers and its login; what did begins anew; what cannot be used as it is now goes on as it was. An
 * action that runs still finds the sources that it was planned with.
 */
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "runbooks/engine/schedule_private.h"

enum { CONNECTOR_MAX = 1 << 20, NAMES_AGAIN_MS = 1000 };

/* All that makes a source what it is, but its own keys: the connector's text and the hosts. 0: there is no such file. */
static unsigned long long stamp_of(
	const struct config *c, const struct config_source *cfg)
{
	struct err ignored = ERR_INIT;
	struct str text = STR_INIT_MAX((size_t)2 * CONNECTOR_MAX);
	char *path = config_find(
		c, "connectors", "backends/catalog", cfg->connector, &ignored);
	const json_t *hosts = json_sub(c->doc.root, "hosts");
	unsigned long long stamp = 0;

	if (path && file_read(path, CONNECTOR_MAX, &text, &ignored)) {
		str_adds(&text, path);
		if (hosts)
			json_text_to(&text, hosts);
		stamp = str_hash(text.buf, text.len, 1);
	}
	free(path);
	str_release(&text);
	return stamp;
}

/* Feeds in the making: of a connector that many sources have, one is loaded. */
struct made {
	struct feed **list;
	size_t n;
};

/* One that is open already and has the same file. */
static const struct source *like(const struct made *m, const struct feed *f)
{
	for (size_t i = 0; i < m->n; i++)
		if (m->list[i]->source && m->list[i]->stamp == f->stamp &&
			str_equal(m->list[i]->cfg->connector, f->cfg->connector))
			return m->list[i]->source;
	return NULL;
}

static struct feed *feed_new(
	struct schedule *s, const struct config_source *cfg, const struct made *made)
{
	const struct made before = {s->feeds, s->n};
	const struct source *one;
	struct worker *w = s->worker;
	struct feed *f = xcalloc(1, sizeof(*f));

	f->schedule = s;
	f->cfg = cfg;
	f->born = w->version;
	f->stamp = stamp_of(&w->config, cfg);
	one = like(made, f);
	if (!one)
		one = like(&before, f);
	if (!cfg->disabled)
		f->source = source_open(&w->reach, cfg, one, &f->broken);
	if (!f->source && !cfg->disabled)
		log_at(LOG_ERROR, "source", "%s", f->broken.msg);
	return f;
}

static void feed_free(struct feed *f)
{
	feed_stop(f);
	for (size_t i = 0; i < f->n_lanes; i++) {
		free(f->lanes[i].since);
		free(f->lanes[i].next_since);
	}
	free(f->lanes);
	source_free(f->source);
	free(f);
}

static void tell_names(struct schedule *s);

static void names_stop(struct schedule *s)
{
	store_cancel(s->worker->store, s->names);
	loop_timer_cancel(s->worker->loop, s->names_timer);
	s->names = NULL;
	s->names_timer = NULL;
}

static void names_again(struct loop *l, void *arg)
{
	struct schedule *s = arg;

	(void)l;
	s->names_timer = NULL;
	tell_names(s);
}

static void on_names(void *arg, json_t *answer, const struct err *e)
{
	struct schedule *s = arg;

	s->names = NULL;
	if (answer)
		return;
	log_at(LOG_WARN, "source", "the sources that there are, told again: %s", e->msg);
	s->names_timer = loop_timer(s->worker->loop, NAMES_AGAIN_MS, names_again, s);
}

/* It is told at edits only: what the store does not take now would be shown until the next one. */
static void tell_names(struct schedule *s)
{
	json_t *names = json_array();

	for (size_t i = 0; i < s->n; i++)
		json_array_append_new(names, json_string(s->feeds[i]->cfg->name));
	names_stop(s);
	s->names = store_tell(s->worker->store, "sources_are",
		json_pack("{s:o}", "names", names), on_names, s);
}

struct schedule *schedule_new(struct worker *w)
{
	struct schedule *s = xcalloc(1, sizeof(*s));

	s->worker = w;
	s->feeds = xcalloc(w->config.n_sources + 1, sizeof(struct feed *));
	for (size_t i = 0; i < w->config.n_sources; i++) {
		struct feed *f = feed_new(
			s, &w->config.sources[i], &(struct made){s->feeds, s->n});

		s->feeds[s->n++] = f;
		if (f->source)
			feed_start(f);
		health_soon(f);
	}
	tell_names(s);
	health_start(s);
	return s;
}

void schedule_free(struct schedule *s)
{
	if (!s)
		return;
	health_stop(s);
	names_stop(s);
	for (size_t i = 0; i < s->n; i++)
		feed_free(s->feeds[i]);
	while (s->retired) {
		struct feed *f = s->retired;

		s->retired = f->next;
		feed_free(f);
	}
	free(s->feeds);
	free(s);
}

/* ---- edits ---- */

static void retire(struct schedule *s, struct feed *f)
{
	feed_stop(f);
	f->died = s->worker->version;
	f->next = s->retired;
	s->retired = f;
}

/* What is broken may be so by a file beside the configuration, a certificate or a folder: it is tried again at each edit. */
static bool unchanged(
	const struct feed *f, const struct config *c, const struct config_source *cfg)
{
	return (f->source || cfg->disabled) && f->stamp == stamp_of(c, cfg) &&
	       json_equal(f->cfg->values, cfg->values);
}

/* The feed of this source from now on: the old one, or another in its place. */
static struct feed *next_feed(struct schedule *s, struct feed *old,
	const struct config_source *cfg, const struct made *made)
{
	struct feed *f;

	if (old && unchanged(old, &s->worker->config, cfg)) {
		bool said = old->edit.code != ERR_NONE;

		old->edit = (struct err)ERR_INIT;
		old->cfg = cfg;
		if (old->source)
			source_config(old->source, cfg);
		if (said)
			health_soon(old);
		return old;
	}
	f = feed_new(s, cfg, made);
	if (old && old->source && !f->source && !cfg->disabled) {
		old->edit = f->broken;
		feed_free(f);
		health_soon(old);
		return old;
	}
	if (old)
		retire(s, old);
	if (f->source)
		feed_start(f);
	health_soon(f);
	return f;
}

void schedule_edited(struct schedule *s)
{
	const struct config *c = &s->worker->config;
	struct feed **feeds = xcalloc(c->n_sources + 1, sizeof(struct feed *));

	for (size_t i = 0; i < s->n; i++)
		if (!config_source(c, s->feeds[i]->cfg->name))
			retire(s, s->feeds[i]);
	for (size_t i = 0; i < c->n_sources; i++)
		feeds[i] = next_feed(s, schedule_feed(s, c->sources[i].name),
			&c->sources[i], &(struct made){feeds, i});
	free(s->feeds);
	s->feeds = feeds;
	s->n = c->n_sources;
	tell_names(s);
}

/* It has ended all that it began: what the store still takes, and requests of others. */
static bool at_rest(const struct feed *f)
{
	for (size_t i = 0; i < f->n_lanes; i++)
		if (f->lanes[i].puts > 0)
			return false;
	return !f->source || !source_busy(f->source);
}

void schedule_forget(struct schedule *s, unsigned oldest)
{
	for (struct feed **at = &s->retired; *at;) {
		struct feed *f = *at;

		if (f->died > oldest || !at_rest(f)) {
			at = &f->next;
			continue;
		}
		*at = f->next;
		feed_free(f);
	}
}

bool schedule_uses(const struct schedule *s, const struct config *c)
{
	for (size_t i = 0; i < s->n; i++)
		if (s->feeds[i]->cfg >= c->sources &&
			s->feeds[i]->cfg < c->sources + c->n_sources)
			return true;
	for (const struct feed *f = s->retired; f; f = f->next)
		if (f->cfg >= c->sources && f->cfg < c->sources + c->n_sources)
			return true;
	return false;
}
