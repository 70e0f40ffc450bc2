#ifndef BASE_LOOP_H
#define BASE_LOOP_H

#include "backends/base/clock.h"
#include "backends/base/err.h"
#include <sys/types.h>

/*
 * The event loop: file descriptors, timers, signals, child processes, deferred calls. One per
 * process, single-threaded. A callback may add or remove anything, itself included: a removed
 * watcher is never called again, even when its event was already pending in this turn.
 *
 * One turn: deferred calls -> before-sleep hook (the console paints here) -> ppoll/epoll until the
 * next timer -> fd callbacks -> timers -> signals and children. Children are reaped by the loop.
 */
struct loop;
struct loop_watch;
struct loop_timer;
struct loop_child;

enum loop_events {
	LOOP_READ = 1 << 0,
	LOOP_WRITE = 1 << 1,
	LOOP_ERROR = 1 << 2 /* also given with HUP */
};

struct loop *loop_new(void);
/* Watchers and timers left are freed without a call; children are not killed. */
void loop_free(struct loop *l);

/* Until loop_stop. */
void loop_run(struct loop *l);
void loop_stop(struct loop *l);
/* One turn, sleeping at most timeout_ms (-1: until something happens). False when loop_stop was called. */
bool loop_turn(struct loop *l, int timeout_ms);
/* Test helper and synchronous front ends: turns until *done or the deadline. True when *done. */
bool loop_until(struct loop *l, const bool *done, int timeout_ms);

typedef void loop_fd_fn(struct loop *l, int fd, unsigned events, void *arg);
struct loop_watch *loop_watch(
	struct loop *l, int fd, unsigned events, loop_fd_fn *fn, void *arg);
/* 0: keep, but deaf. */
void loop_watch_events(struct loop *l, struct loop_watch *w, unsigned events);
/* NULL is fine. Does not close fd. */
void loop_unwatch(struct loop *l, struct loop_watch *w);

/* One-shot timers, by the monotonic clock. Re-arm from the callback if wanted. The handle dies when it
 * fires or is cancelled. With a test clock (clock_set_test) timers fire when clock_advance_test has
 * passed them. */
typedef void loop_timer_fn(struct loop *l, void *arg);
struct loop_timer *loop_timer(
	struct loop *l, int64_t after_ms, loop_timer_fn *fn, void *arg);
void loop_timer_cancel(struct loop *l, struct loop_timer *t); /* NULL is fine */

/* Calls fn at the start of the next turn (never at once): answers without surprises of re-entrance.
 * loop_timer_cancel cancels it. */
struct loop_timer *loop_defer(struct loop *l, loop_timer_fn *fn, void *arg);

/* fn NULL: the default again. */
typedef void loop_signal_fn(struct loop *l, int signo, void *arg);
void loop_signal(struct loop *l, int signo, loop_signal_fn *fn, void *arg);

void loop_before_sleep(struct loop *l, void (*fn)(struct loop *l, void *arg), void *arg);

/*
 * Child processes: argv only, never a shell. stdin gets in[in_len] (copied) and is closed; stdout and stderr come
 * through on_output in pieces; on_exit once, after both streams ended. The child has a new process
 * group, default signals, no descriptor but 0-2, and the given environment (NULL: a minimal one of
 * PATH, HOME, USER, LANG, LC_ALL, TZ, SSH_AUTH_SOCK). At deadline_ms (0: none) the group gets
 * SIGTERM and 2 s later SIGKILL.
 */
struct loop_child_spec {
	const char *const *argv; /* argv[0] is looked up in PATH when it has no slash */
	const char *const *env;  /* "K=V", ..., NULL; or NULL */
	const char *in;
	size_t in_len;
	int64_t deadline_ms;
	bool keep_stdin; /* leave stdin open: more by loop_child_write */
	void (*on_output)(
		void *arg, int stream /* 1 or 2 */, const char *bytes, size_t len);
	void (*on_exit)(void *arg, int status /* wait status */, bool timed_out);
	void *arg;
};
struct loop_child *loop_spawn(
	struct loop *l, const struct loop_child_spec *spec, struct err *e) MUST_USE;
/* Queued. False when stdin is closed. */
bool loop_child_write(struct loop_child *c, const char *bytes, size_t len);
void loop_child_close_stdin(struct loop_child *c);
void loop_child_kill(struct loop_child *c, int signo);
/* Forget it: kills the group, no more callbacks. NULL is fine. */
void loop_child_abandon(struct loop_child *c);
pid_t loop_child_pid(const struct loop_child *c);

#endif
