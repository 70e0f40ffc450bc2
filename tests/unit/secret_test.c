/* Secrets: each way to get one, each way to fail, and what stays behind. */
#include "backends/base/secret.h"

#include "backends/base/clock.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/str.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct answer {
	bool done;
	int calls;
	bool ok;
	char text[600];
};

static void on_secret(void *arg, const char *value, const struct err *e)
{
	struct answer *a = arg;
	a->calls++;
	a->ok = value != NULL;
	snprintf(a->text, sizeof(a->text), "%s", value ? value : e->msg);
	a->done = true;
}

static struct answer ask_json(const char *spec)
{
	struct answer a = {false, 0, false, ""};
	struct loop *l = loop_new();
	json_t *v = json_loads(spec, JSON_DECODE_ANY, NULL);
	assert_non_null(v);
	secret_resolve(l, v, on_secret, &a);
	assert_int_equal(a.calls, 0);
	json_decref(v);
	assert_true(loop_until(l, &a.done, 60000));
	assert_int_equal(a.calls, 1);
	secret_forget(l);
	loop_free(l);
	return a;
}

static void gives(const char *spec, const char *want)
{
	struct answer a = ask_json(spec);
	assert_string_equal(a.text, want);
	assert_true(a.ok);
}

static void fails(const char *spec, const char *says)
{
	struct answer a = ask_json(spec);
	assert_false(a.ok);
	if (!strstr(a.text, says))
		fail_msg("%s: got \"%s\", wanted \"%s\"", spec, a.text, says);
}

static void test_command(void **state)
{
	(void)state;
	gives("{\"command\":[\"printf\",\"geheim1\\nsecond\\n\"]}", "geheim1");
	gives("{\"command\":[\"/bin/sh\",\"-c\",\"printf '%s' "
	      "\\\"${WD_TEST_LEAK-clean}\\\"\"]}",
		"clean");
	fails("{\"command\":[\"/bin/sh\",\"-c\",\"echo no key >&2; exit 3\"]}",
		"status 3: no key");
	fails("{\"command\":[\"/bin/sh\",\"-c\",\"kill -9 $$\"]}", "signal 9");
	fails("{\"command\":[\"/bin/sh\",\"-c\",\"head -c 70000 /dev/zero | tr '\\\\0' "
	      "x\"]}",
		"64 KiB");
	fails("{\"command\":[\"true\"]}", "the secret is empty");
	fails("{\"command\":[\"/no/such/program\"]}", "the secret's command");
}

static void test_file(void **state)
{
	(void)state;
	char dir[] = "/tmp/wd-secret-XXXXXX";
	assert_non_null(mkdtemp(dir));
	char *path = xasprintf("%s/key", dir);
	char *spec = xasprintf("{\"file\":\"%s\"}", path);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "top secret\n\n", 12), 12);
	close(fd);
	gives(spec, "top secret");
	chmod(path, 0640);
	fails(spec, "chmod 600");
	unlink(path);
	fails(spec, "No such file");
	assert_int_equal(mkdir(path, 0700), 0);
	fails(spec, "not a regular file");
	rmdir(path);
	rmdir(dir);
	free(path);
	free(spec);
}

/* As it is mounted into a container: key -> ..data/key, ..data -> a folder of that day, and 0440 with the own group. */
static void test_mounted(void **state)
{
	(void)state;
	char dir[] = "/tmp/wd-secret-XXXXXX";
	assert_non_null(mkdtemp(dir));
	char *day = xasprintf("%s/..day", dir), *path = xasprintf("%s/key", day),
	     *data = xasprintf("%s/..data", dir), *key = xasprintf("%s/key", dir),
	     *spec = xasprintf("{\"file\":\"%s\"}", key);
	assert_int_equal(mkdir(day, 0755), 0);
	int fd = open(path, O_CREAT | O_WRONLY, 0600);
	assert_int_equal(write(fd, "mounted one", 11), 11);
	close(fd);
	assert_int_equal(symlink("..day", data), 0);
	assert_int_equal(symlink("..data/key", key), 0);
	gives(spec, "mounted one");
	chmod(path, 0440);
	gives(spec, "mounted one");
	chmod(path, 0444);
	fails(spec, "chmod 600");
	chmod(path, 0440);
	chmod(day, 0775);
	fails(spec, "chmod g-w /tmp/wd-secret-");
	chmod(day, 0755);
	if (geteuid() == 0) {
		assert_int_equal(chown(path, 0, 12345), 0);
		fails(spec, "chmod 600"); /* a group that we are not in */
		assert_int_equal(lchown(data, 12345, 0), 0);
		fails(spec, "..data belongs to another user");
	}
	unlink(key);
	unlink(data);
	unlink(path);
	rmdir(day);
	rmdir(dir);
	free(day);
	free(path);
	free(data);
	free(key);
	free(spec);
}

static void test_env(void **state)
{
	(void)state;
	setenv("WD_TEST_SECRET", "from-the-env", 1);
	const char *bytes = getenv("WD_TEST_SECRET");
	gives("{\"env\":\"WD_TEST_SECRET\"}", "from-the-env");
	assert_null(getenv("WD_TEST_SECRET"));
	assert_int_equal(bytes[0], 0);
	gives("{\"env\":\"WD_TEST_SECRET\"}", "from-the-env");
	fails("{\"env\":\"WD_TEST_NOT_SET\"}", "WD_TEST_NOT_SET is not set");
}

static void test_redacted(void **state)
{
	(void)state;
	struct str text = STR_INIT;
	gives("{\"command\":[\"echo\",\"redact-me-please\"]}", "redact-me-please");
	str_adds(&text, "token redact-me-please is bad");
	log_scrub(&text);
	assert_string_equal(text.buf, "token [secret] is bad");
	str_release(&text);
}

/* ---- what a command said is kept ---- */

struct runs {
	char dir[40], *log, *spec;
	json_t *json;
	struct loop *loop;
};

/* A command that notes each run and says `more` after the secret. */
static void runs_open(struct runs *r, const char *more)
{
	str_copy(r->dir, sizeof(r->dir), "/tmp/wd-secret-XXXXXX");
	assert_non_null(mkdtemp(r->dir));
	r->log = xasprintf("%s/runs", r->dir);
	r->spec = xasprintf("{\"command\":[\"/bin/sh\",\"-c\",\"echo x >>$0; printf "
			    "'%%s' \\\"$1\\\"\",\"%s\",\"%s\"]}",
		r->log, more);
	r->json = json_loads(r->spec, 0, NULL);
	assert_non_null(r->json);
	r->loop = loop_new();
}

static void runs_close(struct runs *r)
{
	secret_forget(r->loop);
	loop_free(r->loop);
	json_decref(r->json);
	unlink(r->log);
	rmdir(r->dir);
	free(r->log);
	free(r->spec);
}

static long runs_so_far(const struct runs *r)
{
	struct stat st;
	return stat(r->log, &st) == 0 ? (long)st.st_size / 2 : 0;
}

/* So many ask at once. */
static void runs_ask(struct runs *r, size_t n)
{
	struct answer a[8] = {{0}};
	for (size_t i = 0; i < n; i++)
		secret_resolve(r->loop, r->json, on_secret, &a[i]);
	for (size_t i = 0; i < n; i++) {
		assert_true(loop_until(r->loop, &a[i].done, 60000));
		assert_true(a[i].ok);
		assert_string_equal(a[i].text, "geheim-77");
		assert_int_equal(a[i].calls, 1);
	}
}

static void test_kept(void **state)
{
	struct runs r;
	(void)state;
	clock_set_test(1795356123000000);
	runs_open(&r, "geheim-77");
	runs_ask(&r, 8);
	assert_int_equal(runs_so_far(&r), 1);
	clock_advance_test(599 * USEC_PER_SEC);
	runs_ask(&r, 2);
	assert_int_equal(runs_so_far(&r), 1);
	clock_advance_test(2 * USEC_PER_SEC);
	runs_ask(&r, 1);
	assert_int_equal(runs_so_far(&r), 2);
	/* Refused: anew, but not at each refusal. */
	secret_refused(r.loop, r.json);
	runs_ask(&r, 1);
	assert_int_equal(runs_so_far(&r), 2);
	clock_advance_test(61 * USEC_PER_SEC);
	secret_refused(r.loop, r.json);
	runs_ask(&r, 1);
	assert_int_equal(runs_so_far(&r), 3);
	runs_close(&r);
	clock_end_test();
}

static void test_expires(void **state)
{
	static const struct {
		const char *says;
		int64_t good_s;
	} cases[] = {
		{"geheim-77\\nexpires: 2026-11-22T14:03:43Z\\n", 90},
		{"geheim-77\\nexpires: 1795356223", 90},
		{"geheim-77\\nexpires: 1795350000", 0}, /* is over */
		{"geheim-77\\nexpires: never", 600},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct runs r;
		clock_set_test(1795356123000000);
		runs_open(&r, cases[i].says);
		runs_ask(&r, 1);
		clock_advance_test((cases[i].good_s - 1) * USEC_PER_SEC);
		if (cases[i].good_s)
			runs_ask(&r, 1);
		assert_int_equal(runs_so_far(&r), 1);
		clock_advance_test(2 * USEC_PER_SEC);
		runs_ask(&r, 1);
		assert_int_equal(runs_so_far(&r), 2);
		runs_close(&r);
	}
	clock_end_test();
}

static bool is_scrubbed(const char *secret)
{
	struct str text = STR_INIT;
	str_addf(&text, "a %s b", secret);
	log_scrub(&text);
	bool gone = !strstr(text.buf, secret);
	str_release(&text);
	return gone;
}

/* Of tokens that are renewed the last two are looked for, and not every one that there ever was. */
static void test_renewed(void **state)
{
	char folder[] = "/tmp/wd-renew-XXXXXX", name[40];
	(void)state;
	assert_non_null(mkdtemp(folder));
	char *count = xasprintf("%s/n", folder),
	     *spec = xasprintf("{\"command\": [\"sh\", \"-c\", \"echo >> %s; n=$(wc -l < "
			       "%s); echo token-$n-of-%s; echo expires: 1\"]}",
		     count, count, folder + 14);
	struct loop *l = loop_new();
	json_t *v = json_loads(spec, 0, NULL);
	for (int i = 1; i <= 4; i++) {
		struct answer a = {false, 0, false, ""};
		secret_resolve(l, v, on_secret, &a);
		assert_true(loop_until(l, &a.done, 60000));
		str_format(name, sizeof(name), "token-%d-of-%s", i, folder + 14);
		assert_string_equal(a.text, name);
		assert_true(is_scrubbed(name));
	}
	for (int i = 1; i <= 4; i++) {
		str_format(name, sizeof(name), "token-%d-of-%s", i, folder + 14);
		assert_int_equal(is_scrubbed(name), i > 2);
	}
	secret_forget(l);
	loop_free(l);
	json_decref(v);
	unlink(count);
	rmdir(folder);
	free(count);
	free(spec);
}

/* {"exp":1795356223} in the middle. */
static void test_jwt(void **state)
{
	struct runs r;
	struct answer a = {0};
	(void)state;
	clock_set_test(1795356123000000);
	runs_open(&r, "eyJhbGciOiJub25lIn0.eyJleHAiOjE3OTUzNTYyMjN9.c2ln");
	for (int i = 0; i < 3; i++) {
		a.done = false;
		secret_resolve(r.loop, r.json, on_secret, &a);
		assert_true(loop_until(r.loop, &a.done, 60000));
		assert_true(a.ok);
		assert_int_equal(runs_so_far(&r), i < 2 ? 1 : 2);
		clock_advance_test((i < 1 ? 89 : 2) * USEC_PER_SEC);
	}
	runs_close(&r);
	clock_end_test();
}

static void spec(const char *text, const char *says)
{
	struct err e = ERR_INIT;
	json_t *v = json_loads(text, JSON_DECODE_ANY, NULL);
	bool ok = secret_spec_check(v, &e);
	json_decref(v);
	if (says ? ok || !strstr(e.msg, says) : !ok)
		fail_msg(
			"%s: got \"%s\", wanted \"%s\"", text, e.msg, says ? says : "ok");
}

static void test_spec(void **state)
{
	(void)state;
	spec("{\"command\":[\"pass\",\"x\"]}", NULL);
	spec("{\"file\":\"/x\"}", NULL);
	spec("{\"env\":\"X\"}", NULL);
	spec("\"hunter2\"", "not written into this file: write {command:");
	spec("{}", "one of command, file, env");
	spec("{\"file\":\"/x\",\"env\":\"X\"}", "one of command, file, env");
	spec("{\"vault\":\"x\"}", "one of command, file, env");
	spec("{\"file\":7}", "one of command, file, env");
	spec("{\"file\":\"x\"}", "absolute path");
	spec("{\"env\":\"A=b\"}", "name of a variable");
	spec("{\"command\":\"pass x\"}", "a list of texts");
	spec("{\"command\":[]}", "a list of texts");
	spec("{\"command\":[\"x\",7]}", "a list of texts");
	fails("\"hunter2\"", "not written into this file");
}

static void test_harden(void **state)
{
	struct rlimit core = {4096, 4096};
	(void)state;
	(void)setrlimit(RLIMIT_CORE, &core); /* unless it is lower already */
	setenv("PGHOST", "elsewhere", 1);
	setenv("PGPASSFILE", "x", 1);
	setenv("SSLKEYLOGFILE", "/tmp/x", 1);
	setenv("WD_TEST_STAYS", "1", 1);
	secret_harden();
	assert_null(getenv("PGHOST"));
	assert_null(getenv("PGPASSFILE"));
	assert_null(getenv("SSLKEYLOGFILE"));
	assert_non_null(getenv("WD_TEST_STAYS"));
	assert_int_equal(prctl(PR_GET_DUMPABLE), 0);
	assert_int_equal(getrlimit(RLIMIT_CORE, &core), 0);
	assert_int_equal(core.rlim_cur, 0);
	assert_int_equal(core.rlim_max, 0);
	/* The leak checker attaches to this process at exit and needs it again. */
	prctl(PR_SET_DUMPABLE, 1);
}

int main(void)
{
	setenv("WD_TEST_LEAK", "leaked", 1);
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_command),
		cmocka_unit_test(test_file),
		cmocka_unit_test(test_mounted),
		cmocka_unit_test(test_env),
		cmocka_unit_test(test_redacted),
		cmocka_unit_test(test_kept),
		cmocka_unit_test(test_expires),
		cmocka_unit_test(test_renewed),
		cmocka_unit_test(test_jwt),
		cmocka_unit_test(test_spec),
		cmocka_unit_test(test_harden),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
