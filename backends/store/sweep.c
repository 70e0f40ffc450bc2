/*
 * Texts of the dictionary that no record uses any more go; nothing else removes them, and titles with a date in them
 * come every day.
 */
#include "backends/store/ask.h"
#include "backends/store/scan.h"
#include "backends/store/tell.h"

#include <stdlib.h>

enum { SWEEP_MAX = 5000 };

struct sweep {
	unsigned char *used; /* a bit a number */
	uint32_t highest;
	long long gone[SWEEP_MAX];
	size_t n;
};

static void use(struct sweep *w, uint32_t tid)
{
	if (tid <= w->highest)
		w->used[tid / 8] = (unsigned char)(w->used[tid / 8] | 1U << tid % 8);
}

static void use_cell(struct sweep *w, const struct cell *c)
{
	const uint32_t tids[] = {c->title, c->asset, c->actor, c->owner, c->service,
		c->env, c->signature, c->claimed};
	for (size_t i = 0; i < LENGTH(tids); i++)
		use(w, tids[i]);
}

/* A row that cannot be read may use any text: then nothing is removed. */
static bool look_for_used(struct store *s, struct sweep *w, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT no, v FROM scan ORDER BY no", e);
	struct scan_chunk chunk;
	bool row = true;
	size_t len;
	while (q && db_step(q, &row, e)) {
		if (!row)
			return true;
		const void *blob = db_blob(q, 1, &len);
		if (!scan_parse(db_int(q, 0), blob, len, &chunk)) {
			db_reset(q);
			return err_set(
				e, ERR_PARSE, "the packed rows of the store are damaged");
		}
		for (size_t i = 0; i < chunk.n; i++)
			use_cell(w, &chunk.cells[i]);
	}
	return false;
}

/* The highest stays, or its number would be given again. */
static bool look_for_unused(struct store *s, struct sweep *w, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT tid FROM term ORDER BY tid", e);
	bool row = true;
	while (q && db_step(q, &row, e)) {
		long long tid = row ? db_int(q, 0) : 0;
		if (!row)
			return true;
		if (tid < w->highest && !(w->used[tid / 8] >> tid % 8 & 1))
			w->gone[w->n++] = tid;
		if (w->n == SWEEP_MAX) {
			db_reset(q);
			return true;
		}
	}
	return false;
}

/* The counter tells every process that writes to read the dictionary anew: see terms_fresh. */
static bool remove_unused(struct store *s, const struct sweep *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		bool row;
		if (!db_first(
			    s->db, "DELETE FROM term WHERE tid=$1", w->gone[i], &row, e))
			return false;
	}
	return w->n == 0 ||
	       tell_run(s,
		       "INSERT INTO setting(key, value) VALUES('" TERMS_SWEPT "', '1')"
		       " ON CONFLICT(key) DO UPDATE SET"
		       " value=CAST(CAST(setting.value AS INTEGER)+1 AS TEXT)",
		       NULL, e);
}

/* {} -> {n, more} */
json_t *tell_terms_sweep(struct store *s, const json_t *args, struct err *e)
{
	long long highest;
	(void)args;
	if (!ask_int(s, "SELECT max(tid) AS n FROM term", NULL, &highest, e))
		return NULL;
	struct sweep *w = xcalloc(1, sizeof(*w));
	w->highest = (uint32_t)highest;
	w->used = xcalloc((size_t)highest / 8 + 1, 1);
	bool ok = look_for_used(s, w, e) && look_for_unused(s, w, e) &&
		  remove_unused(s, w, e);
	json_t *reply = ok ? json_pack("{s:I, s:b}", "n", (json_int_t)w->n, "more",
				     (int)(w->n == SWEEP_MAX))
			   : NULL;
	free(w->used);
	free(w);
	return reply;
}
