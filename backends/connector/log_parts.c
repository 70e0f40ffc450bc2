/*
 * The parts of a record that have a log of their own: tasks, steps of tasks, each of their tries.
 */
#include "backends/connector/logfetch.h"
#include "backends/connector/mapping.h"

#include <stdlib.h>
#include <string.h>

/* ---- fetching ---- */

static void parts_over(struct log_fetch *f, const struct err *e);
static void next_inner(struct log_fetch *f);

static bool outer_page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct log_fetch *f = arg;
	(void)r;
	json_array_extend(f->parts, items);
	return true;
}

/* A copy with one more key: items of a reply may be shared. */
static json_t *with_key(json_t *part, const char *key, json_t *value /* taken */)
{
	json_t *copy = json_is_object(part) ? json_copy(part)
					    : json_pack("{s:O}", "value", part);
	json_object_set_new(copy, key, value);
	return copy;
}

static bool inner_page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct log_fetch *f = arg;
	json_t *of = json_array_get(f->outer, f->outer_at - 1), *one;
	size_t i;
	(void)r;
	json_array_foreach (items, i, one)
		if (json_array_size(f->parts) < LOG_PARTS_MAX)
			json_array_append_new(
				f->parts, with_key(one, "of", json_incref(of)));
	return true;
}

static void inner_done(void *arg, const struct fetch_end *done)
{
	struct log_fetch *f = arg;
	f->fetch = NULL;
	/* What is not there any more has no parts; the others may. */
	if (done->err.code != ERR_NONE && done->err.code != ERR_NOTFOUND)
		parts_over(f, &done->err);
	else
		next_inner(f);
}

static void next_inner(struct log_fetch *f)
{
	static const struct fetch_fns fns = {inner_page, inner_done};
	struct err none = ERR_INIT;
	if (f->outer_at >= json_array_size(f->outer) ||
		f->outer_at >= f->def->max_parts) {
		parts_over(f, &none);
		return;
	}
	json_t *scope =
		scope_with(f->scope, "part", json_array_get(f->outer, f->outer_at++));
	f->fetch = fetch_start(&f->session, &f->def->inner, scope, &fns, f);
	json_decref(scope);
}

/* ---- which, in which order ---- */

static bool pick(struct log_fetch *f, struct err *e)
{
	if (!f->def->part_pick.jmes)
		return true;
	json_t *v = jmes_search(f->def->part_pick.jmes, f->parts, f->scope, e);
	if (!v)
		return err_wrap(e, "pick");
	if (!json_is_array(v)) {
		json_decref(v);
		return err_set(e, ERR_CONFIG, "pick: \"%s\" gives no list",
			f->def->part_pick.text);
	}
	json_decref(f->parts);
	f->parts = v;
	return true;
}

static long long tries_of(const struct log_fetch *f, json_t *part)
{
	struct err ignored = ERR_INIT;
	json_t *v = jmes_search(f->def->part_tries.jmes, part, f->scope, &ignored);
	long long n = json_is_integer(v) ? json_integer_value(v) : 1;
	json_decref(v);
	return n < 1 ? 1 : n;
}

static json_t *one_try(json_t *part, long long nth, long long n)
{
	json_t *one = with_key(part, "try", json_integer(nth));
	json_object_set_new(one, "tries", json_integer(n));
	return one;
}

/* The last try of each comes first; behind them all the earlier ones, part by part. */
static void spread_tries(struct log_fetch *f)
{
	json_t *all = json_array(), *part;
	size_t i;
	json_array_foreach (f->parts, i, part) {
		long long n = tries_of(f, part);
		json_array_append_new(all, one_try(part, n, n));
	}
	json_array_foreach (f->parts, i, part) {
		long long n = tries_of(f, part);
		for (long long k = n - 1; k > 0 && json_array_size(all) < LOG_PARTS_MAX;
			k--)
			json_array_append_new(all, one_try(part, k, n));
	}
	json_decref(f->parts);
	f->parts = all;
}

static void cut_parts(struct log_fetch *f, size_t most)
{
	while (json_array_size(f->parts) > most)
		json_array_remove(f->parts, json_array_size(f->parts) - 1);
}

static void parts_over(struct log_fetch *f, const struct err *e)
{
	struct err err = *e;
	if (err.code == ERR_NONE && pick(f, &err)) {
		cut_parts(f, f->def->has_inner ? LOG_PARTS_MAX : f->def->max_parts);
		if (f->def->part_tries.jmes)
			spread_tries(f);
	}
	if (err.code != ERR_NONE)
		err_wrap(&err, "log parts");
	f->parts_done(f, &err);
}

static void outer_done(void *arg, const struct fetch_end *done)
{
	struct log_fetch *f = arg;
	f->fetch = NULL;
	if (done->err.code != ERR_NONE || !f->def->has_inner) {
		parts_over(f, &done->err);
		return;
	}
	f->outer = f->parts;
	f->parts = json_array();
	next_inner(f);
}

void log_parts_start(
	struct log_fetch *f, void (*done)(struct log_fetch *f, const struct err *e))
{
	static const struct fetch_fns fns = {outer_page, outer_done};
	f->parts_done = done;
	f->fetch = fetch_start(&f->session, &f->def->parts, f->scope, &fns, f);
}

/* ---- as they are told ---- */

static void part_field(const struct log_fetch *f, struct arena *a, json_t *part,
	const struct def_expr *x, const char *name, json_t *out)
{
	struct err ignored = ERR_INIT;
	json_t *v = x->jmes ? jmes_search(x->jmes, part, f->scope, &ignored) : NULL;
	if (v && !json_is_null(v))
		json_object_set_new(
			out, name, json_string(map_text(a, v, RECORD_TEXT_MAX)));
	json_decref(v);
}

json_t *log_parts(const struct log_fetch *f)
{
	const struct def_log *d = f->def;
	json_t *out = json_array(), *part;
	struct arena a = ARENA_INIT;
	size_t i;
	json_array_foreach (f->parts, i, part) {
		json_t *one = json_object();
		part_field(f, &a, part, &d->part_title, "title", one);
		part_field(f, &a, part, &d->part_state, "state", one);
		part_field(f, &a, part, &d->part_try, "try", one);
		part_field(f, &a, part, &d->part_id, "id", one);
		if (d->part_tries.jmes) {
			/* The state is that of the last try; what became of the earlier ones is not said. */
			long long nth = json_int(part, "try", 1),
				  n = json_int(part, "tries", 1);
			json_object_set_new(one, "try", json_integer(nth));
			json_object_set_new(one, "tries", json_integer(n));
			if (nth < n)
				json_object_del(one, "state");
		}
		json_array_append_new(out, one);
	}
	arena_release(&a);
	return out;
}
