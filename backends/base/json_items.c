/*
 * The text is taken apart at the commas of the list; each piece, and what stands around the list, is read by jansson. When all
 * are valid by themselves, the whole is: nothing but brackets and commas was left out.
 */
#include "backends/base/json_items.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/budget.h"
#include "backends/base/json_scan.h"
#include "backends/base/mem.h"

struct json_items {
	struct str text;
	size_t at, end; /* the next item; the list's closing bracket */
	size_t n;
};

struct doc {
	const char *s;
	size_t len;
};

/* ---- finding the list ---- */

static bool is_key(const struct doc *d, size_t from, size_t to, const char *key, size_t n)
{
	return to - from == n + 2 && memcmp(d->s + from + 1, key, n) == 0;
}

/* A name with an escape may be any name. */
static bool is_escaped(const struct doc *d, size_t from, size_t to)
{
	return memchr(d->s + from, '\\', to - from) != NULL;
}

/* The value of `key` in the object at `at`. False: not there, or twice, or not to be told. */
static bool find_member(
	const struct doc *d, size_t at, const char *key, size_t n, size_t *value)
{
	bool found = false;
	size_t i;
	if (at >= d->len || d->s[at] != '{')
		return false;
	for (i = json_skip_blank(d->s, d->len, at + 1); i < d->len && d->s[i] == '"';) {
		size_t end = json_skip_string(d->s, d->len, i), colon, next;
		if (is_escaped(d, i, end))
			return false;
		colon = json_skip_blank(d->s, d->len, end);
		if (colon >= d->len || d->s[colon] != ':')
			return false;
		next = json_skip_blank(d->s, d->len, colon + 1);
		if (is_key(d, i, end, key, n)) {
			if (found)
				return false; /* jansson takes the last one */
			found = true;
			*value = next;
		}
		i = json_skip_blank(d->s, d->len, json_skip_value(d->s, d->len, next));
		if (i < d->len && d->s[i] == ',')
			i = json_skip_blank(d->s, d->len, i + 1);
	}
	return found;
}

static bool find_list(const struct doc *d, const char *path, size_t *at)
{
	*at = json_skip_blank(d->s, d->len, 0);
	while (*path) {
		size_t n = strcspn(path, ".");
		if (!find_member(d, *at, path, n, at))
			return false;
		path += n + (path[n] == '.');
	}
	return *at < d->len && d->s[*at] == '[';
}

/* ---- looking at all of it ---- */

static bool read_around(
	const struct doc *d, size_t at, size_t after, size_t *repaired, struct err *e)
{
	struct str around = STR_INIT_MAX(d->len + 16);
	str_add(&around, d->s, at);
	str_adds(&around, "[]");
	str_add(&around, d->s + after, d->len - after);
	json_t *v = json_read_part(around.buf, around.len, repaired, e);
	str_release(&around);
	json_decref(v);
	return v != NULL;
}

/* The item at *at, which then is at the next one, or at the closing bracket. NULL with e. */
static json_t *read_item(
	const char *s, size_t *at, size_t end, size_t *repaired, struct err *e)
{
	size_t after = json_skip_value(s, end, *at);
	json_t *v = json_read_part(s + *at, after - *at, repaired, e);
	if (!v)
		return NULL;
	size_t i = json_skip_blank(s, end, after);
	if (i < end && s[i] != ',') {
		json_decref(v);
		err_set(e, ERR_PARSE, "not valid JSON: no comma after it");
		return NULL;
	}
	if (i < end) {
		i = json_skip_blank(s, end, i + 1);
		if (i >= end) {
			json_decref(v);
			err_set(e, ERR_PARSE, "not valid JSON: nothing after its comma");
			return NULL;
		}
	}
	*at = i;
	return v;
}

static bool read_all(
	const char *s, size_t at, size_t end, size_t *n, size_t *repaired, struct err *e)
{
	while (at < end) {
		size_t after = json_skip_value(s, end, at);
		if (!budget_tree_possible(2 * json_need(s + at, after - at)))
			return err_set(e, ERR_LIMIT,
				"item %zu of the list alone is too large (%zu bytes)",
				*n + 1, after - at);
		json_t *v = read_item(s, &at, end, repaired, e);
		if (!v)
			return err_wrap(e, "item %zu of the list", *n + 1);
		json_decref(v);
		(*n)++;
	}
	return true;
}

static bool around_is_small(const struct doc *d, size_t at, size_t after)
{
	enum { AROUND_BYTES = 4 << 20 };
	return json_need(d->s, at) + json_need(d->s + after, d->len - after) <=
	       AROUND_BYTES;
}

enum json_items_found json_items_open(struct json_items **out, struct str *text,
	const char *path, size_t *repaired, struct err *e)
{
	size_t bom = text->len >= 3 && memcmp(text->buf, "\xEF\xBB\xBF", 3) == 0 ? 3 : 0;
	struct doc d = {text->buf + bom, text->len - bom};
	size_t at, n = 0, values = 0;
	if (json_too_deep(d.s, d.len) || !find_list(&d, path, &at))
		return JSON_ITEMS_ELSE;
	size_t after = json_skip_value(d.s, d.len, at);
	if (d.s[after - 1] != ']' || after == at + 1)
		return JSON_ITEMS_ELSE; /* no end: let the whole say where */
	if (!around_is_small(&d, at, after))
		return JSON_ITEMS_ELSE;
	size_t first = json_skip_blank(d.s, after - 1, at + 1);
	if (!read_around(&d, at, after, &values, e) ||
		!read_all(d.s, first, after - 1, &n, &values, e))
		return JSON_ITEMS_BAD;
	struct json_items *it = xcalloc(1, sizeof(*it));
	it->at = bom + first;
	it->end = bom + after - 1;
	it->n = n;
	it->text = *text;
	str_init(text, it->text.max);
	*repaired += values;
	*out = it;
	return JSON_ITEMS_OPEN;
}

void json_items_free(struct json_items *it)
{
	if (!it)
		return;
	budget_text_drop(it->text.len);
	str_wipe(&it->text);
	free(it);
}

size_t json_items_count(const struct json_items *it)
{
	return it->n;
}

json_t *json_items_next(struct json_items *it, size_t max, size_t need)
{
	struct err e = ERR_INIT;
	size_t ignored = 0, taken = 0;
	if (it->at >= it->end)
		return NULL;
	json_t *list = json_array();
	while (it->at < it->end && json_array_size(list) < max && taken <= need) {
		size_t from = it->at;
		json_t *v = read_item(it->text.buf, &it->at, it->end, &ignored, &e);
		BUG_ON(!v); /* it was read before */
		taken += json_need(it->text.buf + from, it->at - from);
		json_array_append_new(list, v);
	}
	return list;
}
