/*
 * fill PATH N [--seed S] [--now ISO]             writes N realistic records into the store
 * fill PATH N --update RATE SECONDS [--seed S]   changes RATE of those N records a second, as a busy worker does
 *
 * 6 kinds, 60 sources, 200 owners, 800 assets, 3 000 titles; about 4 % need a person; some have changed their state
 * before, so that there is history. The same seed gives the same records.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/log.h"
#include "backends/store/store.h"

enum { SOURCES = 60, OWNERS = 200, ASSETS = 800, TITLES = 3000, BATCH = 500 };

struct fill {
	struct loop *loop;
	struct store *store;
	unsigned long long seed;
	long n;
	usec_t now;
	size_t inserted, changed;
	bool done;
	int64_t store_us; /* spent in the store */
};

/* splitmix64: every record has numbers of its own, whatever was made before it. */
static unsigned long long mix(unsigned long long x)
{
	x += 0x9e3779b97f4a7c15;
	x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
	x = (x ^ x >> 27) * 0x94d049bb133111eb;
	return x ^ x >> 31;
}

struct dice {
	unsigned long long at;
};

static unsigned roll(struct dice *d, unsigned sides)
{
	d->at = mix(d->at);
	return (unsigned)(d->at >> 33) % sides;
}

static const char *const SUBJECTS[] = {"orders", "customers", "payments", "invoices",
	"sessions", "clicks", "stock", "prices", "returns", "shipments", "leads",
	"tickets", "budget", "fraud", "features"};
static const char *const VERBS[] = {"daily", "hourly", "load", "export", "sync", "rollup",
	"quality", "backfill", "snapshot", "merge"};
static const char *const SYSTEMS[] = {
	"airflow", "pagerduty", "servicenow", "okta", "focus", "freshness"};

struct mood {
	enum kind kind;
	enum state good[3], bad;
	const char *why;
};
static const struct mood MOODS[] = {
	{KIND_RUN, {STATE_SUCCEEDED, STATE_SUCCEEDED, STATE_RUNNING}, STATE_FAILED,
		"failed 3 of last 5; prod"},
	{KIND_INCIDENT, {STATE_RESOLVED, STATE_RESOLVED, STATE_SILENCED}, STATE_OPEN,
		"nobody acknowledged for 12 min"},
	{KIND_ACCESS, {STATE_APPROVED, STATE_DENIED, STATE_EXPIRED}, STATE_PENDING,
		"due in 20 min"},
	{KIND_GRANT, {STATE_ACTIVE, STATE_ACTIVE, STATE_REVOKED}, STATE_EXPIRING,
		"admin, unused for 41 days"},
	{KIND_COST, {STATE_RESOLVED, STATE_EXPECTED, STATE_ACKNOWLEDGED}, STATE_OPEN,
		"4.1x usual, running now"},
	{KIND_CHECK, {STATE_OK, STATE_OK, STATE_OK}, STATE_FAILING,
		"grew 40 min in a row"},
};

static json_t *detail_of(struct dice *d, const char *title, const char *id)
{
	json_t *tasks = json_array();

	for (int i = 0; i < 6; i++)
		json_array_append_new(tasks,
			json_pack("{s:s, s:s, s:i, s:i, s:s}", "task_id",
				VERBS[roll(d, 10)], "operator", "SQLExecuteQueryOperator",
				"duration_ms", (int)roll(d, 600000), "try_number",
				(int)roll(d, 3) + 1, "pool", "default_pool"));
	return json_pack("{s:s, s:s, s:s, s:s, s:o}", "dag_id", title, "dag_run_id", id,
		"run_type", "scheduled", "data_interval",
		"2026-11-21T00:00:00Z/2026-11-22T00:00:00Z", "tasks", tasks);
}

/* Record i as it is in its `version`-th state. Texts live in the arena. */
static void make_record(
	const struct fill *f, long i, unsigned version, struct arena *a, struct record *r)
{
	struct dice d = {mix(f->seed ^ (unsigned long long)i << 1)};
	unsigned source = roll(&d, SOURCES), title = roll(&d, TITLES);
	const struct mood *m = &MOODS[source % LENGTH(MOODS)];

	record_init(r);
	r->kind = m->kind;
	r->source = arena_printf(a, "%s-%02u", SYSTEMS[source % LENGTH(SYSTEMS)], source);
	r->title = arena_printf(a, "%s_%s_%u", SUBJECTS[title % LENGTH(SUBJECTS)],
		VERBS[title % LENGTH(VERBS)], title);
	r->owner = arena_printf(a, "team-%u", roll(&d, OWNERS));
	r->asset = arena_printf(
		a, "mart.%s_%u", SUBJECTS[roll(&d, LENGTH(SUBJECTS))], roll(&d, ASSETS));
	r->service = arena_printf(a, "svc-%u", roll(&d, 100));
	r->env = roll(&d, 3) == 0 ? "prod" : roll(&d, 2) == 0 ? "staging" : "dev";
	r->tier = (int)roll(&d, 4) + 1;
	r->started = f->now - (usec_t)roll(&d, 30u * 86400) * USEC_PER_SEC;
	r->updated = r->started + (usec_t)roll(&d, 3600) * USEC_PER_SEC +
		     (usec_t)version * USEC_PER_SEC;
	char when[40];
	/* not from `now`: a later --update must find the same ids */
	clock_format(when, sizeof(when),
		(usec_t)(1795000000 - roll(&d, 2592000)) * USEC_PER_SEC, false);
	r->id = r->kind == KIND_RUN
			? arena_printf(a, "%s/scheduled__%s.%ld", r->title, when, i)
			: arena_printf(a, "%s%07ld",
				  r->kind == KIND_INCIDENT ? "INC" : "id-", i);
	r->url = arena_printf(a, "https://%s.example.com/%ld", r->source, i);
	r->severity = (enum severity)roll(&d, SEVERITY_COUNT);
	if (r->kind == KIND_COST) {
		r->amount = arena_printf(a, "%u.%02u", roll(&d, 4000), roll(&d, 100));
		r->currency = "USD";
	}
	d.at = mix(d.at + version);
	bool bad = roll(&d, 100) < 4;
	r->state = bad ? m->bad : m->good[roll(&d, 3)];
	r->raw_state = state_name(r->state);
	r->due = r->kind == KIND_ACCESS ? f->now + (usec_t)roll(&d, 86400) * USEC_PER_SEC
					: 0;
	r->ended = state_open(r->kind, r->state) ? 0 : r->updated;
	r->opaque = json_pack("{s:s, s:s}", "dag_id", r->title, "dag_run_id", r->id);
	r->detail = detail_of(&d, r->title, r->id);
}

static void score(void *arg, struct record *r, const json_t *context)
{
	(void)arg;
	(void)context;
	r->attention = 0;
	r->why = "";
	for (size_t i = 0; state_bad(r->kind, r->state) && i < LENGTH(MOODS); i++) {
		if (MOODS[i].kind != r->kind)
			continue;
		r->attention = 100 + (int)r->severity * 150 +
			       (r->env[0] == 'p' ? 200 : 0) - r->tier * 10;
		r->why = MOODS[i].why;
	}
}

static void put_done(void *arg, const struct store_put_result *result)
{
	struct fill *f = arg;

	if (result->err != NULL)
		die(1, "fill: %s", result->err->msg);
	f->inserted += result->inserted;
	f->changed += result->changed;
	f->done = true;
}

/* n records: the ones from `first` on, or n that the dice choose when it is negative. */
static void put_some(struct fill *f, long first, size_t n, unsigned version)
{
	struct arena a = ARENA_INIT;
	struct record *records = arena_alloc(&a, (n + 1) * sizeof(*records));
	struct dice d = {mix(f->seed + version * 7919ULL)};

	for (size_t i = 0; i < n; i++)
		make_record(f,
			first >= 0 ? first + (long)i : (long)roll(&d, (unsigned)f->n),
			version, &a, &records[i]);
	f->done = false;
	int64_t begin = clock_mono_us();
	(void)store_put(f->store, records, n, put_done, f);
	if (!loop_until(f->loop, &f->done, 60000))
		die(1, "fill: no answer from the store");
	f->store_us += clock_mono_us() - begin;
	for (size_t i = 0; i < n; i++)
		record_release_json(&records[i]);
	arena_release(&a);
}

static void fill_all(struct fill *f)
{
	for (long at = 0; at < f->n; at += BATCH)
		put_some(f, at, (size_t)(f->n - at < BATCH ? f->n - at : BATCH), 0);
	for (long at = 0; at < f->n / 20; at += BATCH) /* 5 % have a history */
		put_some(f, at, (size_t)(f->n / 20 - at < BATCH ? f->n / 20 - at : BATCH),
			1);
}

static void update_some(struct fill *f, long rate, long seconds)
{
	int64_t begin = clock_mono_ms();
	unsigned version = 2;
	bool never = false;

	for (long written = 0; written < rate * seconds; written += BATCH) {
		int64_t due = begin + (int64_t)written * 1000 / rate,
			now = clock_mono_ms();
		if (now < due)
			loop_until(f->loop, &never, (int)(due - now));
		put_some(f, -1, BATCH, version++);
	}
}

struct options {
	long long n, seed, rate, seconds;
};

static bool take_option(
	struct fill *f, struct options *o, char **argv, int left, int *used)
{
	*used = 2;
	if (strcmp(argv[0], "--seed") == 0 && left > 1)
		return str_to_int(argv[1], &o->seed);
	if (strcmp(argv[0], "--now") == 0 && left > 1)
		return clock_parse(argv[1], &f->now);
	*used = 3;
	return strcmp(argv[0], "--update") == 0 && left > 2 &&
	       str_to_int(argv[1], &o->rate) && str_to_int(argv[2], &o->seconds);
}

int main(int argc, char **argv)
{
	struct fill f = {.now = clock_now()};
	struct store_triage triage = {.score = score};
	struct options o = {.seed = 1};
	struct err e = ERR_INIT;
	bool ok = argc >= 3 && str_to_int(argv[2], &o.n) && o.n > 0;

	for (int i = 3, used; ok && i < argc; i += used)
		ok = take_option(&f, &o, &argv[i], argc - i, &used);
	if (!ok)
		die(2, "usage: fill PATH N [--seed S] [--now ISO] [--update RATE "
		       "SECONDS]");
	f.n = (long)o.n;
	f.seed = (unsigned long long)o.seed;
	f.loop = loop_new();
	f.store = store_open(f.loop, argv[1], STORE_WORKER, &e);
	if (f.store == NULL)
		die(1, "fill: %s", e.msg);
	store_set_triage(f.store, &triage);
	int64_t begin = clock_mono_ms();
	if (o.rate > 0)
		update_some(&f, (long)o.rate, (long)o.seconds);
	else
		fill_all(&f);
	printf("fill: %zu new, %zu changed in %lld ms, %lld ms of it in the store\n",
		f.inserted, f.changed, (long long)(clock_mono_ms() - begin),
		(long long)f.store_us / 1000);
	store_close(f.store);
	loop_free(f.loop);
	return 0;
}
