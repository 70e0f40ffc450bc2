/*
 * Templates: {{ expression }} in the strings of a JSON tree. Compiled to a tree of the same shape; a
 * string becomes a list of parts, texts and expressions in turn.
 */
#include "backends/base/template.h"

#include "backends/base/mem.h"
#include "backends/base/template_part.h"
#include "backends/base/url.h"

#include <stdlib.h>
#include <string.h>

#define TREE_DEPTH_MAX 64
#define TEXT_MAX ((size_t)16 << 20)

enum kind { CONSTANT, VALUE, TEXT, ARRAY, OBJECT, PATH };

struct tmpl {
	enum kind kind;
	json_t *constant;
	struct tmpl_parts parts; /* VALUE: one; TEXT, PATH: several */
	struct tmpl **below;     /* ARRAY, OBJECT */
	char **keys;             /* OBJECT: without the "?" */
	size_t n;
	bool optional; /* the key ended in "?": leave it out when the expression gives null */
};

static struct tmpl *compile(const struct tmpl_place *at, const json_t *tree,
	bool optional, int depth, struct err *e);

static struct tmpl *fresh(enum kind kind, bool optional)
{
	struct tmpl *t = xcalloc(1, sizeof(*t));
	t->kind = kind;
	t->optional = optional;
	return t;
}

void tmpl_free(struct tmpl *t)
{
	if (!t)
		return;
	for (size_t i = 0; i < t->n; i++) {
		tmpl_free(t->below[i]);
		if (t->keys)
			free(t->keys[i]);
	}
	free(t->below);
	free(t->keys);
	tmpl_parts_release(&t->parts);
	json_decref(t->constant);
	free(t);
}

/* ---- compiling ---- */

static bool add_below(struct tmpl *t, size_t i, const struct tmpl_place *at,
	const json_t *v, bool optional, int depth, struct err *e)
{
	t->below[i] = compile(at, v, optional, depth + 1, e);
	if (!t->below[i])
		return false;
	t->n = i + 1;
	return true;
}

static struct tmpl *compile_array(const struct tmpl_place *at, const json_t *tree,
	bool optional, int depth, struct err *e)
{
	struct tmpl *t = fresh(ARRAY, optional);
	size_t n = json_array_size(tree);
	t->below = xcalloc(n, sizeof(struct tmpl *));
	for (size_t i = 0; i < n; i++) {
		struct tmpl_place item = {at->doc, tree, NULL, i, at->names};
		if (!add_below(
			    t, i, &item, json_array_get(tree, i), optional, depth, e)) {
			tmpl_free(t);
			return NULL;
		}
	}
	return t;
}

static struct tmpl *compile_object(const struct tmpl_place *at, const json_t *tree,
	bool optional, int depth, struct err *e)
{
	struct tmpl *t = fresh(OBJECT, optional);
	size_t n = json_object_size(tree), i = 0;
	union {
		const json_t *in;
		json_t *out;
	} obj = {tree}; /* iterating changes nothing, but jansson's iterator wants it */
	t->below = xcalloc(n, sizeof(struct tmpl *));
	t->keys = xcalloc(n, sizeof(char *));
	for (void *it = json_object_iter(obj.out); it && i < n;
		it = json_object_iter_next(obj.out, it)) {
		const char *key = json_object_iter_key(it);
		bool may_miss = str_ends(key, "?");
		struct tmpl_place member = {at->doc, tree, key, 0, at->names};
		if (!add_below(t, i, &member, json_object_iter_value(it), may_miss, depth,
			    e)) {
			tmpl_free(t);
			return NULL;
		}
		t->keys[i++] = xstrndup(key, strlen(key) - may_miss);
	}
	return t;
}

static struct tmpl *compile_string(
	const struct tmpl_place *at, const json_t *s, bool optional, struct err *e)
{
	struct tmpl *t = fresh(TEXT, optional);
	if (!tmpl_parts_compile(&t->parts, at, json_string_value(s), 2, e)) {
		tmpl_free(t);
		return NULL;
	}
	if (t->parts.n == 1 && t->parts.items[0].expr) {
		t->kind = VALUE;
	} else if (t->parts.n == 0 || (t->parts.n == 1 && t->parts.items[0].text)) {
		t->kind = CONSTANT;
		t->constant = json_string(json_string_value(s));
	}
	return t;
}

static struct tmpl *compile(const struct tmpl_place *at, const json_t *tree,
	bool optional, int depth, struct err *e)
{
	if (depth > TREE_DEPTH_MAX) {
		tmpl_complain(at, e, "nested deeper than 64 levels");
		return NULL;
	}
	if (json_is_string(tree))
		return compile_string(at, tree, optional, e);
	if (json_is_array(tree))
		return compile_array(at, tree, optional, depth, e);
	if (json_is_object(tree))
		return compile_object(at, tree, optional, depth, e);
	struct tmpl *t = fresh(CONSTANT, optional);
	t->constant = json_deep_copy(tree ? tree : json_null());
	return t;
}

struct tmpl *tmpl_compile(const struct yaml_doc *doc, const json_t *in, const char *key,
	const json_t *tree, struct err *e)
{
	return tmpl_compile_known(doc, in, key, tree, NULL, e);
}

struct tmpl *tmpl_compile_known(const struct yaml_doc *doc, const json_t *in,
	const char *key, const json_t *tree, const struct tmpl_names *names,
	struct err *e)
{
	struct tmpl_place at = {doc, in, key, SIZE_MAX, names};
	return compile(&at, tree, key && str_ends(key, "?"), 0, e);
}

/* A value is encoded, but what its author wrote goes out as it is: it must be one already. */
static bool path_texts(
	const struct tmpl_parts *parts, const struct tmpl_place *at, struct err *e)
{
	for (size_t i = 0; i < parts->n; i++)
		for (const char *s = parts->items[i].text; s && *s; s++)
			if ((unsigned char)*s <= ' ' || *s == 0x7f)
				return tmpl_complain(at, e,
					"a path holds a blank or control character; "
					"write %%%02X",
					(unsigned)(unsigned char)*s);
	return true;
}

struct tmpl *tmpl_compile_path(const struct yaml_doc *doc, const json_t *in,
	const char *key, const char *path, const struct tmpl_names *names, struct err *e)
{
	struct tmpl_place at = {doc, in, key, SIZE_MAX, names};
	struct tmpl *t = fresh(PATH, false);
	if (tmpl_parts_compile(&t->parts, &at, path, 1, e) &&
		path_texts(&t->parts, &at, e))
		return t;
	tmpl_free(t);
	return NULL;
}

/* ---- rendering ---- */

typedef bool add_fn(
	struct str *out, const struct tmpl_part *p, const json_t *v, struct err *e);

/* Texts as they are, each expression's value through `add`. */
static bool fill(
	const struct tmpl *t, json_t *scope, add_fn *add, struct str *out, struct err *e)
{
	for (size_t i = 0; i < t->parts.n; i++) {
		const struct tmpl_part *p = &t->parts.items[i];
		if (p->text) {
			str_adds(out, p->text);
			continue;
		}
		json_t *v = jmes_search(p->expr, scope, scope, e);
		if (!v)
			return err_wrap(e, "{{ %s }}", p->source);
		bool ok = add(out, p, v, e);
		json_decref(v);
		if (!ok)
			return false;
	}
	return true;
}

static bool too_long(const struct str *out, struct err *e)
{
	return err_set(e, ERR_LIMIT, "a text grows over %zu bytes", out->max);
}

static bool add_text(
	struct str *out, const struct tmpl_part *p, const json_t *v, struct err *e)
{
	(void)p;
	return json_scalar_to(out, v) || too_long(out, e);
}

static bool text_of(const struct tmpl *t, json_t *scope, struct str *out, struct err *e)
{
	return fill(t, scope, add_text, out, e) && (!out->over || too_long(out, e));
}

static json_t *render_text(const struct tmpl *t, json_t *scope, struct err *e)
{
	struct str out = STR_INIT_MAX(TEXT_MAX);
	json_t *v = text_of(t, scope, &out, e) ? json_stringn(out.buf, out.len) : NULL;
	if (!v && !out.over && out.len && !utf8_valid(out.buf, out.len))
		err_set(e, ERR_PARSE, "a text is not valid UTF-8");
	str_release(&out);
	return v;
}

/* Copied, so that the caller may change or wipe the tree without touching the scope. */
static json_t *render_value(const struct tmpl *t, json_t *scope, struct err *e)
{
	json_t *v = jmes_search(t->parts.items[0].expr, scope, scope, e);
	if (!v) {
		err_wrap(e, "{{ %s }}", t->parts.items[0].source);
		return NULL;
	}
	json_t *copy = json_deep_copy(v);
	json_decref(v);
	return copy;
}

static json_t *render_below(const struct tmpl *t, json_t *scope, struct err *e)
{
	json_t *box = t->kind == ARRAY ? json_array() : json_object();
	for (size_t i = 0; i < t->n; i++) {
		const struct tmpl *b = t->below[i];
		json_t *v = tmpl_render(b, scope, e);
		if (!v) {
			if (t->keys)
				err_wrap(e, "%s", t->keys[i]);
			json_decref(box);
			return NULL;
		}
		if (json_is_null(v) && b->optional && b->kind == VALUE)
			json_decref(v);
		else if (t->kind == ARRAY)
			json_array_append_new(box, v);
		else
			json_object_set_new(box, t->keys[i], v);
	}
	return box;
}

json_t *tmpl_render(const struct tmpl *t, json_t *scope, struct err *e)
{
	switch (t->kind) {
	case CONSTANT:
		return json_deep_copy(t->constant);
	case VALUE:
		return render_value(t, scope, e);
	case TEXT:
	case PATH:
		return render_text(t, scope, e);
	case ARRAY:
	case OBJECT:
		return render_below(t, scope, e);
	}
	return NULL;
}

bool tmpl_render_text(const struct tmpl *t, json_t *scope, struct str *out, struct err *e)
{
	if (t->kind == TEXT)
		return text_of(t, scope, out, e);
	json_t *v = tmpl_render(t, scope, e);
	if (!v)
		return false;
	bool ok = json_scalar_to(out, v);
	json_decref(v);
	return ok || too_long(out, e);
}

/* ---- paths ---- */

static bool add_segment(
	struct str *out, const struct tmpl_part *p, const json_t *v, struct err *e)
{
	struct str text = STR_INIT_MAX(8192);
	const char *why = NULL;
	if (json_is_array(v) || json_is_object(v))
		why = "is an array or object";
	else if (!json_scalar_to(&text, v))
		why = "is longer than 8 KiB";
	else if (text.len == 0)
		why = "is empty or missing";
	else if (strcmp(text.buf, ".") == 0 || strcmp(text.buf, "..") == 0)
		why = "is \".\" or \"..\"";
	else if (memchr(text.buf, '\r', text.len) || memchr(text.buf, '\n', text.len) ||
		 memchr(text.buf, '\0', text.len))
		why = "holds a line break or NUL";
	else
		url_part(out, text.buf, text.len);
	str_release(&text);
	return why ? err_set(e, ERR_PARSE, "{%s} in a path %s", p->source, why) : true;
}

/* Several values side by side could still make a ".." together. */
static bool dots(const char *path)
{
	for (const char *s = path; *s;) {
		size_t n = strcspn(s, "/?#");
		if ((n == 1 && s[0] == '.') || (n == 2 && s[0] == '.' && s[1] == '.'))
			return true;
		if (s[n] != '/')
			return false;
		s += n + 1;
	}
	return false;
}

bool tmpl_render_path(const struct tmpl *t, json_t *scope, struct str *out, struct err *e)
{
	size_t start = out->len;
	if (!fill(t, scope, add_segment, out, e))
		return false;
	if (out->over)
		return err_set(e, ERR_LIMIT, "a path grows over %zu bytes", out->max);
	if (dots(out->buf + start))
		return err_set(e, ERR_PARSE, "a part of the path is \".\" or \"..\"");
	return true;
}
