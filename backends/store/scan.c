/*
 * Writing and parsing the packed rows of tables scan and scan_id. Changes of one transaction are gathered by chunk,
 * so that a batch of new records writes each page once.
 */
#include "backends/store/scan.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/utf8.h"

enum { CHUNKS_MAX = 256 }; /* 1 MB; then they are written in between */

struct chunk {
	long long no;
	bool dirty, ids_dirty;
	struct cell cells[SCAN_CELLS];
	char *why[SCAN_CELLS]; /* NULL: none */
	char *id[SCAN_CELLS];  /* folded; only when ids_loaded */
	bool ids_loaded;
};

struct scan_writer {
	struct store *store;
	struct chunk *chunks[CHUNKS_MAX];
	size_t n, last;
	struct str buf;
};

struct scan_writer *scan_writer_new(struct store *s)
{
	struct scan_writer *w = xcalloc(1, sizeof(*w));

	w->store = s;
	str_init(&w->buf, STR_MAX_DEFAULT);
	return w;
}

static void chunk_free(struct chunk *c)
{
	for (size_t i = 0; i < SCAN_CELLS; i++) {
		free(c->why[i]);
		free(c->id[i]);
	}
	free(c);
}

void scan_drop(struct scan_writer *w)
{
	for (size_t i = 0; i < w->n; i++)
		chunk_free(w->chunks[i]);
	w->n = w->last = 0;
}

void scan_writer_free(struct scan_writer *w)
{
	if (w == NULL)
		return;
	scan_drop(w);
	str_release(&w->buf);
	free(w);
}

/* ---- reading ---- */

bool scan_parse(long long no, const void *blob, size_t len, struct scan_chunk *out)
{
	size_t cells = SCAN_CELLS * sizeof(struct cell);
	const char *bytes = blob;

	out->no = no;
	if (len < cells || (len > cells && bytes[len - 1] != '\0'))
		return false;
	out->cells = blob; /* SQLite's buffers are aligned for any type */
	out->n = SCAN_CELLS;
	out->why = bytes + cells;
	out->why_end = bytes + len;
	return true;
}

const char *scan_why(const struct scan_chunk *c, size_t slot)
{
	const char *p = c->why;

	while (p < c->why_end) {
		if ((unsigned char)*p == slot)
			return p + 1;
		p += 1 + strlen(p + 1) + 1;
	}
	return "";
}

/* ---- loading for change ---- */

static bool chunk_load(struct scan_writer *w, struct chunk *c, struct err *e)
{
	struct scan_chunk parsed;
	size_t len;
	bool row;
	struct db_stmt *q =
		db_first(w->store->db, "SELECT v FROM scan WHERE no=$1", c->no, &row, e);

	if (q == NULL)
		return false;
	if (!row)
		return true;
	const void *blob = db_blob(q, 0, &len);
	if (scan_parse(c->no, blob, len, &parsed)) {
		memcpy(c->cells, parsed.cells, sizeof(c->cells));
		for (const char *p = parsed.why; p < parsed.why_end;
			p += strlen(p + 1) + 2)
			c->why[(unsigned char)*p % SCAN_CELLS] = xstrdup(p + 1);
	}
	db_reset(q);
	return true;
}

static bool chunk_load_ids(struct scan_writer *w, struct chunk *c, struct err *e)
{
	size_t len, slot = 0;
	bool row;
	struct db_stmt *q = db_first(
		w->store->db, "SELECT v FROM scan_id WHERE no=$1", c->no, &row, e);

	if (q == NULL)
		return false;
	c->ids_loaded = true;
	if (!row)
		return true;
	const char *p = db_blob(q, 0, &len), *end = p + len;
	while (p < end && slot < SCAN_CELLS) {
		size_t n = strnlen(p, (size_t)(end - p));
		c->id[slot++] = n > 0 ? xstrndup(p, n) : NULL;
		p += n + 1;
	}
	db_reset(q);
	return true;
}

static struct chunk *chunk_get(struct scan_writer *w, long long no, struct err *e)
{
	if (w->last < w->n && w->chunks[w->last]->no == no)
		return w->chunks[w->last];
	for (size_t i = 0; i < w->n; i++) {
		if (w->chunks[i]->no == no) {
			w->last = i;
			return w->chunks[i];
		}
	}
	if (w->n == CHUNKS_MAX && !scan_flush(w, e))
		return NULL;
	struct chunk *c = xcalloc(1, sizeof(*c));
	c->no = no;
	if (!chunk_load(w, c, e)) {
		chunk_free(c);
		return NULL;
	}
	w->last = w->n;
	w->chunks[w->n++] = c;
	return c;
}

/* ---- writing ---- */

static bool blob_write(
	struct scan_writer *w, const char *sql, long long no, struct err *e)
{
	struct db_stmt *q = db_stmt(w->store->db, sql, e);
	bool row;

	if (q == NULL)
		return false;
	db_bind_int(q, 1, no);
	db_bind_blob(q, 2, w->buf.buf, w->buf.len);
	return db_step(q, &row, e);
}

static bool chunk_write(struct scan_writer *w, struct chunk *c, struct err *e)
{
	str_clear(&w->buf);
	str_add(&w->buf, (const char *)c->cells, sizeof(c->cells));
	for (size_t i = 0; i < SCAN_CELLS; i++) {
		if (c->why[i] == NULL)
			continue;
		str_addc(&w->buf, (char)i);
		str_add(&w->buf, c->why[i], strlen(c->why[i]) + 1);
	}
	return blob_write(w,
		"INSERT INTO scan(no, v) VALUES($1, $2) "
		"ON CONFLICT(no) DO UPDATE SET v=excluded.v",
		c->no, e);
}

static bool chunk_write_ids(struct scan_writer *w, struct chunk *c, struct err *e)
{
	str_clear(&w->buf);
	for (size_t i = 0; i < SCAN_CELLS; i++) {
		const char *id = c->id[i] != NULL ? c->id[i] : "";
		str_add(&w->buf, id, strlen(id) + 1);
	}
	return blob_write(w,
		"INSERT INTO scan_id(no, v) VALUES($1, $2) "
		"ON CONFLICT(no) DO UPDATE SET v=excluded.v",
		c->no, e);
}

bool scan_flush(struct scan_writer *w, struct err *e)
{
	for (size_t i = 0; i < w->n; i++) {
		struct chunk *c = w->chunks[i];
		if (c->dirty && !chunk_write(w, c, e))
			return false;
		if (c->ids_dirty && !chunk_write_ids(w, c, e))
			return false;
	}
	scan_drop(w);
	return true;
}

static char *folded_copy(struct str *buf, const char *text)
{
	str_clear(buf);
	utf8_fold(buf, text);
	return buf->len > 0 ? xstrdup(buf->buf) : NULL;
}

static bool set_id(struct scan_writer *w, struct chunk *c, size_t slot, const char *id,
	struct err *e)
{
	if (!c->ids_loaded && !chunk_load_ids(w, c, e))
		return false;
	free(c->id[slot]);
	c->id[slot] = folded_copy(&w->buf, id);
	c->ids_dirty = true;
	return true;
}

bool scan_set(struct scan_writer *w, long long rid, const struct cell *cell,
	const char *id, const char *why, struct err *e)
{
	struct chunk *c = chunk_get(w, rid / SCAN_CELLS, e);
	size_t slot = (size_t)(rid % SCAN_CELLS);

	if (c == NULL || (id != NULL && !set_id(w, c, slot, id, e)))
		return false;
	c->cells[slot] = *cell;
	free(c->why[slot]);
	c->why[slot] = why[0] != '\0' ? folded_copy(&w->buf, why) : NULL;
	if (c->why[slot] != NULL)
		c->cells[slot].flags |= CELL_WHY;
	c->dirty = true;
	return true;
}

bool scan_clear(struct scan_writer *w, long long rid, struct err *e)
{
	static const struct cell dead;

	return scan_set(w, rid, &dead, "", "", e);
}
