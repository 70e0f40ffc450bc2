/* Whom the HTTP transport trusts: a certificate and its name, and no login that lies about on the machine. */
#include <sys/stat.h>

#include "backends/base/file.h"
#include "tests/unit/http_help.h"

static struct server tls;
static char dir[] = "/tmp/wd-tls-XXXXXX";
static char cert[64];

static struct answer tls_get(const char *host, const char *path, const char *ca_file)
{
	char at[128];

	str_format(at, sizeof(at), "https://%s:%d%s", host, tls.port, path);
	return call((struct http_request){.url = at, .ca_file = ca_file});
}

static void refused(const char *host, const char *ca_file)
{
	struct answer a = tls_get(host, "/x", ca_file);

	if (a.err.code != ERR_NET || !strstr(a.err.msg, "no trusted connection to"))
		fail_msg("%s: %s", err_code_name(a.err.code), a.err.msg);
	assert_false(a.sent);
	assert_int_equal(a.status, 0);
	answer_release(&a);
}

static void test_certificates(void **state)
{
	struct answer a;

	(void)state;
	refused("127.0.0.1", NULL);   /* nobody vouches for it */
	refused("localhost", cert);   /* of another name */
	refused("127.0.0.1", "/x/y"); /* who to trust cannot be read */
	a = tls_get("127.0.0.1", "/count", cert);
	assert_int_equal(a.err.code, ERR_NONE);
	assert_string_equal(a.body, "0"); /* none of the others got a request through */
	answer_release(&a);
}

static void names_us(const char *client_cert, const char *client_key, const char *want)
{
	char at[128];
	struct answer a;

	str_format(at, sizeof(at), "https://127.0.0.1:%d/peer", tls.port);
	a = call((struct http_request){.url = at,
		.ca_file = cert,
		.client_cert = client_cert,
		.client_key = client_key});
	if (a.err.code != ERR_NONE || strcmp(a.body, want) != 0)
		fail_msg("\"%s\" instead of \"%s\": %s", a.body, want, a.err.msg);
	answer_release(&a);
}

/* A certificate is shown to whom it was given for, and to nobody else on a connection that is kept. */
static void test_a_certificate_of_ours(void **state)
{
	char *key = xasprintf("%s/key.pem", dir);

	(void)state;
	names_us(NULL, NULL, "");
	names_us(cert, key, "wd-test");
	names_us(NULL, NULL, "");
	free(key);
}

static void test_netrc_is_not_read(void **state)
{
	static const char login[] = "machine 127.0.0.1 login lies password about\n";
	char *path = xasprintf("%s/.netrc", dir);
	struct err e = ERR_INIT;
	struct answer a;

	(void)state;
	assert_true(file_write(path, login, sizeof(login) - 1, &e));
	assert_int_equal(setenv("HOME", dir, 1), 0);
	a = get("/echo");
	assert_non_null(strstr(a.body, "\"path\""));
	assert_null(strstr(a.body, "uthorization"));
	answer_release(&a);
	unlink(path);
	free(path);
}

static int start(void **state)
{
	if (!mkdtemp(dir) || server_start(&tls, "tests/servers/tls.py", dir))
		return -1;
	str_format(cert, sizeof(cert), "%s/cert.pem", dir);
	return setup(state);
}

static int stop(void **state)
{
	char *key = xasprintf("%s/key.pem", dir);
	int ended = teardown(state) | server_end(&tls);

	unlink(key);
	unlink(cert);
	free(key);
	return rmdir(dir) == 0 ? ended : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_certificates),
		cmocka_unit_test(test_a_certificate_of_ours),
		cmocka_unit_test(test_netrc_is_not_read),
	};

	return cmocka_run_group_tests_name("http_trust", tests, start, stop);
}
