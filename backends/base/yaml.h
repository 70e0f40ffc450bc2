#ifndef BASE_YAML_H
#define BASE_YAML_H

#include "backends/base/json.h"

/*
 * Files that people write. YAML becomes a json_t tree; the place of every key and item is remembered, so that
 * any later complaint can say file:line:column.
 * Subset on purpose: no anchors, aliases, tags, merge keys or multiple documents; duplicate keys are an
 * error; plain scalars are typed as YAML 1.2 core (null ~, true/false, integers, floats; "yes", "on" and "no" are
 * strings); quoted scalars are strings. Limits: 1 MiB, depth 32, 20 000 nodes.
 */
struct yaml_doc {
	json_t *root;          /* owned */
	char *path;            /* as given, for messages */
	struct yaml_place *at; /* private */
};

bool yaml_load(struct yaml_doc *doc, const char *path, struct err *e) MUST_USE;
bool yaml_parse(struct yaml_doc *doc, const char *path, const char *text, size_t len,
	struct err *e) MUST_USE;
void yaml_release(struct yaml_doc *doc);

/* Line and column (from 1) of the value at `key` (or item `index` when key is NULL) of the container
 * `in`, a node of this doc. Unknown places give those of the container, or 1:1. */
void yaml_where(const struct yaml_doc *doc, const json_t *in, const char *key,
	size_t index, int *line, int *column);

/* Sets ERR_CONFIG with "path:line:column: text" for the *key* (yaml_err_value: for its value). Returns false. */
bool yaml_err(struct err *e, const struct yaml_doc *doc, const json_t *in,
	const char *key, const char *fmt, ...) PRINTF_LIKE(5, 6);
bool yaml_err_value(struct err *e, const struct yaml_doc *doc, const json_t *in,
	const char *key, const char *fmt, ...) PRINTF_LIKE(5, 6);
bool yaml_err_item(struct err *e, const struct yaml_doc *doc, const json_t *in,
	size_t index, const char *fmt, ...) PRINTF_LIKE(5, 6);

/* Does a comment follow the unquoted text at `key` (or item `index`)? What was meant to be part of the text may be in it:
 * for complaints about a text that does not make sense. */
bool yaml_cut(
	const struct yaml_doc *doc, const json_t *in, const char *key, size_t index);
#define YAML_CUT_HINT \
	" (the text ends at \" #\", where a comment begins: in quotes it would go on)"

/*
 * Checks the keys of an object against a table: type, required, unknown (with "did you mean ...?").
 * The table is closed by a row whose name is NULL.
 */
enum yaml_type {
	YAML_STRING = 1,
	YAML_INT = 2,
	YAML_BOOL = 4,
	YAML_OBJECT = 8,
	YAML_ARRAY = 16,
	YAML_NUMBER = 32,
	YAML_SCALAR = 1 | 2 | 4 | 32,
	YAML_ANY = 63,
	YAML_DURATION = 64, /* a string that clock_parse_duration takes */
	YAML_COUNT = 128    /* a whole number from 1, that fits an int */
};
struct yaml_key {
	const char *name;
	unsigned types;
	bool required;
};
bool yaml_check(const struct yaml_doc *doc, const json_t *obj, const char *what,
	const struct yaml_key *keys, struct err *e) MUST_USE;

/* The same where other keys are somebody else's to check. */
bool yaml_check_known(const struct yaml_doc *doc, const json_t *obj, const char *what,
	const struct yaml_key *keys, struct err *e) MUST_USE;

/*
 * For `watchdesk help`: while fn is set, yaml_check tells it each table before it checks against it. What is told is what is
 * taken, so help cannot name another key. Of the whole process; NULL ends it.
 */
typedef void yaml_table_fn(void *arg, const char *what, const struct yaml_key *keys);
void yaml_tell_tables(yaml_table_fn *fn, void *arg);

/* The closest of names[n] to a mistyped word, or NULL when none is near: for "did you mean". */
const char *yaml_nearest(const char *word, const char *const *names, size_t n);

#endif
