#ifndef TRIAGE_ATTENTION_H
#define TRIAGE_ATTENTION_H

#include "backends/store/environment.h"
#include "backends/store/store.h"

/*
 * How much a record needs a person, and why. One number the store sorts by, made of the
 * parts in the table of attention.c, each with a weight and a phrase. 0: nobody is
 * needed.
 *
 * Whatever moves with time moves in steps (10 min, 30 min, 1 h, 4 h, 1 d; a failed run
 * sinks after 4 h, 1 d, 3 d and 7 d), so that a record that did not change is written a
 * few times, not every minute.
 *
 * The context comes from the store; every member may be missing:
 *   now           µs; else the clock
 *   group         records with the same signature, this one included; else record.group
 *   failed, of    failed k of the last n runs of the same title (this one included)
 *   ok_before     successes in a row before the first failure
 *   waits         runs that wait for this one
 *   incidents     open incidents linked to it
 *   stale         stale or failing checks linked to it
 *   flaps         changes of state in the last day
 *   superseded    a later run of the same title succeeded
 *   noted         µs of the newest note
 *   source_stale  the source has not been read for a while
 */
struct triage_hook;

/* `weights`: NULL, or {"part": number, ...} from the configuration; an unknown part is an
 * error that names those there are. `envs`: what is production; its classes must outlive
 * the hook; NULL: the defaults. */
struct triage_hook *triage_hook_new(
	json_t *weights, const struct environments *envs, struct err *e) MUST_USE;
void triage_hook_free(struct triage_hook *h);
/* For store_set_triage; lives as long as h. */
const struct store_triage *triage_hook(const struct triage_hook *h);

/*
 * Sets attention and why (at most RECORD_TEXT_MAX bytes, stays valid until the next call
 * with the same h). A record that wants a person and comes without a severity gets one
 * from its environment and tier.
 */
void triage_score(struct triage_hook *h, struct record *r, const json_t *context);

/* The parts by index, for the configuration's help; NULL after the last. */
const char *triage_part(size_t i, int *weight, const char **about);

#endif
