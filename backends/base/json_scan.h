#ifndef BASE_JSON_SCAN_H
#define BASE_JSON_SCAN_H

#include <stdbool.h>
#include <stddef.h>

/* Internal to json*.c: looks at JSON text that may be anything, without making a tree. */

/* The offset of the byte after the string that starts at i (a quote), or len. */
size_t json_skip_string(const char *s, size_t len, size_t i);
/* Nested deeper than JSON_DEPTH_MAX. */
bool json_too_deep(const char *s, size_t len);
/* The offset of the byte after the value that starts at i, by its brackets and quotes alone: of what is no JSON it is any
 * place, but never one beyond len. A value that is no bracket and no string ends before "," "]" "}" or a blank. */
size_t json_skip_value(const char *s, size_t len, size_t i);
size_t json_skip_blank(const char *s, size_t len, size_t i);

#endif
