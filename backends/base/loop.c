/*
 * The loop: descriptors through epoll (level-triggered) and the order of a turn. epoll knows
 * descriptors by number; every number has a slot with its watches, so that a number that was closed and came
 * back is told apart, and removing a watch late does not deafen the next owner of the number.
 */
#include "backends/base/loop.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

#include "backends/base/loop_private.h"
#include "backends/base/mem.h"

#define EVENTS_A_TURN 128

struct loop *loop_new(void)
{
	struct loop *l = xcalloc(1, sizeof(*l));

	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		die(71, "no event queue: %s", strerror(errno));
	l->deferred_end = &l->deferred;
	loop_signals_init(l);
	return l;
}

static void free_watches(struct loop *l)
{
	for (size_t i = 0; i < l->slots_cap; i++) {
		struct loop_watch *w = l->slots[i].first;

		while (w) {
			struct loop_watch *next = w->next;

			free(w);
			w = next;
		}
	}
	free(l->slots);
}

static void free_dead(struct loop *l)
{
	for (size_t i = 0; i < l->dead_len; i++)
		free(l->dead[i]);
	l->dead_len = 0;
}

void loop_free(struct loop *l)
{
	if (!l)
		return;
	BUG_ON(l->depth > 0);
	loop_free_children(l);
	loop_free_signals(l);
	loop_free_timers(l);
	free_watches(l);
	free_dead(l);
	free(l->dead);
	close(l->epoll);
	free(l);
}

void loop_bury(struct loop *l, void *p)
{
	l->dead = mem_grow(l->dead, &l->dead_cap, l->dead_len + 1, sizeof(*l->dead));
	l->dead[l->dead_len++] = p;
	if (l->depth == 0)
		free_dead(l);
}

/* ---- descriptors ---------------------------------------------------------------------------- */

static struct loop_slot *slot_of(struct loop *l, int fd)
{
	size_t before = l->slots_cap;

	BUG_ON(fd < 0);
	l->slots = mem_grow(l->slots, &l->slots_cap, (size_t)fd + 1, sizeof(*l->slots));
	if (l->slots_cap > before)
		memset(l->slots + before, 0, (l->slots_cap - before) * sizeof(*l->slots));
	return &l->slots[fd];
}

static unsigned wanted(const struct loop_slot *slot)
{
	unsigned events = 0;

	for (const struct loop_watch *w = slot->first; w; w = w->next)
		events |= w->events;
	return events;
}

static void set_always(struct loop *l, struct loop_slot *slot, bool always)
{
	if (slot->always == always)
		return;
	slot->always = always;
	l->always_count += always ? 1 : (size_t)-1;
}

static uint32_t to_epoll(unsigned events)
{
	return (events & LOOP_READ ? EPOLLIN : 0U) |
	       (events & LOOP_WRITE ? EPOLLOUT : 0U);
}

/* EPERM is a regular file or a folder. Any other failure (EBADF above all) is left to the callback,
 * which gets it from its read or write. */
static void tell_epoll(
	struct loop *l, int fd, struct loop_slot *slot, int op, unsigned events)
{
	struct epoll_event ev = {.data.fd = fd};

	ev.events = to_epoll(events);
	if (epoll_ctl(l->epoll, op, fd, &ev) == 0 ||
		(op == EPOLL_CTL_ADD && errno == EEXIST &&
			epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &ev) == 0))
		slot->in_epoll = op != EPOLL_CTL_DEL;
	else if (op == EPOLL_CTL_DEL)
		slot->in_epoll = false;
	else
		set_always(l, slot, true);
}

/* A deaf slot must leave epoll, which would report errors and hangups all the same. */
static void arm(struct loop *l, int fd, struct loop_slot *slot)
{
	unsigned events = wanted(slot);

	if (events == slot->armed)
		return;
	slot->armed = events;
	if (slot->always)
		return;
	if (events == 0)
		tell_epoll(l, fd, slot, EPOLL_CTL_DEL, 0);
	else
		tell_epoll(l, fd, slot, slot->in_epoll ? EPOLL_CTL_MOD : EPOLL_CTL_ADD,
			events);
}

/*
 * Watches left on a number that is being watched anew: still the same open file (two watches of one
 * file are fine) or left from a file that was closed meanwhile? epoll forgets closed files: it knows.
 */
static bool same_file(struct loop *l, int fd, const struct loop_slot *slot)
{
	struct epoll_event ev = {.data.fd = fd};

	if (slot->in_epoll) {
		ev.events = to_epoll(slot->armed);
		return epoll_ctl(l->epoll, EPOLL_CTL_MOD, fd, &ev) == 0;
	}
	if (!slot->always || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &ev) != 0)
		return true;
	epoll_ctl(l->epoll, EPOLL_CTL_DEL, fd, &ev);
	return false;
}

static void drop_stale(struct loop *l, int fd, struct loop_slot *slot)
{
	struct loop_watch *w = slot->first;

	if (!w || same_file(l, fd, slot))
		return;
	while (w) {
		struct loop_watch *next = w->next;

		w->stale = true;
		w->next = NULL;
		w = next;
	}
	set_always(l, slot, false);
	*slot = (struct loop_slot){0};
}

struct loop_watch *loop_watch(
	struct loop *l, int fd, unsigned events, loop_fd_fn *fn, void *arg)
{
	struct loop_slot *slot = slot_of(l, fd);
	struct loop_watch *w = xcalloc(1, sizeof(*w));

	drop_stale(l, fd, slot);
	w->fd = fd;
	w->events = events;
	w->fn = fn;
	w->arg = arg;
	w->born = l->turn;
	w->next = slot->first;
	slot->first = w;
	arm(l, fd, slot);
	return w;
}

void loop_watch_events(struct loop *l, struct loop_watch *w, unsigned events)
{
	if (w->events == events)
		return;
	w->events = events;
	if (!w->stale && !w->dead)
		arm(l, w->fd, &l->slots[w->fd]);
}

void loop_unwatch(struct loop *l, struct loop_watch *w)
{
	struct loop_slot *slot;

	if (!w || w->dead)
		return;
	w->dead = true;
	if (!w->stale) {
		slot = &l->slots[w->fd];
		for (struct loop_watch **p = &slot->first; *p; p = &(*p)->next) {
			if (*p == w) {
				*p = w->next;
				break;
			}
		}
		arm(l, w->fd, slot);
		if (!slot->first)
			set_always(l, slot, false);
	}
	loop_bury(l, w);
}

/* Calls the watches of fd that were there when the event came. Slots may move meanwhile. */
static void dispatch(struct loop *l, int fd, unsigned ready, unsigned long turn)
{
	struct loop_watch *w = (size_t)fd < l->slots_cap ? l->slots[fd].first : NULL;

	while (w) {
		unsigned events = ready & (w->events | LOOP_ERROR);

		/* Whoever reads or writes gets the error or the end from the call itself. */
		if (ready & LOOP_ERROR)
			events |= w->events;
		if (!w->dead && !w->stale && w->events && w->born != turn && events)
			w->fn(l, fd, events, w->arg);
		w = w->next;
	}
}

static void dispatch_always(struct loop *l, unsigned long turn)
{
	for (size_t fd = 0; l->always_count > 0 && fd < l->slots_cap; fd++) {
		if (l->slots[fd].always)
			dispatch(l, (int)fd, LOOP_READ | LOOP_WRITE, turn);
	}
}

static void dispatch_all(
	struct loop *l, const struct epoll_event *got, int n, unsigned long turn)
{
	for (int i = 0; i < n; i++) {
		unsigned ready =
			(got[i].events & EPOLLIN ? LOOP_READ : 0U) |
			(got[i].events & EPOLLOUT ? LOOP_WRITE : 0U) |
			(got[i].events & (EPOLLERR | EPOLLHUP) ? LOOP_ERROR : 0U);

		if (got[i].data.fd == l->signal_fd)
			l->signals_ready = true;
		else
			dispatch(l, got[i].data.fd, ready, turn);
	}
	dispatch_always(l, turn);
}

/* ---- turns ---------------------------------------------------------------------------------- */

void loop_before_sleep(struct loop *l, void (*fn)(struct loop *l, void *arg), void *arg)
{
	l->before_sleep = fn;
	l->before_sleep_arg = arg;
}

static bool any_always_ready(const struct loop *l)
{
	for (size_t fd = 0; l->always_count > 0 && fd < l->slots_cap; fd++) {
		if (l->slots[fd].always && l->slots[fd].armed)
			return true;
	}
	return false;
}

static void sleep_and_dispatch(struct loop *l, int timeout_ms)
{
	struct epoll_event got[EVENTS_A_TURN];
	int wait = loop_timer_wait(l, timeout_ms);
	unsigned long turn;
	int n;

	if (l->stopped || l->deferred || any_always_ready(l) || (l->until && *l->until))
		wait = 0;
	n = epoll_wait(l->epoll, got, EVENTS_A_TURN, wait);
	turn = ++l->turn;
	dispatch_all(l, got, n, turn);
}

bool loop_turn(struct loop *l, int timeout_ms)
{
	if (l->stopped)
		return false;
	l->depth++;
	loop_run_deferred(l);
	if (l->before_sleep)
		l->before_sleep(l, l->before_sleep_arg);
	sleep_and_dispatch(l, timeout_ms);
	loop_run_timers(l);
	if (l->signals_ready)
		loop_run_signals(l);
	if (--l->depth == 0)
		free_dead(l);
	return !l->stopped;
}

void loop_stop(struct loop *l)
{
	l->stopped = true;
}

void loop_run(struct loop *l)
{
	while (loop_turn(l, -1))
		continue;
	l->stopped = false;
}

/* The deadline is a real one, also under a test clock. */
static int64_t real_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * 1000 + ts.tv_nsec / 1000000;
}

bool loop_until(struct loop *l, const bool *done, int timeout_ms)
{
	int64_t end = real_ms() + timeout_ms;
	const bool *outer = l->until;

	l->until = done;
	while (!*done) {
		int64_t left = end - real_ms();

		if (left <= 0 || !loop_turn(l, (int)left))
			break;
	}
	l->until = outer;
	return *done;
}
