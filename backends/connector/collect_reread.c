/*
 * Open items that the list did not show any more, fetched one by one. What the far side does not have any more is said
 * to be gone: nobody would ever close it otherwise, and nobody said that it ended well.
 */
#include "backends/connector/collect.h"

static void next(struct collect *c);

static bool page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct collect *c = arg;
	(void)r;
	c->reread_found = c->reread_found || json_array_size(items) > 0;
	return collect_deliver(c, items, c->scope);
}

static void done(void *arg, const struct fetch_end *end)
{
	struct collect *c = arg;
	c->reread = NULL;
	collect_count(c, end);
	bool missing = end->err.code == ERR_NOTFOUND;
	if (end->err.code != ERR_NONE && !missing) {
		/* the rest would fail alike, and comes again next time */
		collect_error(c, &end->err, end->retry_after_ms);
		collect_finish(c);
		return;
	}
	/* A list that is cut, or null where items should be, says nothing about what it does not hold. */
	if (missing || (!c->reread_found && !end->cut)) {
		const json_t *item = json_array_get(c->open_items, c->reread_next - 1);
		char why[16] = "not found";
		if (missing)
			str_format(why, sizeof(why), "%d", end->status);
		if (!collect_gone(c, json_str(item, "id", ""), why))
			return;
	}
	next(c);
}

static void ask(struct collect *c, json_t *item)
{
	static const struct fetch_fns fns = {page, done};
	json_t *scope = scope_with(c->scope, "record", item);
	scope_merge(scope, json_sub(item, "opaque"));
	c->reread = fetch_start(&c->session, &c->def->reread, scope, &fns, c);
	json_decref(scope);
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
		c->reread_found = false;
		ask(c, item);
		return;
	}
	collect_finish(c);
}

void reread_start(struct collect *c)
{
	if (c->errors)
		collect_finish(c);
	else
		next(c);
}
