/*
 * Causes of failed runs: the end of the log is fetched for runs that just failed, most important first, a bounded number a minute;
 * its first error line and the signature of that go into the record.
 */
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "backends/triage/signature.h"
#include "runbooks/engine/exec.h"

#define CAUSES_A_MINUTE 12
#define CAUSES_AT_ONCE 3
#define TAIL_BYTES ((size_t)64 << 10)
#define LOOK_ROWS 60
#define TRIED_MAX 512

struct causes;

struct cause_look {
	struct causes *causes;
	long long rid;
	struct store_req *request;
	struct log_fetch *fetch;
	json_t *record;
	struct str text;
	bool busy;
};

struct causes {
	struct worker *worker;
	struct filter *filter;
	struct store_req *query;
	struct loop_timer *minute;
	struct cause_look looks[CAUSES_AT_ONCE];
	long long tried
		[TRIED_MAX]; /* a ring of rids: a log without an error line is not asked for again */
	usec_t tried_since[TRIED_MAX];
	size_t n_tried;
	long long queue[CAUSES_A_MINUTE];
	usec_t queue_since[CAUSES_A_MINUTE];
	size_t queued, taken;
	int left;
	json_t *rules; /* that were told, by source */
};

static void next_look(struct causes *c);

static bool was_tried(const struct causes *c, long long rid, usec_t since)
{
	size_t n = c->n_tried < TRIED_MAX ? c->n_tried : TRIED_MAX;

	for (size_t i = 0; i < n; i++)
		if (c->tried[i] == rid && c->tried_since[i] == since)
			return true;
	return false;
}

static void look_end(struct cause_look *k)
{
	json_decref(k->record);
	k->record = NULL;
	str_release(&k->text);
	k->busy = false;
	next_look(k->causes);
}

static void on_set(void *arg, json_t *answer, const struct err *e)
{
	struct causes *c = arg;

	if (answer) {
		store_retriage(c->worker->store, NULL, NULL);
		return;
	}
	log_at(LOG_WARN, "cause", "%s", e->msg);
	json_object_clear(c->rules); /* told again at the next minute */
}

static void on_log_lines(void *arg, const char *const *lines, size_t n)
{
	struct cause_look *k = arg;

	for (size_t i = 0; i < n; i++)
		if (str_adds(&k->text, lines[i]))
			(void)str_addc(&k->text, '\n');
}

static void on_log_done(void *arg, const struct err *e, bool truncated)
{
	struct cause_look *k = arg;
	struct str cause = STR_INIT, signature = STR_INIT;

	(void)truncated;
	k->fetch = NULL;
	if (e && e->code != ERR_NONE)
		log_at(LOG_INFO, "cause", "rid %lld: %s", k->rid, e->msg);
	if (signature_find(k->text.buf, k->text.len, &cause, &signature, NULL)) {
		log_scrub(&cause);
		store_tell(k->causes->worker->store, "cause_set",
			json_pack("{s:I, s:s, s:s}", "rid", (json_int_t)k->rid, "cause",
				cause.buf, "signature", signature.buf),
			on_set, k->causes);
	}
	str_release(&cause);
	str_release(&signature);
	look_end(k);
}

static void on_record(void *arg, json_t *answer, const struct err *e)
{
	struct cause_look *k = arg;
	struct log_fns fns = {.lines = on_log_lines, .done = on_log_done, .arg = k};
	struct source *source;

	(void)e;
	k->request = NULL;
	source = schedule_source(
		k->causes->worker->schedule, json_str(answer, "source", ""), NULL);
	if (!json_is_object(answer) || !source ||
		!connector_has_log(source_connector(source), KIND_RUN)) {
		look_end(k);
		return;
	}
	k->record = json_incref(answer);
	k->fetch = source_log(source, k->record, -1, TAIL_BYTES, &fns);
}

static void look_start(struct cause_look *k, long long rid)
{
	k->busy = true;
	k->rid = rid;
	str_init(&k->text, 4 * TAIL_BYTES);
	k->request = store_ask(k->causes->worker->store, "record",
		json_pack("{s:I}", "rid", (json_int_t)rid), on_record, k);
}

static void next_look(struct causes *c)
{
	for (size_t i = 0; i < CAUSES_AT_ONCE; i++) {
		size_t slot = c->n_tried % TRIED_MAX;

		if (c->looks[i].busy || c->taken >= c->queued || c->left == 0)
			continue;
		c->left--;
		c->tried[slot] = c->queue[c->taken];
		c->tried_since[slot] = c->queue_since[c->taken];
		c->n_tried++;
		look_start(&c->looks[i], c->queue[c->taken++]);
	}
}

static void on_rows(void *arg, const struct store_rows *rows)
{
	struct causes *c = arg;

	if (rows->complete || rows->err)
		c->query = NULL;
	if (rows->err || c->taken < c->queued)
		return;
	c->queued = c->taken = 0;
	for (size_t i = 0; i < rows->n && c->queued < CAUSES_A_MINUTE; i++) {
		const struct record *r = &rows->rows[i];

		if (r->cause && r->cause[0])
			continue;
		if (was_tried(c, r->rid, r->since))
			continue;
		c->queue[c->queued] = r->rid;
		c->queue_since[c->queued++] = r->since;
	}
	next_look(c);
}

void causes_look(struct causes *c)
{
	struct store_query q = {
		.kinds = 1u << KIND_RUN,
		.need_only = true,
		.filter = c->filter,
		.sort = SORT_ATTENTION,
		.count = LOOK_ROWS,
	};

	if (!c->query && c->left > 0)
		c->query = store_query(c->worker->store, &q, on_rows, c);
}

static void tell_rules(struct causes *c, const char *name)
{
	const struct source *source = schedule_source(c->worker->schedule, name, NULL);
	char rules[65];

	if (!source || !connector_has_log(source_connector(source), KIND_RUN))
		return;
	connector_log_rules(source_connector(source), rules);
	if (str_equal(json_str(c->rules, name, NULL), rules))
		return;
	json_object_set_new(c->rules, name, json_string(rules));
	store_tell(c->worker->store, "cause_rules",
		json_pack("{s:s, s:s}", "source", name, "rules", rules), on_set, c);
	/* A log that named no error may name one now. */
	c->n_tried = 0;
}

/* The connectors may be others than those that the causes in the store were read with. */
static void look_at_rules(struct causes *c)
{
	const struct config *config = &c->worker->config;

	for (size_t i = 0; c->worker->schedule && i < config->n_sources; i++)
		tell_rules(c, config->sources[i].name);
}

static void on_minute(struct loop *l, void *arg)
{
	struct causes *c = arg;

	c->minute = loop_timer(l, 60000, on_minute, c);
	c->left = CAUSES_A_MINUTE;
	look_at_rules(c);
	causes_look(c);
}

struct causes *causes_new(struct worker *w)
{
	struct causes *c = xcalloc(1, sizeof(*c));

	c->worker = w;
	c->rules = json_object();
	c->left = CAUSES_A_MINUTE;
	c->filter = filter_parse("state:failed,timed_out", "", NULL);
	c->minute = loop_timer(w->loop, 60000, on_minute, c);
	for (size_t i = 0; i < CAUSES_AT_ONCE; i++)
		c->looks[i].causes = c;
	return c;
}

void causes_free(struct causes *c)
{
	if (!c)
		return;
	store_cancel(c->worker->store, c->query);
	loop_timer_cancel(c->worker->loop, c->minute);
	for (size_t i = 0; i < CAUSES_AT_ONCE; i++) {
		if (!c->looks[i].busy)
			continue;
		store_cancel(c->worker->store, c->looks[i].request);
		log_fetch_cancel(c->looks[i].fetch);
		json_decref(c->looks[i].record);
		str_release(&c->looks[i].text);
	}
	filter_free(c->filter);
	json_decref(c->rules);
	free(c);
}
