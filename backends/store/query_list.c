/*
 * Lists of positions: sorting, folding, and the few that are kept, so that a page or a move of the cursor is
 * answered without looking at any record but those that are shown.
 */
#include "backends/store/query.h"

#include <stdlib.h>
#include <string.h>

enum { KEPT_MAX = 6, KEPT_POSITIONS = 250000 /* all together: 1 MB */, KEPT_MS = 1000 };

void list_release(struct list *l)
{
	free(l->at);
	free(l->fold);
	memset(l, 0, sizeof(*l));
}

void list_room(struct list *l, const struct store_query *q, size_t more)
{
	if (l->n + more > l->cap)
		l->at = mem_grow(l->at, &l->cap, l->n + more, sizeof(*l->at));
	if (q->fold_groups && l->n + more > l->fold_cap)
		l->fold = mem_grow(l->fold, &l->fold_cap, l->n + more, sizeof(*l->fold));
}

/* ---- sort ---- */

enum { DIGIT_BITS = 11, DIGITS = 6, DIGIT_VALUES = 1 << DIGIT_BITS };

static unsigned digit_of(const struct position *p, unsigned digit)
{
	uint64_t key = (uint64_t)p->high << 32 | p->low;

	return (unsigned)(key >> (digit * DIGIT_BITS)) & (DIGIT_VALUES - 1);
}

/* Turns counts into places. False: all have the same digit, nothing is to be moved. */
static bool sort_places(uint32_t *count, size_t n)
{
	uint32_t sum = 0;

	for (size_t v = 0; v < DIGIT_VALUES; v++) {
		if (count[v] == n)
			return false;
		uint32_t here = count[v];
		count[v] = sum;
		sum += here;
	}
	return true;
}

/* Radix sort; n is below 2^32, as rids are. */
void list_sort(struct list *l)
{
	struct position *other = xmalloc(l->n * sizeof(*other) + 1);
	uint32_t *fold = l->fold != NULL ? xmalloc(l->n * sizeof(*fold) + 1) : NULL;
	uint32_t(*count)[DIGIT_VALUES] = xcalloc(DIGITS, sizeof(*count));

	for (size_t i = 0; i < l->n; i++) {
		for (unsigned digit = 0; digit < DIGITS; digit++)
			count[digit][digit_of(&l->at[i], digit)]++;
	}
	for (unsigned digit = 0; digit < DIGITS; digit++) {
		if (!sort_places(count[digit], l->n))
			continue;
		for (size_t i = 0; i < l->n; i++) {
			uint32_t place = count[digit][digit_of(&l->at[i], digit)]++;
			other[place] = l->at[i];
			if (fold != NULL)
				fold[place] = l->fold[i];
		}
		struct position *swap = l->at;
		l->at = other;
		other = swap;
		uint32_t *fold_swap = l->fold;
		l->fold = fold;
		fold = fold_swap;
		l->cap = l->fold_cap = l->n; /* what was allocated here */
	}
	free(other);
	free(fold);
	free(count);
}

void list_fold(struct list *l)
{
	size_t size = 64, kept = 0;
	uint32_t *seen;

	while (size < l->n * 2)
		size *= 2;
	seen = xcalloc(size, sizeof(*seen));
	for (size_t i = 0; i < l->n; i++) {
		uint32_t f = l->fold[i];
		if (f != 0) {
			size_t slot = (uint32_t)(f * UINT32_C(2654435761)) & (size - 1);
			while (seen[slot] != 0 && seen[slot] != f)
				slot = (slot + 1) & (size - 1);
			if (seen[slot] == f)
				continue;
			seen[slot] = f;
		}
		l->fold[kept] = f;
		l->at[kept++] = l->at[i];
	}
	l->n = kept;
	free(seen);
}

/* ---- kept ---- */

struct kept {
	struct kept_list lists[KEPT_MAX]; /* newest first */
	size_t n;
};

static void kept_drop(struct kept *k, size_t i)
{
	free(k->lists[i].filter);
	free(k->lists[i].rids);
	memmove(&k->lists[i], &k->lists[i + 1], (k->n - i - 1) * sizeof(k->lists[0]));
	k->n--;
}

void query_forget(struct store *s)
{
	while (s->kept != NULL && s->kept->n > 0)
		kept_drop(s->kept, s->kept->n - 1);
	free(s->kept);
	s->kept = NULL;
}

void kept_now(struct store *s, struct kept_list *out)
{
	out->version = db_data_version(s->db);
	out->writes = s->writes;
	out->rings = bell_rings(s->bell);
	out->made = clock_mono_ms();
}

static const char *filter_text(const struct store_query *q)
{
	return q->filter != NULL && q->filter->n > 0 ? q->filter->text : "";
}

static bool kept_same(const struct kept_list *k, const struct store_query *q)
{
	return k->kinds == q->kinds && k->need_only == q->need_only &&
	       k->fold_groups == q->fold_groups && k->reverse == q->reverse &&
	       k->sort == q->sort && strcmp(k->filter, filter_text(q)) == 0;
}

/*
 * Holds as long as the data are the same. When others write all the time, it also holds until the bell says so (10 times a
 * second at most): whoever pages meanwhile need not pay for each of their commits.
 */
static bool kept_holds(struct store *s, const struct kept_list *k)
{
	struct kept_list now;

	kept_now(s, &now);
	if (k->writes != now.writes || (k->timed && now.made - k->made > KEPT_MS))
		return false;
	if (k->version == now.version)
		return true;
	return bell_listening(s->bell) && k->rings == now.rings &&
	       now.made - k->made < KEPT_MS;
}

const struct kept_list *kept_find(struct store *s, const struct store_query *q)
{
	struct kept *k = s->kept;

	for (size_t i = 0; k != NULL && i < k->n; i++) {
		if (!kept_same(&k->lists[i], q))
			continue;
		if (kept_holds(s, &k->lists[i]))
			return &k->lists[i];
		kept_drop(k, i);
		return NULL;
	}
	return NULL;
}

/* Makes room for a list of n positions: those of the same query go, then the oldest. */
static void kept_room(struct kept *k, const struct store_query *q, size_t n)
{
	for (size_t i = 0; i < k->n; i++) {
		if (kept_same(&k->lists[i], q)) {
			kept_drop(k, i);
			break;
		}
	}
	for (size_t i = 0; i < k->n; i++)
		n += k->lists[i].n;
	while (k->n > 0 && (k->n == KEPT_MAX || n > KEPT_POSITIONS)) {
		n -= k->lists[k->n - 1].n;
		kept_drop(k, k->n - 1);
	}
}

const struct kept_list *kept_add(struct store *s, const struct store_query *q,
	const struct list *l, const struct kept_list *before)
{
	struct kept *k = s->kept;

	if (k == NULL)
		k = s->kept = xcalloc(1, sizeof(*k));
	kept_room(k, q, l->n);
	memmove(&k->lists[1], &k->lists[0], k->n * sizeof(k->lists[0]));
	k->n++;
	struct kept_list *new = &k->lists[0];
	*new = *before;
	new->filter = xstrdup(filter_text(q));
	new->kinds = q->kinds;
	new->need_only = q->need_only;
	new->fold_groups = q->fold_groups;
	new->reverse = q->reverse;
	new->sort = q->sort;
	new->timed = q->filter != NULL && q->filter->timed;
	new->n = l->n;
	new->rids = xmalloc(l->n * sizeof(*new->rids) + 1);
	for (size_t i = 0; i < l->n; i++)
		new->rids[i] = l->at[i].rid;
	return new;
}
