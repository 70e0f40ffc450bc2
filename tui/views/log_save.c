/* Saving a log to a file that is asked for: a few thousand lines at a time, so that the console stays quick. */
#include "tui/views/log.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { LINES_A_TIME = 2000, NAMES_MAX = 100 };

struct log_save {
	int fd;
	char *name; /* absolute */
	long long after;
	struct answer lines;
};

/* Letters, digits, ".", "_" and "-" of the title; never a path, never hidden. */
static void name_of(const struct log_view *l, int nth, char *dst, size_t size)
{
	const char *title = l->v.arg.title ? l->v.arg.title : "log";
	size_t n = 0;
	for (; *title && n < 80 && n + 20 < size; title++) {
		bool fine = isalnum((unsigned char)*title) ||
			    (n && (*title == '.' || *title == '_'));
		dst[n++] = (char)(fine ? *title : '-');
	}
	dst[n] = '\0';
	char tail[40];
	if (nth)
		(void)str_format(tail, sizeof(tail), "-%lld-%d.log", l->job_id, nth);
	else
		(void)str_format(tail, sizeof(tail), "-%lld.log", l->job_id);
	(void)str_copy(dst + n, size - n, tail);
}

void log_save_stop(struct log_view *l)
{
	if (!l->save)
		return;
	answer_clear(&l->save->lines);
	close(l->save->fd);
	free(l->save->name);
	free(l->save);
	l->save = NULL;
}

static void fail(struct log_view *l, const char *what)
{
	app_say(l->v.app, ROLE_BAD, "%s: %s: %s", l->save->name, what, strerror(errno));
	(void)unlink(l->save->name);
	log_save_stop(l);
}

static bool write_all(int fd, const char *bytes, size_t len)
{
	while (len > 0) {
		ssize_t n = write(fd, bytes, len);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return false;
		bytes += n;
		len -= (size_t)n;
	}
	return true;
}

static void more(struct log_view *l);

static void answered(struct view *v, struct answer *a)
{
	struct log_view *l = (struct log_view *)v;
	struct log_save *s = l->save;
	struct str text = STR_INIT;
	size_t i, n = json_array_size(a->json);
	json_t *line;
	if (!a->json) { /* said already; the part that is there must not be taken for all of it */
		(void)unlink(s->name);
		log_save_stop(l);
		return;
	}
	json_array_foreach (a->json, i, line) {
		str_addf(&text, "%s\n", json_str(line, "text", ""));
		s->after = json_int(line, "seq", s->after + 1);
	}
	bool ok = write_all(s->fd, text.buf, text.len);
	str_release(&text);
	if (!ok) {
		fail(l, "cannot be written");
	} else if (n == LINES_A_TIME) {
		more(l);
	} else {
		app_say(v->app, ROLE_TEXT, "%lld lines saved to %s.", s->after, s->name);
		log_save_stop(l);
	}
}

static void more(struct log_view *l)
{
	answer_clear(&l->save->lines);
	answer_ask(&l->v, &l->save->lines, "output",
		json_pack("{s:I,s:I,s:i}", "job", (json_int_t)l->job_id, "after",
			(json_int_t)l->save->after, "limit", LINES_A_TIME),
		answered);
}

/* "~/x" and what does not begin with a slash, as one path that says where it is. malloc'ed. */
static char *absolute(const char *text)
{
	const char *home = getenv("HOME");
	char cwd[PATH_MAX];
	if (text[0] == '~' && text[1] == '/' && home)
		return xasprintf("%s%s", home, text + 1);
	if (text[0] == '/' || !getcwd(cwd, sizeof(cwd)))
		return xstrdup(text);
	return xasprintf("%s/%s", strcmp(cwd, "/") == 0 ? "" : cwd, text);
}

static void named(struct view *v, const char *text)
{
	struct log_view *l = (struct log_view *)v;
	if (!text || !*text || l->save)
		return;
	char *name = absolute(text);
	/* A file that exists is never written over. */
	int fd = open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		app_say(v->app, ROLE_BAD, "%s cannot be created: %s", name,
			errno == EEXIST ? "it is there already; choose another name"
					: strerror(errno));
		free(name);
		return;
	}
	l->save = xcalloc(1, sizeof(*l->save));
	l->save->fd = fd;
	l->save->name = name;
	more(l);
}

/* What the prompt begins with: a name that is not there yet, in the current folder. */
static void proposal(const struct log_view *l, char *dst, size_t size)
{
	for (int nth = 0; nth < NAMES_MAX; nth++) {
		name_of(l, nth, dst, size);
		if (access(dst, F_OK) != 0)
			return;
	}
}

bool log_may_save(struct view *v, struct str *why)
{
	const struct log_view *l = (struct log_view *)v;
	if (l->total && !l->save)
		return true;
	str_adds(why, l->save ? "It is being saved." : "There is nothing to save yet.");
	return false;
}

void log_save(struct view *v)
{
	struct log_view *l = (struct log_view *)v;
	char name[160] = "";
	proposal(l, name, sizeof(name));
	char *path = absolute(name);
	(void)app_prompt(
		v, &(struct prompt){.label = "save to", .text = path, .done = named});
	free(path);
}
