#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "backends/base/err.h"

/*
 * The log file of a process. Off (and free of cost) until log_open. One line a message:
 * "2026-11-22T14:02:03.123456Z info  worker: text". Text is made safe by utf8_clean and every
 * value registered with log_redact is replaced by "[secret]", also in its URL-encoded and base64 form.
 */
enum log_level { LOG_DEBUG, LOG_INFO, LOG_WARN, LOG_ERROR };

/* 0600, O_APPEND|O_NOFOLLOW|O_CLOEXEC. */
bool log_open(const char *path, enum log_level least, struct err *e) MUST_USE;
/* For a worker in the foreground. */
void log_stderr(enum log_level least);
void log_close(void);
void log_at(enum log_level level, const char *area, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

/* Values of 4 bytes and more; copied. Kept until the process ends (wiped at log_close). */
void log_redact(const char *secret);
/*
 * The same for a token that a far side gave: it takes the place of the one that this owner had before (NULL: of none).
 * It is taken out of records only when it cannot be one of their names: 20 bytes and more, and not made of words only,
 * which are letters with or without digits after them (orders_daily, load-v2). From logs, output and errors always.
 */
void log_redact_token(const void *owner, const char *token);
/* The same replacement for any text that leaves the worker (errors, output, audit). In place; grows. */
struct str;
void log_scrub(struct str *text);
/* For records, text in bulk, where a shorter one would hit innocent words: only those of 12 bytes and more. */
void log_scrub_bulk(struct str *text);
bool log_has_secret(const char *text, size_t len);

#endif
