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

/*
 * A secret of the configuration; copied, and kept until the process ends (wiped at log_close). One of LOG_SECRET_SHORT
 * bytes and more is taken out wherever it stands, in the forms named in log_scrub.c. A shorter one would hit innocent
 * words: it is replaced where it stands as a word of its own; under 4 bytes it is not looked for.
 */
enum { LOG_SECRET_SHORT = 8 };
void log_redact(const char *secret);
/* The same for one that is renewed: it takes the place of the one that this owner had before. */
void log_redact_renewed(const void *owner, const char *secret);
/*
 * The same for a token that a far side gave: it takes the place of the one that this owner had before (NULL: of none).
 * It is taken out of records only when it cannot be one of their names: 20 bytes and more, and not made of words only,
 * which are letters with or without digits after them (orders_daily, load-v2). From logs, output and errors always.
 */
void log_redact_token(const void *owner, const char *token);
/*
 * The same replacement for any text that leaves the worker (errors, output, audit). In place; grows. Before the text is
 * cut or parted, never after: part of a secret is not found. shown.h does both in that order.
 */
struct str;
void log_scrub(struct str *text);
/* For the texts of records. */
void log_scrub_bulk(struct str *text);
bool log_has_secret(const char *text, size_t len);
/* For what is never altered, since altered it would name something else (ids, opaque, cursors): does it hold a secret? */
bool log_gives_away(const char *text, size_t len);
/* How many bytes a secret can take in a text. */
size_t log_secret_longest(void);

#endif
