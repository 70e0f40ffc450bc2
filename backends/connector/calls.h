#ifndef CONNECTOR_CALLS_H
#define CONNECTOR_CALLS_H

#include "backends/base/json.h"

/*
 * The part of connector.h about calls: what changes something on the far side.
 */
struct source;

/*
 * `input` is the scope that a call sees besides settings and secrets: {record, params, operator, reason, action: {id,
 * key, now?}}. action.now, ISO 8601, becomes the scope's `now`: set it when the plan is made, so that text and execution
 * agree.
 */
/* What is known about the effect of a call's requests. */
enum call_effect {
	CALL_NOTHING, /* cannot have changed anything: never sent, or refused without effect */
	CALL_ACCEPTED, /* sent, and the far side took it; nothing is proved */
	CALL_PROVED, /* the reply itself shows the wished state: `proof: reply` and a positive `success` */
	CALL_MAYBE /* sent, and what became of it is not known: look, never repeat */
};
struct call_result {
	/* ERR_NONE with CALL_ACCEPTED, CALL_PROVED; ERR_UNKNOWN with CALL_MAYBE; another with CALL_NOTHING. Of previews: their own. */
	struct err err;
	enum call_effect effect;
	bool sent;     /* something that may have changed the far side has left */
	bool whole;    /* the last reply was read to its end */
	bool no_rows;  /* the statement was committed, and it touched none */
	json_t *reply; /* borrowed; parsed reply or rows; NULL */
	/* One safe line of what is known: "cleared, 2 tasks" (the call's `says`, else the status). */
	const char *known;
};
typedef void call_fn(void *arg, const struct call_result *r);
struct call;
/* Plans without sending: the rendered request as one line (request_describe), secrets masked, for preview and plan hash.
 * It tells any two requests apart. malloc'ed, NULL with e. */
char *source_call_text(
	struct source *s, const char *call, json_t *input, struct err *e) MUST_USE;
/* `requires:`, and everything that can be rendered beforehand: false with the sentence in e. Sends nothing. */
bool source_call_check(
	struct source *s, const char *call, json_t *input, struct err *e) MUST_USE;
/* Runs the call itself. SQL calls bind and commit; HTTP sends once, never retries unless it was provably not sent. */
struct call *source_call(
	struct source *s, const char *call, json_t *input, call_fn *fn, void *arg);
/* The far side's own dry run (`preview:` of the call). reply: object {"lines": [text...], "targets": [...]}; a call
 * without preview answers lines ["not previewable: ..."] with err ERR_NONE. */
struct call *source_preview(
	struct source *s, const char *call, json_t *input, call_fn *fn, void *arg);
void call_cancel(struct call *c);

/* What one look at the far side (`verify:`) shows. */
enum call_look {
	LOOK_UNREAD, /* no whole reply of the expected shape: nothing is known */
	LOOK_NOT_YET, /* read whole; the wished state is not there, or what is there proves nothing */
	LOOK_HOLDS, /* positive proof; of an `again` call only with what `before` or `called` make of it */
	LOOK_FAILED /* `fails:` holds: it will not come any more */
};
struct look_result {
	struct err err; /* why it was not read */
	enum call_look look;
	json_t *reply;     /* the body, borrowed; or NULL */
	const char *known; /* one safe line of what was seen */
};
typedef void look_fn(void *arg, const struct look_result *r);
/*
 * One look, read before anything is sent. LOOK_HOLDS: it is so already. Keep the answer for the looks after:
 * input.before = {whole: look is not LOOK_UNREAD, holds: it is LOOK_HOLDS, body: the reply}.
 */
struct call *source_before(
	struct source *s, const char *call, json_t *input, look_fn *fn, void *arg);
/* One look whether the change has arrived. `input` has besides what the call saw `before`, see above, and `called`, the
 * call's own reply where it is known. The caller repeats it every every_ms until within_ms have passed. */
struct call *source_verify(
	struct source *s, const char *call, json_t *input, look_fn *fn, void *arg);
struct call_traits {
	bool verify; /* there is something to look at, every every_ms for within_ms */
	bool again;  /* sent also when it is so already */
	bool proof_reply; /* its own reply can prove it */
	bool preview;     /* it has a dry run */
	int64_t every_ms, within_ms;
};
/* False: there is no such call. */
bool source_call_traits(
	const struct source *s, const char *call, struct call_traits *out);

/*
 * A statement that does not stand in the connector's file: the `sql` step of a runbook. It goes over the source's
 * `postgres:` connection, in a transaction of its own, by the same machinery as a call with `sql:`. Everything is copied.
 */
struct sql_statement {
	const char *text; /* one statement, constant; values are $1, $2, ... */
	/* Array or NULL; bound as they are: no template, no secret. */
	const json_t *values;
	/* Rows touched; out of range: rolled back, ERR_LIMIT. max < 0: any number. */
	long min_rows, max_rows;
	int64_t timeout_ms; /* 0: the transport's */
};
bool source_has_sql(const struct source *s);
/* The statement with its values, one line. malloc'ed. */
char *source_sql_text(const struct sql_statement *q);
/* Commits. ERR_UNKNOWN: lost after COMMIT was sent; with every other error nothing was changed. */
struct call *source_sql(
	struct source *s, const struct sql_statement *q, call_fn *fn, void *arg);
/* Runs it and rolls it back. reply as of source_preview. */
struct call *source_sql_preview(
	struct source *s, const struct sql_statement *q, call_fn *fn, void *arg);

#endif
