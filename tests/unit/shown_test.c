/* Text that is approved: no two texts look the same. */
#include "backends/base/shown.h"

#include "backends/base/mem.h"
#include "backends/base/utf8.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

enum { MOST = 16384 };

static char *shown(const char *bytes, size_t len)
{
	struct str out = STR_INIT;
	str_adds(&out, "> ");
	shown_exactly(&out, bytes, len);
	assert_true(utf8_valid(out.buf, out.len));
	return str_take(&out);
}

static void shows(const char *text, const char *want, const char *digest)
{
	char *got = shown(text, strlen(text)), *all = xasprintf("> %s%s", want, digest);
	if (!str_starts(got, all) || (!*digest && strcmp(got, all) != 0))
		fail_msg("%s, wanted %s", got, all);
	free(all);
	free(got);
}

static void test_escapes(void **state)
{
	(void)state;
	shows("", "", "");
	shows("a  \"b\" \\n   c ", "a  \"b\" \\n   c ", "");
	shows("caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80",
		"caf\xc3\xa9 \xe6\x97\xa5 \xf0\x9f\x98\x80", "");
	shows("a\nb\r\tc", "a\\nb\\r\\tc", " [6 bytes, sha256 ");
	shows("\x1b[1m", "\\u001b[1m", " [4 bytes, sha256 ");
	shows("a\xffz\xc3", "a\\xffz\\xc3", " [");
	shows("con\xe2\x80\x8btractor", "con\\u200btractor", " [");
	shows("a\xc2\xa0z", "a\\u00a0z", " [");
	shows("a\xf3\xa0\x80\x81z", "a\\U000e0001z", " [");
	/* U+FFFD that was sent is no bad byte */
	shows("a\xef\xbf\xbdz", "a\xef\xbf\xbdz", "");
	/* a mark: where it would be composed, where it sits on nothing, and where it is as it is */
	shows("e\xcc\x81", "e\\u0301", " [");
	shows("\xcc\x81", "\\u0301", " [");
	shows("\xe0\xb8\x81\xe0\xb8\xb1", "\xe0\xb8\x81\xe0\xb8\xb1", "");
}

static void test_cut(void **state)
{
	char *text = xcalloc(1, MOST + 10);
	(void)state;
	memset(text, 'a', MOST + 5);
	char *all = shown(text, MOST), *more = shown(text, MOST + 1);
	assert_int_equal(strlen(all), MOST + 2);
	assert_true(str_starts(more, all));
	assert_non_null(strstr(more, " ... cut [16385 bytes, sha256 "));
	text[MOST] = 'b';
	char *other = shown(text, MOST + 1);
	assert_string_not_equal(more, other);
	free(other);
	memcpy(text + MOST - 1, "\xe6\x97\xa5", 3); /* does not fit */
	other = shown(text, MOST + 2);
	assert_non_null(strstr(other, "aaa ... cut [16386 bytes"));
	free(other);
	free(more);
	free(all);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_escapes),
		cmocka_unit_test(test_cut),
	};
	return cmocka_run_group_tests_name("shown", tests, NULL, NULL);
}
