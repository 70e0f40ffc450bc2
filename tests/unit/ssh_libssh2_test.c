/* What only our own client does: addresses in turn. */
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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_addresses),
	};

	by_libssh2 = true;
	return cmocka_run_group_tests_name("ssh_libssh2", tests, setup, teardown);
}
