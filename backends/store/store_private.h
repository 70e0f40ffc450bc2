#ifndef STORE_STORE_PRIVATE_H
#define STORE_STORE_PRIVATE_H

#include "backends/store/db.h"
#include "backends/store/store.h"

/*
 * What the files of backends/store share. Every request is a struct store_req in the
 * store's list; whoever answers it calls one of req_answer / req_rows_done /
 * req_put_done, which calls back from the loop and frees it.
 */
struct writer;
struct bell;
struct kept;
struct terms;
struct put_state;
struct source_names;

struct store {
	struct loop *loop;
	struct db *db;
	char *path;
	enum store_role role;
	struct store_req *reqs; /* all that are not answered yet, newest first */
	struct store_triage triage;
	struct writer
		*writer; /* console: the child that writes; started by the first tell */
	struct bell *bell;
	struct kept *kept;          /* query.c: answers as arrays of rids */
	struct terms *terms;        /* term.c: the words that records share */
	unsigned long long writes;  /* commits of this process */
	unsigned terms_life;        /* grows when numbers of terms became void */
	long long terms_swept;      /* how often texts had been removed when we looked */
	struct put_state *put;      /* put.c */
	struct source_names *names; /* record.c: sid -> name */
};

struct store_req {
	struct store *store;
	struct store_req *next, **link;
	struct loop_timer *timer; /* the deferred step or answer */
	union {
		store_answer_fn *answer;
		store_rows_fn *rows;
		store_put_fn *put;
	} fn; /* NULL: nobody wants to know */
	void *arg;
	json_t *args; /* of ask and tell; dropped with the request */
	json_t *reply;
	struct err err;
	struct store_put_result result;
	const struct question *question;
	void *state; /* of whoever works on it */
	void (*drop)(
		struct store_req *r); /* frees state; called on the end and on cancel */
};

/* A new request in the list; step is called from the loop's next turn (NULL: the maker
 * arms it later). */
struct store_req *req_new(struct store *s, loop_timer_fn *step);
void req_free(struct store_req *r); /* without a call */
/* Answers now: only from the loop. reply is taken, NULL with e filled: failed. Frees the
 * request. */
void req_answer(struct store_req *r, json_t *reply, const struct err *e);
void req_answer_later(
	struct store_req *r, json_t *reply, const struct err *e); /* in the next turn */
void req_put_later(
	struct store_req *r, const struct store_put_result *result, const struct err *e);

/* ---- ask.c, tell.c: the tables ---- */

/* One named question. Runs in the reader's process, inside one short read transaction.
 * New reference, or NULL with e. */
struct question {
	const char *name;
	json_t *(*answer)(struct store *s, const json_t *args, struct err *e);
};
extern const struct question store_questions[]; /* ends with a NULL name */

/* One named change. Runs inside a write transaction that store.c begins, commits (or
 * rolls back when NULL) and rings for. */
struct change {
	const char *name;
	json_t *(*apply)(struct store *s, const json_t *args, struct err *e);
	bool full_sync;  /* on the disk before the answer */
	bool needs_seen; /* compares rows of `seen`: they are brought up to date first */
};
extern const struct change store_changes[]; /* ends with a NULL name */

/* ---- writer.c: the child of a console ---- */

/* Sends one change to the child (starts it when needed) and answers `r` by
 * req_answer/req_answer_later when its reply comes. */
void writer_tell(
	struct store *s, struct store_req *r, const char *change, const json_t *args);
void writer_forget(struct store *s,
	const struct store_req *r); /* r is cancelled: its reply is dropped */
void writer_close(struct store *s); /* lets the child finish what it was sent */

/* ---- schema.c ---- */

#define SCHEMA_VERSION 3
bool schema_migrate(struct db *d,
	struct err *e) MUST_USE; /* worker, writer: creates or brings up to date */
bool schema_check(struct db *d, const char *path,
	struct err *e) MUST_USE; /* console: ERR_CONFLICT with what to do */

/* ---- record rows ---- */

/* SELECT RECORD_COLUMNS FROM rec r ...: the alias must be r. Text is copied into the
 * arena. */
#define RECORD_COLUMNS                                                                   \
	"r.rid, r.kind, r.state, r.severity, r.tier, r.source, r.id, r.title, "          \
	"r.raw_state, r.env, r.owner, r.service, "                                       \
	"r.asset, r.actor, r.started, r.ended, r.updated, r.due, r.amount, r.expected, " \
	"r.currency, r.url, r.parent, "                                                  \
	"r.attention, r.why, r.cause, r.signature, r.grp, r.since, r.claimed_by, "       \
	"r.snoozed_until, r.gone_at, r.unread, r.labels"
enum { RECORD_COLUMN_COUNT = 34 };
/* labels_too: also parses labels (then record_release_json). opaque, detail, seen stay
 * empty. */
void record_read(struct store *s, struct db_stmt *row, struct arena *a, bool labels_too,
	struct record *out);
/* The one record with labels, opaque, detail and seen. found false: no such rid. */
bool record_load(struct store *s, long long rid, struct arena *a, struct record *out,
	bool *found, struct err *e) MUST_USE;
/* rid of (kind, source, id), 0: none. */
bool record_find(struct store *s, enum kind kind, const char *source, const char *id,
	long long *rid, struct err *e) MUST_USE;

/* sid <-> name. source_sid makes the row when `make`; 0: no such source. */
const char *store_source_name(struct store *s, long long sid);
bool source_sid(struct store *s, const char *name, bool make, long long *sid,
	struct err *e) MUST_USE;

/* ---- put.c ---- */

/*
 * A write transaction over records. The commit also writes what derives from them (the
 * filter's packed rows, the counts in table `lane`) and rings the bell. tell's changes run
 * inside one already; whoever else writes `rec` uses these and not db_begin.
 */
bool put_begin(struct store *s, struct err *e) MUST_USE;
/* False: rolled back. full_sync: on the disk when this returns. */
bool put_commit(struct store *s, bool full_sync, struct err *e) MUST_USE;
void put_rollback(struct store *s);

/*
 * After UPDATE of rec's columns (attention, why, state, cause, signature, grp, claimed_by,
 * ...) within put_begin: renews what derives from them (need, open, attn, packed rows,
 * lane). Only after real changes: it costs ~10 us.
 */
bool put_touch(struct store *s, long long rid, struct err *e) MUST_USE;
/* Writes the times of the last collection that are still in memory: before `seen` is compared. */
bool put_seen_flush(struct store *s, struct err *e) MUST_USE;
/* Deletes the record with its detail, notes, links and history. */
bool put_remove(struct store *s, long long rid, struct err *e) MUST_USE;
/* Adds a row in front of the record's history and sets rec.since when the state differs;
 * rec.state itself is the caller's. */
bool put_history(struct store *s, long long rid, enum state from, enum state to,
	usec_t at, const char *actor, const char *note, struct err *e) MUST_USE;

/* ---- bell.c ---- */

/* A broken bell is logged, never fatal: the board is then only as fresh as its own
 * queries. */
/* "FOLDER/watchdesk-WHAT-UID-HASH" in memory, the same for every process of this user and store. malloc'ed. */
char *bell_beside(const char *store_path, const char *what);
int bell_file(const char *path); /* our own private file there; -1: logged */
struct bell *bell_new(struct loop *l, const char *store_path);
void bell_free(struct bell *b);
void bell_ring(struct bell *b); /* after COMMIT */
bool bell_listening(const struct bell *b);
unsigned long bell_rings(const struct bell *b); /* how often it was heard */
void bell_listen(struct bell *b, void (*fn)(void *arg), void *arg);

/* Each frees what its file keeps in the store. */
void query_forget(struct store *s);
void terms_forget(struct store *s);
void put_forget(struct store *s);
void record_forget(struct store *s);

#endif
