#ifndef CONNECTOR_DEF_CALL_H
#define CONNECTOR_DEF_CALL_H

#include "backends/connector/def_request.h"

/*
 * calls: NAME -> what changes something on the far side.
 *
 *   calls:
 *     clear_failed:
 *       title: Clear failed tasks
 *       requires: [{that: "state == 'failed'", says: "it is {{ record.state }}: nothing to clear"}]
 *                                     that: EXPR of the scope, says: TEMPLATE; without a request, before anything else
 *       post: ...                     as any request; sql: runs in a transaction that is committed. Or
 *       steps: [{name: find, get: ...}, {post: ..., success: ...}]
 *                                     the last one is the call's own request, a change whatever its method; a GET before
 *                                     it is a read
 *       success: "body.status == 'ok'"
 *                                     EXPR over the envelope {status, body, affected, exit}; default: HTTP 2xx, sql done,
 *                                     exit code 0. False on a 2xx: what became of it is not known. Required beside
 *                                     accept_status, which takes an answer such as 409 or 500 to be judged
 *       proof: reply                  `success` shows the wished state itself (body.is_paused), so that it is proof;
 *                                     without it a call that succeeds is accepted, and `verify` proves. True of an empty
 *                                     reply or of an error, `success` counts as not declared
 *       refused: body.code == 'FROZEN'
 *       maybe: body.code == 'QUEUE_FULL'
 *                                     EXPR over the envelope of a whole reply, whatever its status: a refusal that has
 *                                     changed nothing (of ssh: exit == `3`), and one that may have. Without them a 4xx
 *                                     (but 408, 425, 499) is such a refusal, everything else but success may have changed
 *                                     something
 *       outside_transaction: true     sql: the statement acts also outside its transaction (pg_terminate_backend), so an
 *                                     error may have changed something
 *       refusal: body.error.message   EXPR over the envelope: the far side's words when it is no success
 *       says: "cleared, {{ length(reply.body.task_instances) }} tasks"
 *                                     TEMPLATE; reply is the envelope
 *       again: true                   meant to happen once more, or does more than `until` can see: sent also when `until`
 *                                     holds before. Proved only by an `until` that was false of a `before` that was read
 *                                     whole, or that names `called`
 *       preview: {post: ..., json: {dry_run: true}, lines: "task_instances[].task_id", targets: EXPR, says: TEMPLATE}
 *                                     must not change anything; keys not given are those of the call. lines, targets:
 *                                     EXPR over the body (rows); refuse: EXPR over it, a text when the dry run shows that
 *                                     there is nothing to do or that it must not be done. `preview: rollback` for sql:
 *                                     the statement itself, rolled back; or preview: {sql: SELECT ...}
 *       verify: {get: ..., until: "state == 'running'", every: 2s, within: 60s, fails: "state == 'broken'",
 *                says: "state is {{ reply.body.state }}"}
 *                                     read before anything is sent, too: when `until` holds then, the call is not sent.
 *                                     until, fails: EXPR over the body; with page: or items: over the array of all items.
 *                                     scope() as in the call, and before (the body of the read before, null when it was
 *                                     not read whole) and called (the body of the call's own reply). fails: it will not
 *                                     come any more. says: default the value that `until` looked at. already: EXPR for
 *                                     the read before, in place of `until`
 *
 *   verify.absent: array | rows | output | object | {status: 400, code: ResourceNotFound} | {status: 400, text: no such}
 *     Proof by absence. An `until` that is true of an empty reply (null, {}, "", []) or of an error object proves nothing,
 *     unless what it looked at is one of these, read whole: an array, through its last page; the rows of a statement that
 *     ended; the output of a command that ended with 0. object: it was there (200) before, and now is a 404 or 410, or the
 *     4xx of that status with that code as a text in its body, or with that text within one; `until` may be left out.
 */
enum def_absent { ABSENT_NONE, ABSENT_ARRAY, ABSENT_ROWS, ABSENT_OUTPUT, ABSENT_OBJECT };

struct def_require {
	struct def_expr that;
	struct tmpl *says;
};
struct def_step {
	const char *name; /* or NULL */
	struct def_request request;
	struct def_expr success, refusal, refused, maybe;
	bool outside_transaction;
};
struct def_verify {
	bool given;
	struct def_fetch fetch;
	bool pages; /* items of a list; else the body as it is */
	struct def_expr until, already, fails;
	bool names_called, names_before; /* `until` does */
	enum def_absent absent;
	int absent_status; /* 0: 404 and 410 only */
	const char *absent_code, *absent_text;
	struct tmpl *says;
	int64_t every_ms, within_ms;
};
struct def_call {
	const char *name, *title;
	struct def_require *requires;
	size_t n_requires;
	struct def_step *steps; /* one, unless `steps:` */
	size_t n_steps;
	struct tmpl *says;
	bool again, proof_reply;
	bool has_preview, preview_rollback;
	struct def_request preview;
	struct def_expr lines, targets, refuse;
	struct tmpl *preview_says;
	struct def_verify verify;
};

#endif
