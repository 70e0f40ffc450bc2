#ifndef STORE_SCAN_H
#define STORE_SCAN_H

#include <stdint.h>

#include "backends/store/store_private.h"

/*
 * What the filter and the sorts read: every record as a cell of fixed size, 64 cells and the WHYs of those that have one
 * in a row of table `scan` (one page of the file), the folded ids in a row of `scan_id`. 100 000 records are 6 MB plus
 * 5 MB of ids, streamed through a small page cache; nothing of it stays in memory. Text that
 * many records share is a number in `term`, so that a word is looked for once in each text and not once in each record.
 *
 * All of it derives from rec and is written in the same transaction (put_row.c). Cells are
 * in the byte order of the machine: a store is not moved to another architecture.
 */
enum { SCAN_CELLS = 64 };

enum cell_flags {
	CELL_LIVE = 1,
	CELL_NEED = 2,
	CELL_OPEN = 4,
	CELL_WHY = 8,
	CELL_SNOOZED = 16
};

struct cell {
	uint32_t updated, started, due, since; /* s since 1970, 0: unknown */
	float amount;
	uint32_t title, asset, actor, owner, service, env, signature,
		claimed; /* terms; 0: "" */
	uint16_t source; /* sid */
	uint16_t attention;
	uint8_t kind, state, severity_tier /* severity << 4 | tier */, flags;
};
_Static_assert(sizeof(struct cell) == 60, "64 cells and some text must fit into a page");

static inline unsigned cell_severity(const struct cell *c)
{
	return c->severity_tier >> 4;
}
static inline unsigned cell_tier(const struct cell *c)
{
	return c->severity_tier & 15;
}

/* ---- terms ---- */

/* The dictionary as this process knows it: texts by number, one after the other with their NULs. */
struct terms {
	char *heap;
	size_t len, cap;
	uint32_t *offset; /* by tid; offset[0] is "" */
	size_t n, n_cap;  /* tids below n are known */
	uint32_t *slots;  /* writers: open addressing, text -> tid */
	size_t size;
	struct str folded; /* of terms_number */
};

/* Reads the terms that others added. The pointer stays, its content grows. */
bool terms_load(struct store *s, struct terms **out, struct err *e) MUST_USE;
/*
 * Within a write transaction, at its beginning: when another process (or this one) removed texts since, the dictionary
 * in memory is forgotten, for it may know numbers that are void. Who only reads meets no number that is void.
 */
#define TERMS_SWEPT "terms_swept" /* key of the counter in table setting */
bool terms_fresh(struct store *s, struct err *e) MUST_USE;
/* The number of folded(text), made when it is new. Only within a write transaction. */
bool terms_number(
	struct store *s, const char *text, uint32_t *tid, struct err *e) MUST_USE;
static inline const char *terms_text(const struct terms *t, uint32_t tid)
{
	return tid < t->n ? t->heap + t->offset[tid] : "";
}

/* ---- writing ---- */

struct scan_writer; /* chunks that changed in this transaction */
struct scan_writer *scan_writer_new(struct store *s);
void scan_writer_free(struct scan_writer *w);
/* id NULL: stays as it is (it never changes). */
bool scan_set(struct scan_writer *w, long long rid, const struct cell *c, const char *id,
	const char *why, struct err *e) MUST_USE;
bool scan_clear(struct scan_writer *w, long long rid, struct err *e) MUST_USE;
bool scan_flush(struct scan_writer *w, struct err *e) MUST_USE;
void scan_drop(struct scan_writer *w); /* after a rollback */

/* ---- reading ---- */

/* One row of `scan`, as long as its statement is not stepped. */
struct scan_chunk {
	long long no;
	const struct cell *cells; /* n of them */
	size_t n;
	const char *why, *why_end; /* sequence of: slot byte, text, NUL */
};
bool scan_parse(long long no, const void *blob, size_t len, struct scan_chunk *out);
/* The WHY of one slot, or "". */
const char *scan_why(const struct scan_chunk *c, size_t slot);

#endif
