/*
 * Matching a filter. Each word and name is looked for once in the dictionary, which marks the terms that satisfy it, and
 * once in the ids and WHYs of a whole chunk; a cell then costs a few table look-ups.
 */
#include "backends/store/filter.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/base/utf8.h"

static uint16_t bit_of(const struct cond *c)
{
	return (uint16_t)(1u << c->bit);
}

static bool glob_any(const struct cond *c, const char *text)
{
	for (size_t i = 0; i < c->n; i++) {
		if (str_glob(c->alts[i], text))
			return true;
	}
	return false;
}

/* ---- preparation ---- */

/* Every place of the word in the heap of all terms, then the term around it: the texts lie one after the other. */
static void mark_word(struct match *m, const struct terms *t, const char *word,
	uint16_t bit, size_t from)
{
	size_t len = strlen(word), tid = from;
	const char *end = t->heap + t->len, *at;

	while (tid < t->n && t->offset[tid] == 0)
		tid++;
	at = tid < t->n ? t->heap + t->offset[tid] : end;
	while (at < end && (at = memmem(at, (size_t)(end - at), word, len)) != NULL) {
		size_t low = tid, high = t->n;
		size_t place = (size_t)(at - t->heap);
		/* Numbers without a text have offset 0 and would break a binary search: stepping is as fast for few hits. */
		for (size_t i = low; i < high && t->offset[i] <= place; i++) {
			if (t->offset[i] != 0)
				tid = i;
		}
		m->marks[tid] |= bit;
		m->marked |= bit;
		at = t->heap + t->offset[tid];
		at += strlen(at) + 1;
	}
}

static void mark_terms(struct match *m, const struct terms *t, size_t from)
{
	for (size_t i = 0; i < m->f->n; i++) {
		const struct cond *c = &m->f->conds[i];
		if (c->type == COND_WORD)
			mark_word(m, t, c->alts[0], bit_of(c), from);
		if (c->type != COND_TERM)
			continue;
		for (size_t tid = from; tid < t->n; tid++) {
			if (glob_any(c, terms_text(t, (uint32_t)tid)))
				m->marks[tid] |= bit_of(c);
		}
	}
}

static void mark_source(struct match *m, size_t sid, uint16_t bit)
{
	m->sources[sid] |= bit;
	m->marked |= bit;
}

static bool mark_sources(struct match *m, struct store *s, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "SELECT sid, name FROM source ORDER BY sid DESC", e);
	struct str name = STR_INIT;
	bool row;

	if (q == NULL)
		return false;
	for (;;) {
		if (!db_step(q, &row, e))
			return false;
		if (!row)
			break;
		size_t sid = (size_t)db_int(q, 0);
		if (m->sources == NULL) {
			m->sources_n = sid + 1;
			m->sources = xcalloc(m->sources_n, sizeof(*m->sources));
		}
		str_clear(&name);
		utf8_fold(&name, db_text(q, 1));
		for (size_t i = 0; i < m->f->n; i++) {
			const struct cond *c = &m->f->conds[i];
			if ((c->type == COND_SOURCE && glob_any(c, name.buf)) ||
				(c->type == COND_WORD &&
					strstr(name.buf, c->alts[0]) != NULL))
				mark_source(m, sid, bit_of(c));
		}
	}
	str_release(&name);
	return true;
}

bool match_update(struct match *m, struct store *s, struct err *e)
{
	struct terms *t;
	size_t from = m->marks_n;

	if (m->f == NULL || m->f->texts == 0)
		return true;
	if (!terms_load(s, &t, e))
		return false;
	if (from == t->n)
		return true;
	m->marks = mem_grow(m->marks, &m->marks_cap, t->n, sizeof(*m->marks));
	memset(m->marks + from, 0, (t->n - from) * sizeof(*m->marks));
	m->marks_n = t->n;
	mark_terms(m, t, from);
	return true;
}

/* Sources that are not in the configuration any more: none of their records is shown. */
static bool mark_away(struct match *m, struct store *s, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"SELECT sid FROM source WHERE state='removed' ORDER BY sid DESC", e);
	bool row = true;

	while (q != NULL && row) {
		if (!db_step(q, &row, e))
			return false;
		size_t sid = row ? (size_t)db_int(q, 0) : 0;
		if (row && m->away == NULL) {
			m->away_n = sid + 1;
			m->away = xcalloc(m->away_n, sizeof(*m->away));
		}
		if (row)
			m->away[sid] = true;
	}
	return q != NULL;
}

static void add_cond(struct match *m, const struct cond *c)
{
	if (c->type != COND_WORD && c->type != COND_ID && c->type != COND_TERM &&
		c->type != COND_SOURCE) {
		if (c->type != COND_LABEL)
			m->plain[m->plain_n++] = c;
		return;
	}
	m->all |= bit_of(c);
	m->in_group[c->group] |= bit_of(c);
	if (c->type == COND_WORD) {
		m->words |= bit_of(c);
		m->word[m->word_n++] = c;
	}
	m->ids |= c->type == COND_ID ? bit_of(c) : 0;
	m->invert |= c->invert ? bit_of(c) : 0;
}

bool match_init(struct match *m, struct store *s, const struct filter *f, unsigned kinds,
	bool need_only, struct err *e)
{
	memset(m, 0, sizeof(*m));
	m->f = f;
	m->kinds = kinds != 0 ? kinds : (1u << KIND_COUNT) - 1;
	m->need_only = need_only;
	m->now = (uint32_t)(clock_now() / USEC_PER_SEC);
	if (!mark_away(m, s, e))
		return false;
	if (f == NULL)
		return true;
	for (size_t i = 0; i < f->n; i++)
		add_cond(m, &f->conds[i]);
	return f->texts == 0 ||
	       (mark_sources(m, s, e) && match_notes(m, s, e) && match_update(m, s, e));
}

void match_release(struct match *m)
{
	free(m->marks);
	free(m->sources);
	free(m->notes);
	free(m->away);
	memset(m, 0, sizeof(*m));
}

/* ---- one cell ---- */

static bool match_time(
	const struct match *m, const struct cond *c, const struct cell *cell)
{
	const uint32_t times[] = {[TIME_SINCE] = cell->since,
		[TIME_STARTED] = cell->started,
		[TIME_UPDATED] = cell->updated,
		[TIME_DUE] = cell->due};
	long long t = times[c->time], at = c->at / USEC_PER_SEC;

	if (t == 0)
		return false;
	if (c->ago) /* a duration: how long ago, or how far ahead it is due */
		t = c->time == TIME_DUE ? t - m->now : m->now - t;
	return c->less ? t < at + c->or_equal : t > at - c->or_equal;
}

static bool match_amount(const struct cond *c, const struct cell *cell)
{
	float limit = (float)c->number;

	if (c->or_equal && cell->amount == limit)
		return true;
	return c->less ? cell->amount < limit : cell->amount > limit;
}

static bool match_set(const struct cond *c, const struct cell *cell)
{
	const unsigned values[] = {[SET_KIND] = cell->kind,
		[SET_STATE] = cell->state,
		[SET_SEVERITY] = cell_severity(cell),
		[SET_TIER] = cell_tier(cell)};

	return (c->mask >> values[c->set] & 1) != 0;
}

static bool match_flag(enum cond_flag flag, const struct cell *cell)
{
	switch (flag) {
	case FLAG_NEED:
		return (cell->flags & CELL_NEED) != 0;
	case FLAG_CLAIMED:
		return cell->claimed != 0;
	case FLAG_SNOOZED:
		return (cell->flags & CELL_SNOOZED) != 0;
	}
	return false;
}

static bool match_plain(
	const struct match *m, const struct cond *c, const struct cell *cell)
{
	switch (c->type) {
	case COND_SET:
		return match_set(c, cell);
	case COND_FLAG:
		return match_flag(c->flag, cell);
	case COND_TIME:
		return match_time(m, c, cell);
	case COND_AMOUNT:
		return match_amount(c, cell);
	case COND_WORD:
	case COND_TERM:
	case COND_SOURCE:
	case COND_ID:
	case COND_LABEL:
		break;
	}
	return false; /* not among the plain ones */
}

static uint16_t mark_of(const struct match *m, uint32_t tid)
{
	return tid < m->marks_n ? m->marks[tid] : 0;
}

static uint16_t text_hits(const struct match *m, const struct cell *c)
{
	uint16_t source = c->source < m->sources_n ? m->sources[c->source] : 0;
	uint16_t hits = (uint16_t)(source | mark_of(m, c->title) | mark_of(m, c->asset) |
				   mark_of(m, c->owner) | mark_of(m, c->service) |
				   mark_of(m, c->actor)) &
			m->words;

	if (m->all == m->words)
		return hits;
	for (size_t i = 0; i < m->f->n; i++) {
		const struct cond *cond = &m->f->conds[i];
		uint32_t tid;
		if (cond->type == COND_SOURCE)
			hits |= source & bit_of(cond);
		if (cond->type != COND_TERM)
			continue;
		memcpy(&tid, (const char *)c + cond->offset, sizeof(tid));
		hits |= mark_of(m, tid) & bit_of(cond);
	}
	return hits;
}

/* Drops the groups of which a text condition fails, and says whether one is left. ids: those over the id are known too. */
static bool keep_groups(const struct match *m, struct match_hits *hits, bool ids)
{
	uint16_t known = ids ? m->all : m->all & (uint16_t)~m->ids;

	for (unsigned g = 0; g < m->f->groups; g++) {
		uint16_t mask = m->in_group[g] & known;
		if (((hits->texts ^ m->invert) & mask) != mask)
			hits->groups &= ~(UINT32_C(1) << g);
	}
	return hits->groups != 0;
}

/* A group that is left has a condition over the id. */
static bool wants_id(const struct match *m, const struct match_hits *hits)
{
	for (unsigned g = 0; g < m->f->groups && m->ids != 0; g++) {
		if ((hits->groups >> g & 1) != 0 && (m->in_group[g] & m->ids) != 0)
			return true;
	}
	return false;
}

static uint32_t all_groups(const struct match *m)
{
	unsigned n = m->f != NULL ? m->f->groups : 1;

	return n >= 32 ? UINT32_MAX : (UINT32_C(1) << n) - 1;
}

enum match_answer match_cell(
	const struct match *m, const struct cell *c, size_t slot, struct match_hits *hits)
{
	*hits = (struct match_hits){0, all_groups(m)};
	if ((c->flags & CELL_LIVE) == 0 || (m->kinds >> c->kind & 1) == 0 ||
		(m->need_only && (c->flags & CELL_NEED) == 0) || match_away(m, c->source))
		return MATCH_NO;
	if (m->f == NULL)
		return MATCH_YES;
	for (size_t i = 0; i < m->plain_n; i++) {
		if (match_plain(m, m->plain[i], c) == m->plain[i]->invert)
			hits->groups &= ~(UINT32_C(1) << m->plain[i]->group);
	}
	if (m->all != 0)
		hits->texts = text_hits(m, c);
	for (size_t i = 0; m->in_chunk != 0 && i < m->word_n; i++) {
		if ((m->slots[i] >> slot & 1) != 0)
			hits->texts |= bit_of(m->word[i]);
	}
	if (!keep_groups(m, hits, false))
		return MATCH_NO;
	return wants_id(m, hits) ? MATCH_ID : MATCH_YES;
}

/* Which ids of the chunk hold the word: every place of it, then the text around it. */
static uint64_t slots_of_ids(const char *ids, size_t len, const char *word)
{
	size_t word_len = strlen(word), slot = 0;
	const char *at = ids, *end = ids + len, *text = ids;
	uint64_t slots = 0;

	while (at < end &&
		(at = memmem(at, (size_t)(end - at), word, word_len)) != NULL) {
		const char *next = text + strlen(text) + 1;
		while (next <= at) {
			text = next;
			next += strlen(next) + 1;
			slot++;
		}
		slots |= slot < SCAN_CELLS ? UINT64_C(1) << slot : 0;
		at = next;
	}
	return slots;
}

static uint64_t slots_of_whys(const struct scan_chunk *chunk, const char *word)
{
	uint64_t slots = 0;

	for (const char *p = chunk->why; p < chunk->why_end; p += strlen(p + 1) + 2) {
		if (strstr(p + 1, word) != NULL)
			slots |= UINT64_C(1) << ((unsigned char)*p % SCAN_CELLS);
	}
	return slots;
}

bool match_chunk(
	struct match *m, const struct scan_chunk *chunk, const char *ids, size_t len)
{
	m->in_chunk = 0;
	for (size_t i = 0; i < m->word_n; i++) {
		const struct cond *c = m->word[i];
		m->slots[i] = slots_of_ids(ids, len, c->alts[0]) |
			      slots_of_whys(chunk, c->alts[0]) |
			      match_notes_slots(m, chunk->no, bit_of(c));
		if (m->slots[i] != 0)
			m->in_chunk |= bit_of(c);
	}
	uint16_t nowhere = m->words & (uint16_t) ~(m->invert | m->marked | m->in_chunk);
	for (unsigned g = 0; m->f != NULL && g < m->f->groups; g++) {
		if ((m->in_group[g] & nowhere) == 0)
			return true;
	}
	return nowhere == 0;
}

bool match_id(const struct match *m, struct match_hits *hits, const char *id)
{
	for (size_t i = 0; i < m->f->n; i++) {
		const struct cond *c = &m->f->conds[i];
		if (c->type == COND_ID && glob_any(c, id))
			hits->texts |= bit_of(c);
	}
	return keep_groups(m, hits, true);
}

/* ---- labels ---- */

static bool label_any(const struct cond *c, const json_t *labels)
{
	for (size_t i = 0; i < c->n; i++) {
		const char *sign = strchr(c->alts[i], '=');
		size_t len =
			sign != NULL ? (size_t)(sign - c->alts[i]) : strlen(c->alts[i]);
		const char *pattern = sign != NULL ? sign + 1 : "*";
		json_t *o = json_incref((json_t *)(uintptr_t)labels), *v;
		const char *key;
		bool hit = false;
		json_object_foreach (o, key, v) {
			hit = hit ||
			      (strlen(key) == len &&
				      strncasecmp(key, c->alts[i], len) == 0 &&
				      str_glob(pattern, json_string_value(v) != NULL
								? json_string_value(v)
								: ""));
		}
		json_decref(o);
		if (hit)
			return true;
	}
	return false;
}

bool match_labels(
	const struct match *m, const struct match_hits *hits, const json_t *labels)
{
	uint32_t groups = hits->groups;

	for (size_t i = 0; m->f != NULL && i < m->f->n; i++) {
		const struct cond *c = &m->f->conds[i];
		if (c->type == COND_LABEL && label_any(c, labels) == c->invert)
			groups &= ~(UINT32_C(1) << c->group);
	}
	return groups != 0;
}
