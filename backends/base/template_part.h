#ifndef BASE_TEMPLATE_PART_H
#define BASE_TEMPLATE_PART_H

#include "backends/base/template.h"
#include "backends/base/utf8.h"

/* Internal to template*.c: one string cut into texts and expressions. */
struct tmpl_place {
	const struct yaml_doc *doc; /* may be NULL */
	const json_t *in;
	const char *key; /* NULL: an item */
	size_t index;
	const struct tmpl_names *names; /* or NULL */
};

struct tmpl_part {
	char *text; /* or */
	struct jmes *expr;
	char *source; /* the expression as written, for messages */
};

struct tmpl_parts {
	struct tmpl_part *items;
	size_t n, cap;
};

/* `braces` is 2 for {{ expression }} only, 1 when {expression} counts as well. */
bool tmpl_parts_compile(struct tmpl_parts *parts, const struct tmpl_place *at,
	const char *s, int braces, struct err *e) MUST_USE;
void tmpl_parts_release(struct tmpl_parts *parts);
bool tmpl_complain(const struct tmpl_place *at, struct err *e, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

#endif
