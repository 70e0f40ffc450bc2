/*
 * Records out of table rec, and the names of sources, which rec holds as numbers.
 */
#include "backends/store/store_private.h"

#include <stdlib.h>
#include <string.h>

/* sid -> name, filled as needed. A source never changes its number or its name. */
struct source_names {
	char **names;
	size_t cap;
};

static const char *names_get(const struct source_names *n, long long sid)
{
	return n != NULL && sid > 0 && (size_t)sid < n->cap ? n->names[sid] : NULL;
}

static const char *names_set(struct store *s, long long sid, const char *name)
{
	struct source_names *n = s->names;

	if (n == NULL)
		s->names = n = xcalloc(1, sizeof(*n));
	if ((size_t)sid >= n->cap) {
		size_t old = n->cap;
		n->names =
			mem_grow(n->names, &n->cap, (size_t)sid + 1, sizeof(*n->names));
		memset(n->names + old, 0, (n->cap - old) * sizeof(*n->names));
	}
	free(n->names[sid]);
	n->names[sid] = xstrdup(name);
	return n->names[sid];
}

void record_forget(struct store *s)
{
	if (s->names == NULL)
		return;
	for (size_t i = 0; i < s->names->cap; i++)
		free(s->names->names[i]);
	free(s->names->names);
	free(s->names);
	s->names = NULL;
}

const char *store_source_name(struct store *s, long long sid)
{
	const char *name = names_get(s->names, sid);
	struct err ignored;
	struct db_stmt *q;
	bool row = false;

	if (name != NULL)
		return name;
	q = db_stmt(s->db, "SELECT name FROM source WHERE sid=$1", &ignored);
	if (q == NULL)
		return "";
	db_bind_int(q, 1, sid);
	if (!db_step(q, &row, &ignored) || !row)
		return "";
	name = names_set(s, sid, db_text(q, 0));
	db_reset(q);
	return name;
}

bool source_sid(
	struct store *s, const char *name, bool make, long long *sid, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db, "SELECT sid FROM source WHERE name=$1", e);
	bool row;

	*sid = 0;
	if (q == NULL)
		return false;
	db_bind_text(q, 1, name);
	if (!db_step(q, &row, e))
		return false;
	if (row) {
		*sid = db_int(q, 0);
		db_reset(q);
		return true;
	}
	if (!make)
		return true;
	q = db_stmt(s->db, "INSERT INTO source(name) VALUES($1) RETURNING sid", e);
	if (q == NULL)
		return false;
	db_bind_text(q, 1, name);
	if (!db_step(q, &row, e))
		return false;
	*sid = db_int(q, 0);
	return !row || db_step(q, &row, e);
}

/* ---- rows ---- */

static enum kind kind_of(long long v)
{
	return v >= 0 && v < KIND_COUNT ? (enum kind)v : KIND_RUN;
}

static enum state state_of(long long v)
{
	return v >= 0 && v < STATE_COUNT ? (enum state)v : STATE_UNKNOWN;
}

static enum severity severity_of(long long v)
{
	return v >= 0 && v < SEVERITY_COUNT ? (enum severity)v : SEVERITY_NONE;
}

static const char *text_of(struct db_stmt *row, int column, struct arena *a)
{
	const char *text = db_text(row, column);

	return text[0] != '\0' ? arena_strdup(a, text) : "";
}

static json_t *tree_of(const char *text)
{
	struct err ignored;

	return text[0] != '\0' ? json_read(text, strlen(text), &ignored) : NULL;
}

/* The columns in the order of RECORD_COLUMNS. */
/* Which run it is stands in the labels, and every list says it. */
static void read_labels(
	struct record *out, const char *text, struct arena *a, bool labels_too)
{
	struct str run = STR_INIT;

	out->run = "";
	if (!labels_too && out->kind != KIND_RUN)
		return;
	out->labels = tree_of(text);
	record_run(out, &run);
	if (run.len > 0)
		out->run = arena_strdup(a, run.buf);
	str_release(&run);
	if (labels_too)
		return;
	json_decref(out->labels);
	out->labels = NULL;
}

void record_read(struct store *s, struct db_stmt *row, struct arena *a, bool labels_too,
	struct record *out)
{
	int i = 0;

	record_init(out);
	out->rid = db_int(row, i++);
	out->kind = kind_of(db_int(row, i++));
	out->state = state_of(db_int(row, i++));
	out->severity = severity_of(db_int(row, i++));
	out->tier = (int)db_int(row, i++);
	out->source = arena_strdup(a, store_source_name(s, db_int(row, i++)));
	out->id = text_of(row, i++, a);
	out->title = text_of(row, i++, a);
	out->raw_state = text_of(row, i++, a);
	out->env = text_of(row, i++, a);
	out->owner = text_of(row, i++, a);
	out->service = text_of(row, i++, a);
	out->asset = text_of(row, i++, a);
	out->actor = text_of(row, i++, a);
	out->started = db_int(row, i++);
	out->ended = db_int(row, i++);
	out->updated = db_int(row, i++);
	out->due = db_int(row, i++);
	out->amount = text_of(row, i++, a);
	out->expected = text_of(row, i++, a);
	out->currency = text_of(row, i++, a);
	out->url = text_of(row, i++, a);
	out->parent = text_of(row, i++, a);
	out->attention = (int)db_int(row, i++);
	out->why = text_of(row, i++, a);
	out->cause = text_of(row, i++, a);
	out->signature = text_of(row, i++, a);
	out->group = (int)db_int(row, i++);
	out->since = db_int(row, i++);
	out->claimed_by = text_of(row, i++, a);
	out->snoozed_until = db_int(row, i++);
	out->gone_at = db_int(row, i++);
	out->unread = text_of(row, i++, a);
	read_labels(out, db_text(row, i), a, labels_too);
}

static bool load_detail(struct store *s, struct record *out, struct err *e)
{
	bool row;
	struct db_stmt *q = db_first(s->db,
		"SELECT d.opaque, d.body, coalesce(n.at, 0) FROM det d"
		" LEFT JOIN seen n ON n.rid=d.rid WHERE d.rid=$1",
		out->rid, &row, e);

	if (q == NULL)
		return false;
	if (!row)
		return true;
	out->opaque = tree_of(db_text(q, 0));
	out->detail = tree_of(db_text(q, 1));
	out->seen = db_int(q, 2);
	db_reset(q);
	return true;
}

bool record_load(struct store *s, long long rid, struct arena *a, struct record *out,
	bool *found, struct err *e)
{
	struct db_stmt *q =
		db_stmt(s->db, "SELECT " RECORD_COLUMNS " FROM rec r WHERE r.rid=$1", e);

	*found = false;
	record_init(out);
	if (q == NULL)
		return false;
	db_bind_int(q, 1, rid);
	if (!db_step(q, found, e))
		return false;
	if (!*found)
		return true;
	record_read(s, q, a, true, out);
	db_reset(q);
	return load_detail(s, out, e);
}

bool record_find(struct store *s, enum kind kind, const char *source, const char *id,
	long long *rid, struct err *e)
{
	struct db_stmt *q;
	long long sid;
	bool row;

	*rid = 0;
	if (!source_sid(s, source, false, &sid, e))
		return false;
	if (sid == 0)
		return true;
	q = db_stmt(
		s->db, "SELECT rid FROM rec WHERE kind=$1 AND source=$2 AND id=$3", e);
	if (q == NULL)
		return false;
	db_bind_int(q, 1, kind);
	db_bind_int(q, 2, sid);
	db_bind_text(q, 3, id);
	if (!db_step(q, &row, e))
		return false;
	if (row) {
		*rid = db_int(q, 0);
		db_reset(q);
	}
	return true;
}
