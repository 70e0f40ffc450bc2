/* Error values: cleaning, wrapping, cutting. */
#include "backends/base/err.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/mem.h"

static void test_set(void **state)
{
	struct err e = ERR_INIT;
	char *long_text = xmalloc(3000);

	(void)state;
	assert_false(err_set(&e, ERR_NET, "%s: lost\x1b[2J\n", "host"));
	assert_int_equal(e.code, ERR_NET);
	assert_string_equal(e.msg, "host: lost\xE2\x90\x9B[2J");
	assert_false(err_wrap(&e, "source %d", 3));
	assert_string_equal(e.msg, "source 3: host: lost\xE2\x90\x9B[2J");
	assert_int_equal(e.code, ERR_NET);
	/* Its own message as an argument. */
	err_set(&e, ERR_IO, "again: %s", e.msg);
	assert_non_null(strstr(e.msg, "again: source 3"));
	memset(long_text, 'x', 2999);
	long_text[2999] = '\0';
	err_set(&e, ERR_IO, "%s", long_text);
	assert_int_equal(strlen(e.msg), sizeof(e.msg) - 1);
	assert_int_equal(e.msg[sizeof(e.msg) - 2], '~');
	assert_false(err_set(NULL, ERR_IO, "x"));
	assert_false(err_wrap(NULL, "x"));
	assert_string_equal(err_code_name(ERR_THROTTLE), "throttle");
	free(long_text);
}

static void hook(void)
{
	if (write(STDOUT_FILENO, "restored\n", 9) != 9)
		_exit(1);
}

static void test_die(void **state)
{
	int p[2];
	char text[200] = "";
	int status = 0;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	(void)state;
	assert_int_equal(pipe(p), 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[1], 1);
		dup2(p[1], 2);
		on_die(hook);
		die(3, "end of %s", "it\x1b");
	}
	close(p[1]);
	while ((n = read(p[0], text + len, sizeof(text) - 1 - len)) > 0)
		len += (size_t)n;
	close(p[0]);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(WEXITSTATUS(status), 3);
	assert_string_equal(text, "restored\nwatchdesk: end of it?\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_set), cmocka_unit_test(test_die)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
