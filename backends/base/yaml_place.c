/*
 * The table of places of a YAML document: a hash table with open addressing, keyed by
 * container and key or index. Containers are compared by address; they live as long as
 * the document's tree.
 */
#include "backends/base/yaml_place.h"

#include "backends/base/mem.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

struct entry {
	const json_t *box; /* NULL: free slot */
	const char *key;
	size_t index;
	struct yaml_spot key_at, value_at;
};

struct yaml_place {
	struct entry *slots;
	size_t cap; /* a power of two */
	size_t used;
	struct arena keys;
};

struct yaml_place *yaml_places_new(void)
{
	struct yaml_place *p = xcalloc(1, sizeof(*p));
	p->cap = 64;
	p->slots = xcalloc(p->cap, sizeof(*p->slots));
	return p;
}

void yaml_places_free(struct yaml_place *p)
{
	if (!p)
		return;
	arena_release(&p->keys);
	free(p->slots);
	free(p);
}

/* The slot of that entry, or the free one where it belongs. */
static struct entry *slot_of(
	const struct yaml_place *p, const json_t *box, const char *key, size_t index)
{
	uintptr_t seed = (uintptr_t)box;
	unsigned long long h = key ? str_hash(key, strlen(key), seed)
				   : str_hash(&index, sizeof(index), seed);
	h ^= h >> 29;
	for (size_t i = (size_t)h & (p->cap - 1);; i = (i + 1) & (p->cap - 1)) {
		struct entry *at = &p->slots[i];
		if (!at->box ||
			(at->box == box && str_equal(at->key, key) && at->index == index))
			return at;
	}
}

static void grow(struct yaml_place *p)
{
	struct entry *old = p->slots;
	size_t n = p->cap;
	p->cap *= 2;
	p->slots = xcalloc(p->cap, sizeof(*p->slots));
	for (size_t i = 0; i < n; i++)
		if (old[i].box)
			*slot_of(p, old[i].box, old[i].key, old[i].index) = old[i];
	free(old);
}

void yaml_place_add(struct yaml_place *p, const json_t *box, const char *key,
	size_t index, struct yaml_spot key_at, struct yaml_spot value_at)
{
	if (p->used * 2 >= p->cap)
		grow(p);
	struct entry *at = slot_of(p, box, key, index);
	if (!at->box)
		p->used++;
	*at = (struct entry){box, arena_strdup(&p->keys, key), index, key_at, value_at};
}

bool yaml_place_find(const struct yaml_place *p, const json_t *box, const char *key,
	size_t index, struct yaml_spot *key_at, struct yaml_spot *value_at)
{
	if (!p || !box)
		return false;
	const struct entry *at = slot_of(p, box, key, key ? 0 : index);
	if (!at->box)
		return false;
	if (key_at)
		*key_at = at->key_at;
	if (value_at)
		*value_at = at->value_at;
	return true;
}
