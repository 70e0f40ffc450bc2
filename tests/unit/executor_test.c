/* The small tellings of the executor, against a store. */
#include "runbooks/engine/exec.h"

#include "tests/unit/store_help.h"

/* "reply" with a text that is half a character: json_pack gives nothing, and what happened is told nevertheless. */
static void test_an_audit_row_is_never_lost(void **state)
{
	(void)state;
	struct help h;
	struct help_reply r = {0};
	help_open(&h);
	struct worker w = {.store = h.store};
	struct executor x = {.store = h.store, .loop = h.loop, .far = far_of(&w)};
	x.outbox = outbox_new(h.loop, h.store, NULL, NULL);
	static const struct job_type type = {.name = "action"};
	struct job_run *j = job_adopt(&x, &type,
		json_pack("{s:i, s:s, s:s, s:{}}", "job", 7, "who", "m.ito", "host", "h1",
			"spec"));
	job_audit(j, "reply", json_pack("{s:s}", "known", "caf\xc3"), help_answer, &r);
	assert_true(loop_until(h.loop, &r.done, HELP_WAIT_MS));
	if (!r.answer)
		fail_msg("%s", r.err.msg);
	json_decref(r.answer);
	json_t *rows = help_ask(&h, "audit", "{}"), *row = json_array_get(rows, 0);
	assert_int_equal(json_array_size(rows), 1);
	assert_string_equal(json_str(row, "event", ""), "reply");
	assert_int_equal(json_int(row, "job", 0), 7);
	assert_non_null(strstr(json_str(json_sub(row, "body"), "lost", ""), "not UTF-8"));
	json_decref(rows);
	job_audit_refused(j, "no host caf\xc3");
	rows = help_ask(&h, "audit", "{}");
	row = json_array_get(rows, 1);
	assert_string_equal(json_str(row, "event", ""), "refused");
	assert_non_null(strstr(json_str(json_sub(row, "body"), "lost", ""), "not UTF-8"));
	json_decref(rows);
	json_decref(j->row);
	free(j);
	outbox_free(x.outbox);
	far_free(&w);
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_audit_row_is_never_lost),
	};
	return cmocka_run_group_tests_name("executor", tests, NULL, NULL);
}
