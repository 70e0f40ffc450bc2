#ifndef STORE_STORE_H
#define STORE_STORE_H

#include "backends/base/loop.h"
#include "backends/store/record.h"

/*
 * The store: the bus between worker, console and headless commands. Every read is a request with a callback and a
 * cancel; only the driver knows whether rows are local or a network away. Driver today: SQLite (WAL); the schema,
 * statements ($1 parameters, ON CONFLICT, RETURNING) and this interface are made so that PostgreSQL can stand behind it.
 *
 * Roles. A worker opens STORE_WORKER: reads and writes in its own process. Consoles and headless commands open
 * STORE_CONSOLE: they read only; their writes (store_tell) are carried out by a child process
 * (`watchdesk store-write`, JSON lines on a pipe), so that a disk sync or a busy lock never stops a key.
 *
 * Callbacks always come later, from the loop, never from within the call. After store_cancel none comes.
 */
struct store;
struct store_req;

enum store_role { STORE_WORKER, STORE_CONSOLE };

/* Opens or creates (worker, writer) `path`. A console that finds no store, or an older or newer schema, says so in e
 * (ERR_NOTFOUND, ERR_CONFLICT with what to do). Schema versions are migrated by the worker and the writer child only. */
struct store *store_open(
	struct loop *l, const char *path, enum store_role role, struct err *e) MUST_USE;
void store_close(struct store *s); /* cancels all requests */
/* "$XDG_STATE_HOME/watchdesk/store.db". malloc'ed. */
char *store_default_path(struct err *e) MUST_USE;

void store_cancel(struct store *s, struct store_req *r); /* NULL is fine */

/* ---- the one query over records ----------------------------------------------------------------- */

/* Filter language: words match anywhere (case folded: title, id, source, owner, asset, service, actor, why, notes); field:value with
 *   kind state sev tier env owner source asset service actor id signature label:k=v need:yes|no snoozed:yes|no claimed:me   (glob with *; a,b = either)
 *   age<2h age>1d (since it is in this state)  started> updated< due<4h  cost>500 (amount)
 * `!` before a term inverts it; "..." quotes; a `|` between terms: what stands left of it, or what stands right of it, holds;
 * `me` is the operator. `me` may be several names, one a line: the operator and the teams that they are in. Parsed once; an
 * error says at which column. */
struct filter;
struct filter *filter_parse(const char *text, const char *me, struct err *e) MUST_USE;
void filter_free(struct filter *f);
const char *filter_field_name(size_t i, bool *orders); /* by number; it takes < and > */
/* It asks for snoozed records, which need nobody for now. */
bool filter_shows_snoozed(const struct filter *f);

enum store_sort {
	SORT_ATTENTION,
	SORT_UPDATED,
	SORT_STARTED,
	SORT_DUE,
	SORT_AMOUNT,
	SORT_TITLE,
	SORT_COUNT
};

struct store_query {
	unsigned kinds; /* bits 1 << KIND_x; 0: all */
	bool need_only; /* attention > 0: Triage */
	bool fold_groups; /* records of one signature show as one row (group count in `group`) */
	const struct filter *filter; /* NULL: none; must outlive the request */
	enum store_sort sort;        /* attention and times descending, title ascending */
	size_t first, count;         /* the window of rows wanted */
	long long anchor;            /* rid whose position is wanted; 0: none */
	bool reverse, around;        /* around: the window holds the anchor */
};

struct store_rows {
	const struct record *rows; /* without detail; valid during the callback only */
	size_t n, first;           /* first: position of rows[0] in the whole result */
	size_t total;              /* exact when complete */
	bool complete; /* false: the head of the answer, the count is still running; another callback follows */
	long long anchor_at;   /* -1: the anchor is not in the result, or not known yet */
	usec_t as_of;          /* newest successful collection */
	const struct err *err; /* NULL, or why there is no answer */
};
typedef void store_rows_fn(void *arg, const struct store_rows *rows);

/* The callback comes once or twice: (incomplete head), complete. The request frees itself after the last. Same filter, kinds and sort as the query before,
 * with unchanged data: answered from the driver's kept positions (a page is ~0.2 ms). */
struct store_req *store_query(
	struct store *s, const struct store_query *q, store_rows_fn *fn, void *arg);

/* ---- named questions: small answers as JSON ------------------------------------------------------ */

/*
 * Answer: an array of objects (or one object where it says so). Times are integers in µs. `args` is an object. Names:
 *   counts      -> object {"need": {"run": n, ...}, "total": {"run": n, ...}, "all": n, "snoozed": n, "actions_running": n, "sources": n, "failing": n, "stale": n, "as_of": µs}
 *   record      {key | rid}           -> object: record_json + rid, detail, opaque, labels, attention, why, cause, since, claimed_by, ...; or null
 *                                        (times as in record_json, and as µs in `times`: {started, ended, updated, due, since, seen, snoozed_until, gone_at})
 *   history     {rid, limit}          -> [{at, from, to, actor, note}] newest first
 *   siblings    {rid, limit}          -> last runs of the same title and source: [{rid, id, state, started, ended}] newest first
 *   links       {rid}                 -> [{rid, kind, source, id, title, state, since, reason, strength, before: bool}] strongest first
 *   group       {signature, limit, all?: bool} -> [{rid, kind, source, id, title, state, since}] those that need a person: what a folded row counts
 *                                        and an action on it is about; all: every record of the signature (to show, not to act on)
 *   jobs        {type?, state?, key?, limit, before?} -> [{job, type, state, runbook, title, who, host, reason, created, started, ended, targets, done, already, accepted, failed, unknown, asking, error, target, why}] newest first; key: of one of its targets; target: title of the first; why: what is known
 *                                        of the first that failed, was refused, or is unknown
 *   job         {job}                 -> object: the same + spec, result, plan_hash; or null
 *   targets     {job}                 -> [{n, key, rid, title, state, known, started, ended, updated}]
 *   output      {job, after, limit, tail?: bool, n?} -> [{seq, n, at, stream, text}] seq > after; n: of that target only
 *   output_find {job, after, text, back?: bool, upto?}  -> [{seq}] the next line that holds the text (case folded), not beyond seq upto
 *   last_acts   {keys: [key...]}      -> [mark...], one a key: opaque, another one as soon as an action begins or ends on that key
 *   notes       {rid}                 -> [{at, who, text}] newest first
 *   sources     {}                    -> [{name, connector, title, env, state: ok|failing|stale|new|disabled, last_good, last_try, error, rows, unknown_states, lag_ms, interval_ms, collections: {...}}]
 *   audit       {after, limit, job?}  -> [{seq, at, who, host, event, job, body, prev, hash}]
 *   settings    {}                    -> object key -> value (schema version, worker pid, ...)
 *   locks       {}                    -> [{key, job, who, taken, until}]
 *   audit_verify {}                   -> object {ok, rows, bad_seq, problem, head}: does the chain of hashes hold? (audit.h)
 * Worker only:
 *   jobs_queued {}                    -> like job, oldest first: all that are queued or under way (cancel_by: who wants it to end)
 *   open_ids    {source, kind, limit} -> [{id, opaque}] still open and not gone, oldest read first, those that could not be read last: the re-read
 */
typedef void store_answer_fn(
	void *arg, json_t *answer /* borrowed; NULL: failed */, const struct err *e);
struct store_req *store_ask(struct store *s, const char *question,
	json_t *args /* taken */, store_answer_fn *fn, void *arg);

/* ---- named changes ------------------------------------------------------------------------------- */

/*
 * One change is one transaction; the bell rings after COMMIT. Answer: an object. `fn` may be NULL. Names:
 *   job_add      {type, runbook?, title, spec, plan_hash?, who, host, reason?, targets: [{key, title}]} -> {job}
 *   job_cancel   {job, who}                     asks the worker to start nothing more of it
 *   note_add     {rid, who, text}               -> {}
 *   claim        {rid, who} / unclaim {rid}     claim fails with ERR_CONFLICT, naming the holder
 *   snooze       {rid, until, who}
 * Worker only:
 *   job_state    {job, state, error?, result?, started?, ended?, plan_hash?}   state changes are checked: an ended job does not change
 *   target_state {job, n, state, known?}
 *   output_add   {job, lines: [{n, stream, text, at?}]}   text made safe and scrubbed by the caller
 *   audit_add    {who, host, event, job?, body, once?: bool: not when the job's last row says it already}   synchronous=FULL; chained by SHA-256: audit.h -> {seq, hash}
 *   lock_take    {locks: [key...], job, ttl_ms, who, last?: [mark...], runbook?} -> {} or ERR_CONFLICT naming job and person; all
 *                or none. It holds until dropped or until the job has ended, however old it is. last: of last_acts, in the same
 *                order: an action that began or ended since is a conflict too
 *   lock_renew   {job, ttl_ms} / lock_drop {job}
 *   source_state {name, ...columns of `sources`}
 *   sources_are  {names} -> {removed}            the sources of the configuration: others are state `removed`, which no question and no query shows
 *   cause_set    {rid, cause, signature}
 *   weights      {rules}           what triage weighs by; another than before: what needs a person is weighed anew at the next store_retriage
 *   cause_rules  {source, rules}   what causes of its runs are read by; another than before: those that need a person lose theirs
 *   cursor_set   {source, collection, value} / via question `cursor` {source, collection} -> {value}
 *   setting_set  {key, value}
 *   vanish       {source, kind, before, ids?}         open records of full-list sources not seen since `before` become resolved/revoked/... (state given): {state} -> {n, more}: a slice of 500; ids: only those whose id begins so
 *   gone         {source, kind, id, why, state?}  an open record that its source has no more when asked for by its id: gone_at, and `state` (default
 *                                               unknown) unless it has ended before; history says "gone at the source (why)"
 *   unread       {source, kind, id, why}        an open record that was looked for and not read: it stays as it was, `unread` says why
 *   prune        {before, from?}                forgets what is older: history, ended actions and records that need nobody; and what was read for
 *                                               consoles (previews of no action, logs, ...) after a day: slices -> {n, next}: again with {from: next} until it is 0
 *   log_drop     {job}                          the output of earlier ended log jobs of the same spec and person as this one, a slice: -> {n, more}
 *   terms_sweep  {}                             texts of the filter's dictionary that no record uses any more go, a slice: -> {n, more}
 */
struct store_req *store_tell(struct store *s, const char *change,
	json_t *args /* taken */, store_answer_fn *fn, void *arg);
/* Worker only: made, or not, when this returns; a full disk or a busy file is ERR_IO or ERR_TIMEOUT. */
bool store_write(struct store *s, const char *change, const json_t *args /* borrowed */,
	struct err *e) MUST_USE;
/* A request that ends with this error. */
struct store_req *store_refuse(
	struct store *s, const struct err *e, store_answer_fn *fn, void *arg);

/* ---- records in (worker) -------------------------------------------------------------------------- */

struct store_put_result {
	size_t inserted, changed, same;
	const struct err *err; /* NULL */
};
typedef void store_put_fn(void *arg, const struct store_put_result *result);
/* Upserts a batch in one transaction (records are copied before return; ~500 a call is best). Records whose hash is the same
 * write nothing but, at most once a minute per source, `seen`. A detail whose `not_read` names members ({tasks: reason}) keeps
 * those that were stored before, and labels that are missing with them. A state change writes history. Attention, why and cause of existing rows
 * stay as they are until triage sets them; `changed` rids are reported to the triage hook. */
struct store_req *store_put(struct store *s, const struct record *records, size_t n,
	store_put_fn *fn, void *arg);

/*
 * Triage (rank 2) is plugged in from above: the store calls it within the put, before rows are written, so
 * that a record never shows without its attention.
 */
struct store_triage {
	/* Fills attention, why. Must not call the store. `group` and `failed_of` (k of last n) come from the store. */
	void (*score)(void *arg, struct record *r, const json_t *context);
	void *arg;
};
void store_set_triage(struct store *s, const struct store_triage *t);

/*
 * Recomputes what depends on others or on time: groups, links (by parent, asset and window, cause, change shortly before,
 * mention), attention of rows whose age step passed. Bounded slices; worker calls it after puts and every 30 s.
 * Writes only rows that differ. done may be NULL.
 */
struct store_req *store_retriage(struct store *s, store_put_fn *fn, void *arg);

/* ---- change notification --------------------------------------------------------------------------- */

/* fn after another process or this one committed something; at most 10 times a second; no polling (a bell file in tmpfs
 * watched with inotify, rung after COMMIT). */
void store_on_change(struct store *s, void (*fn)(void *arg), void *arg);

#endif
