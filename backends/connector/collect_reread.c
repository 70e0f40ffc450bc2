/*
 * Open items that the list did not show any more, fetched one by one.
 */
#include "backends/connector/collect.h"

static void next(struct collect *c);

static bool page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct collect *c = arg;
	(void)r;
	return collect_deliver(c, items, c->scope);
}

static void done(void *arg, const struct fetch_end *end)
{
	struct collect *c = arg;
	c->reread = NULL;
	collect_count(c, end);
	if (end->err.code != ERR_NONE && end->err.code != ERR_NOTFOUND) {
		/* the rest would fail alike, and comes again next time */
		collect_error(c, &end->err, end->retry_after_ms);
		collect_finish(c);
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
		if (json_object_get(c->seen, json_str(item, "id", "")))
			continue;
		c->reread_done++;
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
