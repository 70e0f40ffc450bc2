/* Durations: as people write them in files, as lists show them, and as sentences say them. */
#include "backends/base/clock.h"

#include <stdint.h>
#include <string.h>

#include "backends/base/mem.h"

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)
#define WEEK (7 * DAY)

/* Largest first: "1h30m" must go down. "ms" stands before "m" is tried. */
static const struct {
	const char *name;
	usec_t unit;
} units[] = {
	{"w", WEEK},
	{"d", DAY},
	{"h", HOUR},
	{"ms", 1000},
	{"m", MINUTE},
	{"s", USEC_PER_SEC},
	{"us", 1},
};

static usec_t take_unit(const char **s)
{
	for (size_t i = 0; i < LENGTH(units); i++) {
		if (str_starts(*s, units[i].name)) {
			*s += strlen(units[i].name);
			return units[i].unit;
		}
	}
	return 0;
}

bool clock_parse_duration(const char *text, usec_t *out)
{
	usec_t total = 0;
	usec_t before = INT64_MAX;
	const char *s = text;

	if (!text || *text == '\0')
		return false;
	while (*s) {
		usec_t n = 0;
		usec_t unit;

		if (*s < '0' || *s > '9')
			return false;
		for (; *s >= '0' && *s <= '9'; s++) {
			if (n > INT64_MAX / 100)
				return false;
			n = n * 10 + (*s - '0');
		}
		unit = take_unit(&s);
		if (unit == 0 || unit >= before || n > (INT64_MAX - total) / unit)
			return false;
		before = unit;
		total += n * unit;
	}
	*out = total;
	return true;
}

/* The largest unit that the duration fills, days up to two weeks. */
static char round_unit(usec_t d, int *count)
{
	usec_t weeks = d / WEEK;

	if (d < MINUTE) {
		*count = (int)(d / USEC_PER_SEC);
		return 's';
	}
	if (d < HOUR) {
		*count = (int)(d / MINUTE);
		return 'm';
	}
	if (d < DAY) {
		*count = (int)(d / HOUR);
		return 'h';
	}
	if (d < 2 * WEEK) {
		*count = (int)(d / DAY);
		return 'd';
	}
	*count = weeks > 9999 ? 9999 : (int)weeks;
	return 'w';
}

void clock_format_age(char *dst, size_t size, usec_t d)
{
	bool future = d < 0;
	int count;
	char unit;

	if (future)
		d = d == INT64_MIN ? INT64_MAX : -d;
	unit = round_unit(d, &count);
	if (future)
		str_format(dst, size, "in%2d%c", count > 99 ? 99 : count, unit);
	else if (unit == 'h')
		str_format(dst, size, "%dh%02d", count, (int)(d % HOUR / MINUTE));
	else
		str_format(dst, size, "%d%c", count, unit);
}

void clock_format_words(char *dst, size_t size, usec_t d)
{
	const char *in = d < 0 ? "in " : "";
	int minutes;

	if (d < 0)
		d = d == INT64_MIN ? INT64_MAX : -d;
	minutes = (int)(d % HOUR / MINUTE);
	if (d > 0 && d < USEC_PER_SEC)
		str_format(dst, size, "%s%d ms", in, (int)(d / 1000));
	else if (d < MINUTE)
		str_format(dst, size, "%s%d s", in, (int)(d / USEC_PER_SEC));
	else if (d < HOUR)
		str_format(dst, size, "%s%d min", in, minutes);
	else if (d < DAY && minutes > 0)
		str_format(dst, size, "%s%d h %d min", in, (int)(d / HOUR), minutes);
	else if (d < DAY)
		str_format(dst, size, "%s%d h", in, (int)(d / HOUR));
	else
		str_format(dst, size, "%s%lld d", in, (long long)(d / DAY));
}
