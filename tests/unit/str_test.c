/* Strings: the limit, growth, and the helpers without allocation. */
#include "backends/base/mem.h"
#include "backends/base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static void test_append(void **state)
{
	struct str s = STR_INIT;
	char *taken;

	(void)state;
	assert_string_equal(s.buf, "");
	for (int i = 0; i < 100; i++)
		assert_true(str_addf(&s, "%d,", i));
	assert_int_equal(s.len, 290);
	str_cut(&s, 10);
	str_drop(&s, 4);
	assert_string_equal(s.buf, "2,3,4,");
	str_drop(&s, 100);
	assert_string_equal(s.buf, "");
	assert_true(str_add(&s, "a\0b", 3));
	assert_int_equal(s.len, 3);
	taken = str_take(&s);
	assert_memory_equal(taken, "a\0b", 4);
	free(taken);
	taken = str_take(&s);
	assert_string_equal(taken, "");
	free(taken);
	str_wipe(&s);
}

static void test_limit(void **state)
{
	struct str s = STR_INIT_MAX(5);

	(void)state;
	assert_true(str_adds(&s, "abc"));
	assert_false(str_adds(&s, "def"));
	assert_string_equal(s.buf, "abc");
	assert_true(s.over);
	assert_true(str_adds(&s, "de"));
	assert_true(s.over);
	assert_false(str_addf(&s, "%d", 1));
	str_clear(&s);
	assert_false(s.over);
	assert_true(str_adds(&s, "12345"));
	str_release(&s);
	assert_string_equal(str_empty, "");
}

static void test_more(void **state)
{
	struct str s = STR_INIT_MAX(300);
	char *at;

	(void)state;
	str_expect(&s, 301); /* over the limit: nothing happens yet */
	assert_int_equal(s.cap, 0);
	str_expect(&s, 200);
	assert_string_equal(s.buf, "");
	at = s.buf;
	for (int i = 0; i < 200; i++)
		assert_true(str_addc(&s, 'x'));
	assert_ptr_equal(s.buf, at); /* it was not moved */
	str_expect(&s, 100);
	assert_int_equal(s.len, 200);
	at = str_more(&s, 3);
	memcpy(at, "end", 3);
	assert_string_equal(s.buf + 199, "xend");
	assert_null(str_more(&s, 98));
	assert_true(s.over);
	assert_int_equal(s.len, 203);
	str_release(&s);
}

/* Each byte counts, in the low bits too: they are the place in a table. */
static void test_hash_spread(void **state)
{
	(void)state;
	for (size_t len = 1; len < 40; len++)
		for (size_t at = 0; at < len; at++) {
			bool seen[256] = {false};
			size_t places = 0;

			for (int c = 0; c < 64; c++) {
				char text[40] = "";
				text[at] = (char)c;
				places += !seen[str_hash(text, len, 0) & 255];
				seen[str_hash(text, len, 0) & 255] = true;
			}
			assert_in_range(places, 40, 64);
		}
}

/* Half a character is no text: JSON refuses all of it. */
static void test_cuts(void)
{
	static const struct {
		const char *text;
		size_t size;
		const char *cut;
	} cases[] = {{"ab\xc3\xa9", 4, "ab"}, {"a\xc3\xa9z", 4, "a\xc3\xa9"},
		{"a\xe6\x97\xa5", 4, "a"}, {"a\xe6\x97\xa5", 3, "a"},
		{"\xe6\x97\xa5z", 4, "\xe6\x97\xa5"}, {"\xf0\x9f\x98\x80", 4, ""},
		{"\xf0\x9f\x98\x80z", 5, "\xf0\x9f\x98\x80"}, {"\xc3\xa9", 2, ""},
		{"\xc3\xa9", 1, ""}, {"\x80\x80\x80\x80\x80", 5, "\x80\x80\x80\x80"}};

	for (size_t i = 0; i < LENGTH(cases); i++) {
		char copied[8], made[8];

		assert_false(str_copy(copied, cases[i].size, cases[i].text));
		assert_string_equal(copied, cases[i].cut);
		assert_false(str_format(made, cases[i].size, "%s", cases[i].text));
		assert_string_equal(made, cases[i].cut);
	}
}

static void test_fixed(void **state)
{
	char four[4];

	(void)state;
	assert_true(str_copy(four, sizeof(four), "abc"));
	assert_false(str_copy(four, sizeof(four), "abcd"));
	assert_string_equal(four, "abc");
	test_cuts();
	assert_false(str_format(four, sizeof(four), "%d", 12345));
	assert_string_equal(four, "123");
	assert_true(str_starts("abc", "ab"));
	assert_false(str_starts("a", "ab"));
	assert_true(str_ends("abc", "bc"));
	assert_false(str_ends("c", "bc"));
	assert_true(str_equal(NULL, NULL));
	assert_false(str_equal(NULL, ""));
}

static void test_glob(void **state)
{
	char many[3000];

	(void)state;
	assert_true(str_glob("*", ""));
	assert_true(str_glob("", ""));
	assert_false(str_glob("", "a"));
	assert_true(str_glob("a*c", "ABBC"));
	assert_true(str_glob("*.sales.*", "db.sales.orders"));
	assert_false(str_glob("*.sales.?", "db.sales.orders"));
	assert_true(str_glob("a?c", "abc"));
	assert_false(str_glob("a?c", "ac"));
	assert_true(str_glob("*ab*ab", "aababab"));
	/* Exponential in a naive matcher. */
	memset(many, 'a', sizeof(many) - 1);
	many[sizeof(many) - 1] = '\0';
	assert_false(str_glob("a*a*a*a*a*a*a*a*a*a*a*a*b", many));
}

static void test_numbers(void **state)
{
	long long n = 0;
	double d = 0;

	(void)state;
	assert_true(str_to_int("-9223372036854775808", &n));
	assert_true(n == INT64_MIN);
	assert_false(str_to_int("9223372036854775808", &n));
	assert_false(str_to_int("12x", &n));
	assert_false(str_to_int(" 12", &n));
	assert_false(str_to_int("", &n));
	assert_false(str_to_int("-", &n));
	assert_true(str_to_double("1.5e3", &d));
	assert_true(d > 1499.9 && d < 1500.1);
	assert_false(str_to_double("1,5", &d));
	assert_false(str_to_double("nan", &d));
	assert_false(str_to_double("0x10", &d));
	assert_false(str_to_double("1e999", &d));
	assert_false(str_to_double("1.5.", &d));
}

/* Every byte, the length and the seed count, whatever the place in a word of eight. */
static void test_hash(void **state)
{
	char text[40] = {0};
	(void)state;
	for (size_t len = 0; len < sizeof(text); len++) {
		unsigned long long plain = str_hash(text, len, 0);
		assert_true(plain == str_hash(text, len, 0));
		assert_true(plain != str_hash(text, len, 1));
		assert_true(
			plain != str_hash(text, len + 1, 0) || len + 1 == sizeof(text));
		for (size_t i = 0; i < len; i++) {
			text[i] = 1;
			assert_true(plain != str_hash(text, len, 0));
			text[i] = 0;
		}
	}
	assert_true(str_hash("ab", 2, 0) != str_hash("ba", 2, 0));
}

/* Every byte at every place of a word, among plain ones. */
static void test_plain(void **state)
{
	(void)state;
	for (int c = 0; c < 256; c++) {
		bool plain = c >= ' ' && c <= '~' && c != '"' && c != '\\';
		for (size_t at = 0; at < 20; at++) {
			char text[20];
			memset(text, at % 2 ? ' ' : '~', sizeof(text));
			text[at] = (char)c;
			assert_int_equal(
				str_plain(text, sizeof(text)), plain ? sizeof(text) : at);
			assert_int_equal(str_plain(text, at), at);
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_hash),
		cmocka_unit_test(test_limit),
		cmocka_unit_test(test_hash_spread),
		cmocka_unit_test(test_more),
		cmocka_unit_test(test_fixed),
		cmocka_unit_test(test_glob),
		cmocka_unit_test(test_numbers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
