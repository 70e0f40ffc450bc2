/* Words and figures that several views share. */
#include "tui/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void money_is_cut_and_grouped_but_never_computed(void **state)
{
	static const struct {
		const char *amount, *currency, *shown;
	} cases[] = {
		{"1840", "USD", "$1 840"},
		{"1840.99", "USD", "$1 840"},
		{"63.5", "USD", "$63.50"},
		{"99.987", "USD", "$99.98"},
		{"0.5", "USD", "$0.50"},
		{"-0.5", "USD", "-$0.50"},
		{"-1234567.8", "USD", "-$1 234 567"},
		{"12", "EUR", "12 EUR"},
		{"12.3", "", "12.30"},
		{"12.", "USD", "$12"},
		{"", "USD", ""},
		{"123456789012345678901234567890", "USD",
			"123456789012345678901234567890 USD"},
		{"much", "EUR", "much EUR"},
	};
	char text[64];

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		format_money(text, sizeof(text), cases[i].amount, cases[i].currency);
		assert_string_equal(text, cases[i].shown);
	}
}

static void counts_are_grouped(void **state)
{
	char text[32];

	(void)state;
	format_count(text, sizeof(text), 0);
	assert_string_equal(text, "0");
	format_count(text, sizeof(text), 999);
	assert_string_equal(text, "999");
	format_count(text, sizeof(text), 20412);
	assert_string_equal(text, "20 412");
	format_count(text, sizeof(text), -1234567);
	assert_string_equal(text, "-1 234 567");
}

static void what_is_in_order_is_not_green(void **state)
{
	(void)state;
	assert_int_equal(look_of_state(KIND_RUN, STATE_SUCCEEDED), ROLE_DIM);
	assert_int_equal(look_of_state(KIND_RUN, STATE_FAILED), ROLE_BAD);
	assert_int_equal(look_of_state(KIND_COST, STATE_OPEN), ROLE_WARN);
	assert_int_equal(look_of_state(KIND_RUN, STATE_RUNNING), ROLE_TEXT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(money_is_cut_and_grouped_but_never_computed),
		cmocka_unit_test(counts_are_grouped),
		cmocka_unit_test(what_is_in_order_is_not_green),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
