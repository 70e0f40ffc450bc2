/*
 * The dictionary of texts that records share: titles, owners, assets, ... Readers load it once and then only what
 * was added; writers also look texts up. A number is never given twice.
 */
#include "backends/store/scan.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/utf8.h"

static struct terms *terms_of(struct store *s)
{
	struct terms *t = s->terms;

	if (t != NULL)
		return t;
	s->terms = t = xcalloc(1, sizeof(*t));
	t->heap = mem_grow(NULL, &t->cap, 1024, 1);
	t->offset = mem_grow(NULL, &t->n_cap, 64, sizeof(*t->offset));
	t->heap[0] = '\0';
	t->len = 1;
	t->offset[0] = 0;
	t->n = 1;
	str_init(&t->folded, STR_MAX_DEFAULT);
	return t;
}

void terms_forget(struct store *s)
{
	if (s->terms == NULL)
		return;
	free(s->terms->heap);
	free(s->terms->offset);
	free(s->terms->slots);
	str_release(&s->terms->folded);
	free(s->terms);
	s->terms = NULL;
}

static uint32_t *slot_of(const struct terms *t, const char *text)
{
	size_t i = str_hash(text, strlen(text), 0) & (t->size - 1);

	while (t->slots[i] != 0 && strcmp(terms_text(t, t->slots[i]), text) != 0)
		i = (i + 1) & (t->size - 1);
	return &t->slots[i];
}

static void slots_renew(struct terms *t)
{
	size_t size = t->size > 0 ? t->size : 256;

	while (size < t->n * 2)
		size *= 2;
	free(t->slots);
	t->slots = xcalloc(size, sizeof(*t->slots));
	t->size = size;
	for (uint32_t tid = 1; tid < t->n; tid++) {
		if (terms_text(t, tid)[0] != '\0')
			*slot_of(t, terms_text(t, tid)) = tid;
	}
}

static void terms_append(struct terms *t, uint32_t tid, const char *text)
{
	size_t len = strlen(text) + 1;

	t->heap = mem_grow(t->heap, &t->cap, t->len + len, 1);
	t->offset = mem_grow(t->offset, &t->n_cap, (size_t)tid + 1, sizeof(*t->offset));
	for (; t->n < tid; t->n++) /* numbers that were cleaned away */
		t->offset[t->n] = 0;
	memcpy(t->heap + t->len, text, len);
	t->offset[tid] = (uint32_t)t->len;
	t->len += len;
	t->n = (size_t)tid + 1;
	if (t->slots == NULL)
		return;
	if (t->n * 2 > t->size)
		slots_renew(t);
	else
		*slot_of(t, text) = tid;
}

bool terms_load(struct store *s, struct terms **out, struct err *e)
{
	struct terms *t = *out = terms_of(s);
	struct db_stmt *q = db_stmt(
		s->db, "SELECT tid, text FROM term WHERE tid>=$1 ORDER BY tid", e);
	bool row;

	if (q == NULL)
		return false;
	db_bind_int(q, 1, (long long)t->n);
	for (;;) {
		if (!db_step(q, &row, e))
			return false;
		if (!row)
			return true;
		terms_append(t, (uint32_t)db_int(q, 0), db_text(q, 1));
	}
}

bool terms_fresh(struct store *s, struct err *e)
{
	struct db_stmt *q = db_stmt(
		s->db, "SELECT value FROM setting WHERE key='" TERMS_SWEPT "'", e);
	bool row;

	if (q == NULL || !db_step(q, &row, e))
		return false;
	long long swept = row ? db_int(q, 0) : 0;
	if (row)
		db_reset(q);
	if (swept == s->terms_swept)
		return true;
	s->terms_swept = swept;
	terms_forget(s);
	s->terms_life++;
	return true;
}

static bool terms_insert(
	struct store *s, struct terms *t, const char *text, uint32_t *tid, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "INSERT INTO term(text) VALUES($1)", e);
	bool row;

	if (q == NULL)
		return false;
	db_bind_text(q, 1, text);
	if (!db_step(q, &row, e))
		return false;
	long long n = db_last_rowid(s->db);
	if (n >= UINT32_MAX)
		return err_set(e, ERR_LIMIT, "the store's dictionary is full");
	*tid = (uint32_t)n;
	terms_append(t, *tid, text);
	return true;
}

static bool terms_find(struct store *s, const char *text, uint32_t *tid, struct err *e)
{
	struct terms *t = terms_of(s);

	if (t->slots == NULL) {
		if (!terms_load(s, &t, e))
			return false;
		slots_renew(t);
	}
	*tid = *slot_of(t, text);
	if (*tid != 0)
		return true;
	/* Another writer may have added it. */
	if (!terms_load(s, &t, e))
		return false;
	*tid = *slot_of(t, text);
	return *tid != 0 || terms_insert(s, t, text, tid, e);
}

bool terms_number(struct store *s, const char *text, uint32_t *tid, struct err *e)
{
	*tid = 0;
	if (text == NULL || text[0] == '\0')
		return true;
	struct str *folded = &terms_of(s)->folded;
	str_clear(folded);
	utf8_fold(folded, text);
	return folded->len == 0 || terms_find(s, folded->buf, tid, e);
}
