/*
 * Sub-collections: each walks its pages, a few at a time. A page waits until its items that need one request more
 * have it; then it is mapped and handed out.
 */
#include "backends/base/log.h"
#include "backends/connector/collect.h"

#include <stdlib.h>
#include <string.h>

/* Items mapped in one turn of the loop: a few milliseconds. */
enum { SLICE = 200 };

struct walk {
	struct walk *next, **at;
	struct collect *c;
	json_t *each, *scope;
	bool reread, found; /* of one open item, and something came */
	struct fetch *fetch;
	json_t *items;     /* of the page in hand, filtered; ours to change */
	size_t next_item;  /* of the page, to be mapped next */
	size_t item, rule; /* what to look at next for enrichment */
	struct fetch *enrich;
	json_t *got;
	struct loop_timer *deferred; /* work on the page in hand; the fetch waits */
};

static void walk_free(struct walk *w)
{
	*w->at = w->next;
	if (w->next)
		w->next->at = w->at;
	w->c->n_walks--;
	fetch_cancel(w->fetch);
	fetch_cancel(w->enrich);
	loop_timer_cancel(w->c->source->reach.loop, w->deferred);
	json_decref(w->each);
	json_decref(w->scope);
	json_decref(w->items);
	json_decref(w->got);
	free(w);
}

void walks_cancel(struct collect *c)
{
	for (struct walk *w = c->walks, *next; w; w = next) {
		next = w->next;
		walk_free(w);
	}
}

/* ---- handing out ---- */

static void slice_later(struct loop *l, void *arg);

/*
 * A part of the page in hand. A page of thousands is mapped over several turns of the loop, so that a
 * flooding source does not hold up the others; the next page is asked for after the last part.
 */
static void deliver_slice(struct walk *w)
{
	json_t *slice = json_array(), *scope = json_incref(w->scope);
	size_t n = json_array_size(w->items), end = w->next_item + SLICE;
	for (; w->next_item < n && w->next_item < end; w->next_item++)
		json_array_append(slice, json_array_get(w->items, w->next_item));
	bool alive = collect_deliver(w->c, slice, scope);
	json_decref(slice);
	json_decref(scope);
	if (!alive)
		return;
	if (w->next_item < n) {
		w->deferred = loop_defer(w->c->source->reach.loop, slice_later, w);
		return;
	}
	json_decref(w->items);
	w->items = NULL;
	fetch_resume(w->fetch);
}

static void slice_later(struct loop *l, void *arg)
{
	struct walk *w = arg;
	(void)l;
	w->deferred = NULL;
	deliver_slice(w);
}

/* ---- enrichment ---- */

static bool enrich_page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct walk *w = arg;
	(void)r;
	json_array_extend(w->got, items);
	return true;
}

static void enrich_go(struct walk *w);

/* The item in hand, as a copy: the reply's is not ours to change. */
static json_t *own_item(struct walk *w)
{
	json_t *item = json_copy(json_array_get(w->items, w->item));
	json_array_set_new(w->items, w->item, item);
	return item;
}

static void not_read(json_t *item, const char *as, const char *why)
{
	json_t *all = json_object_get(item, MAP_NOT_READ);
	if (!all) {
		all = json_object();
		json_object_set_new(item, MAP_NOT_READ, all);
	}
	json_object_set_new(all, as, json_string(why));
}

/* The budget of a round is spent: what was read of this item before stays. */
static void enrich_over(struct walk *w, const struct def_enrich *d)
{
	char why[80];
	json_t *item = own_item(w);
	str_format(why, sizeof(why), "only %zu are asked for at a time (max)", d->max);
	json_object_set_new(item, d->as, json_null());
	not_read(item, d->as, why);
}

static void enrich_done(void *arg, const struct fetch_end *end)
{
	struct walk *w = arg;
	const struct def_enrich *d = &w->c->def->enrich[w->rule];
	w->enrich = NULL;
	collect_count(w->c, end);
	/* One item's extra request that fails costs its extra, not the item. */
	json_t *item = own_item(w);
	if (end->err.code == ERR_NONE) {
		json_object_set(item, d->as, w->got);
	} else {
		struct err e = end->err;
		scrub_err(&e);
		json_object_set_new(item, d->as, json_null());
		not_read(item, d->as, e.msg);
	}
	json_decref(w->got);
	w->got = NULL;
	w->rule++;
	enrich_go(w);
}

static bool wanted(const struct walk *w, const struct def_enrich *d, json_t *item)
{
	struct err ignored = ERR_INIT;
	if (!d->when.jmes)
		return true;
	json_t *v = jmes_search(d->when.jmes, item, w->scope, &ignored);
	bool yes = v && jmes_truthy(v);
	json_decref(v);
	return yes;
}

static void enrich_ask(struct walk *w, const struct def_enrich *d, json_t *item)
{
	static const struct fetch_fns fns = {enrich_page, enrich_done};
	json_t *scope = scope_with(w->scope, "item", item);
	w->got = json_array();
	w->enrich = fetch_start(&w->c->session, &d->fetch, scope, &fns, w);
	json_decref(scope);
}

/* Looks for the next item that needs a request; hands the page out when none does. */
static void enrich_go(struct walk *w)
{
	struct collect *c = w->c;
	for (; w->item < json_array_size(w->items); w->item++, w->rule = 0) {
		json_t *item = json_array_get(w->items, w->item);
		for (; w->rule < c->def->n_enrich; w->rule++) {
			const struct def_enrich *d = &c->def->enrich[w->rule];
			if (!json_is_object(item) || !wanted(w, d, item))
				continue;
			if (c->enrich_left[w->rule] == 0) {
				enrich_over(w, d);
				item = json_array_get(w->items, w->item);
				continue;
			}
			c->enrich_left[w->rule]--;
			enrich_ask(w, d, item);
			return;
		}
	}
	deliver_slice(w);
}

static void enrich_later(struct loop *l, void *arg)
{
	struct walk *w = arg;
	(void)l;
	w->deferred = NULL;
	enrich_go(w);
}

/* ---- pages ---- */

/* The items that are wanted, in a list of our own. */
static json_t *filtered(struct walk *w, json_t *items)
{
	struct collect *c = w->c;
	json_t *out = json_array(), *item;
	size_t i;
	json_array_foreach (items, i, item) {
		struct err e = ERR_INIT;
		if (c->def->when.jmes && !w->reread) {
			json_t *v = jmes_search(c->def->when.jmes, item, w->scope, &e);
			bool skip = v && !jmes_truthy(v);
			json_decref(v);
			if (skip)
				continue;
		}
		json_array_append(out, item);
	}
	return out;
}

static bool page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct walk *w = arg;
	struct collect *c = w->c;
	bool enrich = c->def->n_enrich > 0;
	(void)r;
	w->found = w->found || json_array_size(items) > 0;
	w->items = enrich || c->def->when.jmes ? filtered(w, items) : json_incref(items);
	w->item = w->rule = w->next_item = 0;
	w->deferred =
		loop_defer(c->source->reach.loop, enrich ? enrich_later : slice_later, w);
	return false;
}

/* The sub-collection in words, "" without `each`. */
static void walk_name(const struct walk *w, struct str *out)
{
	if (json_is_null(w->each))
		return;
	const char *name = json_str(w->each, "name", json_str(w->each, "id", NULL));
	if (name)
		str_adds(out, name);
	else
		json_scalar_to(out, w->each);
}

static void walk_error(struct walk *w, const struct fetch_end *end, const char *name)
{
	struct collect *c = w->c;
	struct err e = end->err;
	if (*name)
		err_wrap(&e, "%s", name);
	/* the far side is one with all the others, so asking on would not help; hosts are each their own */
	if (c->def->fetch.request.transport != DEF_SSH &&
		(e.code == ERR_AUTH || e.code == ERR_THROTTLE || e.code == ERR_NET))
		c->stopping = true;
	collect_error(c, &e, end->retry_after_ms);
}

static void done(void *arg, const struct fetch_end *end)
{
	struct walk *w = arg;
	struct collect *c = w->c;
	struct str name = STR_INIT_MAX(200);
	w->fetch = NULL;
	collect_count(c, end);
	if (w->reread) {
		bool found = w->found;
		walk_free(w);
		reread_ended(c, end, found);
		return;
	}
	walk_name(w, &name);
	if (end->cut)
		collect_partial(c, name.len ? name.buf : NULL, end->why);
	if (end->err.code != ERR_NONE)
		walk_error(w, end, name.buf);
	str_release(&name);
	walk_free(w);
	walks_start(c);
}

/* Takes `each` and `scope`. */
static struct walk *walk_new(struct collect *c, json_t *each, json_t *scope)
{
	struct walk *w = xcalloc(1, sizeof(*w));
	w->c = c;
	w->each = each;
	w->scope = scope;
	w->next = c->walks;
	w->at = &c->walks;
	if (w->next)
		w->next->at = &w->next;
	c->walks = w;
	c->n_walks++;
	return w;
}

static const struct fetch_fns walk_fns = {page, done};

void walks_start(struct collect *c)
{
	while (!c->stopping && c->n_walks < c->def->parallel &&
		c->each_next < json_array_size(c->each)) {
		json_t *each = json_incref(json_array_get(c->each, c->each_next++));
		struct walk *w = walk_new(c, each, scope_with(c->scope, "each", each));
		w->fetch =
			fetch_start(&c->session, &c->def->fetch, w->scope, &walk_fns, w);
	}
	if (c->n_walks == 0)
		reread_start(c);
}

void walk_reread(struct collect *c, json_t *scope)
{
	struct walk *w = walk_new(c, json_null(), json_incref(scope));
	w->reread = true;
	w->fetch = fetch_start(&c->session, &c->def->reread, w->scope, &walk_fns, w);
}
