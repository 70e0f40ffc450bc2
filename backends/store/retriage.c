/*
 * Recomputing what depends on others or on time. rec.again says when a row must be looked at: 1 is at once, because
 * it or something around it changed; another time is when a step of its age passes. A pass takes what is due in
 * slices of a few milliseconds, then the records that changed beside them, and ends when nothing is left.
 */
#include "backends/store/ask.h"
#include "backends/store/context.h"
#include "backends/store/links.h"
#include "backends/store/tell.h"

#include "backends/base/log.h"

#include <stdlib.h>
#include <string.h>

enum {
	SLICE_ROWS = 64,
	SLICE_US = 5000,
	NEIGHBOURS = 200,
	GROUP_MAX = 1000,
	POOL_AGE_US = 1000000
};

struct work {
	long long rid;
	bool changed; /* not only time passed: look at what is linked to it too */
};

struct pass {
	struct links_pool pool;
	struct work *queue;
	size_t at, n, cap;
	json_t *queued; /* rids that were queued beside others, so that none comes twice */
	json_t *groups;  /* signature -> count in this pass */
	int64_t pool_us; /* when the pool was loaded */
	bool regrouped;
	bool over; /* only its answer is still to come */
};

/* One record as it is looked at. */
struct view {
	struct arena arena;
	struct record r;
	long long th, again;
	bool found;
};

static void push(struct pass *p, long long rid, bool changed)
{
	p->queue = mem_grow(p->queue, &p->cap, p->n + 1, sizeof(*p->queue));
	p->queue[p->n++] = (struct work){rid, changed};
}

static void push_beside(void *arg, long long rid)
{
	struct pass *p = arg;
	char key[24];
	str_format(key, sizeof(key), "%lld", rid);
	if (json_object_get(p->queued, key))
		return;
	json_object_set_new(p->queued, key, json_true());
	push(p, rid, false);
}

static bool push_rows(
	struct store *s, struct pass *p, const char *sql, json_t *params, struct err *e)
{
	json_t *rows = ask_rows(s, sql, params, e), *row;
	size_t i;
	json_array_foreach (rows, i, row) {
		push_beside(p, json_int(row, "rid", 0));
	}
	json_decref(rows);
	return rows != NULL;
}

/* ---- one record ---- */

static bool view_load(struct store *s, long long rid, struct view *v, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"SELECT " RECORD_COLUMNS ", r.th, r.again FROM rec r WHERE r.rid=$1", e);
	memset(v, 0, sizeof(*v));
	if (!q)
		return false;
	db_bind_int(q, 1, rid);
	if (!db_step(q, &v->found, e))
		return false;
	if (!v->found)
		return true;
	record_read(s, q, &v->arena, true, &v->r);
	v->th = db_int(q, RECORD_COLUMN_COUNT);
	v->again = db_int(q, RECORD_COLUMN_COUNT + 1);
	db_reset(q);
	return true;
}

static void view_release(struct view *v)
{
	if (v->found)
		record_release_json(&v->r);
	arena_release(&v->arena);
}

/* How many that need a person share the signature, this one included. */
static bool group_of(struct store *s, struct pass *p, const struct record *r,
	long long *n, struct err *e)
{
	*n = 0;
	if (!*r->signature)
		return true;
	json_t *known = json_object_get(p->groups, r->signature);
	if (!state_bad(r->kind, r->state)) {
		/* It left: the others are counted again at the end. */
		if (!known)
			json_object_set_new(p->groups, r->signature, json_null());
		return true;
	}
	if (json_is_integer(known) && r->attention > 0) {
		*n = json_integer_value(known);
		return true;
	}
	if (!ask_int(s,
		    "SELECT count(*) AS n FROM rec INDEXED BY rec_signature"
		    " WHERE signature=$1 AND signature<>'' AND need=1 AND rid<>$2",
		    json_pack("[s, I]", r->signature, (json_int_t)r->rid), n, e))
		return false;
	*n += 1;
	json_object_set_new(p->groups, r->signature, json_integer(*n));
	return true;
}

/* Whose attention may depend on this one: linked records, and earlier failures that a success makes obsolete. */
static bool push_neighbours(
	struct store *s, struct pass *p, const struct view *v, struct err *e)
{
	json_int_t rid = v->r.rid;
	if (!push_rows(s, p,
		    "SELECT l.b AS rid FROM link l JOIN rec o ON o.rid=l.b"
		    " WHERE l.a=$1 AND o.attention>0 LIMIT $2",
		    json_pack("[I, i]", rid, NEIGHBOURS), e))
		return false;
	if (v->r.kind != KIND_RUN)
		return true;
	return push_rows(s, p,
		"SELECT rid FROM rec WHERE th=$1 AND attention>0 AND rid<>$2 LIMIT $3",
		json_pack("[I, I, i]", (json_int_t)v->th, rid, NEIGHBOURS), e);
}

static bool wants_links(const struct record *r, usec_t now)
{
	if (r->kind == KIND_CHANGE)
		return now - links_when(r) < 24 * USEC_PER_SEC * 3600;
	return r->attention > 0 || state_bad(r->kind, r->state);
}

static bool write_row(struct store *s, const struct record *old, const struct record *new,
	bool *wrote, struct err *e)
{
	*wrote = old->attention != new->attention || old->severity != new->severity ||
		 old->group != new->group || old->snoozed_until != new->snoozed_until ||
		 strcmp(old->why, new->why) != 0;
	if (!*wrote)
		return true;
	return tell_run(s,
		       "UPDATE rec SET attention=$2, severity=$3, grp=$4, why=$5, "
		       "snoozed_until=$6 WHERE rid=$1",
		       json_pack("[I, i, i, i, s, I]", (json_int_t) new->rid,
			       new->attention, (int)new->severity, new->group, new->why,
			       (json_int_t) new->snoozed_until),
		       e) &&
	       put_touch(s, new->rid, e);
}

static bool write_again(struct store *s, const struct view *v, const struct record *new,
	usec_t now, struct err *e)
{
	usec_t next = context_next(new, now);
	return next == v->again ||
	       tell_run(s, "UPDATE rec SET again=$2 WHERE rid=$1",
		       json_pack("[I, I]", (json_int_t) new->rid, (json_int_t)next), e);
}

/* Needs nobody, and neither time nor its surroundings can change that. */
static bool is_calm(const struct record *r)
{
	return r->attention <= 0 && !r->snoozed_until && !state_bad(r->kind, r->state) &&
	       !(r->due && state_open(r->kind, r->state));
}

static bool score(struct store *s, const struct record *old, long long group,
	struct record *new, struct err *e)
{
	*new = *old;
	new->group = (int)group;
	if (!s->triage.score || is_calm(old))
		return true;
	json_t *context = context_of(s, old, group, e);
	if (!context)
		return false;
	s->triage.score(s->triage.arg, new, context);
	json_decref(context);
	return true;
}

static bool look_at(struct store *s, struct pass *p, struct view *v, bool changed,
	struct store_put_result *result, struct err *e)
{
	usec_t now = clock_now();
	struct record new;
	long long group;
	bool wrote = false;
	if (wants_links(&v->r, now)) {
		if (!p->pool.loaded) {
			p->pool_us = clock_mono_us();
			if (!links_load(s, &p->pool, e))
				return false;
		}
		if (!links_update(s, &p->pool, &v->r, push_beside, p, e))
			return false;
	}
	if (changed && !push_neighbours(s, p, v, e))
		return false;
	if (!group_of(s, p, &v->r, &group, e) || !score(s, &v->r, group, &new, e))
		return false;
	if (new.attention <= 0)
		new.group = 0;
	/* A snooze that is over is none: lists and counts look for those that are not. */
	if (new.snoozed_until <= now)
		new.snoozed_until = 0;
	if (!write_row(s, &v->r, &new, &wrote, e) || !write_again(s, v, &new, now, e))
		return false;
	result->changed += wrote;
	result->same += !wrote;
	return true;
}

static bool look(struct store *s, struct pass *p, struct work w,
	struct store_put_result *result, struct err *e)
{
	struct view v;
	bool ok = view_load(s, w.rid, &v, e);
	if (ok && v.found)
		ok = look_at(s, p, &v, w.changed || v.again == 1, result, e);
	view_release(&v);
	return ok;
}

/* ---- the pass ---- */

/* The members of groups whose size is not what they show. */
static bool refill_groups(struct store *s, struct pass *p, struct err *e)
{
	static const char sql[] =
		"SELECT rid FROM rec INDEXED BY rec_signature"
		" WHERE signature=$1 AND signature<>'' AND need=1 AND grp<>"
		"(SELECT count(*) FROM rec INDEXED BY rec_signature"
		" WHERE signature=$1 AND signature<>'' AND need=1) LIMIT $2";
	const char *signature;
	json_t *n, *groups = p->groups;
	bool ok = true;
	p->regrouped = true;
	p->groups = json_object();
	json_object_clear(p->queued);
	json_object_foreach (groups, signature, n) {
		ok = ok &&
		     push_rows(s, p, sql, json_pack("[s, i]", signature, GROUP_MAX), e);
	}
	json_decref(groups);
	return ok;
}

/* What is due, and when nothing is, once the groups. With nothing pushed the pass ends. */
static bool refill(struct store *s, struct pass *p, struct err *e)
{
	p->at = p->n = 0;
	json_t *row, *rows = ask_rows(s,
			     "SELECT rid, again FROM rec INDEXED BY rec_again"
			     " WHERE again>0 AND again<=$1 ORDER BY again LIMIT $2",
			     json_pack("[I, i]", (json_int_t)clock_now(), SLICE_ROWS), e);
	size_t i;
	if (!rows)
		return false;
	json_array_foreach (rows, i, row) {
		push(p, json_int(row, "rid", 0), json_int(row, "again", 0) == 1);
	}
	json_decref(rows);
	if (!p->n)
		return p->regrouped || refill_groups(s, p, e);
	/* More came while the pass went on: what was known of the others may be old. */
	p->regrouped = false;
	json_object_clear(p->queued);
	if (p->pool.loaded && clock_mono_us() - p->pool_us > POOL_AGE_US)
		links_release(&p->pool);
	return true;
}

static bool slice(
	struct store *s, struct pass *p, struct store_put_result *result, struct err *e)
{
	int64_t start = clock_mono_us();
	if (!put_begin(s, e))
		return false;
	bool ok = true;
	for (int i = 0; ok && i < SLICE_ROWS && p->at < p->n; i++) {
		ok = look(s, p, p->queue[p->at], result, e);
		p->at++;
		if (clock_mono_us() - start > SLICE_US)
			break;
	}
	if (ok)
		return put_commit(s, false, e);
	put_rollback(s);
	return false;
}

static void pass_drop(struct store_req *r)
{
	struct pass *p = r->state;
	links_release(&p->pool);
	json_decref(p->queued);
	json_decref(p->groups);
	free(p->queue);
	free(p);
}

static void step(struct loop *l, void *arg)
{
	struct store_req *r = arg;
	struct pass *p = r->state;
	struct err e = ERR_INIT;
	r->timer = NULL;
	bool ok = p->at < p->n || refill(r->store, p, &e);
	if (ok && p->at < p->n)
		ok = slice(r->store, p, &r->result, &e);
	else
		p->at = p->n = 0;
	if (!ok)
		log_at(LOG_WARN, "store", "triage: %s", e.msg);
	p->over = !ok || !p->n;
	if (p->over)
		req_put_later(r, NULL, ok ? NULL : &e);
	else
		r->timer = loop_defer(l, step, r);
}

/* A pass goes on until nothing is due, so it also takes what becomes due meanwhile. */
static bool pass_runs(const struct store *s)
{
	for (const struct store_req *r = s->reqs; r; r = r->next) {
		const struct pass *p = r->state;
		if (r->drop == pass_drop && !p->over)
			return true;
	}
	return false;
}

/* NULL when a pass runs and nobody waits for the end of this one. */
struct store_req *store_retriage(struct store *s, store_put_fn *fn, void *arg)
{
	if (!fn && pass_runs(s))
		return NULL;
	struct store_req *r = req_new(s, step);
	struct pass *p = xcalloc(1, sizeof(*p));
	p->queued = json_object();
	p->groups = json_object();
	r->fn.put = fn;
	r->arg = arg;
	r->state = p;
	r->drop = pass_drop;
	return r;
}
