#ifndef STORE_FILTER_PARSE_H
#define STORE_FILTER_PARSE_H

#include "backends/store/filter.h"

/*
 * Private to filter.c (terms) and filter_field.c (the table of fields and their values).
 */
struct parser {
	const char *text, *at, *me;
	struct filter *f;
	struct err *e;
};

/* One term as written, quotes taken away; quoted bytes are marked so that they separate nothing. */
struct token {
	char bytes[FILTER_TEXT_MAX + 1];
	bool quoted[FILTER_TEXT_MAX + 1];
	size_t len, column; /* from 1 */
	bool any_quote;     /* name:"" is the empty text */
};

struct field;
typedef bool field_fn(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value);

struct field {
	const char *name;
	field_fn *parse;
	size_t offset; /* of the term in the cell */
	int which;
	bool compares; /* takes < and > */
};

/* By name; NULL: none. */
const struct field *filter_field(const char *name, size_t len);
const struct field *filter_field_at(size_t i); /* NULL after the last */

bool filter_fail(
	const struct parser *p, size_t column, const char *what, const char *hint);
char *filter_fold(const char *text, size_t len);
bool filter_take_bit(struct parser *p, struct cond *c, size_t column);

#endif
