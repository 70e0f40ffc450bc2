#ifndef ENGINE_TARGET_PRIVATE_H
#define ENGINE_TARGET_PRIVATE_H

#include "backends/base/shown.h"
#include "runbooks/engine/exec.h"

/*
 * Shared by target.c (the order of steps), target_calls.c (call, sql), target_steps.c (wait, ssh, exec) and
 * target_confirm.c. A step of these ends by target_step_done, once.
 */
enum {
	/* Of all scripts and programs of a target. A line costs more than its bytes: an endless run of empty ones ends too. */
	TARGET_OUTPUT_MAX = 4 << 20,
	TARGET_LINE_COST = 64
};

enum step_end {
	STEP_END_OK,       /* proved, as far as a step of its kind can be */
	STEP_END_ALREADY,  /* it was so before: nothing was sent */
	STEP_END_ACCEPTED, /* sent and taken; nothing proves it */
	STEP_END_FAILED,   /* nothing can have changed, or it will not come any more */
	STEP_END_UNKNOWN
};

struct target_run {
	struct plan *plan;
	size_t n;
	target_fn *fn;
	void *arg;
	bool resume;
	const struct plan_unit *unit; /* what is under way */
	const struct step *step;      /* of the unit */
	size_t at;                    /* of the plan's units */
	const struct step *rescue;    /* on_failure: [steps] under way, or NULL */
	size_t n_rescue, rescue_at;
	struct plan_unit rescue_unit;
	json_t *input;
	json_t *called; /* what the last call returned */
	bool again;     /* the call is sent also when it is so already */
	struct loop_timer *timer;
	struct store_req *request;
	struct call *call;
	struct ssh_call *ssh;
	struct loop_child *child;
	struct shown_lines said[2]; /* stdout and stderr, as they come in pieces */
	json_t *lines;              /* of them, for the store */
	const char *stream;         /* "out" or "err": of the lines that come now */
	size_t output; /* bytes of it that were kept, see TARGET_OUTPUT_MAX */
	int64_t deadline_ms, every_ms;
	usec_t began; /* wait: what was read before shows nothing */
	struct {      /* wait: the record that is looked at */
		char key[RECORD_ID_MAX + 160], source[128];
		enum kind kind;
		bool made; /* another one, named by what the call returned */
	} looked;
	json_t *shown; /* wait: the target's own record, as the wait before saw it, or NULL */
	bool fresh; /* wait: what the question now asked will find was read after */
	enum step_end failed_end;
	/* waits for a person; somebody's answer is being written to the audit */
	bool asking, claimed;
	bool sent, already,
		accepted; /* of the steps: some were proved; were so before; are not proved */
	size_t failures;   /* that `on_failure: continue` passed over */
	bool items_failed; /* some of them end the target as failed */
	char known[400], seen[400], why[400], passed[300];
};

struct job_run *target_job(const struct target_run *t);
const struct far *target_far(const struct target_run *t);
/* The state and what is known, of the unit under way: its item is put before the text. `known` is kept for what follows. */
void target_to(struct target_run *t, const char *state, const char *known);
/* The same, kept nowhere. */
void target_show(struct target_run *t, const char *state, const char *text);
void target_step_done(struct target_run *t, enum step_end end, const char *known);
/* Ends the target here, with the whole text: nothing of what follows is sent. */
void target_end(struct target_run *t, const char *state, const char *text);

/* Makes the unit the one under way, and what its templates see; false with e. */
void target_use(struct target_run *t, const struct plan_unit *u);
bool target_prepare(struct target_run *t, struct err *e) MUST_USE;

/* target_resume.c */
void target_resume(struct target_run *t);
/* Sends the step that was prepared, its request in the audit first; nothing when the action was stopped meanwhile. */
void target_send(struct target_run *t);
/* What was accepted before is proved by what was just seen. */
void target_proved(struct target_run *t);

/* target_calls.c */
/* Reads what the call's `verify` looks at, then sends it. False: it has none. */
bool target_before(struct target_run *t);
void target_call(struct target_run *t);
void target_sql(struct target_run *t);
/* False: the call has no `verify`; the far side's word at the call is all there is. */
bool target_verify(struct target_run *t);
/* target_wait.c */
void target_wait(struct target_run *t);
/* target_steps.c */
void target_ssh(struct target_run *t);
/* A shown_fn; arg: the target. */
void target_line(void *arg, const char *line, size_t len);
void target_exec(struct target_run *t);
/* target_confirm.c */
/* Ends the target as canceled, in words: before that unit (from 0) of its list. */
void target_cancel_before(struct target_run *t, size_t at, const char *why);
void target_confirm(struct target_run *t);

#endif
