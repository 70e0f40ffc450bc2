/*
 * When each collection of each source runs, and what is known of the health of sources. One source's trouble is its own: every collection has
 * its own timer, deadline and back-off; nothing here waits for another.
 */
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "runbooks/engine/schedule_private.h"

#define BACKOFF_FIRST_MS (60L * 1000)
#define BACKOFF_MAX_MS (10L * 60 * 1000)

static void lane_due(struct loop *l, void *arg);

/* ±10 %, so that sources that were started together do not stay together. */
static int64_t jitter(int64_t ms)
{
	int64_t spread = ms / 5;

	return spread > 0 ? ms - spread / 2 + clock_mono_us() % spread : ms;
}

static int64_t lane_every(const struct lane *ln)
{
	return source_every_ms(ln->feed->source, ln->index);
}

static void arm(struct lane *ln, int64_t after_ms, int64_t not_before_ms)
{
	struct loop *l = ln->feed->schedule->worker->loop;
	int64_t least_ms = not_before_ms - clock_mono_ms();

	if (after_ms < least_ms)
		after_ms = least_ms;
	loop_timer_cancel(l, ln->timer);
	ln->timer = loop_timer(l, after_ms, lane_due, ln);
}

/* Whoever asks, and however often: never before the connector's min_every, nor before what the far side asked for. */
void lane_arm(struct lane *ln, int64_t after_ms)
{
	arm(ln, after_ms,
		ln->not_before_ms > ln->rested_ms ? ln->not_before_ms : ln->rested_ms);
}

int64_t lane_backoff(const struct lane *ln, int64_t retry_after_ms)
{
	int64_t wait = lane_every(ln);

	if (wait > BACKOFF_FIRST_MS)
		wait = BACKOFF_FIRST_MS;

	for (int i = 1; i < ln->failures && wait < BACKOFF_MAX_MS; i++)
		wait *= 2;
	if (wait > BACKOFF_MAX_MS)
		wait = BACKOFF_MAX_MS;
	if (ln->failures > 1)
		wait = wait / 2 + clock_mono_us() % (wait / 2 + 1);
	return wait > retry_after_ms ? wait : retry_after_ms;
}

static void on_put(void *arg, const struct store_put_result *result)
{
	struct lane *ln = arg;

	ln->puts--;
	if (result->err && ln->put_err.code == ERR_NONE)
		ln->put_err = *result->err;
	else if (!result->err && result->inserted + result->changed > 0)
		ln->feed->schedule->fresh = true;
	lane_settle(ln);
}

static void keep_first(char *to, size_t size, size_t before, const char *words)
{
	if (!before && words)
		str_copy(to, size, words);
}

static void on_batch(void *arg, const struct collect_batch *b)
{
	struct lane *ln = arg;

	keep_first(ln->unknown, sizeof(ln->unknown), ln->unknown_states, b->unknown);
	keep_first(ln->reason, sizeof(ln->reason), ln->refused, b->reason);
	keep_first(ln->spoiled_why, sizeof(ln->spoiled_why), ln->spoiled, b->spoiled_why);
	ln->unknown_states += b->unknown_states;
	ln->refused += b->refused;
	ln->spoiled += b->spoiled;
	if (b->n == 0)
		return;
	ln->puts++;
	store_put(ln->feed->schedule->worker->store, b->records, b->n, on_put, ln);
}

static enum kind lane_kind(const struct lane *ln)
{
	return connector_kind(source_connector(ln->feed->source), ln->index);
}

static void on_gone(void *arg, const char *id, const char *why)
{
	struct lane *ln = arg;

	ln->feed->schedule->fresh = true;
	store_tell(ln->feed->schedule->worker->store, "gone",
		json_pack("{s:s, s:s, s:s, s:s, s:s}", "source", ln->feed->cfg->name,
			"kind", kind_name(lane_kind(ln)), "id", id, "why", why, "state",
			state_name(connector_gone(
				source_connector(ln->feed->source), ln->index))),
		NULL, NULL);
}

static void on_unread(void *arg, const char *id, const char *why)
{
	struct lane *ln = arg;

	store_tell(ln->feed->schedule->worker->store, "unread",
		json_pack("{s:s, s:s, s:s, s:s}", "source", ln->feed->cfg->name, "kind",
			kind_name(lane_kind(ln)), "id", id, "why", why),
		NULL, NULL);
}

static void keep_watermark(struct lane *ln, const char *since)
{
	struct worker *w = ln->feed->schedule->worker;

	free(ln->since);
	ln->since = xstrdup(since);
	store_tell(w->store, "cursor_set",
		json_pack("{s:s, s:s, s:s}", "source", ln->feed->cfg->name, "collection",
			ln->name, "value", since),
		NULL, NULL);
}

static void on_done(void *arg, const struct collect_result *r)
{
	struct lane *ln = arg;

	ln->collect = NULL;
	ln->done = true;
	ln->result_code = r->err.code;
	ln->last_err = r->err;
	ln->full = r->full;
	ln->kind = r->kind;
	ln->gone = r->gone;
	ln->gone_after_ms = r->gone_after_ms;
	ln->ids = r->ids;
	ln->rows = r->rows;
	ln->repaired = r->repaired;
	str_copy(ln->partial, sizeof(ln->partial), r->partial);
	ln->took_ms = r->took_ms;
	ln->retry_after_ms = r->retry_after_ms;
	free(ln->next_since);
	ln->next_since = r->since ? xstrdup(r->since) : NULL;
	lane_settle(ln);
}

/* What was seen is only complete when it is stored: else what the store lacks would count as gone, and never be asked for
 * again. */
static void put_failed(struct lane *ln)
{
	ln->last_err = ln->put_err;
	err_wrap(&ln->last_err, "the store");
	ln->result_code = ln->last_err.code;
}

static void lane_good(struct lane *ln)
{
	ln->failures = 0;
	ln->last_good = clock_now();
	ln->good_began = ln->started;
	if (ln->next_since)
		keep_watermark(ln, ln->next_since);
	if (ln->full)
		store_tell(ln->feed->schedule->worker->store, "vanish",
			json_pack("{s:s, s:s, s:I, s:s, s:s}", "source",
				ln->feed->cfg->name, "kind", kind_name(ln->kind),
				"before",
				(json_int_t)(ln->started - ln->gone_after_ms * 1000),
				"state", state_name(ln->gone), "ids", ln->ids),
			NULL, NULL);
}

/* The collection and all its puts have ended: vanished records, health, next time. */
void lane_settle(struct lane *ln)
{
	if (!ln->done || ln->puts > 0)
		return;
	ln->done = false;
	ln->running = false;
	if (ln->result_code == ERR_NONE && ln->put_err.code != ERR_NONE)
		put_failed(ln);
	if (ln->result_code == ERR_NONE) {
		lane_good(ln);
	} else {
		ln->failures++;
		log_at(LOG_WARN, "collect", "%s.%s: %s", ln->feed->cfg->name, ln->name,
			ln->last_err.msg);
	}
	ln->rested_ms =
		clock_mono_ms() + source_min_every_ms(ln->feed->source, ln->index);
	ln->not_before_ms =
		clock_mono_ms() + (ln->result_code != ERR_NONE ? ln->retry_after_ms : 0);
	health_soon(ln->feed);
	schedule_settled(ln->feed->schedule);
	if (ln->acted) {
		ln->acted = ln->again = false;
		arm(ln, 0, ln->not_before_ms);
	} else if (ln->again) {
		ln->again = false;
		lane_arm(ln, 0);
	} else {
		lane_arm(ln, ln->failures ? lane_backoff(ln, ln->retry_after_ms)
					  : jitter(lane_every(ln)));
	}
}

static void lane_collect(struct lane *ln, const json_t *open_items)
{
	const struct collect_fns fns = {.batch = on_batch,
		.gone = on_gone,
		.unread = on_unread,
		.done = on_done,
		.arg = ln};

	ln->collect =
		source_collect(ln->feed->source, ln->index, ln->since, open_items, &fns);
}

static void on_open_items(void *arg, json_t *answer, const struct err *e)
{
	struct lane *ln = arg;

	ln->request = NULL;
	if (!answer)
		log_at(LOG_WARN, "store", "%s: open items: %s", ln->feed->cfg->name,
			e->msg);
	lane_collect(ln, answer);
}

static void on_since(void *arg, json_t *answer, const struct err *e)
{
	struct lane *ln = arg;
	const char *value = json_str(answer, "value", "");

	(void)e;
	ln->request = NULL;
	ln->since_known = true;
	if (value[0] != '\0')
		ln->since = xstrdup(value);
	ln->running = false;
	lane_due(ln->feed->schedule->worker->loop, ln);
}

static void lane_due(struct loop *l, void *arg)
{
	struct lane *ln = arg;
	struct worker *w = ln->feed->schedule->worker;

	(void)l;
	ln->timer = NULL;
	if (ln->running || w->stopping)
		return;
	ln->running = true;
	if (!ln->since_known) {
		ln->request = store_ask(w->store, "cursor",
			json_pack("{s:s, s:s}", "source", ln->feed->cfg->name,
				"collection", ln->name),
			on_since, ln);
		return;
	}
	ln->started = clock_now();
	ln->unknown_states = ln->refused = ln->spoiled = 0;
	ln->reason[0] = ln->unknown[0] = ln->spoiled_why[0] = '\0';
	ln->put_err = (struct err)ERR_INIT;
	if (!connector_rereads(source_connector(ln->feed->source), ln->index)) {
		lane_collect(ln, NULL);
		return;
	}
	ln->request = store_ask(w->store, "open_ids",
		json_pack("{s:s, s:s, s:i}", "source", ln->feed->cfg->name, "kind",
			kind_name(lane_kind(ln)), "limit", 200),
		on_open_items, ln);
}

void feed_start(struct feed *f)
{
	struct worker *w = f->schedule->worker;
	const struct connector *c = source_connector(f->source);

	f->n_lanes = connector_collections(c);
	f->lanes = xcalloc(f->n_lanes ? f->n_lanes : 1, sizeof(*f->lanes));
	for (size_t i = 0; i < f->n_lanes; i++) {
		struct lane *ln = &f->lanes[i];

		ln->feed = f;
		ln->index = i;
		ln->name = connector_collection(c, i);
		ln->timer = loop_timer(w->loop, 0, lane_due, ln);
	}
}

void feed_stop(struct feed *f)
{
	struct worker *w = f->schedule->worker;

	for (size_t i = 0; i < f->n_lanes; i++) {
		struct lane *ln = &f->lanes[i];

		loop_timer_cancel(w->loop, ln->timer);
		store_cancel(w->store, ln->request);
		collect_cancel(ln->collect);
		ln->timer = NULL;
		ln->request = NULL;
		ln->collect = NULL;
		ln->done = false;
	}
}

struct feed *schedule_feed(const struct schedule *s, const char *name)
{
	for (size_t i = 0; i < s->n; i++)
		if (str_equal(s->feeds[i]->cfg->name, name))
			return s->feeds[i];
	return NULL;
}

struct source *schedule_source_of(
	struct schedule *s, unsigned version, const char *name, struct err *e)
{
	const struct feed *f = schedule_feed(s, name);

	for (const struct feed *old = s->retired; old && (!f || f->born > version);
		old = old->next)
		if (old->born <= version && version < old->died &&
			str_equal(old->cfg->name, name))
			f = old;
	if (f && f->source)
		return f->source;
	if (!f)
		err_set(e, ERR_NOTFOUND, "the source %s is not in the configuration",
			name);
	else if (f->cfg->disabled)
		err_set(e, ERR_DENIED, "the source %s is disabled in the configuration",
			name);
	else if (e)
		*e = f->broken;
	return NULL;
}

struct source *schedule_source(struct schedule *s, const char *name, struct err *e)
{
	return schedule_source_of(s, s->worker->version, name, e);
}

void schedule_refresh(struct schedule *s, const char *name)
{
	struct feed *f = schedule_feed(s, name);

	for (size_t i = 0; f && i < f->n_lanes; i++) {
		if (f->lanes[i].running)
			f->lanes[i].again = true;
		else
			lane_arm(&f->lanes[i], 0);
	}
}

void schedule_acted(struct schedule *s, const char *name)
{
	struct feed *f = schedule_feed(s, name);

	for (size_t i = 0; f && i < f->n_lanes; i++) {
		if (f->lanes[i].running)
			f->lanes[i].acted = true;
		else
			arm(&f->lanes[i], 0, f->lanes[i].not_before_ms);
	}
}
