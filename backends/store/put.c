/*
 * Records in: one transaction a batch. A record whose hash is that of the stored one costs a look-up and writes nothing.
 * A new or changed one is scored first, so that it never shows without its attention.
 */
#include "backends/store/put.h"

#include <stdlib.h>
#include <string.h>

/* As in context.c, which looks again when the record is stored. */
enum { PATTERN_LOOK = 20, PATTERN_OF = 5 };

/* What the store holds of a record. */
struct stored {
	long long rid, h, last_hid;
	enum state state;
	usec_t since;
	int need;
	bool open;
};

/* ---- look-up ---- */

static bool source_of(
	struct store *s, const struct record *r, long long *sid, struct err *e)
{
	struct put_state *p = put_state(s);

	if (p->sid == 0 || p->source[0] == '\0' || strcmp(p->source, r->source) != 0) {
		if (!source_sid(s, r->source, true, &p->sid, e))
			return false;
		if (!str_copy(p->source, sizeof(p->source), r->source))
			p->source[0] = '\0';
	}
	*sid = p->sid;
	return true;
}

static bool look_up(struct store *s, const struct record *r, long long sid,
	struct stored *out, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"SELECT rid, h, open, need, state, since, last_hid FROM rec "
		"WHERE kind=$1 AND source=$2 AND id=$3",
		e);
	bool row;

	memset(out, 0, sizeof(*out));
	if (q == NULL)
		return false;
	db_bind_int(q, 1, r->kind);
	db_bind_int(q, 2, sid);
	db_bind_text(q, 3, r->id);
	if (!db_step(q, &row, e))
		return false;
	if (!row)
		return true;
	out->rid = db_int(q, 0);
	out->h = db_int(q, 1);
	out->open = db_int(q, 2) != 0;
	out->need = (int)db_int(q, 3);
	out->state = (enum state)db_int(q, 4);
	out->since = db_int(q, 5);
	out->last_hid = db_int(q, 6);
	db_reset(q);
	return true;
}

/* What a person or triage added to the stored record goes on. Text lives in the arena. */
static bool take_over(struct store *s, struct record *r, struct arena *a, struct err *e)
{
	bool row;
	struct db_stmt *q = db_first(s->db,
		"SELECT cause, signature, grp, claimed_by, snoozed_until, attention, why "
		"FROM rec WHERE rid=$1",
		r->rid, &row, e);

	if (q == NULL)
		return false;
	if (!row)
		return true;
	r->cause = arena_strdup(a, db_text(q, 0));
	r->signature = arena_strdup(a, db_text(q, 1));
	r->group = (int)db_int(q, 2);
	r->claimed_by = arena_strdup(a, db_text(q, 3));
	r->snoozed_until = db_int(q, 4);
	r->attention = (int)db_int(q, 5);
	r->why = arena_strdup(a, db_text(q, 6));
	db_reset(q);
	return true;
}

/* A cause belongs to a failure: a run that runs again has none. */
static void drop_old_cause(struct record *r)
{
	if (state_bad(r->kind, r->state))
		return;
	r->cause = r->signature = "";
	r->group = 0;
}

/* When the record came into its state, as far as the source tells. */
static usec_t since_of(const struct record *r, const struct stored *old, usec_t now)
{
	usec_t t = !state_open(r->kind, r->state) && r->ended != 0 ? r->ended
		   : old->rid == 0 && r->started != 0              ? r->started
								   : r->updated;

	if (t == 0 || t > now || (old->rid != 0 && t < old->since))
		return now;
	return t;
}

/* ---- score ---- */

struct pattern {
	int failed, of, ok_before;
	bool superseded, ok_over;
};

static void pattern_add(
	struct pattern *p, const struct record *r, enum state state, usec_t started)
{
	bool bad = state_bad(KIND_RUN, state);

	if (started > r->started) {
		p->superseded |= state == STATE_SUCCEEDED;
		return;
	}
	if (state == STATE_CANCELED || state == STATE_SKIPPED)
		return;
	if (p->of < PATTERN_OF) {
		p->of++;
		p->failed += bad;
	}
	p->ok_over |= bad;
	p->ok_before += !p->ok_over;
}

/* The last runs of the same title. r itself counts, whether it is stored or not. */
static json_t *pattern_of(
	struct store *s, const struct record *r, long long th, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"SELECT rid, state, started FROM rec WHERE th=$1 AND ended>0 "
		"ORDER BY started DESC LIMIT $2",
		e);
	struct pattern p = {.failed = 1, .of = 1};
	bool row = true;

	if (q == NULL)
		return NULL;
	db_bind_int(q, 1, th);
	db_bind_int(q, 2, PATTERN_LOOK);
	while (row) {
		if (!db_step(q, &row, e))
			return NULL;
		if (row && db_int(q, 0) != r->rid)
			pattern_add(&p, r, (enum state)db_int(q, 1), db_int(q, 2));
	}
	return json_pack("{s:I, s:i, s:i, s:i, s:i, s:b}", "now", (json_int_t)clock_now(),
		"group", r->group, "failed", p.failed, "of", p.of, "ok_before",
		p.ok_before, "superseded", (int)p.superseded);
}

static bool score(struct store *s, struct record *r, long long th, struct err *e)
{
	json_t *context = NULL;

	if (s->triage.score == NULL)
		return true;
	if (r->kind == KIND_RUN && state_bad(r->kind, r->state)) {
		context = pattern_of(s, r, th, e);
		if (context == NULL)
			return false;
	}
	s->triage.score(s->triage.arg, r, context);
	json_decref(context);
	return true;
}

/* ---- one record ---- */

static bool put_new(
	struct store *s, struct record *r, const struct put_key *k, struct err *e)
{
	const struct stored none = {0};

	r->since = since_of(r, &none, clock_now());
	if (!score(s, r, k->th, e) || !put_insert_rec(s, r, k, e))
		return false;
	put_lane(s, r->kind, -1, r->attention > 0);
	return put_detail(s, r, e) && put_cell(s, r, k, true, e);
}

/* Members of `from` that `to` lacks, or has as null; only: these, NULL: all. A copy of `to`. */
static json_t *with_old(const json_t *to, json_t *from, json_t *only)
{
	json_t *out = json_copy((json_t *)(uintptr_t)to), *v;
	const char *key;

	json_object_foreach (from, key, v) {
		const json_t *now = json_object_get(out, key);
		if ((!now || json_is_null(now)) && (!only || json_object_get(only, key)))
			json_object_set(out, key, v);
	}
	return out;
}

/* What an extra request gave before and did not give now (`not_read` of the detail) stays, beside the reason. */
static bool keep_unread(struct store *s, struct record *r, struct record *kept,
	struct arena *a, struct err *e)
{
	json_t *not_read = json_sub(r->detail, "not_read");
	struct record old;
	bool found;

	if (!json_is_object(not_read))
		return true;
	if (!record_load(s, r->rid, a, &old, &found, e))
		return false;
	if (found) {
		kept->detail = with_old(r->detail, old.detail, not_read);
		kept->labels = with_old(r->labels, old.labels, NULL);
		r->detail = kept->detail;
		r->labels = kept->labels ? kept->labels : r->labels;
		record_release_json(&old);
	}
	return true;
}

static bool put_changed(struct store *s, struct record *r, const struct put_key *k,
	const struct stored *old, struct arena *a, struct err *e)
{
	long long hid = old->last_hid;

	r->since = old->since;
	if (!take_over(s, r, a, e))
		return false;
	drop_old_cause(r);
	if (r->state != old->state) {
		r->since = since_of(r, old, clock_now());
		hid = put_hist_row(s, r->rid, hid, old->state, r->state, r->since,
			r->actor, r->raw_state, e);
		if (hid == 0)
			return false;
	}
	if (!score(s, r, k->th, e) || !put_update_rec(s, r, k, hid, old->need > 0, e))
		return false;
	put_lane(s, r->kind, old->need, r->attention > 0);
	return put_detail(s, r, e) && put_cell(s, r, k, false, e);
}

static bool put_one(struct store *s, const struct record *given, struct arena *a,
	usec_t now, struct store_put_result *count, struct err *e)
{
	struct record r = *given; /* shares text and JSON with the caller's */
	struct stored old;
	struct put_key k = {.h = record_hash(given)};
	bool seen, same;

	if (!source_of(s, &r, &k.sid, e) || !look_up(s, &r, k.sid, &old, e))
		return false;
	same = old.rid != 0 && old.h == (long long)k.h;
	if (!same && !put_title(s, &r, &k, e))
		return false;
	if (same) {
		count->same++;
		seen = old.open;
	} else if (old.rid != 0) {
		struct record kept = {0};
		r.rid = old.rid;
		bool ok = keep_unread(s, &r, &kept, a, e) &&
			  put_changed(s, &r, &k, &old, a, e);
		record_release_json(&kept);
		if (!ok)
			return false;
		count->changed++;
		seen = put_open(&r);
	} else {
		if (!put_new(s, &r, &k, e))
			return false;
		old.rid = r.rid;
		count->inserted++;
		seen = put_open(&r);
	}
	if (seen)
		put_seen_later(s, old.rid, now);
	return true;
}

static bool put_batch(struct store *s, const struct record *records, size_t n,
	struct store_put_result *count, struct err *e)
{
	struct arena a = ARENA_INIT;
	usec_t now = clock_now();
	bool ok = true;

	if (!put_begin(s, e))
		return false;
	for (size_t i = 0; i < n && ok; i++) {
		ok = put_one(s, &records[i], &a, now, count, e);
		if (!ok)
			err_wrap(e, "%s %s of %s", kind_name(records[i].kind),
				records[i].id, records[i].source);
		arena_clear(&a);
	}
	arena_release(&a);
	bool flush = put_seen_due(s);
	if (ok && flush)
		ok = put_seen_flush(s, e);
	if (!ok) {
		put_rollback(s);
		return false;
	}
	/* Nothing written: no commit and no bell, or every collection would wake every console. */
	if (count->inserted + count->changed == 0 && !flush) {
		db_rollback(s->db);
		return true;
	}
	return put_commit(s, false, e);
}

struct store_req *store_put(struct store *s, const struct record *records, size_t n,
	store_put_fn *fn, void *arg)
{
	struct store_req *r = req_new(s, NULL);
	struct store_put_result count = {0};
	struct err err = ERR_INIT;

	r->fn.put = fn;
	r->arg = arg;
	if (s->role != STORE_WORKER)
		err_set(&err, ERR_DENIED, "only a worker stores records");
	else if (!put_batch(s, records, n, &count, &err))
		count = (struct store_put_result){0};
	req_put_later(r, &count, &err);
	return r;
}
