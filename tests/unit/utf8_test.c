/* Safe text: what is shown, dropped, composed and cut; columns. */
#include "backends/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/mem.h"

static void check(const char *in, const char *want, enum utf8_flags flags, bool safe)
{
	struct str out = STR_INIT;
	bool got = utf8_clean(&out, in, strlen(in), 1000, flags);

	assert_string_equal(out.buf, want);
	if (got != safe)
		fail_msg("%s: safe is %d", want, got);
	str_release(&out);
}

static void test_decode(void **state)
{
	static const char *const bad[] = {"\x80", "\xC0\x80", "\xC1\xBF", "\xE0\x80\x80",
		"\xED\xA0\x80", "\xF0\x80\x80\x80", "\xF4\x90\x80\x80",
		"\xF5\x80\x80\x80", "\xE2\x82", "\xFF"};
	uint32_t cp;
	char bytes[4];

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		assert_false(utf8_valid(bad[i], strlen(bad[i])));
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &cp), 1);
		assert_int_equal(cp, 0xFFFD);
	}
	for (uint32_t c = 1; c < 0x110000; c++) {
		size_t n;

		if (c >= 0xD800 && c <= 0xDFFF)
			continue;
		n = utf8_encode(c, bytes);
		if (utf8_decode(bytes, n, &cp) != n || cp != c || !utf8_valid(bytes, n))
			fail_msg("U+%X", c);
	}
	assert_int_equal(utf8_decode("", 0, &cp), 0);
	assert_int_equal(utf8_encode(0xD800, bytes), 3);
	assert_memory_equal(bytes, "\xEF\xBF\xBD", 3);
}

static void test_controls(void **state)
{
	(void)state;
	check("plain text ~", "plain text ~", UTF8_ONE_LINE, true);
	check("a\x1b[31mred", "a\xE2\x90\x9B[31mred", UTF8_ONE_LINE, false);
	check("a\x1b[31;1mred\x1b[0m\x1b[K", "ared", UTF8_SGR, true);
	check("\x1b]0;title\x07", "\xE2\x90\x9B]0;title\xE2\x90\x87", UTF8_SGR, false);
	check("a\nb",
		"a\xE2\x90\x8A"
		"b",
		UTF8_ONE_LINE, false);
	check("a\r\nb\n", "a\nb\n", UTF8_LINES, true);
	check("a\rb",
		"a\xE2\x90\x8D"
		"b",
		UTF8_LINES, false);
	check("a\tb", "a b", UTF8_ONE_LINE, true);
	check("abc\td\n\te", "abc     d\n        e", UTF8_LINES, true);
	check("\x7f", "\xE2\x90\xA1", UTF8_ONE_LINE, false);
	check("\xC2\x9B"
	      "2J",
		"\xE2\x90\x9B[2J", UTF8_ONE_LINE, false);
	check("a\xFF"
	      "b",
		"a\xEF\xBF\xBD"
		"b",
		UTF8_ONE_LINE, false);
	/* A replacement character that was there is nothing unsafe. */
	check("\xEF\xBF\xBD", "\xEF\xBF\xBD", UTF8_ONE_LINE, true);
	check("a\xE2\x80\xA8"
	      "b",
		"a\xE2\x90\xA4"
		"b",
		UTF8_LINES, false);
}

static void test_invisible(void **state)
{
	(void)state;
	check("a\xE2\x80\xAE"
	      "b",
		"a<RLO>b", UTF8_ONE_LINE, false);
	check("\xD8\x9C", "<ALM>", UTF8_ONE_LINE, false);
	check("a\xE2\x81\xA9", "a<PDI>", UTF8_ONE_LINE, false);
	check("pay\xE2\x80\x8Bments", "payments", UTF8_ONE_LINE, false);
	check("\xEF\xBB\xBFx", "x", UTF8_ONE_LINE, false);
	check("x\xF3\xA0\x81\xA1\xF3\xA0\x84\x80", "x", UTF8_ONE_LINE, false);
	check("x\xEE\x80\x80\xEF\xBF\xBE\xF0\x9F\xBF\xBF", "x", UTF8_ONE_LINE, false);
	check("x\xE3\x85\xA4", "x", UTF8_ONE_LINE, false);
}

static void test_marks(void **state)
{
	(void)state;
	/* e + acute, and two marks down to one letter. */
	check("e\xCC\x81", "\xC3\xA9", UTF8_ONE_LINE, true);
	check("a\xCC\x82\xCC\x81", "\xE1\xBA\xA5", UTF8_ONE_LINE, true);
	/* A hidden character between letter and mark does not keep them apart. */
	check("e\xE2\x80\x8D\xCC\x81", "\xC3\xA9", UTF8_ONE_LINE, false);
	check("\xE1\x84\x92\xE1\x85\xA1\xE1\x86\xAB", "\xED\x95\x9C", UTF8_ONE_LINE,
		true);
	check("x\xCC\x9D\xCC\x9D\xCC\x9D\xCC\x9D", "x\xCC\x9D\xCC\x9D", UTF8_ONE_LINE,
		false);
	check("\xCC\x81x", "x", UTF8_ONE_LINE, false);
}

static void cut_at(size_t max, const char *in, const char *want)
{
	struct str out = STR_INIT;

	str_adds(&out, "=");
	assert_int_equal(
		utf8_clean(&out, in, strlen(in), max, UTF8_ONE_LINE), strlen(in) <= max);
	assert_string_equal(out.buf + 1, want);
	str_release(&out);
}

static void test_max(void **state)
{
	char *dup = utf8_clean_dup("a\x1b", 100);

	(void)state;
	cut_at(3, "abc", "abc");
	cut_at(3, "abcd", "ab~");
	cut_at(1, "abcd", "~");
	cut_at(0, "abcd", "");
	cut_at(4, "a\xE2\x82\xAC\xE2\x82\xAC", "a~");
	cut_at(5, "a\xE2\x82\xAC\xE2\x82\xAC", "a\xE2\x82\xAC~");
	cut_at(7, "a\xE2\x82\xAC\xE2\x82\xAC", "a\xE2\x82\xAC\xE2\x82\xAC");
	assert_string_equal(dup, "a\xE2\x90\x9B");
	assert_null(utf8_clean_dup(NULL, 10));
	free(dup);
	assert_true(utf8_ascii("abc ~"));
	assert_false(utf8_ascii("ab\tc"));
	assert_false(utf8_ascii("\xD0\xB0"));
}

static void test_width(void **state)
{
	int used = 0;

	(void)state;
	assert_int_equal(utf8_width_cp('a'), 1);
	assert_int_equal(utf8_width_cp(0x301), 0);
	assert_int_equal(utf8_width_cp(0x4E2D), 2);
	assert_int_equal(utf8_width_cp(0xAC00), 2);
	assert_int_equal(utf8_width_cp(0x1F600), 2);
	assert_int_equal(utf8_width_cp(0x2713), 1);
	assert_int_equal(utf8_width_cp(0x2705), 2);
	assert_int_equal(utf8_width_cp(0xFF21), 2);
	assert_int_equal(utf8_width_cp(0x2500), 1);
	assert_int_equal(utf8_width_cp(0x10FFFF), 1);
	assert_int_equal(utf8_width("a\xE4\xB8\xAD"
				    "b"),
		4);
	assert_int_equal(utf8_fit("a\xE4\xB8\xAD"
				  "b",
				 2, &used),
		1);
	assert_int_equal(used, 1);
	assert_int_equal(utf8_fit("x\xCC\x9Dy", 1, &used), 3);
	assert_int_equal(utf8_fit("abc", 0, &used), 0);
	assert_int_equal(utf8_fit("abc", -1, &used), 0);
	assert_int_equal(used, 0);
}

static void cut(const char *in, int columns, enum utf8_cut where, const char *want)
{
	struct str out = STR_INIT;

	utf8_cut(&out, in, columns, where);
	assert_string_equal(out.buf, want);
	assert_true(utf8_width(out.buf) <= (columns < 0 ? 0 : columns));
	str_release(&out);
}

static void test_cut(void **state)
{
	(void)state;
	cut("abcdef", 6, UTF8_CUT_END, "abcdef");
	cut("abcdef", 4, UTF8_CUT_END, "abc~");
	cut("abcdef", 4, UTF8_CUT_START, "~def");
	cut("abcdef", 4, UTF8_CUT_MIDDLE, "ab~f");
	cut("abcdef", 5, UTF8_CUT_MIDDLE, "ab~ef");
	cut("abcdef", 1, UTF8_CUT_MIDDLE, "~");
	cut("abcdef", 0, UTF8_CUT_END, "");
	cut("abcdef", -3, UTF8_CUT_END, "");
	cut("\xE4\xB8\xAD\xE4\xB8\xAD\xE4\xB8\xAD", 4, UTF8_CUT_START, "~\xE4\xB8\xAD");
	cut("\xE4\xB8\xAD\xE4\xB8\xAD\xE4\xB8\xAD", 4, UTF8_CUT_END, "\xE4\xB8\xAD~");
}

static void test_fold(void **state)
{
	struct str out = STR_INIT;

	(void)state;
	utf8_fold(&out,
		"AbZ9 \xC3\x84\xC3\x97\xC4\x8C\xC5\xBD\xCE\xA3\xCF\x82\xD0\x96\xD0\x81");
	assert_string_equal(out.buf,
		"abz9 \xC3\xA4\xC3\x97\xC4\x8D\xC5\xBE\xCF\x83\xCF\x83\xD0\xB6\xD1\x91");
	str_release(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decode),
		cmocka_unit_test(test_controls),
		cmocka_unit_test(test_invisible),
		cmocka_unit_test(test_marks),
		cmocka_unit_test(test_max),
		cmocka_unit_test(test_width),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_fold),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
