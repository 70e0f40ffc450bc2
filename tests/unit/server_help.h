/* Servers of tests/servers/ that a test program starts. Two kinds: one lives until its standard input is closed, the other is
 * started and stopped by a verb and a folder. */
#ifndef TESTS_SERVER_HELP_H
#define TESTS_SERVER_HELP_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/json.h"
#include "backends/base/str.h"

struct server {
	pid_t pid;
	int in, port;
};

/* Runs Python on the arguments with nothing open but 0-2. *in (may be NULL) writes to it, *out reads from it. */
static inline pid_t server_fork(const char *const *args, int *in, int *out)
{
	const char *argv[8] = {"python3"};
	int to[2] = {-1, -1};
	int from[2];
	pid_t pid;

	for (size_t i = 0; args[i] && i + 2 < LENGTH(argv); i++)
		argv[i + 1] = args[i];
	if (pipe(from) || (in && pipe(to)))
		return -1;
	pid = fork();
	if (pid == 0) {
		if (in)
			dup2(to[0], 0);
		dup2(from[1], 1);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	close(from[1]);
	*out = from[0];
	if (in) {
		close(to[0]);
		*in = to[1];
	}
	return pid;
}

static inline void server_read(int fd, struct str *text, char until)
{
	char c;

	while (read(fd, &c, 1) == 1 && c != until)
		str_addc(text, c);
	close(fd);
}

/* Starts a server that prints its port as its first line. */
static inline int server_start(
	struct server *s, const char *script, const char *arg /* may be NULL */)
{
	struct str line = STR_INIT;
	int out;

	s->pid = server_fork((const char *const[]){script, arg, NULL}, &s->in, &out);
	if (s->pid < 0)
		return -1;
	server_read(out, &line, '\n');
	s->port = (int)strtol(line.buf, NULL, 10);
	str_release(&line);
	return s->port > 0 ? 0 : -1;
}

static inline int server_end(struct server *s)
{
	close(s->in);
	return waitpid(s->pid, NULL, 0) == s->pid ? 0 : -1;
}

/* SCRIPT VERB DIR: false when it failed, else what it printed stands in `text`. */
static inline bool server_do(
	const char *script, const char *verb, const char *dir, struct str *text)
{
	int out, status;
	pid_t pid =
		server_fork((const char *const[]){script, verb, dir, NULL}, NULL, &out);

	if (pid < 0)
		return false;
	server_read(out, text, '\0');
	return waitpid(pid, &status, 0) == pid && status == 0;
}

/* What the server says of itself; NULL when it did not start. */
static inline json_t *server_up(const char *script, const char *dir)
{
	struct str text = STR_INIT;
	json_t *about = NULL;

	if (server_do(script, "start", dir, &text))
		about = json_loadb(text.buf, text.len, 0, NULL);
	str_release(&text);
	return about;
}

/* Ends the server and takes what it said of itself. */
static inline int server_down(const char *script, const char *dir, json_t *about)
{
	struct str text = STR_INIT;
	bool ended = server_do(script, "stop", dir, &text);

	str_release(&text);
	json_decref(about);
	return ended ? 0 : -1;
}

#endif
