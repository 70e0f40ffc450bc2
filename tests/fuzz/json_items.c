/*
 * A list item by item is what it is in the whole document; a document that is read either way is read both ways, with as many
 * repairs.
 */
#include "backends/base/json_items.h"
#include "backends/base/budget.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

/* `step`: so many at once. */
static json_t *all_of(struct json_items *it, size_t step)
{
	json_t *all = json_array(), *some;
	while ((some = json_items_next(it, step, 1 << 20))) {
		must(json_array_size(some) >= 1 && json_array_size(some) <= step);
		json_array_extend(all, some);
		json_decref(some);
	}
	return all;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {"", "a", "a.b", "data.alerts"};
	if (size == 0)
		return 0;
	const char *path = paths[data[0] % 4], *s = (const char *)data + 1;
	size_t len = size - 1, repaired = 0, in_all = 0;
	struct err e = ERR_INIT, ignored = ERR_INIT;
	size_t before = budget_tree_used();
	json_t *whole = json_read_reply(s, len, &in_all, &ignored);
	struct str text = STR_INIT;
	struct json_items *it = NULL;
	str_add(&text, s, len);
	budget_text_add(len);
	enum json_items_found found = json_items_open(&it, &text, path, &repaired, &e);
	if (whole && in_all == 0)
		must(budget_tree_used() - before <= json_need(s, len) + 128);
	if (found == JSON_ITEMS_OPEN) {
		must(whole && repaired == in_all);
		json_t *list = *path ? json_path(whole, path) : whole;
		json_t *all = all_of(it, 1 + data[0] / 64);
		must(json_array_size(all) == json_items_count(it) &&
			json_equal(all, list));
		json_decref(all);
		json_items_free(it);
	} else {
		must(found == JSON_ITEMS_ELSE ? e.code == ERR_NONE
					      : e.code != ERR_NONE && !whole);
		budget_text_drop(len);
		str_release(&text);
	}
	json_decref(whole);
	return 0;
}
