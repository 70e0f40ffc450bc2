/* The worker process: lock, set-up, signals, idleness. What it does: schedule.c (collects), executor.c (acts), tidy.c (forgets). */
#include "runbooks/engine/worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/secret.h"
#include "backends/store/pulse.h"
#include "backends/triage/attention.h"
#include "runbooks/engine/far.h"
#include "runbooks/engine/job.h"
#include "runbooks/engine/session.h"

#define EXIT_LOCKED 75
#define IDLE_CHECK_MS 5000
#define TRIAGE_EVERY_MS 30000

/* The lock is held by the descriptor for the life of the process: the kernel drops it however we end. */
static bool take_lock(struct worker *w, struct err *e)
{
	char *path = xasprintf("%s.worker", w->store_path);
	char text[32];

	w->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (w->lock_fd < 0)
		err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	else if (file_narrow_fd(w->lock_fd, path, e) &&
		 flock(w->lock_fd, LOCK_EX | LOCK_NB) != 0)
		err_set(e, ERR_CONFLICT, "another worker serves %s (pid %ld)",
			w->store_path, worker_pid(w->store_path));
	else
		str_format(text, sizeof(text), "%ld\n", (long)getpid());
	free(path);
	if (e->code != ERR_NONE)
		return false;
	if (ftruncate(w->lock_fd, 0) != 0 ||
		pwrite(w->lock_fd, text, strlen(text), 0) != (ssize_t)strlen(text))
		return err_set(
			e, ERR_IO, "the lock file of the worker: %s", strerror(errno));
	return true;
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	struct worker *w = arg;

	log_at(LOG_INFO, "worker", "signal %d: leaving", signo);
	w->stopping = true;
	/* What runs is resumed by verification at the next start; waiting for a far side could take for ever. */
	loop_stop(l);
}

static void on_change(void *arg)
{
	struct worker *w = arg;

	executor_wake(w->executor);
	/* What a person claimed, snoozed or noted is ranked anew at once. */
	store_retriage(w->store, NULL, NULL);
}

static void on_idle_check(struct loop *l, void *arg)
{
	struct worker *w = arg;

	if (executor_busy(w->executor) || console_held(w->store_path))
		w->last_use_ms = clock_mono_ms();
	if (w->config.idle_exit_ms > 0 &&
		clock_mono_ms() - w->last_use_ms > w->config.idle_exit_ms) {
		log_at(LOG_INFO, "worker",
			"nothing ran and no console for %lld s: leaving",
			(long long)w->config.idle_exit_ms / 1000);
		loop_stop(l);
		return;
	}
	reload_tidy(w->reload);
	loop_timer(l, IDLE_CHECK_MS, on_idle_check, w);
}

static void on_triage(struct loop *l, void *arg)
{
	struct worker *w = arg;

	store_retriage(w->store, NULL, NULL);
	loop_timer(l, TRIAGE_EVERY_MS, on_triage, w);
}

static bool open_log(struct worker *w, const struct worker_options *o, struct err *e)
{
	char *path;
	bool ok;

	if (o->foreground) {
		log_stderr(LOG_INFO);
		return true;
	}
	if (w->config.worker_log)
		path = xstrdup(w->config.worker_log);
	else
		path = xasprintf("%s.log", w->store_path);
	ok = log_open(path, LOG_INFO, e);
	free(path);
	return ok;
}

static bool set_up(struct worker *w, const struct worker_options *o, struct err *e)
{
	if (!config_load(&w->config, o->config_path, e))
		return false;
	if (o->store_path || w->config.store_path)
		w->store_path =
			xstrdup(o->store_path ? o->store_path : w->config.store_path);
	else
		w->store_path = store_default_path(e);
	if (!w->store_path || !take_lock(w, e) || !open_log(w, o, e))
		return false;
	w->foreground = o->foreground;
	if (o->foreground)
		w->config.idle_exit_ms = 0;
	w->loop = loop_new();
	w->store = store_open(w->loop, w->store_path, STORE_WORKER, e);
	if (!w->store)
		return false;
	w->pulse = pulse_beat_new(w->store, w->store_path);
	w->triage = triage_hook_new(
		(json_t *)(uintptr_t)w->config.attention, &w->config.environments, e);
	if (!w->triage)
		return false;
	store_set_triage(w->store, triage_hook(w->triage));
	w->runbooks = runbooks_load(&w->config, e);
	w->reach = (struct reach){
		.loop = w->loop,
		.http = http_new(w->loop, e),
		.pg = pg_new(w->loop),
		.ssh = ssh_new(w->loop),
		.config = &w->config,
	};
	if (!w->runbooks || !w->reach.http)
		return false;
	w->schedule = schedule_new(w);
	w->executor = executor_new(w);
	w->tidy = tidy_new(w);
	w->reload = reload_new(w, o->config_path);
	w->door = session_open_door(w);
	return true;
}

static void tear_down(struct worker *w)
{
	session_close_door(w->door);
	executor_free(w->executor);
	far_free(w);
	tidy_free(w->tidy);
	schedule_free(w->schedule);
	/* Jobs and sources stand on the versions that it keeps. */
	reload_free(w->reload);
	if (w->reach.ssh)
		ssh_free(w->reach.ssh);
	if (w->reach.pg)
		pg_free(w->reach.pg);
	if (w->reach.http)
		http_free(w->reach.http);
	runbooks_free(w->runbooks);
	pulse_beat_free(w->pulse);
	if (w->store)
		store_close(w->store);
	triage_hook_free(w->triage);
	secret_forget(w->loop);
	if (w->loop)
		loop_free(w->loop);
	config_release(&w->config);
	free(w->store_path);
	if (w->lock_fd >= 0)
		close(w->lock_fd);
	log_close();
}

static void run(struct worker *w)
{
	static const int signals[] = {SIGTERM, SIGINT, SIGHUP};

	for (size_t i = 0; i < LENGTH(signals); i++)
		loop_signal(w->loop, signals[i], on_signal, w);
	store_on_change(w->store, on_change, w);
	w->last_use_ms = clock_mono_ms();
	loop_timer(w->loop, IDLE_CHECK_MS, on_idle_check, w);
	loop_timer(w->loop, TRIAGE_EVERY_MS, on_triage, w);
	log_at(LOG_INFO, "worker", "serving %s, %zu sources", w->store_path,
		w->config.n_sources);
	loop_run(w->loop);
}

int worker_main(const struct worker_options *o)
{
	struct worker w = {.lock_fd = -1};
	struct err e = ERR_INIT;
	int status = 0;

	umask(077);
	secret_harden();
	if (set_up(&w, o, &e)) {
		run(&w);
	} else {
		log_at(LOG_ERROR, "worker", "%s", e.msg);
		dprintf(STDERR_FILENO, "watchdesk-worker: %s\n", e.msg);
		status = e.code == ERR_CONFLICT ? EXIT_LOCKED
			 : e.code == ERR_CONFIG ? 78
						: 1;
	}
	tear_down(&w);
	return status;
}
