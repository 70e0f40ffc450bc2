/*
 * Opening and closing, the list of requests, and who carries out what: questions are
 * answered here in the next turn of the loop; changes at once by a worker, by the writer
 * child for a console.
 */
#include "backends/store/store_private.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/log.h"

/* ---- requests ---- */

struct store_req *req_new(struct store *s, loop_timer_fn *step)
{
	struct store_req *r = xcalloc(1, sizeof(*r));

	r->store = s;
	r->next = s->reqs;
	r->link = &s->reqs;
	if (r->next != NULL)
		r->next->link = &r->next;
	s->reqs = r;
	if (step != NULL)
		r->timer = loop_defer(s->loop, step, r);
	return r;
}

void req_free(struct store_req *r)
{
	*r->link = r->next;
	if (r->next != NULL)
		r->next->link = r->link;
	loop_timer_cancel(r->store->loop, r->timer);
	if (r->drop != NULL)
		r->drop(r);
	json_decref(r->args);
	json_decref(r->reply);
	free(r);
}

void req_answer(struct store_req *r, json_t *reply, const struct err *e)
{
	store_answer_fn *fn = r->fn.answer;
	void *arg = r->arg;
	struct err err = e != NULL ? *e : (struct err)ERR_INIT;

	/* Freed first: the callback may close the store. */
	req_free(r);
	if (fn != NULL)
		fn(arg, reply, &err);
	json_decref(reply);
}

static void answer_step(struct loop *l, void *arg)
{
	struct store_req *r = arg;
	json_t *reply = r->reply;
	struct err err = r->err;

	(void)l;
	r->timer = NULL;
	r->reply = NULL;
	req_answer(r, reply, &err);
}

void req_answer_later(struct store_req *r, json_t *reply, const struct err *e)
{
	r->reply = reply;
	if (e != NULL)
		r->err = *e;
	loop_timer_cancel(r->store->loop, r->timer);
	r->timer = loop_defer(r->store->loop, answer_step, r);
}

static void put_step(struct loop *l, void *arg)
{
	struct store_req *r = arg;
	store_put_fn *fn = r->fn.put;
	void *fn_arg = r->arg;
	struct store_put_result result = r->result;
	struct err err = r->err;

	(void)l;
	r->timer = NULL;
	result.err = err.code != ERR_NONE ? &err : NULL;
	req_free(r);
	if (fn != NULL)
		fn(fn_arg, &result);
}

void req_put_later(
	struct store_req *r, const struct store_put_result *result, const struct err *e)
{
	if (result != NULL)
		r->result = *result;
	if (e != NULL)
		r->err = *e;
	loop_timer_cancel(r->store->loop, r->timer);
	r->timer = loop_defer(r->store->loop, put_step, r);
}

void store_cancel(struct store *s, struct store_req *r)
{
	if (r == NULL)
		return;
	if (s->writer != NULL)
		writer_forget(s, r);
	req_free(r);
}

/* ---- open and close ---- */

char *store_default_path(struct err *e)
{
	char *home = file_home(FILE_STATE, e);

	if (home == NULL)
		return NULL;
	char *path = xasprintf("%s/store.db", home);
	free(home);
	return path;
}

static bool make_folder(const char *path, struct err *e)
{
	const char *slash = strrchr(path, '/');

	if (slash == NULL || slash == path)
		return true;
	char *dir = xstrndup(path, (size_t)(slash - path));
	bool ok = file_mkdirs(dir, e);
	free(dir);
	return ok;
}

struct store *store_open(
	struct loop *l, const char *path, enum store_role role, struct err *e)
{
	enum db_mode mode = role == STORE_WORKER ? DB_WRITE : DB_READ;
	struct db *d;

	if (mode == DB_WRITE && !make_folder(path, e))
		return NULL;
	d = db_open(path, mode, e);
	if (d == NULL)
		return NULL;
	if (mode == DB_WRITE ? !schema_migrate(d, e) : !schema_check(d, path, e)) {
		db_close(d);
		return NULL;
	}
	struct store *s = xcalloc(1, sizeof(*s));
	s->loop = l;
	s->db = d;
	s->path = xstrdup(path);
	s->role = role;
	s->bell = bell_new(l, path);
	return s;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	/* The analyzer does not see that req_free takes the request out of the list. */
	while (s->reqs != NULL)
		store_cancel(s, s->reqs); /* NOLINT(clang-analyzer-unix.Malloc) */
	if (s->writer != NULL)
		writer_close(s);
	put_forget(s); /* writes and rings once more */
	bell_free(s->bell);
	query_forget(s);
	terms_forget(s);
	record_forget(s);
	db_close(s->db);
	free(s->path);
	free(s);
}

void store_set_triage(struct store *s, const struct store_triage *t)
{
	s->triage = *t;
}

void store_on_change(struct store *s, void (*fn)(void *arg), void *arg)
{
	bell_listen(s->bell, fn, arg);
}

/* ---- questions ---- */

static json_t *ask_now(
	struct store *s, const struct question *q, const json_t *args, struct err *e)
{
	json_t *reply;

	if (!db_begin_read(s->db, e))
		return NULL;
	reply = q->answer(s, args, e);
	db_end_read(s->db);
	return reply;
}

static void ask_step(struct loop *l, void *arg)
{
	struct store_req *r = arg;
	struct err err = ERR_INIT;
	json_t *reply;

	(void)l;
	r->timer = NULL;
	reply = ask_now(r->store, r->question, r->args, &err);
	req_answer(r, reply, &err);
}

struct store_req *store_ask(struct store *s, const char *question, json_t *args,
	store_answer_fn *fn, void *arg)
{
	const struct question *q = store_questions;
	struct store_req *r;
	struct err err;

	while (q->name != NULL && strcmp(q->name, question) != 0)
		q++;
	r = req_new(s, q->name != NULL ? ask_step : NULL);
	r->fn.answer = fn;
	r->arg = arg;
	r->args = args;
	r->question = q;
	if (q->name == NULL) {
		err_set(&err, ERR_USAGE, "the store knows no question '%s'", question);
		req_answer_later(r, NULL, &err);
	}
	return r;
}

/* ---- changes ---- */

static json_t *tell_now(
	struct store *s, const struct change *c, const json_t *args, struct err *e)
{
	json_t *reply;

	if (!put_begin(s, e))
		return NULL;
	reply = c->needs_seen && !put_seen_flush(s, e) ? NULL : c->apply(s, args, e);
	if (reply == NULL) {
		put_rollback(s);
		return NULL;
	}
	if (!put_commit(s, c->full_sync, e)) {
		json_decref(reply);
		return NULL;
	}
	return reply;
}

struct store_req *store_tell(
	struct store *s, const char *change, json_t *args, store_answer_fn *fn, void *arg)
{
	const struct change *c = store_changes;
	struct store_req *r = req_new(s, NULL);
	struct err err = ERR_INIT;
	json_t *reply = NULL;

	r->fn.answer = fn;
	r->arg = arg;
	r->args = args;
	while (c->name != NULL && strcmp(c->name, change) != 0)
		c++;
	if (c->name != NULL && s->role == STORE_CONSOLE) {
		writer_tell(s, r, change, args);
		return r;
	}
	if (c->name != NULL)
		reply = tell_now(s, c, args, &err);
	else
		err_set(&err, ERR_USAGE, "the store knows no change '%s'", change);
	if (reply == NULL)
		log_at(LOG_WARN, "store", "%s: %s", change, err.msg);
	req_answer_later(r, reply, &err);
	return r;
}

bool store_write(struct store *s, const char *change, const json_t *args, struct err *e)
{
	const struct change *c = store_changes;
	json_t *reply;

	while (c->name != NULL && strcmp(c->name, change) != 0)
		c++;
	if (c->name == NULL || s->role != STORE_WORKER)
		return err_set(e, ERR_USAGE, "the store writes no '%s' here", change);
	reply = tell_now(s, c, args, e);
	json_decref(reply);
	return reply != NULL;
}

struct store_req *store_refuse(
	struct store *s, const struct err *e, store_answer_fn *fn, void *arg)
{
	struct store_req *r = req_new(s, NULL);

	r->fn.answer = fn;
	r->arg = arg;
	req_answer_later(r, NULL, e);
	return r;
}
