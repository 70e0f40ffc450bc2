#ifndef BASE_JMESPATH_H
#define BASE_JMESPATH_H

#include "backends/base/clock.h"
#include "backends/base/json.h"

/*
 * JMESPath (https://jmespath.org/specification.html), complete, over jansson; an expression is compiled once
 * and evaluated often. Passes the public compliance suite.
 *
 * Functions beyond the standard, for connectors (an argument of the wrong type is an error as in the standard,
 * except that null in gives null out for those marked *):
 *   scope()               the scope object given to jmes_search ({settings, source, each, since, now, ...})
 *   now()                 now, as ISO 8601 UTC: for now(), ago() and age() the scope's `now`, else its action.now (a plan
 *                         stays what was approved), else the clock
 *   ago(duration)         now minus "7d", "30m", ...: ISO 8601 UTC
 *   time(x) *             any time clock_parse or clock_from_epoch takes -> ISO 8601 UTC with µs
 *   epoch(x) *            the same -> integer seconds
 *   age(x) *              whole seconds from then until now
 *   date(x) *             the same -> "YYYY-MM-DD"
 *   dates(from, to) *     the days of a range, both ends in it: ["YYYY-MM-DD", ...], at most 3660; [] when to is before from
 *   add_time(x, dur) *    time plus duration ("2h", "-2h") -> ISO 8601 UTC
 *   seconds(dur) *        "2h" -> 7200
 *   lower(s) * upper(s) * trim(s) *
 *   split(s, sep) *       array of strings; sep "" is an error
 *   replace(s, a, b) *    every a by b, literally
 *   substr(s, from, len) * by code points
 *   match(s, regex) *     POSIX extended; null, or an array [whole, group1, ...]
 *   parse_json(s) *       the document in a string; null when it is none
 *   items(obj) *          [{"key": k, "value": v}, ...], keys sorted
 *   from_items(array) *   the reverse
 *   round(n, digits) *
 *   format(template, args...)   "{}" replaced by each argument's text
 *   url(template, args...) *
 *                         the same for an address: each value percent-encoded as one part of it, but one that the template
 *                         begins with, which is an address itself: url('{}/dags/{}', settings.url, dag_id)
 *   money(x, currency) *  "$1 840", "450 EUR": an amount for people, its decimals cut (base/money.h)
 *   coalesce(a, b, ...)   the first that is not null (unlike ||, false and "" count)
 *   percent(part, whole) * part / whole * 100, null when whole is 0
 *   unique(array) *       each element once
 *
 * Limits: expression 8 KiB, nesting 64, evaluation 2 000 000 steps, result strings 16 MiB.
 */
struct jmes;

/* An error says "column N: ...". */
struct jmes *jmes_compile(const char *expr, struct err *e) MUST_USE;
void jmes_free(struct jmes *j);

/* Returns a new reference (json_null() when nothing matched), or NULL with `e` filled. `scope` may be NULL. */
json_t *jmes_search(
	const struct jmes *j, json_t *input, json_t *scope, struct err *e) MUST_USE;

/*
 * For expressions that people write: false, with "column N: ...", for what the language takes and nobody means. "!a.b",
 * which takes b of (!a); < and > on texts, times among them, which are never true.
 */
bool jmes_sound(const struct jmes *j, struct err *e) MUST_USE;

/*
 * The names that an expression takes from the scope object: fn(arg, root, NULL) for each root, then fn(arg, root, member)
 * for a member taken of it; false ends the walk and is the answer. `of_input`: the input is the scope object too, as in
 * templates. What only evaluation could tell (a member of what a function gave) is passed over.
 */
typedef bool jmes_name_fn(void *arg, const char *root, const char *member);
bool jmes_names(const struct jmes *j, bool of_input, jmes_name_fn *fn, void *arg);

/*
 * What an expression looks at: fn for each outermost path that it takes of its input or (of_scope) of the scope object:
 * "result.state", "[0].n", "" for all of it; with the value there, borrowed, json_null() when there is none, or when a list is
 * wanted there and it is none. Paths of elements of a list are passed over. False ends the walk.
 */
typedef bool jmes_path_fn(void *arg, bool of_scope, const char *path, json_t *value);
void jmes_paths(
	const struct jmes *j, json_t *input, json_t *scope, jmes_path_fn *fn, void *arg);

/* Takes a name that the expression takes from its input itself from the scope object instead, whatever the input holds by
 * that name (there: @.name). Of an expression that is not in use yet. */
void jmes_take_from_scope(struct jmes *j, const char *name);

/* The functions by number: the name, and what it takes ("text, text or number, ..."). False after the last. */
struct str;
bool jmes_function(size_t i, const char **name, struct str *takes);

/* JMESPath truth: false for null, false, "", [] and {}. */
bool jmes_truthy(const json_t *v);

#endif
