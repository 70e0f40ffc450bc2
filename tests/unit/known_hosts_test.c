/* The forms of known_hosts, and what each of them must not be taken for. */
#include "backends/transport/known_hosts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/crypto.h"

#define A "AAAAC3NzaC1lZDI1NTE5AAAAIKl/9bmd3imysT302j4yw/I8gWpsv9OiQLDGLFPlKi2F"
#define B "AAAAC3NzaC1lZDI1NTE5AAAAIG0goxqZS6OlFghNck3JZrg0aXY8FP16f9pYqtgMlOjH"
#define C                                                                               \
	"AAAAE2VjZHNhLXNoYTItbmlzdHAyNTYAAAAIbmlzdHAyNTYAAABBBMLbQB+Qo1GQGiUNWnMF7X8e8" \
	"FLVfo4EfVwm3U80SVOKrObhDQS71t1aBRya5bxs5cPT7PXUbrM5s4GYG1EMT3c="
#define KEY_A "ssh-ed25519 " A
#define KEY_B "ssh-ed25519 " B
#define KEY_C "ecdsa-sha2-nistp256 " C
/* Made by `ssh-keygen -H`: hash.example with key a, [hash.example]:2222 with key b. */
#define HASHED                                                                     \
	"|1|zeZoBtS73j+J5aTTyh+pitdeiOQ=|0qxFSCwP52s+O0cy2F3TouNOZyo= " KEY_A "\n" \
	"|1|I6lu1dFlNoZv8a0lMMnBiWqWxd0=|7r1TvxSTH++CUqTaSKhSsw+Rh/c= " KEY_B "\n"

static enum known_hosts_result check(
	const char *text, const char *host, int port, const char *key)
{
	struct str blob = STR_INIT;
	enum known_hosts_result result;

	assert_true(crypto_unbase64(&blob, key, strlen(key)));
	result = known_hosts_check(
		text, strlen(text), host, port, (unsigned char *)blob.buf, blob.len);
	str_release(&blob);
	return result;
}

static void test_plain(void **state)
{
	static const char text[] = "# comment\n\n  \nh1,h2,10.0.0.7 " KEY_A
				   " me@there\nh3\t" KEY_B "\r\nh1 " KEY_C;

	(void)state;
	assert_int_equal(check(text, "h1", 22, A), KNOWN_MATCH);
	assert_int_equal(check(text, "h2", 22, A), KNOWN_MATCH);
	assert_int_equal(check(text, "10.0.0.7", 22, A), KNOWN_MATCH);
	assert_int_equal(check(text, "h3", 22, B), KNOWN_MATCH);
	assert_int_equal(check(text, "h1", 22, C),
		KNOWN_MATCH); /* the last line has no line feed */
	assert_int_equal(check(text, "h1", 22, B), KNOWN_MISMATCH);
	assert_int_equal(check(text, "h3", 22, C),
		KNOWN_MISMATCH); /* another type is no first use */
	assert_int_equal(check(text, "h4", 22, A), KNOWN_NONE);
	assert_int_equal(check(text, "h", 22, A), KNOWN_NONE);
	assert_int_equal(check("", "h1", 22, A), KNOWN_NONE);
	assert_int_equal(check("H1 " KEY_A, "h1", 22, A), KNOWN_MATCH);
}

static void test_ports(void **state)
{
	static const char text[] = "[h1]:2222 " KEY_A "\nh1 " KEY_B "\nh2 " KEY_A "\n";

	(void)state;
	assert_int_equal(check(text, "h1", 2222, A), KNOWN_MATCH);
	assert_int_equal(check(text, "h1", 22, B), KNOWN_MATCH);
	assert_int_equal(check(text, "h1", 22, A), KNOWN_MISMATCH);
	assert_int_equal(check(text, "h1", 2222, B), KNOWN_MISMATCH);
	assert_int_equal(check(text, "h2", 2222, A), KNOWN_MATCH); /* as OpenSSH does */
	assert_int_equal(check(text, "h2", 2222, B), KNOWN_NONE);
}

static void test_hashed(void **state)
{
	(void)state;
	assert_int_equal(check(HASHED, "hash.example", 22, A), KNOWN_MATCH);
	assert_int_equal(check(HASHED, "hash.example", 22, B), KNOWN_MISMATCH);
	assert_int_equal(check(HASHED, "hash.example", 2222, B), KNOWN_MATCH);
	assert_int_equal(check(HASHED, "other.example", 22, A), KNOWN_NONE);
	assert_int_equal(
		check("|1|zeZoBtS73j|x " KEY_A, "hash.example", 22, A), KNOWN_NONE);
	assert_int_equal(check("|1| " KEY_A, "hash.example", 22, A), KNOWN_NONE);
	assert_int_equal(check("| " KEY_A, "hash.example", 22, A), KNOWN_NONE);
}

static void test_wildcards(void **state)
{
	static const char text[] = "*.example,!bad.example,host? " KEY_A "\n";

	(void)state;
	assert_int_equal(check(text, "a.example", 22, A), KNOWN_MATCH);
	assert_int_equal(check(text, "bad.example", 22, A), KNOWN_NONE);
	assert_int_equal(check(text, "host7", 22, A), KNOWN_MATCH);
	assert_int_equal(check(text, "host77", 22, A), KNOWN_NONE);
	assert_int_equal(check("!h1 " KEY_A, "h2", 22, A),
		KNOWN_NONE); /* only a negation matches nothing */
}

static void test_markers(void **state)
{
	(void)state;
	assert_int_equal(check("h1 " KEY_A "\n@revoked * " KEY_A "\n", "h1", 22, A),
		KNOWN_REVOKED);
	assert_int_equal(check("@revoked h1 " KEY_A "\nh1 " KEY_A "\n", "h1", 22, A),
		KNOWN_REVOKED);
	assert_int_equal(
		check("@revoked h1 " KEY_A "\nh1 " KEY_B "\n", "h1", 22, B), KNOWN_MATCH);
	assert_int_equal(check("@revoked h1 " KEY_A "\n", "h1", 22, B), KNOWN_NONE);
	assert_int_equal(
		check("@revoked h1 " KEY_A "\n[h1]:2222 " KEY_A "\n", "h1", 2222, A),
		KNOWN_REVOKED);
	assert_int_equal(
		check("@cert-authority *.example " KEY_A "\n", "a.example", 22, A),
		KNOWN_NEEDS_CA);
	assert_int_equal(
		check("@cert-authority *.example " KEY_A "\n", "a.example", 22, B),
		KNOWN_NEEDS_CA);
	assert_int_equal(check("@cert-authority *.example " KEY_A "\na.example " KEY_B,
				 "a.example", 22, B),
		KNOWN_MATCH);
	assert_int_equal(check("@future h1 " KEY_A "\n", "h1", 22, A), KNOWN_NONE);
}

static void test_bad_lines_alone(void **state)
{
	static char text[20000];
	size_t len;

	(void)state;
	assert_int_equal(check("h1\nh1 ssh-ed25519\nh1 ssh-ed25519 !!!!\nh1 ssh-rsa " A
			       "\nh1 " KEY_A "\n",
				 "h1", 22, A),
		KNOWN_MATCH);
	/* A type that the blob does not have is not trusted. */
	assert_int_equal(check("h1 ssh-rsa " A "\n", "h1", 22, A), KNOWN_NONE);
	memset(text, 'x', 9000); /* a line that libssh2 chokes on */
	text[9000] = '\0';
	str_format(text + 9000, sizeof(text) - 9000, " " KEY_B "\nh1 " KEY_A "\n");
	assert_int_equal(check(text, "h1", 22, A), KNOWN_MATCH);
	len = strlen("h1 " KEY_A);
	assert_int_equal(known_hosts_check("h1 " KEY_A, len, "h1", 22,
				 (const unsigned char *)"", 0),
		KNOWN_MISMATCH);
}

static void types_are(const char *text, int port, const char *want)
{
	char types[64];

	assert_int_equal(
		known_hosts_types(text, strlen(text), "h1", port, types, sizeof(types)),
		*want != '\0');
	assert_string_equal(types, want);
}

static void test_types(void **state)
{
	(void)state;
	types_are("h1 " KEY_C "\nh2 " KEY_A "\nh1 " KEY_A "\nh1 " KEY_B "\n", 22,
		"ecdsa-sha2-nistp256,ssh-ed25519");
	types_are("@revoked h1 " KEY_A "\n@cert-authority h1 " KEY_C "\n", 22, "");
	types_are("h1 " KEY_A "\n", 2222, "ssh-ed25519");
	types_are("h1 " KEY_A "\n[h1]:2222 " KEY_C "\n", 2222, "ecdsa-sha2-nistp256");
	types_are("", 22, "");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_ports),
		cmocka_unit_test(test_hashed),
		cmocka_unit_test(test_wildcards),
		cmocka_unit_test(test_markers),
		cmocka_unit_test(test_bad_lines_alone),
		cmocka_unit_test(test_types),
	};

	return cmocka_run_group_tests_name("known_hosts", tests, NULL, NULL);
}
