/* Scripts over SSH that do not come to their end: deadlines, cancelling, a far side that dies. */
#include <signal.h>
#include <stdio.h>

#include "tests/unit/ssh_help.h"

static void test_timeouts(void **state)
{
	struct answer a;

	(void)state;
	a = run_on(good_host(), (struct ssh_script){.text = "echo begun; exec sleep 30",
					.timeout_ms = 5000});
	assert_string_equal(a.out, "begun\n");
	fails(a, ERR_UNKNOWN, "no end within 5000 ms", true);
}

static void test_cancel(void **state)
{
	struct ssh_host h = good_host();
	struct ssh_script script = {.text = "echo x; sleep 30", .on_output = on_output};
	struct answer a = {0}, b = {0};

	(void)state;
	ssh_cancel(ssh, NULL);
	ssh_cancel(ssh, ssh_run(ssh, &h, &script, on_reply, &a)); /* before it began */
	a.cancel = ssh_run(ssh, &h, &script, on_reply, &a);       /* within on_output */
	assert_true(loop_until(loop, &a.first, WAIT_MS));
	struct ssh_call *c = ssh_run(ssh, &h, &script, on_reply, &b);
	assert_true(loop_until(loop, &b.first, WAIT_MS));
	ssh_cancel(ssh, c); /* under way */
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 5);
	assert_int_equal(a.calls + b.calls, 0);
}

static void children_of(pid_t pid, struct str *out)
{
	char *path = xasprintf("/proc/%d/task/%d/children", (int)pid, (int)pid);
	struct str text = STR_INIT;
	FILE *f = fopen(path, "r");
	int child;

	free(path);
	while (f && fscanf(f, "%d", &child) == 1) {
		str_addf(out, "%d ", child);
		children_of(child, out);
	}
	if (f)
		fclose(f);
	str_release(&text);
}

/* The far side dies with the script half done: no success, no failure, but UNKNOWN. */
static void test_killed_server(void **state)
{
	struct ssh_host h = good_host();
	struct ssh_script script = {
		.text = "echo begun; sleep 30; echo done", .on_output = on_output};
	struct str pids = STR_INIT;
	struct answer a = {0};

	(void)state;
	ssh_run(ssh, &h, &script, on_reply, &a);
	assert_true(loop_until(loop, &a.first, WAIT_MS));
	children_of((pid_t)json_int(server, "pid", 0), &pids);
	assert_true(pids.len > 0);
	for (char *s = pids.buf; *s; s = strchr(s, ' ') + 1)
		kill((pid_t)strtol(s, NULL, 10), SIGKILL);
	str_release(&pids);
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_string_equal(a.out, "begun\n");
	fails(a, ERR_UNKNOWN, "cannot be known", true);
}

/* The remote shell alone dies: the connection is whole and ends in order, and still nothing is proved. */
static void test_killed_shell(void **state)
{
	(void)state;
	fails(run_text("echo x; kill -9 $$; sleep 1"), ERR_UNKNOWN, "cannot be known",
		true);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_killed_server),
		cmocka_unit_test(test_killed_shell),
	};

	return RUN_BOTH("ssh_lost", tests);
}
