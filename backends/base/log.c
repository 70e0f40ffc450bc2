/* The log file. A line is written by one write(2) to an O_APPEND file, so that processes may share it. */
#include "backends/base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/clock.h"
#include "backends/base/file.h"
#include "backends/base/log_private.h"
#include "backends/base/shown.h"
#include "backends/base/str.h"

#define MESSAGE_MAX 8192

static struct {
	int fd; /* 0: closed; a log never is descriptor 0 */
	enum log_level least;
} log_file;

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_DEBUG:
		return "debug";
	case LOG_INFO:
		return "info ";
	case LOG_WARN:
		return "warn ";
	case LOG_ERROR:
		return "error";
	}
	return "error";
}

static void log_use(int fd, enum log_level least)
{
	if (log_file.fd > 0)
		close(log_file.fd);
	log_file.fd = fd;
	log_file.least = least;
}

void log_stderr(enum log_level least)
{
	log_use(fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3), least);
}

bool log_open(const char *path, enum log_level least, struct err *e)
{
	int fd = open(path,
		O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC | O_NOCTTY, 0600);
	int high = fd < 0 ? -1 : fcntl(fd, F_DUPFD_CLOEXEC, 3);
	int code = errno;

	if (fd >= 0)
		close(fd);
	if (high >= 0 && !file_narrow_fd(high, path, e)) {
		close(high);
		return false;
	}
	if (high < 0)
		return err_set(e, ERR_IO, "%s: the log cannot be opened: %s", path,
			code == ELOOP ? "it is a symbolic link" : strerror(code));
	log_use(high, least);
	return true;
}

void log_close(void)
{
	if (log_file.fd > 0)
		close(log_file.fd);
	log_file.fd = 0;
	log_forget_secrets();
}

void log_at(enum log_level level, const char *area, const char *fmt, ...)
{
	struct str text = STR_INIT;
	struct str line = STR_INIT;
	char when[32];
	va_list ap;

	if (log_file.fd <= 0 || level < log_file.least)
		return;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	while (text.len > 0 && text.buf[text.len - 1] == '\n')
		str_cut(&text, text.len - 1);
	clock_format(when, sizeof(when), clock_now(), true);
	str_addf(&line, "%s %s %s: ", when, level_name(level), area);
	shown_safely(&line, text.buf, text.len, MESSAGE_MAX, UTF8_ONE_LINE);
	str_addc(&line, '\n');
	/* There is nowhere to report a log that cannot be written. */
	while (write(log_file.fd, line.buf, line.len) < 0 && errno == EINTR)
		continue;
	str_release(&line);
	str_wipe(&text);
}
