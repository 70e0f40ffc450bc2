/* The worker ends, without a word, after any number of turns; another one takes over. Nothing is ever sent twice. */
#include "tests/unit/engine_help.h"

#define ONE "risk: reversible\nreason: none\nsteps:\n  - call: retry\n"
#define ASKS ONE "  - confirm: {question: Go on?, within: 1h}\n  - call: second\n"

enum { TURNS = 40 };

/* The far side: it takes every call, and shows at a look what it has taken. */
static void answer_all(struct fake *f)
{
	struct call *before = NULL;

	while (f->calls && f->calls != before) {
		struct call *c = before = f->calls;

		if (c->look)
			fake_look(c, f->changes ? LOOK_HOLDS : LOOK_NOT_YET);
		else
			fake_accept(c);
	}
}

static void run_on(struct fake *f, int turns, int every)
{
	for (int i = 0; i < turns; i++) {
		fake_turn(f);
		if (i % every == every - 1)
			answer_all(f);
	}
}

/* No audit row of a request is missing, and no lock is left. */
static void check_end(struct fake *f, long long job, int turns)
{
	const char *target;

	if (!job_ended(fake_state(f, job)))
		fail_msg("after %d turns: %s; %s", turns, f->text, f->sent);
	if (f->changes > 1)
		fail_msg("after %d turns, sent twice: %s", turns, f->sent);
	assert_int_equal(fake_locks(f), 0);
	if (f->changes)
		assert_non_null(strstr(fake_events(f, job), "request"));
	assert_null(executor_job(f->x, job));
	target = fake_target(f, job);
	/* Never "failed": it was sent, or may have been. */
	if (f->changes &&
		(strcmp(target, "failed") == 0 || strcmp(target, "canceled") == 0))
		fail_msg("after %d turns: %s; %s", turns, target, f->sent);
	if (!f->changes && strcmp(target, "succeeded") == 0)
		fail_msg("after %d turns: succeeded, and nothing was sent", turns);
}

static void crash_after(int turns, bool verify, int every)
{
	struct fake f;
	long long job;

	fake_open(&f, ONE);
	fake_records(&f, 1);
	f.traits.verify = verify;
	f.traits.within_ms = 5000;
	job = fake_start(&f, 1);
	run_on(&f, turns, every);
	fake_crash(&f);
	run_on(&f, 900, every);
	check_end(&f, job, turns);
	if (!verify && f.changes && strcmp(fake_target(&f, job), "succeeded") == 0)
		fail_msg("after %d turns: succeeded without any proof", turns);
	fake_close(&f);
}

static void test_at_any_time(void **state)
{
	(void)state;
	for (int turns = 0; turns < TURNS; turns++) {
		crash_after(turns, true, 1);
		crash_after(turns, true, 5);
		crash_after(turns, false, 1);
		crash_after(turns, false, 5);
	}
}

/* Under way, and the next worker takes over: it verifies, and does not send. */
static void test_it_only_looks(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	f.traits = (struct call_traits){.verify = true, .within_ms = 5000};
	job = fake_start(&f, 1);
	fake_look(fake_asked(&f, "before"), LOOK_NOT_YET);
	(void)fake_asked(&f, "call");
	fake_crash(&f);
	f.sent[0] = '\0';
	fake_look(fake_asked(&f, "verify"), LOOK_NOT_YET);
	/* It looks without what was read before: that proves less. */
	assert_null(json_sub(fake_asked(&f, "verify")->input, "before"));
	fake_look(f.calls, LOOK_HOLDS);
	fake_until(&f, job, "succeeded");
	assert_string_equal(f.sent, "verify retry; verify retry; ");
	assert_non_null(strstr(fake_events(&f, job), "resumed"));
	fake_close(&f);
}

/* What would be looked at is something else by now: that shows nothing of what was sent. */
static void test_another_plan_is_not_looked_at(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	f.traits = (struct call_traits){.verify = true, .within_ms = 5000};
	job = fake_start(&f, 1);
	fake_look(fake_asked(&f, "before"), LOOK_NOT_YET);
	(void)fake_asked(&f, "call");
	f.other = "another object";
	f.sent[0] = '\0';
	fake_crash(&f);
	fake_until(&f, job, "unknown");
	assert_string_equal(f.sent, "");
	assert_non_null(strstr(fake_known(&f, job), "not what was confirmed any more"));
	fake_close(&f);
}

/* What was to be done when the call fails may have been sent: that the call shows tells not how it ended. */
static void test_a_rescue_under_way(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f,
		"risk: reversible\nreason: none\nsteps:\n  - {call: retry, on_failure: "
		"[{call: undo}]}\n");
	fake_records(&f, 1);
	f.traits = (struct call_traits){.verify = true, .within_ms = 5000};
	job = fake_start(&f, 1);
	fake_look(fake_asked(&f, "before"), LOOK_NOT_YET);
	fake_answer(fake_asked(&f, "call"), fake_result(CALL_NOTHING, "refused"));
	fake_look(fake_asked(&f, "before"), LOOK_NOT_YET);
	(void)fake_asked(&f, "call");
	f.sent[0] = '\0';
	fake_crash(&f);
	fake_until(&f, job, "unknown");
	assert_string_equal(f.sent, "");
	fake_close(&f);
}

/* A question does not outlive the worker that asked it. */
static void test_a_question(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, ASKS);
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	fake_accept(fake_asked(&f, "call"));
	for (int i = 0; i < 500 && strcmp(fake_target(&f, job), "asking") != 0; i++)
		fake_turn(&f);
	fake_crash(&f);
	fake_until(&f, job, "canceled");
	assert_int_equal(f.changes, 1);
	assert_non_null(strstr(fake_known(&f, job), "nothing of what follows was sent"));
	fake_close(&f);
}

/* Twice in a row. */
static void test_two_crashes(void **state)
{
	(void)state;
	for (int turns = 0; turns < 20; turns++) {
		struct fake f;
		long long job;

		fake_open(&f, ONE);
		fake_records(&f, 1);
		job = fake_start(&f, 1);
		(void)fake_asked(&f, "call");
		fake_crash(&f);
		run_on(&f, turns, 3);
		fake_crash(&f);
		run_on(&f, 300, 3);
		check_end(&f, job, turns);
		assert_string_equal(fake_target(&f, job), "unknown");
		fake_close(&f);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_at_any_time),
		cmocka_unit_test(test_it_only_looks),
		cmocka_unit_test(test_another_plan_is_not_looked_at),
		cmocka_unit_test(test_a_rescue_under_way),
		cmocka_unit_test(test_a_question),
		cmocka_unit_test(test_two_crashes),
	};

	return cmocka_run_group_tests_name("engine_crash", tests, NULL, NULL);
}
