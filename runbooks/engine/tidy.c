/*
 * What keeps the store small: what is old is forgotten once a day, and of a log that is fetched again and again only the
 * last one is kept. All in slices of some milliseconds with pauses between, for the store is used meanwhile.
 */
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "runbooks/engine/worker.h"

#include <stdlib.h>
#include <string.h>

/* Not at the start, when everything is collected at once; well within the time after which an unused worker leaves. */
#define FIRST_MS (3L * 60 * 1000)
#define EVERY_MS (24L * 3600 * 1000)
#define PRUNE_PAUSE_MS 100
#define SWEEP_PAUSE_MS 2000 /* each reads all packed rows */
#define LOG_PAUSE_MS 20
#define LOGS_MAX 32

struct tidy {
	struct worker *worker;
	struct loop_timer *prune_timer, *log_timer;
	struct store_req *prune, *log;
	usec_t before;
	long long from;           /* where the next slice goes on; 0: at the beginning */
	long long n;              /* rows that this pass removed */
	long long logs[LOGS_MAX]; /* log jobs whose forerunners are to go */
	size_t n_logs;
};

/* ---- once a day ---- */

static void prune_due(struct loop *l, void *arg);
static void sweep_due(struct loop *l, void *arg);

/* What fails is logged by the store; the next day it is tried again. */
static void on_swept(void *arg, json_t *answer, const struct err *e)
{
	struct tidy *t = arg;
	(void)e;
	t->prune = NULL;
	if (json_flag(answer, "more", false))
		t->prune_timer =
			loop_timer(t->worker->loop, SWEEP_PAUSE_MS, sweep_due, t);
	else
		t->prune_timer = loop_timer(t->worker->loop, EVERY_MS, prune_due, t);
}

/* The texts that only old records had. */
static void sweep_due(struct loop *l, void *arg)
{
	struct tidy *t = arg;
	(void)l;
	t->prune_timer = NULL;
	t->prune =
		store_tell(t->worker->store, "terms_sweep", json_object(), on_swept, t);
}

static void on_pruned(void *arg, json_t *answer, const struct err *e)
{
	struct tidy *t = arg;
	(void)e;
	t->prune = NULL;
	t->from = json_int(answer, "next", 0);
	t->n += json_int(answer, "n", 0);
	if (!t->from && t->n)
		log_at(LOG_INFO, "store", "%lld old rows are forgotten", t->n);
	t->prune_timer = loop_timer(
		t->worker->loop, PRUNE_PAUSE_MS, t->from ? prune_due : sweep_due, t);
}

static void prune_due(struct loop *l, void *arg)
{
	struct tidy *t = arg;
	(void)l;
	t->prune_timer = NULL;
	if (!t->from) {
		t->before = clock_now() - t->worker->config.keep;
		t->n = 0;
	}
	t->prune = store_tell(t->worker->store, "prune",
		json_pack("{s:I, s:I}", "before", (json_int_t)t->before, "from",
			(json_int_t)t->from),
		on_pruned, t);
}

/* ---- logs ---- */

static void log_due(struct loop *l, void *arg);

static void on_dropped(void *arg, json_t *answer, const struct err *e)
{
	struct tidy *t = arg;
	(void)e;
	t->log = NULL;
	if (!json_flag(answer, "more", false))
		memmove(t->logs, t->logs + 1, --t->n_logs * sizeof(*t->logs));
	if (t->n_logs)
		t->log_timer = loop_timer(t->worker->loop, LOG_PAUSE_MS, log_due, t);
}

static void log_due(struct loop *l, void *arg)
{
	struct tidy *t = arg;
	(void)l;
	t->log_timer = NULL;
	t->log = store_tell(t->worker->store, "log_drop",
		json_pack("{s:I}", "job", (json_int_t)t->logs[0]), on_dropped, t);
}

void tidy_log(struct tidy *t, long long job)
{
	/* Beyond that they go when they are a day old. */
	if (t->n_logs == LOGS_MAX)
		return;
	t->logs[t->n_logs++] = job;
	if (!t->log && !t->log_timer)
		t->log_timer = loop_timer(t->worker->loop, LOG_PAUSE_MS, log_due, t);
}

struct tidy *tidy_new(struct worker *w)
{
	struct tidy *t = xcalloc(1, sizeof(*t));
	t->worker = w;
	t->prune_timer = loop_timer(w->loop, FIRST_MS, prune_due, t);
	return t;
}

void tidy_free(struct tidy *t)
{
	if (!t)
		return;
	loop_timer_cancel(t->worker->loop, t->prune_timer);
	loop_timer_cancel(t->worker->loop, t->log_timer);
	store_cancel(t->worker->store, t->prune);
	store_cancel(t->worker->store, t->log);
	free(t);
}
