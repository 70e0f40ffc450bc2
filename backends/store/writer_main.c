/*
 * The writer child: reads changes, carries them out one by one, answers.
 */
#include "backends/store/writer.h"

#include "backends/base/json.h"
#include "backends/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { WRITER_LINE_MAX = 16 << 20 };

struct child {
	struct loop *loop;
	struct store *store;
	struct loop_watch *watch;
	struct str in;
	size_t open; /* changes without an answer yet */
	bool eof;
};

struct job_line {
	struct child *child;
	long long id;
};

/* What people may do; the rest is the worker's. */
static bool is_for_people(const char *change)
{
	static const char *const names[] = {
		"job_add", "job_cancel", "note_add", "claim", "unclaim", "snooze"};
	for (size_t i = 0; i < LENGTH(names); i++)
		if (strcmp(names[i], change) == 0)
			return true;
	return false;
}

/* A console that is gone reads no answer; that must not stop the changes that it asked for. */
static void print_line(json_t *line)
{
	struct str text = STR_INIT;
	json_text_to(&text, line);
	str_addc(&text, '\n');
	for (size_t at = 0; at < text.len;) {
		ssize_t n = write(STDOUT_FILENO, text.buf + at, text.len - at);
		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		at += (size_t)n;
	}
	str_release(&text);
	json_decref(line);
}

static void print_error(long long id, const struct err *e)
{
	print_line(json_pack("{s:I, s:{s:i, s:s}}", "id", (json_int_t)id, "error", "code",
		(int)e->code, "msg", e->msg));
}

static void leave_when_done(struct child *c)
{
	if (c->eof && c->open == 0)
		loop_stop(c->loop);
}

static void on_answer(void *arg, json_t *answer, const struct err *e)
{
	struct job_line *j = arg;
	struct child *c = j->child;
	if (answer)
		print_line(json_pack(
			"{s:I, s:O}", "id", (json_int_t)j->id, "answer", answer));
	else
		print_error(j->id, e);
	free(j);
	c->open--;
	leave_when_done(c);
}

static void take_line(struct child *c, const char *line, size_t len)
{
	struct err e = ERR_INIT;
	json_t *root = json_read(line, len, &e);
	const char *change = json_str(root, "change", "");
	long long id = json_int(root, "id", 0);
	if (root && !is_for_people(change))
		err_set(&e, ERR_DENIED, "only the worker may do \"%s\"", change);
	if (e.code != ERR_NONE) {
		print_error(id, &e);
	} else {
		struct job_line *j = xmalloc(sizeof(*j));
		*j = (struct job_line){c, id};
		c->open++;
		store_tell(c->store, change, json_incref(json_sub(root, "args")),
			on_answer, j);
	}
	json_decref(root);
}

static void take_lines(struct child *c)
{
	char *start = c->in.buf, *nl;
	while ((nl = memchr(start, '\n', c->in.len - (size_t)(start - c->in.buf))) !=
		NULL) {
		take_line(c, start, (size_t)(nl - start));
		start = nl + 1;
	}
	str_drop(&c->in, (size_t)(start - c->in.buf));
}

static void on_input(struct loop *l, int fd, unsigned events, void *arg)
{
	struct child *c = arg;
	char bytes[65536];
	(void)events;
	ssize_t n = read(fd, bytes, sizeof(bytes));
	if (n < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (n > 0 && str_add(&c->in, bytes, (size_t)n)) {
		take_lines(c);
		return;
	}
	c->eof = true;
	loop_unwatch(l, c->watch);
	c->watch = NULL;
	leave_when_done(c);
}

int store_writer_main(const char *path)
{
	struct err e = ERR_INIT;
	struct child c = {.loop = loop_new()};
	str_init(&c.in, WRITER_LINE_MAX);
	signal(SIGPIPE, SIG_IGN);
	c.store = store_open(c.loop, path, STORE_WORKER, &e);
	if (c.store) {
		c.watch = loop_watch(c.loop, STDIN_FILENO, LOOP_READ, on_input, &c);
		loop_run(c.loop);
		loop_unwatch(c.loop, c.watch);
		store_close(c.store);
	} else {
		print_error(0, &e);
	}
	str_release(&c.in);
	loop_free(c.loop);
	return c.store ? 0 : 1;
}
