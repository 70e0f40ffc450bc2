/* What has to stand before an action starts, and what a person's answer is: each gate by itself, and nothing is sent without it. */
#include "tests/unit/engine_help.h"

#define ONE "risk: reversible\nreason: none\nsteps:\n  - call: retry\n"
#define MANY                                                                        \
	"risk: reversible\nreason: none\nlimits: {parallel: 1, stop_after_errors: " \
	"2}\nsteps:\n  - call: retry\n"
#define ASKS ONE "  - confirm: {question: Go on?, within: 10m}\n  - call: second\n"

/* Nothing goes out, every target is refused, and the words are these. */
static void is_refused(struct fake *f, long long job, const char *words)
{
	fake_until(f, job, "failed");
	assert_string_equal(fake_target(f, job), "refused");
	assert_int_equal(f->changes, 0);
	assert_int_equal(fake_locks(f), 0);
	assert_string_equal(fake_events(f, job), "refused");
	if (!strstr(fake_error(f, job), words))
		fail_msg("%s", f->text);
}

/* Between the preview and the action something changes. */
static void changes(const char *sql, const char *words)
{
	struct fake f;
	long long preview;

	fake_open(&f, "risk: reversible\nreason: none\nsteps:\n  - call: retry\n");
	fake_records(&f, 1);
	preview = fake_preview(&f, 1, "m.ito");
	fake_sql(&f, sql);
	is_refused(&f, fake_action(&f, preview, 1, "m.ito"), words);
	fake_close(&f);
}

static void test_the_record_is_gone(void **state)
{
	(void)state;
	changes("DELETE FROM rec", "there is no such record any more");
}

static void test_the_preview_is_another(void **state)
{
	(void)state;
	changes("UPDATE job SET result=json_set(result, '$.plan_hash', 'x')",
		"the plan changed since the preview");
	changes("UPDATE job SET result=json_set(result, '$.refused', 'not at night')",
		"not at night");
	changes("UPDATE job SET result=json_remove(result, '$.last')",
		"does not say what was done before");
	changes("UPDATE job SET type='log'", "needs the preview it was confirmed on");
}

static void test_the_plan_is_another(void **state)
{
	struct fake f;
	long long preview;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	preview = fake_preview(&f, 1, "m.ito");
	f.other = "what is sent now";
	is_refused(&f, fake_action(&f, preview, 1, "m.ito"),
		"the plan changed since the preview");
	fake_close(&f);
}

static void test_read_only_and_requires(void **state)
{
	struct fake f;
	long long preview;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	preview = fake_preview(&f, 1, "m.ito");
	f.read_only = true;
	is_refused(&f, fake_action(&f, preview, 1, "m.ito"), "read_only");
	f.read_only = false;
	f.requires = "an open alert only";
	is_refused(&f, fake_action(&f, preview, 1, "m.ito"), "an open alert only");
	f.requires = NULL;
	f.gone = true;
	is_refused(&f, fake_action(&f, preview, 1, "m.ito"), "not in the configuration");
	fake_close(&f);
}

static void test_a_reason_in_production(void **state)
{
	struct fake f;
	struct record r = help_record(KIND_RUN, "r1", STATE_FAILED);
	json_t *keys = fake_keys(1), *params = json_object(), *rows;
	long long preview, job;

	(void)state;
	fake_open(&f, "risk: reversible\nsteps:\n  - call: retry\n");
	help_put(&f.h, &r, 1);
	preview = fake_preview(&f, 1, "m.ito");
	rows = fake_rows(
		&f, "SELECT result AS result_json FROM job WHERE job=$1", preview);
	job = fake_add(&f, job_action_args(f.runbook, params, keys, "m.ito", "", preview,
				   json_str(json_sub(json_array_get(rows, 0), "result"),
					   "plan_hash", "")));
	is_refused(&f, job, "wants a reason");
	json_decref(rows);
	json_decref(keys);
	json_decref(params);
	fake_close(&f);
}

static void test_a_lock_of_another(void **state)
{
	struct fake f;
	long long mine, kims, action;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 2);
	mine = fake_preview(&f, 1, "m.ito");
	kims = fake_preview(&f, 2, "kim");
	action = fake_action(&f, mine, 1, "m.ito");
	(void)fake_asked(&f, "call");
	kims = fake_action(&f, kims, 2, "kim");
	fake_until(&f, kims, "failed");
	assert_non_null(strstr(fake_error(&f, kims), "locked by action"));
	assert_int_equal(f.changes, 1);
	/* The one that holds it goes on. */
	fake_accept(f.calls);
	fake_until(&f, action, "accepted");
	fake_close(&f);
}

/* After so many that failed, what was not begun is not begun. */
static void test_it_stops_after_failures(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, MANY);
	fake_records(&f, 5);
	job = fake_start(&f, 5);
	fake_answer(fake_asked(&f, "call"), fake_result(CALL_PROVED, "done"));
	fake_answer(fake_asked(&f, "call"), fake_result(CALL_NOTHING, "no"));
	fake_answer(fake_asked(&f, "call"), fake_result(CALL_MAYBE, "lost"));
	fake_until(&f, job, "unknown");
	assert_int_equal(f.changes, 3);
	assert_string_equal(fake_text(&f,
				    "SELECT group_concat(state, ' ') AS v FROM (SELECT "
				    "state FROM target WHERE job=$1 ORDER BY n)",
				    job),
		"succeeded failed unknown canceled canceled");
	fake_close(&f);
}

/* The weakest target is what the action says. */
static void weakest(enum call_effect one, enum call_effect two, const char *end)
{
	struct fake f;
	long long job;

	fake_open(&f, MANY);
	fake_records(&f, 2);
	job = fake_start(&f, 2);
	fake_answer(fake_asked(&f, "call"), fake_result(one, "x"));
	fake_answer(fake_asked(&f, "call"), fake_result(two, "x"));
	fake_until(&f, job, end);
	fake_close(&f);
}

static void test_the_weakest_target(void **state)
{
	(void)state;
	weakest(CALL_PROVED, CALL_PROVED, "succeeded");
	weakest(CALL_PROVED, CALL_ACCEPTED, "accepted");
	weakest(CALL_ACCEPTED, CALL_NOTHING, "partial");
	weakest(CALL_PROVED, CALL_MAYBE, "unknown");
	weakest(CALL_NOTHING, CALL_NOTHING, "failed");
}

/* ---- a question -------------------------------------------------------------------------- */

static long long asking(struct fake *f)
{
	long long job;

	fake_open(f, ASKS);
	fake_records(f, 1);
	job = fake_start(f, 1);
	fake_accept(fake_asked(f, "call"));
	for (int i = 0; i < 500 && strcmp(fake_target(f, job), "asking") != 0; i++)
		fake_turn(f);
	return job;
}

static long long answer_it(struct fake *f, long long job, const char *question, bool yes)
{
	return fake_add(f, job_answer_args(job, 1, question, yes, "kim"));
}

static void test_answers(void **state)
{
	struct fake f;
	long long job = asking(&f), answer;
	char question[500];

	(void)state;
	str_copy(question, sizeof(question), fake_known(&f, job));
	answer = answer_it(&f, job, "asks something else", true);
	fake_until(&f, answer, "failed");
	fake_sql(&f, "CREATE TRIGGER no BEFORE INSERT ON audit WHEN new.event='answer' "
		     "BEGIN SELECT RAISE(ABORT, 'full'); END");
	answer = answer_it(&f, job, question, true);
	fake_until(&f, answer, "failed");
	assert_int_equal(f.changes, 1);
	fake_sql(&f, "DROP TRIGGER no");
	answer = answer_it(&f, job, question, true);
	fake_accept(fake_asked(&f, "call"));
	fake_until(&f, job, "accepted");
	assert_int_equal(f.changes, 2);
	fake_close(&f);
}

static void test_no_and_no_answer(void **state)
{
	struct fake f;
	long long job = asking(&f);
	char question[500];

	(void)state;
	str_copy(question, sizeof(question), fake_known(&f, job));
	answer_it(&f, job, question, false);
	fake_until(&f, job, "canceled");
	assert_int_equal(f.changes, 1);
	fake_close(&f);
	job = asking(&f);
	clock_advance_test(11 * HELP_MIN);
	fake_until(&f, job, "canceled");
	assert_int_equal(f.changes, 1);
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_record_is_gone),
		cmocka_unit_test(test_the_preview_is_another),
		cmocka_unit_test(test_the_plan_is_another),
		cmocka_unit_test(test_read_only_and_requires),
		cmocka_unit_test(test_a_reason_in_production),
		cmocka_unit_test(test_a_lock_of_another),
		cmocka_unit_test(test_it_stops_after_failures),
		cmocka_unit_test(test_the_weakest_target),
		cmocka_unit_test(test_answers),
		cmocka_unit_test(test_no_and_no_answer),
	};

	return cmocka_run_group_tests_name("engine_gate", tests, NULL, NULL);
}
