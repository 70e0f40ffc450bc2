/*
 * A reply's bytes as JSON.
 */
#include "backends/base/utf8.h"
#include "backends/connector/request.h"

#include <string.h>

static json_t *text_value(const char *bytes, size_t len, size_t *repaired)
{
	json_t *v = json_stringn(bytes, len);
	if (v)
		return v;
	(*repaired)++;
	struct str safe = STR_INIT; /* not UTF-8 */
	utf8_clean(&safe, bytes, len, len * 3 + 16, UTF8_LINES | UTF8_SGR);
	v = json_stringn(safe.buf, safe.len);
	str_release(&safe);
	return v ? v : json_string("");
}

/* A line split at tabs; what is missing is "", what is too much stays with the last column. */
static json_t *columns_value(
	const struct def_request *rq, const char *line, size_t len, size_t *repaired)
{
	json_t *row = json_object();
	for (size_t i = 0; i < rq->n_columns; i++) {
		const char *tab =
			i + 1 < rq->n_columns && len ? memchr(line, '\t', len) : NULL;
		size_t n = tab ? (size_t)(tab - line) : len;
		json_object_set_new(row, rq->columns[i], text_value(line, n, repaired));
		line += tab ? n + 1 : n;
		len -= tab ? n + 1 : n;
	}
	return row;
}

static json_t *read_lines(
	const struct def_request *rq, const char *bytes, size_t len, size_t *repaired)
{
	json_t *list = json_array();
	while (len) {
		const char *nl = memchr(bytes, '\n', len);
		size_t n = nl ? (size_t)(nl - bytes) : len, used = nl ? n + 1 : n;
		size_t end = n && bytes[n - 1] == '\r' ? n - 1 : n;
		if (end)
			json_array_append_new(list,
				rq->n_columns ? columns_value(rq, bytes, end, repaired)
					      : text_value(bytes, end, repaired));
		bytes += used;
		len -= used;
	}
	return list;
}

static bool blank(const char *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (!strchr(" \t\r\n", bytes[i]) || !bytes[i])
			return false;
	return true;
}

json_t *reply_read(const struct def_request *rq, const char *bytes, size_t len,
	size_t *repaired, struct err *e)
{
	switch (rq->reply) {
	case REPLY_JSON:
		return blank(bytes, len) ? json_null()
					 : json_read_reply(bytes, len, repaired, e);
	case REPLY_JSON_LINES:
		return json_read_lines(bytes, len, repaired, e);
	case REPLY_TEXT:
		return text_value(bytes, len, repaired);
	case REPLY_LINES:
		return read_lines(rq, bytes, len, repaired);
	}
	return NULL;
}

int64_t reply_reset_ms(const struct connector *c, const char *header)
{
	enum { LEAST_MS = 1000, MOST_MS = 5 * 60 * 1000 };
	long long n;
	if (!str_to_int(header, &n) || n < 0)
		return 0;
	long long left = c->reset_is_epoch ? n - clock_now() / USEC_PER_SEC : n;
	if (left < LEAST_MS / 1000)
		return LEAST_MS;
	return left > MOST_MS / 1000 ? MOST_MS : left * 1000;
}
