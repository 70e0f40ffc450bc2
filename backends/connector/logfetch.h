#ifndef CONNECTOR_LOGFETCH_H
#define CONNECTOR_LOGFETCH_H

#include "backends/connector/fetch.h"
#include "backends/connector/line_rules.h"

/*
 * Internal to log*.c. Of a log that is longer the first LOG_HEAD_MAX and the last LOG_TAIL_MAX bytes are kept, and one line
 * between them says what is left out.
 */
enum {
	LOG_HEAD_MAX = 2 << 20,
	LOG_TAIL_MAX = 6 << 20,
	LOG_LINE_MAX = 8192,
	LOG_STREAM_MAX = 256 << 20,
	LOG_PARTS_MAX = 2000 /* tries of parts */
};

/* Safe lines: those of the head stay, of the others the last. */
struct log_lines {
	char **list;
	size_t n, cap;
	size_t head_max, tail_max;
	size_t head;  /* so many are of the head; grows until `full` */
	size_t bytes; /* of the head until it is full, then of the others */
	bool full;
	/* what is left out between the two */
	size_t left_lines;
	long long left_bytes;
	const struct line_rules *rules;
	struct redact redact;
};

/* Raw bytes, which become lines when all are there. */
struct log_raw {
	struct str head, tail;
	size_t tail_max;
	long long left_bytes;
	size_t left_lines; /* line feeds among them */
};

struct log_fetch {
	struct op op; /* first */
	struct source *source;
	const struct def_log *def;
	struct log_fns fns;
	int part;
	size_t tail; /* > 0: only so many bytes of the end are wanted */
	json_t *record, *scope, *parts;
	void (*parts_done)(struct log_fetch *f, const struct err *e);
	json_t *outer; /* parts whose own parts are still to be fetched */
	size_t outer_at;
	struct session session;
	struct fetch *fetch;
	struct exchange *exchange;
	struct loop_timer *deferred;
	struct log_raw raw; /* text and JSON lines as they came */
	size_t came;        /* of its bytes */
	bool streamed, truncated;
	struct log_lines lines;
};

void log_lines_init(struct log_lines *l, size_t head_max, size_t tail_max);
void log_lines_release(struct log_lines *l);
/* Makes safe, applies the rules and adds; text with newlines gives several lines. */
void log_lines_add(struct log_lines *l, const char *bytes, size_t len);
/* So much is left out here: what was added is the head. */
void log_lines_gap(struct log_lines *l, size_t lines, long long bytes);
/* The line that says so is put in its place. */
void log_lines_finish(struct log_lines *l);
/* One item, or one line's document, by the `line:` expression. A line that is no JSON is shown as it is. */
void log_lines_item(struct log_lines *l, const struct log_fetch *f, json_t *item);
void log_lines_document(
	struct log_lines *l, const struct log_fetch *f, const char *bytes, size_t len);

/* log_raw.c */
void log_raw_init(struct log_raw *r, size_t head_max, size_t tail_max);
void log_raw_release(struct log_raw *r);
void log_raw_add(struct log_raw *r, const char *bytes, size_t len);
/* Half a line, at a place where bytes are missing, is no line. from_middle, to_middle: the far side's first or last bytes are
 * not those of the log. */
void log_raw_split(
	struct log_raw *r, struct log_fetch *f, bool from_middle, bool to_middle);

/* log_parts.c: fetches them, then `opened` goes on. */
void log_parts_start(
	struct log_fetch *f, void (*done)(struct log_fetch *f, const struct err *e));
/* The parts as [{title, state, try, id}]. New reference. */
json_t *log_parts(const struct log_fetch *f);

#endif
