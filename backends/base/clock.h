#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "backends/base/str.h"
#include <stdint.h>

/*
 * Time. Records hold UTC microseconds since 1970 (0: not known). Deadlines use the monotonic clock
 * in milliseconds. Tests set both with clock_set_test and then move them by hand.
 */
typedef int64_t usec_t;
#define USEC_PER_SEC ((usec_t)1000000)

usec_t clock_now(void);      /* UTC, µs */
int64_t clock_mono_ms(void); /* monotonic, ms */
int64_t clock_mono_us(void); /* monotonic, µs: for measurements and slices */

/* Freezes both clocks. WD_TEST_NOW=<ISO 8601> in the environment does the same for clock_now only, at start. */
void clock_set_test(usec_t now);
void clock_advance_test(usec_t by);
void clock_end_test(void);

/*
 * Parses what APIs call a time: ISO 8601 with or without fraction and zone ("2026-11-22T14:02:03.5+01:00",
 * "...Z"; a missing zone is UTC), "YYYY-MM-DD HH:MM:SS[.f][+zone]" (SQL, ServiceNow), "YYYY-MM-DD".
 * Years 1..9999. Alertmanager's and Go's zero time (0001-01-01T00:00:00Z) gives 0.
 */
bool clock_parse(const char *text, usec_t *out) MUST_USE;

/* A number that is an epoch: seconds, milliseconds, microseconds or nanoseconds, told apart by size. */
usec_t clock_from_epoch(double number);

/* "2026-11-22T14:02:03Z" (seconds; with µs when fraction is true). size >= 32. */
void clock_format(char *dst, size_t size, usec_t t, bool fraction);
/* As above in the local zone (TZ) with its abbreviation, "2026-11-22 15:02:03 CET". */
void clock_format_local(char *dst, size_t size, usec_t t);
/* The same in a named zone ("Europe/Berlin"), of which clock_zone_known says whether this machine has it (package tzdata). Sets
 * TZ for the moment of the call: for single-threaded programs. */
void clock_format_zone(char *dst, size_t size, usec_t t, const char *zone);
bool clock_zone_known(const char *zone);

/* "20s", "30m", "2h", "7d", "1h30m", "250ms" -> µs. */
bool clock_parse_duration(const char *text, usec_t *out) MUST_USE;
/* The age for lists: "12s", "12m", "3h40", "2d", "14w"; at most 5 columns. Negative: "in 3m". */
void clock_format_age(char *dst, size_t size, usec_t duration);
/* For sentences: "12 s", "12 min", "3 h 40 min", "2 d". */
void clock_format_words(char *dst, size_t size, usec_t duration);

#endif
