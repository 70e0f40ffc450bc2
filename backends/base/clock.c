/* The two clocks, and how times are parsed and printed as ISO 8601. The calendar is the proleptic
 * Gregorian one; leap seconds do not exist, as in POSIX. */
#include "backends/base/clock.h"

#include "backends/base/mem.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define DAY ((usec_t)86400 * USEC_PER_SEC)

/* 0001-01-01 and the end of 9999-12-31, in seconds. */
#define SECONDS_LEAST (-62135596800LL)
#define SECONDS_MOST 253402300799LL

/* Frozen by tests only; `moved` is how far the monotonic clock was advanced since. */
static struct {
	bool asked; /* WD_TEST_NOW was looked at */
	bool wall_frozen;
	bool mono_frozen;
	usec_t wall;
	int64_t mono;
} test_clock;

static int64_t read_us(clockid_t id)
{
	struct timespec ts;

	clock_gettime(id, &ts);
	return (int64_t)ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

static void ask_environment(void)
{
	const char *text = getenv("WD_TEST_NOW");

	test_clock.asked = true;
	if (!text)
		return;
	if (!clock_parse(text, &test_clock.wall))
		die(64, "WD_TEST_NOW is not an ISO 8601 time: %s", text);
	test_clock.wall_frozen = true;
}

usec_t clock_now(void)
{
	if (!test_clock.asked)
		ask_environment();
	return test_clock.wall_frozen ? test_clock.wall : read_us(CLOCK_REALTIME);
}

int64_t clock_mono_us(void)
{
	return test_clock.mono_frozen ? test_clock.mono : read_us(CLOCK_MONOTONIC);
}

int64_t clock_mono_ms(void)
{
	return clock_mono_us() / 1000;
}

void clock_set_test(usec_t now)
{
	if (!test_clock.mono_frozen)
		test_clock.mono = read_us(CLOCK_MONOTONIC);
	test_clock.asked = true;
	test_clock.wall_frozen = true;
	test_clock.mono_frozen = true;
	test_clock.wall = now;
}

void clock_advance_test(usec_t by)
{
	test_clock.wall += by;
	test_clock.mono += by;
}

void clock_end_test(void)
{
	memset(&test_clock, 0, sizeof(test_clock));
}

/* Days since 1970-01-01. The year is counted from March, so that the leap day is its last. */
static int64_t days_from_date(int year, int month, int day)
{
	int64_t y = month <= 2 ? year - 1 : year;
	int64_t era = (y >= 0 ? y : y - 399) / 400;
	int64_t in_era = y - era * 400;
	int64_t in_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

	return era * 146097 + in_era * 365 + in_era / 4 - in_era / 100 + in_year - 719468;
}

static void date_from_days(int64_t days, int *year, int *month, int *day)
{
	int64_t z = days + 719468;
	int64_t era = (z >= 0 ? z : z - 146096) / 146097;
	int64_t in_era = z - era * 146097;
	int64_t y = (in_era - in_era / 1460 + in_era / 36524 - in_era / 146096) / 365;
	int64_t in_year = in_era - (365 * y + y / 4 - y / 100);
	int64_t m = (5 * in_year + 2) / 153;

	*day = (int)(in_year - (153 * m + 2) / 5 + 1);
	*month = (int)(m < 10 ? m + 3 : m - 9);
	*year = (int)(y + era * 400 + (*month <= 2));
}

static int days_in_month(int year, int month)
{
	static const int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

	return days[month - 1] + (month == 2 && leap);
}

/* Exactly `digits` digits in [least, most]. */
static bool number(const char **s, int digits, int least, int most, int *out)
{
	int n = 0;

	for (int i = 0; i < digits; i++) {
		char c = (*s)[i];

		if (c < '0' || c > '9')
			return false;
		n = n * 10 + (c - '0');
	}
	*s += digits;
	*out = n;
	return n >= least && n <= most;
}

static bool one_of(const char **s, const char *set)
{
	if (**s == '\0' || !strchr(set, **s))
		return false;
	(*s)++;
	return true;
}

/* Any number of digits; those below a microsecond are dropped. */
static bool fraction(const char **s, usec_t *out)
{
	usec_t unit = USEC_PER_SEC / 10;
	const char *start;

	*out = 0;
	if (!one_of(s, ".,"))
		return true;
	start = *s;
	for (; **s >= '0' && **s <= '9'; (*s)++) {
		*out += (**s - '0') * unit;
		unit /= 10;
	}
	return *s > start;
}

/* "+01:00", "+0100", "+01"; Go adds " UTC" ("+0000 UTC"). */
static bool offset(const char **s, usec_t *out)
{
	usec_t sign = **s == '-' ? -1 : 1;
	int hours;
	int minutes = 0;

	if (!one_of(s, "+-") || !number(s, 2, 0, 18, &hours))
		return false;
	if (one_of(s, ":") || (**s != '\0' && **s != ' ')) {
		if (!number(s, 2, 0, 59, &minutes))
			return false;
	}
	*out = sign * (hours * 3600 + minutes * 60) * USEC_PER_SEC;
	if (str_equal(*s, " UTC"))
		*s += 4;
	return true;
}

/* "", "Z", "UTC" or an offset, also after a blank. */
static bool zone(const char **s, usec_t *out)
{
	*out = 0;
	if (**s == ' ' && (*s)[1] != '\0')
		(*s)++;
	if (**s == '\0' || one_of(s, "Zz"))
		return true;
	if (str_starts(*s, "UTC") || str_starts(*s, "GMT")) {
		*s += 3;
		return true;
	}
	return offset(s, out);
}

/* "14:02", "14:02:03", "14:02:03.5" and the zone. A leap second counts as the second after. */
static bool time_of_day(const char **s, usec_t *out)
{
	int hour;
	int minute;
	int second = 0;
	usec_t part = 0;
	usec_t east;

	if (!number(s, 2, 0, 23, &hour) || !one_of(s, ":") ||
		!number(s, 2, 0, 59, &minute))
		return false;
	if (one_of(s, ":") && (!number(s, 2, 0, 60, &second) || !fraction(s, &part)))
		return false;
	if (!zone(s, &east))
		return false;
	*out = (hour * 3600 + minute * 60 + second) * USEC_PER_SEC + part - east;
	return true;
}

bool clock_parse(const char *text, usec_t *out)
{
	const char *s = text;
	int year;
	int month;
	int day;
	usec_t rest = 0;

	if (!text || !number(&s, 4, 1, 9999, &year) || !one_of(&s, "-") ||
		!number(&s, 2, 1, 12, &month) || !one_of(&s, "-") ||
		!number(&s, 2, 1, days_in_month(year, month), &day))
		return false;
	if (*s != '\0' && (!one_of(&s, "Tt ") || !time_of_day(&s, &rest) || *s != '\0'))
		return false;
	*out = days_from_date(year, month, day) * DAY + rest;
	if (*out == SECONDS_LEAST * USEC_PER_SEC)
		*out = 0;
	return true;
}

usec_t clock_from_epoch(double n)
{
	double size = fabs(n);
	double us;

	/* Each unit has the years 1973 to 5138 for itself. */
	if (size < 1e11)
		us = n * 1e6;
	else if (size < 1e14)
		us = n * 1e3;
	else if (size < 1e17)
		us = n;
	else
		us = n / 1e3;
	if (!isfinite(us) || us > (double)SECONDS_MOST * 1e6 ||
		us < (double)SECONDS_LEAST * 1e6)
		return 0;
	return (usec_t)(us < 0 ? us - 0.5 : us + 0.5);
}

/* Rounds towards the past, so that the remainder is never negative. */
static int64_t split(usec_t t, usec_t unit, usec_t *rest)
{
	int64_t whole = t / unit;

	*rest = t % unit;
	if (*rest < 0) {
		*rest += unit;
		whole--;
	}
	return whole;
}

/* The last `digits` digits of n and the character after them. */
static char *put_number(char *to, int n, int digits, char after)
{
	for (int i = digits; i > 0; i--, n /= 10)
		to[i - 1] = (char)('0' + n % 10);
	to[digits] = after;
	return to + digits + 1;
}

/* By hand: printf takes ten times as long, and records are full of times. */
void clock_format(char *dst, size_t size, usec_t t, bool with_fraction)
{
	char text[sizeof("9999-12-31T23:59:59.999999Z")], *to = text;
	usec_t rest;
	int64_t days;
	int year;
	int month;
	int day;
	int second;

	if (t < SECONDS_LEAST * USEC_PER_SEC)
		t = SECONDS_LEAST * USEC_PER_SEC;
	if (t >= (SECONDS_MOST + 1) * USEC_PER_SEC)
		t = (SECONDS_MOST + 1) * USEC_PER_SEC - 1;
	days = split(t, DAY, &rest);
	date_from_days(days, &year, &month, &day);
	second = (int)(rest / USEC_PER_SEC);
	to = put_number(to, year, 4, '-');
	to = put_number(to, month, 2, '-');
	to = put_number(to, day, 2, 'T');
	to = put_number(to, second / 3600, 2, ':');
	to = put_number(to, second / 60 % 60, 2, ':');
	to = put_number(to, second % 60, 2, with_fraction ? '.' : 'Z');
	if (with_fraction)
		to = put_number(to, (int)(rest % USEC_PER_SEC), 6, 'Z');
	*to = '\0';
	str_copy(dst, size, text);
}

void clock_format_local(char *dst, size_t size, usec_t t)
{
	usec_t rest;
	time_t seconds = (time_t)split(t, USEC_PER_SEC, &rest);
	struct tm tm;

	if (!localtime_r(&seconds, &tm) ||
		strftime(dst, size, "%Y-%m-%d %H:%M:%S %Z", &tm) == 0)
		clock_format(dst, size, t, false);
}

void clock_format_zone(char *dst, size_t size, usec_t t, const char *zone)
{
	const char *now = getenv("TZ");
	char *before = now ? xstrdup(now) : NULL, *wanted = xasprintf(":%s", zone);

	setenv("TZ", wanted, 1);
	tzset();
	clock_format_local(dst, size, t);
	if (before)
		setenv("TZ", before, 1);
	else
		unsetenv("TZ");
	tzset();
	free(wanted);
	free(before);
}

bool clock_zone_known(const char *zone)
{
	char path[200];
	size_t len = strspn(zone,
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_+-/");

	return len > 0 && zone[len] == '\0' && zone[0] != '/' &&
	       str_format(path, sizeof(path), "/usr/share/zoneinfo/%s", zone) &&
	       access(path, R_OK) == 0;
}
