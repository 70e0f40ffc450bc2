/*
 * When triage must look at a record that was just written. Most of what is collected needs nobody and changes nothing
 * for others: it is not looked at, or a flood of runs would keep the worker busy.
 */
#include "backends/store/context.h"
#include "backends/store/put.h"

#include <stdlib.h>
#include <string.h>

enum { TITLE_BITS = 1 << 17 };

/* th counts up; neighbours and sources are to be spread. */
static unsigned bit_of(long long th)
{
	return (unsigned)((unsigned long long)th * 0x9e3779b97f4a7c15ULL >> 32) %
	       TITLE_BITS;
}

static void set_title(unsigned char *bits, long long th)
{
	unsigned at = bit_of(th);
	bits[at / 8] = (unsigned char)(bits[at / 8] | 1U << at % 8);
}

static bool has_title(const unsigned char *bits, long long th)
{
	unsigned at = bit_of(th);
	return (bits[at / 8] >> at % 8 & 1) != 0;
}

/* Titles of which a run needs somebody, by a hash: a bit too many costs a look, none is ever missing. */
static unsigned char *failed_titles(struct store *s)
{
	struct put_state *p = put_state(s);
	struct err ignored;
	bool row = true;
	if (p->failed_titles)
		return p->failed_titles;
	p->failed_titles = xcalloc(1, TITLE_BITS / 8);
	struct db_stmt *q = db_stmt(s->db,
		"SELECT th FROM rec INDEXED BY rec_need WHERE need=1 AND kind=0",
		&ignored);
	while (q && row && db_step(q, &row, &ignored)) {
		if (row)
			set_title(p->failed_titles, db_int(q, 0));
	}
	return p->failed_titles;
}

long long put_again(struct store *s, const struct record *r, long long th, bool needed)
{
	bool now = needed || r->attention > 0 || state_bad(r->kind, r->state) ||
		   r->kind == KIND_CHANGE;
	if (r->kind == KIND_RUN && r->attention > 0)
		set_title(failed_titles(s), th);
	/* A success makes earlier failures of the same title obsolete. */
	if (r->kind == KIND_RUN && r->state == STATE_SUCCEEDED)
		now = now || has_title(failed_titles(s), th);
	return now ? 1 : context_next(r, clock_now());
}
