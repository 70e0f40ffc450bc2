/*
 * Open items that the list did not show any more, fetched one by one: the answer is their state. What the far side does not
 * have any more is said to be gone: nobody would ever close it otherwise. Without an answer nothing is known, and the item
 * stays as it was.
 */
#include "backends/connector/collect.h"

static const json_t *in_hand(const struct collect *c)
{
	return json_array_get(c->open_items, c->reread_next - 1);
}

static void next(struct collect *c)
{
	while (c->reread_next < json_array_size(c->open_items) &&
		c->reread_done < c->def->reread_max) {
		json_t *item = json_array_get(c->open_items, c->reread_next++);
		const char *id = json_str(item, "id", "");
		if (json_object_get(c->seen, id) || !str_starts(id, c->def->ids))
			continue;
		c->reread_done++;
		json_t *scope = scope_with(c->scope, "record", item);
		scope_merge(scope, json_sub(item, "opaque"));
		walk_reread(c, scope);
		json_decref(scope);
		return;
	}
	collect_finish(c);
}

/* The rest would fail alike, and comes again next time. */
static bool is_for_all(enum err_code code)
{
	return code == ERR_AUTH || code == ERR_THROTTLE || code == ERR_NET ||
	       code == ERR_TIMEOUT;
}

static void not_read(struct collect *c, const struct fetch_end *end)
{
	struct err e = end->err;
	enum err_code code = e.code;
	scrub_err(&e);
	if (!collect_unread(c, json_str(in_hand(c), "id", ""),
		    code == ERR_NONE ? end->why : e.msg))
		return;
	if (code == ERR_THROTTLE)
		collect_error(c, &end->err, end->retry_after_ms);
	if (is_for_all(code))
		collect_finish(c);
	else
		next(c);
}

/* An answer about another item, or one that cannot be read, tells nothing of this one. */
static bool is_of_it(const struct collect *c)
{
	return json_object_get(c->seen, json_str(in_hand(c), "id", "")) != NULL;
}

void reread_ended(struct collect *c, const struct fetch_end *end, bool found)
{
	bool missing = end->err.code == ERR_NOTFOUND;
	/* A list that is cut, or null where items should be, says nothing about what it does not hold. */
	if ((end->err.code != ERR_NONE && !missing) || (!missing && !found && end->cut)) {
		not_read(c, end);
		return;
	}
	if (!missing && found && !is_of_it(c)) {
		if (collect_unread(c, json_str(in_hand(c), "id", ""),
			    "the answer is not about it"))
			next(c);
		return;
	}
	if (missing || !found) {
		char why[16] = "not found";
		if (missing)
			str_format(why, sizeof(why), "%d", end->status);
		if (!collect_gone(c, json_str(in_hand(c), "id", ""), why))
			return;
	}
	next(c);
}

void reread_start(struct collect *c)
{
	if (c->errors)
		collect_finish(c);
	else
		next(c);
}
