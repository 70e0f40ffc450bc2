/* Times in and out. The figures come from date(1). */
#include "backends/base/clock.h"

#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <time.h>

#include <cmocka.h>

#include "backends/base/mem.h"

static void test_parse(void **state)
{
	static const struct {
		const char *text;
		usec_t want;
	} good[] = {
		{"2026-11-22T14:02:03Z", 1795356123000000},
		{"2026-11-22T14:02:03.5+01:00", 1795352523500000},
		{"2026-11-22T14:02:03.123456789-0530", 1795375923123456},
		{"2026-11-22 14:02:03", 1795356123000000},
		{"2026-11-22 14:02:03.25+00", 1795356123250000},
		{"2026-11-22 14:02:03 +0000 UTC", 1795356123000000},
		{"2026-11-22 14:02:03 UTC", 1795356123000000},
		{"2026-11-22T14:02Z", 1795356120000000},
		{"2026-11-22", 1795305600000000},
		{"1970-01-01", 0},
		{"1969-12-31T23:59:59.999999Z", -1},
		{"2024-02-29", 1709164800000000},
		{"0001-01-01T00:00:00Z", 0},
		{"9999-12-31T23:59:59Z", 253402300799000000},
		{"2016-12-31T23:59:60Z", 1483228800000000},
	};
	static const char *const bad[] = {"", "x", "2026", "2026-13-01", "2026-02-29",
		"0000-01-01", "2026-11-22T", "2026-11-22T24:00:00Z",
		"2026-11-22T14:02:03Zx", "2026-11-22T14:02:03.Z", "2026-11-22T14:02:03+1",
		"2026-11-22 ", "2026-1-2", "2026-11-22T14:02:03+99:00"};
	usec_t t;

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		t = 42;
		if (!clock_parse(good[i].text, &t) || t != good[i].want)
			fail_msg("%s: %lld", good[i].text, (long long)t);
	}
	for (size_t i = 0; i < LENGTH(bad); i++) {
		if (clock_parse(bad[i], &t))
			fail_msg("taken: %s", bad[i]);
	}
	assert_false(clock_parse(NULL, &t));
}

/* A walk through 9999 years, against the C library for the way back. */
static void test_calendar(void **state)
{
	char text[40];
	usec_t back;

	(void)state;
	for (usec_t t = -62135510400000000; t < 253402300800000000;
		t += 17 * 86399999999) {
		time_t s = (time_t)(t / 1000000 - (t % 1000000 < 0));
		struct tm tm;
		char want[40];

		clock_format(text, sizeof(text), t, true);
		assert_true(clock_parse(text, &back));
		assert_true(back == t);
		assert_non_null(gmtime_r(&s, &tm));
		str_format(want, sizeof(want), "%04d-%02d-%02dT%02d:%02d:%02dZ",
			tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
			tm.tm_min, tm.tm_sec);
		clock_format(text, sizeof(text), t, false);
		assert_string_equal(text, want);
	}
	clock_format(text, sizeof(text), INT64_MAX, true);
	assert_string_equal(text, "9999-12-31T23:59:59.999999Z");
	clock_format(text, sizeof(text), INT64_MIN, false);
	assert_string_equal(text, "0001-01-01T00:00:00Z");
}

static void test_epoch(void **state)
{
	(void)state;
	assert_true(clock_from_epoch(1795356123) == 1795356123000000);
	assert_true(clock_from_epoch(1795356123.25) == 1795356123250000);
	assert_true(clock_from_epoch(1795356123500) == 1795356123500000);
	assert_true(clock_from_epoch(1795356123500001) == 1795356123500001);
	assert_true(clock_from_epoch(1795356123500000000) == 1795356123500000);
	assert_true(clock_from_epoch(0) == 0);
	assert_true(clock_from_epoch(1e300) == 0);
	assert_true(clock_from_epoch(NAN) == 0);
}

static void test_local(void **state)
{
	char text[40];

	(void)state;
	setenv("TZ", "CET-1CEST,M3.5.0,M10.5.0/3", 1);
	tzset();
	clock_format_local(text, sizeof(text), 1795356123000000);
	assert_string_equal(text, "2026-11-22 15:02:03 CET");
	/* A named zone for one call: what TZ says stays. */
	clock_format_zone(text, sizeof(text), 1795356123000000, "Asia/Tokyo");
	assert_string_equal(text, "2026-11-22 23:02:03 JST");
	assert_string_equal(getenv("TZ"), "CET-1CEST,M3.5.0,M10.5.0/3");
	assert_true(clock_zone_known("America/New_York"));
	assert_false(clock_zone_known(""));
	assert_false(clock_zone_known("/etc/passwd"));
	assert_false(clock_zone_known("../../../etc/passwd"));
}

static void test_duration(void **state)
{
	static const struct {
		const char *text;
		usec_t want;
	} good[] = {{"20s", 20000000}, {"30m", 1800000000}, {"2h", 7200000000},
		{"7d", 604800000000}, {"1h30m", 5400000000}, {"250ms", 250000}, {"0s", 0},
		{"2w", 1209600000000}, {"1m500ms", 60500000}};
	static const char *const bad[] = {"", "5", "s", "5x", "-5s", "1m1h", "1s1s",
		"1h ", "1.5h", "99999999999999999999s", "9223372036854775807s"};
	usec_t t;

	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		if (!clock_parse_duration(good[i].text, &t) || t != good[i].want)
			fail_msg("%s: %lld", good[i].text, (long long)t);
	}
	for (size_t i = 0; i < LENGTH(bad); i++) {
		if (clock_parse_duration(bad[i], &t))
			fail_msg("taken: %s", bad[i]);
	}
}

static void test_age(void **state)
{
	static const struct {
		long long seconds;
		const char *age;
		const char *words;
	} cases[] = {{0, "0s", "0 s"}, {59, "59s", "59 s"}, {60, "1m", "1 min"},
		{3599, "59m", "59 min"}, {13200, "3h40", "3 h 40 min"},
		{3600, "1h00", "1 h"}, {86399, "23h59", "23 h 59 min"},
		{2 * 86400, "2d", "2 d"}, {98 * 86400, "14w", "98 d"},
		{-180, "in 3m", "in 3 min"}, {-720, "in12m", "in 12 min"}};
	char text[32];

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		clock_format_age(text, sizeof(text), cases[i].seconds * USEC_PER_SEC);
		assert_string_equal(text, cases[i].age);
		clock_format_words(text, sizeof(text), cases[i].seconds * USEC_PER_SEC);
		assert_string_equal(text, cases[i].words);
	}
	clock_format_age(text, sizeof(text), INT64_MAX);
	assert_string_equal(text, "9999w");
	clock_format_words(text, sizeof(text), 250000);
	assert_string_equal(text, "250 ms");
}

static void test_frozen(void **state)
{
	int64_t mono;

	(void)state;
	clock_set_test(5000000);
	mono = clock_mono_us();
	clock_advance_test(1500000);
	assert_true(clock_now() == 6500000);
	assert_true(clock_mono_us() == mono + 1500000);
	clock_end_test();
	setenv("WD_TEST_NOW", "2026-11-22T14:02:03Z", 1);
	assert_true(clock_now() == 1795356123000000);
	unsetenv("WD_TEST_NOW");
	clock_end_test();
	assert_true(clock_now() > 1700000000000000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_parse),
		cmocka_unit_test(test_calendar),
		cmocka_unit_test(test_epoch),
		cmocka_unit_test(test_local),
		cmocka_unit_test(test_duration),
		cmocka_unit_test(test_age),
		cmocka_unit_test(test_frozen),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
