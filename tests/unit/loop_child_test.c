/* The children of the loop: input, output, what they inherit, how they end. */
#include "backends/base/loop.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/mem.h"
#include "backends/base/str.h"

struct seen {
	struct str text;
	struct loop_child *child;
	int calls;
	int status;
	bool timed_out;
	bool done;
};

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct seen *seen = arg;

	str_addf(&seen->text, "%d:", stream);
	str_add(&seen->text, bytes, len);
}

static void on_exit_seen(void *arg, int status, bool timed_out)
{
	struct seen *seen = arg;

	seen->status = status;
	seen->timed_out = timed_out;
	seen->done = true;
	seen->calls++;
}

static void run(struct seen *seen, const char *const *argv, struct loop_child_spec spec)
{
	struct loop *l = loop_new();
	struct err e = ERR_INIT;

	*seen = (struct seen){.text = STR_INIT};
	spec.argv = argv;
	spec.on_output = on_output;
	spec.on_exit = on_exit_seen;
	spec.arg = seen;
	seen->child = loop_spawn(l, &spec, &e);
	if (!seen->child)
		fail_msg("%s", e.msg);
	assert_true(loop_until(l, &seen->done, 50000));
	assert_int_equal(seen->calls, 1);
	loop_free(l);
}

static void test_child_input(void **state)
{
	const char *const argv[] = {"cat", NULL};
	struct seen seen;
	size_t len = 300000;
	char *in = xmalloc(len);
	size_t letters = 0;

	(void)state;
	memset(in, 'z', len);
	run(&seen, argv, (struct loop_child_spec){.in = in, .in_len = len});
	for (size_t i = 0; i < seen.text.len; i++)
		letters += seen.text.buf[i] == 'z';
	assert_int_equal(letters, len);
	assert_int_equal(seen.status, 0);
	str_release(&seen.text);
	free(in);
}

/* No descriptor but 0-2 (and the one that ls itself opens), own group, default signals, bare environment. */
static void test_child_is_clean(void **state)
{
	const char *const fds[] = {"sh", "-c", "ls /proc/self/fd | tr '\\n' ' '", NULL};
	const char *const env[] = {"env", NULL};
	const char *const sig[] = {
		"grep", "-E", "SigBlk|SigIgn", "/proc/self/status", NULL};
	const char *const group[] = {
		"sh", "-c", "read -r a < /proc/$$/stat; set -- $a; test $5 = $$", NULL};
	const char *const vars[] = {"ONLY=this", NULL};
	unsigned long long blocked = 0;
	unsigned long long ignored = 0;
	struct seen seen;

	(void)state;
	run(&seen, fds, (struct loop_child_spec){0});
	assert_string_equal(seen.text.buf, "1:0 1 2 3 ");
	str_release(&seen.text);
	run(&seen, env, (struct loop_child_spec){.env = vars});
	assert_string_equal(seen.text.buf, "1:ONLY=this\n");
	str_release(&seen.text);
	setenv("WD_LEAK", "1", 1);
	setenv("https_proxy", "http://me:secret@WD_LEAK", 1);
	run(&seen, env, (struct loop_child_spec){0});
	assert_null(strstr(seen.text.buf, "WD_LEAK"));
	assert_non_null(strstr(seen.text.buf, "PATH="));
	str_release(&seen.text);
	run(&seen, sig, (struct loop_child_spec){0});
	assert_int_equal(
		sscanf(seen.text.buf, "1:SigBlk: %llx SigIgn: %llx", &blocked, &ignored),
		2);
	assert_int_equal(blocked, 0);
	/* 32 and 33 belong to the C library, which lets nobody set them. */
	assert_int_equal(ignored & ~0x180000000ULL, 0);
	str_release(&seen.text);
	run(&seen, group, (struct loop_child_spec){0});
	assert_int_equal(seen.status, 0);
	str_release(&seen.text);
}

static void test_child_deadline(void **state)
{
	const char *const argv[] = {"sh", "-c", "echo up; sleep 60 & wait", NULL};
	struct seen seen;

	(void)state;
	run(&seen, argv, (struct loop_child_spec){.deadline_ms = 2000});
	assert_true(seen.timed_out);
	assert_true(WIFSIGNALED(seen.status));
	assert_string_equal(seen.text.buf, "1:up\n");
	str_release(&seen.text);
}

/* The child leaves at once, a process that left its group holds the streams. */
static void test_child_leaves_daemon(void **state)
{
	const char *const argv[] = {
		"sh", "-c", "setsid sleep 60 & echo $!; exit 3", NULL};
	struct seen seen;
	pid_t daemon;

	(void)state;
	run(&seen, argv, (struct loop_child_spec){0});
	assert_int_equal(WEXITSTATUS(seen.status), 3);
	assert_memory_equal(seen.text.buf, "1:", 2);
	daemon = (pid_t)strtol(seen.text.buf + 2, NULL, 10);
	assert_true(daemon > 1);
	assert_int_equal(kill(daemon, SIGKILL), 0);
	str_release(&seen.text);
}

static void test_child_missing(void **state)
{
	const char *const argv[] = {"/nonexistent/program", NULL};
	struct loop *l = loop_new();
	struct err e = ERR_INIT;

	(void)state;
	assert_null(loop_spawn(l, &(struct loop_child_spec){.argv = argv}, &e));
	assert_int_equal(e.code, ERR_NOTFOUND);
	assert_non_null(strstr(e.msg, "/nonexistent/program"));
	loop_free(l);
}

static void never(void *arg, int status, bool timed_out)
{
	(void)arg;
	(void)status;
	(void)timed_out;
	fail_msg("a forgotten child called back");
}

static void test_child_abandon(void **state)
{
	const char *const argv[] = {"sleep", "60", NULL};
	struct loop *l = loop_new();
	struct err e = ERR_INIT;
	struct loop_child *c = loop_spawn(
		l, &(struct loop_child_spec){.argv = argv, .on_exit = never}, &e);
	int64_t end = clock_mono_ms() + 20000;
	bool gone = false;
	pid_t pid;

	(void)state;
	assert_non_null(c);
	pid = loop_child_pid(c);
	loop_child_abandon(c);
	while (!gone && clock_mono_ms() < end) {
		loop_turn(l, 10);
		gone = kill(pid, 0) != 0;
	}
	assert_true(gone);
	loop_free(l);
}

static void answer(void *arg, int stream, const char *bytes, size_t len)
{
	struct seen *seen = arg;

	(void)stream;
	str_add(&seen->text, bytes, len);
	if (seen->text.len == 4 && !seen->calls++)
		assert_true(loop_child_write(seen->child, "two\n", 4));
	else if (seen->text.len == 8)
		loop_child_close_stdin(seen->child);
}

static void test_child_conversation(void **state)
{
	const char *const argv[] = {"cat", NULL};
	struct loop *l = loop_new();
	struct seen seen = {.text = STR_INIT};
	struct err e = ERR_INIT;
	struct loop_child_spec spec = {.argv = argv,
		.in = "one\n",
		.in_len = 4,
		.keep_stdin = true,
		.on_output = answer,
		.on_exit = on_exit_seen,
		.arg = &seen};

	(void)state;
	seen.child = loop_spawn(l, &spec, &e);
	assert_non_null(seen.child);
	assert_true(loop_until(l, &seen.done, 50000));
	assert_string_equal(seen.text.buf, "one\ntwo\n");
	str_release(&seen.text);
	loop_free(l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_child_input),
		cmocka_unit_test(test_child_is_clean),
		cmocka_unit_test(test_child_deadline),
		cmocka_unit_test(test_child_leaves_daemon),
		cmocka_unit_test(test_child_missing),
		cmocka_unit_test(test_child_abandon),
		cmocka_unit_test(test_child_conversation),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
