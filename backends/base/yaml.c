/*
 * YAML files to json_t trees by libyaml's event parser, with a stack of open containers
 * in place of recursion. Places are kept beside the tree, by container and key or index,
 * because scalars such as true are shared by jansson and cannot carry any.
 */
#include "backends/base/yaml.h"

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/base/yaml_place.h"

#include <string.h>
#include <yaml.h>

#define SIZE_LIMIT ((size_t)1 << 20)
#define DEPTH_LIMIT 32
#define NODE_LIMIT 20000

struct level {
	json_t *box;
	char *key; /* of an object whose value comes next */
	struct yaml_spot key_spot;
};

struct builder {
	struct yaml_doc *doc;
	struct level stack[DEPTH_LIMIT];
	size_t depth;
	size_t nodes;
	size_t documents;
	bool cut; /* a comment follows the scalar in hand */
	/* What libyaml has read, by its marks: characters, and the bytes that they are. */
	const char *rest, *end;
	size_t chars;
	struct err *e;
};

static struct yaml_spot spot_of(yaml_mark_t mark)
{
	return (struct yaml_spot){
		.line = (int)mark.line + 1, .column = (int)mark.column + 1};
}

static bool fail(struct builder *b, yaml_mark_t mark, const char *what)
{
	struct yaml_spot at = spot_of(mark);
	return err_set(
		b->e, ERR_CONFIG, "%s:%d:%d: %s", b->doc->path, at.line, at.column, what);
}

/* Puts a value into the open container, or makes it the root. Takes over the reference.
 */
static void place_value(struct builder *b, json_t *v, yaml_mark_t mark)
{
	struct yaml_spot at = spot_of(mark);
	at.cut = b->cut;
	b->cut = false;
	if (b->depth == 0) {
		b->doc->root = v;
		return;
	}
	struct level *top = &b->stack[b->depth - 1];
	if (json_is_array(top->box)) {
		yaml_place_add(
			b->doc->at, top->box, NULL, json_array_size(top->box), at, at);
		json_array_append_new(top->box, v);
		return;
	}
	yaml_place_add(b->doc->at, top->box, top->key, 0, top->key_spot, at);
	json_object_set_new(top->box, top->key, v);
	free(top->key);
	top->key = NULL;
}

static bool take_key(struct builder *b, struct level *top, const yaml_event_t *ev)
{
	const char *text = (const char *)ev->data.scalar.value;
	size_t len = ev->data.scalar.length;
	if (strlen(text) != len)
		return fail(b, ev->start_mark, "a key may not hold a NUL character");
	if (len == 0)
		return fail(b, ev->start_mark, "a key is missing before the colon");
	if (strcmp(text, "<<") == 0)
		return fail(b, ev->start_mark,
			"merge keys (<<) are not supported: write the keys out");
	struct yaml_spot at = spot_of(ev->start_mark), first;
	if (yaml_place_find(b->doc->at, top->box, text, 0, &first, NULL))
		return err_set(b->e, ERR_CONFIG,
			"%s:%d:%d: the key \"%s\" is here twice, first in line %d",
			b->doc->path, at.line, at.column, text, first.line);
	top->key = xstrndup(text, len);
	top->key_spot = at;
	return true;
}

/* Marks count characters, and only go forward. */
static bool comment_after(struct builder *b, yaml_mark_t mark)
{
	while (b->rest < b->end && b->chars < mark.index) {
		b->rest++;
		while (b->rest < b->end && ((unsigned char)*b->rest & 0xc0) == 0x80)
			b->rest++;
		b->chars++;
	}
	const char *s = b->rest;
	while (s < b->end && (*s == ' ' || *s == '\t'))
		s++;
	return s > b->rest && s < b->end && *s == '#';
}

static bool take_scalar(struct builder *b, const yaml_event_t *ev)
{
	struct level *top = b->depth ? &b->stack[b->depth - 1] : NULL;
	if (ev->data.scalar.anchor)
		return fail(b, ev->start_mark,
			"anchors (&name) are not supported: write the value out");
	if (ev->data.scalar.tag)
		return fail(b, ev->start_mark,
			"tags (!name) are not supported; a text that starts with \"!\" "
			"needs quotes");
	if (top && json_is_object(top->box) && !top->key)
		return take_key(b, top, ev);
	const char *text = (const char *)ev->data.scalar.value;
	const char *why = NULL;
	bool plain = ev->data.scalar.style == YAML_PLAIN_SCALAR_STYLE;
	json_t *v = yaml_scalar(text, ev->data.scalar.length, plain, &why);
	if (!v)
		return fail(b, ev->start_mark, why);
	b->cut = plain && comment_after(b, ev->end_mark);
	place_value(b, v, ev->start_mark);
	return true;
}

static bool open_box(struct builder *b, json_t *box, const yaml_event_t *ev, bool marked)
{
	struct level *top = b->depth ? &b->stack[b->depth - 1] : NULL;
	const char *why = NULL;
	if (marked)
		why = "anchors (&name) and tags (!name) are not supported";
	else if (top && json_is_object(top->box) && !top->key)
		why = "a key must be a text; a value that starts with { or [ or {{ needs "
		      "quotes";
	else if (b->depth == DEPTH_LIMIT)
		why = "nested deeper than 32 levels";
	if (why) {
		json_decref(box);
		return fail(b, ev->start_mark, why);
	}
	place_value(b, box, ev->start_mark);
	yaml_place_add(b->doc->at, box, NULL, YAML_SELF, spot_of(ev->start_mark),
		spot_of(ev->start_mark));
	b->stack[b->depth++] = (struct level){box, NULL, {0, 0}};
	return true;
}

static bool open_mapping(struct builder *b, const yaml_event_t *ev)
{
	return open_box(b, json_object(), ev,
		ev->data.mapping_start.anchor || ev->data.mapping_start.tag);
}

static bool open_sequence(struct builder *b, const yaml_event_t *ev)
{
	return open_box(b, json_array(), ev,
		ev->data.sequence_start.anchor || ev->data.sequence_start.tag);
}

static bool open_document(struct builder *b, const yaml_event_t *ev)
{
	if (++b->documents > 1)
		return fail(
			b, ev->start_mark, "a second document (---): one file holds one");
	return true;
}

static bool take_event(struct builder *b, const yaml_event_t *ev)
{
	if (++b->nodes > 2UL * NODE_LIMIT)
		return fail(
			b, ev->start_mark, "more than 20000 keys and values in one file");
	switch (ev->type) {
	case YAML_ALIAS_EVENT:
		return fail(b, ev->start_mark,
			"aliases (*name) are not supported; a text that starts with "
			"\"*\" needs quotes");
	case YAML_SCALAR_EVENT:
		return take_scalar(b, ev);
	case YAML_MAPPING_START_EVENT:
		return open_mapping(b, ev);
	case YAML_SEQUENCE_START_EVENT:
		return open_sequence(b, ev);
	case YAML_MAPPING_END_EVENT:
	case YAML_SEQUENCE_END_EVENT:
		b->depth--;
		return true;
	case YAML_DOCUMENT_START_EVENT:
		return open_document(b, ev);
	case YAML_NO_EVENT:
	case YAML_STREAM_START_EVENT:
	case YAML_STREAM_END_EVENT:
	case YAML_DOCUMENT_END_EVENT:
		return true;
	}
	return true;
}

static bool parser_error(struct builder *b, const yaml_parser_t *p)
{
	struct yaml_spot at = spot_of(p->problem_mark);
	const char *what = p->problem ? p->problem : "not valid YAML";
	const char *hint = "";
	if (p->error == YAML_READER_ERROR) /* gives no mark, only an offset */
		return err_set(b->e, ERR_CONFIG, "%s:%d:%d: %s (at byte %zu)",
			b->doc->path, (int)p->mark.line + 1, (int)p->mark.column + 1,
			what, p->problem_offset);
	if (strstr(what, "cannot start any token"))
		hint = ": indent by blanks, not tabs; quote a text that starts with @, ` "
		       "or %";
	else if (strstr(what, "mapping values are not allowed"))
		hint = ": a text with \": \" in it needs quotes";
	if (p->context && p->context_mark.line != p->problem_mark.line)
		return err_set(b->e, ERR_CONFIG,
			"%s:%d:%d: %s %s that began in line %zu%s", b->doc->path, at.line,
			at.column, what, p->context, p->context_mark.line + 1, hint);
	return err_set(b->e, ERR_CONFIG, "%s:%d:%d: %s%s", b->doc->path, at.line,
		at.column, what, hint);
}

static bool build(struct builder *b, yaml_parser_t *p)
{
	for (;;) {
		yaml_event_t ev;
		if (!yaml_parser_parse(p, &ev))
			return parser_error(b, p);
		bool ok = take_event(b, &ev);
		bool end = ev.type == YAML_STREAM_END_EVENT;
		yaml_event_delete(&ev);
		if (!ok || end)
			return ok;
	}
}

bool yaml_parse(struct yaml_doc *doc, const char *path, const char *text, size_t len,
	struct err *e)
{
	*doc = (struct yaml_doc){NULL, xstrdup(path), yaml_places_new()};
	struct builder b = {.doc = doc, .rest = text, .end = text + len, .e = e};
	yaml_parser_t p;
	bool ok;
	if (len > SIZE_LIMIT) {
		ok = err_set(e, ERR_LIMIT, "%s:1:1: larger than 1 MiB", path);
	} else if (!yaml_parser_initialize(&p)) {
		ok = err_set(e, ERR_LIMIT, "%s:1:1: out of memory", path);
	} else {
		yaml_parser_set_input_string(&p, (const unsigned char *)text, len);
		ok = build(&b, &p);
		yaml_parser_delete(&p);
	}
	for (size_t i = 0; i < b.depth; i++)
		free(b.stack[i].key);
	if (!ok) {
		yaml_release(doc);
		return false;
	}
	if (!doc->root)
		doc->root = json_null();
	return true;
}

bool yaml_load(struct yaml_doc *doc, const char *path, struct err *e)
{
	struct str text = STR_INIT_MAX(SIZE_LIMIT + 1);
	*doc = (struct yaml_doc){NULL, NULL, NULL};
	bool ok = file_read(path, SIZE_LIMIT, &text, e) &&
		  yaml_parse(doc, path, text.buf, text.len, e);
	str_release(&text);
	return ok;
}

void yaml_release(struct yaml_doc *doc)
{
	json_decref(doc->root);
	free(doc->path);
	yaml_places_free(doc->at);
	*doc = (struct yaml_doc){NULL, NULL, NULL};
}
