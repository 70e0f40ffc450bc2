/* Known answers (FIPS 180-4, RFC 4231, RFC 4648). */
#include "backends/base/crypto.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_digests(void **state)
{
	char hex[65];
	unsigned char mac[32];
	static const unsigned char want[4] = {0x5b, 0xdc, 0xc1, 0x46};

	(void)state;
	crypto_sha256("abc", 3, hex);
	assert_string_equal(
		hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	crypto_hmac_sha256("Jefe", 4, "what do ya want for nothing?", 28, mac);
	assert_memory_equal(mac, want, 4);
}

static void test_base64(void **state)
{
	static const char *const pairs[][2] = {{"", ""}, {"f", "Zg=="}, {"fo", "Zm8="},
		{"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="},
		{"foobar", "Zm9vYmFy"}};
	static const char *const bad[] = {
		"Z", "Zg=", "Zg===", "Z g=", "Zg==Zg==", "Zm9vY", "?"};
	struct str s = STR_INIT;
	unsigned char all[256];
	struct str back = STR_INIT;

	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		str_clear(&s);
		crypto_base64(&s, pairs[i][0], strlen(pairs[i][0]));
		assert_string_equal(s.buf, pairs[i][1]);
		str_clear(&back);
		assert_true(crypto_unbase64(&back, s.buf, s.len));
		assert_string_equal(back.buf, pairs[i][0]);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		if (crypto_unbase64(&back, bad[i], strlen(bad[i])))
			fail_msg("taken: %s", bad[i]);
	}
	for (int i = 0; i < 256; i++)
		all[i] = (unsigned char)i;
	str_clear(&s);
	str_clear(&back);
	crypto_base64(&s, all, 256);
	assert_true(crypto_unbase64(&back, s.buf, s.len));
	assert_int_equal(back.len, 256);
	assert_memory_equal(back.buf, all, 256);
	str_clear(&back);
	assert_true(crypto_unbase64(&back, "-_8", 3));
	assert_memory_equal(back.buf, "\xFB\xFF", 2);
	str_release(&s);
	str_release(&back);
}

static void test_random(void **state)
{
	char a[101];
	char b[101];

	(void)state;
	crypto_random_hex(a, 50);
	crypto_random_hex(b, 50);
	assert_int_equal(strlen(a), 100);
	assert_int_equal(strspn(a, "0123456789abcdef"), 100);
	assert_string_not_equal(a, b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_digests),
		cmocka_unit_test(test_base64), cmocka_unit_test(test_random)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
