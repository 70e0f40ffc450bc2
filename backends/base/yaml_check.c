/*
 * Complaints about YAML files with their place, and the check of an object's keys against
 * a table.
 */
#include "backends/base/clock.h"
#include "backends/base/mem.h"
#include "backends/base/yaml_place.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#define WORD_MAX 48

static struct yaml_spot find_spot(const struct yaml_doc *doc, const json_t *in,
	const char *key, size_t index, bool value)
{
	struct yaml_spot key_at = {.line = 1, .column = 1}, value_at = key_at;
	if (!yaml_place_find(doc->at, in, key, index, &key_at, &value_at) &&
		!yaml_place_find(doc->at, in, NULL, YAML_SELF, &key_at, &value_at))
		return (struct yaml_spot){.line = 1, .column = 1};
	return value ? value_at : key_at;
}

void yaml_where(const struct yaml_doc *doc, const json_t *in, const char *key,
	size_t index, int *line, int *column)
{
	struct yaml_spot at = find_spot(doc, in, key, index, true);
	*line = at.line;
	*column = at.column;
}

bool yaml_cut(const struct yaml_doc *doc, const json_t *in, const char *key, size_t index)
{
	struct yaml_spot at;
	return yaml_place_find(doc->at, in, key, index, NULL, &at) && at.cut;
}

static PRINTF_LIKE(4, 0) bool complain(struct err *e, const struct yaml_doc *doc,
	struct yaml_spot at, const char *fmt, va_list ap)
{
	struct str text = STR_INIT_MAX(2 * sizeof(e->msg));
	str_addv(&text, fmt, ap);
	err_set(e, ERR_CONFIG, "%s:%d:%d: %s", doc->path ? doc->path : "?", at.line,
		at.column, text.buf);
	str_release(&text);
	return false;
}

bool yaml_err(struct err *e, const struct yaml_doc *doc, const json_t *in,
	const char *key, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(e, doc, find_spot(doc, in, key, YAML_SELF, false), fmt, ap);
	va_end(ap);
	return false;
}

bool yaml_err_value(struct err *e, const struct yaml_doc *doc, const json_t *in,
	const char *key, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(e, doc, find_spot(doc, in, key, YAML_SELF, true), fmt, ap);
	va_end(ap);
	return false;
}

bool yaml_err_item(struct err *e, const struct yaml_doc *doc, const json_t *in,
	size_t index, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	complain(e, doc, find_spot(doc, in, NULL, index, true), fmt, ap);
	va_end(ap);
	return false;
}

/* ---- did you mean ---- */

static size_t min3(size_t a, size_t b, size_t c)
{
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

/* Edits (insert, delete, replace, swap of neighbours) between two words of at most
 * WORD_MAX bytes. */
static size_t distance(const char *a, const char *b)
{
	size_t rows[3][WORD_MAX + 1];
	size_t n = strlen(a), m = strlen(b);
	for (size_t j = 0; j <= m; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= n; i++) {
		size_t *now = rows[i % 3], *last = rows[(i + 2) % 3],
		       *before = rows[(i + 1) % 3];
		now[0] = i;
		for (size_t j = 1; j <= m; j++) {
			int x = tolower((unsigned char)a[i - 1]),
			    y = tolower((unsigned char)b[j - 1]);
			now[j] =
				min3(last[j] + 1, now[j - 1] + 1, last[j - 1] + (x != y));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] &&
				a[i - 2] == b[j - 1] && before[j - 2] + 1 < now[j])
				now[j] = before[j - 2] + 1;
		}
	}
	return rows[n % 3][m];
}

const char *yaml_nearest(const char *word, const char *const *names, size_t n)
{
	const char *best = NULL;
	/* The distance must be below. */
	size_t len = strlen(word), least = len < 4 ? 2 : len < 8 ? 3 : 4;
	if (len > WORD_MAX)
		return NULL;
	for (size_t i = 0; i < n; i++) {
		if (strlen(names[i]) > WORD_MAX)
			continue;
		size_t d = distance(word, names[i]);
		if (d < least) {
			least = d;
			best = names[i];
		}
	}
	return best;
}

/* ---- tables of keys ---- */

static const char *type_word(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
		return "nothing";
	case JSON_TRUE:
	case JSON_FALSE:
		return "true or false";
	case JSON_INTEGER:
		return "a whole number";
	case JSON_REAL:
		return "a number with a fraction";
	case JSON_STRING:
		return "a text";
	case JSON_ARRAY:
		return "a list";
	case JSON_OBJECT:
		return "a mapping";
	}
	return "unknown";
}

static unsigned type_bits(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
		return 0;
	case JSON_TRUE:
	case JSON_FALSE:
		return YAML_BOOL;
	case JSON_INTEGER:
		return YAML_INT | YAML_NUMBER;
	case JSON_REAL:
		return YAML_NUMBER;
	case JSON_STRING:
		return YAML_STRING;
	case JSON_ARRAY:
		return YAML_ARRAY;
	case JSON_OBJECT:
		return YAML_OBJECT;
	}
	return 0;
}

static void wanted_words(struct str *out, unsigned types)
{
	static const struct {
		unsigned bit;
		const char *word;
	} words[] = {{YAML_STRING, "a text"}, {YAML_NUMBER, "a number"},
		{YAML_INT, "a whole number"}, {YAML_BOOL, "true or false"},
		{YAML_OBJECT, "a mapping (key: value)"}, {YAML_ARRAY, "a list"},
		{YAML_DURATION, "a duration such as 30s, 5m or 2h"},
		{YAML_COUNT, "a whole number from 1"}};
	for (size_t i = 0; i < LENGTH(words); i++) {
		bool told = words[i].bit == YAML_INT && (types & YAML_NUMBER);
		if (!(types & words[i].bit) || told)
			continue;
		if (out->len)
			str_adds(out, " or ");
		str_adds(out, words[i].word);
	}
}

static bool type_fits(const json_t *v, unsigned types)
{
	usec_t t;
	if (json_is_null(v))
		return (types & YAML_ANY) == YAML_ANY;
	if (type_bits(v) & types)
		return true;
	if ((types & YAML_COUNT) && json_is_integer(v))
		return json_integer_value(v) >= 1 && json_integer_value(v) <= INT_MAX;
	return (types & YAML_DURATION) && json_is_string(v) &&
	       clock_parse_duration(json_string_value(v), &t);
}

static bool check_value(const struct yaml_doc *doc, const json_t *obj,
	const struct yaml_key *k, const json_t *v, struct err *e)
{
	if (type_fits(v, k->types))
		return true;
	struct str want = STR_INIT_MAX(256);
	wanted_words(&want, k->types);
	if (json_is_null(v))
		yaml_err(e, doc, obj, k->name, "%s has no value: it must be %s", k->name,
			want.buf);
	else if (json_is_string(v) && json_string_length(v) < 40)
		yaml_err_value(e, doc, obj, k->name, "%s must be %s, not \"%s\"", k->name,
			want.buf, json_string_value(v));
	else if (json_is_integer(v) && (k->types & YAML_COUNT))
		yaml_err_value(e, doc, obj, k->name, "%s must be %s, not %lld", k->name,
			want.buf, (long long)json_integer_value(v));
	else
		yaml_err_value(e, doc, obj, k->name, "%s must be %s, not %s", k->name,
			want.buf, type_word(v));
	str_release(&want);
	return false;
}

static bool unknown_key(const struct yaml_doc *doc, const json_t *obj, const char *key,
	const char *what, const struct yaml_key *keys, struct err *e)
{
	const char *names[64] = {NULL};
	size_t n = 0;
	struct str list = STR_INIT_MAX(256);
	for (; n < LENGTH(names) && keys[n].name; n++) {
		names[n] = keys[n].name;
		if (n)
			str_adds(&list, ", ");
		str_adds(&list, names[n]);
	}
	const char *near = yaml_nearest(key, names, n);
	if (near)
		yaml_err(e, doc, obj, key,
			"unknown key \"%s\" in %s: did you mean \"%s\"?", key, what,
			near);
	else
		yaml_err(e, doc, obj, key, "unknown key \"%s\" in %s: it takes %s%s", key,
			what, list.buf, list.over ? " ..." : "");
	str_release(&list);
	return false;
}

static struct {
	yaml_table_fn *fn;
	void *arg;
} asker;

void yaml_tell_tables(yaml_table_fn *fn, void *arg)
{
	asker.fn = fn;
	asker.arg = arg;
}

static bool check(const struct yaml_doc *doc, const json_t *obj, const char *what,
	const struct yaml_key *keys, bool others, struct err *e)
{
	if (asker.fn)
		asker.fn(asker.arg, what, keys);
	if (!json_is_object(obj))
		return yaml_err(e, doc, obj, NULL,
			"%s must be a mapping (key: value), not %s", what,
			obj ? type_word(obj) : "nothing");
	union {
		const json_t *in;
		json_t *out;
	} o = {obj}; /* iterating changes nothing, but jansson's iterator wants it */
	const char *key;
	json_t *v;
	json_object_foreach (o.out, key, v) {
		const struct yaml_key *k = keys;
		while (k->name && strcmp(k->name, key) != 0)
			k++;
		if (!k->name && !others)
			return unknown_key(doc, obj, key, what, keys, e);
		if (k->name && !check_value(doc, obj, k, v, e))
			return false;
	}
	for (const struct yaml_key *k = keys; k->name; k++)
		if (k->required && !json_object_get(obj, k->name))
			return yaml_err(e, doc, obj, NULL, "%s needs the key \"%s\"",
				what, k->name);
	return true;
}

bool yaml_check(const struct yaml_doc *doc, const json_t *obj, const char *what,
	const struct yaml_key *keys, struct err *e)
{
	return check(doc, obj, what, keys, false, e);
}

bool yaml_check_known(const struct yaml_doc *doc, const json_t *obj, const char *what,
	const struct yaml_key *keys, struct err *e)
{
	return check(doc, obj, what, keys, true, e);
}
