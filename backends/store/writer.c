/*
 * The console's end of the writer child: starts it at the first change, matches its answers with the requests. A
 * child that dies leaves its unanswered changes unknown; the next change starts another.
 */
#include "backends/store/writer.h"

#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/store/store_private.h"

#include <stdlib.h>
#include <string.h>

enum { LINE_MAX_BYTES = 16 << 20, ENV_MAX = 12 };

struct pending {
	long long id;
	struct store_req *req;
};

struct writer {
	struct store *store;      /* NULL: the store is closed; the child only finishes */
	struct loop_child *child; /* NULL: none runs */
	char **argv;
	struct str in;   /* of the child's answers, up to the next end of line */
	struct err last; /* why it left, in its own words */
	long long id;
	size_t unanswered; /* sent; the asker may have cancelled since */
	struct pending *pending;
	size_t n, cap;
};

static void free_argv(char **argv)
{
	for (size_t i = 0; argv && argv[i]; i++)
		free(argv[i]);
	free(argv);
}

static void writer_free(struct writer *w)
{
	free_argv(w->argv);
	str_release(&w->in);
	free(w->pending);
	free(w);
}

static struct writer *writer_of(struct store *s)
{
	if (!s->writer) {
		s->writer = xcalloc(1, sizeof(*s->writer));
		s->writer->store = s;
		str_init(&s->writer->in, LINE_MAX_BYTES);
	}
	return s->writer;
}

void store_set_writer(struct store *s, const char *const *argv)
{
	struct writer *w = writer_of(s);
	size_t n = 0;
	free_argv(w->argv);
	while (argv[n])
		n++;
	w->argv = xcalloc(n + 1, sizeof(*w->argv));
	for (size_t i = 0; i < n; i++)
		w->argv[i] = xstrdup(argv[i]);
}

/* ---- answers ---- */

/* The request that waits for this id, taken off the list; NULL: nobody (cancelled). */
static struct store_req *take_pending(struct writer *w, long long id)
{
	for (size_t i = 0; i < w->n; i++) {
		if (w->pending[i].id != id)
			continue;
		struct store_req *r = w->pending[i].req;
		w->pending[i] = w->pending[--w->n];
		return r;
	}
	return NULL;
}

static void read_error(const json_t *error, struct err *e)
{
	long long code = json_int(error, "code", ERR_IO);
	if (code <= ERR_NONE || code > ERR_UNKNOWN)
		code = ERR_IO;
	err_set(e, (enum err_code)code, "%s",
		json_str(error, "msg", "the writer gave no reason"));
}

static void answer_line(struct writer *w, const char *line, size_t len)
{
	struct err e = ERR_INIT;
	json_t *root = json_read(line, len, &e);
	json_t *error = json_sub(root, "error"), *answer = json_sub(root, "answer");
	long long id = json_int(root, "id", 0);
	if (!root)
		log_at(LOG_WARN, "store", "writer: %s", e.msg);
	if (error)
		read_error(error, &e);
	if (id == 0 && error)
		w->last = e;
	else if (w->unanswered)
		w->unanswered--;
	struct store_req *r = take_pending(w, id);
	if (r && error)
		req_answer_later(r, NULL, &e);
	else if (r)
		req_answer_later(r, json_incref(answer), NULL);
	json_decref(root);
}

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct writer *w = arg;
	if (stream == 2) {
		log_at(LOG_WARN, "store", "writer: %.*s", (int)(len < 400 ? len : 400),
			bytes);
		return;
	}
	/* A line beyond all measure is dropped with what follows; its request ends with the child. */
	if (!str_add(&w->in, bytes, len))
		return;
	char *start = w->in.buf, *nl;
	while ((nl = memchr(start, '\n', w->in.len - (size_t)(start - w->in.buf))) !=
		NULL) {
		answer_line(w, start, (size_t)(nl - start));
		start = nl + 1;
	}
	str_drop(&w->in, (size_t)(start - w->in.buf));
}

static void on_exit_child(void *arg, int status, bool timed_out)
{
	struct writer *w = arg;
	struct err e = ERR_INIT;
	(void)timed_out;
	w->child = NULL;
	w->unanswered = 0;
	str_clear(&w->in);
	if (!w->store) {
		writer_free(w);
		return;
	}
	if (w->last.code != ERR_NONE)
		e = w->last;
	else
		err_set(&e, ERR_UNKNOWN,
			"the writer of the store ended (status %d) before it answered: "
			"look whether the change was made before you repeat it",
			status);
	w->last = (struct err)ERR_INIT;
	while (w->n)
		req_answer_later(w->pending[--w->n].req, NULL, &e);
}

/* ---- the child ---- */

/* The child finds the same bell, zone and folders as we do, and nothing else of our environment. */
static void make_env(char **env)
{
	static const char *const names[] = {"PATH", "HOME", "USER", "LANG", "LC_ALL",
		"TZ", "TMPDIR", "XDG_RUNTIME_DIR", "XDG_STATE_HOME", "WD_TEST_NOW"};
	size_t n = 0;
	for (size_t i = 0; i < LENGTH(names) && n + 1 < ENV_MAX; i++) {
		const char *value = getenv(names[i]);
		if (value)
			env[n++] = xasprintf("%s=%s", names[i], value);
	}
	env[n] = NULL;
}

static bool start(struct writer *w, struct err *e)
{
	if (!w->argv) {
		char *dir = file_exe_dir(), *program = xasprintf("%s/watchdesk", dir);
		const char *argv[] = {program, "store-write", w->store->path, NULL};
		store_set_writer(w->store, argv);
		free(program);
		free(dir);
	}
	BUG_ON(!w->argv);
	char *env[ENV_MAX];
	make_env(env);
	const char *argv[16], *env_view[ENV_MAX];
	size_t n = 0;
	for (; w->argv[n] && n + 1 < LENGTH(argv); n++)
		argv[n] = w->argv[n];
	argv[n] = NULL;
	memcpy(env_view, env, sizeof(env));
	struct loop_child_spec spec = {.argv = argv,
		.env = env_view,
		.in = "",
		.keep_stdin = true,
		.on_output = on_output,
		.on_exit = on_exit_child,
		.arg = w};
	w->child = loop_spawn(w->store->loop, &spec, e);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	return w->child != NULL;
}

void writer_tell(
	struct store *s, struct store_req *r, const char *change, const json_t *args)
{
	struct writer *w = writer_of(s);
	struct err e = ERR_INIT;
	if (!w->child && !start(w, &e)) {
		err_wrap(&e, "the writer of the store did not start");
		req_answer_later(r, NULL, &e);
		return;
	}
	json_t *line = json_pack("{s:I, s:s, s:O?}", "id", (json_int_t)++w->id, "change",
		change, "args", args);
	struct str text = STR_INIT;
	json_text_to(&text, line);
	str_addc(&text, '\n');
	bool sent = loop_child_write(w->child, text.buf, text.len);
	str_release(&text);
	json_decref(line);
	if (!sent) {
		err_set(&e, ERR_IO, "the writer of the store takes no more: try again");
		req_answer_later(r, NULL, &e);
		return;
	}
	w->unanswered++;
	w->pending = mem_grow(w->pending, &w->cap, w->n + 1, sizeof(*w->pending));
	w->pending[w->n++] = (struct pending){w->id, r};
}

/* The change goes on; only nobody waits for the answer. */
void writer_forget(struct store *s, const struct store_req *r)
{
	struct writer *w = s->writer;
	for (size_t i = 0; i < w->n; i++) {
		if (w->pending[i].req == r) {
			w->pending[i] = w->pending[--w->n];
			return;
		}
	}
}

void writer_close(struct store *s)
{
	struct writer *w = s->writer;
	s->writer = NULL;
	w->store = NULL;
	w->n = 0;
	if (!w->unanswered) {
		loop_child_abandon(w->child);
		writer_free(w);
		return;
	}
	/* It finishes what it was sent; its end frees w. */
	loop_child_close_stdin(w->child);
}
