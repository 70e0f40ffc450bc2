/* Records: names, which state means what, keys, JSON, and what changes the hash. */
#include "backends/store/record.h"

#include "tests/unit/store_help.h"

static void test_names_and_states(void **state)
{
	(void)state;
	enum kind k;
	enum state s;
	enum severity v;

	for (int i = 0; i < KIND_COUNT; i++) {
		assert_true(kind_parse(kind_name((enum kind)i), &k) && k == (enum kind)i);
		assert_true(
			kind_parse(kind_plural((enum kind)i), &k) && k == (enum kind)i);
	}
	assert_false(kind_parse("", &k));
	for (int i = 0; i < STATE_COUNT; i++) {
		bool used = false;
		assert_true(
			state_parse(state_name((enum state)i), &s) && s == (enum state)i);
		for (int kind = 0; kind < KIND_COUNT; kind++) {
			used = used || state_of_kind((enum kind)kind, (enum state)i);
			/* what is open or bad for a kind exists for it */
			if (state_open((enum kind)kind, (enum state)i) ||
				state_bad((enum kind)kind, (enum state)i))
				assert_true(
					state_of_kind((enum kind)kind, (enum state)i));
		}
		assert_true(used);
	}
	assert_false(state_parse("FAILED", &s));
	assert_true(severity_parse("crit", &v) && v == SEVERITY_CRITICAL);
	assert_false(severity_parse("", &v));
	assert_true(state_bad(KIND_RUN, STATE_FAILED));
	assert_false(state_open(KIND_RUN, STATE_FAILED));
	assert_true(state_open(KIND_INCIDENT, STATE_ACKNOWLEDGED));
	assert_false(state_bad(KIND_INCIDENT, STATE_ACKNOWLEDGED));
	assert_true(state_of_kind(KIND_CHANGE, STATE_UNKNOWN));
	assert_false(state_of_kind(KIND_RUN, STATE_OPEN));
}

static void test_keys(void **state)
{
	(void)state;
	struct record r =
		help_record(KIND_RUN, "orders/2026-11-22T14:02:03+00:00", STATE_FAILED);
	struct str key = STR_INIT;
	struct err e = ERR_INIT;
	enum kind kind;
	char source[32];
	const char *id;

	assert_true(record_key(&r, &key));
	assert_string_equal(key.buf, "run:airflow:orders/2026-11-22T14:02:03+00:00");
	assert_true(record_key_parse(key.buf, &kind, source, sizeof(source), &id, &e));
	assert_int_equal(kind, KIND_RUN);
	assert_string_equal(source, "airflow");
	assert_string_equal(id, r.id);
	str_release(&key);
	assert_false(record_key_parse("run", &kind, source, sizeof(source), &id, &e));
	assert_false(
		record_key_parse("run:airflow", &kind, source, sizeof(source), &id, &e));
	assert_false(record_key_parse("run::x", &kind, source, sizeof(source), &id, &e));
	assert_false(
		record_key_parse("run:airflow:", &kind, source, sizeof(source), &id, &e));
	assert_false(record_key_parse(
		"dog:airflow:x", &kind, source, sizeof(source), &id, &e));
	assert_non_null(strstr(e.msg, "'dog' is no kind"));
	assert_false(record_key_parse("run:airflow:x", &kind, source, 7, &id, &e));
	assert_true(record_key_parse("run:airflow:x", &kind, source, 8, &id, &e));
}

static void test_json(void **state)
{
	(void)state;
	struct record r = help_record(KIND_COST, "c1", STATE_OPEN);
	r.amount = "1840.00";
	r.labels = json_pack("{s:s}", "team", "core");
	r.updated = 1795356120123456;
	json_t *o = record_json(&r);

	assert_string_equal(json_str(o, "key", ""), "cost:airflow:c1");
	assert_string_equal(json_str(o, "state", ""), "open");
	assert_string_equal(json_str(o, "amount", ""), "1840.00");
	assert_string_equal(json_str(json_sub(o, "labels"), "team", ""), "core");
	assert_non_null(strstr(json_str(o, "updated", ""), ".123456Z"));
	assert_null(json_object_get(o, "ended"));
	assert_null(json_object_get(o, "owner"));
	json_decref(o);
	record_release_json(&r);
	assert_null(r.labels);
}

static void test_hash(void **state)
{
	(void)state;
	struct record r = help_record(KIND_RUN, "a", STATE_FAILED);
	unsigned long long h = record_hash(&r);

	/* what the store and triage add does not count */
	r.attention = 5;
	r.why = "x";
	r.seen = r.since = 7;
	r.claimed_by = "me";
	assert_true(record_hash(&r) == h);
	/* what moves from one text to its neighbour does */
	r.owner = "ab";
	unsigned long long owner = record_hash(&r);
	r.owner = "a";
	r.service = "b";
	assert_true(record_hash(&r) != owner && owner != h);
	r.owner = r.service = "";
	r.detail = json_pack("{s:i, s:[s,s]}", "a", 1, "b", "x", "y");
	unsigned long long detail = record_hash(&r);
	assert_true(detail != h);
	json_decref(r.detail);
	r.detail = json_pack(
		"{s:[s,s], s:i}", "b", "x", "y", "a", 1); /* keys in another order */
	assert_true(record_hash(&r) == detail);
	json_decref(r.detail);
	r.detail = json_pack("{s:[s,s], s:i}", "b", "y", "x", "a", 1);
	assert_true(record_hash(&r) != detail);
	record_release_json(&r);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names_and_states),
		cmocka_unit_test(test_keys),
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_hash),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
