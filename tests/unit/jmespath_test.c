/* JMESPath beyond the compliance suite: our functions, messages, limits. */
#include "backends/base/jmespath.h"
#include "backends/base/utf8.h"

#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW "2026-11-23T08:00:00Z"

static json_t *from(const char *text)
{
	struct err e = ERR_INIT;
	json_t *v = json_read(text, strlen(text), &e);
	if (!v)
		fail_msg("%s: %s", text, e.msg);
	return v;
}

static void gives_for(const char *expr, const char *input, const char *want)
{
	struct err e = ERR_INIT;
	json_t *in = from(input), *scope = from("{\"settings\":{\"url\":\"u\"}}");
	struct jmes *j = jmes_compile(expr, &e);
	json_t *v = j ? jmes_search(j, in, scope, &e) : NULL;
	char *got = v ? json_text(v) : xstrdup(e.msg);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, wanted %s", expr, got, want);
	free(got);
	jmes_free(j);
	json_decref(v);
	json_decref(in);
	json_decref(scope);
}

static void gives(const char *expr, const char *want)
{
	gives_for(expr,
		"{\"s\":\"A "
		"b\",\"n\":7,\"z\":null,\"a\":[3,1,3],\"o\":{\"k2\":1,\"k1\":\"x\"}}",
		want);
}

static void test_text(void **state)
{
	(void)state;
	gives("lower(s)", "\"a b\"");
	gives("upper('h\xC3\xA9')", "\"H\xC3\x89\"");
	gives("lower(z)", "null");
	gives("lower(n)", "column 1: lower(): argument 1 must be a string, not number");
	gives("trim('  x ')", "\"x\"");
	gives("split('a--b--', '--')", "[\"a\",\"b\",\"\"]");
	gives("split(s, '')", "column 1: split(): the separator is empty");
	gives("replace('aXbX', 'X', '..')", "\"a..b..\"");
	gives("substr('h\xC3\xA9llo', `1`, `3`)", "\"\xC3\xA9ll\"");
	gives("substr('hello', `-3`, `2`)", "\"ll\"");
	gives("substr('hello', `9`, `2`)", "\"\"");
	gives("substr('hello', `0`, `-2`)", "\"\"");
	gives("match('run-42-x', '([0-9]+)-(y)?')", "[\"42-\",\"42\",null]");
	gives("match('x', '[0-9]')", "null");
	gives("match('ab', s)", "null");
	gives("match('ab', '(')",
		"column 13: bad regular expression: Unmatched ( or \\(");
	gives("match('ab', to_string(s)).x", "null");
	gives("parse_json('{\"a\": 1}').a", "1");
	gives("parse_json('nope')", "null");
	gives("format('{} of {}: {}', n, a, z)", "\"7 of [3,1,3]: \"");
	gives("format('{}')", "column 1: format(): the text has 1 times {} for 0 values");
	gives("url('{}/dags/{}?q={}', 'https://h:8080/a b', 'a/b c', n)",
		"\"https://h:8080/a%20b/dags/a%2Fb%20c?q=7\"");
	gives("url('https://h/#/m/{}', 'x+y:\xC3\xA9')",
		"\"https://h/#/m/x%2By%3A%C3%A9\"");
	gives("url('{}', 'https://h/g?x=%20a&y=\"<')", "\"https://h/g?x=%20a&y=%22%3C\"");
	gives("url('{}/{}', s, z)", "null");
	gives("url('{}', 'a', 'b')",
		"column 1: url(): the text has 1 times {} for 2 values");
	gives("reverse('h\xC3\xA9')", "\"\xC3\xA9h\"");
	gives("to_string(`0.1`)", "\"0.1\"");
}

static json_t *searched(const char *expr, json_t *input, json_t *scope)
{
	struct err e = ERR_INIT;
	struct jmes *j = jmes_compile(expr, &e);
	json_t *v = j ? jmes_search(j, input, scope, &e) : NULL;
	if (!v)
		fail_msg("%s: %s", expr, e.msg);
	jmes_free(j);
	return v;
}

/* Cut, but between two characters: what is built is never another text than UTF-8. */
static void long_money(void)
{
	char text[201] = "x";
	for (size_t i = 1; i < 199; i += 2)
		memcpy(text + i, "\xc3\xa9", 3);
	for (size_t skip = 0; skip < 2; skip++) {
		json_t *in = json_pack("{s:s}", "a", text + skip);
		json_t *v = searched("money(a, 'EUR')", in, NULL);
		assert_true(json_string_length(v) >= 158);
		assert_true(utf8_valid(json_string_value(v), json_string_length(v)));
		json_decref(v);
		json_decref(in);
	}
}

static void test_lists_and_numbers(void **state)
{
	(void)state;
	gives("items(o)",
		"[{\"key\":\"k1\",\"value\":\"x\"},{\"key\":\"k2\",\"value\":1}]");
	gives("from_items(items(o)) == o", "true");
	gives("from_items(a)",
		"column 1: from_items(): item 0 is no object with a string \"key\"");
	gives("unique(a)", "[3,1]");
	gives("unique(`[\"1\", 1, 1.0, [1], [1]]`)", "[\"1\",1,[1]]");
	gives("coalesce(z, `false`, n)", "false");
	gives("percent(`1`, `4`)", "25");
	gives("percent(n, `0`)", "null");
	gives("percent(z, n)", "null");
	gives("round(`2.345`, `2`)", "2.35");
	gives("round(`-2.5`, `0`)", "-3");
	gives("round(`1250`, `-2`)", "1300");
	gives("floor(`-1.5`)", "-2");
	gives("ceil(`1.2`)", "2");
	gives("sum(a)", "7");
	gives("avg(`[1, 2]`)", "1.5");
	gives("sum(`[9223372036854775807, 1]`)", "9.223372036854776e+18");
	gives("to_number('0x10')", "null");
	gives("sort_by(`[{\"k\":2,\"v\":1},{\"k\":1},{\"k\":2,\"v\":0}]`, &k)[].v",
		"[1,0]");
	gives("`1` == `1.0`", "true");
	gives("money('1840.25', 'USD')", "\"$1 840\"");
	gives("money(`30.5`, 'EUR')", "\"30.50 EUR\"");
	gives("money(`0.0000008`, 'EUR')", "\"0.00 EUR\"");
	gives("money(x, 'EUR')", "null");
	gives("scope().settings.url", "\"u\"");
	long_money();
}

/* A time that the scope has is the one that all of its expressions see. */
static void test_time_of_the_scope(void **state)
{
	usec_t now;
	(void)state;
	assert_true(clock_parse(NOW, &now));
	clock_set_test(now);
	json_t *scopes[] = {
		json_pack("{s:s}", "now", "2026-11-20T23:59:59Z"),
		json_pack("{s:{s:s}}", "action", "now", "2026-11-20T23:59:59Z"),
		json_pack("{s:{s:s}, s:i}", "action", "id", "1", "now", 5),
	};
	for (size_t i = 0; i < LENGTH(scopes); i++) {
		json_t *v = searched("[now(), ago('1d'), to_string(age('2026-11-20T23:"
				     "59:00Z'))]",
			scopes[i], scopes[i]);
		const char *want[] = {
			"2026-11-20T23:59:59Z", "2026-11-19T23:59:59Z", "59"};
		const char *live[] = {NOW, "2026-11-22T08:00:00Z", "201660"};
		for (size_t k = 0; k < 3; k++)
			assert_string_equal(json_string_value(json_array_get(v, k)),
				i < 2 ? want[k] : live[k]);
		json_decref(v);
		json_decref(scopes[i]);
	}
	clock_end_test();
}

static void test_time(void **state)
{
	usec_t now;
	(void)state;
	assert_true(clock_parse(NOW, &now));
	clock_set_test(now);
	gives("now()", "\"2026-11-23T08:00:00Z\"");
	gives("ago('7d')", "\"2026-11-16T08:00:00Z\"");
	gives("age('2026-11-23T07:58:59.9Z')", "60");
	gives("age('2026-11-23T08:01:00Z')", "-60");
	gives("age('')", "null");
	gives("time('2026-11-22T14:02:03.5+01:00')", "\"2026-11-22T13:02:03.500000Z\"");
	gives("time(`1763992923`)", "\"2025-11-24T14:02:03.000000Z\"");
	gives("time('1763992923000')", "\"2025-11-24T14:02:03.000000Z\"");
	gives("time('')", "null");
	gives("time('0001-01-01T00:00:00Z')", "null");
	gives("time('soon')", "column 1: time(): \"soon\" is not a time");
	gives("epoch('1969-12-31T23:59:59.5Z')", "-1");
	gives("epoch('2025-11-24T14:02:03Z')", "1763992923");
	gives("date('2025-11-24 14:02:03')", "\"2025-11-24\"");
	gives("dates('2024-02-28', '2024-03-01T23:00:00Z')",
		"[\"2024-02-28\",\"2024-02-29\",\"2024-03-01\"]");
	gives("dates('2025-11-24T14:00:00Z', '2025-11-24')", "[\"2025-11-24\"]");
	gives("dates('1969-12-31T23:00:00Z', '1970-01-01T00:00:01Z')",
		"[\"1969-12-31\",\"1970-01-01\"]");
	gives("dates('2025-11-24', '2025-11-23')", "[]");
	gives("dates(z, '2025-11-23')", "null");
	gives("length(dates('2000-01-01', '2010-01-07'))", "3660");
	gives("dates('2000-01-01', '2010-01-08')",
		"column 1: dates(): more than 3660 days");
	gives("dates('2025-11-24', 'tomorrow')",
		"column 1: dates(): \"tomorrow\" is not a time");
	gives("add_time('2025-11-24T14:00:00Z', '-2h')",
		"\"2025-11-24T12:00:00.000000Z\"");
	gives("add_time('9999-12-31', '9d')",
		"column 1: add_time(): the time is outside the years 1 to 9999");
	gives("seconds('2h')", "7200");
	gives("seconds(z)", "null");
	gives("seconds('long')", "column 1: seconds(): \"long\" is not a duration such "
				 "as 30s, 5m, 2h or 7d");
	clock_end_test();
}

static void test_messages(void **state)
{
	(void)state;
	gives("foo[", "column 5: the expression ends too early: expected a number, a "
		      "slice, * or ? in the brackets");
	gives("", "column 1: the expression is empty");
	gives("a = b", "column 3: \"=\" does not belong here (to compare, write ==)");
	gives("'abc", "column 1: the closing ' is missing");
	gives("lenght(a)",
		"column 1: there is no function lenght(): did you mean length()?");
	gives("a.length(a, a)", "column 3: length() takes 1 argument, not 2");
	gives("a b", "column 3: unexpected \"b\": expected the end of the expression");
	gives("`{bad}`", "column 1: bad JSON between backticks: not valid JSON at line "
			 "1, column 5: "
			 "string or '}' expected near 'bad'");
	gives("a[::0]", "column 3: the step of a slice may not be 0");
	gives("[99999999999999]", "column 2: the index is too large");
	gives("&a", "column 1: unexpected \"&a\": & stands only before a function's "
		    "argument");
}

static void test_limits(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	char *expr = xmalloc(20000);
	memset(expr, '(', 9000);
	expr[9000] = '\0';
	assert_null(jmes_compile(expr, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	expr[100] = '\0';
	assert_null(jmes_compile(expr, &e));
	assert_non_null(strstr(e.msg, "nested deeper"));
	size_t n = 0;
	for (int i = 0; i < 2000; i++)
		n += (size_t)snprintf(expr + n, 8, "a.");
	snprintf(expr + n, 8, "a");
	assert_null(jmes_compile(expr, &e));
	assert_non_null(strstr(e.msg, "too long a chain"));
	free(expr);
	json_t *in = json_array();
	for (int i = 0; i < 3000; i++)
		json_array_append_new(in, json_integer(i));
	struct jmes *j = jmes_compile("map(&length(map(&to_string(@), scope())), @)", &e);
	assert_non_null(j);
	assert_null(jmes_search(j, in, in, &e));
	assert_int_equal(e.code, ERR_LIMIT);
	jmes_free(j);
	json_decref(in);
}

/* The result is ours; input and literals keep their own references. */
static void test_references(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	json_t *in = from("{\"a\":[1,{\"b\":\"x\"}]}");
	struct jmes *j = jmes_compile("a[1].b || `[\"y\"]`", &e);
	json_t *v = jmes_search(j, in, NULL, &e);
	json_decref(in);
	jmes_free(j);
	assert_string_equal(json_string_value(v), "x");
	json_decref(v);
	j = jmes_compile("`[\"y\"]`", &e);
	v = jmes_search(j, NULL, NULL, &e);
	jmes_free(j);
	assert_int_equal(json_array_size(v), 1);
	json_decref(v);
}

struct taken {
	struct str text;
	const char *stop; /* at this root */
};

static bool take_name(void *arg, const char *root, const char *member)
{
	struct taken *t = arg;
	str_addf(&t->text, "%s%s%s%s", t->text.len ? " " : "", root, member ? "." : "",
		member ? member : "");
	return !t->stop || strcmp(t->stop, root) != 0;
}

static void names(const char *expr, bool of_input, const char *want)
{
	struct err e = ERR_INIT;
	struct taken t = {.text = STR_INIT};
	struct jmes *j = jmes_compile(expr, &e);
	assert_non_null(j);
	assert_true(jmes_names(j, of_input, take_name, &t));
	if (strcmp(t.text.buf, want) != 0)
		fail_msg("%s: \"%s\", wanted \"%s\"", expr, t.text.buf, want);
	str_release(&t.text);
	jmes_free(j);
}

/* `settings` is the scope's, whatever the input holds by that name; @.settings is the input's. */
static void from_scope(const char *expr, const char *want, const char *names_want)
{
	struct err e = ERR_INIT;
	struct taken t = {.text = STR_INIT};
	json_t *in = json_pack("{s:{s:s}, s:[{s:s}]}", "settings", "url", "theirs",
		"rows", "settings", "row");
	json_t *scope = json_pack("{s:{s:s}}", "settings", "url", "ours");
	struct jmes *j = jmes_compile(expr, &e);
	assert_non_null(j);
	jmes_take_from_scope(j, "settings");
	json_t *v = jmes_search(j, in, scope, &e);
	char *text = json_text(v);
	assert_string_equal(text, want);
	assert_true(jmes_names(j, false, take_name, &t));
	assert_string_equal(t.text.buf, names_want);
	str_release(&t.text);
	free(text);
	json_decref(v);
	json_decref(in);
	json_decref(scope);
	jmes_free(j);
}

static bool one_path(void *arg, bool of_scope, const char *path, json_t *value)
{
	struct taken *t = arg;
	str_addf(&t->text, "%s%s%s=%s", t->text.len ? " " : "", of_scope ? "scope:" : "",
		path, json_is_string(value) ? json_string_value(value) : "?");
	return true;
}

/* What is said of an expression that proves nothing names the settings as the scope's, too. */
static void test_paths_of_settings(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	struct taken t = {.text = STR_INIT};
	json_t *in = json_pack("{s:s}", "a", "x");
	json_t *scope = json_pack("{s:{s:s}}", "settings", "url", "ours");
	struct jmes *j = jmes_compile("a == settings.url", &e);
	assert_non_null(j);
	jmes_take_from_scope(j, "settings");
	jmes_paths(j, in, scope, one_path, &t);
	assert_string_equal(t.text.buf, "a=x scope:settings.url=ours");
	str_release(&t.text);
	json_decref(in);
	json_decref(scope);
	jmes_free(j);
}

static void test_settings_of_the_scope(void **state)
{
	(void)state;
	from_scope("settings.url", "\"ours\"", "settings settings.url");
	from_scope("@.settings.url", "\"theirs\"", "");
	from_scope("rows[].settings", "[\"row\"]", "");
	from_scope(
		"rows[0].settings || settings.url", "\"row\"", "settings settings.url");
	from_scope("format('{}/{}', settings.url, rows[0].settings)", "\"ours/row\"",
		"settings settings.url");
	from_scope("[!settings, {a: settings.url}]", "[false,{\"a\":\"ours\"}]",
		"settings settings settings.url");
	from_scope("map(&settings, rows)", "[\"row\"]", "");
}

static void test_names(void **state)
{
	(void)state;
	names("settings.url", true, "settings settings.url");
	names("settings.url", false, "");
	names("scope().settings.url", false, "settings settings.url");
	names("a.b.c[0].d || e", true, "a a.b e");
	names("@.a | b", true, "a a.b");
	names("scope() | a.b", false, "a a.b");
	names("a[?x == scope().s.t].y", true, "a s s.t");
	names("a[].b", true, "a");
	names("[a, {k: b.c}]", true, "a b b.c");
	names("map(&id, a.list)", true, "a a.list");
	names("sort_by(a, &scope().k)", true, "a k");
	names("contains(a.b, lower(c)) && !d", true, "a a.b c d");
	names("(a || b).c", true, "a b");
	names("\"a b\".\"c\"[1:2]", true, "a b a b.c");
	names("'a' == `1`", true, "");
	names("*.x", true, "");
	struct err e = ERR_INIT;
	struct taken t = {.text = STR_INIT, .stop = "b"};
	struct jmes *j = jmes_compile("[a, b.x, c]", &e);
	assert_false(jmes_names(j, true, take_name, &t));
	assert_string_equal(t.text.buf, "a b");
	str_release(&t.text);
	jmes_free(j);
}

/* Where a trap is found: the start of the complaint; NULL: there is none. */
static void sound(const char *expr, const char *says)
{
	struct err e = ERR_INIT;
	struct jmes *j = jmes_compile(expr, &e);
	if (!j)
		fail_msg("%s: %s", expr, e.msg);
	bool ok = jmes_sound(j, &e);
	if (ok != !says || (says && !strstr(e.msg, says)))
		fail_msg("%s: %s", expr, ok ? "taken" : e.msg);
	jmes_free(j);
}

static void test_traps(void **state)
{
	(void)state;
	sound("!a.b", "column 1: ");
	sound("c && !a.b", "column 6: ");
	sound("x[?!a.b]", "write !(a.b)");
	sound("map(&!a.b, x)", "write !(a.b)");
	sound("!a == 'x'", "write !(a == b)");
	sound("created < '2026-01-01'", "column 9: < and > compare numbers");
	sound("created >= ago('1h')", "epoch(a) < epoch(b)");
	sound("record.ended > before.ended", "compare numbers");
	static const char *const fine[] = {"!(a.b)", "!a && b", "!a", "(!a) == b",
		"!a == !b", "n > `3`", "epoch(a) > epoch(b)",
		"age(record.started) > `60`", "a == 'x'", "record.ended != before.ended",
		"!contains(a.b, 'x')", "!a[0]"};
	for (size_t i = 0; i < LENGTH(fine); i++)
		sound(fine[i], NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_lists_and_numbers),
		cmocka_unit_test(test_time),
		cmocka_unit_test(test_time_of_the_scope),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_references),
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_settings_of_the_scope),
		cmocka_unit_test(test_paths_of_settings),
		cmocka_unit_test(test_traps),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
