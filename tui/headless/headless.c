/* What all headless commands share: opening, and store requests that are waited for. */
#include "tui/headless/headless.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/mem.h"
#include "runbooks/engine/job.h"
#include "runbooks/engine/session.h"

#define ANSWER_WITHIN_MS 30000
#define STORE_WITHIN_MS 5000

int headless_fail(const struct err *e)
{
	static const struct {
		enum err_code code;
		int status;
	} statuses[] = {
		{ERR_USAGE, EXIT_WRONG_CALL},
		{ERR_CONFIG, EXIT_BAD_CONFIG},
		{ERR_UNKNOWN, EXIT_UNKNOWN},
		{ERR_DENIED, EXIT_REFUSED},
		{ERR_CONFLICT, EXIT_REFUSED},
		{ERR_NOTFOUND, EXIT_NOT_FOUND},
	};

	fprintf(stderr, "watchdesk: %s\n", e->msg);
	for (size_t i = 0; i < LENGTH(statuses); i++)
		if (statuses[i].code == e->code)
			return statuses[i].status;
	return EXIT_FAILED;
}

/* The names under which the store gives times. A number that is too small for one is something else by that name. */
#define TIME_LEAST ((json_int_t)100000000000000)

static bool is_time(const char *key, const json_t *v)
{
	static const char *const names[] = {"at", "since", "started", "ended", "updated",
		"due", "seen", "snoozed_until", "created", "taken", "until", "last_good",
		"last_try", "as_of"};

	json_int_t t = json_integer_value(v);

	if (!json_is_integer(v) || (t != 0 && t < TIME_LEAST))
		return false;
	for (size_t i = 0; i < LENGTH(names); i++)
		if (strcmp(names[i], key) == 0)
			return true;
	return false;
}

/* As deep as the reader of JSON lets it be. */
void times_to_iso(json_t *v)
{
	const char *key;
	json_t *sub;
	char text[40];
	size_t i;

	json_object_foreach (v, key, sub) {
		if (!is_time(key, sub)) {
			times_to_iso(sub);
			continue;
		}
		usec_t t = json_integer_value(sub);

		clock_format(text, sizeof(text), t, t % USEC_PER_SEC != 0);
		json_object_set_new(v, key, t ? json_string(text) : json_null());
	}
	json_array_foreach (v, i, sub)
		times_to_iso(sub);
}

void print_json(json_t *v)
{
	times_to_iso(v);
	char *text = json_pretty(v);

	puts(text);
	free(text);
}

static bool open_store(struct headless *h, bool with_worker, struct err *e)
{
	int64_t until = clock_mono_ms() + STORE_WITHIN_MS;

	h->loop = loop_new();
	if (with_worker && !h->args->no_worker &&
		!worker_start(h->store_path, h->config.path, e))
		return false;
	if (with_worker)
		session_offer(h->store_path, &h->config);
	for (;;) {
		h->store = store_open(h->loop, h->store_path, STORE_CONSOLE, e);
		/* A worker that was just started makes the store; nobody else will. */
		if (h->store || !with_worker ||
			(e->code != ERR_NOTFOUND && e->code != ERR_CONFLICT &&
				e->code != ERR_TIMEOUT) ||
			clock_mono_ms() >= until)
			return h->store != NULL;
		e->code = ERR_NONE;
		loop_turn(h->loop, 20);
	}
}

bool headless_open(
	struct headless *h, const struct arguments *a, bool with_worker, int *status)
{
	struct err e = ERR_INIT;

	memset(h, 0, sizeof(*h));
	h->args = a;
	if (!config_load(&h->config, a->config_path, &e)) {
		*status = headless_fail(&e);
		return false;
	}
	if (a->store_path || h->config.store_path)
		h->store_path =
			xstrdup(a->store_path ? a->store_path : h->config.store_path);
	else
		h->store_path = store_default_path(&e);
	if (h->store_path && open_store(h, with_worker, &e))
		return true;
	*status = headless_fail(&e);
	if (e.code == ERR_NOTFOUND || e.code == ERR_IO)
		*status = EXIT_NO_STORE;
	headless_close(h);
	return false;
}

void headless_close(struct headless *h)
{
	if (h->store)
		store_close(h->store);
	if (h->loop)
		loop_free(h->loop);
	free(h->store_path);
	config_release(&h->config);
}

struct answer {
	bool done;
	json_t *value;
	struct err err;
};

static void on_answer(void *arg, json_t *value, const struct err *e)
{
	struct answer *a = arg;

	a->done = true;
	if (value)
		a->value = json_incref(value);
	else
		a->err = *e;
}

static json_t *wait_answer(
	struct headless *h, struct answer *a, struct store_req *r, struct err *e)
{
	if (!loop_until(h->loop, &a->done, ANSWER_WITHIN_MS)) {
		store_cancel(h->store, r);
		err_set(e, ERR_TIMEOUT, "the store did not answer within %d s",
			ANSWER_WITHIN_MS / 1000);
		return NULL;
	}
	if (!a->value && e)
		*e = a->err;
	return a->value;
}

json_t *headless_ask(
	struct headless *h, const char *question, json_t *args, struct err *e)
{
	struct answer a = {.err = ERR_INIT};

	return wait_answer(h, &a, store_ask(h->store, question, args, on_answer, &a), e);
}

json_t *headless_tell(struct headless *h, const char *change, json_t *args, struct err *e)
{
	struct answer a = {.err = ERR_INIT};

	return wait_answer(h, &a, store_tell(h->store, change, args, on_answer, &a), e);
}

static void on_change(void *arg)
{
	*(bool *)arg = true;
}

void headless_wait(struct headless *h, int timeout_ms)
{
	bool changed = false;

	store_on_change(h->store, on_change, &changed);
	(void)loop_until(h->loop, &changed, timeout_ms);
	store_on_change(h->store, NULL, NULL);
}

static bool worker_lost(struct headless *h, int64_t started, struct err *e)
{
	if (clock_mono_ms() - started < STORE_WITHIN_MS || worker_pid(h->store_path) != 0)
		return false;
	err_set(e, ERR_IO,
		"no worker runs (see %s.log): what was asked stays in the store and "
		"starts with the next "
		"worker",
		h->store_path);
	return true;
}

json_t *headless_job(struct headless *h, json_t *args,
	void (*changed)(struct headless *h, long long job, void *arg), void *arg,
	struct err *e)
{
	json_t *added = headless_tell(h, "job_add", args, e), *job;
	long long id = json_int(added, "job", 0);
	int64_t started = clock_mono_ms();

	if (!added)
		return NULL;
	json_decref(added);
	for (;;) {
		job = headless_ask(
			h, "job", json_pack("{s:I}", "job", (json_int_t)id), e);
		if (!job)
			return NULL;
		if (changed)
			changed(h, id, arg);
		if (job_ended(json_str(job, "state", "")))
			return job;
		if (worker_lost(h, started, e)) {
			json_decref(job);
			return NULL;
		}
		json_decref(job);
		headless_wait(h, 1000);
	}
}
