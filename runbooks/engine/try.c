/* `watchdesk connector check|try` and `worker --stop`. */
#include "runbooks/engine/try.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <unistd.h>

#include "backends/base/mem.h"
#include "backends/base/secret.h"
#include "backends/store/store.h"
#include "runbooks/engine/job.h"
#include "runbooks/engine/worker.h"

#define EXIT_CONFIG 78
#define STOP_WITHIN_MS 10000

int connector_check_files(char *const *paths, int n)
{
	int status = 0;

	for (int i = 0; i < n; i++) {
		struct err e = ERR_INIT;
		struct connector *c = connector_load(paths[i], &e);

		if (c) {
			size_t lists = connector_collections(c);
			printf("%s: ok, %zu collection%s\n", paths[i], lists,
				lists == 1 ? "" : "s");
			for (size_t at = 0; connector_warning(c, &at, &e);)
				fprintf(stderr, "%s\n", e.msg);
			connector_free(c);
			continue;
		}
		fprintf(stderr, "%s\n", e.msg);
		status = EXIT_CONFIG;
	}
	return status;
}

struct attempt {
	const struct try_options *o;
	struct collect *collect;
	const char *collection;
	size_t rows, unknown, refused, spoiled;
	bool done, failed;
	json_t *all;
};

static void print_record(struct attempt *a, const struct record *r)
{
	json_t *row = record_json(r);

	if (a->o->json) {
		json_array_append_new(a->all, row);
		return;
	}
	printf("%-8s %-12s %-4s %-40s %s\n", kind_name(r->kind), state_name(r->state),
		severity_short(r->severity), r->title, r->id);
	json_decref(row);
}

static void on_batch(void *arg, const struct collect_batch *b)
{
	struct attempt *a = arg;

	for (size_t i = 0; i < b->n; i++)
		print_record(a, &b->records[i]);
	if (b->unknown_states && !a->unknown)
		fprintf(stderr, "%s: unknown state: %s\n", a->collection, b->unknown);
	if (b->spoiled && !a->spoiled)
		fprintf(stderr, "%s: left out: %s\n", a->collection, b->spoiled_why);
	a->unknown += b->unknown_states;
	a->refused += b->refused;
	a->spoiled += b->spoiled;
	if (b->refused && b->reason)
		fprintf(stderr, "%s: %zu items refused: %s\n", a->collection, b->refused,
			b->reason);
}

static void on_done(void *arg, const struct collect_result *r)
{
	struct attempt *a = arg;

	a->collect = NULL;
	a->done = true;
	if (r->err.code != ERR_NONE) {
		a->failed = true;
		fprintf(stderr, "%s: %s\n", a->collection, r->err.msg);
	}
	/* What the author of a connector came to see: a part that does not arrive. */
	a->failed = a->failed || a->refused > 0;
	if (r->partial[0])
		fprintf(stderr, "%s: not all was read: %s\n", a->collection, r->partial);
	fprintf(stderr,
		"%s: %zu rows, %zu pages, %lld ms, %zu unknown states, %zu refused, %zu "
		"left out, %zu repaired\n",
		a->collection, r->rows, r->pages, (long long)r->took_ms, a->unknown,
		a->refused, a->spoiled, r->repaired);
}

static bool try_one(struct attempt *a, struct source *s, size_t index, struct loop *l)
{
	struct collect_fns fns = {.batch = on_batch, .done = on_done, .arg = a};

	a->collection = connector_collection(source_connector(s), index);
	if (a->o->collection && strcmp(a->o->collection, a->collection) != 0)
		return false;
	a->done = false;
	a->unknown = a->refused = a->spoiled = 0;
	a->collect = source_collect(s, index, NULL, NULL, &fns);
	if (!loop_until(l, &a->done, 120000)) {
		collect_cancel(a->collect);
		fprintf(stderr, "%s: no end within 120 s\n", a->collection);
		a->failed = true;
	}
	return true;
}

static int try_all(const struct try_options *o, struct source *s, struct loop *l)
{
	struct attempt a = {.o = o, .all = json_array()};
	size_t tried = 0;

	for (size_t i = 0; i < connector_collections(source_connector(s)); i++)
		tried += try_one(&a, s, i, l);
	if (o->json) {
		char *text = json_pretty(a.all);

		puts(text);
		free(text);
	}
	json_decref(a.all);
	if (tried == 0) {
		fprintf(stderr, "no collection \"%s\"\n", o->collection);
		return 2;
	}
	return a.failed ? 1 : 0;
}

static int try_source(const struct try_options *o, struct config *c, struct err *e)
{
	const struct config_source *cfg = config_source(c, o->source);
	struct reach reach = {.config = c};
	struct source *s;
	int status = EXIT_CONFIG;

	if (!cfg) {
		err_set(e, ERR_CONFIG, "%s names no source \"%s\"", c->path, o->source);
		return EXIT_CONFIG;
	}
	secret_harden();
	reach.loop = loop_new();
	reach.http = http_new(reach.loop, e);
	reach.pg = pg_new(reach.loop);
	reach.ssh = ssh_new(reach.loop);
	s = reach.http ? source_open(&reach, cfg, NULL, e) : NULL;
	if (s) {
		status = try_all(o, s, reach.loop);
		source_free(s);
	}
	ssh_free(reach.ssh);
	pg_free(reach.pg);
	if (reach.http)
		http_free(reach.http);
	secret_forget(reach.loop);
	loop_free(reach.loop);
	return status;
}

int connector_try(const struct try_options *o)
{
	struct config c;
	struct err e = ERR_INIT;
	int status = EXIT_CONFIG;

	if (config_load(&c, o->config_path, &e)) {
		status = try_source(o, &c, &e);
		config_release(&c);
	}
	if (e.code != ERR_NONE)
		fprintf(stderr, "%s\n", e.msg);
	return status;
}

static char *stop_path(const char *store_path, const char *config_path, struct err *e)
{
	struct config c;
	char *path;

	if (store_path)
		return xstrdup(store_path);
	if (!config_load(&c, config_path, e))
		return NULL;
	path = c.store_path ? xstrdup(c.store_path) : store_default_path(e);
	config_release(&c);
	return path;
}

/* The lock is dropped a little before the process is gone; only the process itself says when it is. */
static bool end_of(int pidfd, int within_ms)
{
	struct pollfd gone = {.fd = pidfd, .events = POLLIN};
	int64_t until = clock_mono_ms() + within_ms, left;

	while ((left = until - clock_mono_ms()) > 0)
		if (poll(&gone, 1, (int)left) > 0)
			return true;
	return false;
}

/* SIGTERM to the worker of the store, and its end. Asked for its pid again with the descriptor in hand: a number that
 * another process has by now is never signalled. */
static bool stop_pid(const char *store_path, long pid)
{
	int pidfd = pidfd_open((pid_t)pid, 0);
	bool ended;

	if (pidfd < 0)
		return errno == ESRCH;
	ended = worker_pid(store_path) != pid ||
		pidfd_send_signal(pidfd, SIGTERM, NULL, 0) != 0 ||
		end_of(pidfd, STOP_WITHIN_MS);
	close(pidfd);
	return ended;
}

int worker_stop(const char *store_path, const char *config_path)
{
	struct err e = ERR_INIT;
	char *path = stop_path(store_path, config_path, &e);
	long pid;
	bool ended;

	if (!path) {
		fprintf(stderr, "%s\n", e.msg);
		return EXIT_CONFIG;
	}
	pid = worker_pid(path);
	ended = pid <= 0 || stop_pid(path, pid);
	if (!ended)
		fprintf(stderr, "the worker %ld does not end\n", pid);
	free(path);
	return ended ? 0 : 1;
}
