/*
 * Child processes. A child that has ended stays a zombie until its streams have ended too: its process id,
 * and with it the id of its group, cannot be given to somebody else while we may still signal it.
 */
#include "backends/base/loop.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "backends/base/loop_private.h"
#include "backends/base/loop_spawn.h"
#include "backends/base/mem.h"
#include "backends/base/str.h"

#define KILL_AFTER_MS 2000
/* A daemon started by the child may hold the streams open for ever; so long they may stay silent. */
#define SILENCE_MS 2000
#define READ_SIZE 65536

struct loop_child {
	struct loop_child *next;
	struct loop *loop;
	pid_t pid;
	int fds[3];
	struct loop_watch *watches[3];
	struct str in;
	bool keep_stdin;
	bool ended;     /* the process; not yet reaped */
	bool abandoned; /* only to be reaped */
	bool done;      /* reaped; memory goes at the end of the turn */
	bool timed_out;
	bool killed;
	bool heard; /* output came since the silence timer started */
	struct loop_timer *deadline;
	struct loop_timer *silence;
	void (*on_output)(void *arg, int stream, const char *bytes, size_t len);
	void (*on_exit)(void *arg, int status, bool timed_out);
	void *arg;
};

static void close_stream(struct loop_child *c, int stream)
{
	if (c->fds[stream] < 0)
		return;
	loop_unwatch(c->loop, c->watches[stream]);
	close(c->fds[stream]);
	c->watches[stream] = NULL;
	c->fds[stream] = -1;
	if (stream == 0)
		str_wipe(&c->in);
}

static void close_all(struct loop_child *c)
{
	for (int i = 0; i < 3; i++)
		close_stream(c, i);
	loop_timer_cancel(c->loop, c->deadline);
	loop_timer_cancel(c->loop, c->silence);
	c->deadline = NULL;
	c->silence = NULL;
}

static void unlink_child(struct loop_child *c)
{
	struct loop_child **p = &c->loop->children;

	while (*p && *p != c)
		p = &(*p)->next;
	if (*p)
		*p = c->next;
}

/* Reaps, answers, forgets. */
static void finish(struct loop_child *c)
{
	/* Should somebody else have reaped it, that must not look like success. */
	int status = 255 << 8;

	close_all(c);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		continue;
	c->done = true;
	unlink_child(c);
	if (!c->abandoned && c->on_exit)
		c->on_exit(c->arg, status, c->timed_out);
	loop_bury(c->loop, c);
}

static bool finish_if_over(struct loop_child *c)
{
	if (!c->ended || c->done || (!c->abandoned && (c->fds[1] >= 0 || c->fds[2] >= 0)))
		return false;
	finish(c);
	return true;
}

/* ---- streams -------------------------------------------------------------------------------- */

static void on_readable(struct loop *l, int fd, unsigned events, void *arg)
{
	struct loop_child *c = arg;
	int stream = fd == c->fds[1] ? 1 : 2;
	char bytes[READ_SIZE];
	ssize_t n = read(fd, bytes, sizeof(bytes));

	(void)l;
	(void)events;
	if (n > 0) {
		c->heard = true;
		if (c->on_output)
			c->on_output(c->arg, stream, bytes, (size_t)n);
		return;
	}
	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	close_stream(c, stream);
	finish_if_over(c);
}

/* A child that does not read its input is not our failure: EPIPE just ends the writing. */
static void on_writable(struct loop *l, int fd, unsigned events, void *arg)
{
	struct loop_child *c = arg;
	ssize_t n = c->in.len ? write(fd, c->in.buf, c->in.len) : 0;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n < 0 || (c->in.len == 0 && (events & LOOP_ERROR))) {
		close_stream(c, 0);
		return;
	}
	str_drop(&c->in, (size_t)n);
	if (c->in.len > 0)
		return;
	if (c->keep_stdin)
		loop_watch_events(l, c->watches[0], LOOP_ERROR);
	else
		close_stream(c, 0);
}

bool loop_child_write(struct loop_child *c, const char *bytes, size_t len)
{
	if (c->fds[0] < 0 || !c->keep_stdin || !str_add(&c->in, bytes, len))
		return false;
	if (c->in.len > 0)
		loop_watch_events(c->loop, c->watches[0], LOOP_WRITE);
	return true;
}

void loop_child_close_stdin(struct loop_child *c)
{
	c->keep_stdin = false;
	if (c->in.len == 0)
		close_stream(c, 0);
}

/* ---- ends ----------------------------------------------------------------------------------- */

void loop_child_kill(struct loop_child *c, int signo)
{
	if (!c->done)
		kill(-c->pid, signo);
}

static void on_deadline(struct loop *l, void *arg)
{
	struct loop_child *c = arg;

	c->timed_out = true;
	c->deadline = NULL;
	if (!c->killed) {
		c->killed = true;
		loop_child_kill(c, SIGTERM);
		c->deadline = loop_timer(l, KILL_AFTER_MS, on_deadline, c);
		return;
	}
	loop_child_kill(c, SIGKILL);
	/* Whoever still holds the streams has left the group. */
	close_stream(c, 1);
	close_stream(c, 2);
	finish_if_over(c);
}

static void on_silence(struct loop *l, void *arg)
{
	struct loop_child *c = arg;

	c->silence = NULL;
	if (c->heard) {
		c->heard = false;
		c->silence = loop_timer(l, SILENCE_MS, on_silence, c);
		return;
	}
	close_stream(c, 1);
	close_stream(c, 2);
	finish_if_over(c);
}

static bool has_ended(const struct loop_child *c)
{
	siginfo_t info = {0};

	return waitid(P_PID, (id_t)c->pid, &info, WEXITED | WNOHANG | WNOWAIT) != 0 ||
	       info.si_pid == c->pid;
}

/* Callbacks may remove any child: the walk starts again after each. */
static bool reap_one(struct loop *l)
{
	for (struct loop_child *c = l->children; c; c = c->next) {
		if (c->ended || !has_ended(c))
			continue;
		c->ended = true;
		c->heard = false;
		if (!finish_if_over(c))
			c->silence = loop_timer(l, SILENCE_MS, on_silence, c);
		return true;
	}
	return false;
}

void loop_reap(struct loop *l)
{
	while (reap_one(l))
		continue;
}

void loop_child_abandon(struct loop_child *c)
{
	if (!c || c->done || c->abandoned)
		return;
	c->abandoned = true;
	kill(-c->pid, SIGKILL);
	close_all(c);
	finish_if_over(c);
}

pid_t loop_child_pid(const struct loop_child *c)
{
	return c->pid;
}

void loop_free_children(struct loop *l)
{
	while (l->children) {
		struct loop_child *c = l->children;

		close_all(c);
		l->children = c->next;
		free(c);
	}
}

/* ---- start ---------------------------------------------------------------------------------- */

struct loop_child *loop_spawn(
	struct loop *l, const struct loop_child_spec *spec, struct err *e)
{
	struct loop_child *c;

	if (spec->in_len > STR_MAX_DEFAULT) {
		err_set(e, ERR_LIMIT, "%s: more than %zu bytes of input", spec->argv[0],
			STR_MAX_DEFAULT);
		return NULL;
	}
	c = xcalloc(1, sizeof(*c));
	if (!loop_spawn_process(spec->argv, spec->env, &c->pid, c->fds, e)) {
		free(c);
		return NULL;
	}
	c->loop = l;
	c->keep_stdin = spec->keep_stdin;
	c->on_output = spec->on_output;
	c->on_exit = spec->on_exit;
	c->arg = spec->arg;
	str_init(&c->in, STR_MAX_DEFAULT);
	str_add(&c->in, spec->in, spec->in_len);
	c->watches[0] = loop_watch(l, c->fds[0], LOOP_WRITE, on_writable, c);
	c->watches[1] = loop_watch(l, c->fds[1], LOOP_READ, on_readable, c);
	c->watches[2] = loop_watch(l, c->fds[2], LOOP_READ, on_readable, c);
	if (spec->deadline_ms > 0)
		c->deadline = loop_timer(l, spec->deadline_ms, on_deadline, c);
	c->next = l->children;
	l->children = c;
	return c;
}
