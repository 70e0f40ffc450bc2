#ifndef BASE_JSON_H
#define BASE_JSON_H

#include "backends/base/str.h"
#include <jansson.h>

/*
 * JSON: jansson's json_t, reached through this header only. Bytes from outside go through json_read and its
 * brothers, which know the traps of jansson 2.14 (reference notes 2.4).
 */

#define JSON_DEPTH_MAX 128

/*
 * Parses one document. A BOM is skipped; what is not JSON fails with line and column and, when it looks like
 * HTML, says so ("an HTML page instead of JSON: is the URL right, is there a login page?").
 * Returns a new reference or NULL with `e` filled. Depth over JSON_DEPTH_MAX is ERR_LIMIT.
 */
json_t *json_read(const char *bytes, size_t len, struct err *e) MUST_USE;

/*
 * The same for what a far side sent: one bad value costs itself, not the whole document. What is not UTF-8, \u0000
 * and halves of surrogate pairs become U+FFFD; numbers that no int64 or double holds become strings, so that no digit
 * is lost; NaN and Infinity become null; nothing else is forgiven. *repaired (or NULL) grows by the values changed
 * so: say it to somebody, for the document is not what the far side meant. A clean document costs nothing more.
 */
json_t *json_read_reply(
	const char *bytes, size_t len, size_t *repaired, struct err *e) MUST_USE;

/* The same of a part of a larger text: at its start stands no BOM. */
json_t *json_read_part(
	const char *bytes, size_t len, size_t *repaired, struct err *e) MUST_USE;

/* What the text takes as a tree, in bytes of memory: never less than what it will be, nor twice that for what is usual. Looks
 * at the text only. */
size_t json_need(const char *bytes, size_t len);

/* JSON lines, repaired like a reply: an array of the documents; blank lines skipped; a bad line fails with its number. */
json_t *json_read_lines(
	const char *bytes, size_t len, size_t *repaired, struct err *e) MUST_USE;

/* Look-ups that never fail. `obj` may be NULL or no object. Strings are borrowed. */
const char *json_str(const json_t *obj, const char *key, const char *fallback);
/* Reals are truncated, numeric strings read. */
long long json_int(const json_t *obj, const char *key, long long fallback);
double json_num(const json_t *obj, const char *key, double fallback);
bool json_flag(const json_t *obj, const char *key, bool fallback);
/* Borrowed, or NULL when absent or null. */
json_t *json_sub(const json_t *obj, const char *key);
/* "a.b.c" through objects. Borrowed or NULL. */
json_t *json_path(const json_t *obj, const char *dotted);

/* Compact text with sorted keys: hashing, storing, comparing. malloc'ed, never NULL. */
char *json_text(const json_t *v);
bool json_text_to(struct str *out, const json_t *v);
/* Compact text, keys in insertion order: for keeping, cheaper than sorted. */
bool json_plain_to(struct str *out, const json_t *v);
/* For people, and alike for a terminal and a pipe: what a terminal would obey or hide (C1 controls, DEL, bidi marks,
 * invisible characters) is escaped. Indented, keys in insertion order; or one line with sorted keys. */
char *json_pretty(const json_t *v);
char *json_line(const json_t *v);

/* A scalar as text: string as is, integer, real without trailing zeros, true/false; null and NULL
 * give ""; arrays and objects their compact JSON. */
bool json_scalar_to(struct str *out, const json_t *v);

/* Overwrites every string below v, then drops the reference. For trees that hold secrets. Only when
 * nothing else shares parts of the tree. */
void json_wipe(json_t *v);

#endif
