/* What the steps that are no calls end as: exit codes, a statement that acts outside its transaction, another record that is waited for. */
#include "tests/unit/engine_help.h"

#define HEAD "risk: reversible\nreason: none\n"

/* A real child: its end comes in its own time. */
static void end_of(struct fake *f, long long job, const char *state)
{
	for (int i = 0; i < 6000 && !job_ended(fake_state(f, job)); i++)
		loop_turn(f->h.loop, 10);
	if (strcmp(fake_state(f, job), state) != 0)
		fail_msg("%s, not %s: %s", f->text, state, fake_known(f, job));
}

static void exec_ends(const char *step, const char *state, const char *words)
{
	char rest[300];
	struct fake f;
	long long job;

	str_format(rest, sizeof(rest), HEAD "steps:\n  - {%s}\n", step);
	fake_open(&f, rest);
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	end_of(&f, job, state);
	if (!strstr(fake_known(&f, job), words))
		fail_msg("%s", f.text);
	fake_close(&f);
}

static void test_exit_codes(void **state)
{
	(void)state;
	exec_ends("exec: [sh, -c, exit 0]", "succeeded", "exit code 0");
	exec_ends("exec: [sh, -c, exit 3], refused: [3, 4]", "failed",
		"refused: exit code 3");
	exec_ends("exec: [sh, -c, exit 5], refused: [3, 4]", "unknown",
		"what it had done by then is not known");
	exec_ends("exec: [sh, -c, exit 1]", "unknown", "exit code 1");
	exec_ends("exec: [sh, -c, kill -9 $$]", "unknown", "ended by signal 9");
	/* It never started. */
	exec_ends("exec: [/nowhere/at/all]", "failed", "");
}

/* The first request of the preview, or why it is refused. */
static void shown(const char *step, const char *words)
{
	char rest[400];
	struct fake f;

	str_format(rest, sizeof(rest), HEAD "steps:\n  - {%s}\n", step);
	fake_open(&f, rest);
	fake_records(&f, 1);
	fake_text(&f,
		"SELECT coalesce(json_extract(result, '$.refused'), '') || ' ' || "
		"coalesce(json_extract(result, '$.requests[0]'), '') AS v FROM job WHERE "
		"job=$1",
		fake_preview(&f, 1, "m.ito"));
	if (!strstr(f.text, words))
		fail_msg("%s", f.text);
	fake_close(&f);
}

static void test_words_are_found_wrong_in_the_preview(void **state)
{
	(void)state;
	shown("exec: [echo, '{{ `[\"a\", \"b\"]` }}', last]",
		"exec [\"echo\",\"a\",\"b\",\"last\"]");
	shown("exec: [echo, '{{ `7` }}']", "exec: word 2 is no text");
	shown("exec: ['{{ record.labels.nothing }}']", "exec: ");
}

/* ---- sql ---------------------------------------------------------------------------------- */

static void sql_ends(const char *more, struct call_result r, const char *state)
{
	char rest[300];
	struct fake f;
	long long job;

	str_format(rest, sizeof(rest),
		HEAD "steps:\n  - sql: {text: select end_it(1)%s}\n", more);
	fake_open(&f, rest);
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	/* A try of what acts outside would have done it. */
	assert_true((strstr(f.sent, "sql_preview") != NULL) == (*more == '\0'));
	fake_answer(fake_asked(&f, "sql"), r);
	fake_until(&f, job, state);
	fake_close(&f);
}

static struct call_result fake_err(enum err_code code, bool sent, const char *text)
{
	struct call_result r = {.sent = sent, .known = text};

	err_set(&r.err, code, "%s", text);
	return r;
}

static void test_sql_outside_its_transaction(void **state)
{
	(void)state;
	sql_ends("", fake_err(ERR_REMOTE, true, "no such function"), "failed");
	sql_ends("", fake_err(ERR_UNKNOWN, true, "lost in COMMIT"), "unknown");
	sql_ends("", (struct call_result){.sent = true, .known = "1 row"}, "succeeded");
	sql_ends("",
		(struct call_result){.sent = true, .no_rows = true, .known = "0 rows"},
		"accepted");
	sql_ends(", outside: true", fake_err(ERR_REMOTE, true, "it failed"), "unknown");
	sql_ends(", outside: true", fake_err(ERR_NET, false, "not reached"), "failed");
	sql_ends(", outside: true", (struct call_result){.sent = true, .known = "1 row"},
		"succeeded");
}

/* ---- wait --------------------------------------------------------------------------------- */

static void put(struct fake *f, const char *id, enum state state)
{
	struct record r = help_record(KIND_RUN, id, state);

	r.env = "dev";
	r.title = "orders_daily";
	help_put(&f->h, &r, 1);
}

static void test_another_record_is_waited_for(void **state)
{
	struct fake f;
	json_t *made = json_pack("{s:s}", "id", "r7");
	struct call_result r = fake_result(CALL_ACCEPTED, "started r7");
	long long job;

	(void)state;
	fake_open(&f,
		HEAD "steps:\n  - call: trigger\n  - wait: {key: \"run:{{ record.source "
		     "}}:{{ called.id }}\", until: \"record.state == 'succeeded' && "
		     "called.id == record.id\", within: 10m}\n");
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	r.reply = made;
	fake_answer(fake_asked(&f, "call"), r);
	json_decref(made);
	fake_turns(&f, 600);
	/* It is not there yet, and what was read before shows nothing. */
	assert_string_equal(fake_target(&f, job), "verifying");
	put(&f, "r7", STATE_SUCCEEDED);
	fake_turns(&f, 600);
	assert_string_equal(fake_target(&f, job), "verifying");
	f.fresh = true;
	fake_until(&f, job, "succeeded");
	/* Said of the run, and not of its source. */
	assert_string_equal(fake_known(&f, job), "orders_daily is succeeded");
	fake_close(&f);
}

static void test_a_record_with_a_long_id_is_waited_for(void **state)
{
	struct fake f;
	char id[RECORD_ID_MAX + 1];
	json_t *made;
	struct call_result r = fake_result(CALL_ACCEPTED, "started");
	long long job;

	(void)state;
	memset(id, 'x', RECORD_ID_MAX);
	id[RECORD_ID_MAX] = '\0';
	made = json_pack("{s:s}", "id", id);
	fake_open(&f,
		HEAD "steps:\n  - call: trigger\n  - wait: {key: \"run:{{ record.source "
		     "}}:{{ called.id }}\", until: \"record.state == 'succeeded'\", "
		     "within: 10m}\n");
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	r.reply = made;
	fake_answer(fake_asked(&f, "call"), r);
	json_decref(made);
	put(&f, id, STATE_SUCCEEDED);
	f.fresh = true;
	fake_until(&f, job, "succeeded");
	fake_close(&f);
}

/* What was so before the call proves nothing of it. */
static void test_what_a_wait_proves(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f,
		HEAD "steps:\n  - call: retry\n  - wait: {until: \"record.id\", within: "
		     "1m}\n");
	put(&f, "r1", STATE_FAILED);
	f.fresh = true;
	job = fake_start(&f, 1);
	fake_accept(fake_asked(&f, "call"));
	fake_until(&f, job, "accepted");
	fake_close(&f);
	fake_open(&f, HEAD "steps:\n  - call: retry\n  - wait: {until: \"record.state == "
			   "'running'\", within: 1m}\n");
	put(&f, "r1", STATE_FAILED);
	f.fresh = true;
	job = fake_start(&f, 1);
	fake_accept(fake_asked(&f, "call"));
	fake_turns(&f, 100);
	put(&f, "r1", STATE_RUNNING);
	fake_until(&f, job, "succeeded");
	fake_close(&f);
}

/* Another record that is named without what the call returned may have been there, and so, before. */
static void test_another_record_that_is_not_of_the_call(void **state)
{
	struct fake f;
	json_t *made = json_pack("{s:s}", "id", "r7");
	struct call_result r = fake_result(CALL_ACCEPTED, "started r7");
	long long job;

	(void)state;
	fake_open(&f, HEAD "steps:\n  - call: trigger\n  - wait: {key: \"run:{{ "
			   "record.source }}:r9\", until: \"record.state == "
			   "'succeeded'\", within: 1m}\n");
	fake_records(&f, 1);
	put(&f, "r9", STATE_SUCCEEDED);
	f.fresh = true;
	job = fake_start(&f, 1);
	r.reply = made;
	fake_answer(fake_asked(&f, "call"), r);
	json_decref(made);
	fake_until(&f, job, "accepted");
	fake_close(&f);
}

/* What the first item brought about proves nothing of the second. */
static void test_a_wait_proves_one_call(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f,
		HEAD "steps:\n  - foreach: {in: [a, b], as: day, steps: [{call: retry}, "
		     "{wait: {until: \"record.state == 'running'\", within: 1m}}]}\n");
	put(&f, "r1", STATE_FAILED);
	f.fresh = true;
	job = fake_start(&f, 1);
	fake_accept(fake_asked(&f, "call"));
	fake_turns(&f, 20);
	put(&f, "r1", STATE_RUNNING);
	fake_accept(fake_asked(&f, "call"));
	fake_until(&f, job, "accepted");
	fake_close(&f);
}

/* `on_failure: continue` after the only call: that it went on makes nothing done. */
static void test_nothing_done_is_no_success(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, HEAD "steps:\n  - {call: retry, on_failure: continue}\n");
	put(&f, "r1", STATE_FAILED);
	job = fake_start(&f, 1);
	fake_answer(fake_asked(&f, "call"), fake_result(CALL_NOTHING, "refused"));
	fake_until(&f, job, "failed");
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_exit_codes),
		cmocka_unit_test(test_words_are_found_wrong_in_the_preview),
		cmocka_unit_test(test_sql_outside_its_transaction),
		cmocka_unit_test(test_another_record_is_waited_for),
		cmocka_unit_test(test_a_record_with_a_long_id_is_waited_for),
		cmocka_unit_test(test_what_a_wait_proves),
		cmocka_unit_test(test_another_record_that_is_not_of_the_call),
		cmocka_unit_test(test_a_wait_proves_one_call),
		cmocka_unit_test(test_nothing_done_is_no_success),
	};

	return cmocka_run_group_tests_name("engine_steps", tests, NULL, NULL);
}
