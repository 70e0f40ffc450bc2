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

/* bad_seq of the chain, and its problem; "": it is whole. */
static long long check(struct help *h, char *problem, size_t size)
{
	json_t *a = help_ask(h, "audit_verify", "{}");
	long long bad = json_int(a, "bad_seq", -1);
	str_copy(problem, size, json_str(a, "problem", ""));
	assert_int_equal(json_flag(a, "ok", false), !problem[0]);
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
		"watchdesk audit 2\ni1:1\ni16:%lld\nt3:ito\nt2:b1\nt6:intent\ni1:0\n"
		"t27:{\"a\":\"x\",\"cost\":1.25,\"z\":0}\nt0:\n",
		(long long)HELP_NOW);
	crypto_sha256(text, strlen(text), want);
	assert_string_equal(json_str(row, "hash", ""), want);
	json_decref(a);
	help_close(&h);
}

/* As the first rule wrote it: sha256(prev || canonical JSON). */
static void add_old(struct help *h, int n)
{
	char prev[65] = "";
	for (int i = 1; i <= n; i++) {
		char *text =
			xasprintf("%s{\"at\":%lld,\"body\":{\"a\":\"x\",\"z\":%d},"
				  "\"event\":\"intent\","
				  "\"host\":\"b1\",\"job\":7,\"seq\":%d,\"who\":\"ito\"}",
				prev, (long long)HELP_NOW, i, i);
		char hash[65];
		crypto_sha256(text, strlen(text), hash);
		char *sql = xasprintf(
			"INSERT INTO audit VALUES(%d, %lld, 'ito', 'b1', 'intent', 7, "
			"'{\"a\":\"x\",\"z\":%d}', '%s', '%s')",
			i, (long long)HELP_NOW, i, prev, hash);
		tamper(h, sql);
		str_copy(prev, sizeof(prev), hash);
		free(sql);
		free(text);
	}
}

/* An older store: its entries count by the rule that they were written by, and new ones go on from them. */
static void test_first_rule(void **state)
{
	(void)state;
	struct help h;
	char problem[200];
	help_open(&h);
	add_old(&h, 3);
	assert_int_equal(check(&h, problem, sizeof(problem)), 0);
	add(&h, 3);
	assert_int_equal(check(&h, problem, sizeof(problem)), 0);
	tamper(&h, "UPDATE audit SET body='{\"a\":\"x\", \"z\":2}' WHERE seq=2");
	assert_int_equal(check(&h, problem, sizeof(problem)), 2);
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

static const struct {
	const char *sql, *problem;
} forged[] = {
	{"INSERT INTO audit SELECT 0, at, who, host, event, job, body, prev, "
	 "hash "
	 "FROM audit WHERE seq=1",
		"entry 0 was put in"},
	{"INSERT INTO audit SELECT -5, at, who, host, event, job, body, prev, "
	 "hash FROM audit WHERE seq=1",
		"entry -5 was put in"},
	{"UPDATE audit SET who=who||char(0)||'nobody' WHERE seq=2",
		"entry 2 was changed"},
	{"UPDATE audit SET body=body||char(0)||'x' WHERE seq=2", "entry 2 was changed"},
	{"UPDATE audit SET body='{\"a\":\"y\",'||substr(body,2) WHERE seq=2",
		"entry 2 was changed"},
	{"UPDATE audit SET body=body||' ' WHERE seq=2", "entry 2 was changed"},
	{"UPDATE audit SET body=replace(body, ':', ' :') WHERE seq=2",
		"entry 2 was changed"},
	{"UPDATE audit SET body=replace(body, 'x', '\\u0078') WHERE seq=2",
		"entry 2 was changed"},
	{"UPDATE audit SET body=CAST(body AS BLOB) WHERE seq=2", "entry 2 was changed"},
	{"UPDATE audit SET host=CAST(host AS BLOB) WHERE seq=2", "entry 2 was changed"},
	{"UPDATE audit SET hash=CAST(hash AS BLOB) WHERE seq=2", "entry 2 was changed"},
	{"UPDATE audit SET hash=hash||char(0)||'x' WHERE seq=3", "entry 3 was changed"},
	{"UPDATE audit SET job=0.5 WHERE seq=2", "entry 2 was changed"},
	{"UPDATE audit SET at='soon' WHERE seq=2", "entry 2 was changed"},
	{"ALTER TABLE audit RENAME TO kept; CREATE VIEW audit AS SELECT * FROM "
	 "kept",
		"it is a view"},
	{"ALTER TABLE audit RENAME TO kept; CREATE TABLE audit AS SELECT * FROM "
	 "kept",
		"table of another shape"},
	{"CREATE TRIGGER t AFTER INSERT ON audit BEGIN DELETE FROM audit WHERE "
	 "seq=new.seq; END",
		"it is a trigger"},
	{"DROP TABLE audit", "there is no table"},
};

/* What a reader would not see, or would take for the same: by either rule, it is not what was written. */
static void test_forged(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(forged); i++) {
		struct help h;
		char problem[200];
		help_open(&h);
		if (i % 2)
			add_old(&h, 4);
		else
			add(&h, 4);
		assert_int_equal(check(&h, problem, sizeof(problem)), 0);
		tamper(&h, forged[i / 2].sql);
		check(&h, problem, sizeof(problem));
		if (!strstr(problem, forged[i / 2].problem))
			fail_msg("%s: \"%s\"", forged[i / 2].sql, problem);
		help_close(&h);
	}
}

/* Who puts entries of the first rule behind those of the second makes an older store of it, which it is not. */
static void test_first_after_second(void **state)
{
	(void)state;
	struct help h;
	char problem[200], hash[65];
	help_open(&h);
	add(&h, 1);
	json_t *a = help_ask(&h, "audit", "{\"after\": 0, \"limit\": 1}");
	const char *prev = json_str(json_array_get(a, 0), "hash", "");
	char *text = xasprintf("%s{\"at\":1,\"body\":{},\"event\":\"x\",\"host\":\"\","
			       "\"job\":0,\"seq\":2,\"who\":\"\"}",
		prev);
	crypto_sha256(text, strlen(text), hash);
	char *sql = xasprintf(
		"INSERT INTO audit VALUES(2,1,'','','x',0,'{}','%s','%s')", prev, hash);
	tamper(&h, sql);
	assert_int_equal(check(&h, problem, sizeof(problem)), 2);
	assert_string_equal(problem, "entry 2 was changed");
	free(text);
	free(sql);
	json_decref(a);
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hash_is_as_documented),
		cmocka_unit_test(test_whole),
		cmocka_unit_test(test_tampered),
		cmocka_unit_test(test_first_rule),
		cmocka_unit_test(test_forged),
		cmocka_unit_test(test_first_after_second),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
