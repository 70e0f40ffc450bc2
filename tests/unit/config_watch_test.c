/* Saves of the configuration are noticed however they are made, and once each. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/mem.h"
#include "backends/connector/config_watch.h"

enum { WITHIN_MS = 60000 };

struct fixture {
	char dir[64], path[200];
	struct loop *loop;
	struct config_watch *watch;
	int told;
	bool now;
};

static void told(void *arg)
{
	struct fixture *f = arg;

	f->told++;
	f->now = true;
}

static void in(const struct fixture *f, const char *name, char out[200])
{
	(void)str_format(out, 200, "%s/%s", f->dir, name);
}

static void save(const struct fixture *f, const char *name, const char *text)
{
	char path[200];
	in(f, name, path);
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fputs(text, file);
	fclose(file);
}

static void folder(const struct fixture *f, const char *name)
{
	char path[200];

	in(f, name, path);
	assert_int_equal(mkdir(path, 0700), 0);
}

static void move(const struct fixture *f, const char *from, const char *to)
{
	char a[200], b[200];

	in(f, from, a);
	in(f, to, b);
	assert_int_equal(rename(a, b), 0);
}

static void lead(const struct fixture *f, const char *to, const char *name)
{
	char path[200];

	in(f, name, path);
	assert_int_equal(symlink(to, path), 0);
}

static void watch(struct fixture *f)
{
	f->watch = config_watch_new(f->loop, f->path, NULL, told, f);
}

static void noticed(struct fixture *f)
{
	f->now = false;
	assert_true(loop_until(f->loop, &f->now, WITHIN_MS));
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	(void)str_copy(f->dir, sizeof(f->dir), "/tmp/wd-watch-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	in(f, "config.yaml", f->path);
	f->loop = loop_new();
	*state = f;
	return 0;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
	(void)st;
	(void)type;
	(void)at;
	return remove(path);
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	config_watch_free(f->watch);
	loop_free(f->loop);
	(void)nftw(f->dir, drop, 8, FTW_DEPTH | FTW_PHYS);
	free(f);
	return 0;
}

static void test_written_over(void **state)
{
	struct fixture *f = *state;

	save(f, "config.yaml", "operator: a\n");
	watch(f);
	save(f, "config.yaml", "operator: other\n");
	noticed(f);
}

/* Who cannot wait for the end of a save looks; what did not change is no edit, however often one looks. */
static void test_look(void **state)
{
	struct fixture *f = *state;

	save(f, "config.yaml", "operator: a\n");
	watch(f);
	config_watch_look(f->watch);
	assert_int_equal(f->told, 0);
	save(f, "config.yaml", "operator: other\n");
	config_watch_look(f->watch);
	config_watch_look(f->watch);
	assert_int_equal(f->told, 1);
}

/* A file that others may write is refused until they may not: that is a save, too. */
static void test_who_may_write(void **state)
{
	struct fixture *f = *state;
	char path[200];

	folder(f, "connectors");
	save(f, "config.yaml", "operator: a\n");
	save(f, "connectors/a.yaml", "connector: a\n");
	watch(f);
	in(f, "connectors/a.yaml", path);
	assert_int_equal(chmod(path, 0666), 0);
	noticed(f);
	in(f, "connectors", path);
	assert_int_equal(chmod(path, 0777), 0);
	noticed(f);
	assert_int_equal(chmod(f->dir, 0750), 0);
	noticed(f);
	assert_int_equal(chmod(f->path, 0640), 0);
	noticed(f);
}

static void test_another_file_in_its_place(void **state)
{
	struct fixture *f = *state;

	save(f, "config.yaml", "operator: a\n");
	watch(f);
	save(f, ".config.yaml.swp", "operator: other\n");
	move(f, ".config.yaml.swp", "config.yaml");
	noticed(f);
	/* and the next save of the file that is there now */
	save(f, "config.yaml", "operator: third one\n");
	noticed(f);
}

static void test_mounted_folder_swapped(void **state)
{
	struct fixture *f = *state;

	folder(f, "..one");
	save(f, "..one/config.yaml", "operator: a\n");
	lead(f, "..one", "..data");
	lead(f, "..data/config.yaml", "config.yaml");
	watch(f);
	folder(f, "..two");
	save(f, "..two/config.yaml", "operator: other\n");
	lead(f, "..two", "..next");
	move(f, "..next", "..data");
	noticed(f);
}

static void test_behind_a_link(void **state)
{
	struct fixture *f = *state;

	folder(f, "dotfiles");
	save(f, "dotfiles/wd.yaml", "operator: a\n");
	lead(f, "dotfiles/wd.yaml", "config.yaml");
	watch(f);
	save(f, "dotfiles/wd.yaml", "operator: other\n");
	noticed(f);
}

/* --config names any file, and a link leads to one of any name. */
static void test_other_names(void **state)
{
	struct fixture *f = *state;

	in(f, "desk.conf", f->path);
	folder(f, "dotfiles");
	save(f, "dotfiles/desk.prod", "operator: a\n");
	lead(f, "dotfiles/desk.prod", "desk.conf");
	watch(f);
	save(f, "dotfiles/desk.prod", "operator: other\n");
	noticed(f);
	save(f, "next.tmp", "operator: third one\n");
	move(f, "next.tmp", "desk.conf");
	noticed(f);
	save(f, "desk.conf", "operator: fourth\n");
	noticed(f);
}

static void test_folders_that_are_made_later(void **state)
{
	struct fixture *f = *state;

	save(f, "config.yaml", "operator: a\n");
	watch(f);
	folder(f, "runbooks");
	save(f, "runbooks/poke.yaml", "runbook: poke\n");
	noticed(f);
	save(f, "runbooks/poke.yaml", "runbook: other\n");
	noticed(f);
	folder(f, "connectors");
	save(f, "connectors/far.yaml", "connector: far\n");
	noticed(f);
}

static void test_what_is_not_ours(void **state)
{
	struct fixture *f = *state;

	save(f, "config.yaml", "operator: a\n");
	watch(f);
	save(f, "store.db", "x");
	save(f, "other.yaml", "x");
	save(f, "config.yaml", "operator: a\noperator: b\n");
	noticed(f);
	assert_int_equal(f->told, 1);
}

static void test_no_order_to_forget_all(void **state)
{
	struct fixture *f = *state;
	struct config before, next;
	struct err e = ERR_INIT;

	save(f, "config.yaml", "sources:\n  a: {connector: okta}\n");
	assert_true(config_load(&before, f->path, &e));
	save(f, "config.yaml", "");
	assert_false(config_reload(&next, &before, f->path, &e));
	assert_non_null(strstr(e.msg, "config.yaml:1:1: the file is empty"));
	save(f, "config.yaml", "operator: me\n");
	e = (struct err)ERR_INIT;
	assert_true(config_reload(&next, &before, f->path, &e));
	config_release(&next);
	config_release(&before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_written_over, setup, teardown),
		cmocka_unit_test_setup_teardown(test_look, setup, teardown),
		cmocka_unit_test_setup_teardown(test_who_may_write, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_another_file_in_its_place, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_mounted_folder_swapped, setup, teardown),
		cmocka_unit_test_setup_teardown(test_behind_a_link, setup, teardown),
		cmocka_unit_test_setup_teardown(test_other_names, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_folders_that_are_made_later, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_not_ours, setup, teardown),
		cmocka_unit_test_setup_teardown(
			test_no_order_to_forget_all, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
