/* Amounts and counts for people. */
#include "backends/base/money.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static void test_money(void **state)
{
	static const struct {
		const char *amount, *currency, *text;
	} cases[] = {
		{"1840.25", "USD", "$1 840"},
		{"1840", "EUR", "1 840 EUR"},
		{"450", "", "450"},
		{"30.5", "USD", "$30.50"},
		{"0.00000080000", "USD", "$0.00"},
		{"-0.5", "USD", "-$0.50"},
		{"-1234567.899", "EUR", "-1 234 567 EUR"},
		{"99.999", "", "99.99"},
		{"100.5", "", "100"},
		{"123456789012345678901234567", "",
			"123 456 789 012 345 678 901 234 567"},
		{"", "USD", ""},
		{"5 apples", "USD", "5 apples USD"},
		{"1.2.3", "", "1.2.3"},
		{"1e5", "", "1e5"},
		{"-", "", "-"},
	};
	char text[64];
	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		money_format(text, sizeof(text), cases[i].amount, cases[i].currency);
		assert_string_equal(text, cases[i].text);
	}
	money_format(text, 5, "1234567", "USD");
	assert_true(strlen(text) < 5);
}

static void test_count(void **state)
{
	char text[40];
	(void)state;
	count_format(text, sizeof(text), 0);
	assert_string_equal(text, "0");
	count_format(text, sizeof(text), 20412);
	assert_string_equal(text, "20 412");
	count_format(text, sizeof(text), -100);
	assert_string_equal(text, "-100");
	count_format(text, sizeof(text), INT64_MIN);
	assert_string_equal(text, "-9 223 372 036 854 775 808");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_money),
		cmocka_unit_test(test_count),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
