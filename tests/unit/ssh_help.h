/* What the tests of the SSH transport share: an sshd of tests/servers/sshd.py, and scripts on it. Every program runs its tests
 * twice, by libssh2 and by the system's ssh. */
#ifndef TESTS_SSH_HELP_H
#define TESTS_SSH_HELP_H

#include "backends/base/mem.h"
#include "backends/transport/ssh.h"
#include "tests/unit/server_help.h"

#define WAIT_MS 60000
#define SSH_SERVER "tests/servers/sshd.py"

static bool by_libssh2;
static struct loop *loop;
static struct ssh *ssh;
static char dir[32];
static json_t *server; /* what sshd.py printed */
static char port_text[16];

struct answer {
	bool done, proved, started, first;
	int calls, exit_code;
	char *out, *err_out;
	size_t out_len;
	struct err err;
	struct ssh_call *cancel; /* at the first output */
	size_t streamed;
};

/* The answer that on_output belongs to is the arg, as for the end. */
static inline void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct answer *a = arg;

	(void)stream;
	(void)bytes;
	a->streamed += len;
	a->first = true;
	if (a->cancel)
		ssh_cancel(ssh, a->cancel);
	a->cancel = NULL;
}

static inline void on_reply(void *arg, const struct ssh_reply *r)
{
	struct answer *a = arg;

	a->calls++;
	a->done = true;
	a->proved = r->proved;
	a->started = r->started;
	a->exit_code = r->exit_code;
	a->out = xstrndup(r->out, r->out_len);
	a->out_len = r->out_len;
	a->err_out = xstrndup(r->err_out, r->err_len);
	a->err = r->err;
}

static inline void answer_release(struct answer *a)
{
	free(a->out);
	free(a->err_out);
	*a = (struct answer){0};
}

static inline struct ssh_host good_host(void)
{
	return (struct ssh_host){
		.host = json_str(server, "host", ""),
		.port = port_text,
		.user = json_str(server, "user", ""),
		.identity = json_str(server, "identity", ""),
		.known_hosts = json_str(server, "known_hosts", ""),
		.config = json_str(server, "config", ""),
		.libssh2 = by_libssh2,
	};
}

static inline struct answer run_on(struct ssh_host host, struct ssh_script script)
{
	struct answer a = {0};

	script.on_output = on_output;
	assert_non_null(ssh_run(ssh, &host, &script, on_reply, &a));
	assert_int_equal(a.calls, 0);
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.calls, 1);
	return a;
}

static inline struct answer run_text(const char *text)
{
	return run_on(good_host(), (struct ssh_script){.text = text});
}

static inline void fails(
	struct answer a, enum err_code code, const char *words, bool started)
{
	if (a.err.code != code || !strstr(a.err.msg, words) || a.started != started ||
		a.proved)
		fail_msg("%s, started %d, proved %d: %s; out: %s",
			err_code_name(a.err.code), a.started, a.proved, a.err.msg, a.out);
	answer_release(&a);
}

static inline int setup(void **state)
{
	(void)state;
	str_copy(dir, sizeof(dir), "/tmp/wd-ssh-XXXXXX");
	if (!mkdtemp(dir))
		return -1;
	server = server_up(SSH_SERVER, dir);
	if (!server)
		return -1;
	str_format(port_text, sizeof(port_text), "%lld", json_int(server, "port", 0));
	loop = loop_new();
	ssh = ssh_new(loop);
	return 0;
}

static inline int teardown(void **state)
{
	(void)state;
	ssh_free(ssh);
	loop_free(loop);
	int ended = server_down(SSH_SERVER, dir, server);
	return rmdir(dir) == 0 ? ended : -1;
}

/* In place of cmocka_run_group_tests. */
#define RUN_BOTH(name, tests)                                                       \
	((by_libssh2 = true, cmocka_run_group_tests_name(                           \
				     name " by libssh2", tests, setup, teardown)) + \
		(by_libssh2 = false, cmocka_run_group_tests_name(                   \
					     name " by ssh", tests, setup, teardown)))

#endif
