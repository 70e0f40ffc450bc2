/*
 * One function a part of attention: how strongly it applies to a record, and the words
 * for it.
 */
#include "backends/triage/look.h"

#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

static double ratio(const struct record *r)
{
	double amount, usual;
	if (!str_to_double(r->amount, &amount) || !str_to_double(r->expected, &usual) ||
		usual <= 0)
		return 0;
	return amount / usual;
}

static void look_around(struct look *l, const json_t *context)
{
	l->now = json_int(context, "now", 0);
	l->group = (long)json_int(context, "group", l->group);
	l->failed = (long)json_int(context, "failed", 0);
	l->of = (long)json_int(context, "of", 0);
	l->ok_before = (long)json_int(context, "ok_before", 0);
	l->waits = (long)json_int(context, "waits", 0);
	l->incidents = (long)json_int(context, "incidents", 0);
	l->stale = (long)json_int(context, "stale", 0);
	l->flaps = (long)json_int(context, "flaps", 0);
	l->superseded = json_flag(context, "superseded", false);
	l->source_stale = json_flag(context, "source_stale", false);
	l->noted = json_int(context, "noted", 0);
}

/* What no class knows is neither lifted as production nor lowered as something else. */
static void look_where(struct look *l, const struct environments *envs)
{
	const char *class = environment_class(envs, l->r->env);
	l->prod = class && strcmp(class, ENVIRONMENT_PRODUCTION) == 0;
	l->not_prod = class && !l->prod;
}

void look_init(struct look *l, const struct record *r, const struct environments *envs,
	const json_t *context)
{
	memset(l, 0, sizeof(*l));
	l->r = r;
	l->group = r->group;
	if (context) /* most records are stored without */
		look_around(l, context);
	if (!l->now)
		l->now = clock_now();
	usec_t since = r->since ? r->since : r->ended ? r->ended : r->started;
	l->age = since && since < l->now ? l->now - since : 0;
	/* A run that was collected late failed when it ended, not when we heard of it. */
	if (r->kind == KIND_RUN && r->ended && r->ended < l->now &&
		l->now - r->ended > l->age)
		l->age = l->now - r->ended;
	l->usual = ratio(r);
	look_where(l, envs);
}

/* ---- the state ---- */

/* Percent of the state's weight, by kind. What is not listed needs nobody. */
static const struct {
	enum kind kind;
	enum state state;
	int percent;
	const char *phrase;
} states[] = {
	{KIND_RUN, STATE_FAILED, 100, "failed"},
	{KIND_RUN, STATE_TIMED_OUT, 100, "timed out"},
	{KIND_RUN, STATE_PARTIAL, 75, "only a part succeeded"},
	{KIND_INCIDENT, STATE_OPEN, 100, "open"},
	{KIND_INCIDENT, STATE_ACKNOWLEDGED, 25, "acknowledged, not resolved"},
	{KIND_INCIDENT, STATE_UNKNOWN, 40, "state not understood"},
	{KIND_ACCESS, STATE_PENDING, 80, "pending"},
	{KIND_ACCESS, STATE_UNKNOWN, 40, "state not understood"},
	{KIND_GRANT, STATE_EXPIRING, 40, "expires soon"},
	{KIND_COST, STATE_OPEN, 70, "spend is unusual"},
	{KIND_COST, STATE_ACKNOWLEDGED, 15, "acknowledged, not closed"},
	{KIND_CHECK, STATE_FAILING, 100, "failing"},
	{KIND_CHECK, STATE_STALE, 60, "stale"},
	{KIND_CHECK, STATE_WARN, 40, "warns"},
	{KIND_CHECK, STATE_UNKNOWN, 40, "state not understood"},
	{KIND_CHANGE, STATE_FAILED, 60, "change failed"},
};

static int state_index(const struct record *r)
{
	for (size_t i = 0; i < sizeof(states) / sizeof(states[0]); i++)
		if (states[i].kind == r->kind && states[i].state == r->state)
			return (int)i;
	return -1;
}

/* Not finished though its limit has passed: late runs, grants past their end, late
 * changes. */
static bool is_late(const struct look *l)
{
	const struct record *r = l->r;
	return r->due && r->due <= l->now && state_open(r->kind, r->state);
}

int look_state(const struct look *l, char *phrase, size_t size)
{
	int i = state_index(l->r);
	if (i < 0) {
		str_copy(phrase, size, state_name(l->r->state));
		return is_late(l) ? 50 : 0;
	}
	str_copy(phrase, size, states[i].phrase);
	return states[i].percent;
}

bool look_needs(const struct look *l)
{
	const struct record *r = l->r;
	if (r->snoozed_until > l->now || l->superseded || record_gone(r))
		return false;
	if (r->state == STATE_SILENCED || r->state == STATE_UNKNOWN)
		return state_index(r) >= 0;
	return state_index(r) >= 0 || is_late(l);
}

/* ---- how bad ---- */

enum severity look_default_severity(const struct look *l)
{
	const struct record *r = l->r;
	bool soft = r->state == STATE_WARN || r->state == STATE_EXPIRING ||
		    r->state == STATE_PARTIAL || r->state == STATE_ACKNOWLEDGED ||
		    r->state == STATE_UNKNOWN;
	if (!l->prod || soft)
		return SEVERITY_LOW;
	bool broken =
		r->kind == KIND_RUN || r->kind == KIND_CHECK || r->kind == KIND_INCIDENT;
	return broken && r->tier == 1 ? SEVERITY_CRITICAL : SEVERITY_HIGH;
}

int look_severity(const struct look *l, char *phrase, size_t size)
{
	static const int percent[SEVERITY_COUNT] = {
		[SEVERITY_LOW] = 20, [SEVERITY_HIGH] = 60, [SEVERITY_CRITICAL] = 100};
	if (l->r->severity >= SEVERITY_HIGH)
		str_copy(phrase, size, severity_name(l->r->severity));
	return percent[l->r->severity];
}

int look_tier(const struct look *l, char *phrase, size_t size)
{
	int tier = l->r->tier;
	if (tier < 1 || tier > 3)
		return 0;
	if (tier < 3)
		str_format(phrase, size, "tier %d", tier);
	return tier == 1 ? 100 : tier == 2 ? 50 : 20;
}

int look_env(const struct look *l, char *phrase, size_t size)
{
	if (!l->prod)
		return 0;
	str_copy(phrase, size, l->r->env);
	return 100;
}

/* ---- time ---- */

static const struct step {
	usec_t at;
	int percent; /* of getting older */
	int near;    /* of coming closer */
	const char *words;
} steps[] = {{DAY, 100, 15, "1 d"}, {4 * HOUR, 90, 40, "4 h"}, {HOUR, 80, 75, "1 h"},
	{30 * MINUTE, 70, 90, "30 min"}, {10 * MINUTE, 60, 100, "10 min"}};

static const struct step *step_of(usec_t age)
{
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++)
		if (age >= steps[i].at)
			return &steps[i];
	return NULL;
}

int look_nobody(const struct look *l, char *phrase, size_t size)
{
	const struct record *r = l->r;
	static const char *const words[KIND_COUNT] = {
		[KIND_INCIDENT] = "nobody acknowledged",
		[KIND_COST] = "nobody looked at it",
		[KIND_ACCESS] = "nobody answered"};
	bool open = r->state == STATE_OPEN || r->state == STATE_PENDING;
	if (!open || *r->claimed_by || !words[r->kind])
		return 0;
	const struct step *s = step_of(l->age);
	if (s)
		str_format(phrase, size, "%s for over %s", words[r->kind], s->words);
	else
		str_copy(phrase, size, words[r->kind]);
	return s ? s->percent : 50;
}

static const char *due_verb(enum kind k, bool passed)
{
	if (k == KIND_GRANT)
		return passed ? "should have ended" : "ends";
	return passed ? "was due" : "due";
}

int look_due(const struct look *l, char *phrase, size_t size)
{
	const struct record *r = l->r;
	if (!r->due)
		return 0;
	usec_t left = r->due - l->now;
	if (left <= 0) {
		const struct step *s = step_of(-left);
		if (s)
			str_format(phrase, size, "%s over %s ago",
				due_verb(r->kind, true), s->words);
		else
			str_format(phrase, size, "%s just now", due_verb(r->kind, true));
		return 100;
	}
	for (size_t i = sizeof(steps) / sizeof(steps[0]); i-- > 0;) {
		if (left > steps[i].at)
			continue;
		str_format(phrase, size, "%s within %s", due_verb(r->kind, false),
			steps[i].words);
		return steps[i].near;
	}
	return 0;
}

/* A failed run that nobody touched for days is history, not an alarm. */
int look_old(const struct look *l, char *phrase, size_t size)
{
	(void)phrase;
	(void)size;
	if (l->r->kind != KIND_RUN && l->r->kind != KIND_CHANGE)
		return 0;
	if (l->age >= 7 * DAY)
		return 100;
	return l->age >= 3 * DAY ? 75 : l->age >= DAY ? 50 : l->age >= 4 * HOUR ? 20 : 0;
}

/* ---- what hangs on it, and patterns ---- */

int look_waits(const struct look *l, char *phrase, size_t size)
{
	if (l->waits <= 0)
		return 0;
	str_format(phrase, size, l->waits == 1 ? "%ld run waits" : "%ld runs wait",
		l->waits);
	return l->waits >= 10 ? 100 : 40 + 6 * (int)l->waits;
}

int look_hangs(const struct look *l, char *phrase, size_t size)
{
	if (l->incidents > 0)
		str_format(phrase, size,
			l->incidents == 1 ? "%ld open incident" : "%ld open incidents",
			l->incidents);
	else if (l->stale > 0)
		str_format(phrase, size,
			l->stale == 1 ? "%ld check fails with it"
				      : "%ld checks fail with it",
			l->stale);
	else
		return 0;
	return l->incidents > 1 ? 100 : 70;
}

int look_cause(const struct look *l, char *phrase, size_t size)
{
	if (l->group < 2)
		return 0;
	str_format(phrase, size,
		l->group == 2 ? "one cause with %ld other" : "one cause with %ld others",
		l->group - 1);
	return l->group >= 5 ? 100 : 60;
}

int look_pattern(const struct look *l, char *phrase, size_t size)
{
	if (l->failed >= 2 && l->of > l->failed) {
		str_format(phrase, size, "failed %ld of last %ld", l->failed, l->of);
		return 100;
	}
	if (l->failed >= 2) {
		str_format(phrase, size, "failed %ld in a row", l->failed);
		return 100;
	}
	if (l->flaps >= 4) {
		str_copy(phrase, size, "comes and goes");
		return 60;
	}
	if (l->ok_before >= 5) {
		str_format(
			phrase, size, "first failure after %ld successes", l->ok_before);
		return 50;
	}
	return 0;
}

int look_cost(const struct look *l, char *phrase, size_t size)
{
	if (l->r->kind != KIND_COST || l->usual < 1.1)
		return 0;
	str_format(phrase, size, l->usual < 10 ? "%.1fx usual" : "%.0fx usual", l->usual);
	return l->usual >= 5 ? 100 : (int)(l->usual * 20);
}

/* ---- less ---- */

int look_claimed(const struct look *l, char *phrase, size_t size)
{
	if (!*l->r->claimed_by)
		return 0;
	str_format(phrase, size, "%.60s has it", l->r->claimed_by);
	return 100;
}

int look_noted(const struct look *l, char *phrase, size_t size)
{
	(void)phrase;
	(void)size;
	bool recent = l->noted && l->now - l->noted < HOUR;
	return recent && l->r->state == STATE_ACKNOWLEDGED ? 100 : 0;
}

int look_not_prod(const struct look *l, char *phrase, size_t size)
{
	(void)phrase;
	(void)size;
	return l->not_prod ? 100 : 0;
}

int look_stale(const struct look *l, char *phrase, size_t size)
{
	if (*l->r->unread) {
		str_copy(phrase, size, "could not be read again");
		return 100;
	}
	if (!l->source_stale)
		return 0;
	str_copy(phrase, size, "its source is stale");
	return 100;
}
