/*
 * The table of what wants attention. A part looks at one side of a record and says how
 * strongly it applies, in percent of its weight, with a phrase. The parts named "less"
 * take a share of the sum away instead.
 */
#include "backends/triage/attention.h"

#include "backends/base/mem.h"
#include "backends/triage/look.h"

#include <stdlib.h>
#include <string.h>

/*
 * `say` orders the phrases: what no other column shows comes first, whatever it weighs.
 * 0: has no phrase of its own. The default weights are such that a critical failure in
 * production stays above anything that is merely late, and that no sum of patterns lifts
 * a low one above it.
 */
static const struct part {
	const char *name;
	int weight;
	int say;
	bool less; /* weight is the share of the sum that goes, in percent */
	look_fn *look;
	const char *about;
} parts[] = {
	{"state", 40, 2, false, look_state, "the state itself, by kind"},
	{"severity", 40, 3, false, look_severity, "critical, high, low"},
	{"tier", 20, 4, false, look_tier, "how much the service matters"},
	{"env", 15, 1, false, look_env, "production"},
	{"nobody", 20, 9, false, look_nobody, "nobody has it, longer and longer"},
	{"due", 30, 11, false, look_due, "a limit is near or passed"},
	{"waits", 15, 7, false, look_waits, "runs wait for it"},
	{"hangs", 10, 6, false, look_hangs, "incidents and checks that are linked to it"},
	{"cause", 10, 8, false, look_cause, "one cause with others"},
	{"pattern", 10, 5, false, look_pattern,
		"fails often, flaps, or failed for the first time"},
	{"cost", 25, 10, false, look_cost, "spend against the usual"},
	{"claimed", 60, 12, true, look_claimed, "somebody has it"},
	{"noted", 30, 0, true, look_noted, "acknowledged with a recent note"},
	{"not_prod", 40, 0, true, look_not_prod, "not production"},
	{"old", 100, 0, true, look_old, "an old failure"},
	{"stale", 20, 4, true, look_stale, "its source has not been read for a while"},
};
enum { PARTS = LENGTH(parts), PHRASES_MAX = 3 };

struct triage_hook {
	struct environments envs;
	int weights[PARTS];
	struct store_triage plug;
	char why[RECORD_TEXT_MAX + 1];
};

/* ---- phrases ---- */

struct said {
	int say;
	char text[LOOK_PHRASE_MAX];
};

/* Keeps the PHRASES_MAX that rank highest, in order. */
static void say(struct said *list, size_t *n, const struct said *new)
{
	size_t at = *n;
	while (at > 0 && list[at - 1].say < new->say)
		at--;
	if (at >= PHRASES_MAX)
		return;
	if (*n < PHRASES_MAX)
		(*n)++;
	for (size_t i = *n - 1; i > at; i--)
		list[i] = list[i - 1];
	list[at] = *new;
}

static void join(char *dst, size_t size, const struct said *list, size_t n)
{
	size_t used = 0;
	dst[0] = '\0';
	for (size_t i = 0; i < n; i++) {
		size_t need = strlen(list[i].text) + (i ? 2 : 0);
		if (used + need >= size)
			break;
		str_format(dst + used, size - used, "%s%s", i ? "; " : "", list[i].text);
		used += need;
	}
}

/* ---- the sum ---- */

void triage_score(struct triage_hook *h, struct record *r, const json_t *context)
{
	struct look l;
	look_init(&l, r, &h->envs, context);
	r->attention = 0;
	r->why = "";
	if (!look_needs(&l))
		return;
	if (r->severity == SEVERITY_NONE)
		r->severity = look_default_severity(&l);

	struct said list[PHRASES_MAX];
	size_t n = 0;
	long sum = 0, keep = 1000;
	for (size_t i = 0; i < PARTS; i++) {
		struct said s = {.say = parts[i].say, .text = ""};
		int percent = parts[i].look(&l, s.text, sizeof(s.text));
		if (percent <= 0)
			continue;
		long value = (long)h->weights[i] * percent;
		if (parts[i].less)
			keep = keep * (value >= 10000 ? 0 : 10000 - value) / 10000;
		else
			sum += value;
		if (s.text[0] && parts[i].say && h->weights[i])
			say(list, &n, &s);
	}
	r->attention = (int)(sum * keep / 100000);
	if (r->attention <= 0) {
		r->attention = 0;
		return;
	}
	join(h->why, sizeof(h->why), list, n);
	r->why = h->why;
}

/* ---- weights ---- */

static void score_hook(void *arg, struct record *r, const json_t *context)
{
	triage_score(arg, r, context);
}

static bool set_weight(
	struct triage_hook *h, const char *name, const json_t *v, struct err *e)
{
	struct str known = STR_INIT_MAX(400);
	for (size_t i = 0; i < PARTS; i++) {
		str_addf(&known, "%s%s", i ? ", " : "", parts[i].name);
		if (strcmp(parts[i].name, name) != 0)
			continue;
		str_release(&known);
		double w = json_is_number(v) ? json_number_value(v) : -1;
		int max = parts[i].less ? 100 : 1000;
		if (w < 0 || w > max)
			return err_set(e, ERR_CONFIG,
				"attention: \"%s\" must be a number from 0 to %d", name,
				max);
		h->weights[i] = (int)w;
		return true;
	}
	err_set(e, ERR_CONFIG, "attention: no part is called \"%s\"; there are %s", name,
		known.buf);
	str_release(&known);
	return false;
}

struct triage_hook *triage_hook_new(
	json_t *weights, const struct environments *envs, struct err *e)
{
	struct triage_hook *h = xcalloc(1, sizeof(*h));
	for (size_t i = 0; i < PARTS; i++)
		h->weights[i] = parts[i].weight;
	if (envs)
		h->envs = *envs;
	h->plug = (struct store_triage){.score = score_hook, .arg = h};
	const char *key;
	json_t *v;
	json_object_foreach (weights, key, v) {
		if (!set_weight(h, key, v, e)) {
			triage_hook_free(h);
			return NULL;
		}
	}
	return h;
}

void triage_hook_free(struct triage_hook *h)
{
	free(h);
}

const struct store_triage *triage_hook(const struct triage_hook *h)
{
	return &h->plug;
}

const char *triage_part(size_t i, int *weight, const char **about)
{
	if (i >= PARTS)
		return NULL;
	*weight = parts[i].weight;
	*about = parts[i].about;
	return parts[i].name;
}
