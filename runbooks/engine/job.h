#ifndef ENGINE_JOB_H
#define ENGINE_JOB_H

#include "runbooks/engine/runbook.h"

/*
 * Jobs: rows by which a console asks the worker to do something (store_tell "job_add"),
 * and their answers. This header is the contract between tui/ (which adds jobs and shows
 * them) and the executor (which carries them out).
 *
 * type "preview": what an action would do. Nothing is changed; risk-free calls only (the
 * far side's dry run). spec    {runbook, version, params: {..typed}, operator, reason?};
 * targets: the frozen list of keys result  {plan_hash,                     sha256 over
 * version, params, targets in order, and rendered requests risk, prod: bool,
 * reason_required: bool, targets: [{n, key, title, lines: [text], error?}]      what the
 * far side's dry run says, or why there is none requests: [text],             exactly
 * what would be sent, one per target and step, secrets masked allowed: text, refused?:
 * text  policy: read-only, stale, too many targets, lock held by ... proof: text how
 * success will be known: "success when Airflow reports ..." confirm: {sentence, undo,
 * type?: text to type}}
 *
 * type "action": the same spec plus {preview: job, plan_hash}; the worker renders the
 * plan again and refuses when the hash differs (ERR_CONFLICT: "the plan changed since the
 * preview"). Headless `run --yes` makes its own preview job first. states  queued ->
 * starting (audit intent synced, locks taken) -> running -> verifying -> succeeded |
 * failed | partial | canceled | unknown targets queued -> starting -> running ->
 * verifying -> succeeded | failed | unknown | canceled | refused; `known` says what is
 * known, in words output  lines of each target, as they come audit   intent, request,
 * outcome per target, end; refused attempts too type "log": spec {key, part}; result
 * {parts: [{title, state, try}], part, error_at: seq of the first error line or 0, lines,
 * truncated, errors: [seq at which an error begins, at most 1000]}; output = the lines type "refresh": spec {source? , key?}; collects at once
 */

/* Builds the arguments of job_add. Targets: keys "kind:source:id" with titles. New
 * references are returned. */
json_t *job_preview_args(const struct runbook *r, const json_t *params,
	const json_t *targets, const char *operator_name, const char *reason);
json_t *job_action_args(const struct runbook *r, const json_t *params,
	const json_t *targets, const char *operator_name, const char *reason,
	long long preview_job, const char *plan_hash);
json_t *job_log_args(const char *key, int part, const char *operator_name);

bool job_ended(
	const char *state); /* succeeded, failed, partial, canceled, unknown, done */

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

/* An open console holds "<store>.consoles", so that the worker does not leave for idleness. -1: that could not be done, which ends nothing. Close it
 * to let go; the kernel does it for a console that died. */
int console_hold(const char *store_path);
bool console_held(const char *store_path);

#endif
