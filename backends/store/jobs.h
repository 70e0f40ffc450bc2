#ifndef STORE_JOBS_H
#define STORE_JOBS_H

#include "backends/store/store_private.h"

/*
 * The states of jobs and of their targets, and which may follow which. An ended job does not change, with one
 * exception: what was unknown becomes succeeded or failed when a later verification finds out.
 */
enum job_steps {
	JOB_ACTION,
	JOB_READ /* preview, answer, log, refresh, stop */,
	JOB_TARGET
};

bool job_may(enum job_steps steps, const char *from, const char *to);
bool job_state_ended(const char *state);
/* What type of job follows which steps; false: no such type. */
bool job_type_steps(const char *type, enum job_steps *steps);

/* acts.c. False with e: since `seen` (a mark of last_acts) another action than `own` began or ended on the key. */
bool acts_as_seen(struct store *s, const char *key, const json_t *seen, long long own,
	const char *runbook, struct err *e) MUST_USE;

#endif
