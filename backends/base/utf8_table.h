#ifndef BASE_UTF8_TABLE_H
#define BASE_UTF8_TABLE_H

#include <stddef.h>
#include <stdint.h>

/* The Unicode data behind utf8.h; private to utf8*.c. */
struct utf8_range {
	uint32_t first;
	uint32_t last;
};

struct utf8_pair {
	uint16_t base;
	uint16_t mark;
	uint16_t composed;
};

extern const struct utf8_range utf8_zero[]; /* columns 0: combining marks, joining Jamo */
extern const size_t utf8_zero_count;
extern const struct utf8_range utf8_wide[]; /* columns 2 */
extern const size_t utf8_wide_count;
extern const struct utf8_pair utf8_pairs[]; /* by base, then mark */
extern const size_t utf8_pairs_count;

#endif
