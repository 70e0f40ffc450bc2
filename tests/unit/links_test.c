/* What is linked to what and why, groups of one cause, and attention that follows its surroundings. */
#include "backends/store/links.h"
#include "backends/triage/attention.h"

#include "tests/unit/store_help.h"

static void judge(
	const struct record *a, const struct record *b, int strength, const char *reason)
{
	struct links_verdict v;
	links_judge(a, b, &v);
	assert_int_equal(v.strength, strength);
	assert_string_equal(v.of_b, reason);
	/* The other side says the same of the first. */
	struct links_verdict w;
	links_judge(b, a, &w);
	assert_int_equal(w.strength, strength);
	assert_string_equal(w.of_a, v.of_b);
	assert_string_equal(w.of_b, v.of_a);
}

static void test_reasons(void **state)
{
	(void)state;
	struct record run = help_record(KIND_RUN, "orders/1", STATE_FAILED);
	struct record inc = help_record(KIND_INCIDENT, "P1AB2C3", STATE_OPEN);
	run.ended = HELP_NOW - 10 * HELP_MIN;
	inc.source = "pagerduty";
	inc.started = HELP_NOW - 5 * HELP_MIN;
	judge(&run, &inc, 0, "");
	run.service = inc.service = "orders";
	judge(&run, &inc, 45, "same service");
	run.asset = inc.asset = "mart.orders";
	judge(&run, &inc, 60, "same asset");
	inc.env = "dev";
	judge(&run, &inc, 0, "");
	inc.env = "prod";
	inc.started = HELP_NOW - 5 * HELP_HOUR;
	judge(&run, &inc, 0, "");
	inc.title = "Table mart.orders is a day old";
	judge(&run, &inc, 70, "names this in its title");
	inc.title = "Table mart.orders_old is a day old";
	judge(&run, &inc, 0, "");
	run.signature = inc.signature = "x";
	judge(&run, &inc, 80, "same cause");

	struct record part = help_record(KIND_CHECK, "c", STATE_FAILING);
	part.parent = "orders/1";
	judge(&part, &run, 90, "this is a part of it");
	part.source = "other";
	judge(&part, &run, 0, "");
}

static void test_change_before(void **state)
{
	(void)state;
	struct record run = help_record(KIND_RUN, "orders/1", STATE_FAILED);
	struct record change = help_record(KIND_CHANGE, "d1", STATE_SUCCEEDED);
	run.ended = HELP_NOW - 10 * HELP_MIN;
	change.source = "ci";
	change.ended = run.ended - 9 * HELP_MIN;
	judge(&run, &change, 35, "changed 9 min before");
	judge(&change, &run, 35, "went wrong 9 min after");
	run.asset = change.asset = "mart.sales";
	judge(&run, &change, 75, "changed 9 min before");
	change.ended = run.ended - 61 * HELP_MIN;
	judge(&run, &change, 60, "same asset");
	/* afterwards is not before */
	change.ended = run.ended + HELP_MIN;
	judge(&run, &change, 60, "same asset");
	run.state = STATE_SUCCEEDED;
	change.ended = run.ended - 9 * HELP_MIN;
	judge(&run, &change, 60, "same asset");
}

struct scene {
	struct help h;
	struct triage_hook *hook;
};

static void scene_open(struct scene *s)
{
	struct err e = ERR_INIT;
	help_open(&s->h);
	s->hook = triage_hook_new(NULL, NULL, &e);
	assert_non_null(s->hook);
	store_set_triage(s->h.store, triage_hook(s->hook));
}

static void scene_close(struct scene *s)
{
	help_close(&s->h);
	triage_hook_free(s->hook);
}

/* Text of a field of a record. */
static void assert_field(
	struct scene *s, const char *key, const char *field, const char *want)
{
	char args[200];
	str_format(args, sizeof(args), "{\"key\": \"%s\"}", key);
	json_t *r = help_ask(&s->h, "record", args);
	struct str text = STR_INIT;
	json_scalar_to(&text, json_sub(r, field));
	if (!strstr(text.buf, want) || (!*want && text.len))
		fail_msg("%s of %s is \"%s\"", field, key, text.buf);
	str_release(&text);
	json_decref(r);
}

static void test_links_are_written_both_ways(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record rows[3] = {help_record(KIND_RUN, "orders/1", STATE_FAILED),
		help_record(KIND_INCIDENT, "P1", STATE_OPEN),
		help_record(KIND_CHANGE, "d1", STATE_SUCCEEDED)};
	rows[0].ended = HELP_NOW - 10 * HELP_MIN;
	rows[0].asset = rows[1].asset = rows[2].asset = "orders";
	rows[2].ended = HELP_NOW - 20 * HELP_MIN;
	help_put(&s.h, rows, 3);
	help_retriage(&s.h);
	char args[64];
	str_format(args, sizeof(args), "{\"rid\": %lld}",
		help_rid(&s.h, "run:airflow:orders/1"));
	json_t *a = help_ask(&s.h, "links", args);
	assert_int_equal(json_array_size(a), 2);
	json_t *first = json_array_get(a, 0);
	assert_string_equal(json_str(first, "reason", ""), "changed 10 min before");
	assert_string_equal(json_str(first, "kind", ""), "change");
	assert_true(json_flag(first, "before", false));
	assert_true(json_int(first, "at", 0) == HELP_NOW - 20 * HELP_MIN);
	json_decref(a);
	str_format(args, sizeof(args), "{\"rid\": %lld}",
		help_rid(&s.h, "incident:airflow:P1"));
	a = help_ask(&s.h, "links", args);
	assert_true(json_array_size(a) >= 1);
	json_decref(a);
	assert_field(&s, "run:airflow:orders/1", "why", "1 open incident");
	/* Nothing changed: nothing is written. */
	struct store_put_result again = help_retriage(&s.h);
	assert_int_equal(again.changed, 0);
	scene_close(&s);
}

static void set_cause(struct scene *s, const char *key)
{
	char args[200];
	str_format(args, sizeof(args),
		"{\"rid\": %lld, \"cause\": \"boom 1\", \"signature\": \"boom <n>\"}",
		help_rid(&s->h, key));
	help_do(&s->h, "cause_set", args);
}

static void test_groups(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record rows[3];
	static const char *const ids[] = {"a", "b", "c"};
	for (int i = 0; i < 3; i++) {
		rows[i] = help_record(KIND_RUN, ids[i], STATE_FAILED);
		rows[i].ended = HELP_NOW - 10 * HELP_MIN;
	}
	help_put(&s.h, rows, 3);
	help_retriage(&s.h);
	set_cause(&s, "run:airflow:a");
	help_retriage(&s.h);
	set_cause(&s, "run:airflow:b");
	set_cause(&s, "run:airflow:c");
	help_retriage(&s.h);
	assert_field(&s, "run:airflow:a", "group", "3");
	assert_field(&s, "run:airflow:a", "why", "one cause with 2 others");
	json_t *a = help_ask(&s.h, "group", "{\"signature\": \"boom <n>\"}");
	assert_int_equal(json_array_size(a), 3);
	json_decref(a);
	/* One is rerun: the others have one less. */
	rows[2].state = STATE_SUCCEEDED;
	rows[2].updated = HELP_NOW;
	help_put(&s.h, &rows[2], 1);
	help_retriage(&s.h);
	assert_field(&s, "run:airflow:a", "group", "2");
	assert_field(&s, "run:airflow:b", "why", "one cause with 1 other");
	/* The question gives just what the row counts; to show, there is all that has the cause. */
	char args[120];
	a = help_ask(&s.h, "group", "{\"signature\": \"boom <n>\"}");
	assert_int_equal(json_array_size(a), 2);
	json_decref(a);
	str_format(args, sizeof(args),
		"{\"rid\": %lld, \"who\": \"ito\", \"until\": %lld}",
		help_rid(&s.h, "run:airflow:b"), (long long)(HELP_NOW + HELP_HOUR));
	help_do(&s.h, "snooze", args);
	a = help_ask(&s.h, "group", "{\"signature\": \"boom <n>\"}");
	assert_int_equal(json_array_size(a), 1);
	assert_string_equal(json_str(json_array_get(a, 0), "id", ""), "a");
	json_decref(a);
	a = help_ask(&s.h, "group", "{\"signature\": \"boom <n>\", \"all\": true}");
	assert_int_equal(json_array_size(a), 2); /* c lost its cause with its failure */
	json_decref(a);
	scene_close(&s);
}

static void test_later_success_makes_obsolete(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record rows[2] = {help_record(KIND_RUN, "orders/1", STATE_FAILED),
		help_record(KIND_RUN, "orders/2", STATE_RUNNING)};
	rows[0].ended = HELP_NOW - 20 * HELP_MIN;
	rows[0].title = rows[1].title = "orders";
	rows[1].started = HELP_NOW - 10 * HELP_MIN;
	help_put(&s.h, rows, 2);
	help_retriage(&s.h);
	assert_field(&s, "run:airflow:orders/1", "why", "high");
	rows[1].state = STATE_SUCCEEDED;
	rows[1].ended = HELP_NOW - HELP_MIN;
	help_put(&s.h, &rows[1], 1);
	help_retriage(&s.h);
	assert_field(&s, "run:airflow:orders/1", "why", "");
	json_t *c = help_ask(&s.h, "counts", "{}");
	assert_int_equal(json_int(json_sub(c, "need"), "run", -1), 0);
	json_decref(c);
	scene_close(&s);
}

static void test_time_steps(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record inc = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	inc.started = inc.updated = HELP_NOW - 8 * HELP_MIN;
	help_put(&s.h, &inc, 1);
	help_retriage(&s.h);
	assert_field(&s, "incident:airflow:P1", "why", "nobody acknowledged;");
	clock_advance_test(HELP_MIN);
	assert_int_equal(help_retriage(&s.h).changed, 0);
	clock_advance_test(2 * HELP_MIN);
	assert_int_equal(help_retriage(&s.h).changed, 1);
	assert_field(
		&s, "incident:airflow:P1", "why", "nobody acknowledged for over 10 min");
	scene_close(&s);
}

static void test_one_pass_at_a_time(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record inc = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	struct help_reply reply = {0};
	help_put(&s.h, &inc, 1);
	assert_non_null(store_retriage(s.h.store, NULL, NULL));
	assert_null(store_retriage(s.h.store, NULL, NULL));
	/* Who waits for the end gets it. */
	assert_non_null(store_retriage(s.h.store, help_put_done, &reply));
	assert_true(loop_until(s.h.loop, &reply.done, HELP_WAIT_MS));
	/* Cancelled in the middle: nothing is left over. */
	inc.state = STATE_ACKNOWLEDGED;
	inc.updated = HELP_NOW;
	help_put(&s.h, &inc, 1);
	store_cancel(s.h.store, store_retriage(s.h.store, NULL, NULL));
	assert_non_null(store_retriage(s.h.store, NULL, NULL));
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_reasons),
		cmocka_unit_test(test_change_before),
		cmocka_unit_test(test_links_are_written_both_ways),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_later_success_makes_obsolete),
		cmocka_unit_test(test_time_steps),
		cmocka_unit_test(test_one_pass_at_a_time),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
