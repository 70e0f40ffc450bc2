/* The worker's life as the console sees it. */
#include "tui/keep.h"

#include "runbooks/engine/job.h"
#include "tui/app.h"
#include <stdlib.h>
#include <sys/pidfd.h>
#include <unistd.h>

enum {
	FIRST_MS = 30,
	LOOK_MS = 250,
	LOOKS_MAX = 16,
	STEADY_MS = 10000, /* one that lived so long had started well */
	AGAIN_MS = 1000,
	AGAIN_MAX_MS = 60000,
};

struct keep {
	struct app *app;
	const char *store_path, *config_path;
	struct loop_timer *timer;
	struct loop_watch *watch;
	int pidfd, looks;
	int64_t started_ms, delay_ms;
};

static void start(struct loop *l, void *arg);

/* held: it had got as far as to hold the store. */
static void again(struct keep *k, bool held)
{
	bool steady = held && clock_mono_ms() - k->started_ms >= STEADY_MS;
	if (steady || !k->delay_ms)
		k->delay_ms = AGAIN_MS;
	else if (k->delay_ms < AGAIN_MAX_MS)
		k->delay_ms *= 2;
	if (k->delay_ms == AGAIN_MS)
		app_say(k->app, ROLE_WARN, "%s",
			held ? "The worker ended; it is started again."
			     : "The worker did not start; trying again.");
	else
		app_say(k->app, ROLE_BAD,
			"The worker does not stay, so nothing new is collected: "
			"`watchdesk doctor` says why. Next try in %lld s.",
			(long long)k->delay_ms / 1000);
	k->timer = loop_timer(app_loop(k->app), k->delay_ms, start, k);
}

static void unwatch(struct keep *k)
{
	loop_unwatch(app_loop(k->app), k->watch);
	k->watch = NULL;
	if (k->pidfd >= 0)
		close(k->pidfd);
	k->pidfd = -1;
}

static void on_end(struct loop *l, int fd, unsigned events, void *arg)
{
	struct keep *k = arg;
	(void)l;
	(void)fd;
	(void)events;
	unwatch(k);
	again(k, true);
}

/* It holds the store a moment after its start; which process that is, only the lock file says. */
static void look(struct loop *l, void *arg)
{
	struct keep *k = arg;
	long pid = worker_pid(k->store_path);
	k->timer = NULL;
	k->pidfd = pid > 0 ? pidfd_open((pid_t)pid, 0) : -1;
	if (k->pidfd >= 0) {
		k->watch = loop_watch(l, k->pidfd, LOOP_READ, on_end, k);
		if (k->delay_ms)
			app_say(k->app, ROLE_TEXT, "The worker runs again.");
	} else if (++k->looks < LOOKS_MAX) {
		k->timer = loop_timer(l, LOOK_MS, look, k);
	} else {
		again(k, false);
	}
}

static void start(struct loop *l, void *arg)
{
	struct keep *k = arg;
	struct err e = ERR_INIT;
	k->timer = NULL;
	k->looks = 0;
	k->started_ms = clock_mono_ms();
	/* A program that is missing does not come by waiting. */
	if (worker_start(k->store_path, k->config_path, &e))
		k->timer = loop_timer(l, LOOK_MS, look, k);
	else
		app_say_err(k->app, &e);
}

struct keep *keep_new(struct app *a, const char *store_path, const char *config_path)
{
	struct keep *k = xcalloc(1, sizeof(*k));
	k->app = a;
	k->store_path = store_path;
	k->config_path = config_path;
	k->pidfd = -1;
	k->timer = loop_timer(app_loop(a), FIRST_MS, start, k);
	return k;
}

void keep_free(struct keep *k)
{
	if (!k)
		return;
	loop_timer_cancel(app_loop(k->app), k->timer);
	unwatch(k);
	free(k);
}
