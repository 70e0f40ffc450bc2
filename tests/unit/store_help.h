#ifndef TESTS_STORE_HELP_H
#define TESTS_STORE_HELP_H

/*
 * For tests of the store: a store in a folder of its own, and questions and changes that wait for their answer.
 * The clock is frozen at HELP_NOW.
 */
#include "backends/base/loop.h"
#include "backends/base/mem.h"
#include "backends/store/store.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#define HELP_NOW ((usec_t)1795356120 * USEC_PER_SEC)
#define HELP_MIN (60 * USEC_PER_SEC)
#define HELP_HOUR (60 * HELP_MIN)
#define HELP_WAIT_MS 60000

struct help {
	struct loop *loop;
	struct store *store;
	char dir[64], path[96];
};

struct help_reply {
	bool done;
	json_t *answer;
	struct err err;
	struct store_put_result put;
};

static inline void help_open(struct help *h)
{
	struct err e = ERR_INIT;
	clock_set_test(HELP_NOW);
	str_copy(h->dir, sizeof(h->dir), "/tmp/watchdesk-test-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	setenv("XDG_RUNTIME_DIR", h->dir, 1); /* the bell goes with the folder */
	str_format(h->path, sizeof(h->path), "%s/store.db", h->dir);
	h->loop = loop_new();
	h->store = store_open(h->loop, h->path, STORE_WORKER, &e);
	if (!h->store)
		fail_msg("%s", e.msg);
}

static inline void help_close(struct help *h)
{
	store_close(h->store);
	loop_free(h->loop);
	DIR *d = opendir(h->dir);
	struct dirent *f;
	while (d && (f = readdir(d)) != NULL) {
		char path[400];
		str_format(path, sizeof(path), "%s/%s", h->dir, f->d_name);
		if (f->d_name[0] != '.')
			unlink(path);
	}
	if (d)
		closedir(d);
	rmdir(h->dir);
	clock_end_test();
}

static inline void help_answer(void *arg, json_t *answer, const struct err *e)
{
	struct help_reply *r = arg;
	r->done = true;
	r->answer = json_incref(answer);
	if (e)
		r->err = *e;
}

static inline void help_put_done(void *arg, const struct store_put_result *result)
{
	struct help_reply *r = arg;
	r->done = true;
	r->put = *result;
	if (result->err)
		r->err = *result->err;
}

static inline json_t *help_args(const char *text)
{
	json_t *args = json_loads(text, 0, NULL);
	assert_non_null(args);
	return args;
}

/* New reference, to be dropped by the caller. */
static inline json_t *help_ask(struct help *h, const char *question, const char *args)
{
	struct help_reply r = {0};
	store_ask(h->store, question, help_args(args), help_answer, &r);
	assert_false(r.done);
	assert_true(loop_until(h->loop, &r.done, HELP_WAIT_MS));
	if (!r.answer)
		fail_msg("%s: %s", question, r.err.msg);
	return r.answer;
}

static inline struct help_reply help_tell_any(
	struct help *h, const char *change, const char *args)
{
	struct help_reply r = {0};
	store_tell(h->store, change, help_args(args), help_answer, &r);
	assert_false(r.done);
	assert_true(loop_until(h->loop, &r.done, HELP_WAIT_MS));
	return r;
}

static inline json_t *help_tell(struct help *h, const char *change, const char *args)
{
	struct help_reply r = help_tell_any(h, change, args);
	if (!r.answer)
		fail_msg("%s: %s", change, r.err.msg);
	return r.answer;
}

static inline void help_do(struct help *h, const char *change, const char *args)
{
	json_decref(help_tell(h, change, args));
}

/* The change must fail like this; its message holds the words. */
static inline void help_refused(struct help *h, const char *change, const char *args,
	enum err_code code, const char *words)
{
	struct help_reply r = help_tell_any(h, change, args);
	assert_null(r.answer);
	assert_int_equal(r.err.code, code);
	if (!strstr(r.err.msg, words))
		fail_msg("\"%s\" does not hold \"%s\"", r.err.msg, words);
}

static inline struct record help_record(enum kind kind, const char *id, enum state state)
{
	struct record r;
	record_init(&r);
	r.kind = kind;
	r.source = "airflow";
	r.id = id;
	r.title = id;
	r.state = state;
	r.env = "prod";
	r.started = HELP_NOW - HELP_HOUR;
	r.updated = HELP_NOW - HELP_MIN;
	return r;
}

static inline struct store_put_result help_put(
	struct help *h, const struct record *rows, size_t n)
{
	struct help_reply r = {0};
	store_put(h->store, rows, n, help_put_done, &r);
	assert_true(loop_until(h->loop, &r.done, HELP_WAIT_MS));
	if (r.err.code != ERR_NONE)
		fail_msg("put: %s", r.err.msg);
	return r.put;
}

static inline struct store_put_result help_retriage(struct help *h)
{
	struct help_reply r = {0};
	store_retriage(h->store, help_put_done, &r);
	assert_true(loop_until(h->loop, &r.done, HELP_WAIT_MS));
	if (r.err.code != ERR_NONE)
		fail_msg("retriage: %s", r.err.msg);
	return r.put;
}

/* rid of "kind:source:id" */
static inline long long help_rid(struct help *h, const char *key)
{
	char args[200];
	str_format(args, sizeof(args), "{\"key\": \"%s\"}", key);
	json_t *r = help_ask(h, "record", args);
	long long rid = json_int(r, "rid", 0);
	json_decref(r);
	return rid;
}

#endif
