#ifndef ENGINE_JOB_H
#define ENGINE_JOB_H

#include "runbooks/engine/runbook.h"

/*
 * Jobs: rows by which a console asks the worker to do something (store_tell "job_add"), and their answers. This header is the
 * contract between tui/ (which adds jobs and shows them) and the executor (which carries them out).
 *
 * "preview"  what an action would do. Changes nothing: the far side's dry runs only.
 *   spec     {runbook, version, params: {typed values}, operator, reason?}; targets: the frozen list of keys
 *   result   {plan_hash: sha256 over version, params, targets in order and rendered requests,
 *             at: the `now` of all expressions, risk, prod: bool, env_unknown: bool (prod is true then), reason_required: bool,
 *             targets: [{n, key, title, lines: [text], dry: bool, already: bool, error?}]: what the dry runs say (dry),
 *             that it is so already, or why there is none,
 *             last: what was last done to the targets (last_acts): another one by now voids the plan,
 *             requests: [text]: exactly what would be sent and asked, one per target and step, those of a foreach once
 *             for each item; secrets masked,
 *             allowed: text, refused?: text: policy, too many targets, a dry run that fails, ...,
 *             proof: text: how success will be known,
 *             confirm: {sentence, undo, type?: text to be typed}}
 *
 * "action"   the same spec and {preview: job, plan_hash}. The worker renders the plan again and refuses when the hash differs
 *            (ERR_CONFLICT: "the plan changed since the preview"). Headless `run --yes` makes its own preview first.
 *   states   queued -> starting (locks taken, audit intent synced) -> running -> verifying -> succeeded | already |
 *            accepted | failed | partial | canceled | unknown: that of the weakest target, or what they are together
 *   targets  queued -> starting -> running -> verifying -> succeeded | already (it was so before: nothing was sent) |
 *            accepted (sent and taken, nothing proves it) | failed | unknown | canceled | refused, and "asking"
 *            while a `confirm` waits for a person. `known` says what is known, in words; of "asking" it is the question
 *   output   lines of each target, as they come
 *   audit    intent, request, reply, answer, target, outcome; refused attempts too
 *
 * "answer"   a person's yes or no to a target in state "asking". Anything but yes cancels the target there.
 *   spec     {job, n: the target from 1, question: its `known`, as it was read, yes: bool}
 *   state    done: it counted; failed: it did not, `error` says why (another question by now, answered already, over)
 *
 * "log"      the log of a record. spec {key, part}; output: its lines
 *   result   {parts: [{title, state, try, tries}], part, error_at: seq of the first error line or 0, lines, truncated,
 *             errors: [seq at which an error begins, at most 1000]}
 *
 * "refresh"  collects at once. spec {source?, key?}
 */

/* Builds the arguments of job_add. Targets: keys "kind:source:id" with titles. New
 * references are returned. */
json_t *job_preview_args(const struct runbook *r, const json_t *params,
	const json_t *targets, const char *operator_name, const char *reason);
json_t *job_action_args(const struct runbook *r, const json_t *params,
	const json_t *targets, const char *operator_name, const char *reason,
	long long preview_job, const char *plan_hash);
json_t *job_log_args(const char *key, int part, const char *operator_name);
/* `question`: the target's `known`, exactly as the person read it. */
json_t *job_answer_args(
	long long job, long long n, const char *question, bool yes, const char *who);

/* succeeded, already, accepted, failed, partial, canceled, unknown, done */
bool job_ended(const char *state);

/* sha256 over the canonical JSON of {version, params, targets (keys), requests}. */
void plan_hash(const char *version, const json_t *params, const json_t *targets,
	const json_t *requests, char hex[65]);

/* The pid and start of the worker of this store, from its lock file "<store>.worker"; 0:
 * none runs. */
long worker_pid(const char *store_path);
/* Starts `watchdesk-worker` (beside our own program) detached: setsid, own log, no
 * terminal, when none runs. Does not wait. The lock file decides races: the second one
 * leaves at once. */
bool worker_start(
	const char *store_path, const char *config_path, struct err *e) MUST_USE;

/* An open console holds "<store>.consoles", so that the worker does not leave for idleness. -1: that could not be done,
 * which ends nothing. Close it to let go; the kernel does it for a console that died. */
int console_hold(const char *store_path);
bool console_held(const char *store_path);

#endif
