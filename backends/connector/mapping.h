#ifndef CONNECTOR_MAPPING_H
#define CONNECTOR_MAPPING_H

#include "backends/connector/source_private.h"

/* A member that the collector puts into an item: {name: why}, what an extra request should have given and did not. It goes
 * into the detail as `not_read`. No far side's name begins so. */
#define MAP_NOT_READ "\x01not_read"

/* What the items of a batch held that no record can hold; the first of each kind in safe words. */
struct map_flaws {
	size_t unknown; /* states without a mapping */
	char unknown_first[200];
	/* Values that their field cannot hold, and expressions that failed: the field stays empty, for a decoration costs
	 * only itself. */
	size_t spoiled;
	char spoiled_first[300];
};

/*
 * One item becomes one record. Text is made safe and bounded here, once; everything that the record points to lives in
 * `arena`, its JSON is released by record_release_json.
 */
struct mapper {
	const struct source *source;
	const struct def_collect *def;
	json_t *scope; /* without secrets */
	struct arena *arena;
	struct map_flaws *flaws;
};
/* False: the item gives no record, for it has no id; e says why and where its expression stands. */
bool map_record(
	const struct mapper *m, json_t *item, struct record *out, struct err *e) MUST_USE;

/* mapping_flaw.c. v: what the expression gave; NULL: it failed, and `why` is its error. */
void map_spoiled(const struct mapper *m, const struct def_field *f, const json_t *v,
	const char *why);
void map_unknown(const struct mapper *m, const struct def_field *f, const json_t *v);

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
