/* Notes, claims, snoozes, causes, what is no longer listed, sources. */
#include "backends/triage/attention.h"

#include "tests/unit/store_help.h"

struct scene {
	struct help h;
	struct triage_hook *hook;
	long long rid;
};

static void scene_open(struct scene *s)
{
	struct err e = ERR_INIT;
	help_open(&s->h);
	s->hook = triage_hook_new(NULL, NULL, &e);
	assert_non_null(s->hook);
	store_set_triage(s->h.store, triage_hook(s->hook));
	struct record r = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	help_put(&s->h, &r, 1);
	help_retriage(&s->h);
	s->rid = help_rid(&s->h, "incident:airflow:P1");
	assert_int_equal(s->rid, 1);
}

static void scene_close(struct scene *s)
{
	help_close(&s->h);
	triage_hook_free(s->hook);
}

static long long attention(struct scene *s)
{
	json_t *r = help_ask(&s->h, "record", "{\"rid\": 1}");
	long long n = json_int(r, "attention", 0);
	json_decref(r);
	return n;
}

/* Nothing happens to the record, but what it is weighed by is another. */
static void test_weights(void **state)
{
	struct err e = ERR_INIT;
	struct scene s;
	(void)state;
	scene_open(&s);
	help_do(&s.h, "weights", "{\"rules\": \"one\"}");
	help_retriage(&s.h);
	long long before = attention(&s);
	triage_hook_free(s.hook);
	json_t *state_only = json_pack("{s:i}", "state", 200);
	s.hook = triage_hook_new(state_only, NULL, &e);
	store_set_triage(s.h.store, triage_hook(s.hook));
	help_do(&s.h, "weights", "{\"rules\": \"one\"}");
	help_retriage(&s.h);
	assert_int_equal(attention(&s), before);
	help_do(&s.h, "weights", "{\"rules\": \"two\"}");
	help_retriage(&s.h);
	assert_true(attention(&s) > before);
	help_refused(&s.h, "weights", "{}", ERR_USAGE, "rules");
	scene_close(&s);
	json_decref(state_only);
}

static void test_notes(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	help_do(&s.h, "note_add", "{\"rid\": 1, \"who\": \"ito\", \"text\": \"one\"}");
	help_do(&s.h, "note_add",
		"{\"rid\": 1, \"who\": \"ito\", \"text\": \"two \\u001b[31m\"}");
	json_t *a = help_ask(&s.h, "notes", "{\"rid\": 1}");
	assert_int_equal(json_array_size(a), 2);
	assert_non_null(strstr(json_str(json_array_get(a, 0), "text", ""), "two"));
	assert_null(strchr(json_str(json_array_get(a, 0), "text", ""), '\x1b'));
	json_decref(a);
	help_refused(&s.h, "note_add", "{\"rid\": 9, \"who\": \"x\", \"text\": \"y\"}",
		ERR_NOTFOUND, "record 9");
	help_refused(&s.h, "note_add", "{\"rid\": 1, \"who\": \"x\"}", ERR_USAGE, "text");
	scene_close(&s);
}

static void test_claims(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	long long before = attention(&s);
	help_do(&s.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	help_do(&s.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	clock_advance_test(5 * HELP_MIN);
	help_refused(&s.h, "claim", "{\"rid\": 1, \"who\": \"kim\"}", ERR_CONFLICT,
		"ito has it since 5 min");
	help_retriage(&s.h);
	assert_true(attention(&s) < before && attention(&s) > 0);
	help_do(&s.h, "unclaim", "{\"rid\": 1}");
	help_do(&s.h, "claim", "{\"rid\": 1, \"who\": \"kim\"}");
	scene_close(&s);
}

static void test_snooze(void **state)
{
	(void)state;
	struct scene s;
	char args[120];
	scene_open(&s);
	str_format(args, sizeof(args), "{\"rid\": 1, \"who\": \"ito\", \"until\": %lld}",
		(long long)(HELP_NOW + HELP_HOUR));
	help_do(&s.h, "snooze", args);
	assert_int_equal(attention(&s), 0);
	json_t *c = help_ask(&s.h, "counts", "{}");
	assert_int_equal(json_int(json_sub(c, "need"), "incident", -1), 0);
	json_decref(c);
	help_retriage(&s.h);
	assert_int_equal(attention(&s), 0);
	clock_advance_test(HELP_HOUR + HELP_MIN);
	help_retriage(&s.h);
	assert_true(attention(&s) > 0);
	help_refused(&s.h, "snooze", "{\"rid\": 1, \"who\": \"ito\", \"until\": 5}",
		ERR_USAGE, "future");
	scene_close(&s);
}

static void test_vanish(void **state)
{
	(void)state;
	struct scene s;
	char args[160];
	scene_open(&s);
	clock_advance_test(HELP_HOUR);
	struct record other = help_record(KIND_INCIDENT, "P2", STATE_OPEN);
	help_put(&s.h, &other, 1);
	str_format(args, sizeof(args),
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"state\": "
		"\"resolved\", \"before\": %lld}",
		(long long)(HELP_NOW + HELP_MIN));
	/* Another list of the same kind says nothing about this record. */
	char of_others[200];
	str_format(of_others, sizeof(of_others), "%.*s, \"ids\": \"import/\"}",
		(int)strlen(args) - 1, args);
	json_t *a = help_tell(&s.h, "vanish", of_others);
	assert_int_equal(json_int(a, "n", -1), 0);
	json_decref(a);
	a = help_tell(&s.h, "vanish", args);
	assert_int_equal(json_int(a, "n", -1), 1);
	assert_false(json_flag(a, "more", true));
	json_decref(a);
	a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_string_equal(json_str(a, "state", ""), "resolved");
	json_decref(a);
	assert_int_equal(attention(&s), 0);
	a = help_ask(&s.h, "history", "{\"rid\": 1}");
	assert_string_equal(json_str(json_array_get(a, 0), "to", ""), "resolved");
	json_decref(a);
	a = help_tell(&s.h, "vanish", args);
	assert_int_equal(json_int(a, "n", -1), 0);
	json_decref(a);
	help_refused(&s.h, "vanish",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"state\": "
		"\"succeeded\", \"before\": 1}",
		ERR_USAGE, "state of that kind");
	/* It comes back as it was. */
	struct record back = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	assert_int_equal(help_put(&s.h, &back, 1).changed, 1);
	scene_close(&s);
}

/* A heartbeat that is not listed any more is failing, and somebody's work; said once, not at every round. */
static void test_a_missing_heartbeat(void **state)
{
	(void)state;
	struct scene s;
	char args[200];
	scene_open(&s);
	struct record beat = help_record(KIND_CHECK, "Watchdog", STATE_OK);
	beat.severity = SEVERITY_CRITICAL;
	help_put(&s.h, &beat, 1);
	clock_advance_test(HELP_HOUR);
	str_format(args, sizeof(args),
		"{\"source\": \"airflow\", \"kind\": \"check\", \"state\": \"failing\", "
		"\"before\": %lld}",
		(long long)(HELP_NOW + HELP_MIN));
	help_do(&s.h, "vanish", args);
	help_retriage(&s.h);
	json_t *a = help_ask(&s.h, "record", "{\"key\": \"check:airflow:Watchdog\"}");
	assert_string_equal(json_str(a, "state", ""), "failing");
	assert_true(json_int(a, "attention", 0) > 0);
	json_decref(a);
	a = help_tell(&s.h, "vanish", args);
	assert_int_equal(json_int(a, "n", -1), 0);
	json_decref(a);
	scene_close(&s);
}

static void gone(struct scene *s, const char *id, const char *state)
{
	char args[200];
	str_format(args, sizeof(args),
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"id\": \"%s\", "
		"\"why\": \"404\", \"state\": \"%s\"}",
		id, state);
	help_do(&s->h, "gone", args);
}

/* With the state that its connector gives for it; what has ended stays as it ended. */
static void test_gone_with_a_state(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	gone(&s, "P1", "resolved");
	json_t *a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_string_equal(json_str(a, "state", ""), "resolved");
	assert_int_equal(json_int(json_sub(a, "times"), "ended", 0), HELP_NOW);
	assert_int_equal(json_int(json_sub(a, "times"), "gone_at", 0), HELP_NOW);
	json_decref(a);
	/* A failed run still needs somebody, until it is gone: failed it stays. */
	struct record r = help_record(KIND_RUN, "r1", STATE_FAILED);
	help_put(&s.h, &r, 1);
	help_do(&s.h, "gone",
		"{\"source\": \"airflow\", \"kind\": \"run\", \"id\": \"r1\", \"why\": "
		"\"404\"}");
	a = help_ask(&s.h, "record", "{\"key\": \"run:airflow:r1\"}");
	assert_string_equal(json_str(a, "state", ""), "failed");
	assert_non_null(json_object_get(a, "gone_at"));
	assert_null(json_object_get(a, "attention"));
	json_decref(a);
	scene_close(&s);
}

/* No answer: it stays as it was, and says why it may be old. Others come before it in the next round. */
static void test_unread(void **state)
{
	static const char open_ids[] =
		"{\"source\": \"airflow\", \"kind\": \"incident\"}";
	(void)state;
	struct scene s;
	scene_open(&s);
	struct record other = help_record(KIND_INCIDENT, "P2", STATE_OPEN);
	clock_advance_test(HELP_MIN);
	help_put(&s.h, &other, 1);
	help_do(&s.h, "unread",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"id\": \"P1\", "
		"\"why\": \"HTTP 500\"}");
	json_t *a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_string_equal(json_str(a, "state", ""), "open");
	assert_string_equal(json_str(a, "unread", ""), "HTTP 500");
	json_decref(a);
	help_retriage(&s.h);
	a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_non_null(strstr(json_str(a, "why", ""), "could not be read again"));
	json_decref(a);
	a = help_ask(&s.h, "open_ids", open_ids);
	assert_int_equal(json_array_size(a), 2);
	assert_string_equal(json_str(json_array_get(a, 0), "id", ""), "P2");
	json_decref(a);
	struct record back = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	assert_int_equal(help_put(&s.h, &back, 1).changed, 1);
	a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_null(json_object_get(a, "unread"));
	json_decref(a);
	scene_close(&s);
}

static void test_gone(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	assert_true(attention(&s) > 0);
	json_t *before = help_ask(&s.h, "record", "{\"rid\": 1}");
	help_do(&s.h, "gone",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"id\": \"P1\", "
		"\"why\": "
		"\"404\"}");
	json_t *a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_string_equal(json_str(a, "state", ""), "unknown");
	assert_string_equal(
		json_str(a, "raw_state", "x"), json_str(before, "raw_state", "x"));
	assert_int_equal(json_int(json_sub(a, "times"), "gone_at", 0), HELP_NOW);
	assert_non_null(json_object_get(a, "gone_at"));
	json_decref(before);
	assert_null(json_object_get(a, "ended")); /* nobody knows */
	json_decref(a);
	assert_int_equal(attention(&s), 0);
	a = help_ask(&s.h, "history", "{\"rid\": 1}");
	assert_string_equal(json_str(json_array_get(a, 0), "from", ""), "open");
	assert_string_equal(json_str(json_array_get(a, 0), "to", ""), "unknown");
	assert_string_equal(
		json_str(json_array_get(a, 0), "note", ""), "gone at the source (404)");
	json_decref(a);
	/* Not asked for again; a second look at it changes nothing. */
	static const char open_ids[] =
		"{\"source\": \"airflow\", \"kind\": \"incident\"}";
	a = help_ask(&s.h, "open_ids", open_ids);
	assert_int_equal(json_array_size(a), 0);
	json_decref(a);
	help_do(&s.h, "gone",
		"{\"source\": \"airflow\", \"kind\": \"incident\", \"id\": \"P1\", "
		"\"why\": "
		"\"410\"}");
	a = help_ask(&s.h, "history", "{\"rid\": 1}");
	assert_int_equal(json_array_size(a), 1);
	json_decref(a);
	/* Time alone does not bring it back to Triage. */
	clock_advance_test(HELP_HOUR);
	help_retriage(&s.h);
	assert_int_equal(attention(&s), 0);
	help_refused(&s.h, "gone", "{\"source\": \"airflow\", \"kind\": \"incident\"}",
		ERR_USAGE, "id");
	/* Seen again, it is as it was. */
	struct record back = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	assert_int_equal(help_put(&s.h, &back, 1).changed, 1);
	a = help_ask(&s.h, "record", "{\"rid\": 1}");
	assert_null(json_object_get(a, "gone_at"));
	json_decref(a);
	a = help_ask(&s.h, "open_ids", open_ids);
	assert_int_equal(json_array_size(a), 1);
	json_decref(a);
	scene_close(&s);
}

static void source_is(struct scene *s, const char *state, usec_t last_good)
{
	char args[200];
	str_format(args, sizeof(args),
		"{\"name\": \"airflow\", \"state\": \"%s\", \"interval_ms\": 20000,"
		" \"last_good\": %lld}",
		state, (long long)last_good);
	help_do(&s->h, "source_state", args);
}

static void assert_stale(struct scene *s, bool stale)
{
	json_t *a = help_ask(&s->h, "record", "{\"rid\": 1}");
	bool is = strstr(json_str(a, "why", ""), "its source is stale") != NULL;
	if (is != stale)
		fail_msg("why: %s", json_str(a, "why", ""));
	json_decref(a);
}

/* The words come and go with the state of the source, also where the record's own time brings no look at it. */
static void test_stale_source(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	source_is(&s, "ok", HELP_NOW);
	help_retriage(&s.h);
	assert_stale(&s, false);
	/* Nobody said so, but its time is over; then somebody says so. */
	clock_advance_test(3 * HELP_MIN);
	source_is(&s, "stale", HELP_NOW);
	help_retriage(&s.h);
	assert_stale(&s, true);
	assert_int_equal(help_retriage(&s.h).same, 0);
	source_is(&s, "stale", HELP_NOW);
	assert_int_equal(help_retriage(&s.h).same, 0);
	source_is(&s, "ok", clock_now());
	help_retriage(&s.h);
	assert_stale(&s, false);
	source_is(&s, "ok", clock_now());
	assert_int_equal(help_retriage(&s.h).same, 0);
	/* Read again before anybody had said that it was stale. */
	clock_advance_test(3 * HELP_MIN);
	help_do(&s.h, "note_add", "{\"rid\": 1, \"who\": \"ito\", \"text\": \"x\"}");
	help_retriage(&s.h);
	assert_stale(&s, true);
	source_is(&s, "ok", clock_now());
	help_retriage(&s.h);
	assert_stale(&s, false);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_weights),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_claims),
		cmocka_unit_test(test_snooze),
		cmocka_unit_test(test_vanish),
		cmocka_unit_test(test_gone),
		cmocka_unit_test(test_a_missing_heartbeat),
		cmocka_unit_test(test_gone_with_a_state),
		cmocka_unit_test(test_unread),
		cmocka_unit_test(test_stale_source),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
