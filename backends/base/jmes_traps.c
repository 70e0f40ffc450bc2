/*
 * What the language takes and nobody means: found by a look at the tree, when an expression is read from a file.
 */
#include "backends/base/jmes_fn.h"

#include <string.h>

/* Functions that give a text: < and > compare numbers only. */
static const char *const text_functions[] = {"now", "ago", "time", "date", "add_time",
	"lower", "upper", "trim", "replace", "substr", "format", "money", "join",
	"to_string", "type"};
/* The times of a record are texts, ISO 8601. */
static const char *const records[] = {"record", "before"};
static const char *const times[] = {
	"started", "ended", "updated", "due", "since", "seen", "snoozed_until"};

static bool among(const char *const *words, size_t n, const char *word)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(words[i], word) == 0)
			return true;
	return false;
}

static bool is_field(const struct jmes_node *n, const char *const *words, size_t count)
{
	return n && n->op == JN_FIELD && among(words, count, n->name);
}

static bool is_text(const struct jmes_node *n)
{
	if (n->op == JN_LITERAL)
		return json_is_string(n->value);
	if (n->op == JN_CALL)
		return among(text_functions, LENGTH(text_functions), n->fn->name);
	return n->op == JN_SUB && is_field(n->left, records, LENGTH(records)) &&
	       is_field(n->right, times, LENGTH(times));
}

/* "!" holds tighter than the dot: !a.b takes b of a truth value, which has none. */
static bool negated_part(const struct jmes *j, const struct jmes_node *n, struct err *e)
{
	const struct jmes_node *left = n->left;

	if (!left || left->op != JN_NOT || left->alone)
		return true;
	if (n->op == JN_SUB || n->op == JN_VALUE_PROJ || n->op == JN_LIST_PROJ ||
		n->op == JN_FILTER_PROJ)
		return jmes_bad(e, j->text, left->at,
			       "\"!\" takes only the name beside it, so !a.b is (!a).b "
			       "and never true: write !(a.b)") != NULL;
	if (n->op == JN_COMPARE && n->right->op != JN_NOT)
		return jmes_bad(e, j->text, left->at,
			       "\"!\" takes only the name beside it: write !(a == b), "
			       "or (!a) == b where that is meant") != NULL;
	return true;
}

static bool ordered_texts(const struct jmes *j, const struct jmes_node *n, struct err *e)
{
	if (n->op != JN_COMPARE || n->compare == JT_EQ || n->compare == JT_NE ||
		(!is_text(n->left) && !is_text(n->right)))
		return true;
	return jmes_bad(e, j->text, n->at,
		       "< and > compare numbers, and this is a text, so it is never "
		       "true: of times write epoch(a) < epoch(b), or age(a) > `3600`") !=
	       NULL;
}

/* No deeper than JMES_HEIGHT_MAX. */
static bool sound(const struct jmes *j, const struct jmes_node *n, struct err *e)
{
	if (!n)
		return true;
	if (!negated_part(j, n, e) || !ordered_texts(j, n, e))
		return false;
	for (size_t i = 0; i < n->n; i++)
		if (!sound(j, n->items[i], e))
			return false;
	return sound(j, n->left, e) && sound(j, n->right, e) && sound(j, n->cond, e);
}

bool jmes_sound(const struct jmes *j, struct err *e)
{
	return sound(j, j->root, e);
}
