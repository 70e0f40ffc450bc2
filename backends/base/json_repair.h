#ifndef BASE_JSON_REPAIR_H
#define BASE_JSON_REPAIR_H

#include "backends/base/str.h"

/*
 * Internal to json.c and its fuzz target. What backends send and jansson refuses, made into JSON; nothing else is
 * forgiven, for then the text may be cut or no JSON at all:
 *
 *   a byte that is not UTF-8, in a string                            U+FFFD
 *   \u0000, half of a surrogate pair                                 \ufffd
 *   an integer beyond int64, a real beyond double (1e999)            the same digits as a string
 *   NaN, Infinity, -Infinity                                         null
 *
 * What is valid comes out byte by byte as it went in.
 */

/* The most that len bytes can become. */
#define JSON_REPAIR_MAX(len) ((len)*3 + 64)

/*
 * Appends bytes[len], repaired, until `out` has `stop` bytes or one token more. Returns the bytes used: that maps a
 * place in the repaired text back to the place in what came in. *values grows by the strings and numbers changed.
 */
size_t json_repair(
	struct str *out, const char *bytes, size_t len, size_t stop, size_t *values);

#endif
