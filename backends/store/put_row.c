/*
 * The write transaction over records, and what goes with every change of one: order key, cell, lane counts, history.
 */
#include "backends/store/put.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/log.h"

enum { SEEN_MAX = 20000, SEEN_EVERY_MS = 60000 };

struct put_state *put_state(struct store *s)
{
	if (s->put == NULL) {
		s->put = xcalloc(1, sizeof(*s->put));
		s->put->scan = scan_writer_new(s);
		for (size_t i = 0; i < LENGTH(s->put->text); i++)
			str_init(&s->put->text[i], STR_MAX_DEFAULT);
		s->put->seen_flushed = clock_mono_ms();
	}
	return s->put;
}

void put_forget(struct store *s)
{
	struct err e;

	if (s->put == NULL)
		return;
	if (s->put->seen_n > 0 && (!put_begin(s, &e) || !put_seen_flush(s, &e) ||
					  !put_commit(s, false, &e)))
		log_at(LOG_WARN, "store", "%s", e.msg);
	scan_writer_free(s->put->scan);
	free(s->put->seen);
	free(s->put->failed_titles);
	for (size_t i = 0; i < LENGTH(s->put->text); i++)
		str_release(&s->put->text[i]);
	free(s->put);
	s->put = NULL;
}

/* ---- transaction ---- */

bool put_begin(struct store *s, struct err *e)
{
	put_state(s)->changes = db_total_changes(s->db);
	if (!db_begin(s->db, e))
		return false;
	if (terms_fresh(s, e))
		return true;
	db_rollback(s->db);
	return false;
}

/* What was gathered for this transaction is void; terms that it added have no number now. */
static void put_void(struct store *s)
{
	struct put_state *p = put_state(s);

	scan_drop(p->scan);
	memset(p->total, 0, sizeof(p->total));
	memset(p->need, 0, sizeof(p->need));
	p->source[0] = '\0';
	terms_forget(s);
	s->terms_life++;
}

void put_rollback(struct store *s)
{
	db_rollback(s->db);
	put_void(s);
}

static bool lane_flush(struct store *s, struct err *e)
{
	struct put_state *p = put_state(s);
	bool row;

	for (int k = 0; k < KIND_COUNT; k++) {
		if (p->total[k] == 0 && p->need[k] == 0)
			continue;
		struct db_stmt *q = db_stmt(s->db,
			"UPDATE lane SET total=total+$2, need=need+$3 WHERE kind=$1", e);
		if (q == NULL)
			return false;
		db_bind_int(q, 1, k);
		db_bind_int(q, 2, p->total[k]);
		db_bind_int(q, 3, p->need[k]);
		if (!db_step(q, &row, e))
			return false;
		p->total[k] = p->need[k] = 0;
	}
	return true;
}

bool put_commit(struct store *s, bool full_sync, struct err *e)
{
	if (!scan_flush(put_state(s)->scan, e) || !lane_flush(s, e)) {
		put_rollback(s);
		return false;
	}
	if (!db_commit(s->db, full_sync, e)) {
		put_void(s);
		return false;
	}
	/* Looking without a change wakes nobody. */
	if (db_total_changes(s->db) != put_state(s)->changes) {
		s->writes++;
		bell_ring(s->bell);
	}
	return true;
}

/* ---- what derives from a record ---- */

static uint32_t seconds(usec_t t)
{
	long long s = t / USEC_PER_SEC;

	return s <= 0 ? 0 : s > UINT32_MAX ? UINT32_MAX : (uint32_t)s;
}

static uint16_t attention16(const struct record *r)
{
	return (uint16_t)(r->attention <= 0           ? 0
			  : r->attention > UINT16_MAX ? UINT16_MAX
						      : r->attention);
}

long long put_order_key(const struct record *r)
{
	return (long long)attention16(r) << 36 | seconds(r->updated);
}

/* Open records are read again at their source. What needs a person is too, even when its state is final: a failed
 * run that somebody reran elsewhere must not stay on the board. */
bool put_open(const struct record *r)
{
	return (state_open(r->kind, r->state) && !record_gone(r)) || r->attention > 0;
}

bool put_title(struct store *s, const struct record *r, struct put_key *k, struct err *e)
{
	uint32_t tid;

	if (!terms_number(s, r->title, &tid, e))
		return false;
	k->th = k->sid << 40 | (long long)r->kind << 32 | (long long)tid;
	return true;
}

static float amount_of(const struct record *r)
{
	double d;

	return r->amount[0] != '\0' && str_to_double(r->amount, &d) ? (float)d : 0;
}

static bool cell_terms(
	struct store *s, const struct record *r, struct cell *c, struct err *e)
{
	return terms_number(s, r->asset, &c->asset, e) &&
	       terms_number(s, r->actor, &c->actor, e) &&
	       terms_number(s, r->owner, &c->owner, e) &&
	       terms_number(s, r->service, &c->service, e) &&
	       terms_number(s, r->env, &c->env, e) &&
	       terms_number(s, r->signature, &c->signature, e) &&
	       terms_number(s, r->claimed_by, &c->claimed, e);
}

bool put_cell(struct store *s, const struct record *r, const struct put_key *k,
	bool with_id, struct err *e)
{
	struct cell c = {
		.updated = seconds(r->updated),
		.started = seconds(r->started),
		.due = seconds(r->due),
		.since = seconds(r->since),
		.amount = amount_of(r),
		.attention = attention16(r),
		.kind = (uint8_t)r->kind,
		.state = (uint8_t)r->state,
		.severity_tier = (uint8_t)(((unsigned)r->severity << 4) |
					   ((unsigned)r->tier & 15)),
		.flags = CELL_LIVE,
		.title = (uint32_t)k->th,
	};

	if (k->sid > UINT16_MAX)
		return err_set(
			e, ERR_LIMIT, "more than %d sources in one store", UINT16_MAX);
	c.source = (uint16_t)k->sid;
	if (r->attention > 0)
		c.flags |= CELL_NEED;
	if (put_open(r))
		c.flags |= CELL_OPEN;
	if (r->snoozed_until > clock_now())
		c.flags |= CELL_SNOOZED;
	return cell_terms(s, r, &c, e) && scan_set(put_state(s)->scan, r->rid, &c,
						  with_id ? r->id : NULL, r->why, e);
}

void put_lane(struct store *s, enum kind kind, int need_before, int need_now)
{
	struct put_state *p = put_state(s);

	p->total[kind] += (need_now >= 0) - (need_before >= 0);
	p->need[kind] += (need_now > 0) - (need_before > 0);
}

/* ---- history ---- */

long long put_hist_row(struct store *s, long long rid, long long prev, enum state from,
	enum state to, usec_t at, const char *actor, const char *note, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"INSERT INTO hist(prev, rid, at, old, new, actor, note) "
		"VALUES($1,$2,$3,$4,$5,$6,$7)",
		e);
	bool row;

	if (q == NULL)
		return 0;
	db_bind_int(q, 1, prev);
	db_bind_int(q, 2, rid);
	db_bind_int(q, 3, at);
	db_bind_int(q, 4, from);
	db_bind_int(q, 5, to);
	db_bind_text(q, 6, actor != NULL ? actor : "");
	db_bind_text(q, 7, note != NULL ? note : "");
	return db_step(q, &row, e) ? db_last_rowid(s->db) : 0;
}

bool put_history(struct store *s, long long rid, enum state from, enum state to,
	usec_t at, const char *actor, const char *note, struct err *e)
{
	bool row;
	struct db_stmt *q =
		db_first(s->db, "SELECT last_hid FROM rec WHERE rid=$1", rid, &row, e);

	if (q == NULL)
		return false;
	if (!row)
		return err_set(e, ERR_NOTFOUND, "there is no record %lld", rid);
	long long prev = db_int(q, 0);
	db_reset(q);
	long long hid = put_hist_row(s, rid, prev, from, to, at, actor, note, e);
	if (hid == 0)
		return false;
	q = db_stmt(s->db,
		"UPDATE rec SET last_hid=$2, since=CASE WHEN $3 THEN $4 ELSE since END "
		"WHERE rid=$1",
		e);
	if (q == NULL)
		return false;
	db_bind_int(q, 1, rid);
	db_bind_int(q, 2, hid);
	db_bind_int(q, 3, from != to);
	db_bind_int(q, 4, at);
	return db_step(q, &row, e);
}

/* ---- one row, changed by others ---- */

static bool touch_row(struct store *s, const struct record *r, struct err *e)
{
	struct db_stmt *q = db_stmt(
		s->db, "UPDATE rec SET attn=$2, need=$3, open=$4 WHERE rid=$1", e);
	bool row;

	if (q == NULL)
		return false;
	db_bind_int(q, 1, r->rid);
	db_bind_int(q, 2, put_order_key(r));
	db_bind_int(q, 3, r->attention > 0);
	db_bind_int(q, 4, put_open(r));
	return db_step(q, &row, e);
}

bool put_touch(struct store *s, long long rid, struct err *e)
{
	struct arena a = ARENA_INIT;
	struct record r;
	bool row;
	struct db_stmt *q = db_first(s->db,
		"SELECT " RECORD_COLUMNS ", r.need, r.source FROM rec r WHERE r.rid=$1",
		rid, &row, e);

	if (q == NULL)
		return false;
	if (!row)
		return err_set(e, ERR_NOTFOUND, "there is no record %lld", rid);
	record_read(s, q, &a, false, &r);
	int need_before = (int)db_int(q, RECORD_COLUMN_COUNT);
	struct put_key k = {.sid = db_int(q, RECORD_COLUMN_COUNT + 1)};
	db_reset(q);
	put_lane(s, r.kind, need_before, r.attention > 0);
	bool ok = touch_row(s, &r, e) && put_title(s, &r, &k, e) &&
		  put_cell(s, &r, &k, false, e);
	arena_release(&a);
	return ok;
}

static bool remove_rows(struct store *s, long long rid, struct err *e)
{
	static const char *const SQL[] = {
		"DELETE FROM det WHERE rid=$1",
		"DELETE FROM seen WHERE rid=$1",
		"DELETE FROM note WHERE rid=$1",
		"DELETE FROM link WHERE b=$1 AND a IN (SELECT b FROM link WHERE a=$1)",
		"DELETE FROM link WHERE a=$1",
		"DELETE FROM rec WHERE rid=$1",
	};
	bool row;

	for (size_t i = 0; i < LENGTH(SQL); i++) {
		struct db_stmt *q = db_first(s->db, SQL[i], rid, &row, e);
		if (q == NULL)
			return false;
	}
	return true;
}

/* The chain is followed row by row: hist has no index on rid, for its rows are written at every change of state. */
static bool remove_history(struct store *s, long long hid, struct err *e)
{
	bool row = true, more;

	while (hid != 0 && row) {
		struct db_stmt *q = db_first(s->db,
			"DELETE FROM hist WHERE hid=$1 RETURNING prev", hid, &row, e);
		if (q == NULL)
			return false;
		hid = row ? db_int(q, 0) : 0;
		if (row && !db_step(q, &more, e))
			return false;
	}
	return true;
}

bool put_remove(struct store *s, long long rid, struct err *e)
{
	bool row;
	struct db_stmt *q = db_first(
		s->db, "SELECT kind, need, last_hid FROM rec WHERE rid=$1", rid, &row, e);

	if (q == NULL)
		return false;
	if (!row)
		return true;
	enum kind kind = (enum kind)db_int(q, 0);
	int need = (int)db_int(q, 1);
	long long hid = db_int(q, 2);
	db_reset(q);
	put_lane(s, kind, need, -1);
	return remove_history(s, hid, e) && remove_rows(s, rid, e) &&
	       scan_clear(put_state(s)->scan, rid, e);
}

/* ---- seen ---- */

void put_seen_later(struct store *s, long long rid, usec_t at)
{
	struct put_state *p = put_state(s);

	p->seen = mem_grow(p->seen, &p->seen_cap, p->seen_n + 1, sizeof(*p->seen));
	p->seen[p->seen_n++] = (struct seen_row){rid, at};
}

bool put_seen_due(struct store *s)
{
	const struct put_state *p = put_state(s);

	return p->seen_n >= SEEN_MAX ||
	       (p->seen_n > 0 && clock_mono_ms() - p->seen_flushed >= SEEN_EVERY_MS);
}

bool put_seen_flush(struct store *s, struct err *e)
{
	struct put_state *p = put_state(s);
	bool row;

	for (size_t i = 0; i < p->seen_n; i++) {
		struct db_stmt *q = db_stmt(s->db,
			"INSERT INTO seen(rid, at) VALUES($1, $2) "
			"ON CONFLICT(rid) DO UPDATE SET at=excluded.at",
			e);
		if (q == NULL)
			return false;
		db_bind_int(q, 1, p->seen[i].rid);
		db_bind_int(q, 2, p->seen[i].at);
		if (!db_step(q, &row, e))
			return false;
	}
	p->seen_n = 0;
	p->seen_flushed = clock_mono_ms();
	return true;
}
