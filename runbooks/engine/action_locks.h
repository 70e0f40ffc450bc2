#ifndef ENGINE_ACTION_LOCKS_H
#define ENGINE_ACTION_LOCKS_H

#include "runbooks/engine/exec.h"

/* The locks of a plan's targets, taken and looked after. Zeroed before. */
struct locks {
	struct job_run *job; /* NULL: never asked for */
	size_t n;
	struct store_req *request;
	struct loop_timer *timer;
	void (*lost)(void *arg, const char *why);
	void *arg;
};
/* last: what the preview saw that was last done to each target (last_acts), NULL: whatever it was. */
struct store_req *locks_take(struct locks *k, const struct plan *p, json_t *last,
	store_answer_fn *fn, void *arg);
/* Looks from time to time whether they are still held; `lost` at most once. */
void locks_keep(struct locks *k, void (*lost)(void *arg, const char *why), void *arg);
void locks_drop(struct locks *k);
void locks_release(struct locks *k); /* asks no more; they stay in the store */

#endif
