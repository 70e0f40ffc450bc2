/*
 * One collection of one source: secrets, sub-collections, pages, batches, re-reading, result.
 */
#include "backends/connector/collect.h"

#include <stdlib.h>
#include <string.h>

static void collect_free(struct collect *c)
{
	struct loop *loop = c->source->reach.loop;
	walks_cancel(c);
	fetch_cancel(c->each_fetch);
	loop_timer_cancel(loop, c->timer);
	session_close(&c->session);
	arena_release(&c->arena);
	json_decref(c->scope);
	json_decref(c->each);
	json_decref(c->open_items);
	json_decref(c->seen);
	json_decref(c->best);
	free(c->enrich_left);
	free(c->kept);
	op_remove(&c->op);
	free(c);
}

void collect_error(struct collect *c, const struct err *e, int64_t retry_after_ms)
{
	if (c->errors++ == 0)
		c->err = *e;
	if (retry_after_ms > c->retry_after_ms)
		c->retry_after_ms = retry_after_ms;
}

void collect_count(struct collect *c, const struct fetch_end *end)
{
	c->pages += end->pages;
	c->repaired += end->repaired;
}

void collect_partial(struct collect *c, const char *name, const char *why)
{
	if (c->partials++ == 0)
		str_format(c->partial, sizeof(c->partial), "%s%s%s", name ? name : "",
			name ? ": " : "", why);
}

/* Why what was read is not all there is; "": it is. */
static void say_partial(const struct collect *c, char *out, size_t size)
{
	struct str text = STR_INIT_MAX(1000);
	str_adds(&text, c->partial);
	if (c->partials > 1)
		str_addf(&text, " (and %zu more lists)", c->partials - 1);
	if (c->unread)
		str_addf(&text, "%s%zu not listed any more and not read: %s",
			text.len ? "; " : "", c->unread, c->unread_why);
	str_copy(out, size, text.buf);
	str_release(&text);
}

void collect_finish(struct collect *c)
{
	struct collect_fns fns = c->fns;
	char partial[560];
	say_partial(c, partial, sizeof(partial));
	if (c->errors > 1) {
		size_t len = strlen(c->err.msg);
		str_format(c->err.msg + len, sizeof(c->err.msg) - len,
			" (and %zu more errors)", c->errors - 1);
	}
	scrub_err(&c->err);
	char *since = since_result(c);
	struct collect_result r = {.err = c->err,
		.full = c->def->complete && !c->def->has_reread && !c->errors &&
			!c->partials && !c->refused,
		.partial = partial,
		.kind = c->def->kind,
		.gone = c->def->gone,
		.gone_after_ms = c->def->gone_after_ms,
		.ids = c->def->ids,
		.since = since,
		.retry_after_ms = c->retry_after_ms,
		.rows = c->rows,
		.pages = c->pages,
		.repaired = c->repaired,
		.took_ms = clock_mono_ms() - c->started_ms};
	collect_free(c);
	fns.done(fns.arg, &r);
	free(since);
}

/* ---- batches ---- */

struct batch {
	struct record *records;
	size_t n, refused;
	struct err first;
	struct map_flaws flaws;
};

static void map_item(
	struct collect *c, const struct mapper *m, json_t *item, struct batch *b)
{
	struct err e = ERR_INIT;
	struct record *r = &b->records[b->n];
	bool ok = map_record(m, item, r, &e);
	if (ok && !str_starts(r->id, c->def->ids)) {
		ok = err_set(&e, ERR_CONFIG, "the id %s does not begin with \"%s\"",
			r->id, c->def->ids);
		record_release_json(r);
	}
	if (!ok) {
		if (b->refused++ == 0)
			b->first = e;
		return;
	}
	since_take(c, item, m->scope);
	if (c->seen)
		json_object_set_new(c->seen, b->records[b->n].id, json_true());
	b->n++;
}

/* False: its owner has cancelled meanwhile. */
static bool fn_ended(struct collect *c)
{
	c->in_fn = false;
	if (!c->cancelled)
		return true;
	collect_free(c);
	return false;
}

bool collect_deliver(struct collect *c, json_t *items, json_t *scope)
{
	size_t n = json_array_size(items), i;
	json_t *item;
	struct batch b = {.first = ERR_INIT};
	struct mapper m = {c->source, c->def, scope, &c->arena, &b.flaws};
	b.records = arena_alloc(&c->arena, (n + 1) * sizeof(*b.records));
	json_array_foreach (items, i, item)
		map_item(c, &m, item, &b);
	c->rows += b.n;
	c->refused += b.refused;
	scrub_err(&b.first);
	struct collect_batch out = {.records = b.records,
		.n = b.n,
		.unknown_states = b.flaws.unknown,
		.unknown = b.flaws.unknown_first,
		.refused = b.refused,
		.reason = b.refused ? b.first.msg : NULL,
		.spoiled = b.flaws.spoiled,
		.spoiled_why = b.flaws.spoiled_first};
	c->in_fn = true;
	if (b.n || b.refused)
		c->fns.batch(c->fns.arg, &out);
	for (i = 0; i < b.n; i++)
		record_release_json(&b.records[i]);
	arena_clear(&c->arena);
	return fn_ended(c);
}

bool collect_gone(struct collect *c, const char *id, const char *why)
{
	c->in_fn = true;
	if (c->fns.gone)
		c->fns.gone(c->fns.arg, id, why);
	return fn_ended(c);
}

bool collect_unread(struct collect *c, const char *id, const char *why)
{
	if (c->unread++ == 0)
		str_copy(c->unread_why, sizeof(c->unread_why), why);
	c->in_fn = true;
	if (c->fns.unread)
		c->fns.unread(c->fns.arg, id, why);
	return fn_ended(c);
}

/* ---- from the start to the sub-collections ---- */

static bool each_page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct collect *c = arg;
	json_t *one;
	size_t i;
	(void)r;
	json_array_foreach (items, i, one) {
		if (json_array_size(c->each) >= c->def->each_max) {
			char why[80];
			str_format(why, sizeof(why), "each: max: %zu ended the list",
				c->def->each_max);
			collect_partial(c, NULL, why);
			break;
		}
		json_array_append(c->each, one);
	}
	return true;
}

static bool is_called(struct collect *c, json_t *item, const json_t *name)
{
	struct err ignored = ERR_INIT;
	json_t *names = jmes_search(c->def->names.jmes, item, c->scope, &ignored), *one;
	bool found = false;
	size_t i;
	json_array_foreach (names, i, one)
		found = found || json_equal(one, name);
	json_decref(names);
	return found;
}

/* A name with a slip in it would otherwise be a list that is empty and calm. */
static void check_wanted(struct collect *c)
{
	struct err e = ERR_INIT;
	json_t *name, *item;
	size_t i, j;
	if (!c->def->wanted.jmes)
		return;
	json_t *wanted = jmes_search(c->def->wanted.jmes, c->scope, c->scope, &e);
	if (!wanted) {
		err_wrap(&e, "each.wanted");
		collect_error(c, &e, 0);
	}
	json_array_foreach (wanted, i, name) {
		bool found = false;
		json_array_foreach (c->each, j, item)
			found = found || is_called(c, item, name);
		if (found)
			continue;
		err_set(&e, ERR_NOTFOUND, "\"%s\" (%s) does not exist there",
			json_string_value(name) ? json_string_value(name) : "?",
			c->def->wanted.text);
		collect_error(c, &e, 0);
	}
	json_decref(wanted);
}

static void each_done(void *arg, const struct fetch_end *end)
{
	struct collect *c = arg;
	c->each_fetch = NULL;
	collect_count(c, end);
	if (end->cut)
		collect_partial(c, "each", end->why);
	if (end->err.code != ERR_NONE) {
		collect_error(c, &end->err, end->retry_after_ms);
		collect_finish(c);
		return;
	}
	check_wanted(c);
	walks_start(c);
}

static bool each_by_expr(struct collect *c, struct err *e)
{
	if (!c->def->each.jmes)
		return json_array_append_new(c->each, json_null()) == 0;
	json_t *v = jmes_search(c->def->each.jmes, c->scope, c->scope, e);
	if (!v)
		return err_wrap(e, "each");
	if (!json_is_array(v)) {
		json_decref(v);
		return err_set(
			e, ERR_CONFIG, "each: \"%s\" is no list here", c->def->each.text);
	}
	json_decref(c->each);
	c->each = v;
	return true;
}

static void opened(void *arg, const struct err *e)
{
	static const struct fetch_fns fns = {each_page, each_done};
	struct collect *c = arg;
	struct err err = *e;
	if (err.code == ERR_NONE) {
		json_t *since = since_scope(c);
		c->scope = scope_with(c->session.scope, "since", since);
		json_decref(since);
		c->each = json_array();
		if (c->def->has_each_fetch) {
			c->each_fetch = fetch_start(
				&c->session, &c->def->each_fetch, c->scope, &fns, c);
			return;
		}
	}
	if (err.code != ERR_NONE || !each_by_expr(c, &err)) {
		collect_error(c, &err, 0);
		collect_finish(c);
		return;
	}
	walks_start(c);
}

static void too_long(struct loop *l, void *arg)
{
	(void)l;
	struct collect *c = arg;
	struct err e = ERR_INIT;
	char limit[32];
	c->timer = NULL;
	clock_format_words(limit, sizeof(limit), c->def->timeout_ms * 1000);
	err_set(&e, ERR_TIMEOUT, "the collection took longer than %s", limit);
	collect_error(c, &e, 0);
	collect_finish(c);
}

static void cancel_op(struct op *op)
{
	collect_free((struct collect *)(void *)op);
}

struct collect *source_collect(struct source *s, size_t collection, const char *since,
	const json_t *open_items, const struct collect_fns *fns)
{
	BUG_ON(collection >= s->def->n_collects);
	struct collect *c = xcalloc(1, sizeof(*c));
	c->source = s;
	c->def = &s->def->collects[collection];
	c->fns = *fns;
	c->kept = since ? xstrdup(since) : NULL;
	c->started_ms = clock_mono_ms();
	c->enrich_left = xcalloc(c->def->n_enrich + 1, sizeof(*c->enrich_left));
	for (size_t i = 0; i < c->def->n_enrich; i++)
		c->enrich_left[i] = c->def->enrich[i].max;
	if (c->def->has_reread && json_array_size(open_items) > 0) {
		c->open_items = json_incref((json_t *)(uintptr_t)open_items);
		c->seen = json_object();
	}
	op_add(s, &c->op, cancel_op);
	c->timer = loop_timer(s->reach.loop, c->def->timeout_ms, too_long, c);
	session_open(&c->session, s, &c->def->secrets, 1, opened, c);
	return c;
}

void collect_cancel(struct collect *c)
{
	if (!c)
		return;
	if (c->in_fn)
		c->cancelled = true;
	else
		collect_free(c);
}
