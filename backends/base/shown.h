#ifndef BASE_SHOWN_H
#define BASE_SHOWN_H

#include "backends/base/str.h"

/*
 * Appends the text as one line that tells any two texts apart, for what is approved by the eye and by a hash. Blanks stay;
 * what cannot be seen as it is becomes \n, \t, \u200b, \U000e0001 or, a byte that is no UTF-8, \xff. With an escape, or
 * cut at 16 KiB, the line ends with the length and the sha256 of the whole.
 */
void shown_exactly(struct str *out, const char *bytes, size_t len);

#endif
