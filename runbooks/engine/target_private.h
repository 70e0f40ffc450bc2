#ifndef ENGINE_TARGET_PRIVATE_H
#define ENGINE_TARGET_PRIVATE_H

#include "runbooks/engine/exec.h"

/* Shared by target.c (the order of steps, calls) and target_steps.c (wait, ssh, exec). */
enum { TARGET_LINE_MAX = 4000 }; /* bytes of a line of output; a longer one is parted */

enum step_end { STEP_END_OK, STEP_END_FAILED, STEP_END_UNKNOWN };

struct target_run {
	struct plan *plan;
	size_t n;
	target_fn *fn;
	void *arg;
	bool resume, rescuing, lost;
	const struct step *steps, *step;
	size_t n_steps, at;
	struct source *source;
	json_t *input;
	struct loop_timer *timer;
	struct store_req *request;
	struct call *call;
	struct ssh_call *ssh;
	struct loop_child *child;
	struct str partial[2]; /* the unfinished line of stdout and stderr */
	int64_t deadline_ms, every_ms;
	enum step_end failed_end;
	char known[400], seen[400], why[400];
};

struct job_run *target_job(const struct target_run *t);
void target_to(struct target_run *t, const char *state, const char *known);
void target_step_done(struct target_run *t, enum step_end end, const char *known);

void target_wait(struct target_run *t);
void target_ssh(struct target_run *t);
void target_exec(struct target_run *t);

#endif
