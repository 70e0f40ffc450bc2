#ifndef STORE_QUERY_H
#define STORE_QUERY_H

#include "backends/store/filter.h"

/*
 * Private to query*.c: a list of positions, how it is collected, and those that are kept.
 */
struct position {
	uint32_t high, low; /* the sort key, ascending */
	uint32_t rid;
};

struct list {
	struct position *at;
	uint32_t *
		fold; /* with fold_groups: by position, the signature's number, 0: none */
	size_t n, cap, fold_cap;
};

void list_release(struct list *l);
/* Sorts by key; records with equal keys stay in the order in which they were added. */
void list_sort(struct list *l);
/* Keeps the first record of each signature. The list is sorted and stays so. */
void list_fold(struct list *l);
void list_room(struct list *l, const struct store_query *q, size_t more);
/* There is room. */
static inline void list_add(struct list *l, uint64_t key, uint32_t rid, uint32_t fold)
{
	l->at[l->n] = (struct position){(uint32_t)(key >> 32), (uint32_t)key, rid};
	if (l->fold != NULL)
		l->fold[l->n] = fold;
	l->n++;
}

/* ---- collecting, in slices ---- */

struct collect {
	struct store *store;
	const struct store_query *q;
	struct match match;
	struct list list;
	long long next_no; /* chunks are read from the newest to the oldest */
	unsigned terms_life;
	uint32_t *title_rank; /* by tid, for SORT_TITLE */
	size_t title_ranks;
	bool from_index; /* rec_need gives the whole answer in order */
	bool sorted;
};

bool collect_init(struct collect *c, struct store *s, const struct store_query *q,
	struct err *e) MUST_USE;
/* Works until done or until the clock passes `until` (clock_mono_us). Opens no transaction: the caller does. */
bool collect_slice(struct collect *c, int64_t until, bool *done, struct err *e) MUST_USE;
void collect_release(struct collect *c);

/* ---- kept positions ---- */

struct kept_list {
	char *filter; /* "" without one */
	unsigned kinds;
	bool need_only, fold_groups, reverse, timed;
	enum store_sort sort;
	uint32_t *rids;
	size_t n;
	long long version;         /* of the data, db_data_version */
	unsigned long long writes; /* of this process */
	unsigned long rings;       /* of the bell */
	int64_t made;              /* clock_mono_ms */
};

/* NULL: none that still holds. Valid until the next kept_add. */
const struct kept_list *kept_find(struct store *s, const struct store_query *q);
/* version, writes, rings: as they were before the list was collected. */
const struct kept_list *kept_add(struct store *s, const struct store_query *q,
	const struct list *l, const struct kept_list *before);
void kept_now(
	struct store *s, struct kept_list *out); /* fills version, writes, rings, made */

#endif
