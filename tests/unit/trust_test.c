/* Who may change what we obey: each thing on the way that breaks it is named, with the command to type. And what we keep. */
#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/connector/config.h"
#include "backends/store/db.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

static char root[64], home[80], folder[100], file[120];

static void make_file(const char *path)
{
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_true(fd >= 0);
	close(fd);
}

static int setup(void **state)
{
	(void)state;
	str_copy(root, sizeof(root), "/tmp/wd-trust-XXXXXX");
	if (!mkdtemp(root))
		return 1;
	str_format(home, sizeof(home), "%s/home", root);
	str_format(folder, sizeof(folder), "%s/conf", home);
	str_format(file, sizeof(file), "%s/a.yaml", folder);
	mkdir(home, 0755);
	mkdir(folder, 0755);
	make_file(file);
	setenv("HOME", home, 1);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(file);
	rmdir(folder);
	rmdir(home);
	return rmdir(root);
}

static void good(const char *path)
{
	struct err e = ERR_INIT;
	if (!file_trusted(path, &e))
		fail_msg("%s: %s", path, e.msg);
}

static void bad(const char *path, const char *at, const char *says)
{
	struct err e = ERR_INIT;
	assert_false(file_trusted(path, &e));
	assert_int_equal(e.code, ERR_DENIED);
	if (!strstr(e.msg, at) || !strstr(e.msg, says))
		fail_msg("%s", e.msg);
}

static char *command(const char *what, const char *path)
{
	return xasprintf("run %s %s", what, path);
}

static void refused(const char *path, mode_t mode, const char *what)
{
	struct stat st;
	char *run = command(what, path);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(chmod(path, mode), 0);
	bad(file, path, run);
	chmod(path, st.st_mode & 07777);
	good(file);
	free(run);
}

static void test_modes(void **state)
{
	(void)state;
	good(file);
	refused(file, 0664, "chmod g-w");
	refused(file, 0602, "chmod o-w");
	refused(folder, 0775, "chmod g-w"); /* the user's own group too */
	refused(folder, 0777, "chmod go-w");
	refused(home, 0775, "chmod g-w");
	/* What stands above the home is nobody's business. */
	assert_int_equal(chmod(root, 0777), 0);
	good(file);
	setenv("HOME", "/nowhere", 1);
	chmod(root, 0700);
	refused(root, 0777, "chmod go-w");
	good("/tmp/wd-trust-none/such");
}

/* Sticky folders of root may stand above, for nobody can take away there what is ours; they may not hold the file. */
static void test_sticky(void **state)
{
	(void)state;
	char *in_tmp = xasprintf("%s.yaml", root);
	setenv("HOME", "/nowhere", 1);
	good(file);
	make_file(in_tmp);
	bad(in_tmp, in_tmp, "a folder where everybody may write");
	/* Nor by a way that leads back to it, or by a link. */
	char *back = xasprintf("%s/../%s.yaml", root, root + strlen("/tmp/")),
	     *link = xasprintf("%s/link.yaml", folder),
	     *up = xasprintf("../../../%s.yaml", root + strlen("/tmp/"));
	bad(back, in_tmp, "a folder where everybody may write");
	assert_int_equal(symlink(up, link), 0);
	bad(link, in_tmp, "a folder where everybody may write");
	unlink(link);
	assert_int_equal(symlink(in_tmp, link), 0);
	bad(link, in_tmp, "a folder where everybody may write");
	unlink(link);
	free(back);
	free(link);
	free(up);
	unlink(in_tmp);
	free(in_tmp);
}

static void test_links(void **state)
{
	(void)state;
	char *link = xasprintf("%s/link.yaml", home), *loop = xasprintf("%s/loop", home);
	assert_int_equal(symlink("conf/../conf/./a.yaml", link), 0);
	good(link);
	chmod(folder, 0775);
	bad(link, folder, "chmod g-w");
	chmod(folder, 0755);
	assert_int_equal(symlink("loop", loop), 0);
	struct err e = ERR_INIT;
	assert_false(file_trusted(loop, &e));
	assert_non_null(strstr(e.msg, "too many symbolic links"));
	unlink(loop);
	unlink(link);
	free(link);
	free(loop);
}

static void test_quoted(void **state)
{
	(void)state;
	char *odd = xasprintf("%s/it's; rm", home);
	make_file(odd);
	chmod(odd, 0666);
	bad(odd, odd, "chmod go-w '/tmp/wd-trust-");
	bad(odd, odd, "it'\\''s; rm'");
	unlink(odd);
	free(odd);
}

static void test_owners(void **state)
{
	(void)state;
	if (geteuid() != 0)
		return;
	assert_int_equal(chown(file, 12345, 0), 0);
	bad(file, file, "belongs to another user: it must be yours or root's");
	chown(file, 0, 0);
	chown(folder, 12345, 0);
	bad(file, folder, "belongs to another user");
	chown(folder, 0, 0);
	/* The configuration of a managed machine is root's. */
	chmod(root, 0755);
	chmod(file, 0644);
	chown(home, 12345, 0);
	assert_int_equal(seteuid(12345), 0);
	good(file);
	assert_int_equal(seteuid(0), 0);
	chown(home, 0, 0);
}

/* The rule holds where files are taken up. */
static void test_config(void **state)
{
	(void)state;
	struct config c;
	struct err e = ERR_INIT;
	chmod(file, 0620);
	assert_false(config_load(&c, file, &e));
	assert_non_null(strstr(e.msg, "chmod g-w"));
	chmod(file, 0600);
	e = (struct err)ERR_INIT;
	assert_true(config_load(&c, file, &e));
	char *sub = xasprintf("%s/connectors", folder),
	     *own = xasprintf("%s/jobs.yaml", sub);
	assert_int_equal(mkdir(sub, 0700), 0);
	make_file(own);
	char *found = config_find(&c, "connectors", "backends/catalog", "jobs", &e);
	assert_string_equal(found, own);
	free(found);
	chmod(sub, 0770);
	assert_null(config_find(&c, "connectors", "backends/catalog", "jobs", &e));
	assert_non_null(strstr(e.msg, "chmod g-w"));
	unlink(own);
	rmdir(sub);
	free(own);
	free(sub);
	config_release(&c);
}

static void has_mode(const char *path, mode_t mode)
{
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, mode);
}

static void test_kept(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	char *store = xasprintf("%s/store.db", folder), *wal = xasprintf("%s-wal", store),
	     *shm = xasprintf("%s-shm", store), *log = xasprintf("%s/log", folder);
	make_file(store);
	make_file(log);
	chmod(store, 0644);
	chmod(log, 0666);
	struct db *d = db_open(store, DB_WRITE, &e);
	assert_non_null(d);
	assert_true(db_exec(d, "CREATE TABLE t(a)", &e));
	has_mode(store, 0600);
	has_mode(wal, 0600);
	chmod(wal, 0664);
	chmod(shm, 0604);
	struct db *reader = db_open(store, DB_READ, &e);
	assert_non_null(reader);
	has_mode(wal, 0600);
	has_mode(shm, 0600);
	db_close(reader);
	db_close(d);
	assert_true(log_open(log, LOG_INFO, &e));
	has_mode(log, 0600);
	log_close();
	if (geteuid() == 0) {
		assert_int_equal(chown(store, 12345, 0), 0);
		chmod(store, 0644);
		assert_null(db_open(store, DB_READ, &e));
		assert_non_null(strstr(e.msg, "its owner runs chmod 600"));
	}
	unlink(wal);
	unlink(shm);
	unlink(store);
	unlink(log);
	free(store);
	free(wal);
	free(shm);
	free(log);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_modes), T(test_sticky), T(test_links),
		T(test_quoted), T(test_owners), T(test_config), T(test_kept)};
	return cmocka_run_group_tests_name("trust", tests, NULL, NULL);
}
