/* Files: limits, replacing, folders, where things are. */
#include "backends/base/file.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/mem.h"

static char root[64];

static int setup(void **state)
{
	(void)state;
	str_copy(root, sizeof(root), "/tmp/wd-file-XXXXXX");
	return mkdtemp(root) ? 0 : 1;
}

static int teardown(void **state)
{
	char command[] = "rm";
	char flag[] = "-rf";
	char *argv[] = {command, flag, root, NULL};
	pid_t pid = fork();

	(void)state;
	if (pid == 0) {
		execvp(argv[0], argv);
		_exit(1);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : 1;
}

static char *in_root(const char *name)
{
	return xasprintf("%s/%s", root, name);
}

static void test_read_write(void **state)
{
	char *path = in_root("a");
	char *missing = in_root("none/b");
	struct str s = STR_INIT;
	struct err e = ERR_INIT;
	struct stat st;
	char **names;

	(void)state;
	assert_true(file_write(path, "one", 3, &e));
	assert_true(file_write(path, "three", 5, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0600);
	assert_true(file_read(path, 5, &s, &e));
	assert_string_equal(s.buf, "three");
	str_clear(&s);
	assert_false(file_read(path, 4, &s, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	assert_false(file_read(missing, 4, &s, &e));
	assert_int_equal(e.code, ERR_NOTFOUND);
	assert_non_null(strstr(e.msg, missing));
	assert_false(file_write(missing, "x", 1, &e));
	assert_false(file_write(root, "x", 1, &e));
	assert_false(file_read(root, 4, &s, &e));
	/* Nothing is left beside. */
	names = file_list(root, "");
	assert_string_equal(names[0], "a");
	assert_null(names[1]);
	file_list_free(names);
	str_release(&s);
	free(path);
	free(missing);
}

static void test_list(void **state)
{
	static const char *const all[] = {"b.yaml", "a.yaml", "c.txt", "yaml"};
	struct err e = ERR_INIT;
	char *folder = in_root("l");
	char *below = in_root("l/d.yaml");
	char *missing = in_root("nowhere");
	char **names;

	(void)state;
	assert_true(file_mkdirs(below, &e));
	for (size_t i = 0; i < LENGTH(all); i++) {
		char *path = xasprintf("%s/%s", folder, all[i]);

		assert_true(file_write(path, "", 0, &e));
		free(path);
	}
	names = file_list(folder, ".yaml");
	assert_string_equal(names[0], "a.yaml");
	assert_string_equal(names[1], "b.yaml");
	assert_null(names[2]);
	file_list_free(names);
	names = file_list(missing, "");
	assert_null(names[0]);
	file_list_free(names);
	free(folder);
	free(below);
	free(missing);
}

/* A folder that may not be made is not one that "does not exist". */
static void test_mkdirs_says_what_kept_it(void **state)
{
	char *shut = in_root("shut"), *below = in_root("shut/x/y");
	struct err e = ERR_INIT;
	bool root_user = geteuid() == 0;

	(void)state;
	assert_int_equal(chmod(root, 0755), 0);
	assert_int_equal(mkdir(shut, 0555), 0);
	if (root_user)
		assert_int_equal(seteuid(65534), 0);
	assert_false(file_mkdirs(below, &e));
	if (root_user)
		assert_int_equal(seteuid(0), 0);
	assert_int_equal(e.code, ERR_IO);
	assert_non_null(strstr(e.msg, "Permission denied"));
	free(shut);
	free(below);
}

static void test_mkdirs(void **state)
{
	char *path = in_root("x/y/z/");
	char *file = in_root("f");
	char *under = in_root("f/g");
	struct err e = ERR_INIT;
	struct stat st;

	(void)state;
	assert_true(file_mkdirs(path, &e));
	assert_true(file_mkdirs(path, &e));
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0700);
	assert_true(file_write(file, "", 0, &e));
	assert_false(file_mkdirs(under, &e));
	assert_false(file_mkdirs(file, &e));
	assert_non_null(strstr(e.msg, "in the way"));
	free(path);
	free(file);
	free(under);
}

static void test_home(void **state)
{
	struct err e = ERR_INIT;
	char *want = in_root("state/watchdesk");
	char *base = in_root("state");
	char *got;

	(void)state;
	setenv("XDG_STATE_HOME", base, 1);
	got = file_home(FILE_STATE, &e);
	assert_string_equal(got, want);
	free(got);
	/* A runtime folder that is not there falls back. */
	setenv("XDG_RUNTIME_DIR", "/nonexistent", 1);
	got = file_home(FILE_RUNTIME, &e);
	assert_string_equal(got, want);
	free(got);
	assert_int_equal(chmod(want, 0777), 0);
	assert_null(file_home(FILE_STATE, &e));
	assert_int_equal(e.code, ERR_DENIED);
	/* Relative values are ignored. */
	setenv("XDG_CONFIG_HOME", "relative", 1);
	setenv("HOME", root, 1);
	got = file_home(FILE_CONFIG, &e);
	free(want);
	want = in_root(".config/watchdesk");
	assert_string_equal(got, want);
	free(got);
	free(want);
	free(base);
}

static void test_data(void **state)
{
	char *got;

	(void)state;
	unsetenv("WATCHDESK_DATA");
	got = file_data("backends/catalog");
	assert_int_equal(access(got, R_OK), 0);
	free(got);
	setenv("WATCHDESK_DATA", "/given", 1);
	got = file_data("themes");
	assert_string_equal(got, "/given/themes");
	free(got);
	got = file_exe_dir();
	assert_int_equal(got[0], '/');
	free(got);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_read_write),
		cmocka_unit_test(test_list),
		cmocka_unit_test(test_mkdirs),
		cmocka_unit_test(test_mkdirs_says_what_kept_it),
		cmocka_unit_test(test_home),
		cmocka_unit_test(test_data),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
