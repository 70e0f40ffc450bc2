#ifndef ENGINE_WORKER_H
#define ENGINE_WORKER_H

#include "backends/connector/connector.h"
#include "backends/store/store.h"
#include "runbooks/engine/runbook.h"

/*
 * The worker: collectors and executor in one loop, one process a store (a lock file decides). It owns secrets and all
 * network I/O. A console that goes away ends nothing here; the worker leaves by itself when no console has asked for
 * anything and nothing ran for idle_exit_ms.
 */
struct schedule;
struct executor;
struct triage_hook;
struct tidy;
struct reload;
struct hand;
struct session_door;
struct pulse_beat;

struct worker {
	struct loop *loop;
	struct store *store;
	struct config config;
	struct reach reach;
	struct runbooks *runbooks;
	struct triage_hook *triage;
	struct pulse_beat *pulse;
	struct schedule *schedule;
	struct executor *executor;
	struct tidy *tidy;
	struct reload *reload;
	struct hand *hands; /* far.c */
	struct session_door *door;
	unsigned version; /* of the configuration: counts its edits */
	bool foreground;
	char *store_path;
	int lock_fd;
	bool stopping;       /* start nothing new: the loop ends */
	int64_t last_use_ms; /* monotonic: a job came or ended, a console lives */
};

struct worker_options {
	const char *store_path;  /* NULL: the configuration's, else the default */
	const char *config_path; /* NULL: the default file */
	bool foreground;         /* log to stderr, never leave for idleness */
};

/* Runs until stopped or idle. Returns the exit status: 0, or 75 when another worker holds the store, else by the
 * error's class. */
int worker_main(const struct worker_options *o);

/* ---- schedule.c: when each collection of each source runs, and the health of sources ---- */

/* Sources whose connector or settings are wrong do not stop the others: they show as failing, with the message. */
struct schedule *schedule_new(struct worker *w);
void schedule_free(struct schedule *s);
/* The configuration of the worker, or a connector, is another one now. */
void schedule_edited(struct schedule *s);
/* Sources of before the oldest version that is still in use are let go of. */
void schedule_forget(struct schedule *s, unsigned oldest);
bool schedule_uses(const struct schedule *s, const struct config *c);
/* The live source, NULL when it is not configured, disabled or broken (then e says why). */
struct source *schedule_source(struct schedule *s, const char *name, struct err *e);
/* The same as it is in that version. */
struct source *schedule_source_of(
	struct schedule *s, unsigned version, const char *name, struct err *e);
/* Collect all its collections as soon as their min_every and the far side's Retry-After let: for `wait`, for the console's
 * refresh. Running ones are left to end and run once more. */
void schedule_refresh(struct schedule *s, const char *name);
/* The same after an action on it, without min_every: what was changed is not shown as it was for a quarter of an hour. */
void schedule_acted(struct schedule *s, const char *name);

/* ---- executor.c: jobs ---- */

/* Also takes up what an earlier worker left: see recover.c. */
struct executor *executor_new(struct worker *w);
void executor_free(struct executor *x);
/* The store changed: look for queued jobs and requests to cancel. */
void executor_wake(struct executor *x);
bool executor_busy(const struct executor *x);
/* A collected batch holds newly failed runs: fetch the end of their logs for the cause, most important first, some per minute. */
void executor_causes(struct executor *x);

/* ---- reload.c: edits are taken up ---- */

struct reload *reload_new(struct worker *w, const char *config_path);
void reload_free(struct reload *r);
void reload_look(struct reload *r); /* what was saved is taken up at once */
/* As they are in that version, which is the present one or held. */
const struct config *reload_config(const struct worker *w, unsigned version);
const struct runbooks *reload_runbooks(const struct worker *w, unsigned version);
void reload_tidy(struct reload *r); /* lets go of what nobody uses any more */

/* ---- tidy.c: what keeps the store small ---- */

/* Some minutes after the start and then daily, what is older than `worker: {keep: 90d}` of the configuration is forgotten. */
struct tidy *tidy_new(struct worker *w);
void tidy_free(struct tidy *t);
/* This log job ends: the output of those that fetched the same log for the same person before it is dropped. */
void tidy_log(struct tidy *t, long long job);

#endif
