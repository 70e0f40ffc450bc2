/* Which host is trusted, and who may log in. */
#include "backends/base/file.h"
#include "tests/unit/ssh_help.h"

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
	unlink(path);
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

/* The key is right, and yet there is no shell: what stands in its place says why, on stdout. */
static void test_a_login_shell_that_refuses(void **state)
{
	struct ssh_host h = good_host();

	(void)state;
	h.identity = json_str(server, "closed_identity", "");
	fails(run_on(h, (struct ssh_script){.text = "echo x"}), ERR_AUTH,
		"the login shell refuses: This account is currently not available",
		false);
}

/* Nothing that could be a word, and no shell. */
static void test_a_login_shell_of_nuls(void **state)
{
	struct ssh_host h = good_host();
	struct answer a;

	(void)state;
	h.identity = json_str(server, "nul_identity", "");
	a = run_on(h, (struct ssh_script){.text = "echo x"});
	assert_int_not_equal(a.err.code, ERR_NONE);
	assert_null(strstr(a.err.msg, "the login shell refuses"));
	assert_false(a.started);
	answer_release(&a);
}

static void test_not_reached(void **state)
{
	struct ssh_host h = good_host();

	(void)state;
	h.port = "1";
	fails(run_on(h, (struct ssh_script){.text = "echo x"}), ERR_NET, "efused", false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_host_keys),
		cmocka_unit_test(test_login_refused),
		cmocka_unit_test(test_a_login_shell_that_refuses),
		cmocka_unit_test(test_a_login_shell_of_nuls),
		cmocka_unit_test(test_not_reached),
	};

	return RUN_BOTH("ssh_trust", tests);
}
