/* JSON reading with what real backends send, look-ups, and text. */
#include "backends/base/json.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

static json_t *read_ok(const char *text)
{
	struct err e = ERR_INIT;
	json_t *v = json_read(text, strlen(text), &e);
	if (!v)
		fail_msg("%s: %s", text, e.msg);
	return v;
}

static void writes(json_t *v, const char *want)
{
	char *back = json_text(v);
	assert_string_equal(back, want);
	free(back);
	json_decref(v);
}

/* text is read and written again as `want`, and is no reply to be repaired. */
static void same(const char *text, const char *want)
{
	struct err e = ERR_INIT;
	size_t n = 0;
	writes(read_ok(text), want);
	writes(json_read_reply(text, strlen(text), &n, &e), want);
	assert_int_equal(n, 0);
}

/* text is no JSON; as a reply it is read as `want`, with so many values repaired. */
static void repaired(const char *text, size_t values, const char *want)
{
	struct err e = ERR_INIT;
	size_t n = 0;
	assert_null(json_read(text, strlen(text), &e));
	assert_int_equal(e.code, ERR_PARSE);
	json_t *v = json_read_reply(text, strlen(text), &n, &e);
	if (!v || n != values)
		fail_msg("%s: %zu values, %s", text, n, v ? "read" : e.msg);
	writes(v, want);
}

static void refused(const char *text, size_t len, enum err_code code, const char *says)
{
	struct err e = ERR_INIT;
	size_t n = 0;
	json_t *v = json_read_reply(text, len, &n, &e);
	assert_null(v);
	assert_int_equal(n, 0);
	assert_int_equal(e.code, code);
	if (!strstr(e.msg, says))
		fail_msg("%s: got \"%s\", wanted \"%s\"", text, e.msg, says);
}

static void test_plain(void **state)
{
	(void)state;
	same("{\"b\":[1,2.5,true,null],\"a\":\"x\"}",
		"{\"a\":\"x\",\"b\":[1,2.5,true,null]}");
	same("\xEF\xBB\xBF 3", "3");
	same("\"only\"", "\"only\"");
	same("9223372036854775807", "9223372036854775807");
	same("[0.1,1e20,1.0,-0.0]", "[0.1,1e+20,1.0,-0.0]");
	same("\"\\u001b\\n\\\"\\\\\"", "\"\\u001b\\n\\\"\\\\\"");
}

#define FFFD "\xEF\xBF\xBD"

static void test_repaired_text(void **state)
{
	(void)state;
	repaired("[\"a\\u0000b\"]", 1, "[\"a" FFFD "b\"]");
	repaired("{\"k\\u0000\":1}", 1, "{\"k" FFFD "\":1}");
	repaired("[\"\\ud83dx\"]", 1, "[\"" FFFD "x\"]");
	repaired("[\"\\ude00\"]", 1, "[\"" FFFD "\"]");
	repaired("[\"\\ud83d\\ud83d\\ude00\"]", 1, "[\"" FFFD "\xF0\x9F\x98\x80\"]");
	repaired(
		"[\"caf\xE9\", \"caf\xC3\xA9\"]", 1, "[\"caf" FFFD "\",\"caf\xC3\xA9\"]");
	/* one value, however much of it is wrong; what it holds else stays */
	repaired("[\"\xff\\n\xfe \\\"\\ud800\", 1]", 1,
		"[\"" FFFD "\\n" FFFD " \\\"" FFFD "\",1]");
	/* overlong, a surrogate, above U+10FFFF, cut */
	repaired("[\"\xC0\xAF\", \"\xED\xA0\x80\", \"\xF4\x90\x80\x80\", \"\xE2\x82\"]",
		4,
		"[\"" FFFD FFFD "\",\"" FFFD FFFD FFFD "\",\"" FFFD FFFD FFFD FFFD
		"\",\"" FFFD FFFD "\"]");
}

static void test_repaired_numbers(void **state)
{
	(void)state;
	repaired("[\"\\ud83d\\ude00\", 12345678901234567890]", 1,
		"[\"\xF0\x9F\x98\x80\",\"12345678901234567890\"]");
	repaired("[-9223372036854775809, -9223372036854775808]", 1,
		"[\"-9223372036854775809\",-9223372036854775808]");
	repaired("[1e999, -1e999, 1.5]", 2, "[\"1e999\",\"-1e999\",1.5]");
	repaired("[1.25E+0999]", 1, "[\"1.25E+0999\"]");
	repaired("[\"12345678901234567890 1e999 NaN\", 1e999]", 1,
		"[\"12345678901234567890 1e999 NaN\",\"1e999\"]");
	repaired("{\"a\": NaN, \"b\": -Infinity, \"c\":Infinity}", 3,
		"{\"a\":null,\"b\":null,\"c\":null}");
	repaired("NaN", 1, "null");
}

static void test_refused(void **state)
{
	(void)state;
	/* jansson takes this for [3]. */
	refused("[3\0]", 4, ERR_PARSE, "line 1, column 3: a NUL byte");
	refused("{\"a\":1,\n  \"b\": x}", 17, ERR_PARSE, "line 2, column 9");
	refused("[1e999,\n 12345678901234567890, }", 32, ERR_PARSE, "line 2, column 25");
	refused("[1,]", 4, ERR_PARSE, "line 1, column 5");
	refused("[0123]", 6, ERR_PARSE, "line 1");
	refused("[-]", 3, ERR_PARSE, "line 1");
	refused("[nan]", 5, ERR_PARSE, "line 1, column 5: invalid token near 'nan'");
	refused("[NaNs]", 6, ERR_PARSE, "line 1");
	refused("[-NaN]", 6, ERR_PARSE, "line 1");
	refused("[1 NaN]", 7, ERR_PARSE, "line 1");
	refused("{1e999: 1}", 10, ERR_PARSE, "line 1, column 7");
	refused("{NaN :1}", 8, ERR_PARSE, "line 1");
	refused("[01e999]", 8, ERR_PARSE, "line 1");
	refused("[1e999.5]", 9, ERR_PARSE, "line 1");
	refused("[12345678901234567890x]", 23, ERR_PARSE, "line 1");
	refused("\xff[]", 3, ERR_PARSE, "line 1");
	refused("[\"\xff\", 1e999,\n \"tab\t\"]", 21, ERR_PARSE, "line 2");
	refused("[1] 2", 5, ERR_PARSE, "line 1, column 6");
	refused("\"a\nb\"", 5, ERR_PARSE, "line");
	refused("[\"cut", 5, ERR_PARSE, "line 1");
	refused("[\"cut\\u00", 9, ERR_PARSE, "line 1");
	refused("", 0, ERR_PARSE, "empty");
	refused("  \n", 3, ERR_PARSE, "empty");
	refused("\n<!DOCTYPE html>", 16, ERR_PARSE, "HTML page");
	refused("<?xml version=", 14, ERR_PARSE, "XML");
	char deep[2 * JSON_DEPTH_MAX + 4];
	memset(deep, '[', JSON_DEPTH_MAX);
	memset(deep + JSON_DEPTH_MAX, ']', JSON_DEPTH_MAX);
	deep[2 * JSON_DEPTH_MAX] = '\0';
	json_decref(read_ok(deep));
	memset(deep, '[', JSON_DEPTH_MAX + 1);
	memset(deep + JSON_DEPTH_MAX + 1, ']', JSON_DEPTH_MAX + 1);
	refused(deep, 2 * JSON_DEPTH_MAX + 2, ERR_LIMIT, "128");
}

/* Cut at every byte: an error, never a crash or a wrong answer. */
static void test_truncated(void **state)
{
	(void)state;
	static const char text[] = "{\"a\":[1.5e3,\"\\ud83d\\ude00\\u0000\","
				   "12345678901234567890,{\"b\":null}]}";
	for (size_t n = 0; n < sizeof(text) - 1; n++) {
		char *cut = malloc(n ? n : 1);
		memcpy(cut, text, n);
		struct err e = ERR_INIT;
		assert_null(json_read_reply(cut, n, NULL, &e));
		assert_true(e.msg[0] != '\0');
		free(cut);
	}
}

static void test_lines(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	size_t n = 0;
	static const char text[] = "{\"a\":1}\r\n\n[2]\n\"x\xff\"\n[1e999]";
	json_t *v = json_read_lines(text, sizeof(text) - 1, &n, &e);
	assert_non_null(v);
	assert_int_equal(json_array_size(v), 4);
	assert_int_equal(n, 2);
	json_decref(v);
	assert_null(json_read_lines("{}\n\n{\n", 6, &n, &e));
	assert_non_null(strstr(e.msg, "line 3"));
	v = json_read_lines("", 0, &n, &e);
	assert_int_equal(json_array_size(v), 0);
	json_decref(v);
}

static void test_look_ups(void **state)
{
	(void)state;
	json_t *v = read_ok(
		"{\"s\":\"x\",\"n\":\"42\",\"r\":2.9,\"big\":1e300,\"t\":true,\"z\":null,"
		"\"o\":{\"p\":{\"q\":7}}}");
	assert_string_equal(json_str(v, "s", "-"), "x");
	assert_string_equal(json_str(v, "r", "-"), "-");
	assert_string_equal(json_str(NULL, "s", "-"), "-");
	assert_int_equal(json_int(v, "n", 0), 42);
	assert_int_equal(json_int(v, "r", 0), 2);
	assert_int_equal(json_int(v, "big", -1), -1);
	assert_int_equal(json_int(v, "s", -1), -1);
	assert_true(json_num(v, "r", 0) > 2.8);
	assert_true(json_flag(v, "t", false));
	assert_false(json_flag(v, "s", false));
	assert_null(json_sub(v, "z"));
	assert_int_equal(json_integer_value(json_path(v, "o.p.q")), 7);
	assert_null(json_path(v, "o.x.q"));
	assert_null(json_path(v, "s.p"));
	json_decref(v);
}

static void test_text(void **state)
{
	(void)state;
	json_t *v = read_ok("{\"b\":[],\"a\":{\"x\":[1]}}");
	char *text = json_pretty(v);
	assert_string_equal(text,
		"{\n  \"b\": [],\n  \"a\": {\n    \"x\": [\n      1\n    ]\n  }\n}");
	free(text);
	json_decref(v);
	struct str s = STR_INIT;
	v = read_ok("[\"a b\",1.50,2.0,true,null,[1]]");
	for (size_t i = 0; i < json_array_size(v); i++)
		assert_true(
			json_scalar_to(&s, json_array_get(v, i)) && str_addc(&s, '|'));
	assert_string_equal(s.buf, "a b|1.5|2|true||[1]|");
	str_release(&s);
	json_decref(v);
}

/* What a terminal would obey or hide is the same document, escaped; what is stored and hashed stays as it is. */
static void test_text_for_a_terminal(void **state)
{
	static const char raw[] =
		"{\"a\\u202e\":\"\\u0080\\u009b2J\\u007f\\u200b\\u2066\\u2028"
		"\\udb40\\udc01 caf\\u00e9 \\ud83d\\ude00\\n\"}";
	(void)state;
	json_t *v = read_ok(raw);
	char *line = json_line(v), *pretty = json_pretty(v), *kept = json_text(v);
	assert_string_equal(line,
		"{\"a\\u202e\":\"\\u0080\\u009b2J\\u007f\\u200b\\u2066\\u2028"
		"\\udb40\\udc01 caf\xc3\xa9 \xf0\x9f\x98\x80\\n\"}");
	assert_non_null(strstr(pretty, "\"a\\u202e\": \"\\u0080\\u009b2J\\u007f\\u200b"));
	assert_non_null(strstr(kept, "\xc2\x9b"
				     "2J\x7f"));
	json_t *again = read_ok(line);
	assert_true(json_equal(v, again));
	json_decref(again);
	json_decref(v);
	free(line);
	free(pretty);
	free(kept);
}

static void test_wipe(void **state)
{
	(void)state;
	json_t *v = read_ok("{\"p\":[\"geheim\"]}");
	json_t *held = json_incref(json_array_get(json_object_get(v, "p"), 0));
	json_wipe(v);
	assert_memory_equal(json_string_value(held), "\0\0\0\0\0\0", 6);
	json_decref(held);
	json_wipe(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_repaired_text),
		cmocka_unit_test(test_repaired_numbers),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_truncated),
		cmocka_unit_test(test_lines),
		cmocka_unit_test(test_look_ups),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_for_a_terminal),
		cmocka_unit_test(test_wipe),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
