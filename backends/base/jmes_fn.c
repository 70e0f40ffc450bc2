/*
 * JMESPath functions: the look-up by name, the check of arguments, the call.
 */
#include "backends/base/jmes_fn.h"

#include "backends/base/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct jmes_fn *const tables[] = {
	jmes_fns_number, jmes_fns_text, jmes_fns_list, jmes_fns_order, jmes_fns_time};

static const struct jmes_fn *find(const char *name)
{
	for (size_t i = 0; i < LENGTH(tables); i++)
		for (const struct jmes_fn *f = tables[i]; f->name; f++)
			if (strcmp(f->name, name) == 0)
				return f;
	return NULL;
}

static const char *nearest(const char *name)
{
	const char *names[96];
	size_t n = 0;
	for (size_t i = 0; i < LENGTH(tables); i++)
		for (const struct jmes_fn *f = tables[i]; f->name && n < LENGTH(names);
			f++)
			names[n++] = f->name;
	return yaml_nearest(name, names, n);
}

/* Compiles the pattern of match(x, 'pattern') once. */
static bool bind_regex(struct jmes *j, struct jmes_node *call, struct err *e)
{
	const struct jmes_node *pattern = call->n == 2 ? call->items[1] : NULL;
	if (strcmp(call->fn->name, "match") != 0 || !pattern ||
		pattern->op != JN_LITERAL || !json_is_string(pattern->value))
		return true;
	regex_t *re = xcalloc(1, sizeof(*re));
	int rc = regcomp(re, json_string_value(pattern->value), REG_EXTENDED);
	if (rc != 0) {
		char why[128];
		regerror(rc, re, why, sizeof(why));
		free(re);
		return jmes_bad(e, j->text, pattern->at, "bad regular expression: %s",
			       why) != NULL;
	}
	j->regexes = mem_grow(
		j->regexes, &j->regex_cap, j->regex_count + 1, sizeof(regex_t *));
	j->regexes[j->regex_count++] = re;
	call->regex = re;
	return true;
}

static unsigned type_of_arg(const struct jmes_fn *f, size_t i)
{
	return f->types[i < LENGTH(f->types) ? i : LENGTH(f->types) - 1];
}

bool jmes_bind_call(
	struct jmes *j, struct jmes_node *call, const char *name, struct err *e)
{
	const struct jmes_fn *f = find(name);
	if (!f) {
		const char *near = nearest(name);
		return jmes_bad(e, j->text, call->at, "there is no function %s()%s%s%s",
			       name, near ? ": did you mean " : "", near ? near : "",
			       near ? "()?" : "") != NULL;
	}
	size_t most = f->most < JMES_ARGS_MAX ? f->most : JMES_ARGS_MAX;
	if (call->n < f->least || call->n > most) {
		if (f->least == most)
			jmes_bad(e, j->text, call->at,
				"%s() takes %zu argument%s, not %zu", name, most,
				most == 1 ? "" : "s", call->n);
		else
			jmes_bad(e, j->text, call->at,
				"%s() takes %d to %zu arguments, not %zu", name,
				(int)f->least, most, call->n);
		return false;
	}
	call->fn = f;
	return bind_regex(j, call, e);
}

const char *jmes_type_name(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
		return "null";
	case JSON_TRUE:
	case JSON_FALSE:
		return "boolean";
	case JSON_INTEGER:
	case JSON_REAL:
		return "number";
	case JSON_STRING:
		return "string";
	case JSON_ARRAY:
		return "array";
	case JSON_OBJECT:
		return "object";
	}
	return "null";
}

static unsigned type_bit(const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_NULL:
		return JA_NULL;
	case JSON_TRUE:
	case JSON_FALSE:
		return JA_BOOL;
	case JSON_INTEGER:
	case JSON_REAL:
		return JA_NUMBER;
	case JSON_STRING:
		return JA_STRING;
	case JSON_ARRAY:
		return JA_ARRAY;
	case JSON_OBJECT:
		return JA_OBJECT;
	}
	return 0;
}

static bool all_of(const json_t *array, unsigned bit)
{
	size_t n = json_array_size(array);
	for (size_t i = 0; i < n; i++)
		if (type_bit(json_array_get(array, i)) != bit)
			return false;
	return true;
}

static bool fits(const json_t *v, unsigned types)
{
	unsigned bit = type_bit(v);
	if (bit & types)
		return true;
	if (bit != JA_ARRAY)
		return false;
	return ((types & JA_NUMBERS) && all_of(v, JA_NUMBER)) ||
	       ((types & JA_STRINGS) && all_of(v, JA_STRING));
}

json_t *jmes_fn_bad(struct jmes_run *r, const struct jmes_args *a, const char *fmt, ...)
{
	char what[300];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	return jmes_bad(
		r->e, r->j->text, a->call->at, "%s(): %s", a->call->fn->name, what);
}

static json_t *wrong_type(struct jmes_run *r, const struct jmes_args *a, size_t i)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{JA_STRING, "a string"}, {JA_NUMBER, "a number"},
		{JA_ARRAY, "an array"}, {JA_OBJECT, "an object"}, {JA_BOOL, "a boolean"},
		{JA_NUMBERS, "an array of numbers"}, {JA_STRINGS, "an array of strings"},
		{JA_EXPREF, "an expression (&...)"}};
	struct str want = STR_INIT_MAX(128);
	unsigned types = type_of_arg(a->call->fn, i);
	for (size_t k = 0; k < LENGTH(names); k++) {
		if (types & names[k].bit && str_adds(&want, want.len ? " or " : ""))
			str_adds(&want, names[k].name);
	}
	const char *got = a->ref[i] ? "an expression" : jmes_type_name(a->v[i]);
	bool mixed = !a->ref[i] && json_is_array(a->v[i]) &&
		     (types & (JA_NUMBERS | JA_STRINGS));
	jmes_fn_bad(r, a, "argument %zu must be %s, not %s", i + 1, want.buf,
		mixed ? "another array" : got);
	str_release(&want);
	return NULL;
}

json_t *jmes_call(struct jmes_run *r, const struct jmes_node *call, json_t *in)
{
	const struct jmes_fn *f = call->fn;
	struct jmes_args a;
	bool null = false;
	a.n = call->n;
	a.call = call;
	for (size_t i = 0; i < a.n; i++) {
		const struct jmes_node *arg = call->items[i];
		a.ref[i] = arg->op == JN_EXPREF ? arg->left : NULL;
		a.v[i] = a.ref[i] ? NULL : jmes_eval(r, arg, in);
		if (!a.ref[i] && !a.v[i])
			return NULL;
		null = null || (a.v[i] && json_is_null(a.v[i]));
	}
	if (null && f->null_through)
		return json_null();
	for (size_t i = 0; i < a.n; i++) {
		unsigned types = type_of_arg(f, i);
		if (a.ref[i] ? !(types & JA_EXPREF) : !fits(a.v[i], types))
			return wrong_type(r, &a, i);
	}
	/* A function's value is one of its own or of an argument, never the argument list. */
	/* cppcheck-suppress returnDanglingLifetime */
	return f->call(r, &a);
}

/* ---- for people who look for a function ---- */

static void add_types(struct str *out, unsigned types)
{
	static const struct {
		unsigned bit;
		const char *name;
	} names[] = {{JA_STRING, "text"}, {JA_NUMBER, "number"}, {JA_BOOL, "true/false"},
		{JA_ARRAY, "array"}, {JA_OBJECT, "object"}, {JA_NUMBERS, "numbers"},
		{JA_STRINGS, "texts"}, {JA_EXPREF, "&expr"}};
	bool more = false;
	if ((types & JA_ANY) == JA_ANY) {
		str_adds(out, "any");
		return;
	}
	for (size_t i = 0; i < LENGTH(names); i++) {
		if (!(types & names[i].bit))
			continue;
		str_addf(out, "%s%s", more ? "|" : "", names[i].name);
		more = true;
	}
}

bool jmes_function(size_t i, const char **name, struct str *takes)
{
	const struct jmes_fn *f = NULL;
	for (size_t t = 0; t < LENGTH(tables) && !f; t++) {
		f = tables[t];
		while (f->name && i > 0) {
			f++;
			i--;
		}
		if (!f->name)
			f = NULL;
	}
	if (!f)
		return false;
	*name = f->name;
	size_t shown = f->most <= LENGTH(f->types) ? f->most : LENGTH(f->types) - 1;
	for (size_t k = 0; k < shown; k++) {
		str_adds(takes, k ? ", " : "");
		add_types(takes, type_of_arg(f, k));
	}
	if (f->most > shown)
		str_adds(takes, f->most > 12 ? ", ..." : "");
	return true;
}
