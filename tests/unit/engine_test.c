/* An action on a far side that answers when the test says so: what goes out, what is written before, what is never sent twice. */
#include "tests/unit/engine_help.h"

#define ONE "risk: reversible\nreason: none\nsteps:\n  - call: retry\n"
#define TWO ONE "  - call: second\n"

/* ---- what is written before the first byte leaves ---------------------------------------- */

static char seen[400];

/* As the change goes out: what another process reads in the store. */
static void look(struct fake *f)
{
	const char *job = fake_text(f,
		"SELECT j.state || ' ' || t.state || ' ' || (SELECT count(*) FROM lock) "
		"|| ' ' || (SELECT group_concat(event, ' ') FROM audit) AS v FROM job j "
		"JOIN target t ON t.job=j.job WHERE j.type='action' AND $1=0",
		0);

	str_copy(seen, sizeof(seen), job);
}

static void test_all_is_written_before_it_is_sent(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	f.on_change = look;
	job = fake_start(&f, 1);
	fake_answer(fake_asked(&f, "call"), fake_result(CALL_PROVED, "done, 2 tasks"));
	assert_string_equal(seen, "running running 1 intent request");
	fake_until(&f, job, "succeeded");
	assert_string_equal(fake_events(&f, job), "intent request reply target outcome");
	assert_int_equal(fake_locks(&f), 0);
	assert_int_equal(f.changes, 1);
	assert_int_equal(f.acted, 1);
	fake_close(&f);
}

/* ---- what the store refuses -------------------------------------------------------------- */

/* Nothing is sent, and the words of the target or the action hold these. */
static void refused(const char *sql, const char *state, const char *words)
{
	struct fake f;
	long long job;

	fake_open(&f, ONE);
	fake_records(&f, 1);
	job = fake_preview(&f, 1, "m.ito");
	fake_sql(&f, sql);
	job = fake_action(&f, job, 1, "m.ito");
	fake_turns(&f, 300);
	assert_int_equal(f.changes, 0);
	fake_until(&f, job, state);
	if (!strstr(fake_error(&f, job), words) && !strstr(fake_known(&f, job), words))
		fail_msg("%s | %s", fake_error(&f, job), fake_known(&f, job));
	assert_int_equal(fake_locks(&f), 0);
	fake_close(&f);
}

#define REFUSE(when, table, event)                                   \
	"CREATE TRIGGER no BEFORE " when " ON " table " WHEN " event \
	" BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"

static void test_without_its_audit_nothing_is_sent(void **state)
{
	(void)state;
	refused(REFUSE("INSERT", "audit", "new.event='intent'"), "failed",
		"the audit could not be written, so nothing was started");
	/* The row of the very request. */
	refused(REFUSE("INSERT", "audit", "new.event='request'"), "failed",
		"not sent: the audit could not be written");
}

static void test_without_its_state_nothing_is_sent(void **state)
{
	(void)state;
	refused(REFUSE("UPDATE", "target", "new.state='starting'"), "failed",
		"not sent: that it starts could not be written");
	refused(REFUSE("INSERT", "lock", "1"), "failed", "the disk is full");
}

/* ---- replies ----------------------------------------------------------------------------- */

struct way {
	bool verify;
	enum call_effect effect;
	const char
		*looks; /* y, n, u or f for each look after; the last of them for ever */
	const char *end;
};

static void answer_one(struct fake *f, const struct way *w, size_t *looked)
{
	static const char letters[] = "unyf"; /* by enum call_look */
	struct call *c = f->calls;
	char at = w->looks[*looked];

	if (strcmp(c->what, "before") == 0) {
		fake_look(c, LOOK_NOT_YET);
		return;
	}
	if (strcmp(c->what, "verify") != 0) {
		fake_accept(c);
		return;
	}
	if (w->looks[*looked + 1])
		++*looked;
	fake_look(c, (enum call_look)(strchr(letters, at) - letters));
}

/* The first of two calls ends so; the second is accepted. */
static void go(const struct way *w)
{
	struct fake f;
	size_t looked = 0;
	long long job;

	fake_open(&f, TWO);
	fake_records(&f, 1);
	f.traits.verify = w->verify;
	f.traits.within_ms = 20000;
	job = fake_start(&f, 1);
	if (w->verify)
		fake_look(fake_asked(&f, "before"), LOOK_NOT_YET);
	fake_answer(fake_asked(&f, "call"), fake_result(w->effect, "so it was"));
	for (int i = 0; i < 5000 && strcmp(fake_state(&f, job), "running") == 0; i++) {
		fake_turn(&f);
		if (f.calls)
			answer_one(&f, w, &looked);
	}
	if (strcmp(fake_state(&f, job), w->end) != 0)
		fail_msg("%s, not %s: %s", f.text, w->end, f.sent);
	/* The first is sent once, and the second only after its proof. */
	assert_null(strstr(strstr(f.sent, "call retry") + 1, "call retry"));
	if (strcmp(w->end, "failed") == 0 || strcmp(w->end, "unknown") == 0)
		assert_int_equal(f.changes, 1);
	else
		assert_int_equal(f.changes, 2);
	assert_int_equal(fake_locks(&f), 0);
	fake_close(&f);
}

static void test_what_a_reply_means(void **state)
{
	static const struct way ways[] = {
		{false, CALL_NOTHING, "n", "failed"},
		{false, CALL_MAYBE, "n", "unknown"},
		{false, CALL_ACCEPTED, "n", "accepted"},
		{false, CALL_PROVED, "n", "accepted"}, /* the second proves nothing */
		{true, CALL_NOTHING, "y", "failed"},
		{true, CALL_MAYBE, "n", "unknown"},
		{true, CALL_MAYBE, "u", "unknown"},
		{true, CALL_MAYBE, "nny", "succeeded"},
		{true, CALL_MAYBE, "nf", "failed"},
		{true, CALL_ACCEPTED, "y", "succeeded"},
		{true, CALL_ACCEPTED, "unuy", "succeeded"},
		{true, CALL_ACCEPTED, "n", "unknown"},
		{true, CALL_ACCEPTED, "uf", "failed"},
	};

	(void)state;
	for (size_t i = 0; i < LENGTH(ways); i++)
		go(&ways[i]);
}

/* ---- what is so already ------------------------------------------------------------------- */

/* Sent or not, and what the target ends as. */
static void before(enum call_look look, bool again, const char *end, size_t changes)
{
	struct fake f;
	long long job;

	fake_open(&f, ONE);
	fake_records(&f, 1);
	f.traits =
		(struct call_traits){.verify = true, .again = again, .within_ms = 5000};
	f.before = look;
	job = fake_start(&f, 1);
	fake_look(fake_asked(&f, "before"), look);
	for (int i = 0; i < 500 && strcmp(fake_state(&f, job), end) != 0; i++) {
		fake_turn(&f);
		if (f.calls && f.calls->look) {
			json_t *was = json_sub(f.calls->input, "before");

			assert_int_equal(
				json_flag(was, "whole", false), look != LOOK_UNREAD);
			assert_int_equal(
				json_flag(was, "holds", false), look == LOOK_HOLDS);
			fake_look(f.calls, LOOK_HOLDS);
		} else if (f.calls) {
			fake_accept(f.calls);
		}
	}
	assert_string_equal(fake_state(&f, job), end);
	assert_string_equal(fake_target(&f, job), end);
	assert_int_equal(f.changes, changes);
	if (!changes)
		assert_string_equal(fake_events(&f, job), "intent target outcome");
	fake_close(&f);
}

static void test_what_is_so_already_is_not_sent(void **state)
{
	(void)state;
	before(LOOK_HOLDS, false, "already", 0);
	before(LOOK_HOLDS, true, "succeeded", 1);
	before(LOOK_NOT_YET, false, "succeeded", 1);
	before(LOOK_FAILED, false, "succeeded", 1);
	/* What was not read whole is never "already". */
	before(LOOK_UNREAD, false, "succeeded", 1);
}

static void test_the_preview_tells_it(void **state)
{
	struct fake f;
	json_t *rows, *target;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	f.traits = (struct call_traits){.verify = true, .preview = true};
	f.before = LOOK_HOLDS;
	rows = fake_rows(&f, "SELECT result AS result_json FROM job WHERE job=$1",
		fake_preview(&f, 1, "m.ito"));
	target = json_array_get(
		json_sub(json_sub(json_array_get(rows, 0), "result"), "targets"), 0);
	assert_string_equal(
		json_string_value(json_array_get(json_sub(target, "lines"), 0)),
		"already so, nothing will be sent: it is so");
	assert_true(json_flag(target, "already", false));
	/* Nothing was tried out for it. */
	assert_string_equal(f.sent, "before retry; ");
	json_decref(rows);
	fake_close(&f);
}

/* Of several requests each is looked at, and the target is only so when all of them are. */
static void test_the_preview_looks_at_each_item(void **state)
{
	struct fake f;

	(void)state;
	fake_open(&f,
		"risk: reversible\nreason: none\nsteps:\n  - foreach: {in: [a, b, c], "
		"as: day, steps: [{call: load}]}\n");
	fake_records(&f, 1);
	f.traits = (struct call_traits){.verify = true};
	f.before = LOOK_HOLDS;
	fake_text(&f,
		"SELECT json_extract(result, '$.targets[0].already') || ' ' || "
		"json_array_length(result, '$.targets[0].lines') AS v FROM job WHERE "
		"job=$1",
		fake_preview(&f, 1, "m.ito"));
	assert_string_equal(f.text, "1 3");
	assert_string_equal(f.sent, "before load; before load; before load; ");
	fake_close(&f);
	fake_open(&f, ONE "  - exec: [\"true\"]\n");
	fake_records(&f, 1);
	f.traits = (struct call_traits){.verify = true};
	f.before = LOOK_HOLDS;
	fake_text(&f,
		"SELECT '' || json_extract(result, '$.targets[0].already') AS v FROM job "
		"WHERE job=$1",
		fake_preview(&f, 1, "m.ito"));
	assert_string_equal(f.text, "0");
	fake_close(&f);
}

/* What the form says of the proof. */
static void proof(const char *rest, struct call_traits traits, const char *words)
{
	struct fake f;

	fake_open(&f, rest);
	fake_records(&f, 1);
	f.traits = traits;
	fake_text(&f, "SELECT json_extract(result, '$.proof') AS v FROM job WHERE job=$1",
		fake_preview(&f, 1, "m.ito"));
	if (strcmp(f.text, words) != 0)
		fail_msg("%s", f.text);
	fake_close(&f);
}

static void test_the_preview_says_no_proof(void **state)
{
	const struct call_traits none = {false};

	(void)state;
	proof(ONE, none, "no proof of retry on airflow, only that the far side took it");
	proof(ONE, (struct call_traits){.proof_reply = true},
		"the reply of the far side shows the change");
	proof("proof: the run is green\n" ONE, none,
		"the run is green; no proof of retry: the far side has none");
	proof("proof: the run is green\n" ONE
	      "  - wait: {until: \"record.state == 'succeeded'\", within: 1m}\n",
		none, "the run is green");
}

/* ---- cancel and locks --------------------------------------------------------------------- */

/* At once, as the executor does when it has read that somebody wants it to end. */
static void cancel_now(struct fake *f, long long job)
{
	struct job_run *j = executor_job(f->x, job);

	assert_non_null(j);
	j->canceled = true;
	json_object_set_new(j->row, "cancel_by", json_string("kim"));
	j->type->cancel(j);
}

static void test_a_cancel_between_the_audit_and_the_request(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, ONE);
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	while (!strstr(fake_events(&f, job), "request"))
		fake_turn(&f);
	assert_int_equal(f.changes, 0);
	cancel_now(&f, job);
	fake_until(&f, job, "canceled");
	assert_int_equal(f.changes, 0);
	assert_non_null(strstr(fake_known(&f, job), "by kim, who canceled the action"));
	assert_int_equal(fake_locks(&f), 0);
	fake_close(&f);
}

/* After any number of turns: nothing is sent any more, and what was sent ends by its own proof. */
static void cancel_after(int turns)
{
	struct fake f;
	long long job;
	size_t sent;

	fake_open(&f, TWO);
	fake_records(&f, 2);
	job = fake_start(&f, 2);
	for (int i = 0; i < turns; i++) {
		fake_turn(&f);
		if (f.calls && i % 2)
			fake_accept(f.calls);
	}
	if (executor_job(f.x, job) && !executor_job(f.x, job)->canceled)
		cancel_now(&f, job);
	sent = f.changes;
	for (int i = 0; i < 200; i++) {
		fake_turn(&f);
		if (f.calls)
			fake_accept(f.calls);
	}
	if (f.changes != sent && executor_job(f.x, job))
		fail_msg("after %d turns: %s", turns, f.sent);
	assert_int_equal(fake_locks(&f), 0);
	assert_null(executor_job(f.x, job));
	assert_true(job_ended(fake_state(&f, job)));
	fake_close(&f);
}

static void test_a_cancel_at_any_time(void **state)
{
	(void)state;
	for (int turns = 0; turns < 30; turns++)
		cancel_after(turns);
}

static void test_what_was_not_begun(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, "limits: {parallel: 1}\n" ONE);
	fake_records(&f, 2);
	job = fake_start(&f, 2);
	(void)fake_asked(&f, "call");
	cancel_now(&f, job);
	fake_answer(f.calls, fake_result(CALL_PROVED, "done"));
	fake_until(&f, job, "partial");
	assert_string_equal(
		fake_text(&f, "SELECT known AS v FROM target WHERE job=$1 AND n=2", job),
		"canceled before it was started by kim, who canceled the action: nothing "
		"was sent");
	assert_int_equal(f.changes, 1);
	fake_close(&f);
}

static void test_without_its_lock_nothing_more_is_sent(void **state)
{
	struct fake f;
	long long job;

	(void)state;
	fake_open(&f, TWO);
	fake_records(&f, 1);
	job = fake_start(&f, 1);
	(void)fake_asked(&f, "call");
	fake_sql(&f, "DELETE FROM lock");
	fake_turns(&f, 600);
	fake_accept(f.calls);
	fake_until(&f, job, "canceled");
	assert_int_equal(f.changes, 1);
	assert_non_null(strstr(fake_known(&f, job), "since the lock was lost"));
	fake_close(&f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_is_written_before_it_is_sent),
		cmocka_unit_test(test_without_its_audit_nothing_is_sent),
		cmocka_unit_test(test_without_its_state_nothing_is_sent),
		cmocka_unit_test(test_what_a_reply_means),
		cmocka_unit_test(test_what_is_so_already_is_not_sent),
		cmocka_unit_test(test_the_preview_tells_it),
		cmocka_unit_test(test_the_preview_looks_at_each_item),
		cmocka_unit_test(test_the_preview_says_no_proof),
		cmocka_unit_test(test_a_cancel_between_the_audit_and_the_request),
		cmocka_unit_test(test_a_cancel_at_any_time),
		cmocka_unit_test(test_what_was_not_begun),
		cmocka_unit_test(test_without_its_lock_nothing_more_is_sent),
	};

	return cmocka_run_group_tests_name("engine", tests, NULL, NULL);
}
