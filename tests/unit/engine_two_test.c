/* Two people, one target: who confirmed what stood there before the other's action began or ended does not start a second one. */
#include "tests/unit/engine_help.h"

#define ONE "risk: reversible\nreason: none\nsteps:\n  - call: retry\n"

enum { PEOPLE = 16 };

/* Answers at once, so that the lock is free again before the next one comes. */
static void run_quick(struct fake *f, int turns)
{
	while (turns-- > 0) {
		fake_turn(f);
		while (f->calls)
			fake_accept(f->calls);
	}
}

static void test_the_second_yes_is_void(void **state)
{
	struct fake f;
	long long mine, kims, action;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	mine = fake_preview(&f, 1, "m.ito");
	kims = fake_preview(&f, 1, "kim");
	action = fake_action(&f, mine, 1, "m.ito");
	run_quick(&f, 100);
	assert_string_equal(fake_state(&f, action), "accepted");
	assert_int_equal(fake_locks(&f), 0);
	clock_advance_test(3 * USEC_PER_SEC);
	action = fake_action(&f, kims, 1, "kim");
	run_quick(&f, 100);
	assert_string_equal(fake_state(&f, action), "failed");
	assert_string_equal(fake_target(&f, action), "refused");
	/* Who, and how long ago: the 90 turns that it took to see its end, and 3 s. */
	assert_non_null(strstr(fake_error(&f, action), "m.ito did this "));
	assert_non_null(strstr(fake_error(&f, action), " s ago, look again: action "));
	assert_int_equal(f.changes, 1);
	/* Having looked again is enough. */
	action = fake_action(&f, fake_preview(&f, 1, "kim"), 1, "kim");
	run_quick(&f, 100);
	assert_string_equal(fake_state(&f, action), "accepted");
	assert_int_equal(f.changes, 2);
	fake_close(&f);
}

static void test_sixteen_at_once_are_one(void **state)
{
	struct fake f;
	long long previews[PEOPLE], actions[PEOPLE];
	int good = 0;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	for (int i = 0; i < PEOPLE; i++)
		previews[i] = fake_preview(&f, 1, "m.ito");
	for (int i = 0; i < PEOPLE; i++) {
		actions[i] = fake_action(&f, previews[i], 1, "m.ito");
		run_quick(&f, i % 5);
	}
	run_quick(&f, 300);
	for (int i = 0; i < PEOPLE; i++) {
		good += strcmp(fake_state(&f, actions[i]), "accepted") == 0;
		assert_true(job_ended(fake_state(&f, actions[i])));
	}
	assert_int_equal(good, 1);
	assert_int_equal(f.changes, 1);
	fake_close(&f);
}

/* One that is under way as the preview is made, and ends after it. */
static void test_one_that_ends_after_the_preview(void **state)
{
	struct fake f;
	long long first, second;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	first = fake_start(&f, 1);
	(void)fake_asked(&f, "call");
	second = fake_preview(&f, 1, "kim");
	fake_accept(fake_asked(&f, "call"));
	fake_until(&f, first, "accepted");
	second = fake_action(&f, second, 1, "kim");
	run_quick(&f, 100);
	assert_string_equal(fake_state(&f, second), "failed");
	assert_int_equal(f.changes, 1);
	fake_close(&f);
}

/* Another record's action voids nothing, and neither does one that never began. */
static void test_what_is_none_of_its_business(void **state)
{
	struct fake f;
	long long both, one, action;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 2);
	one = fake_preview(&f, 1, "m.ito");
	fake_sql(&f, "INSERT INTO target(job, n, key, rid, title, state, updated) VALUES"
		     "(1, 9, 'run:airflow:r1', 0, 'r1', 'canceled', 1)");
	both = fake_preview(&f, 2, "kim");
	action = fake_action(&f, one, 1, "m.ito");
	run_quick(&f, 100);
	assert_string_equal(fake_state(&f, action), "accepted");
	action = fake_action(&f, both, 2, "kim");
	run_quick(&f, 100);
	assert_string_equal(fake_state(&f, action), "failed");
	assert_int_equal(f.changes, 1);
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_second_yes_is_void),
		cmocka_unit_test(test_sixteen_at_once_are_one),
		cmocka_unit_test(test_one_that_ends_after_the_preview),
		cmocka_unit_test(test_what_is_none_of_its_business),
	};

	return cmocka_run_group_tests_name("engine_two", tests, NULL, NULL);
}
