/* A store that takes no writes for a while: what the far side answered is not lost, and nothing new starts. */
#include "runbooks/engine/outbox.h"
#include "tests/unit/engine_help.h"

#define ONE "risk: reversible\nreason: none\nsteps:\n  - call: retry\n"

static const struct {
	const char *name, *when;
} tables[] = {
	{"audit", "INSERT"},
	{"output", "INSERT"},
	{"target", "UPDATE"},
	{"job", "UPDATE"},
	{"lock", "DELETE"},
};

/* From now on the store refuses to write that table; all of them: as a full disk does. */
static void refuse_table(struct fake *f, size_t i)
{
	char sql[200];

	str_format(sql, sizeof(sql),
		"CREATE TRIGGER full_%s BEFORE %s ON %s BEGIN SELECT RAISE(ABORT, 'disk "
		"full'); END",
		tables[i].name, tables[i].when, tables[i].name);
	fake_sql(f, sql);
}

static void take_again(struct fake *f)
{
	for (size_t i = 0; i < LENGTH(tables); i++) {
		char sql[80];

		str_format(sql, sizeof(sql), "DROP TRIGGER IF EXISTS full_%s",
			tables[i].name);
		fake_sql(f, sql);
	}
}

static void refuse_all(struct fake *f)
{
	for (size_t i = 0; i < LENGTH(tables); i++)
		refuse_table(f, i);
}

/* The action has sent its call, which is not answered. */
static long long sent(struct fake *f)
{
	long long job;

	fake_open(f, ONE);
	fake_records(f, 2);
	job = fake_start(f, 1);
	(void)fake_asked(f, "call");
	return job;
}

static void ends_right(struct fake *f, long long job)
{
	fake_until(f, job, "succeeded");
	fake_turns(f, 100);
	assert_string_equal(fake_target(f, job), "succeeded");
	assert_string_equal(fake_known(f, job), "cleared, 2 tasks");
	assert_string_equal(fake_events(f, job), "intent request reply target outcome");
	assert_string_equal(
		fake_text(f, "SELECT text AS v FROM output WHERE job=$1", job),
		"cleared, 2 tasks");
	assert_int_equal(fake_locks(f), 0);
	assert_int_equal(f->changes, 1);
}

static void test_what_was_answered_is_not_lost(void **state)
{
	(void)state;
	for (size_t i = 0; i <= LENGTH(tables); i++) {
		struct fake f;
		long long job = sent(&f);

		if (i < LENGTH(tables))
			refuse_table(&f, i);
		else
			refuse_all(&f);
		fake_answer(f.calls, fake_result(CALL_PROVED, "cleared, 2 tasks"));
		fake_turns(&f, 150);
		assert_true(executor_busy(f.x));
		take_again(&f);
		ends_right(&f, job);
		assert_false(executor_busy(f.x));
		fake_close(&f);
	}
}

static void test_nothing_new_starts_meanwhile(void **state)
{
	struct fake f;
	long long job = sent(&f), other;

	(void)state;
	other = fake_preview(&f, 2, "kim");
	refuse_all(&f);
	fake_answer(f.calls, fake_result(CALL_PROVED, "cleared, 2 tasks"));
	fake_turns(&f, 20);
	other = fake_action(&f, other, 2, "kim");
	fake_turns(&f, 150);
	assert_string_equal(fake_state(&f, other), "queued");
	assert_int_equal(f.changes, 1);
	take_again(&f);
	ends_right(&f, job);
	/* It is taken up then, and finds that the first one ended. */
	fake_until(&f, other, "failed");
	assert_non_null(strstr(fake_error(&f, other), "look again"));
	fake_close(&f);
}

/* What is kept comes first: the next step is not sent past it. */
static void test_the_next_step_waits_for_what_is_kept(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, ONE "  - call: second\n");
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	(void)fake_asked(&f, "call");
	refuse_table(&f, 1);
	fake_answer(f.calls, fake_result(CALL_PROVED, "cleared, 2 tasks"));
	fake_turns(&f, 100);
	assert_int_equal(f.changes, 1);
	take_again(&f);
	fake_until(&f, job, "failed");
	assert_non_null(strstr(fake_known(&f, job), "not sent: the audit"));
	fake_close(&f);
}

/* A row whose commit was there in spite of the error is not told a second time; another one is. */
static void test_an_audit_row_is_told_once(void **state)
{
	struct fake f;
	struct err e = ERR_INIT;

	(void)state;
	fake_open(&f, ONE);
	for (int i = 0; i < 3; i++) {
		json_t *args = json_pack("{s:s, s:s, s:s, s:i, s:{s:i}, s:b}", "who",
			"m.ito", "host", "h", "event", "target", "job", 7, "body", "n",
			i / 2, "once", 1);

		assert_true(store_write(f.h.store, "audit_add", args, &e));
		json_decref(args);
	}
	assert_string_equal(fake_events(&f, 7), "target target");
	fake_close(&f);
}

/* What is kept may have been written in spite of the error, so that is what is told again. */
static void test_what_is_kept_is_told_as_once(void **state)
{
	struct fake f;
	struct outbox *o;
	json_t *args = json_pack("{s:s, s:s, s:s, s:i, s:{}}", "who", "m.ito", "host",
		"h", "event", "target", "job", 7, "body");

	(void)state;
	fake_open(&f, ONE);
	o = outbox_new(f.h.loop, f.h.store, NULL, NULL);
	refuse_all(&f);
	outbox_tell(o, "audit_add", json_incref(args));
	assert_true(outbox_waits(o));
	assert_true(json_flag(args, "once", false));
	take_again(&f);
	outbox_free(o);
	assert_string_equal(fake_events(&f, 7), "target");
	json_decref(args);
	fake_close(&f);
}

/* The worker ends first: the next one finds it by looking, or does not know. */
static void lost_with_the_worker(bool verify, const char *end)
{
	struct fake f;
	long long job = sent(&f);

	refuse_all(&f);
	fake_answer(f.calls, fake_result(CALL_PROVED, "cleared, 2 tasks"));
	fake_turns(&f, 50);
	f.traits = (struct call_traits){.verify = verify, .within_ms = 5000};
	fake_crash(&f);
	fake_turns(&f, 50);
	take_again(&f);
	if (verify)
		fake_look(fake_asked(&f, "verify"), LOOK_HOLDS);
	fake_until(&f, job, end);
	fake_turns(&f, 50);
	assert_int_equal(f.changes, 1);
	assert_int_equal(fake_locks(&f), 0);
	fake_close(&f);
}

static void test_a_worker_that_ends_first(void **state)
{
	(void)state;
	lost_with_the_worker(true, "succeeded");
	lost_with_the_worker(false, "unknown");
}

/* An audit that takes nothing for long: what was refused for it is told, in words, and does not hang behind its own row. */
static void test_a_refusal_is_told_without_its_audit(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	refuse_table(&f, 0);
	for (int i = 0; i < 3; i++) {
		job = fake_start(&f, 1);
		fake_until(&f, job, "failed");
		assert_non_null(strstr(fake_error(&f, job), "disk full"));
	}
	assert_int_equal(f.changes, 0);
	take_again(&f);
	fake_turns(&f, 100);
	assert_string_equal(fake_events(&f, job), "refused");
	assert_false(executor_busy(f.x));
	fake_close(&f);
}

/* A renewal that could not be written takes the lock from nobody. */
static void test_the_lock_is_kept(void **state)
{
	struct fake f;
	long long job = sent(&f);

	(void)state;
	fake_sql(&f, "CREATE TRIGGER no BEFORE UPDATE ON lock BEGIN SELECT RAISE(ABORT, "
		     "'disk full'); END");
	fake_turns(&f, 700);
	fake_sql(&f, "DROP TRIGGER no");
	fake_answer(f.calls, fake_result(CALL_PROVED, "cleared, 2 tasks"));
	ends_right(&f, job);
	fake_close(&f);
}

static json_t *lines(size_t n)
{
	json_t *list = json_array();

	while (n-- > 0)
		json_array_append_new(list,
			json_pack("{s:i, s:s, s:s}", "n", 1, "stream", "out", "text",
				"0123456789012345678901234567890123456789"));
	return json_pack("{s:i, s:o}", "job", 1, "lines", list);
}

static long long audited(struct fake *f)
{
	json_t *rows = fake_rows(f, "SELECT count(*) AS n FROM audit WHERE job=$1", 77);
	long long n = json_int(json_array_get(rows, 0), "n", 0);

	json_decref(rows);
	return n;
}

/* What holds up nothing could else come for ever: refusals, while only the audit is not taken. */
static void test_the_bound_of_what_is_late(void **state)
{
	struct fake f;
	struct outbox *o;

	(void)state;
	(void)sent(&f);
	o = outbox_new(f.h.loop, f.h.store, NULL, NULL);
	refuse_table(&f, 0);
	for (int i = 0; i < OUTBOX_MAX + 500; i++)
		outbox_tell_late(o, "audit_add",
			json_pack("{s:s, s:s, s:s, s:i, s:{s:i}}", "who", "kim", "host",
				"h", "event", "refused", "job", 77, "body", "nth", i));
	assert_false(outbox_waits(o));
	take_again(&f);
	outbox_free(o);
	assert_int_equal(audited(&f), OUTBOX_MAX);
	fake_close(&f);
}

/* Lines are let go at the bound; a state never is. */
static void test_the_bound(void **state)
{
	struct fake f;
	struct outbox *o;
	long long job = sent(&f), kept;

	(void)state;
	o = outbox_new(f.h.loop, f.h.store, NULL, NULL);
	refuse_all(&f);
	for (int i = 0; i < 300; i++)
		outbox_tell(o, "output_add", lines(1000));
	outbox_tell(o, "target_state",
		json_pack("{s:I, s:i, s:s, s:s}", "job", (json_int_t)job, "n", 1, "state",
			"verifying", "known", "last"));
	take_again(&f);
	outbox_free(o);
	assert_string_equal(fake_known(&f, job), "last");
	{
		json_t *rows =
			fake_rows(&f, "SELECT count(*) AS n FROM output WHERE job=$1", 1);

		kept = json_int(json_array_get(rows, 0), "n", 0);
		json_decref(rows);
	}
	assert_in_range(kept, 50000, OUTBOX_LINES_MAX / 100);
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_was_answered_is_not_lost),
		cmocka_unit_test(test_nothing_new_starts_meanwhile),
		cmocka_unit_test(test_the_next_step_waits_for_what_is_kept),
		cmocka_unit_test(test_an_audit_row_is_told_once),
		cmocka_unit_test(test_what_is_kept_is_told_as_once),
		cmocka_unit_test(test_a_worker_that_ends_first),
		cmocka_unit_test(test_a_refusal_is_told_without_its_audit),
		cmocka_unit_test(test_the_lock_is_kept),
		cmocka_unit_test(test_the_bound),
		cmocka_unit_test(test_the_bound_of_what_is_late),
	};

	return cmocka_run_group_tests_name("engine_full", tests, NULL, NULL);
}
