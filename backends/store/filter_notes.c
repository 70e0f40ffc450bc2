/*
 * Words of a filter in what people wrote on records. Notes are few and no part of the packed cells: those that hold a word are
 * looked up once a query, and each chunk takes its own from them.
 */
#include "backends/store/filter.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/utf8.h"

/* The newest ones: folding more than these would hold up a key. */
enum { NOTES_READ_MAX = 20000 };

static uint16_t words_in(const struct match *m, const char *text)
{
	uint16_t bits = 0;

	for (size_t i = 0; i < m->word_n; i++) {
		if (strstr(text, m->word[i]->alts[0]) != NULL)
			bits |= (uint16_t)(1u << m->word[i]->bit);
	}
	return bits;
}

static int by_rid(const void *a, const void *b)
{
	const struct match_note *x = a, *y = b;

	return x->rid < y->rid ? -1 : x->rid > y->rid;
}

bool match_notes(struct match *m, struct store *s, struct err *e)
{
	struct db_stmt *q;
	struct str folded = STR_INIT;
	bool row = true, ok = true;

	if (m->word_n == 0)
		return true;
	q = db_stmt(s->db, "SELECT rid, text FROM note ORDER BY nid DESC LIMIT $1", e);
	if (q == NULL)
		return false;
	db_bind_int(q, 1, NOTES_READ_MAX);
	while ((ok = db_step(q, &row, e)) && row) {
		str_clear(&folded);
		utf8_fold(&folded, db_text(q, 1));
		uint16_t bits = words_in(m, folded.buf);
		if (bits == 0)
			continue;
		m->notes = mem_grow(
			m->notes, &m->notes_cap, m->notes_n + 1, sizeof(*m->notes));
		m->notes[m->notes_n++] = (struct match_note){db_int(q, 0), bits};
	}
	str_release(&folded);
	if (m->notes_n > 1)
		qsort(m->notes, m->notes_n, sizeof(*m->notes), by_rid);
	return ok;
}

uint64_t match_notes_slots(const struct match *m, long long chunk, uint16_t bit)
{
	long long from = chunk * SCAN_CELLS;
	size_t low = 0, high = m->notes_n;
	uint64_t slots = 0;

	while (low < high) {
		size_t mid = low + (high - low) / 2;
		if (m->notes[mid].rid < from)
			low = mid + 1;
		else
			high = mid;
	}
	for (; low < m->notes_n && m->notes[low].rid < from + SCAN_CELLS; low++) {
		if ((m->notes[low].bits & bit) != 0)
			slots |= UINT64_C(1) << (m->notes[low].rid - from);
	}
	return slots;
}
