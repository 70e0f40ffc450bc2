/*
 * Counters. jansson tells of each block that it takes and gives back: the only way to know what shared trees take.
 */
#include "backends/base/budget.h"

#include <malloc.h>
#include <stdlib.h>

#include "backends/base/json.h"

static struct {
	size_t text, tree, peak;
} used;

static void *count_malloc(size_t size)
{
	void *block = malloc(size);
	used.tree += malloc_usable_size(block);
	if (used.tree > used.peak)
		used.peak = used.tree;
	return block;
}

static void count_free(void *block)
{
	size_t size = malloc_usable_size(block);
	used.tree -= size < used.tree ? size : used.tree;
	free(block);
}

/* Before main: a block must not be given back that was not counted. */
__attribute__((constructor)) static void start_counting(void)
{
	json_set_alloc_funcs(count_malloc, count_free);
}

void budget_text_add(size_t bytes)
{
	used.text += bytes;
}

void budget_text_drop(size_t bytes)
{
	BUG_ON(bytes > used.text);
	used.text -= bytes;
}

size_t budget_text_used(void)
{
	return used.text;
}

bool budget_text_fits(size_t own, bool first)
{
	const size_t last = (size_t)16 << 20;
	size_t limit = first ? BUDGET_TEXT_BYTES : BUDGET_TEXT_BYTES - last;
	return used.text < limit || (first && used.text <= own);
}

size_t budget_tree_used(void)
{
	return used.tree;
}

size_t budget_tree_peak(void)
{
	size_t peak = used.peak;
	used.peak = used.tree;
	return peak;
}

bool budget_tree_fits(size_t need)
{
	return used.tree < BUDGET_TREE_BYTES && need <= BUDGET_TREE_BYTES - used.tree;
}

bool budget_tree_possible(size_t need)
{
	return need <= BUDGET_TREE_BYTES;
}
