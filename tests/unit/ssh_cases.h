/* The cases that both implementations of ssh.h have to pass, against tests/servers/sshd.py.
 * Included by ssh_test.c (libssh2) and openssh_test.c, which define SSH_LIBSSH2. */
#include "backends/transport/ssh.h"

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

#include "backends/base/file.h"
#include "backends/base/json.h"
#include "backends/base/mem.h"

#define WAIT_MS 20000

static struct loop *loop;
static struct ssh *ssh;
static char dir[] = "/tmp/wd-ssh-XXXXXX";
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
static void on_output(void *arg, int stream, const char *bytes, size_t len)
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

static void on_reply(void *arg, const struct ssh_reply *r)
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

static void answer_release(struct answer *a)
{
	free(a->out);
	free(a->err_out);
	*a = (struct answer){0};
}

static struct ssh_host good_host(void)
{
	return (struct ssh_host){
		.host = json_str(server, "host", ""),
		.port = port_text,
		.user = json_str(server, "user", ""),
		.identity = json_str(server, "identity", ""),
		.known_hosts = json_str(server, "known_hosts", ""),
		.config = json_str(server, "config", ""),
		.libssh2 = SSH_LIBSSH2,
	};
}

static struct answer run_on(struct ssh_host host, struct ssh_script script)
{
	struct answer a = {0};

	script.on_output = on_output;
	assert_non_null(ssh_run(ssh, &host, &script, on_reply, &a));
	assert_int_equal(a.calls, 0);
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.calls, 1);
	return a;
}

static struct answer run_text(const char *text)
{
	return run_on(good_host(), (struct ssh_script){.text = text});
}

static void fails(struct answer a, enum err_code code, const char *words, bool started)
{
	if (a.err.code != code || !strstr(a.err.msg, words) || a.started != started ||
		a.proved)
		fail_msg("%s, started %d, proved %d: %s; out: %s",
			err_code_name(a.err.code), a.started, a.proved, a.err.msg, a.out);
	answer_release(&a);
}

/* What a shell would do with the text: "%s" is `out`, then the exit code. */
static void gives(const char *text, const char *out, const char *err_out, int code)
{
	struct answer a = run_text(text);

	if (a.err.code != ERR_NONE)
		fail_msg("%s: %s", err_code_name(a.err.code), a.err.msg);
	assert_true(a.proved);
	assert_true(a.started);
	assert_string_equal(a.out, out);
	assert_string_equal(a.err_out, err_out);
	assert_int_equal(a.exit_code, code);
	assert_int_equal(a.streamed, strlen(out) + strlen(err_out));
	answer_release(&a);
}

static void test_output_and_code(void **state)
{
	(void)state;
	gives("echo hello; echo oops >&2", "hello\n", "oops\n", 0);
	gives("printf 'no line feed'; exit 3", "no line feed", "", 3);
	gives("", "", "", 0);
	gives("exit 255", "", "", 255);
	gives("set -e\nfalse\necho not here", "", "", 1);
}

/* Nothing of a script can end, forge or eat the frame around it. */
static void test_hostile_scripts(void **state)
{
	struct answer a;

	(void)state;
	gives("cat; read x; echo \"[$x]\"", "[]\n", "", 0); /* stdin is empty */
	gives("echo a # comment", "a\n", "", 0);
	gives("echo \"it's\" 'two  blanks' \\\\", "it's two  blanks \\\n", "", 0);
	gives("cat <<END\nline $((1 + 1))\nEND", "line 2\n", "", 0);
	gives("printf() { :; }; trap \"exit 9\" USR1; echo x", "x\n", "", 0);
	gives("cd / && umask 0 && pwd", "/\n", "", 0);
	gives("printf '\\0360123456789abcdef0123456789abcdef 0\\n\\036'; exit 4",
		"\0360123456789abcdef0123456789abcdef 0\n\036", "", 4);
	a = run_text("echo before; }; echo {"); /* a syntax error, in the script alone */
	assert_true(a.proved);
	assert_int_equal(a.exit_code, 2);
	assert_string_equal(a.out, "");
	answer_release(&a);
	a = run_text("echo 'open quote");
	assert_true(a.proved);
	assert_int_equal(a.exit_code, 2);
	answer_release(&a);
}

static void test_variables(void **state)
{
	static const char *const values[] = {"", "plain", "two words", "it's",
		"'; echo INJECTED #", "\\'; echo INJECTED #", "$(echo INJECTED)",
		"`echo INJECTED`", "${HOME}", "a\nb\n", "\\", "\\\\'", "!x !! !$", "*",
		"~", "-n", "%s%n", "\x1b[31m", "\xff\xfe", "\xc3\xa9\xe2\x82\xac", "\t\r",
		"}", ")", "EOF", "&|;<>", "\036", "\"", "{a,b}"};
	struct str want = STR_INIT;
	json_t *vars = json_object();

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		char name[8];
		json_t *v = json_stringn_nocheck(values[i], strlen(values[i]));

		str_format(name, sizeof(name), "V%zu", i);
		json_object_set_new(vars, name, v);
		str_addf(&want, "[%s]", values[i]);
	}
	json_object_set_new(vars, "NUM", json_integer(-7));
	json_object_set_new(vars, "YES", json_true());
	struct str text = STR_INIT;
	str_adds(&text, "printf '[%s]'");
	for (size_t i = 0; i < LENGTH(values); i++)
		str_addf(&text, " \"$V%zu\"", i);
	str_adds(&text, "; echo $NUM $YES; env | grep -c '^V1='");
	str_adds(&want, "-7 true\n0\n"); /* and they are not in the environment */
	struct answer a =
		run_on(good_host(), (struct ssh_script){.text = text.buf, .vars = vars});
	assert_int_equal(a.err.code, ERR_NONE);
	assert_string_equal(a.out, want.buf);
	answer_release(&a);
	str_release(&text);
	str_release(&want);
	json_decref(vars);
}

static void refuses_variable(const char *name, json_t *value)
{
	json_t *vars = json_object();

	json_object_set_new(vars, name, value);
	fails(run_on(good_host(), (struct ssh_script){.text = "echo x", .vars = vars}),
		value && json_is_string(value) && json_string_length(value) > 1
			? ERR_PARSE
			: ERR_CONFIG,
		name, false);
	json_decref(vars);
}

static void test_refused(void **state)
{
	static const char *const hosts[] = {
		"-oProxyCommand=x", "", "a b", "a;b", "a@b", "$(x)", "a\nb"};
	static const char *const users[] = {"-l", "a b", "`x`", ""};
	struct ssh_script script = {.text = "echo x"};

	(void)state;
	refuses_variable("lower", json_string("x"));
	refuses_variable("A-B", json_string("x"));
	refuses_variable("A;echo", json_string("x"));
	refuses_variable("PATH", json_string("x"));
	refuses_variable("IFS", json_string("x"));
	refuses_variable("LD_PRELOAD", json_string("x"));
	refuses_variable("LIST", json_array());
	refuses_variable("NUL", json_stringn("a\0b", 3));
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		struct ssh_host h = good_host();

		h.host = hosts[i];
		fails(run_on(h, script), ERR_CONFIG, "host name", false);
	}
	for (size_t i = 0; i < LENGTH(users); i++) {
		struct ssh_host h = good_host();

		h.user = users[i];
		fails(run_on(h, script), ERR_CONFIG, "user name", false);
	}
	struct ssh_host h = good_host();
	h.port = "22;x";
	fails(run_on(h, script), ERR_CONFIG, "port", false);
	h = good_host();
	h.known_hosts = "/tmp/a\" -o x=\"";
	fails(run_on(h, script), ERR_CONFIG, "known_hosts", false);
}

/* Writes a known_hosts of `text`, with %s for the host's pattern, and runs on it. */
static struct answer run_known(const char *content)
{
	struct ssh_host h = good_host();
	struct err e = ERR_INIT;
	char *path = xasprintf("%s/kh", dir);
	struct answer a;

	assert_true(file_write(path, content, strlen(content), &e));
	h.known_hosts = path;
	a = run_on(h, (struct ssh_script){.text = "echo x"});
	free(path);
	return a;
}

static void test_host_keys(void **state)
{
	struct str good = STR_INIT, text = STR_INIT, other = STR_INIT;
	struct err e = ERR_INIT;
	char *user_pub = xasprintf("%s.pub", json_str(server, "identity", ""));
	struct answer a;

	(void)state;
	assert_true(file_read(json_str(server, "known_hosts", ""), 1 << 20, &good, &e));
	assert_true(file_read(user_pub, 1 << 20, &other, &e));
	fails(run_known("# nothing\n"), ERR_AUTH, "not in known_hosts", false);
	str_addf(&text, "[127.0.0.1]:%s %s", port_text,
		other.buf); /* another ed25519 key */
	fails(run_known(text.buf), ERR_AUTH, "not the one in known_hosts", false);
	str_clear(&text);
	str_addf(&text, "not a line at all\n%s", good.buf);
	a = run_known(text.buf);
	assert_true(a.proved);
	answer_release(&a);
	str_clear(&text); /* both keys revoked, and listed as good */
	str_adds(&text, good.buf);
	for (char *s = good.buf; *s; s = strchr(s, '\n') + 1)
		str_addf(&text, "@revoked %.*s\n", (int)strcspn(s, "\n"), s);
	fails(run_known(text.buf), ERR_AUTH, "revoked", false);
	/* Known by one of two keys: that one has to be asked for. */
	str_clear(&text);
	str_adds(&text, strchr(good.buf, '\n') + 1);
	a = run_known(text.buf);
	assert_true(a.proved);
	answer_release(&a);
	str_release(&good);
	str_release(&text);
	str_release(&other);
	free(user_pub);
}

static void test_login_refused(void **state)
{
	struct ssh_host h = good_host();

	(void)state;
	h.identity = json_str(server, "other_identity", "");
	fails(run_on(h, (struct ssh_script){.text = "echo x"}), ERR_AUTH, "login refused",
		false);
}

static void test_not_reached(void **state)
{
	struct ssh_host h = good_host();

	(void)state;
	h.port = "1";
	fails(run_on(h, (struct ssh_script){.text = "echo x"}), ERR_NET, "efused", false);
}

#if SSH_LIBSSH2
#include "tests/unit/ssh_libssh2_cases.h"
#endif

static void test_timeouts(void **state)
{
	struct answer a;

	(void)state;
	a = run_on(good_host(), (struct ssh_script){.text = "echo begun; exec sleep 30",
					.timeout_ms = 1500});
	assert_string_equal(a.out, "begun\n");
	fails(a, ERR_UNKNOWN, "no end within 1500 ms", true);
}

static void test_output_limit(void **state)
{
	struct answer a = run_on(good_host(),
		(struct ssh_script){
			.text = "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
			.max_bytes = 100000});

	(void)state;
	fails(a, ERR_LIMIT, "larger", true);
}

/* More than a window of each stream, at once. */
static void test_large_output(void **state)
{
	struct answer a = run_text("head -c 1500000 /dev/zero | tr '\\0' o >&2 & head -c "
				   "1500000 /dev/zero | "
				   "tr '\\0' '\\n'; wait; exit 7");

	(void)state;
	assert_int_equal(a.err.code, ERR_NONE);
	assert_true(a.proved);
	assert_int_equal(a.exit_code, 7);
	assert_int_equal(a.out_len, 1500000);
	assert_int_equal(strlen(a.err_out), 1500000);
	answer_release(&a);
}

static void test_large_script(void **state)
{
	struct str text = STR_INIT;
	struct answer a;

	(void)state;
	str_adds(&text, ": '");
	for (int i = 0; i < 60000; i++)
		str_adds(&text, "0123456789");
	str_adds(&text, "'\necho end");
	a = run_text(text.buf);
	assert_true(a.proved);
	assert_string_equal(a.out, "end\n");
	answer_release(&a);
	for (int i = 0; i < 60000; i++)
		str_adds(&text, "0123456789");
	fails(run_text(text.buf), ERR_LIMIT, "larger", false);
	str_release(&text);
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

static json_t *server_run(const char *verb)
{
	char out[4096] = "";
	size_t len = 0;
	ssize_t n;
	int fds[2], status;
	pid_t pid;

	if (pipe(fds))
		return NULL;
	pid = fork();
	if (pid == 0) {
		dup2(fds[1], 1);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execlp("python3", "python3", "tests/servers/sshd.py", verb, dir,
			(char *)NULL);
		_exit(127);
	}
	close(fds[1]);
	while (len < sizeof(out) - 1 &&
		(n = read(fds[0], out + len, sizeof(out) - 1 - len)) > 0)
		len += (size_t)n;
	close(fds[0]);
	if (waitpid(pid, &status, 0) != pid || status != 0)
		return NULL;
	return json_loadb(out, len, 0, NULL);
}

static int setup(void **state)
{
	(void)state;
	if (!mkdtemp(dir))
		return -1;
	server = server_run("start");
	if (!server)
		return -1;
	str_format(port_text, sizeof(port_text), "%lld", json_int(server, "port", 0));
	loop = loop_new();
	ssh = ssh_new(loop);
	return 0;
}

static int teardown(void **state)
{
	char *path = xasprintf("%s/kh", dir);

	(void)state;
	ssh_free(ssh);
	loop_free(loop);
	server_run("stop");
	json_decref(server);
	unlink(path);
	free(path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_code),
		cmocka_unit_test(test_hostile_scripts),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_host_keys),
		cmocka_unit_test(test_login_refused),
		cmocka_unit_test(test_not_reached),
#if SSH_LIBSSH2
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_agent_refuses),
		cmocka_unit_test(test_agent_is_silent),
		cmocka_unit_test(test_agent_messages),
#endif
		cmocka_unit_test(test_timeouts),
		cmocka_unit_test(test_output_limit),
		cmocka_unit_test(test_large_output),
		cmocka_unit_test(test_large_script),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_killed_server),
		cmocka_unit_test(test_killed_shell),
	};

	return cmocka_run_group_tests_name(
		SSH_LIBSSH2 ? "ssh" : "openssh", tests, setup, teardown);
}
