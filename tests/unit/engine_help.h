#ifndef TESTS_ENGINE_HELP_H
#define TESTS_ENGINE_HELP_H

/*
 * The engine on a real store and on a far side of the test's own (engine_far.h): nothing is answered before the test
 * says so. A turn of the loop takes 10 ms of the test's clock, and no turn waits for real time.
 */
#include "tests/unit/engine_rows.h"

#define FAKE_KEY "run:airflow:r1"

/* `steps` is the rest of the runbook, from `risk:` on. */
static inline void fake_open(struct fake *f, const char *rest)
{
	struct err e = ERR_INIT;
	char path[120];
	FILE *out;

	memset(f, 0, sizeof(*f));
	help_open(&f->h);
	f->db = db_open(f->h.path, DB_WRITE, &e);
	assert_non_null(f->db);
	str_format(path, sizeof(path), "%s/fix.yaml", f->h.dir);
	out = fopen(path, "w");
	assert_non_null(out);
	fprintf(out, "runbook: fix\ntitle: Fix it\napplies: {kind: run}\n%s", rest);
	fclose(out);
	f->runbook = runbook_load(path, &e);
	if (!f->runbook)
		fail_msg("%s", e.msg);
	f->x = executor_make(f->h.loop, f->h.store, fake_far(f));
	fake_turns(f, 5);
}

static inline void fake_close(struct fake *f)
{
	executor_free(f->x);
	while (f->calls)
		fake_forget(f->calls);
	runbook_free(f->runbook);
	db_close(f->db);
	help_close(&f->h);
}

/* The worker is gone without a word, and what it had asked with it; another one takes over. */
static inline void fake_crash(struct fake *f)
{
	executor_free(f->x);
	f->x = executor_make(f->h.loop, f->h.store, fake_far(f));
}

/* Failed runs r1 to rn. */
static inline void fake_records(struct fake *f, size_t n)
{
	for (size_t i = 1; i <= n; i++) {
		char id[20];
		struct record r;

		str_format(id, sizeof(id), "r%zu", i);
		r = help_record(KIND_RUN, id, STATE_FAILED);
		r.env = "dev";
		help_put(&f->h, &r, 1);
	}
}

/* The oldest request of this kind that waits. */
static inline struct call *fake_asked(struct fake *f, const char *what)
{
	for (int i = 0; i < 20000; i++) {
		for (struct call *c = f->calls; c; c = c->next)
			if (strcmp(c->what, what) == 0)
				return c;
		fake_turn(f);
	}
	fail_msg("no %s came; sent: %s", what, f->sent);
	return NULL;
}

static inline long long fake_add(struct fake *f, json_t *args)
{
	struct help_reply r = {0};
	long long job;

	store_tell(f->h.store, "job_add", args, help_answer, &r);
	assert_true(loop_until(f->h.loop, &r.done, HELP_WAIT_MS));
	if (!r.answer)
		fail_msg("job_add: %s", r.err.msg);
	job = json_int(r.answer, "job", 0);
	json_decref(r.answer);
	executor_wake(f->x);
	return job;
}

static inline json_t *fake_keys(size_t n)
{
	json_t *keys = json_array();

	for (size_t i = 1; i <= n; i++) {
		char key[40];

		str_format(key, sizeof(key), "run:airflow:r%zu", i);
		json_array_append_new(
			keys, json_pack("{s:s, s:s}", "key", key, "title", key + 12));
	}
	return keys;
}

/* The answer to what a preview asks: a dry run says one line, a look before shows that. */
static inline void fake_dry(struct call *c, enum call_look before)
{
	json_t *lines = json_pack("{s:[s]}", "lines", "1 run would start");
	struct call_result r = {.reply = lines};

	if (c->look)
		fake_look(c, before);
	else
		fake_answer(c, r);
	json_decref(lines);
}

/* Whatever previews ask; what actions sent waits. */
static inline void fake_dry_all(struct fake *f)
{
	struct call *next;

	for (struct call *c = f->calls; c; c = next) {
		next = c->next;
		if (strstr(c->what, "preview") || strcmp(c->what, "before") == 0)
			fake_dry(c, f->before);
	}
}

/* A preview of the first n records, by that person, until it is done. */
static inline long long fake_preview(struct fake *f, size_t n, const char *who)
{
	json_t *keys = fake_keys(n), *params = json_object();
	long long job =
		fake_add(f, job_preview_args(f->runbook, params, keys, who, "test"));

	json_decref(keys);
	json_decref(params);
	while (strcmp(fake_state(f, job), "done") != 0) {
		fake_turn(f);
		fake_dry_all(f);
	}
	return job;
}

/* The action that was confirmed on that preview; nothing of it has run yet. */
static inline long long fake_action(
	struct fake *f, long long preview, size_t n, const char *who)
{
	json_t *keys = fake_keys(n), *params = json_object();
	json_t *rows = fake_rows(
		f, "SELECT result AS result_json FROM job WHERE job=$1", preview);
	const char *hash =
		json_str(json_sub(json_array_get(rows, 0), "result"), "plan_hash", "");
	long long job = fake_add(
		f, job_action_args(f->runbook, params, keys, who, "test", preview, hash));

	json_decref(rows);
	json_decref(keys);
	json_decref(params);
	return job;
}

/* Previewed and confirmed. */
static inline long long fake_start(struct fake *f, size_t n)
{
	return fake_action(f, fake_preview(f, n, "m.ito"), n, "m.ito");
}

static inline void fake_cancel_job(struct fake *f, long long job)
{
	char args[80];

	str_format(args, sizeof(args), "{\"job\": %lld, \"who\": \"kim\"}", job);
	help_do(&f->h, "job_cancel", args);
	executor_wake(f->x);
}

#endif
