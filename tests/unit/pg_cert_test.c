/* PostgreSQL that knows us by a certificate. */
#include "tests/unit/pg_help.h"

static void test_a_certificate_instead_of_a_password(void **state)
{
	struct str text = STR_INIT;
	struct pg_target to = target();
	char *cert = xasprintf("%s/client.crt", dir),
	     *key = xasprintf("%s/client.key", dir);
	struct answer a;

	(void)state;
	assert_true(server_do(PG_SERVER, "tls", dir, &text));
	to.host = "127.0.0.1";
	to.user = "certified";
	to.sslmode = "verify-full";
	to.sslrootcert = cert;
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_AUTH, "certificate");
	to.sslcert = cert;
	to.sslkey = key;
	a = run_on(to, (struct pg_query){.sql = "SELECT client_dn AS n FROM pg_stat_ssl "
						"WHERE pid = pg_backend_pid()"});
	assert_string_equal(a.err.msg, "");
	assert_string_equal(
		json_str(json_array_get(a.rows, 0), "n", ""), "/CN=certified");
	answer_release(&a);
	/* A connection by one certificate is not used for another target. */
	to.sslcert = to.sslkey = NULL;
	fails_on(to, (struct pg_query){.sql = "SELECT 1"}, ERR_AUTH, "certificate");
	free(cert);
	free(key);
	str_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_certificate_instead_of_a_password),
	};

	return cmocka_run_group_tests_name("pg_cert", tests, setup, teardown);
}
