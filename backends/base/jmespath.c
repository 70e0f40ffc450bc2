/*
 * JMESPath: compile, search, free.
 */
#include "backends/base/jmes_private.h"

#include "backends/base/utf8.h"

#include <stdlib.h>
#include <string.h>

struct jmes *jmes_compile(const char *expr, struct err *e)
{
	size_t len = strlen(expr);
	if (len > JMES_EXPR_MAX) {
		err_set(e, ERR_LIMIT, "column %d: the expression is longer than 8 KiB",
			JMES_EXPR_MAX + 1);
		return NULL;
	}
	if (!utf8_valid(expr, len)) {
		err_set(e, ERR_CONFIG, "column 1: the expression is not valid UTF-8");
		return NULL;
	}
	struct jmes *j = xcalloc(1, sizeof(*j));
	struct jmes_token *tokens = NULL;
	size_t n;
	j->text = xstrdup(expr);
	j->literals = json_array();
	bool ok = jmes_lex(j, &tokens, &n, e) && jmes_parse(j, tokens, e);
	free(tokens);
	if (ok)
		return j;
	jmes_free(j);
	return NULL;
}

void jmes_free(struct jmes *j)
{
	if (!j)
		return;
	for (size_t i = 0; i < j->regex_count; i++) {
		regfree(j->regexes[i]);
		free(j->regexes[i]);
	}
	free(j->regexes);
	json_decref(j->literals);
	arena_release(&j->mem);
	free(j->text);
	free(j);
}

json_t *jmes_search(const struct jmes *j, json_t *input, json_t *scope, struct err *e)
{
	/* Set one by one: a record takes some thirty searches, and clearing `first` each time is felt. */
	struct jmes_run r;
	r.j = j;
	r.scope = scope;
	r.e = e;
	r.steps = r.text = 0;
	r.pool = r.first;
	r.pool_n = 0;
	r.pool_cap = LENGTH(r.first);
	json_t *v = json_incref(jmes_eval(&r, j->root, input ? input : json_null()));
	for (size_t i = 0; i < r.pool_n; i++)
		json_decref(r.pool[i]);
	if (r.pool != r.first)
		free(r.pool);
	return v;
}
