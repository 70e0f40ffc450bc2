/* What is known of a source: ok, failing, stale, new, disabled; last good, last error in words, rows, lag. And triage after news. */
#include <string.h>

#include "backends/base/mem.h"
#include "runbooks/engine/schedule_private.h"

#define TRIAGE_SOON_MS 150
#define HEALTH_SOON_MS 40
#define STALE_CHECK_MS 15000

static int64_t interval_ms(const struct feed *f, const struct lane *ln)
{
	return source_every_ms(f->source, ln->index);
}

/* Three of its own intervals and a minute without a complete answer: what is shown may be old. 0: it never had one. */
static usec_t lane_stale_at(const struct feed *f, const struct lane *ln)
{
	usec_t limit = (usec_t)interval_ms(f, ln) * 3000 + 60 * USEC_PER_SEC;

	return ln->last_good > 0 ? ln->last_good + limit : 0;
}

static bool lane_stale(const struct feed *f, const struct lane *ln)
{
	usec_t at = lane_stale_at(f, ln);

	return at > 0 && clock_now() > at;
}

static json_t *lane_json(const struct feed *f, const struct lane *ln)
{
	return json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:I, s:s, s:s, s:s, s:s, s:s}",
		"last_good", (json_int_t)ln->last_good, "rows", (json_int_t)ln->rows,
		"took_ms", (json_int_t)ln->took_ms, "interval_ms",
		(json_int_t)interval_ms(f, ln), "refused", (json_int_t)ln->refused,
		"repaired", (json_int_t)ln->repaired, "spoiled", (json_int_t)ln->spoiled,
		"error", ln->failures ? ln->last_err.msg : "", "refused_why", ln->reason,
		"partial", ln->partial, "spoiled_why", ln->spoiled_why, "unknown",
		ln->unknown);
}

struct summary {
	const char *state, *error;
	usec_t stale_at, last_good, last_try;
	json_int_t rows, unknown, lag, interval;
};

/* The worst of the lanes speaks for the source: failing, stale, new, ok. */
static void add_state(struct summary *sum, const struct feed *f, const struct lane *ln)
{
	if (ln->failures) {
		sum->state = "failing";
		sum->error = ln->last_err.msg;
	} else if (strcmp(sum->state, "failing") != 0) {
		if (lane_stale(f, ln))
			sum->state = "stale";
		else if (ln->last_good == 0 && strcmp(sum->state, "stale") != 0)
			sum->state = "new";
	}
}

static void add_lane(struct summary *sum, const struct feed *f, const struct lane *ln)
{
	usec_t stale_at = lane_stale_at(f, ln);

	add_state(sum, f, ln);
	/* Readers judge the age by one pair, also when no worker runs: that of the collection whose time is over first. */
	if (stale_at && (!sum->stale_at || stale_at < sum->stale_at)) {
		sum->stale_at = stale_at;
		sum->last_good = ln->last_good;
		sum->interval = interval_ms(f, ln);
	}
	if (ln->started > sum->last_try)
		sum->last_try = ln->started;
	if (ln->took_ms > sum->lag)
		sum->lag = ln->took_ms;
	if (!sum->stale_at && (!sum->interval || interval_ms(f, ln) < sum->interval))
		sum->interval = interval_ms(f, ln);
	sum->rows += (json_int_t)ln->rows;
	sum->unknown += (json_int_t)ln->unknown_states;
}

/* A source that answers: what its records lack, collection by collection. */
static void say_flaws(const struct feed *f, struct str *out)
{
	for (size_t i = 0; i < f->n_lanes; i++) {
		struct str one = STR_INIT_MAX(1000);

		lane_flaws(&f->lanes[i], &one);
		if (one.len)
			str_addf(out, "%s%s: %s", out->len ? "; " : "", f->lanes[i].name,
				one.buf);
		str_release(&one);
	}
}

/* What it says now cannot be used. It is said before all that is wrong with what is used. */
static void say_edit(struct summary *sum, const struct feed *f, char *text, size_t size)
{
	if (f->edit.code == ERR_NONE)
		return;
	str_format(text, size, "not taken up, it goes on as it was: %s", f->edit.msg);
	sum->error = text;
}

static void health_tell(struct feed *f)
{
	struct summary sum = {.state = "ok", .error = ""};
	struct str flaws = STR_INIT_MAX(4000);
	char edit[600];
	json_t *lanes = json_object();

	if (f->cfg->disabled) {
		sum.state = "disabled";
	} else if (!f->source) {
		sum.state = "failing";
		sum.error = f->broken.msg;
	}
	for (size_t i = 0; i < f->n_lanes; i++) {
		add_lane(&sum, f, &f->lanes[i]);
		json_object_set_new(lanes, f->lanes[i].name, lane_json(f, &f->lanes[i]));
	}
	say_flaws(f, &flaws);
	if (!sum.error[0])
		sum.error = flaws.buf;
	say_edit(&sum, f, edit, sizeof(edit));
	store_tell(f->schedule->worker->store, "source_state",
		json_pack("{s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:s, s:I, s:I, s:I, s:I, "
			  "s:o}",
			"name", f->cfg->name, "connector", f->cfg->connector, "title",
			f->source ? connector_title(source_connector(f->source)) : "",
			"env", f->cfg->env, "state", sum.state, "last_good",
			(json_int_t)sum.last_good, "last_try", (json_int_t)sum.last_try,
			"error", sum.error, "rows", sum.rows, "unknown_states",
			sum.unknown, "lag_ms", sum.lag, "interval_ms", sum.interval,
			"collections", lanes),
		NULL, NULL);
	str_release(&flaws);
}

static void tell_all(struct schedule *s)
{
	for (size_t i = 0; i < s->n; i++) {
		if (s->feeds[i]->untold)
			health_tell(s->feeds[i]);
		s->feeds[i]->untold = false;
	}
}

static void on_health(struct loop *l, void *arg)
{
	struct schedule *s = arg;

	(void)l;
	s->health = NULL;
	tell_all(s);
}

/* Many sources often end at once: what they brought is stored before what is known of them. */
void health_soon(struct feed *f)
{
	struct schedule *s = f->schedule;

	f->untold = true;
	if (!s->health)
		s->health = loop_timer(s->worker->loop, HEALTH_SOON_MS, on_health, s);
}

static void on_stale(struct loop *l, void *arg)
{
	struct schedule *s = arg;

	s->stale = loop_timer(l, STALE_CHECK_MS, on_stale, s);
	for (size_t i = 0; i < s->n; i++) {
		struct feed *f = s->feeds[i];
		bool stale = false;

		for (size_t k = 0; k < f->n_lanes; k++)
			stale = stale || lane_stale(f, &f->lanes[k]);
		if (stale)
			health_tell(f);
	}
}

void health_start(struct schedule *s)
{
	s->stale = loop_timer(s->worker->loop, STALE_CHECK_MS, on_stale, s);
}

void health_stop(struct schedule *s)
{
	loop_timer_cancel(s->worker->loop, s->stale);
	loop_timer_cancel(s->worker->loop, s->triage);
	loop_timer_cancel(s->worker->loop, s->health);
	tell_all(s);
}

static void on_triage(struct loop *l, void *arg)
{
	struct schedule *s = arg;

	(void)l;
	s->triage = NULL;
	s->fresh = false;
	store_retriage(s->worker->store, NULL, NULL);
	executor_causes(s->worker->executor);
}

void schedule_settled(struct schedule *s)
{
	if (!s->triage && s->fresh)
		s->triage = loop_timer(s->worker->loop, TRIAGE_SOON_MS, on_triage, s);
}
