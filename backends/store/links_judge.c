/*
 * Do two records belong together, why, and how strongly? The strongest reason is the one that is kept.
 */
#include "backends/store/links.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define MINUTE (60 * USEC_PER_SEC)
#define WINDOW (120 * MINUTE)
#define CHANGE_WINDOW (60 * MINUTE)

/* A name shorter than this stands in too many titles by chance. */
enum { NAME_MIN = 4, ID_MIN = 5 };

usec_t links_when(const struct record *r)
{
	if ((r->kind == KIND_RUN || r->kind == KIND_CHANGE) && r->ended)
		return r->ended;
	if (r->kind == KIND_CHECK && r->since)
		return r->since;
	return r->started ? r->started : r->since ? r->since : r->updated;
}

static bool same(const char *a, const char *b)
{
	return *a && strcmp(a, b) == 0;
}

static bool word_char(char c)
{
	return isalnum((unsigned char)c) || c == '_';
}

/* Does the title hold the name as a whole word? */
static bool names(const char *title, const char *name, size_t least)
{
	size_t n = strlen(name);
	if (n < least)
		return false;
	for (const char *p = title; (p = strcasestr(p, name)) != NULL; p++) {
		if ((p == title || !word_char(p[-1])) && !word_char(p[n]))
			return true;
	}
	return false;
}

static void offer(
	struct links_verdict *v, int strength, const char *of_b, const char *of_a)
{
	if (strength <= v->strength)
		return;
	v->strength = strength;
	str_copy(v->of_b, sizeof(v->of_b), of_b);
	str_copy(v->of_a, sizeof(v->of_a), of_a);
}

static void judge_parent(
	const struct record *a, const struct record *b, struct links_verdict *v)
{
	if (strcmp(a->source, b->source) != 0)
		return;
	if (same(a->parent, b->id))
		offer(v, 90, "this is a part of it", "a part of this");
	if (same(b->parent, a->id))
		offer(v, 90, "a part of this", "this is a part of it");
}

static unsigned long long pairs(const char *s)
{
	unsigned long long mask = 0;
	for (; s[0] && s[1]; s++) {
		unsigned x = (unsigned)tolower((unsigned char)s[0]) * 31 +
			     (unsigned)tolower((unsigned char)s[1]);
		mask |= 1ULL << (x * 2654435761U >> 26);
	}
	return mask;
}

static unsigned long long hash(const char *s)
{
	return *s ? str_hash(s, strlen(s), 0) | 1 : 0;
}

struct links_key links_key(const struct record *r)
{
	return (struct links_key){.title_pairs = pairs(r->title),
		.asset_pairs = pairs(r->asset),
		.id_pairs = pairs(r->id),
		.asset = hash(r->asset),
		.service = hash(r->service),
		.signature = hash(r->signature),
		.parent = hash(r->parent),
		.id = hash(r->id),
		.env = hash(r->env),
		.change = r->kind == KIND_CHANGE};
}

static bool both(unsigned long long a, unsigned long long b)
{
	return a && a == b;
}

static bool may_name(const struct links_key *title, const struct links_key *name)
{
	return (name->asset_pairs && (name->asset_pairs & ~title->title_pairs) == 0) ||
	       (name->id_pairs && (name->id_pairs & ~title->title_pairs) == 0);
}

bool links_maybe(const struct links_key *a, const struct links_key *b)
{
	return both(a->asset, b->asset) || both(a->service, b->service) ||
	       both(a->signature, b->signature) || both(a->parent, b->id) ||
	       both(b->parent, a->id) ||
	       (a->change != b->change && both(a->env, b->env)) || may_name(a, b) ||
	       may_name(b, a);
}

/* Does the title of a name b? */
static bool title_names(const struct record *a, const struct record *b)
{
	return names(a->title, b->asset, NAME_MIN) || names(a->title, b->id, ID_MIN);
}

/* 0: nothing in common. Another environment is another thing, whatever its name. */
static int same_thing(const struct record *a, const struct record *b)
{
	if (*a->env && *b->env && strcmp(a->env, b->env) != 0)
		return 0;
	if (same(a->asset, b->asset))
		return 60;
	return same(a->service, b->service) ? 45 : 0;
}

/* `bad` went wrong within the hour after `change`. change_is_b: which of a and b is which. */
static void judge_change(const struct record *bad, const struct record *change,
	bool change_is_b, struct links_verdict *v)
{
	usec_t gap = links_when(bad) - links_when(change);
	if (change->kind != KIND_CHANGE || bad->kind == KIND_CHANGE || gap < 0 ||
		gap > CHANGE_WINDOW || !state_bad(bad->kind, bad->state))
		return;
	int thing = same_thing(bad, change);
	if (!thing && !same(bad->env, change->env))
		return;
	char age[24], before[48], after[48];
	clock_format_words(age, sizeof(age), gap);
	str_format(before, sizeof(before), "changed %s before", age);
	str_format(after, sizeof(after), "went wrong %s after", age);
	int strength = thing == 60 ? 75 : thing ? 65 : 35;
	offer(v, strength, change_is_b ? before : after, change_is_b ? after : before);
}

void links_judge(const struct record *a, const struct record *b, struct links_verdict *v)
{
	memset(v, 0, sizeof(*v));
	usec_t at_a = links_when(a), at_b = links_when(b);
	v->b_before = at_b && at_b < at_a;
	judge_parent(a, b, v);
	if (same(a->signature, b->signature))
		offer(v, 80, "same cause", "same cause");
	/* Runs of one pipeline are shown as its history. */
	if (a->kind == b->kind && strcmp(a->source, b->source) == 0 &&
		strcmp(a->title, b->title) == 0)
		return;
	judge_change(a, b, true, v);
	judge_change(b, a, false, v);
	if (title_names(a, b))
		offer(v, 70, "named in the title of this", "names this in its title");
	if (title_names(b, a))
		offer(v, 70, "names this in its title", "named in the title of this");
	bool near = at_a && at_b && llabs((long long)(at_a - at_b)) <= WINDOW;
	int thing = near ? same_thing(a, b) : 0;
	if (thing == 60)
		offer(v, 60, "same asset", "same asset");
	else if (thing && a->kind != b->kind)
		offer(v, 45, "same service", "same service");
}
