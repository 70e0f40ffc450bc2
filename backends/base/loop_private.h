#ifndef BASE_LOOP_PRIVATE_H
#define BASE_LOOP_PRIVATE_H

#include <signal.h>

#include "backends/base/loop.h"

/*
 * The inside of the loop, for loop*.c only.
 *
 * Nothing is freed while a turn runs: what is removed goes to the list of the dead and is freed when
 * the outermost turn ends, so that an iteration may stand on it.
 */
struct loop_watch {
	struct loop_watch *next; /* of the same fd; stays valid in a dead watch */
	int fd;
	unsigned events;
	unsigned long born; /* the turn it was made in: older events are not its own */
	bool dead;
	bool stale; /* its fd was closed and the number came back as another file */
	loop_fd_fn *fn;
	void *arg;
};

/* All watches of one descriptor; slots are indexed by the number of the fd. */
struct loop_slot {
	struct loop_watch *first;
	unsigned armed; /* what epoll was told */
	bool in_epoll;
	bool always; /* epoll does not take it (a regular file): always ready */
};

enum timer_state { TIMER_HEAP, TIMER_DEFERRED, TIMER_DONE };

struct loop_timer {
	int64_t due_us;
	unsigned long long seq; /* equal times fire in the order they were made */
	size_t place;           /* in the heap */
	enum timer_state state;
	struct loop_timer *next; /* of the deferred */
	loop_timer_fn *fn;
	void *arg;
};

struct loop_signal_entry {
	loop_signal_fn *fn;
	void *arg;
};

struct loop {
	int epoll;
	struct loop_slot *slots;
	size_t slots_cap;
	size_t always_count;
	unsigned long turn;
	unsigned depth; /* turns inside of turns */
	bool stopped;
	/* Of loop_until: set by a deferred call, it ends the turn without sleep. */
	const bool *until;

	struct loop_timer **heap;
	size_t heap_len;
	size_t heap_cap;
	unsigned long long seq;
	struct loop_timer *deferred;
	struct loop_timer **deferred_end;

	int signal_fd;
	bool signals_ready;
	sigset_t mask;      /* what signal_fd takes */
	sigset_t inherited; /* the mask of the process before us */
	struct loop_signal_entry signals[_NSIG];

	struct loop_child *children;

	void (*before_sleep)(struct loop *l, void *arg);
	void *before_sleep_arg;

	void **dead;
	size_t dead_len;
	size_t dead_cap;
};

/* Frees p at the end of the turn, at once outside of one. */
void loop_bury(struct loop *l, void *p);

void loop_run_deferred(struct loop *l);
void loop_run_timers(struct loop *l);
/* Milliseconds until the next timer, rounded up, at most `most` (-1: no limit). */
int loop_timer_wait(const struct loop *l, int most);
void loop_free_timers(struct loop *l);

void loop_signals_init(struct loop *l);
void loop_run_signals(struct loop *l);
void loop_free_signals(struct loop *l);

/* Asks after every child that has not been seen to end. */
void loop_reap(struct loop *l);
void loop_free_children(struct loop *l);

#endif
