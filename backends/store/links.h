#ifndef STORE_LINKS_H
#define STORE_LINKS_H

#include "backends/store/store_private.h"

/*
 * Links: evidence that two records belong together. What is compared with is a pool in memory: all that needs a
 * person, and the changes of the last day. A link states a fact (same asset within two hours, a change 9 min
 * before), so it is added or made stronger, never taken away; it goes with its records.
 */
/* What decides most comparisons without touching the records: hashes (0: empty), and the pairs of letters of names. */
struct links_key {
	unsigned long long title_pairs, asset_pairs, id_pairs;
	unsigned long long asset, service, signature, parent, id, env;
	bool change;
};

struct links_pool {
	struct arena arena;
	struct record *rows;
	struct links_key *keys;
	size_t n, cap, key_cap;
	bool loaded;
};

/* How b is related to a, from a's side, and a to b from b's. strength 0: not at all. */
struct links_verdict {
	int strength; /* 0..100 */
	char of_b[64], of_a[64];
	bool b_before; /* b happened before a */
};
void links_judge(
	const struct record *a, const struct record *b, struct links_verdict *out);

struct links_key links_key(const struct record *r);
/* False: links_judge would find nothing. */
bool links_maybe(const struct links_key *a, const struct links_key *b);

bool links_load(struct store *s, struct links_pool *p, struct err *e) MUST_USE;
void links_release(struct links_pool *p);

/* Compares r with the pool and writes what is new, in both directions. fresh is called for each record that got a new link. */
typedef void links_fresh_fn(void *arg, long long rid);
bool links_update(struct store *s, const struct links_pool *p, const struct record *r,
	links_fresh_fn *fresh, void *arg, struct err *e) MUST_USE;

/* When it happened, for windows: the end of a run or change, the begin of the rest. */
usec_t links_when(const struct record *r);

#endif
