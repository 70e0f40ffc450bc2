#ifndef CONNECTOR_LOGFETCH_H
#define CONNECTOR_LOGFETCH_H

#include "backends/connector/fetch.h"

/* Internal to log*.c. */
enum { LOG_BYTES_MAX = 8 << 20, LOG_LINE_MAX = 8192, LOG_STREAM_MAX = 256 << 20 };

/* Safe lines up to a limit of bytes: more are dropped, at the front with keep_end, else at the end. */
struct log_lines {
	char **list;
	size_t n, cap, bytes, max;
	bool keep_end, dropped;
};

struct log_fetch {
	struct op op; /* first */
	struct source *source;
	const struct def_log *def;
	struct log_fns fns;
	int part;
	size_t tail; /* > 0: only so many bytes of the end are wanted */
	json_t *record, *scope, *parts;
	struct session session;
	struct fetch *fetch;
	struct exchange *exchange;
	struct loop_timer *deferred;
	struct str raw; /* text and JSON lines as they came */
	bool streamed, truncated;
	struct log_lines lines;
};

void log_lines_init(struct log_lines *l, size_t max);
void log_lines_release(struct log_lines *l);
/* Makes safe and adds; text with newlines gives several lines. */
void log_lines_add(struct log_lines *l, const char *bytes, size_t len);
/* One item, or one line's document, by the `line:` expression. A line that is no JSON is shown as it is. */
void log_lines_item(struct log_lines *l, const struct log_fetch *f, json_t *item);
void log_lines_document(
	struct log_lines *l, const struct log_fetch *f, const char *bytes, size_t len);
/* The parts as [{title, state, try, id}]. New reference. */
json_t *log_parts(const struct log_fetch *f);

#endif
