/*
 * Lines of a log: safe, without what the rules of the connector leave out, bounded.
 */
#include "backends/base/shown.h"
#include "backends/connector/logfetch.h"

#include <stdlib.h>
#include <string.h>

void log_lines_init(struct log_lines *l, size_t head_max, size_t tail_max)
{
	*l = (struct log_lines){
		.head_max = head_max, .tail_max = tail_max, .full = head_max == 0};
}

void log_lines_release(struct log_lines *l)
{
	for (size_t i = 0; i < l->n; i++)
		free(l->list[i]);
	free(l->list);
	memset(l, 0, sizeof(*l));
}

static void head_full(struct log_lines *l)
{
	l->full = true;
	l->head = l->n;
	l->bytes = 0;
}

void log_lines_gap(struct log_lines *l, size_t lines, long long bytes)
{
	head_full(l);
	l->left_lines += lines;
	l->left_bytes += bytes;
}

/* Makes room behind the head, in one move for many lines. */
static void drop_oldest(struct log_lines *l)
{
	size_t gone = l->head;
	while (gone < l->n && l->bytes > l->tail_max) {
		size_t size = strlen(l->list[gone]) + 1;
		l->bytes -= size;
		l->left_bytes += (long long)size;
		l->left_lines++;
		free(l->list[gone++]);
	}
	memmove(l->list + l->head, l->list + gone, (l->n - gone) * sizeof(*l->list));
	l->n -= gone - l->head;
}

static void put_line(struct log_lines *l, size_t at, char *text)
{
	l->list = mem_grow(l->list, &l->cap, l->n + 1, sizeof(*l->list));
	memmove(l->list + at + 1, l->list + at, (l->n - at) * sizeof(*l->list));
	l->list[at] = text;
	l->n++;
}

void log_lines_finish(struct log_lines *l)
{
	if (l->full && l->bytes > l->tail_max)
		drop_oldest(l);
	if (l->left_bytes == 0)
		return;
	struct str words = STR_INIT;
	str_addf(&words, "[%zu lines, %.1f MiB, are left out here]", l->left_lines,
		(double)l->left_bytes / (1 << 20));
	/* Of a log whose end alone is wanted that is no news. */
	if (l->head_max)
		put_line(l, l->head, str_take(&words));
	str_release(&words);
}

/* Whole first, for a secret or a rule's match may lie where it is cut. */
static void add_one(struct log_lines *l, const char *bytes, size_t len)
{
	if (len && bytes[len - 1] == '\r')
		len--;
	struct str safe = STR_INIT, kept = STR_INIT;
	shown_safely(&safe, bytes, len, STR_MAX_DEFAULT, UTF8_LINES | UTF8_SGR);
	if (line_rules_apply(l->rules, &l->redact, &safe)) {
		utf8_clean(&kept, safe.buf, safe.len, LOG_LINE_MAX, UTF8_LINES);
		l->bytes += kept.len + 1;
		put_line(l, l->n, str_take(&kept));
	}
	str_wipe(&safe);
	if (!l->full && l->bytes > l->head_max)
		head_full(l);
	else if (l->full && l->bytes > 2 * l->tail_max)
		drop_oldest(l);
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
