/* Timers in a binary heap, ordered by time and then age; deferred calls in a list. */
#include "backends/base/loop.h"

#include <limits.h>
#include <stdlib.h>

#include "backends/base/loop_private.h"
#include "backends/base/mem.h"

/* Far enough to be never, small enough to be added to the clock. */
#define AFTER_MOST_MS ((int64_t)1 << 40)

static bool before(const struct loop_timer *a, const struct loop_timer *b)
{
	return a->due_us != b->due_us ? a->due_us < b->due_us : a->seq < b->seq;
}

static void put(struct loop *l, size_t place, struct loop_timer *t)
{
	l->heap[place] = t;
	t->place = place;
}

static void sift_up(struct loop *l, struct loop_timer *t)
{
	size_t i = t->place;

	while (i > 0 && before(t, l->heap[(i - 1) / 2])) {
		put(l, i, l->heap[(i - 1) / 2]);
		i = (i - 1) / 2;
	}
	put(l, i, t);
}

static void sift_down(struct loop *l, struct loop_timer *t)
{
	size_t i = t->place;

	for (;;) {
		size_t child = 2 * i + 1;

		if (child + 1 < l->heap_len && before(l->heap[child + 1], l->heap[child]))
			child++;
		if (child >= l->heap_len || !before(l->heap[child], t))
			break;
		put(l, i, l->heap[child]);
		i = child;
	}
	put(l, i, t);
}

static void take_out(struct loop *l, struct loop_timer *t)
{
	struct loop_timer *last = l->heap[--l->heap_len];

	t->state = TIMER_DONE;
	if (last == t)
		return;
	put(l, t->place, last);
	sift_up(l, last);
	sift_down(l, last);
}

static struct loop_timer *make(struct loop *l, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *t = xcalloc(1, sizeof(*t));

	t->fn = fn;
	t->arg = arg;
	t->seq = l->seq++;
	return t;
}

struct loop_timer *loop_timer(
	struct loop *l, int64_t after_ms, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *t = make(l, fn, arg);

	if (after_ms < 0)
		after_ms = 0;
	if (after_ms > AFTER_MOST_MS)
		after_ms = AFTER_MOST_MS;
	t->due_us = clock_mono_us() + after_ms * 1000;
	l->heap = mem_grow(
		l->heap, &l->heap_cap, l->heap_len + 1, sizeof(struct loop_timer *));
	t->place = l->heap_len++;
	l->heap[t->place] = t;
	sift_up(l, t);
	return t;
}

struct loop_timer *loop_defer(struct loop *l, loop_timer_fn *fn, void *arg)
{
	struct loop_timer *t = make(l, fn, arg);

	t->state = TIMER_DEFERRED;
	*l->deferred_end = t;
	l->deferred_end = &t->next;
	return t;
}

void loop_timer_cancel(struct loop *l, struct loop_timer *t)
{
	if (!t)
		return;
	switch (t->state) {
	case TIMER_HEAP:
		take_out(l, t);
		loop_bury(l, t);
		break;
	case TIMER_DEFERRED:
		/* Stays in its list, without a call, until the list is worked off. */
		t->fn = NULL;
		break;
	case TIMER_DONE:
		break;
	}
}

/* Those that were deferred before now; what they defer themselves waits for the next turn. */
void loop_run_deferred(struct loop *l)
{
	unsigned long long limit = l->seq;

	while (l->deferred && l->deferred->seq < limit) {
		struct loop_timer *t = l->deferred;

		l->deferred = t->next;
		if (!l->deferred)
			l->deferred_end = &l->deferred;
		t->state = TIMER_DONE;
		if (t->fn)
			t->fn(l, t->arg);
		loop_bury(l, t);
	}
}

/* A timer made by a callback waits for the next turn even when it is due at once. */
void loop_run_timers(struct loop *l)
{
	int64_t now = clock_mono_us();
	unsigned long long limit = l->seq;

	while (l->heap_len > 0 && l->heap[0]->due_us <= now && l->heap[0]->seq < limit) {
		struct loop_timer *t = l->heap[0];

		take_out(l, t);
		t->fn(l, t->arg);
		loop_bury(l, t);
	}
}

int loop_timer_wait(const struct loop *l, int most)
{
	int64_t wait;

	if (l->heap_len == 0)
		return most;
	wait = l->heap[0]->due_us - clock_mono_us();
	wait = wait <= 0 ? 0 : (wait + 999) / 1000;
	if (wait > INT_MAX)
		wait = INT_MAX;
	return most >= 0 && wait > most ? most : (int)wait;
}

void loop_free_timers(struct loop *l)
{
	while (l->deferred) {
		struct loop_timer *t = l->deferred;

		l->deferred = t->next;
		free(t);
	}
	for (size_t i = 0; i < l->heap_len; i++)
		free(l->heap[i]);
	free(l->heap);
}
