/* A session's environment comes to the worker: from this user alone, to this user alone, and from two at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "runbooks/engine/session.h"
#include "runbooks/engine/worker.h"

enum { WITHIN_MS = 60000, LOOK_MS = 5 };

struct fixture {
	char dir[64], store[80], config_path[80];
	struct worker worker;
	struct session_door *door;
	const char *want;
	bool there;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	static const char text[] =
		"sources:\n  far: {connector: okta, token: {env: WD_SESSION_TEST}}\n";
	struct err e = ERR_INIT;

	(void)str_copy(f->dir, sizeof(f->dir), "/tmp/wd-session-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)str_format(f->store, sizeof(f->store), "%s/store.db", f->dir);
	(void)str_format(f->config_path, sizeof(f->config_path), "%s/c.yaml", f->dir);
	assert_true(file_write(f->config_path, text, sizeof(text) - 1, &e));
	assert_true(config_load(&f->worker.config, f->config_path, &e));
	f->worker.loop = loop_new();
	f->worker.store_path = f->store;
	setenv("https_proxy", "http://old:1", 1);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	session_close_door(f->door);
	loop_free(f->worker.loop);
	config_release(&f->worker.config);
	unlink(f->config_path);
	assert_int_equal(rmdir(f->dir), 0);
	free(f);
	return 0;
}

static void look(struct loop *l, void *arg)
{
	struct fixture *f = arg;

	f->there = str_equal(getenv("https_proxy"), f->want);
	if (!f->there)
		loop_timer(l, LOOK_MS, look, f);
}

/* The worker's own proxy becomes that one. */
static void comes(struct fixture *f, const char *want)
{
	f->want = want;
	f->there = false;
	look(f->worker.loop, f);
	assert_true(f->there || loop_until(f->worker.loop, &f->there, WITHIN_MS));
}

static int guest(const struct fixture *f)
{
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	(void)str_format(at.sun_path, sizeof(at.sun_path), "%s.session", f->store);
	assert_int_equal(connect(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	return fd;
}

static void says(const struct fixture *f, const char *text, size_t len)
{
	int fd = guest(f);

	(void)!send(fd, text, len, MSG_NOSIGNAL);
	close(fd);
}

/* The second does not wait in vain behind the first, which takes its time. */
static void test_two_at_once(void **state)
{
	struct fixture *f = *state;
	int slow;

	f->door = session_open_door(&f->worker);
	slow = guest(f);
	says(f, "{\"https_proxy\": \"http://second:1\"}", 34);
	assert_int_equal(send(slow, "{\"https_proxy\":", 15, 0), 15);
	/* The loop has seen both: a timer comes after what is there already. */
	f->there = false;
	f->want = "http://old:1";
	look(f->worker.loop, f);
	assert_int_equal(send(slow, "\"http://first:1\"}", 17, 0), 17);
	comes(f, "http://old:1");
	close(slow);
	comes(f, "http://second:1");
}

/* What is no offer changes nothing, and the next one is heard. */
static void test_odd_messages(void **state)
{
	static const char *const odd[] = {"", "[]", "null", "{\"https_proxy\": 1}",
		"{\"https_proxy\": null}", "{\"https_proxy\": \"\"}",
		"{\"https_proxy\": [\"x\"]}", "{\"https_proxy\": \"x\"",
		"{\"PATH\": \"x\"}", "{\"LD_PRELOAD\": \"x\"}",
		"{\"https_proxy=x\": \"x\"}", "{\"SSH_AUTH_SOCK\": \"/nowhere\"}"};
	struct fixture *f = *state;
	char *path = xstrdup(getenv("PATH")), *much = xcalloc(1, 70000);

	f->door = session_open_door(&f->worker);
	memset(much, ' ', 70000);
	memcpy(much, "{\"https_proxy\": \"x\"}", 20);
	says(f, much, 70000);
	for (size_t i = 0; i < LENGTH(odd) / 2; i++)
		says(f, odd[i], strlen(odd[i]));
	says(f, "{\"https_proxy\": \"http://a:1\"}", 29);
	comes(f, "http://a:1");
	for (size_t i = LENGTH(odd) / 2; i < LENGTH(odd); i++)
		says(f, odd[i], strlen(odd[i]));
	says(f, "{\"https_proxy\": \"http://b:1\"}", 29);
	comes(f, "http://b:1");
	assert_string_equal(getenv("PATH"), path);
	assert_null(getenv("LD_PRELOAD"));
	free(path);
	free(much);
}

/* Somebody else may listen there where the folder is shared: they hear nothing. */
static void test_a_stranger_at_the_door(void **state)
{
	struct fixture *f = *state;
	struct sockaddr_un at = {.sun_family = AF_UNIX};
	char text[100];
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), heard;

	(void)str_format(at.sun_path, sizeof(at.sun_path), "%s.session", f->store);
	assert_int_equal(bind(fd, (const struct sockaddr *)&at, sizeof(at)), 0);
	assert_true(geteuid() != 0 || seteuid(12345) == 0);
	assert_int_equal(listen(fd, 1), 0);
	bool stranger = geteuid() == 12345;
	assert_true(!stranger || seteuid(0) == 0);
	setenv("WD_SESSION_TEST", "a-secret-of-mine", 1);
	session_offer(f->store, &f->worker.config);
	heard = accept(fd, NULL, NULL);
	ssize_t n = recv(heard, text, sizeof(text), 0);
	assert_true(stranger ? n == 0 : n > 0);
	unsetenv("WD_SESSION_TEST");
	close(heard);
	close(fd);
	unlink(at.sun_path);
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_two_at_once), T(test_odd_messages),
		T(test_a_stranger_at_the_door)};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
