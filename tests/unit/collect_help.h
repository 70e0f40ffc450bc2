/* What a collection of the connector tests gave. */
#ifndef TESTS_COLLECT_HELP_H
#define TESTS_COLLECT_HELP_H

#include "tests/unit/connector_help.h"

struct got {
	bool done;
	json_t *records; /* as record_json, with detail */
	size_t unknown, refused, batches;
	size_t spoiled;
	char reason[500], since[100], gone[200], unread[300], partial[400],
		spoiled_why[400];
	char unknown_why[300];
	struct collect_result r;
};

static inline void got_batch(void *arg, const struct collect_batch *b)
{
	struct got *o = arg;
	o->batches++;
	o->unknown += b->unknown_states;
	o->refused += b->refused;
	if (b->reason && !o->reason[0])
		str_copy(o->reason, sizeof(o->reason), b->reason);
	if (b->spoiled && !o->spoiled)
		str_copy(o->spoiled_why, sizeof(o->spoiled_why), b->spoiled_why);
	o->spoiled += b->spoiled;
	if (b->unknown_states && !o->unknown_why[0])
		str_copy(o->unknown_why, sizeof(o->unknown_why), b->unknown);
	for (size_t i = 0; i < b->n; i++) {
		json_t *v = record_json(&b->records[i]);
		json_object_set(v, "detail", b->records[i].detail);
		json_array_append_new(o->records, v);
	}
}

static inline void got_gone(void *arg, const char *id, const char *why)
{
	struct got *o = arg;
	size_t len = strlen(o->gone);
	str_format(o->gone + len, sizeof(o->gone) - len, "%s%s (%s)", len ? ", " : "", id,
		why);
}

static inline void got_unread(void *arg, const char *id, const char *why)
{
	struct got *o = arg;
	size_t len = strlen(o->unread);
	str_format(o->unread + len, sizeof(o->unread) - len, "%s%s (%.8s)",
		len ? ", " : "", id, why);
}

static inline void got_done(void *arg, const struct collect_result *r)
{
	struct got *o = arg;
	assert_false(o->done);
	o->done = true;
	o->r = *r;
	str_copy(o->since, sizeof(o->since), r->since ? r->since : "");
	str_copy(o->partial, sizeof(o->partial), r->partial);
}

static inline struct got rig_collect_from(
	struct rig *g, size_t collection, const char *since, const json_t *open_items)
{
	struct got o = {.records = json_array()};
	struct collect_fns fns = {got_batch, got_gone, got_unread, got_done, &o};
	assert_non_null(source_collect(g->source, collection, since, open_items, &fns));
	assert_false(o.done);
	assert_true(loop_until(g->loop, &o.done, HELP_WAIT_MS));
	return o;
}

static inline struct got rig_collect(struct rig *g)
{
	return rig_collect_from(g, 0, NULL, NULL);
}

/* Opens, collects once, closes. */
static inline struct got rig_try(struct rig *g, const char *yaml, const char *extra)
{
	rig_open(g, yaml, extra);
	struct got o = rig_collect(g);
	rig_close(g);
	return o;
}

static inline void got_release(struct got *o)
{
	json_decref(o->records);
	o->records = NULL;
}

static inline const json_t *got_record(const struct got *o, const char *id)
{
	size_t i;
	json_t *v;
	json_array_foreach (o->records, i, v)
		if (strcmp(json_str(v, "id", ""), id) == 0)
			return v;
	fail_msg("no record %s of %zu", id, json_array_size(o->records));
	return NULL;
}

static inline void got_ok(const struct got *o, size_t n)
{
	if (o->r.err.code != ERR_NONE)
		fail_msg("%s: %s", err_code_name(o->r.err.code), o->r.err.msg);
	assert_int_equal(json_array_size(o->records), n);
}

static inline void got_fails(struct got *o, enum err_code code, const char *words)
{
	if (o->r.err.code != code || !strstr(o->r.err.msg, words))
		fail_msg("%s: %s", err_code_name(o->r.err.code), o->r.err.msg);
	assert_false(o->r.full);
	assert_string_equal(o->since, "");
	got_release(o);
}

#endif
