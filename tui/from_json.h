#ifndef TUI_FROM_JSON_H
#define TUI_FROM_JSON_H

#include "backends/store/record.h"

/* The answer of the question "record" as a struct again: text and JSON are borrowed from it. False: it is none. */
bool record_from_json(const json_t *obj, struct record *out) MUST_USE;
/* A time in an answer: ISO 8601 text or integer µs; 0 when absent. */
usec_t json_time(const json_t *obj, const char *key);

#endif
