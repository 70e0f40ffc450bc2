/*
 * The pool that records are compared with, and the rows of table link.
 */
#include "backends/store/links.h"

#include "backends/store/ask.h"
#include "backends/store/tell.h"

#include <string.h>

enum { POOL_NEED = 1500, POOL_CHANGES = 500, LINKS_PER_RECORD = 40 };
#define DAY ((usec_t)24 * 3600 * USEC_PER_SEC)

static bool load(struct store *s, struct links_pool *p, const char *sql, json_int_t a,
	json_int_t b, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, sql, e);
	bool row;
	if (!q)
		return false;
	db_bind_int(q, 1, a);
	db_bind_int(q, 2, b);
	for (;;) {
		if (!db_step(q, &row, e))
			return false;
		if (!row)
			return true;
		p->rows = mem_grow(p->rows, &p->cap, p->n + 1, sizeof(*p->rows));
		p->keys = mem_grow(p->keys, &p->key_cap, p->n + 1, sizeof(*p->keys));
		record_read(s, q, &p->arena, false, &p->rows[p->n]);
		p->keys[p->n] = links_key(&p->rows[p->n]);
		p->n++;
	}
}

bool links_load(struct store *s, struct links_pool *p, struct err *e)
{
	p->loaded = true;
	return load(s, p,
		       "SELECT " RECORD_COLUMNS " FROM rec r INDEXED BY rec_need"
		       " WHERE r.need=1 AND $1=0 ORDER BY r.attn DESC LIMIT $2",
		       0, POOL_NEED, e) &&
	       load(s, p,
		       "SELECT " RECORD_COLUMNS " FROM rec r INDEXED BY rec_change"
		       " WHERE r.kind=6 AND r.since>$1 AND r.need=0 ORDER BY r.since "
		       "DESC LIMIT $2",
		       clock_now() - DAY, POOL_CHANGES, e);
}

void links_release(struct links_pool *p)
{
	free(p->rows);
	free(p->keys);
	arena_release(&p->arena);
	memset(p, 0, sizeof(*p));
}

/* True in *fresh when the row is new. */
static bool write_link(struct store *s, long long a, long long b, const char *reason,
	int strength, bool before, bool *fresh, struct err *e)
{
	json_t *old = ask_row(s, "SELECT strength FROM link WHERE a=$1 AND b=$2",
		json_pack("[I, I]", (json_int_t)a, (json_int_t)b), e);
	if (!old)
		return false;
	*fresh = json_is_null(old);
	bool weaker = !*fresh && json_int(old, "strength", 0) >= strength;
	json_decref(old);
	if (weaker)
		return true;
	return tell_run(s,
		"INSERT INTO link(a, b, reason, strength, before, at) "
		"VALUES($1,$2,$3,$4,$5,$6)"
		" ON CONFLICT(a, b) DO UPDATE SET reason=excluded.reason,"
		" strength=excluded.strength, before=excluded.before",
		json_pack("[I, I, s, i, b, I]", (json_int_t)a, (json_int_t)b, reason,
			strength, before, (json_int_t)clock_now()),
		e);
}

struct found {
	long long rid;
	bool after; /* b happened after a */
	struct links_verdict v;
};

/* Keeps the strongest, in order. */
static void keep(struct found *list, size_t *n, const struct found *f)
{
	size_t at = *n;
	while (at > 0 && list[at - 1].v.strength < f->v.strength)
		at--;
	if (at >= LINKS_PER_RECORD)
		return;
	if (*n < LINKS_PER_RECORD)
		(*n)++;
	memmove(list + at + 1, list + at, (*n - 1 - at) * sizeof(*list));
	list[at] = *f;
}

bool links_update(struct store *s, const struct links_pool *p, const struct record *r,
	links_fresh_fn *fresh, void *arg, struct err *e)
{
	struct found list[LINKS_PER_RECORD];
	struct links_key key = links_key(r);
	size_t n = 0;
	for (size_t i = 0; i < p->n; i++) {
		const struct record *other = &p->rows[i];
		if (other->rid == r->rid || !links_maybe(&key, &p->keys[i]))
			continue;
		struct found f = {.rid = other->rid};
		links_judge(r, other, &f.v);
		f.after = links_when(r) && links_when(r) < links_when(other);
		if (f.v.strength)
			keep(list, &n, &f);
	}
	for (size_t i = 0; i < n; i++) {
		const struct found *f = &list[i];
		bool one = false, two = false;
		if (!write_link(s, r->rid, f->rid, f->v.of_b, f->v.strength,
			    f->v.b_before, &one, e) ||
			!write_link(s, f->rid, r->rid, f->v.of_a, f->v.strength, f->after,
				&two, e))
			return false;
		if (one || two)
			fresh(arg, f->rid);
	}
	return true;
}
