/* Credentials by their looks, and what only looks like them. */
#include "backends/base/redact.h"

#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static void gives(const char *in, const char *want)
{
	struct redact r = REDACT_INIT;
	struct str s = STR_INIT;
	str_adds(&s, in);
	assert_true(redact_line(&r, &s));
	if (strcmp(s.buf, want) != 0)
		fail_msg("%s\n  gave   %s\n  wanted %s", in, s.buf, want);
	str_release(&s);
}

static void test_values(void **state)
{
	(void)state;
	gives("password=hunter2 user=x", "password=[secret] user=x");
	gives("PASSWORD = 'two words' x", "PASSWORD = '[secret]' x");
	gives("DB_PASSWORD=a&b", "DB_PASSWORD=[secret]&b");
	gives("url?access_token=abc.def&x=1", "url?access_token=[secret]&x=1");
	gives("{\"password\": \"a\\\"b\", \"user\": \"x\"}",
		"{\"password\": \"[secret]\", \"user\": \"x\"}");
	gives("{\"token\":\"abc\"}", "{\"token\":\"[secret]\"}");
	gives("password: hunter2", "password: [secret]");
	gives("aws_secret_access_key=abc/def+1", "aws_secret_access_key=[secret]");
	gives("password=a token=b", "password=[secret] token=[secret]");
	gives("password=[secret]", "password=[secret]");
	gives("client_secret==x", "client_secret==[secret]");
	gives("password=", "password=");
}

static void test_others(void **state)
{
	(void)state;
	gives("Authorization: Bearer abc.def", "Authorization: [secret]");
	gives("curl -H 'Authorization: Basic YTpi' https://x",
		"curl -H 'Authorization: [secret]' https://x");
	gives("{\"authorization\": \"Bearer x\", \"a\": 1}",
		"{\"authorization\": \"[secret]\", \"a\": 1}");
	gives("postgresql://etl:s3cret@db:5432/x", "postgresql://etl:[secret]@db:5432/x");
	gives("key AKIAIOSFODNN7EXAMPLE used", "key [secret] used");
	gives("(ASIAIOSFODNN7EXAMPLE)", "([secret])");
	gives("a -----BEGIN RSA PRIVATE KEY-----\\nMII\\n-----END RSA PRIVATE KEY----- b",
		"a [secret] b");
}

static void test_innocent(void **state)
{
	static const char *const lines[] = {"", ":", "=",
		"syntax error, unexpected token: SELECT", "password",
		"the password is wrong", "keys=3 rows: 4", "http://host:8080/x@y",
		"https://host/a:b", "XAKIAIOSFODNN7EXAMPLE", "AKIAIOSFODNN7EXAMPL",
		"AKIAIOSFODNN7EXAMPLEX", "-----BEGIN CERTIFICATE-----", "secret: a story",
		"A", "-"};
	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++)
		gives(lines[i], lines[i]);
}

/* A key of many lines: told of once, and nothing of it is left; what cannot be of it ends it, though its END is not there. */
static void test_private_key(void **state)
{
	static const struct {
		const char *in, *out; /* out NULL: nothing is left */
	} lines[] = {{"no start line, wanted -----BEGIN PRIVATE KEY-----",
			     "no start line, wanted [secret]"},
		{"ERROR: connection refused", "ERROR: connection refused"},
		{"Done.", "Done."},
		{"12:01 ssh: -----BEGIN RSA PRIVATE KEY-----", "12:01 ssh: [secret]"},
		{"12:01 ssh: Proc-Type: 4,ENCRYPTED", NULL},
		{"12:01 ssh: DEK-Info: AES-128-CBC,8E1F", NULL}, {" ", NULL},
		{"12:01 ssh: MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", NULL},
		{"12:01 ssh: abc=", NULL}, {"12:02 exit 1", "12:02 exit 1"},
		{"abcd", "abcd"}, {"pem: -----BEGIN PRIVATE KEY-----", "pem: [secret]"},
		{"MIIEvQIBADANBgkqhkiG9w0BAQEFAASC", NULL}, {"abc=", NULL},
		{"-----END PRIVATE KEY-----", NULL}, {"after", "after"}};
	struct redact r = REDACT_INIT;
	(void)state;
	for (size_t i = 0; i < LENGTH(lines); i++) {
		struct str s = STR_INIT;
		str_adds(&s, lines[i].in);
		assert_int_equal(redact_line(&r, &s), lines[i].out != NULL);
		if (lines[i].out)
			assert_string_equal(s.buf, lines[i].out);
		str_release(&s);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_others),
		cmocka_unit_test(test_innocent),
		cmocka_unit_test(test_private_key),
	};
	return cmocka_run_group_tests_name("redact", tests, NULL, NULL);
}
