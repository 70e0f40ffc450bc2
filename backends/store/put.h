#ifndef STORE_PUT_H
#define STORE_PUT_H

#include "backends/store/scan.h"

/*
 * Private to put.c and put_row.c: what a write transaction over records gathers.
 */
struct seen_row {
	long long rid;
	usec_t at;
};

struct put_state {
	struct scan_writer *scan;
	long long total[KIND_COUNT], need[KIND_COUNT]; /* what lane has to grow by */
	/* Unchanged open records: their `seen` is written a minute later, or when somebody must know it exactly. */
	struct seen_row *seen;
	size_t seen_n, seen_cap;
	int64_t seen_flushed; /* clock_mono_ms */
	long long changes;    /* db_total_changes when the transaction began */
	char source[RECORD_TEXT_MAX + 1]; /* the last one asked for */
	long long sid;
	unsigned char *failed_titles; /* again.c */
	struct str text[2];           /* put_rec.c: trees as text, while they are bound */
};

struct put_state *put_state(struct store *s);

/* What finds a record and its like. */
struct put_key {
	long long sid, th;
	unsigned long long h; /* record_hash */
};

/* What the columns attn, need and open of a record are. */
long long put_order_key(const struct record *r);
bool put_open(const struct record *r);
/*
 * What column th is: the same for records of one kind, source and title (in whatever case). Titles that came one after the
 * other are neighbours, and so a batch writes to a few pages of the index: a hash wrote to all of them.
 */
bool put_title(struct store *s, const struct record *r, struct put_key *k,
	struct err *e) MUST_USE;

/* Writes the record's cell, of whose key sid and th are given; with_id for a new one. */
bool put_cell(struct store *s, const struct record *r, const struct put_key *k,
	bool with_id, struct err *e) MUST_USE;
/* old: what lane counts now (-1: nothing). */
void put_lane(struct store *s, enum kind kind, int need_before, int need_now);
/* Adds a row of hist in front of `prev`; its number, 0: failed. */
long long put_hist_row(struct store *s, long long rid, long long prev, enum state from,
	enum state to, usec_t at, const char *actor, const char *note,
	struct err *e) MUST_USE;

/* rec.again of a record that is being written; needed: it needed somebody until now. */
long long put_again(struct store *s, const struct record *r, long long th, bool needed);

/* put_rec.c: rec and det. insert sets r->rid. */
bool put_insert_rec(struct store *s, struct record *r, const struct put_key *k,
	struct err *e) MUST_USE;
bool put_update_rec(struct store *s, const struct record *r, const struct put_key *k,
	long long hid, bool needed, struct err *e) MUST_USE;
bool put_detail(struct store *s, const struct record *r, struct err *e) MUST_USE;

void put_seen_later(struct store *s, long long rid, usec_t at);
bool put_seen_due(struct store *s);

#endif
