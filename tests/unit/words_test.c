/* Looks that several views share. */
#include "tui/words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

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
		cmocka_unit_test(what_is_in_order_is_not_green),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
