/* Every paging style against tests/servers/far_side.py: all items, the end, budgets, and links that lead astray. */
#include "tests/unit/collect_help.h"

#define HEAD                                                                          \
	"settings: {url: {type: url, required: true}}\ncollect:\n  rows:\n    kind: " \
	"run\n    complete: true\n    gone: unknown\n"
#define RECORD                                                                    \
	"    record: {id: id, title: name, state: {value: state, map: {success: " \
	"succeeded, failed: failed}}}\n"

static void all_seven(const char *request)
{
	char *yaml = xasprintf("%s    %s\n%s", HEAD, request, RECORD);
	struct got o = rig_try(&rig, yaml, "");
	got_ok(&o, 7);
	assert_true(o.r.full);
	assert_int_equal(o.unknown, 2);
	for (int i = 0; i < 7; i++) {
		char id[8];
		str_format(id, sizeof(id), "%d", i);
		assert_string_equal(
			json_str(json_array_get(o.records, (size_t)i), "id", ""), id);
	}
	got_release(&o);
	free(yaml);
}

static void test_styles(void **state)
{
	(void)state;
	/* the server gives 3 rows at most although 5 are asked for: the offset goes by what came */
	all_seven("get: /offset\n    page: {style: offset, size: 5, items: rows, total: "
		  "total}");
	all_seven("get: /page\n    page: {style: page, size: 3, items: rows}");
	all_seven(
		"get: /page\n    page: {style: page, size: 7, items: rows, more: more}");
	/* 3 rows at most although 5 are asked for, and no total that tells: a short page is no end */
	all_seven("get: /offset\n    page: {style: offset, size: 5, items: rows}");
	all_seven("get: /offset\n    page: {style: offset, size: 5, items: rows, total: "
		  "none}");
	all_seven("get: /last\n    page: {style: last-item, param: after, next: id, "
		  "size: 5}");
	all_seven("get: /token\n    page: {style: token, param: token, next: next, "
		  "items: rows}");
	all_seven("post: /body-token\n    json: {fixed: 1}\n    page: {style: token, "
		  "where: json, "
		  "param: page.token, next: next, items: rows}");
	all_seven("get: /header-token\n    page: {style: token, param: token, "
		  "next_header: x-next}");
	all_seven("get: /open-end");
	all_seven("get: /link\n    page: {style: link}");
	/* self and next in a header each */
	all_seven("get: /two-links\n    page: {style: link}");
	/* the total is the page's own length: a full page asks on, and an empty one proves the end */
	all_seven("get: /own-total\n    page: {style: offset, size: 3, items: rows, "
		  "total: total}");
	all_seven("get: /own-total\n    page: {style: offset, size: 7, items: rows, "
		  "total: total}");
	all_seven("get: /body-link\n    page: {style: link, next: next, items: rows}");
	all_seven("get: /last\n    page: {style: last-item, param: after, next: id, "
		  "size: 3}");
	all_seven("get: /last\n    page: {style: last-item, param: after, next: id}");
}

static struct got one(const char *request)
{
	char *yaml = xasprintf("%s    %s\n%s", HEAD, request, RECORD);
	struct got o = rig_try(&rig, yaml, "");
	free(yaml);
	return o;
}

static void test_does_not_advance(void **state)
{
	(void)state;
	struct got o = one("get: /stuck\n    page: {style: token, param: token, next: "
			   "next, items: rows}");
	got_fails(&o, ERR_REMOTE, "paging does not advance");
	/* the offset is not looked at: the same page for ever */
	o = one("get: /same\n    page: {style: offset, size: 3, items: rows, total: "
		"total}");
	got_fails(&o, ERR_REMOTE, "page 2 is the page before once more");
	o = one("get: /same\n    page: {style: page, size: 3, items: rows}");
	got_fails(&o, ERR_REMOTE, "page 2 is the page before once more");
	/* a range that nobody asked for */
	o = one("get: /part");
	got_fails(&o, ERR_REMOTE, "a part of the reply");
}

/* What does not prove that it is all, is not all; it says so, with figures. */
static void test_not_whole(void **state)
{
	static const struct {
		const char *request, *words;
		size_t n;
	} cases[] = {
		{"get: /offset\n    page: {style: offset, size: 3, items: rows, total: "
		 "total, max_pages: 1}",
			"3 of at least 7: max_pages: 1 ended the list", 3},
		{"get: /page\n    page: {style: page, size: 3, items: rows, max_items: "
		 "2}",
			"3 of at least 4: max_items: 2 ended the list", 3},
		{"get: /less\n    page: {style: offset, size: 3, items: rows, total: "
		 "total}",
			"7 of at least 13: an empty page before the total is reached", 7},
		{"get: /open-end?lines=1\n    reply: json-lines",
			"7 of at least 8: the answer of page 1: its end is not proved",
			7},
		{"get: /less\n    query: {text: 1}\n    page: {style: offset, size: 8, "
		 "items: rows, total: total}",
			"7 of at least 13: an empty page before the total is reached", 7},
		{"get: /link",
			"3 of at least 4: the reply has a link to a next page (page: "
			"{style: link})",
			3},
		{"get: /same\n    page: {style: page, size: 5, items: rows}",
			"3 of at least 4: page 2 is the page before once more", 3},
		{"get: /strict\n    page: {style: page, size: 8, items: rows}",
			"7 of at least 8: the page after a short one is answered with "
			"HTTP 404",
			7},
		{"get: /accepted", "7 of at least 8: HTTP 202", 7},
		{"get: /other\n    items: absent", "holds no list at \"absent\"", 0},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct got o = one(cases[i].request);
		got_ok(&o, cases[i].n);
		assert_false(o.r.full);
		if (!strstr(o.partial, cases[i].words))
			fail_msg("%zu: %s", i, o.partial);
		got_release(&o);
	}
	struct got o =
		one("get: /offset\n    page: {style: offset, size: 3, items: rows, "
		    "total: total}");
	assert_string_equal(o.partial, "");
	got_release(&o);
}

static void test_budgets(void **state)
{
	(void)state;
	struct got o =
		one("get: /endless\n    page: {style: token, param: token, next: next, "
		    "items: rows, max_pages: 4}");
	got_ok(&o, 4);
	assert_false(o.r.full); /* cut: what is missing is not gone */
	assert_int_equal(o.r.pages, 4);
	got_release(&o);
	o = one("get: /endless\n    page: {style: token, param: token, next: next, "
		"items: rows, "
		"max_items: 3}");
	got_ok(&o, 3);
	assert_false(o.r.full);
	got_release(&o);
}

/* A page of many items is handed out in parts, over several turns of the loop. */
static void test_large_page(void **state)
{
	(void)state;
	struct got o = one("get: /many");
	got_ok(&o, 1000);
	assert_true(o.batches >= 5);
	assert_true(o.r.full);
	got_release(&o);
}

static void test_foreign_link(void **state)
{
	(void)state;
	struct got o = one("get: /evil-link\n    page: {style: link}");
	got_fails(&o, ERR_REMOTE, "another host");
}

static void test_items(void **state)
{
	(void)state;
	struct got o = one("get: /keyed\n    items: \"items(@)[].{id: key, name: key, "
			   "state: value.state}\"");
	got_ok(&o, 2);
	got_record(&o, "one");
	got_release(&o);
	o = one("get: /other\n    items: rows");
	got_fails(&o, ERR_PARSE, "no list at \"rows\"");
	o = one("get: /other\n    items: absent");
	got_ok(&o, 0);
	assert_false(o.r.full); /* a reply of another shape makes nothing gone */
	got_release(&o);
	o = one("get: /keyed\n    items: absent\n    error: two.state");
	got_fails(&o, ERR_REMOTE, "the far side says: failed");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_styles),
		cmocka_unit_test(test_does_not_advance),
		cmocka_unit_test(test_not_whole),
		cmocka_unit_test(test_budgets),
		cmocka_unit_test(test_large_page),
		cmocka_unit_test(test_foreign_link),
		cmocka_unit_test(test_items),
	};
	return cmocka_run_group_tests_name("paging", tests, rig_setup, rig_teardown);
}
