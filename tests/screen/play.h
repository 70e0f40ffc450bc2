#ifndef TESTS_SCREEN_PLAY_H
#define TESTS_SCREEN_PLAY_H

/* One screen test being played, and its store. Only for runner.c. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/clock.h"
#include "backends/base/mem.h"
#include "tui/console.h"
#include "tui/from_json.h"

enum { TURNS_MAX = 15000, RECORDS_MAX = 2000, SETTLE = 15, BELL = 150000 /* µs */ };

struct play {
	const char *path;
	int line;
	char dir[64];
	int rows, cols;
	struct loop *loop;
	struct store *store;
	struct config config;
	bool configured;
	struct screen *screen;
	json_t *records[RECORDS_MAX];
	size_t n_records, n_put;
	bool done, failed;
	struct err err;
};

static bool fail(struct play *p, const char *what, const char *detail)
{
	fprintf(stderr, "%s:%d: %s: %s\n", p->path, p->line, what, detail);
	p->failed = true;
	return false;
}

/* ---- the store --------------------------------------------------------------------------- */

static void score(void *arg, struct record *r, const json_t *context)
{
	struct play *p = arg;
	(void)context;
	for (size_t i = 0; i < p->n_records; i++) {
		if (strcmp(json_str(p->records[i], "id", ""), r->id) != 0)
			continue;
		bool snoozed = r->snoozed_until > clock_now();
		r->attention = snoozed ? 0 : (int)json_int(p->records[i], "attention", 0);
		r->why = snoozed ? "" : json_str(p->records[i], "why", "");
	}
}

static void put_done(void *arg, const struct store_put_result *result)
{
	struct play *p = arg;
	p->done = true;
	if (result->err)
		p->err = *result->err;
}

static void told(void *arg, json_t *answer, const struct err *e)
{
	struct play *p = arg;
	p->done = true;
	if (!answer)
		p->err = *e;
}

static void settle(struct play *p)
{
	for (int i = 0; i < SETTLE; i++)
		(void)loop_turn(p->loop, 1);
}

static bool finish(struct play *p, const char *what)
{
	for (int i = 0; i < TURNS_MAX && !p->done; i++)
		(void)loop_turn(p->loop, 2);
	if (!p->done)
		return fail(p, what, "no answer from the store");
	return p->err.code ? fail(p, what, p->err.msg) : true;
}

static void begin(struct play *p)
{
	p->done = false;
	p->err = (struct err)ERR_INIT;
}

static bool open_store(struct play *p)
{
	char path[128];
	static struct store_triage triage;
	if (p->store)
		return true;
	p->loop = loop_new();
	(void)str_format(path, sizeof(path), "%s/store.db", p->dir);
	p->store = store_open(p->loop, path, STORE_WORKER, &p->err);
	if (!p->store)
		return fail(p, "store", p->err.msg);
	triage = (struct store_triage){.score = score, .arg = p};
	store_set_triage(p->store, &triage);
	return true;
}

/* The store tells of changes at most ten times a second: the clock, which stands still, must move for it. */
static void let_know(struct play *p)
{
	if (!p->screen)
		return;
	settle(p);
	clock_advance_test(BELL);
	settle(p);
}

/* What depends on others: groups, links. */
static bool retriage(struct play *p)
{
	begin(p);
	(void)store_retriage(p->store, put_done, p);
	return finish(p, "retriage");
}

static bool put(struct play *p)
{
	size_t n = p->n_records - p->n_put;
	if (!open_store(p))
		return false;
	if (!n)
		return retriage(p);
	struct record *r = xcalloc(n, sizeof(*r));
	for (size_t i = 0; i < n; i++)
		if (!record_from_json(p->records[p->n_put + i], &r[i]))
			fail(p, "record", "kind or state is not one");
	begin(p);
	(void)store_put(p->store, r, n, put_done, p);
	bool ok = finish(p, "put");
	ok = ok && retriage(p);
	free(r);
	p->n_put = p->n_records;
	let_know(p);
	return ok && !p->failed;
}

static bool do_record(struct play *p, const char *text)
{
	json_t *r = p->n_records < RECORDS_MAX ? json_read(text, strlen(text), &p->err)
					       : NULL;
	if (!r)
		return fail(p, "record", p->err.msg);
	p->records[p->n_records++] = r;
	return true;
}

static bool do_tell(struct play *p, const char *text)
{
	char change[64];
	size_t len = strcspn(text, " ");
	if (!put(p) || len >= sizeof(change))
		return false;
	memcpy(change, text, len);
	change[len] = '\0';
	json_t *args = json_read(text + len, strlen(text + len), &p->err);
	if (!args)
		return fail(p, "tell", p->err.msg);
	begin(p);
	(void)store_tell(p->store, change, args, told, p);
	bool ok = finish(p, change);
	let_know(p);
	return ok;
}

#endif
