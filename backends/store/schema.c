/*
 * The tables, and how an older store becomes the present one. One list of steps: step n
 * brings version n-1 to n, in one transaction. Steps are never changed once released,
 * only added; SCHEMA_VERSION is their count.
 *
 * Names of columns are those of store.h. Times are UTC µs, 0 = not known; text is never
 * NULL.
 */
#include "backends/store/audit.h"

/* clang-format off */

/*
 * rec: what lists show and sort by. attn = attention << 36 | updated in s: the order of Triage in one integer.
 * th: kind, source and title in one number (put_title), for "the last runs of this one". h: record_hash. last_hid: newest row of hist.
 * again: when triage must look at the row again because an age step passes (0: never; 1: at once, the row or something around it changed).
 * Stays narrow: detail, opaque and `seen` have tables of their own, because they are read or written at other times.
 */
static const char SQL_REC[] =
	"CREATE TABLE source("
	" sid INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE, connector TEXT NOT NULL DEFAULT '', title TEXT NOT NULL DEFAULT '',"
	" env TEXT NOT NULL DEFAULT '', state TEXT NOT NULL DEFAULT 'new', last_good INTEGER NOT NULL DEFAULT 0,"
	" last_try INTEGER NOT NULL DEFAULT 0, error TEXT NOT NULL DEFAULT '', rows INTEGER NOT NULL DEFAULT 0,"
	" unknown_states INTEGER NOT NULL DEFAULT 0, lag_ms INTEGER NOT NULL DEFAULT 0, interval_ms INTEGER NOT NULL DEFAULT 0,"
	" collections TEXT NOT NULL DEFAULT '{}');"
	"CREATE TABLE rec("
	" rid INTEGER PRIMARY KEY, kind INTEGER NOT NULL, source INTEGER NOT NULL, id TEXT NOT NULL, state INTEGER NOT NULL,"
	" severity INTEGER NOT NULL, tier INTEGER NOT NULL, attn INTEGER NOT NULL, need INTEGER NOT NULL, open INTEGER NOT NULL,"
	" started INTEGER NOT NULL, ended INTEGER NOT NULL, updated INTEGER NOT NULL, due INTEGER NOT NULL, since INTEGER NOT NULL,"
	" th INTEGER NOT NULL, h INTEGER NOT NULL, last_hid INTEGER NOT NULL DEFAULT 0, attention INTEGER NOT NULL DEFAULT 0,"
	" grp INTEGER NOT NULL DEFAULT 0, again INTEGER NOT NULL DEFAULT 0, snoozed_until INTEGER NOT NULL DEFAULT 0,"
	" claimed_at INTEGER NOT NULL DEFAULT 0, title TEXT NOT NULL, raw_state TEXT NOT NULL, env TEXT NOT NULL,"
	" owner TEXT NOT NULL, service TEXT NOT NULL, asset TEXT NOT NULL, actor TEXT NOT NULL, amount TEXT NOT NULL,"
	" expected TEXT NOT NULL, currency TEXT NOT NULL, url TEXT NOT NULL, parent TEXT NOT NULL, why TEXT NOT NULL DEFAULT '',"
	" cause TEXT NOT NULL DEFAULT '', signature TEXT NOT NULL DEFAULT '', claimed_by TEXT NOT NULL DEFAULT '',"
	" snoozed_by TEXT NOT NULL DEFAULT '', labels TEXT NOT NULL, UNIQUE(kind, source, id));"
	/* the literal need=1 (open=1, ...) must stand in a query for its partial index to be used */
	"CREATE INDEX rec_need ON rec(attn DESC, kind, signature) WHERE need=1;"
	"CREATE INDEX rec_open ON rec(source, kind) WHERE open=1;"
	"CREATE INDEX rec_again ON rec(again) WHERE again>0;"
	"CREATE INDEX rec_signature ON rec(signature, updated) WHERE signature<>'';"
	"CREATE INDEX rec_parent ON rec(source, parent) WHERE parent<>'';"
	"CREATE INDEX rec_title ON rec(th, started);"
	"CREATE INDEX rec_change ON rec(since) WHERE kind=6;"
	/* body: the source's own JSON; opaque: what actions and logs need */
	"CREATE TABLE det(rid INTEGER PRIMARY KEY, opaque TEXT NOT NULL, body TEXT NOT NULL);"
	"CREATE TABLE seen(rid INTEGER PRIMARY KEY, at INTEGER NOT NULL);"
	/* hist: backward chain; prev is the hid before of the same record, 0: none. old, new: enum state */
	"CREATE TABLE hist("
	" hid INTEGER PRIMARY KEY, prev INTEGER NOT NULL, rid INTEGER NOT NULL, at INTEGER NOT NULL, old INTEGER NOT NULL,"
	" new INTEGER NOT NULL, actor TEXT NOT NULL, note TEXT NOT NULL);"
	/* what the filter reads, written by scan.c: 64 records a row, no = rid / 64; term.text is folded */
	"CREATE TABLE term(tid INTEGER PRIMARY KEY, text TEXT NOT NULL UNIQUE);"
	"CREATE TABLE scan(no INTEGER PRIMARY KEY, v BLOB NOT NULL);"
	"CREATE TABLE scan_id(no INTEGER PRIMARY KEY, v BLOB NOT NULL);"
	/* how many records of each kind there are and how many need a person */
	"CREATE TABLE lane(kind INTEGER PRIMARY KEY, total INTEGER NOT NULL, need INTEGER NOT NULL);"
	"INSERT INTO lane VALUES(0,0,0),(1,0,0),(2,0,0),(3,0,0),(4,0,0),(5,0,0),(6,0,0);"
	/* a is the record whose detail shows the link; before: b happened before a. A link is stored in both directions */
	"CREATE TABLE link("
	" a INTEGER NOT NULL, b INTEGER NOT NULL, reason TEXT NOT NULL, strength INTEGER NOT NULL, before INTEGER NOT NULL,"
	" at INTEGER NOT NULL, PRIMARY KEY(a, b)) WITHOUT ROWID;"
	"CREATE TABLE note(nid INTEGER PRIMARY KEY, rid INTEGER NOT NULL, at INTEGER NOT NULL, who TEXT NOT NULL, text TEXT NOT NULL);"
	"CREATE INDEX note_rid ON note(rid, nid);";

static const char SQL_JOB[] =
	"CREATE TABLE job("
	" job INTEGER PRIMARY KEY, type TEXT NOT NULL, state TEXT NOT NULL, runbook TEXT NOT NULL, title TEXT NOT NULL,"
	" who TEXT NOT NULL, host TEXT NOT NULL, reason TEXT NOT NULL, plan_hash TEXT NOT NULL, spec TEXT NOT NULL,"
	" result TEXT NOT NULL DEFAULT '', error TEXT NOT NULL DEFAULT '', created INTEGER NOT NULL,"
	" started INTEGER NOT NULL DEFAULT 0, ended INTEGER NOT NULL DEFAULT 0, cancel_by TEXT NOT NULL DEFAULT '');"
	"CREATE INDEX job_state ON job(state, job);"
	"CREATE TABLE target("
	" job INTEGER NOT NULL, n INTEGER NOT NULL, key TEXT NOT NULL, rid INTEGER NOT NULL, title TEXT NOT NULL,"
	" state TEXT NOT NULL, known TEXT NOT NULL DEFAULT '', started INTEGER NOT NULL DEFAULT 0,"
	" ended INTEGER NOT NULL DEFAULT 0, updated INTEGER NOT NULL DEFAULT 0, PRIMARY KEY(job, n)) WITHOUT ROWID;"
	"CREATE INDEX target_key ON target(key, job);"
	"CREATE TABLE output("
	" job INTEGER NOT NULL, seq INTEGER NOT NULL, n INTEGER NOT NULL, at INTEGER NOT NULL, stream TEXT NOT NULL,"
	" text TEXT NOT NULL, PRIMARY KEY(job, seq)) WITHOUT ROWID;"
	AUDIT_TABLE ";"
	"CREATE INDEX audit_job ON audit(job, seq) WHERE job>0;"
	"CREATE TABLE lock(key TEXT PRIMARY KEY, job INTEGER NOT NULL, who TEXT NOT NULL, taken INTEGER NOT NULL, until INTEGER NOT NULL);"
	"CREATE TABLE watermark(source TEXT NOT NULL, collection TEXT NOT NULL, value TEXT NOT NULL, PRIMARY KEY(source, collection));"
	"CREATE TABLE setting(key TEXT PRIMARY KEY, value TEXT NOT NULL);";

/*
 * job.preview: the preview that an action was made from; it stays as long as the action. job_type: the last jobs of a type.
 * job_ended: those that are old enough to go. rec.h=0: th once was a hash and is a number of source, kind and title now;
 * every record is written anew with it when its source is read again.
 */
static const char SQL_PREVIEW[] =
	"ALTER TABLE job ADD COLUMN preview INTEGER NOT NULL DEFAULT 0;"
	"UPDATE job SET preview=coalesce(CAST(json_extract(spec, '$.preview') AS INTEGER), 0) WHERE type='action' AND json_valid(spec);"
	"CREATE INDEX job_preview ON job(preview) WHERE preview>0;"
	"CREATE INDEX job_type ON job(type, job);"
	"CREATE INDEX job_ended ON job(type, ended) WHERE ended>0;"
	"UPDATE rec SET h=0;";

/*
 * gone_at: its source has it no more; that was said by what raw_state began with. unread: why it could not be read again, ''
 * when it was.
 */
static const char SQL_GONE[] =
	"ALTER TABLE rec ADD COLUMN gone_at INTEGER NOT NULL DEFAULT 0;"
	"ALTER TABLE rec ADD COLUMN unread TEXT NOT NULL DEFAULT '';"
	"UPDATE rec SET gone_at=updated, raw_state='' WHERE state=0 AND raw_state LIKE 'gone at the source%';";

/* clang-format on */

static const struct step {
	const char *sql[2];
} STEPS[SCHEMA_VERSION] = {
	{{SQL_REC, SQL_JOB}},
	{{SQL_PREVIEW}},
	{{SQL_GONE}},
};

/* 0: no tables yet. The table `migration` exists in every version to come. */
static bool schema_version(struct db *d, long long *version, struct err *e)
{
	struct db_stmt *s = db_stmt(
		d, "SELECT count(*) FROM sqlite_master WHERE name='migration'", e);
	bool row = false;

	*version = 0;
	if (s == NULL || !db_step(s, &row, e))
		return false;
	bool some = row && db_int(s, 0) > 0;
	db_reset(s);
	if (!some)
		return true;
	s = db_stmt(d, "SELECT max(version) FROM migration", e);
	if (s == NULL || !db_step(s, &row, e))
		return false;
	*version = row ? db_int(s, 0) : 0;
	db_reset(s);
	return true;
}

static bool schema_too_new(long long version, struct err *e)
{
	return err_set(e, ERR_CONFLICT,
		"the store has schema version %lld, made by a newer watchdesk (this one "
		"knows %d): "
		"use the newer program, or another store with --store",
		version, SCHEMA_VERSION);
}

static bool schema_step(struct db *d, int version, struct err *e)
{
	const struct step *step = &STEPS[version - 1];

	for (size_t i = 0; i < LENGTH(step->sql) && step->sql[i] != NULL; i++) {
		if (!db_exec(d, step->sql[i], e))
			return err_wrap(e, "migration to version %d", version);
	}
	struct db_stmt *s =
		db_stmt(d, "INSERT INTO migration(version, at) VALUES($1, $2)", e);
	bool row;
	if (s == NULL)
		return false;
	db_bind_int(s, 1, version);
	db_bind_int(s, 2, clock_now());
	return db_step(s, &row, e);
}

bool schema_migrate(struct db *d, struct err *e)
{
	long long version;

	/* Two workers may open a new store at once: the version is read inside the
	 * transaction. */
	if (!db_begin(d, e))
		return false;
	bool ok = schema_version(d, &version, e);
	if (ok && version > SCHEMA_VERSION)
		ok = schema_too_new(version, e);
	if (ok && version == 0)
		ok = db_exec(d,
			"CREATE TABLE migration(version INTEGER PRIMARY KEY, at INTEGER "
			"NOT NULL)",
			e);
	for (int v = (int)version + 1; ok && v <= SCHEMA_VERSION; v++)
		ok = schema_step(d, v, e);
	if (!ok) {
		db_rollback(d);
		return false;
	}
	return db_commit(d, false, e);
}

bool schema_check(struct db *d, const char *path, struct err *e)
{
	long long version;

	if (!schema_version(d, &version, e))
		return false;
	if (version > SCHEMA_VERSION)
		return schema_too_new(version, e);
	if (version == 0)
		return err_set(e, ERR_NOTFOUND,
			"%s holds no watchdesk store yet: start the worker once "
			"(watchdesk worker)",
			path);
	if (version < SCHEMA_VERSION)
		return err_set(e, ERR_CONFLICT,
			"the store has schema version %lld, this watchdesk needs %d: "
			"start its worker "
			"once (watchdesk worker), which brings the store up to date",
			version, SCHEMA_VERSION);
	return true;
}
