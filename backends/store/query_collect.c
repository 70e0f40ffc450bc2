/*
 * Collecting the positions of a query: from the partial index when it has the whole answer in order, else by matching
 * the packed cells, newest first, in slices of a few milliseconds.
 */
#include "backends/store/query.h"

#include <stdlib.h>
#include <string.h>

enum { CLOCK_EVERY = 16 }; /* chunks between two looks at the clock: ~30 us */

/* ---- sort keys ---- */

/* Ascending keys; what is not known comes last in either direction. */
static uint64_t key_of(bool known, uint64_t value, bool descending)
{
	if (!known)
		return UINT64_MAX;
	return descending ? UINT64_MAX - 1 - value : value;
}

/* Floats as integers of the same order. */
static uint32_t float_bits(float f)
{
	uint32_t bits;

	memcpy(&bits, &f, sizeof(bits));
	return (bits & UINT32_C(1) << 31) != 0 ? ~bits : bits | UINT32_C(1) << 31;
}

static uint64_t cell_key(const struct collect *c, const struct cell *cell)
{
	bool down = !c->q->reverse;

	switch (c->q->sort) {
	case SORT_ATTENTION:
		return key_of(
			true, (uint64_t)cell->attention << 36 | cell->updated, down);
	case SORT_UPDATED:
		return key_of(cell->updated != 0, cell->updated, down);
	case SORT_STARTED:
		return key_of(cell->started != 0, cell->started, down);
	case SORT_DUE:
		return key_of(cell->due != 0, cell->due, down);
	case SORT_AMOUNT:
		return key_of(cell->amount != 0, float_bits(cell->amount), down);
	case SORT_TITLE:
		return key_of(cell->title != 0 && cell->title < c->title_ranks,
			cell->title < c->title_ranks ? c->title_rank[cell->title] : 0,
			!down);
	case SORT_COUNT:
		break;
	}
	return 0;
}

struct ranked {
	const char *text;
	uint32_t tid;
};

static int compare_ranked(const void *a, const void *b)
{
	const struct ranked *x = a, *y = b;

	return strcmp(x->text, y->text);
}

/* Sorting the dictionary once is cheaper than comparing titles of records. */
static bool rank_titles(struct collect *c, struct err *e)
{
	struct terms *t;

	if (!terms_load(c->store, &t, e))
		return false;
	struct ranked *all = xcalloc(t->n, sizeof(*all));
	for (uint32_t i = 0; i < t->n; i++)
		all[i] = (struct ranked){terms_text(t, i), i};
	qsort(all, t->n, sizeof(*all), compare_ranked);
	c->title_rank = xcalloc(t->n, sizeof(*c->title_rank));
	c->title_ranks = t->n;
	for (uint32_t i = 0; i < t->n; i++)
		c->title_rank[all[i].tid] = i;
	free(all);
	return true;
}

/* ---- start ---- */

static bool last_chunk(struct collect *c, struct err *e)
{
	struct db_stmt *q = db_stmt(c->store->db, "SELECT max(no) FROM scan", e);
	bool row;

	if (q == NULL || !db_step(q, &row, e))
		return false;
	c->next_no = db_is_null(q, 0) ? -1 : db_int(q, 0);
	db_reset(q);
	return true;
}

bool collect_init(
	struct collect *c, struct store *s, const struct store_query *q, struct err *e)
{
	memset(c, 0, sizeof(*c));
	c->store = s;
	c->q = q;
	c->terms_life = s->terms_life;
	c->from_index = q->need_only && q->sort == SORT_ATTENTION && !q->reverse &&
			(q->filter == NULL || q->filter->n == 0);
	if (!match_init(&c->match, s, q->filter, q->kinds, q->need_only, e))
		return false;
	if (q->sort == SORT_TITLE && !rank_titles(c, e))
		return false;
	return c->from_index || last_chunk(c, e);
}

void collect_release(struct collect *c)
{
	match_release(&c->match);
	list_release(&c->list);
	free(c->title_rank);
	c->title_rank = NULL;
}

/* ---- from the index ---- */

static uint32_t fold_of_text(const char *signature)
{
	unsigned long long h = str_hash(signature, strlen(signature), 0);

	return signature[0] == '\0' ? 0 : (uint32_t)(h ^ h >> 32) | 1;
}

/* One pass, not in slices: what needs a person is few. When it is not, the cells give the answer. */
static bool collect_index(struct collect *c, int64_t until, bool *done, struct err *e)
{
	/* By the index alone, unless a source is away: each row would have to be looked at for its own. */
	static const char all[] = "SELECT rid, kind, signature, 0 FROM rec WHERE need=1 "
				  "ORDER BY attn DESC",
			  some[] = "SELECT rid, kind, signature, source FROM rec WHERE "
				   "need=1 ORDER BY attn DESC";
	struct db_stmt *q = db_stmt(c->store->db, c->match.away_n > 0 ? some : all, e);
	bool row = true;

	if (q == NULL)
		return false;
	while (row) {
		if (!db_step(q, &row, e))
			return false;
		if (!row)
			break;
		list_room(&c->list, c->q, 1);
		if ((c->match.kinds >> db_int(q, 1) & 1) != 0 &&
			!match_away(&c->match, (size_t)db_int(q, 3)))
			list_add(&c->list, 0, (uint32_t)db_int(q, 0),
				c->q->fold_groups ? fold_of_text(db_text(q, 2)) : 0);
		if (c->list.n % 256 == 255 && clock_mono_us() > until) {
			db_reset(q);
			c->from_index = false;
			list_release(&c->list);
			return last_chunk(c, e);
		}
	}
	c->sorted = true;
	*done = true;
	return true;
}

/* ---- from the cells ---- */

/* The ids of a chunk; each is looked for only when some cell leaves it open. */
struct ids {
	const char *bytes;
	size_t len;
	bool split;
	const char *slot[SCAN_CELLS];
};

static const char *id_of(struct ids *ids, size_t slot)
{
	const char *p = ids->bytes, *end = p + ids->len;

	for (size_t i = 0; !ids->split && i < SCAN_CELLS; i++) {
		ids->slot[i] = p < end ? p : "";
		p += p < end ? strlen(p) + 1 : 0;
	}
	ids->split = true;
	return ids->slot[slot];
}

static bool labels_match(struct collect *c, long long rid, const struct match_hits *hits,
	bool *match, struct err *e)
{
	struct err ignored;
	bool row;
	struct db_stmt *q = db_first(
		c->store->db, "SELECT labels FROM rec WHERE rid=$1", rid, &row, e);

	*match = false;
	if (q == NULL)
		return false;
	if (!row)
		return true;
	const char *text = db_text(q, 0);
	json_t *labels = text[0] != '\0' ? json_read(text, strlen(text), &ignored) : NULL;
	*match = match_labels(&c->match, hits, labels);
	json_decref(labels);
	db_reset(q);
	return true;
}

static bool cell_matches(struct collect *c, const struct scan_chunk *chunk, size_t slot,
	struct ids *ids, bool *match, struct err *e)
{
	const struct cell *cell = &chunk->cells[slot];
	struct match_hits hits;
	enum match_answer answer = match_cell(&c->match, cell, slot, &hits);

	if (answer == MATCH_ID)
		answer = match_id(&c->match, &hits, id_of(ids, slot)) ? MATCH_YES
								      : MATCH_NO;
	*match = answer == MATCH_YES;
	if (*match && c->q->filter != NULL && c->q->filter->rows)
		return labels_match(
			c, chunk->no * SCAN_CELLS + (long long)slot, &hits, match, e);
	return true;
}

static bool collect_chunk(
	struct collect *c, const struct scan_chunk *chunk, struct ids *ids, struct err *e)
{
	bool match;

	if (!match_chunk(&c->match, chunk, ids->bytes, ids->len))
		return true;
	list_room(&c->list, c->q, SCAN_CELLS);
	for (size_t slot = SCAN_CELLS; slot-- > 0;) {
		const struct cell *cell = &chunk->cells[slot];
		if ((cell->flags & CELL_LIVE) == 0)
			continue;
		if (!cell_matches(c, chunk, slot, ids, &match, e))
			return false;
		if (match)
			list_add(&c->list, cell_key(c, cell),
				(uint32_t)(chunk->no * SCAN_CELLS + (long long)slot),
				cell->signature);
	}
	return true;
}

static bool row_chunk(struct db_stmt *q, struct scan_chunk *chunk, struct ids *ids,
	bool with_ids, struct err *e)
{
	long long no = db_int(q, 0);
	size_t len;
	const void *blob = db_blob(q, 1, &len);

	ids->split = false;
	ids->len = 0;
	ids->bytes = with_ids ? db_blob(q, 2, &ids->len) : "";
	if (scan_parse(no, blob, len, chunk) &&
		(ids->len == 0 || ids->bytes[ids->len - 1] == '\0'))
		return true;
	return err_set(e, ERR_IO,
		"row %lld of the store's filter table is damaged: move the store away, a "
		"new one "
		"is made at the next start",
		no);
}

static bool collect_cells(struct collect *c, int64_t until, bool *done, struct err *e)
{
	bool with_ids = (c->match.words | c->match.ids) != 0;
	struct db_stmt *q = db_stmt(c->store->db,
		with_ids ? "SELECT s.no, s.v, i.v FROM scan s LEFT JOIN scan_id i ON "
			   "i.no=s.no "
			   "WHERE s.no<=$1 ORDER BY s.no DESC"
			 : "SELECT no, v FROM scan WHERE no<=$1 ORDER BY no DESC",
		e);
	struct scan_chunk chunk;
	struct ids ids;
	bool row;

	if (q == NULL)
		return false;
	db_bind_int(q, 1, c->next_no);
	for (size_t n = 1;; n++) {
		if (!db_step(q, &row, e))
			return false;
		if (!row) {
			*done = true;
			return true;
		}
		if (!row_chunk(q, &chunk, &ids, with_ids, e) ||
			!collect_chunk(c, &chunk, &ids, e))
			return false;
		c->next_no = chunk.no - 1;
		if (n % CLOCK_EVERY == 0 && clock_mono_us() > until)
			return true;
	}
}

bool collect_slice(struct collect *c, int64_t until, bool *done, struct err *e)
{
	*done = false;
	if (c->terms_life !=
		c->store->terms_life) { /* numbers of terms changed their meaning: begin again */
		struct store *s = c->store;
		const struct store_query *q = c->q;
		collect_release(c);
		if (!collect_init(c, s, q, e))
			return false;
	}
	if (c->from_index)
		return collect_index(c, until, done, e);
	return match_update(&c->match, c->store, e) && collect_cells(c, until, done, e);
}
