/* What a document takes as a tree, told beforehand; and a list that is read item by item. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

#include "backends/base/budget.h"
#include "backends/base/json_items.h"
#include "backends/base/mem.h"

/* `text` n times between brackets. */
static void repeated(struct str *out, const char *text, size_t n)
{
	str_init(out, (size_t)64 << 20);
	str_addc(out, '[');
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			str_addc(out, ',');
		str_adds(out, text);
	}
	str_addc(out, ']');
}

/* The tree is counted to its last byte, while it is made too; the estimate holds, and is not far off. */
static void costs(const char *item, size_t n, double most)
{
	struct err e = ERR_INIT;
	struct str text;
	repeated(&text, item, n);
	size_t before = budget_tree_used(), need = json_need(text.buf, text.len);
	budget_tree_peak();
	json_t *v = json_read_reply(text.buf, text.len, NULL, &e);
	size_t used = budget_tree_used() - before, peak = budget_tree_peak() - before;
	assert_non_null(v);
	if (peak > need || (double)need > most * (double)used)
		fail_msg("%zu times %.40s: estimated %zu, took %zu, at most %zu", n, item,
			need, used, peak);
	json_decref(v);
	assert_int_equal(budget_tree_used(), before);
	str_release(&text);
}

static void test_the_need_is_known_beforehand(void **state)
{
	(void)state;
	costs("{}", 100000, 1.5);
	costs("[]", 100000, 2);
	costs("1", 100000, 2.2);
	costs("-1.5e3", 100000, 2.2);
	costs("\"\"", 100000, 2.2);
	costs("\"a longer text, with an escape \\\" in it and some words\"", 20000, 1.8);
	costs("{\"labels\":{\"alertname\":\"DiskFull\",\"severity\":\"page\",\"job\":"
	      "\"node\"},"
	      "\"annotations\":{\"summary\":\"disk "
	      "full\"},\"startsAt\":\"2026-01-01T00:00:00Z\","
	      "\"value\":17,\"receivers\":[{\"name\":\"a\"}]}",
		5000, 1.8);
	costs("{\"a\":1,\"b\":2,\"c\":3,\"d\":4,\"e\":5,\"f\":6,\"g\":7,\"h\":8,\"i\":9}",
		9000, 1.8);
	costs("[1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20]", 9000, 2);
}

/* ---- items ---- */

static enum json_items_found open_text(struct json_items **it, const char *text,
	const char *path, size_t *repaired, struct err *e)
{
	struct str s = STR_INIT;
	str_adds(&s, text);
	budget_text_add(s.len);
	size_t len = s.len;
	enum json_items_found found = json_items_open(it, &s, path, repaired, e);
	if (found != JSON_ITEMS_OPEN) {
		assert_int_equal(s.len, len); /* still the caller's */
		budget_text_drop(len);
		str_release(&s);
	}
	return found;
}

/* The items come as in `want`, `step` at once. */
static void gives(const char *text, const char *path, size_t step, const char *want)
{
	struct err e = ERR_INIT;
	struct json_items *it = NULL;
	size_t repaired = 0;
	struct str got = STR_INIT;
	json_t *some;
	if (open_text(&it, text, path, &repaired, &e) != JSON_ITEMS_OPEN)
		fail_msg("%s: %s", text, e.msg);
	while ((some = json_items_next(it, step, 1 << 20))) {
		json_plain_to(&got, some);
		json_decref(some);
	}
	assert_string_equal(got.buf, want);
	json_items_free(it);
	str_release(&got);
	assert_int_equal(budget_text_used(), 0);
}

static void test_items(void **state)
{
	(void)state;
	gives("[1, {\"a\": [2, \"]\"]} ,\"x,y\"]", "", 10,
		"[1,{\"a\":[2,\"]\"]},\"x,y\"]");
	gives("[1,2,3]", "", 2, "[1,2][3]");
	gives(" [ ] ", "", 2, "");
	gives("{\"n\": {\"a\": [9]}, \"data\": {\"alerts\": [true, null]}, \"z\": 1}",
		"data.alerts", 1, "[true][null]");
	gives("\xEF\xBB\xBF[NaN, 1e999]", "", 5, "[null,\"1e999\"]");
}

static void is(const char *text, const char *path, enum json_items_found want)
{
	struct err e = ERR_INIT;
	struct json_items *it = NULL;
	size_t repaired = 0;
	if (open_text(&it, text, path, &repaired, &e) != want)
		fail_msg("%s at \"%s\": %s", text, path, e.msg);
	assert_int_equal(e.code, want == JSON_ITEMS_BAD ? ERR_PARSE : ERR_NONE);
}

/* What is broken anywhere, behind the list too, gives no item at all. */
static void test_all_or_nothing(void **state)
{
	static const char *const broken[] = {"[1,]", "[1 2]", "[1,{\"a\"}]", "[,1]",
		"[1]]", "[1] x", "[\"a\" \"b\"]", "[tru]",
		"[\xEF\xBB\xBF"
		"1]"};
	(void)state;
	for (size_t i = 0; i < LENGTH(broken); i++)
		is(broken[i], "", JSON_ITEMS_BAD);
	is("{\"a\": [1], \"b\": }", "a", JSON_ITEMS_BAD);
	is("{\"a\": [1] \"b\": 2}", "a", JSON_ITEMS_BAD);
	/* cut */
	is("[1, 2", "", JSON_ITEMS_ELSE);
	is("[{]}", "", JSON_ITEMS_ELSE);
	is("{\"a\": [1, 2], \"b\": \"", "a", JSON_ITEMS_BAD);
}

/* What another reading would see otherwise is left to it. */
static void test_another_way(void **state)
{
	(void)state;
	is("{\"a\": [1], \"a\": [2]}", "a", JSON_ITEMS_ELSE);
	is("{\"\\u0061\": [1], \"a\": [2]}", "a", JSON_ITEMS_ELSE);
	is("{\"a\": {\"b\": 1}}", "a.b", JSON_ITEMS_ELSE);
	is("{\"a\": null}", "a", JSON_ITEMS_ELSE);
	is("{}", "a", JSON_ITEMS_ELSE);
	is("", "", JSON_ITEMS_ELSE);
}

/* Of what costs most, more than the budget of trees would hold stays within a few MiB. */
static void test_a_storm_costs_a_batch(void **state)
{
	enum { ITEMS = 300000 };
	struct err e = ERR_INIT;
	struct json_items *it = NULL;
	struct str text;
	size_t repaired = 0, n = 0;
	json_t *some;
	(void)state;
	repeated(&text, "{}", ITEMS);
	budget_text_add(text.len);
	assert_false(budget_tree_possible(json_need(text.buf, text.len)));
	size_t before = budget_tree_used();
	budget_tree_peak();
	assert_int_equal(json_items_open(&it, &text, "", &repaired, &e), JSON_ITEMS_OPEN);
	while ((some = json_items_next(it, 5000, 1 << 20))) {
		n += json_array_size(some);
		json_decref(some);
	}
	assert_int_equal(n, ITEMS);
	assert_in_range(budget_tree_peak() - before, 1, 2 << 20);
	json_items_free(it);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_need_is_known_beforehand),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_all_or_nothing),
		cmocka_unit_test(test_another_way),
		cmocka_unit_test(test_a_storm_costs_a_batch),
	};
	return cmocka_run_group_tests_name("json_items", tests, NULL, NULL);
}
