/* The audit's chain: whole after adding, and broken at the right place after any change to its rows. */
#include "backends/store/audit.h"

#include "backends/base/crypto.h"

#include "tests/unit/store_help.h"

static void add(struct help *h, int n)
{
	for (int i = 0; i < n; i++) {
		char args[200];
		str_format(args, sizeof(args),
			"{\"who\": \"ito\", \"host\": \"b1\", \"event\": \"intent\", "
			"\"job\": %d,"
			" \"body\": {\"z\": %d, \"a\": \"x\", \"cost\": 1.25}}",
			i % 2, i);
		help_do(h, "audit_add", args);
	}
}

/* bad_seq of the chain, and its problem. */
static long long check(struct help *h, char *problem, size_t size)
{
	json_t *a = help_ask(h, "audit_verify", "{}");
	long long bad = json_int(a, "bad_seq", -1);
	assert_int_equal(json_flag(a, "ok", false), bad == 0);
	str_copy(problem, size, json_str(a, "problem", ""));
	json_decref(a);
	return bad;
}

static void tamper(struct help *h, const char *sql)
{
	struct err e = ERR_INIT;
	struct db *d = db_open(h->path, DB_WRITE, &e);
	assert_non_null(d);
	if (!db_exec(d, sql, &e))
		fail_msg("%s", e.msg);
	db_close(d);
}

static void test_hash_is_as_documented(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	add(&h, 1);
	json_t *a = help_ask(&h, "audit", "{\"after\": 0, \"limit\": 10}");
	json_t *row = json_array_get(a, 0);
	assert_string_equal(json_str(row, "prev", "?"), "");
	char text[300], want[65];
	str_format(text, sizeof(text),
		"{\"at\":%lld,\"body\":{\"a\":\"x\",\"cost\":1.25,\"z\":0},\"event\":"
		"\"intent\","
		"\"host\":\"b1\",\"job\":0,\"seq\":1,\"who\":\"ito\"}",
		(long long)HELP_NOW);
	crypto_sha256(text, strlen(text), want);
	assert_string_equal(json_str(row, "hash", ""), want);
	json_decref(a);
	help_close(&h);
}

static void test_whole(void **state)
{
	(void)state;
	struct help h;
	char problem[200];
	help_open(&h);
	assert_int_equal(check(&h, problem, sizeof(problem)), 0);
	add(&h, 20);
	assert_int_equal(check(&h, problem, sizeof(problem)), 0);
	json_t *a = help_ask(&h, "audit", "{\"after\": 3, \"limit\": 5, \"job\": 1}");
	assert_int_equal(json_array_size(a), 5);
	assert_int_equal(json_int(json_array_get(a, 0), "seq", 0), 4);
	json_decref(a);
	help_refused(&h, "audit_add", "{\"event\": \"x\"}", ERR_USAGE, "body");
	help_close(&h);
}

static void test_tampered(void **state)
{
	(void)state;
	static const struct {
		const char *sql;
		long long bad;
		const char *problem;
	} cases[] = {
		{"UPDATE audit SET body='{\"z\":9}' WHERE seq=4", 4,
			"entry 4 was changed"},
		{"UPDATE audit SET who='other' WHERE seq=1", 1, "entry 1 was changed"},
		{"DELETE FROM audit WHERE seq IN (3,4)", 5, "entries 3 to 4 are missing"},
		{"UPDATE audit SET hash='00' WHERE seq=6", 6, "entry 6 was changed"},
		{"UPDATE audit SET prev='00' WHERE seq=6", 6, "does not follow"},
	};
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct help h;
		char problem[200];
		help_open(&h);
		add(&h, 8);
		tamper(&h, cases[i].sql);
		assert_int_equal(check(&h, problem, sizeof(problem)), cases[i].bad);
		assert_non_null(strstr(problem, cases[i].problem));
		help_close(&h);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_is_as_documented),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_tampered),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
