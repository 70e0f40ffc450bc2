/*
 * Lines of a log, and the list of its parts: safe, bounded.
 */
#include "backends/base/shown.h"
#include "backends/connector/logfetch.h"
#include "backends/connector/mapping.h"

#include <stdlib.h>
#include <string.h>

void log_lines_init(struct log_lines *l, size_t max)
{
	*l = (struct log_lines){.max = max};
}

void log_lines_release(struct log_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i]);
	free(l->list);
	memset(l, 0, sizeof(*l));
}

/* Makes room at the front, in one move for many lines. */
static void drop_front(struct log_lines *l)
{
	size_t gone = 0;
	while (gone < l->n && l->bytes > l->max) {
		l->bytes -= strlen(l->list[gone]) + 1;
		free(l->list[gone++]);
	}
	memmove(l->list, l->list + gone, (l->n - gone) * sizeof(*l->list));
	l->n -= gone;
	l->dropped = true;
}

static void add_one(struct log_lines *l, const char *bytes, size_t len)
{
	if (len && bytes[len - 1] == '\r')
		len--;
	if (!l->keep_end && l->bytes > l->max) {
		l->dropped = true;
		return;
	}
	struct str safe = STR_INIT;
	shown_safely(&safe, bytes, len, LOG_LINE_MAX, UTF8_LINES | UTF8_SGR);
	l->list = mem_grow(l->list, &l->cap, l->n + 1, sizeof(*l->list));
	l->bytes += safe.len + 1;
	l->list[l->n++] = str_take(&safe);
	if (l->keep_end && l->bytes > 2 * l->max)
		drop_front(l);
}

void log_lines_add(struct log_lines *l, const char *bytes, size_t len)
{
	for (;;) {
		const char *nl = len ? memchr(bytes, '\n', len) : NULL;
		if (!nl) {
			add_one(l, bytes, len);
			return;
		}
		add_one(l, bytes, (size_t)(nl - bytes));
		len -= (size_t)(nl + 1 - bytes);
		bytes = nl + 1;
	}
}

void log_lines_item(struct log_lines *l, const struct log_fetch *f, json_t *item)
{
	struct err ignored = ERR_INIT;
	struct str text = STR_INIT_MAX(1 << 20);
	json_t *v = f->def->line.jmes
			    ? jmes_search(f->def->line.jmes, item, f->scope, &ignored)
			    : NULL;
	/* an item that the expression does not fit is shown whole: nothing of a log is lost */
	json_scalar_to(&text, v && !json_is_null(v) ? v : item);
	log_lines_add(l, text.buf, text.len);
	str_release(&text);
	json_decref(v);
}

void log_lines_document(
	struct log_lines *l, const struct log_fetch *f, const char *bytes, size_t len)
{
	struct err ignored = ERR_INIT;
	size_t at = 0;
	while (at < len && strchr(" \t\r", bytes[at]))
		at++;
	if (at == len)
		return;
	json_t *v = json_read_reply(bytes, len, NULL, &ignored);
	if (v)
		log_lines_item(l, f, v);
	else
		log_lines_add(l, bytes, len);
	json_decref(v);
}

static void part_field(const struct log_fetch *f, struct arena *a, json_t *part,
	const struct def_expr *x, const char *name, json_t *out)
{
	struct err ignored = ERR_INIT;
	json_t *v = x->jmes ? jmes_search(x->jmes, part, f->scope, &ignored) : NULL;
	if (v && !json_is_null(v))
		json_object_set_new(
			out, name, json_string(map_text(a, v, RECORD_TEXT_MAX)));
	json_decref(v);
}

json_t *log_parts(const struct log_fetch *f)
{
	json_t *out = json_array(), *part;
	struct arena a = ARENA_INIT;
	size_t i;
	json_array_foreach (f->parts, i, part) {
		if (i >= f->def->max_parts)
			break;
		json_t *one = json_object();
		part_field(f, &a, part, &f->def->part_title, "title", one);
		part_field(f, &a, part, &f->def->part_state, "state", one);
		part_field(f, &a, part, &f->def->part_try, "try", one);
		part_field(f, &a, part, &f->def->part_id, "id", one);
		json_array_append_new(out, one);
	}
	arena_release(&a);
	return out;
}
