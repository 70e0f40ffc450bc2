#ifndef STORE_FILTER_H
#define STORE_FILTER_H

#include "backends/store/scan.h"

/*
 * Private to filter*.c and query*.c: a parsed filter, and matching it against cells.
 */
enum {
	FILTER_TEXT_MAX = 2000,
	FILTER_TERMS_MAX = 32,
	FILTER_TEXTS_MAX = 16,
	FILTER_ALTS_MAX = 32
};

enum cond_type {
	COND_WORD,   /* anywhere in the shared texts, the id or the WHY */
	COND_TERM,   /* a glob over one shared text of the cell, at `offset` */
	COND_SOURCE, /* a glob over the source's name */
	COND_ID,     /* a glob over the id */
	COND_SET,    /* kind, state, severity, tier: one of the bits in `mask` */
	COND_FLAG,   /* needs a person; is claimed; is snoozed */
	COND_TIME,
	COND_AMOUNT,
	COND_LABEL, /* needs the row itself */
};
enum cond_set { SET_KIND, SET_STATE, SET_SEVERITY, SET_TIER };
enum cond_flag { FLAG_NEED, FLAG_CLAIMED, FLAG_SNOOZED };
enum cond_time { TIME_SINCE, TIME_STARTED, TIME_UPDATED, TIME_DUE };

struct cond {
	enum cond_type type;
	bool invert;
	unsigned
		group; /* conditions of one group are all checked; one group that holds is enough */
	char *alts
		[FILTER_ALTS_MAX]; /* folded; words and globs have one or more, any of them matches */
	size_t n;
	unsigned bit;  /* of text conditions: 0..15 */
	size_t offset; /* COND_TERM: of the term in struct cell */
	enum cond_set set;
	enum cond_flag flag;
	enum cond_time time;
	uint64_t mask;
	bool less; /* <, else > */
	bool or_equal;
	bool ago; /* COND_TIME: `at` is a duration: its distance from now is compared */
	usec_t at;
	double number;
};

struct filter {
	char *text; /* as given, with `me` behind a NUL's place: equal text, equal filter */
	struct cond *conds;
	size_t n;
	unsigned groups; /* parts between "|": at most as many as terms */
	unsigned texts;  /* text conditions */
	bool timed;      /* depends on the time of day */
	bool rows;       /* some condition needs the row */
};

/* ---- matching ---- */

/* Which words the notes of a record hold; ascending by rid. */
struct match_note {
	long long rid;
	uint16_t bits;
};

struct match {
	const struct filter *f; /* NULL: everything matches */
	unsigned kinds;
	bool need_only;
	uint32_t now;    /* s */
	uint16_t *marks; /* by tid: which text conditions the term satisfies */
	size_t marks_n, marks_cap;
	uint16_t *sources; /* by sid */
	size_t sources_n;
	bool *away; /* by sid: not in the configuration any more */
	size_t away_n;
	uint16_t words, ids, invert, all;    /* bits of the text conditions by kind */
	uint16_t in_group[FILTER_TERMS_MAX]; /* of them, those of a group */
	struct match_note *notes;
	size_t notes_n, notes_cap;
	uint16_t marked; /* words that are in some term or source at all */
	const struct cond *word[FILTER_TEXTS_MAX];
	uint64_t slots
		[FILTER_TEXTS_MAX]; /* by word: cells of the present chunk whose id or WHY holds it */
	size_t word_n;
	uint16_t in_chunk;                          /* words with a slot */
	const struct cond *plain[FILTER_TERMS_MAX]; /* neither text nor label */
	size_t plain_n;
};

enum match_answer { MATCH_NO, MATCH_YES, MATCH_ID /* a glob over the id decides */ };

/* What is known of one record so far. */
struct match_hits {
	uint16_t texts;  /* text conditions that it satisfies */
	uint32_t groups; /* that may still hold */
};

static inline bool match_away(const struct match *m, size_t sid)
{
	return sid < m->away_n && m->away[sid];
}

bool match_init(struct match *m, struct store *s, const struct filter *f, unsigned kinds,
	bool need_only, struct err *e) MUST_USE;
/* Marks the terms that came since. Before each slice. */
bool match_update(struct match *m, struct store *s, struct err *e) MUST_USE;
void match_release(struct match *m);

/* Before the cells of a chunk; ids: all of them, each with its NUL. False: none of its cells can match. */
bool match_chunk(
	struct match *m, const struct scan_chunk *chunk, const char *ids, size_t len);
enum match_answer match_cell(const struct match *m, const struct cell *c, size_t slot,
	struct match_hits *hits);
bool match_id(const struct match *m, struct match_hits *hits, const char *id);
/* The conditions that need the row. */
bool match_labels(
	const struct match *m, const struct match_hits *hits, const json_t *labels);

/* filter_notes.c: the words that notes hold, read once a query. */
bool match_notes(struct match *m, struct store *s, struct err *e) MUST_USE;
/* Which cells of a chunk have a note with the word of this bit. */
uint64_t match_notes_slots(const struct match *m, long long chunk, uint16_t bit);

#endif
