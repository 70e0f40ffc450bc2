/* What only our own client does: addresses in turn, an agent. */
#include <sys/un.h>

#include "backends/base/crypto.h"
#include "backends/base/file.h"
#include "backends/transport/ssh_agent.h"
#include "backends/transport/ssh_private.h"
#include "tests/unit/ssh_help.h"

#include "tests/unit/addresses.h"

/* ssh(1) does the same by itself. */
static void test_addresses(void **state)
{
	static const char *const good[] = {REFUSES, DEAF, "127.0.0.1", NULL},
				 *const bad[] = {DEAF, REFUSES, NULL};
	struct ssh_host h = good_host();
	struct ssh_script script = {.text = "echo x", .connect_ms = 6000};
	struct deaf d = deaf_open((int)json_int(server, "port", 0));
	struct answer a;

	(void)state;
	h.host = "many.test";
	know(ssh->resolver, h.host, good);
	a = run_on(h, script); /* the key is known for 127.0.0.1 only: it was reached */
	fails(a, ERR_AUTH, "not in known_hosts", false);
	h.host = "none.test";
	know(ssh->resolver, h.host, bad);
	script.connect_ms = 600;
	fails(run_on(h, script), ERR_NET, "cannot connect to port", false);
	a = run_on(h, script);
	if (!strstr(a.err.msg, "Connection refused (at " REFUSES "; before that " DEAF
			       ": no answer)"))
		fail_msg("%s", a.err.msg);
	answer_release(&a);
	deaf_close(&d);
}

/* ---- an agent ------------------------------------------------------------------------------------ */

struct tool {
	bool done;
	int status;
};

static void tool_output(void *arg, int stream, const char *bytes, size_t len)
{
	(void)arg;
	(void)stream;
	(void)bytes;
	(void)len;
}

static void tool_exit(void *arg, int status, bool timed_out)
{
	struct tool *t = arg;

	(void)timed_out;
	t->status = status;
	t->done = true;
}

static struct loop_child *tool_start(const char *const *argv, struct tool *t)
{
	struct err e = ERR_INIT;
	struct loop_child_spec spec = {.argv = argv,
		.on_output = tool_output,
		.on_exit = tool_exit,
		.deadline_ms = WAIT_MS,
		.arg = t};
	struct loop_child *c = loop_spawn(loop, &spec, &e);

	if (!c)
		fail_msg("%s", e.msg);
	return c;
}

struct agent {
	char path[100], home[100];
	struct tool tool;
	struct loop_child *child;
};

/* SSH_AUTH_SOCK leads to it, and HOME has no key files. */
static void agent_start(struct agent *a)
{
	const char *const argv[] = {"ssh-agent", "-D", "-a", a->path, NULL};

	memset(a, 0, sizeof(*a));
	str_format(a->path, sizeof(a->path), "%s/agent", dir);
	str_format(a->home, sizeof(a->home), "%s/home", dir);
	setenv("SSH_AUTH_SOCK", a->path, 1);
	setenv("HOME", a->home, 1);
	a->child = tool_start(argv, &a->tool);
	for (int64_t until = clock_mono_ms() + WAIT_MS; access(a->path, F_OK) != 0;) {
		assert_true(clock_mono_ms() < until && !a->tool.done);
		loop_turn(loop, 10);
	}
}

static void agent_add(const char *key)
{
	const char *const argv[] = {"ssh-add", "-q", key, NULL};
	struct tool t = {0};

	tool_start(argv, &t);
	assert_true(loop_until(loop, &t.done, WAIT_MS));
	assert_int_equal(t.status, 0);
}

static void agent_clear(void)
{
	const char *const argv[] = {"ssh-add", "-q", "-D", NULL};
	struct tool t = {0};

	tool_start(argv, &t);
	assert_true(loop_until(loop, &t.done, WAIT_MS));
}

static void agent_stop(struct agent *a)
{
	loop_child_kill(a->child, SIGTERM);
	assert_true(loop_until(loop, &a->tool.done, WAIT_MS));
	unlink(a->path);
	unsetenv("SSH_AUTH_SOCK");
}

static struct ssh_host agent_host(void)
{
	struct ssh_host h = good_host();

	h.identity = NULL;
	return h;
}

static void agent_lets_in(void)
{
	struct answer r = run_on(agent_host(), (struct ssh_script){.text = "echo in"});

	if (r.err.code != ERR_NONE)
		fail_msg("%s", r.err.msg);
	assert_string_equal(r.out, "in\n");
	answer_release(&r);
}

static void test_agent(void **state)
{
	struct ssh_script script = {.text = "echo in"};
	struct agent a;

	(void)state;
	agent_start(&a);
	fails(run_on(agent_host(), script), ERR_AUTH, "no private key",
		false); /* it is empty */
	agent_add(json_str(server, "identity", ""));
	agent_lets_in();
	agent_clear();
	agent_add(json_str(server, "ecdsa_identity", ""));
	agent_lets_in();
	/* The second one is right. */
	agent_clear();
	agent_add(json_str(server, "other_identity", ""));
	fails(run_on(agent_host(), script), ERR_AUTH, "with a key of the agent", false);
	agent_add(json_str(server, "identity", ""));
	agent_lets_in();
	/* A file that is named is used alone. */
	struct ssh_host h = good_host();
	h.identity = json_str(server, "other_identity", "");
	fails(run_on(h, script), ERR_AUTH, "login refused", false);
	agent_stop(&a);
	fails(run_on(agent_host(), script), ERR_AUTH, "no private key", false);
	setenv("SSH_AUTH_SOCK", a.path, 1); /* nobody listens there any more */
	fails(run_on(agent_host(), script), ERR_AUTH, "no private key", false);
	unsetenv("SSH_AUTH_SOCK");
}

/* A user's own socket in the place of the agent's; -1 is an agent that says nothing. */
struct fake {
	int listener, fd;
	char path[100];
	struct loop_watch *watch, *client;
	struct str list; /* of a real agent's keys, or empty */
	int asked;
};

static void fake_asked(struct loop *l, int fd, unsigned events, void *arg)
{
	struct fake *f = arg;
	char buf[4096];

	(void)l;
	(void)events;
	if (recv(fd, buf, sizeof(buf), MSG_DONTWAIT) <= 0) {
		loop_watch_events(loop, f->client, 0);
		return;
	}
	/* The list as told; to everything else "failure". */
	if (f->asked++ == 0 && f->list.len > 0)
		send(fd, f->list.buf, f->list.len, MSG_NOSIGNAL);
	else if (f->list.len > 0)
		send(fd, "\0\0\0\1\5", 5, MSG_NOSIGNAL);
}

static void fake_came(struct loop *l, int fd, unsigned events, void *arg)
{
	struct fake *f = arg;

	(void)events;
	f->fd = accept(fd, NULL, NULL);
	f->client = loop_watch(l, f->fd, LOOP_READ, fake_asked, f);
}

static void fake_start(struct fake *f)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};

	memset(f, 0, sizeof(*f));
	f->fd = -1;
	str_init(&f->list, 65536);
	str_format(f->path, sizeof(f->path), "%s/fake", dir);
	str_copy(to.sun_path, sizeof(to.sun_path), f->path);
	f->listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(f->listener, (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(f->listener, 5), 0);
	f->watch = loop_watch(loop, f->listener, LOOP_READ, fake_came, f);
	setenv("SSH_AUTH_SOCK", f->path, 1);
}

static void fake_stop(struct fake *f)
{
	loop_unwatch(loop, f->watch);
	loop_unwatch(loop, f->client);
	close(f->listener);
	close(f->fd);
	unlink(f->path);
	str_release(&f->list);
	unsetenv("SSH_AUTH_SOCK");
}

static void add_length(struct str *s, size_t n)
{
	str_addc(s, '\0');
	str_addc(s, '\0');
	str_addc(s, (char)(n >> 8));
	str_addc(s, (char)n);
}

/* A list of one key, the one that may log in. */
static void fake_list(struct fake *f)
{
	struct str pub = STR_INIT, blob = STR_INIT;
	struct err e = ERR_INIT;
	char *path = xasprintf("%s.pub", json_str(server, "identity", ""));

	assert_true(file_read(path, 4096, &pub, &e));
	const char *base64 = strchr(pub.buf, ' ') + 1;
	assert_true(crypto_unbase64(&blob, base64, strcspn(base64, " \n")));
	add_length(&f->list, 1 + 4 + 4 + blob.len + 4);
	str_addc(&f->list, 12);
	add_length(&f->list, 1);
	add_length(&f->list, blob.len);
	str_add(&f->list, blob.buf, blob.len);
	add_length(&f->list, 0);
	str_release(&pub);
	str_release(&blob);
	free(path);
}

static void test_agent_refuses(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f);
	fake_list(&f);
	fails(run_on(agent_host(), (struct ssh_script){.text = "echo in"}), ERR_AUTH,
		"the agent does not sign", false);
	assert_int_equal(f.asked, 2);
	fake_stop(&f);
}

/* The loop goes on meanwhile, or nothing here would end. */
static void test_agent_is_silent(void **state)
{
	struct fake f;

	(void)state;
	fake_start(&f);
	fails(run_on(agent_host(),
		      (struct ssh_script){.text = "echo in", .connect_ms = 5000}),
		ERR_TIMEOUT, "no session within 5000 ms", false);
	assert_int_equal(f.asked, 1);
	fake_stop(&f);
}

/* Cut at every byte, a message gives no key and no signature, and reads nothing beyond it. */
static void test_agent_messages(void **state)
{
	struct fake f;
	const char *at;
	size_t len;

	(void)state;
	fake_start(&f);
	fake_list(&f);
	for (size_t n = 0; n + 4 < f.list.len - 4; n++) {
		struct str cut = STR_INIT;

		str_add(&cut, f.list.buf + 4, n);
		assert_false(ssh_agent_key(&cut, 0, &at, &len));
		assert_false(ssh_agent_signature(&cut, &at, &len));
		str_release(&cut);
	}
	str_drop(&f.list, 4);
	assert_true(ssh_agent_key(&f.list, 0, &at, &len));
	assert_int_equal(len, 51);
	assert_false(ssh_agent_key(&f.list, 1, &at, &len));
	struct str huge = STR_INIT;
	str_add(&huge, "\16\377\377\377\377abc", 8);
	assert_false(ssh_agent_signature(&huge, &at, &len));
	str_release(&huge);
	fake_stop(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_agent),
		cmocka_unit_test(test_agent_refuses),
		cmocka_unit_test(test_agent_is_silent),
		cmocka_unit_test(test_agent_messages),
	};

	by_libssh2 = true;
	return cmocka_run_group_tests_name("ssh_libssh2", tests, setup, teardown);
}
