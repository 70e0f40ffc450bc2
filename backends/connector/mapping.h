#ifndef CONNECTOR_MAPPING_H
#define CONNECTOR_MAPPING_H

#include "backends/connector/source_private.h"

/*
 * One item becomes one record. Text is made safe and bounded here, once; everything that the record points to lives in
 * `arena`, its JSON is released by record_release_json.
 */
struct mapper {
	const struct source *source;
	const struct def_collect *def;
	json_t *scope; /* without secrets */
	struct arena *arena;
};
/* False: the item gives no record, e says why. *unknown: its state has no mapping. */
bool map_record(const struct mapper *m, json_t *item, struct record *out, bool *unknown,
	struct err *e) MUST_USE;

/* Safe text of a value, at most max bytes, in the arena; "" for null. */
const char *map_text(struct arena *a, const json_t *v, size_t max);
/* The same of an id, out of which no secret is taken: it would be another record's. One that holds a secret is refused. */
const char *map_id_text(struct arena *a, const json_t *v, size_t max);
/* Does a text or a key of the tree hold a secret? For what is kept as it came, and so refused instead. */
bool map_gives_away(json_t *v);
/* A time from text or number; 0 when it is none. */
usec_t map_time(const json_t *v);
/* The tree itself when all its strings are plain, else a copy with safe strings; {"cut": true} when it is larger than
 * max bytes. New reference. */
json_t *map_safe_tree(json_t *v, size_t max);

#endif
