/* The loop: order, removal, timers under a test clock, signals. */
#include "backends/base/loop.h"

#include <fcntl.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/str.h"

struct seen {
	struct loop_watch *other;
	int calls;
};

static void note(struct loop *l, void *arg)
{
	str_addc(arg, 'x');
	(void)l;
}

static void note_and_defer(struct loop *l, void *arg)
{
	str_addc(arg, 'd');
	loop_defer(l, note, arg);
}

static void test_defer(void **state)
{
	struct loop *l = loop_new();
	struct str s = STR_INIT;
	struct loop_timer *gone;

	(void)state;
	loop_defer(l, note_and_defer, &s);
	gone = loop_defer(l, note, &s);
	loop_defer(l, note_and_defer, &s);
	loop_timer_cancel(l, gone);
	/* What was deferred meanwhile does not let the turn sleep. */
	assert_true(loop_turn(l, 60000));
	assert_string_equal(s.buf, "dd");
	assert_true(loop_turn(l, 0));
	assert_string_equal(s.buf, "ddxx");
	str_release(&s);
	loop_free(l);
}

static void add_a(struct loop *l, void *arg)
{
	(void)l;
	str_addc(arg, 'a');
}

static void add_b(struct loop *l, void *arg)
{
	(void)l;
	str_addc(arg, 'b');
}

static void again(struct loop *l, void *arg)
{
	str_addc(arg, 'r');
	loop_timer(l, 0, again, arg);
}

static void test_timers(void **state)
{
	struct loop *l;
	struct str s = STR_INIT;
	struct loop_timer *gone;

	(void)state;
	clock_set_test(1000000);
	l = loop_new();
	loop_timer(l, 20, add_b, &s);
	loop_timer(l, 10, add_a, &s);
	loop_timer(l, 20, add_a, &s);
	gone = loop_timer(l, 15, again, &s);
	loop_turn(l, 0);
	assert_string_equal(s.buf, "");
	loop_timer_cancel(l, gone);
	clock_advance_test(19999);
	loop_turn(l, 0);
	assert_string_equal(s.buf, "a");
	clock_advance_test(1);
	loop_turn(l, 0);
	assert_string_equal(s.buf, "aba");
	loop_timer(l, 0, again, &s);
	loop_turn(l, 0);
	assert_string_equal(s.buf, "abar");
	clock_end_test();
	str_release(&s);
	loop_free(l);
}

/* Cancels in random order, fires in time order. */
static void note_time(struct loop *l, void *arg)
{
	(void)l;
	*(int64_t *)arg = clock_mono_ms();
}

static void test_many_timers(void **state)
{
	enum { COUNT = 500 };
	struct loop *l;
	struct loop_timer *t[COUNT];
	int64_t fired[COUNT] = {0};
	int64_t start;
	unsigned seed = 7;

	(void)state;
	clock_set_test(0);
	start = clock_mono_ms();
	l = loop_new();
	for (int i = 0; i < COUNT; i++)
		t[i] = loop_timer(l, (i * 7919) % 1000, note_time, &fired[i]);
	for (int i = 0; i < COUNT; i++) {
		seed = seed * 1103515245 + 12345;
		if (seed >> 16 & 1) {
			loop_timer_cancel(l, t[i]);
			fired[i] = -1;
		}
	}
	for (int ms = 0; ms < 1001; ms++) {
		loop_turn(l, 0);
		clock_advance_test(1000);
	}
	for (int i = 0; i < COUNT; i++) {
		if (fired[i] != -1)
			assert_int_equal(fired[i] - start, (i * 7919) % 1000);
	}
	clock_end_test();
	loop_free(l);
}

static void remove_other(struct loop *l, int fd, unsigned events, void *arg)
{
	struct seen *seen = arg;

	(void)fd;
	(void)events;
	seen->calls++;
	loop_unwatch(l, seen->other);
	seen->other = NULL;
}

/* Two ready watches that remove each other: only one is called. */
static void test_removed_is_never_called(void **state)
{
	struct loop *l = loop_new();
	struct seen one = {0};
	struct seen two = {0};
	int a[2];
	int b[2];

	(void)state;
	assert_int_equal(pipe(a), 0);
	assert_int_equal(pipe(b), 0);
	two.other = loop_watch(l, a[0], LOOP_READ, remove_other, &one);
	one.other = loop_watch(l, b[0], LOOP_READ, remove_other, &two);
	assert_int_equal(write(a[1], "x", 1), 1);
	assert_int_equal(write(b[1], "x", 1), 1);
	loop_turn(l, 1000);
	assert_int_equal(one.calls + two.calls, 1);
	loop_free(l);
	for (int i = 0; i < 2; i++) {
		close(a[i]);
		close(b[i]);
	}
}

static void test_removed_on_same_number(void **state)
{
	struct loop *l = loop_new();
	struct seen one = {0};
	struct seen two = {0};
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	two.other = loop_watch(l, p[0], LOOP_READ, remove_other, &one);
	one.other = loop_watch(l, p[0], LOOP_READ, remove_other, &two);
	assert_int_equal(write(p[1], "x", 1), 1);
	loop_turn(l, 1000);
	assert_int_equal(one.calls + two.calls, 1);
	loop_free(l);
	close(p[0]);
	close(p[1]);
}

struct swap {
	int pipes[2][2];
	int calls;
	int fresh;
	struct loop_watch *watches[2];
};

static void never_ready(struct loop *l, int fd, unsigned events, void *arg)
{
	struct swap *s = arg;

	(void)l;
	(void)fd;
	(void)events;
	s->fresh++;
}

/* Puts a silent pipe at the number of the other one, whose event is pending. */
static void replace_other(struct loop *l, int fd, unsigned events, void *arg)
{
	struct swap *s = arg;
	int other = fd == s->pipes[0][0] ? 1 : 0;
	int silent[2];

	(void)events;
	s->calls++;
	loop_unwatch(l, s->watches[other]);
	assert_int_equal(pipe(silent), 0);
	assert_int_equal(dup2(silent[0], s->pipes[other][0]), s->pipes[other][0]);
	close(silent[0]);
	close(s->pipes[other][1]);
	s->pipes[other][1] = silent[1];
	loop_watch(l, s->pipes[other][0], LOOP_READ, never_ready, s);
}

static void test_event_of_former_owner(void **state)
{
	struct loop *l = loop_new();
	struct swap s = {0};

	(void)state;
	for (int i = 0; i < 2; i++) {
		assert_int_equal(pipe(s.pipes[i]), 0);
		s.watches[i] = loop_watch(l, s.pipes[i][0], LOOP_READ, replace_other, &s);
		assert_int_equal(write(s.pipes[i][1], "x", 1), 1);
	}
	loop_turn(l, 1000);
	assert_int_equal(s.calls, 1);
	assert_int_equal(s.fresh, 0);
	loop_free(l);
	for (int i = 0; i < 2; i++) {
		close(s.pipes[i][0]);
		close(s.pipes[i][1]);
	}
}

static void count(struct loop *l, int fd, unsigned events, void *arg)
{
	(void)l;
	(void)fd;
	*(unsigned *)arg = events;
}

static void test_deaf_and_hangup(void **state)
{
	struct loop *l = loop_new();
	struct loop_watch *w;
	unsigned got = 0;
	int p[2];

	(void)state;
	assert_int_equal(pipe(p), 0);
	w = loop_watch(l, p[0], LOOP_READ, count, &got);
	loop_watch_events(l, w, 0);
	close(p[1]);
	loop_turn(l, 0);
	assert_int_equal(got, 0);
	loop_watch_events(l, w, LOOP_READ);
	loop_turn(l, 1000);
	assert_int_equal(got, LOOP_READ | LOOP_ERROR);
	loop_unwatch(l, w);
	close(p[0]);
	loop_free(l);
}

/* A number that was closed while watched and came back: the old watch hears nothing of the new file, and
 * removing it late leaves the new watch alone. */
static void test_reused_number(void **state)
{
	struct loop *l = loop_new();
	struct loop_watch *old;
	unsigned from_old = 0;
	unsigned from_new = 0;
	int p[2];
	int q[2];
	int keep;

	(void)state;
	assert_int_equal(pipe(p), 0);
	assert_int_equal(pipe(q), 0);
	old = loop_watch(l, p[0], LOOP_READ, count, &from_old);
	keep = p[0];
	close(p[0]);
	assert_int_equal(dup2(q[0], keep), keep);
	loop_watch(l, keep, LOOP_READ, count, &from_new);
	loop_unwatch(l, old);
	assert_int_equal(write(q[1], "x", 1), 1);
	loop_turn(l, 1000);
	assert_int_equal(from_old, 0);
	assert_int_equal(from_new, LOOP_READ);
	loop_free(l);
	close(keep);
	close(p[1]);
	close(q[0]);
	close(q[1]);
}

static void test_two_watches_of_one(void **state)
{
	struct loop *l = loop_new();
	struct loop_watch *reader;
	unsigned reads = 0;
	unsigned writes = 0;
	int s[2];

	(void)state;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, s), 0);
	reader = loop_watch(l, s[0], LOOP_READ, count, &reads);
	loop_watch(l, s[0], LOOP_WRITE, count, &writes);
	assert_int_equal(write(s[1], "x", 1), 1);
	loop_turn(l, 1000);
	assert_int_equal(reads, LOOP_READ);
	assert_int_equal(writes, LOOP_WRITE);
	loop_unwatch(l, reader);
	reads = writes = 0;
	loop_turn(l, 1000);
	assert_int_equal(reads, 0);
	assert_int_equal(writes, LOOP_WRITE);
	loop_free(l);
	close(s[0]);
	close(s[1]);
}

static void test_regular_file(void **state)
{
	struct loop *l = loop_new();
	struct loop_watch *w;
	unsigned got = 0;
	int fd = open("/etc/passwd", O_RDONLY | O_CLOEXEC);

	(void)state;
	assert_true(fd >= 0);
	w = loop_watch(l, fd, LOOP_READ, count, &got);
	loop_turn(l, 60000);
	assert_int_equal(got, LOOP_READ);
	loop_unwatch(l, w);
	got = 0;
	loop_turn(l, 0);
	assert_int_equal(got, 0);
	close(fd);
	loop_free(l);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	*(int *)arg = signo;
	loop_stop(l);
}

static void test_signal(void **state)
{
	struct loop *l = loop_new();
	int got = 0;

	(void)state;
	loop_signal(l, SIGUSR1, on_signal, &got);
	raise(SIGUSR1);
	loop_run(l);
	assert_int_equal(got, SIGUSR1);
	loop_signal(l, SIGUSR1, NULL, NULL);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defer),
		cmocka_unit_test(test_timers),
		cmocka_unit_test(test_many_timers),
		cmocka_unit_test(test_removed_is_never_called),
		cmocka_unit_test(test_removed_on_same_number),
		cmocka_unit_test(test_event_of_former_owner),
		cmocka_unit_test(test_deaf_and_hangup),
		cmocka_unit_test(test_reused_number),
		cmocka_unit_test(test_two_watches_of_one),
		cmocka_unit_test(test_regular_file),
		cmocka_unit_test(test_signal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
