#ifndef TRIAGE_LOOK_H
#define TRIAGE_LOOK_H

#include "backends/store/environment.h"
#include "backends/store/store.h"

/*
 * What the parts of attention.c look at. Private to backends/triage.
 */
enum { LOOK_PHRASE_MAX = 96 };

struct look {
	const struct record *r;
	usec_t now;
	usec_t age;          /* in this state */
	double usual;        /* amount / expected, 0: not known */
	bool prod, not_prod; /* neither: the env is missing or no class knows it */
	long group, failed, of, ok_before, waits, incidents, stale, flaps;
	bool superseded, source_stale;
	usec_t noted;
};

/* How strongly a part applies, in percent of its weight; 0: not at all. The phrase may
 * stay empty. */
typedef int look_fn(const struct look *l, char *phrase, size_t size);

void look_init(struct look *l, const struct record *r, const struct environments *envs,
	const json_t *context);
/* False: no person is needed, whatever the parts would say. */
bool look_needs(const struct look *l);
enum severity look_default_severity(const struct look *l);

look_fn look_state, look_severity, look_tier, look_env, look_nobody, look_due, look_waits,
	look_hangs, look_cause, look_pattern, look_cost, look_claimed, look_noted,
	look_not_prod, look_old, look_stale;

#endif
