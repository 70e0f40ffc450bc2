/* Items into records: maps, rules, bad items, hostile text, times, amounts, labels, defaults of the configuration. */
#include "backends/base/log.h"
#include "backends/connector/mapping.h"
#include "tests/unit/collect_help.h"

#define URL "settings: {url: {type: url, required: true}}\n"
#define LIST(kind, path, record)                                                         \
	URL "collect:\n  x:\n    kind: " kind "\n    get: " path "\n    record: " record \
	    "\n"

static void test_bad_items(void **state)
{
	(void)state;
	struct got o = rig_try(&rig,
		LIST("run", "/mixed",
			"{id: id, title: name, state: {value: state, map: {success: "
			"succeeded}}, started: when, amount: cost, url: url}"),
		"");
	got_ok(&o, 2);
	assert_int_equal(o.refused, 2); /* one without an id, one that is no object */
	assert_string_equal(o.reason, "id (c.yaml:8): an item has no id");
	const json_t *loud = json_array_get(o.records, 1);
	assert_null(strchr(json_str(loud, "id", ""), '\x1b'));
	assert_null(strpbrk(json_str(loud, "title", "\x1b"), "\x1b\x07\n"));
	assert_string_equal(json_str(loud, "started", ""), "2026-11-22T13:02:03.500000Z");
	assert_string_equal(json_str(loud, "amount", ""), "12.5");
	assert_string_equal(json_str(loud, "url", ""), "");
	char *detail = json_text(json_sub(loud, "detail"));
	assert_null(strstr(detail, "u001b"));
	free(detail);
	got_release(&o);
}

static void test_rules_and_defaults(void **state)
{
	(void)state;
	struct got o = rig_try(&rig,
		LIST("incident", "/runs\n    items: rows",
			"{id: to_string(id), title: name, asset: \"format('orders_{}', "
			"id)\", severity: {rules: [{when: \"id == `1`\", then: "
			"critical}, "
			"{when: \"id == `2`\", then: {expr: \"'high'\"}}], default: "
			"low}, tier: {value: id, map: {\"2\": 5}},"
			" state: {rules: [{when: \"state == 'failed'\", then: open}, "
			"{when: \"state == 'odd'\", then: {expr: \"'nonsense'\"}}], "
			"default: resolved}, raw_state: state,"
			" started: \"`1700000000`\", due: \"'2026-01-02 03:04:05'\", "
			"amount: \"'USD 5'\", expected: \"'10.50'\","
			" labels: {n: id, none: absent}, opaque: {n: id, deep: {value: "
			"'{a: state}'}}, detail: '{kept: name}'}"),
		"    tier: 3\n    owner: team-x\nassets:\n  - {match: \"orders_3\", "
		"tier: 1, owner: data-core, service: orders}\n");
	got_ok(&o, 5);
	assert_int_equal(o.unknown, 1);
	const json_t *r0 = got_record(&o, "0"), *r1 = got_record(&o, "1"),
		     *r2 = got_record(&o, "2"), *r3 = got_record(&o, "3");
	assert_string_equal(json_str(r1, "state", ""), "open");
	assert_string_equal(json_str(r1, "raw_state", ""), "failed");
	assert_string_equal(json_str(r1, "severity", ""), "critical");
	assert_string_equal(json_str(r2, "state", ""), "unknown");
	assert_string_equal(json_str(r2, "severity", ""), "high");
	assert_int_equal(json_int(r2, "tier", 0), 5);
	assert_string_equal(json_str(r3, "severity", ""), "low");
	assert_int_equal(json_int(r3, "tier", 0), 3); /* the item's own value first */
	assert_string_equal(json_str(r3, "owner", ""), "data-core");
	assert_string_equal(json_str(r3, "service", ""), "orders");
	assert_int_equal(json_int(r0, "tier", 0), 3); /* 0 is no tier: the source's */
	assert_string_equal(json_str(r0, "owner", ""), "team-x");
	assert_string_equal(json_str(r0, "env", ""), "prod");
	assert_string_equal(json_str(r0, "source", ""), "s");
	assert_string_equal(json_str(r0, "started", ""), "2023-11-14T22:13:20Z");
	assert_string_equal(json_str(r0, "due", ""), "2026-01-02T03:04:05Z");
	assert_string_equal(json_str(r0, "amount", ""), "");
	assert_string_equal(json_str(r0, "expected", ""), "10.50");
	assert_string_equal(json_str(json_sub(r1, "labels"), "n", ""), "1");
	assert_null(json_sub(json_sub(r1, "labels"), "none"));
	assert_int_equal(json_int(json_sub(r1, "opaque"), "n", 0), 1);
	assert_string_equal(json_str(json_path(r1, "opaque.deep"), "a", ""), "failed");
	assert_string_equal(json_str(json_sub(r1, "detail"), "kept", ""), "row1");
	got_release(&o);
}

/* A state without a mapping is unknown and counted; its raw value is kept. */
static void test_unknown_state(void **state)
{
	(void)state;
	struct got o = rig_try(&rig,
		LIST("run", "/runs\n    items: rows",
			"{id: to_string(id), title: \"''\", state: {value: state, map: "
			"{success: succeeded}}}"),
		"");
	got_ok(&o, 5);
	assert_int_equal(o.unknown, 3);
	assert_string_equal(o.unknown_why, "\"failed\" has no mapping (c.yaml:9)");
	assert_string_equal(json_str(got_record(&o, "2"), "raw_state", ""), "odd");
	assert_string_equal(json_str(got_record(&o, "2"), "title", ""), "2");
	got_release(&o);
	/* a state of another kind is none of ours */
	o = rig_try(&rig,
		LIST("run", "/runs\n    items: rows",
			"{id: to_string(id), state: \"'open'\"}"),
		"");
	assert_int_equal(o.unknown, 5);
	got_release(&o);
}

static void test_all_labels(void **state)
{
	(void)state;
	struct got o = rig_try(&rig,
		LIST("run", "/runs\n    items: rows",
			"{id: to_string(id), state: \"'failed'\", labels: \"{a: name, n: "
			"id}\"}"),
		"");
	got_ok(&o, 5);
	assert_string_equal(
		json_str(json_sub(got_record(&o, "4"), "labels"), "n", ""), "4");
	got_release(&o);
}

/* Lists of one kind are told apart by their ids, so an id that does not fit is refused. */
static void test_ids(void **state)
{
	(void)state;
	rig_open(&rig,
		LIST("run", "/runs\n    items: rows\n    ids: a/",
			"{id: \"id == `2` && 'b/2' || format('a/{}', id)\", state: "
			"\"'failed'\"}"),
		"");
	struct got o = rig_collect(&rig);
	got_ok(&o, 4);
	assert_int_equal(o.refused, 1);
	assert_string_equal(o.r.ids, "a/");
	got_release(&o);
	rig_close(&rig);
}

/* Only the id may cost a row: each of the others costs itself, and is counted with its value and its place. */
static void test_a_decoration_costs_itself(void **state)
{
	static const char *const fields[] = {"due: \"'infinity'\"",
		"due: \"'0044-03-15T00:00:00 BC'\"", "due: \"'12026-01-01'\"",
		"due: \"time('infinity')\"", "due: \"add_time('infinity', '2h')\"",
		"title: \"lower(`1`)\"", "amount: \"'USD 5'\"", "severity: \"'sev9'\"",
		"tier: \"`9`\"", "url: \"'javascript:alert(1)'\"",
		"labels: {x: \"lower(`1`)\"}", "opaque: {x: \"lower(`1`)\"}",
		"labels: \"lower(`1`)\"", "detail: \"lower(`1`)\"",
		"parent: \"lower(`1`)\""};
	char yaml[600];
	(void)state;
	for (size_t i = 0; i < LENGTH(fields); i++) {
		str_format(yaml, sizeof(yaml), "%s      %s\n",
			LIST("run", "/runs\n    items: rows",
				"\n      id: to_string(id)\n      state: \"'failed'\""),
			fields[i]);
		struct got o = rig_try(&rig, yaml, "");
		got_ok(&o, 5);
		assert_int_equal(o.refused, 0);
		if (o.spoiled != 5 || !strstr(o.spoiled_why, "(c.yaml:12)"))
			fail_msg("%s: %zu, %s", fields[i], o.spoiled, o.spoiled_why);
		got_release(&o);
	}
	struct got o = rig_try(&rig,
		LIST("run", "/runs\n    items: rows",
			"{id: to_string(id), state: \"'failed'\", due: \"'infinity'\", "
			"ended: \"'0001-01-01T00:00:00Z'\", started: \"''\"}"),
		"");
	assert_int_equal(
		o.spoiled, 5); /* the due time only: the others say that there is none */
	assert_string_equal(o.spoiled_why,
		"due: \"infinity\" is no time that can be kept (c.yaml:9)");
	got_release(&o);
}

/* A state whose expression fails is unknown, like one without a mapping. */
static void test_a_state_that_fails(void **state)
{
	(void)state;
	struct got o = rig_try(&rig,
		LIST("run", "/runs\n    items: rows",
			"{id: to_string(id), state: \"lower(`1`)\"}"),
		"");
	got_ok(&o, 5);
	assert_int_equal(o.unknown, 5);
	got_release(&o);
}

/* The id is what finds the record again: an expression of it that fails refuses the item. */
static void test_expression_of_id_fails(void **state)
{
	(void)state;
	struct got o = rig_try(&rig,
		LIST("run", "/mixed",
			"{id: lower(parse_json(name)) || id, state: state}"),
		"");
	assert_int_equal(o.r.err.code, ERR_NONE);
	assert_true(o.refused >= 2);
	assert_non_null(strstr(o.reason, "id (c.yaml:8): "));
	got_release(&o);
}

/* A far side that says back what it was sent: not in a text, not in its cut end, not in a name or a list. */
static void test_a_secret_said_back(void **state)
{
	struct arena a = ARENA_INIT;
	json_t *title = json_string("you sent 0123456789-long, thanks");
	json_t *item = json_pack("{s:[s, i], s:{s:s}}", "plain", "Bearer 0123456789-long",
		7, "deep", "0123456789-long", "fine");

	(void)state;
	log_redact("0123456789-long");
	assert_string_equal(
		map_text(&a, title, RECORD_TITLE_MAX), "you sent [secret], thanks");
	assert_null(strstr(map_text(&a, title, 16), "01234"));
	assert_string_equal(map_id_text(&a, title, RECORD_ID_MAX),
		"you sent 0123456789-long, thanks");
	json_t *safe = map_safe_tree(item, RECORD_DETAIL_MAX);
	char *text = json_text(safe);
	assert_string_equal(text,
		"{\"deep\":{\"[secret]\":\"fine\"},\"plain\":[\"Bearer [secret]\",7]}");
	free(text);
	json_decref(safe);
	json_decref(item);
	json_decref(title);
	arena_release(&a);
	log_close();
}

/* An id, or what is sent back as it came, is never altered: with a secret in it the item is refused, and counted. */
static void test_a_secret_in_an_id(void **state)
{
	(void)state;
	rig_open(&rig,
		LIST("run", "/runs\n    items: rows",
			"{id: \"id == `2` && 'run-geheim99' || to_string(id)\", state: "
			"\"'failed'\", parent: \"id == `1` && 'geheim99' || ''\", "
			"title: \"id == `4` && 'has geheim99 in it' || name\", opaque: "
			"{n: id, deep: {value: \"id == `3` && {a: ['x geheim99']} || "
			"null\"}}}"),
		"");
	log_redact("geheim99");
	struct got o = rig_collect(&rig);
	got_ok(&o, 2);
	assert_int_equal(o.refused, 3);
	assert_non_null(strstr(o.reason, "parent holds a secret"));
	assert_string_equal(
		json_str(got_record(&o, "4"), "title", ""), "has [secret] in it");
	got_release(&o);
	rig_close(&rig);
	log_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_items),
		cmocka_unit_test(test_rules_and_defaults),
		cmocka_unit_test(test_unknown_state),
		cmocka_unit_test(test_all_labels),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_a_decoration_costs_itself),
		cmocka_unit_test(test_a_state_that_fails),
		cmocka_unit_test(test_expression_of_id_fails),
		cmocka_unit_test(test_a_secret_said_back),
		cmocka_unit_test(test_a_secret_in_an_id),
	};
	return cmocka_run_group_tests_name("mapping", tests, rig_setup, rig_teardown);
}
