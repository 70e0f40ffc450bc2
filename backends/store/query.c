/*
 * The query over records as a request: kept positions if they hold, else slices that never stop the loop for long, the
 * head of the answer when it takes longer, then the whole.
 */
#include "backends/store/query.h"

#include <stdlib.h>
#include <string.h>

enum {
	FIRST_SLICE_US = 12000, /* 100 000 records in one go, within the time of a key */
	SLICE_US = 4000,
	HEAD_AFTER_US = 24000, /* a head that is replaced at once is only a flicker */
	WINDOW_MAX = 5000,
};

struct query {
	struct store_query q;
	struct collect collect;
	struct kept_list before; /* the data's versions when it began */
	int64_t began;
	bool started, head_sent;
};

static void query_drop(struct store_req *r)
{
	struct query *w = r->state;

	collect_release(&w->collect);
	free(w);
}

/* ---- answering ---- */

struct answer {
	struct arena arena;
	struct record *records;
	struct store_rows rows;
	struct err err;
};

static long long find_anchor(const uint32_t *rids, size_t n, long long anchor)
{
	for (size_t i = 0; anchor > 0 && i < n; i++) {
		if (rids[i] == (uint32_t)anchor)
			return (long long)i;
	}
	return -1;
}

/* Where the window begins: around the anchor when that is wanted, and not behind the end. */
static size_t window_first(const struct store_query *q, size_t total, long long anchor_at)
{
	size_t count = q->count, first = q->first,
	       last = total > count ? total - count : 0;

	if (q->around && anchor_at >= 0) {
		size_t at = (size_t)anchor_at;
		if (at < first || at >= first + count)
			first = at > count / 2 ? at - count / 2 : 0;
	}
	if (first >= total || (q->around && first > last))
		first = last;
	return first;
}

static bool read_rows(
	struct store *s, const uint32_t *rids, size_t n, struct answer *a, struct err *e)
{
	a->records = arena_alloc(&a->arena, (n + 1) * sizeof(*a->records));
	a->rows.rows = a->records;
	for (size_t i = 0; i < n; i++) {
		struct db_stmt *q = db_stmt(
			s->db, "SELECT " RECORD_COLUMNS " FROM rec r WHERE r.rid=$1", e);
		bool row;
		if (q == NULL)
			return false;
		db_bind_int(q, 1, rids[i]);
		if (!db_step(q, &row, e))
			return false;
		if (!row) /* gone since the positions were kept */
			continue;
		record_read(s, q, &a->arena, false, &a->records[a->rows.n++]);
		db_reset(q);
	}
	return true;
}

static bool read_as_of(struct store *s, usec_t *as_of, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "SELECT coalesce(max(last_good), 0) FROM source", e);
	bool row;

	if (q == NULL || !db_step(q, &row, e))
		return false;
	*as_of = db_int(q, 0);
	db_reset(q);
	return true;
}

static bool fill_answer(struct store *s, const struct store_query *q,
	const uint32_t *rids, size_t total, struct answer *a, struct err *e)
{
	a->rows.total = total;
	a->rows.anchor_at = find_anchor(rids, total, q->anchor);
	a->rows.first = window_first(q, total, a->rows.anchor_at);
	size_t n = total - a->rows.first < q->count ? total - a->rows.first : q->count;
	return read_rows(s, rids + a->rows.first, n, a, e) &&
	       read_as_of(s, &a->rows.as_of, e);
}

/* The last answer: the request is gone when the callback runs. */
static void answer_end(struct store_req *r, struct answer *a, bool ok)
{
	store_rows_fn *fn = r->fn.rows;
	void *arg = r->arg;

	a->rows.complete = true;
	if (!ok) {
		a->rows.err = &a->err;
		a->rows.n = a->rows.total = 0;
		a->rows.anchor_at = -1;
	}
	req_free(r);
	if (fn != NULL)
		fn(arg, &a->rows);
	arena_release(&a->arena);
}

static void answer_list(struct store_req *r, const uint32_t *rids, size_t n)
{
	struct query *w = r->state;
	struct answer a = {.arena = ARENA_INIT, .err = ERR_INIT};

	bool ok = db_begin_read(r->store->db, &a.err);
	if (ok) {
		ok = fill_answer(r->store, &w->q, rids, n, &a, &a.err);
		db_end_read(r->store->db);
	}
	answer_end(r, &a, ok);
}

static void answer_fail(struct store_req *r, const struct err *e)
{
	struct answer a = {.arena = ARENA_INIT, .err = *e};

	answer_end(r, &a, false);
}

/* What is there so far, sorted. The request goes on; the callback may cancel it, so nothing is touched after it. */
static void answer_head(struct store_req *r)
{
	struct query *w = r->state;
	struct answer a = {.arena = ARENA_INIT, .err = ERR_INIT};
	struct list *l = &w->collect.list;

	w->head_sent = true;
	list_sort(l);
	if (w->q.fold_groups)
		list_fold(l);
	uint32_t *rids = xmalloc(l->n * sizeof(*rids) + 1);
	for (size_t i = 0; i < l->n; i++)
		rids[i] = l->at[i].rid;
	bool ok = db_begin_read(r->store->db, &a.err);
	if (ok) {
		ok = fill_answer(r->store, &w->q, rids, l->n, &a, &a.err);
		db_end_read(r->store->db);
	}
	free(rids);
	if (ok && r->fn.rows != NULL)
		r->fn.rows(r->arg, &a.rows);
	arena_release(&a.arena);
}

/* ---- slices ---- */

static void query_step(struct loop *l, void *arg);

static bool query_slice(struct store_req *r, bool *done, struct err *e)
{
	struct query *w = r->state;
	int64_t slice = w->started ? SLICE_US : FIRST_SLICE_US;
	bool ok;

	if (!db_begin_read(r->store->db, e))
		return false;
	ok = w->started || collect_init(&w->collect, r->store, &w->q, e);
	w->started = true;
	ok = ok && collect_slice(&w->collect, clock_mono_us() + slice, done, e);
	db_end_read(r->store->db);
	return ok;
}

static void query_done(struct store_req *r)
{
	struct query *w = r->state;
	struct list *l = &w->collect.list;

	if (!w->collect.sorted)
		list_sort(l);
	if (w->q.fold_groups)
		list_fold(l);
	const struct kept_list *k = kept_add(r->store, &w->q, l, &w->before);
	answer_list(r, k->rids, k->n);
}

static void query_step(struct loop *l, void *arg)
{
	struct store_req *r = arg;
	struct query *w = r->state;
	struct err err = ERR_INIT;
	bool done = false;

	r->timer = NULL;
	if (!w->started) {
		const struct kept_list *k = kept_find(r->store, &w->q);
		if (k != NULL) {
			answer_list(r, k->rids, k->n);
			return;
		}
		kept_now(r->store, &w->before);
		w->began = clock_mono_us();
	}
	if (!query_slice(r, &done, &err)) {
		answer_fail(r, &err);
		return;
	}
	if (done) {
		query_done(r);
		return;
	}
	r->timer = loop_defer(l, query_step, r);
	if (!w->head_sent && w->collect.list.n > 0 &&
		clock_mono_us() - w->began > HEAD_AFTER_US)
		answer_head(r);
}

struct store_req *store_query(
	struct store *s, const struct store_query *q, store_rows_fn *fn, void *arg)
{
	struct store_req *r = req_new(s, query_step);
	struct query *w = xcalloc(1, sizeof(*w));

	w->q = *q;
	if (w->q.count > WINDOW_MAX)
		w->q.count = WINDOW_MAX;
	r->state = w;
	r->drop = query_drop;
	r->fn.rows = fn;
	r->arg = arg;
	return r;
}
