/*
 * The bytes of a log as they come: its beginning and its end are kept, and become lines when all have come by.
 */
#include "backends/connector/logfetch.h"

#include <string.h>

void log_raw_init(struct log_raw *r, size_t head_max, size_t tail_max)
{
	*r = (struct log_raw){.tail_max = tail_max};
	str_init(&r->head, head_max);
	str_init(&r->tail, 3 * tail_max);
}

void log_raw_release(struct log_raw *r)
{
	str_wipe(&r->head);
	str_wipe(&r->tail);
}

static void leave_out(struct log_raw *r, const char *bytes, size_t len)
{
	r->left_bytes += (long long)len;
	for (const char *at = bytes;
		len && (at = memchr(at, '\n', len - (size_t)(at - bytes))); at++)
		r->left_lines++;
}

static void shorten_tail(struct log_raw *r, size_t most)
{
	if (r->tail.len <= most)
		return;
	leave_out(r, r->tail.buf, r->tail.len - most);
	str_drop(&r->tail, r->tail.len - most);
}

/* The tail is moved once for many pieces, and a piece is never longer than it. */
static void add_tail(struct log_raw *r, const char *bytes, size_t len)
{
	if (len > r->tail_max) {
		shorten_tail(r, 0);
		leave_out(r, bytes, len - r->tail_max);
		bytes += len - r->tail_max;
		len = r->tail_max;
	}
	if (r->tail.len + len > 2 * r->tail_max)
		shorten_tail(r, r->tail_max);
	str_add(&r->tail, bytes, len);
}

void log_raw_add(struct log_raw *r, const char *bytes, size_t len)
{
	size_t room = r->head.max - r->head.len;
	size_t n = len < room ? len : room;
	str_add(&r->head, bytes, n);
	if (len > n)
		add_tail(r, bytes + n, len - n);
}

static void split(struct log_fetch *f, const char *at, size_t left)
{
	while (left) {
		const char *nl = memchr(at, '\n', left);
		size_t n = nl ? (size_t)(nl - at) : left, used = nl ? n + 1 : n;
		if (f->def->format == LOGFMT_JSON_LINES)
			log_lines_document(&f->lines, f, at, n);
		else
			log_lines_add(&f->lines, at, n);
		at += used;
		left -= used;
	}
}

/* How much of it ends with a line feed. */
static size_t whole_lines(const struct str *s)
{
	const char *nl = s->len ? memrchr(s->buf, '\n', s->len) : NULL;
	return nl ? (size_t)(nl + 1 - s->buf) : 0;
}

static size_t half_line(const struct str *s)
{
	const char *nl = s->len ? memchr(s->buf, '\n', s->len) : NULL;
	return nl ? (size_t)(nl + 1 - s->buf) : s->len;
}

void log_raw_split(
	struct log_raw *r, struct log_fetch *f, bool from_middle, bool to_middle)
{
	struct str *last = r->tail.len ? &r->tail : &r->head;
	size_t half;
	shorten_tail(r, r->tail_max);
	if (r->left_bytes == 0) { /* the two are one */
		r->head.max += r->tail.len;
		str_add(&r->head, r->tail.buf, r->tail.len);
		str_clear(&r->tail);
		last = &r->head;
	}
	if (to_middle)
		str_cut(last, whole_lines(last));
	if (from_middle)
		str_drop(&r->head, half_line(&r->head));
	if (r->left_bytes == 0) {
		split(f, r->head.buf, r->head.len);
		return;
	}
	half = r->head.len - whole_lines(&r->head);
	leave_out(r, r->head.buf + r->head.len - half, half);
	str_cut(&r->head, r->head.len - half);
	half = half_line(&r->tail);
	leave_out(r, r->tail.buf, half);
	str_drop(&r->tail, half);
	split(f, r->head.buf, r->head.len);
	log_lines_gap(&f->lines, r->left_lines, r->left_bytes);
	split(f, r->tail.buf, r->tail.len);
}
