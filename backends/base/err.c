/*
 * Errors as values, and the two ways to end the process. Messages quote text from outside
 * (file contents, server answers), so they pass shown_safely here and nowhere else: whole, since
 * what is cut first may keep a part of a secret.
 */
#include "backends/base/err.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/shown.h"
#include "backends/base/str.h"

static void (*die_hook)(void);

/* Libraries end their messages with line feeds, which would be shown as a control
 * picture. */
static size_t trimmed_length(const char *text)
{
	size_t len = strlen(text);

	while (len > 0 && strchr(" \t\r\n", text[len - 1]))
		len--;
	return len;
}

/* Takes text. */
static void keep_clean(struct err *e, struct str *text)
{
	struct str clean = STR_INIT;

	shown_safely(&clean, text->buf, trimmed_length(text->buf), sizeof(e->msg) - 1,
		UTF8_ONE_LINE);
	memcpy(e->msg, clean.buf, clean.len + 1);
	str_release(&clean);
	str_wipe(text);
}

bool err_set(struct err *e, enum err_code code, const char *fmt, ...)
{
	/* Filled first: an argument may be e->msg itself. */
	struct str text = STR_INIT;
	va_list ap;

	if (!e)
		return false;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	keep_clean(e, &text);
	e->code = code;
	return false;
}

bool err_wrap(struct err *e, const char *fmt, ...)
{
	struct str text = STR_INIT;
	va_list ap;

	if (!e)
		return false;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	str_addf(&text, ": %s", e->msg);
	keep_clean(e, &text);
	return false;
}

const char *err_code_name(enum err_code code)
{
	static const char *const names[] = {
		[ERR_NONE] = "none",
		[ERR_USAGE] = "usage",
		[ERR_CONFIG] = "config",
		[ERR_IO] = "io",
		[ERR_PARSE] = "parse",
		[ERR_LIMIT] = "limit",
		[ERR_AUTH] = "auth",
		[ERR_NET] = "net",
		[ERR_TIMEOUT] = "timeout",
		[ERR_THROTTLE] = "throttle",
		[ERR_REMOTE] = "remote",
		[ERR_NOTFOUND] = "notfound",
		[ERR_CONFLICT] = "conflict",
		[ERR_DENIED] = "denied",
		[ERR_UNKNOWN] = "unknown",
	};

	return names[code];
}

void on_die(void (*hook)(void))
{
	die_hook = hook;
}

/* Status 70 (EX_SOFTWARE) is a bug of ours or no memory: abort, so that a core or a
 * debugger has the place. Nothing here allocates. */
void die(int status, const char *fmt, ...)
{
	char text[1024] = "watchdesk: ";
	size_t len = strlen(text);
	void (*hook)(void) = die_hook;
	va_list ap;

	die_hook = NULL;
	if (hook)
		hook();
	va_start(ap, fmt);
	vsnprintf(text + len, sizeof(text) - len - 1, fmt, ap);
	va_end(ap);
	for (char *p = text; *p; p++) {
		if ((unsigned char)*p < ' ' || *p == 0x7f)
			*p = '?';
	}
	len = strlen(text);
	text[len++] = '\n';
	if (write(STDERR_FILENO, text, len) < 0)
		status = 70;
	if (status == 70)
		abort();
	exit(status);
}
