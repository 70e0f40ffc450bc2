/* Watching the folders of the configuration. */
#include "backends/connector/config_watch.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"

enum { QUIET_MS = 100, MOST_MS = 1000, FOLDERS_MAX = 12 };

#define EVENTS                                                                  \
	(IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_CREATE | IN_DELETE | \
		IN_DELETE_SELF | IN_MOVE_SELF | IN_ATTRIB)

struct config_watch {
	struct loop *loop;
	char *path;
	char *real; /* where path leads, NULL: nowhere */
	char *folders[FOLDERS_MAX];
	size_t n;
	int fd;
	struct loop_watch *watch;
	struct loop_timer *timer;
	int64_t first_ms;         /* of the events that are waited out */
	unsigned long long stamp; /* of all files, as they were when last told */
	void (*fn)(void *arg);
	void *arg;
};

/* ---- what is there ---- */

/* Whose it is and who may write it decides whether it is taken up: a chmod is an edit. */
static unsigned long long add_access(unsigned long long stamp, const struct stat *st)
{
	char text[100];

	(void)str_format(text, sizeof(text), "%o %u %u", (unsigned)st->st_mode,
		(unsigned)st->st_uid, (unsigned)st->st_gid);
	return str_hash(text, strlen(text), stamp);
}

static unsigned long long add(
	unsigned long long stamp, const char *name, const struct stat *st)
{
	char text[PATH_MAX + 100];

	(void)str_format(text, sizeof(text), "%llx %s %lld.%09ld %lld %llu", stamp, name,
		(long long)st->st_mtim.tv_sec, (long)st->st_mtim.tv_nsec,
		(long long)st->st_size, (unsigned long long)st->st_ino);
	return add_access(str_hash(text, strlen(text), stamp), st);
}

static unsigned long long add_folder(unsigned long long stamp, const char *folder)
{
	char **names = file_list(folder, ".yaml");
	struct stat st;

	if (stat(folder, &st) == 0)
		stamp = add_access(stamp, &st);
	for (size_t i = 0; names[i]; i++) {
		char *path = xasprintf("%s/%s", folder, names[i]);
		if (stat(path, &st) == 0)
			stamp = add(stamp, path, &st);
		free(path);
	}
	file_list_free(names);
	return stamp;
}

/* The first folder holds the file itself; what else stands there is none of ours. */
static unsigned long long stamp_of(const struct config_watch *w)
{
	unsigned long long stamp = 1;
	struct stat st;

	if (stat(w->path, &st) == 0)
		stamp = add(stamp, w->path, &st);
	if (stat(w->folders[0], &st) == 0)
		stamp = add_access(stamp, &st);
	for (size_t i = 1; i < w->n; i++)
		stamp = add_folder(stamp, w->folders[i]);
	return stamp;
}

/* ---- listening ---- */

static void listen_in(const struct config_watch *w, const char *folder)
{
	if (inotify_add_watch(w->fd, folder, EVENTS) < 0 && errno != ENOENT &&
		errno != ENOTDIR)
		log_at(LOG_WARN, "config", "%s is not watched: %s", folder,
			strerror(errno));
}

static void listen_at_folder_of(const struct config_watch *w, char *path)
{
	char *slash = strrchr(path, '/');

	if (slash && slash > path) {
		*slash = '\0';
		listen_in(w, path);
	}
}

/* A link may lead to a file elsewhere, which is edited there. */
static void listen_behind(const struct config_watch *w, const char *path)
{
	char real[PATH_MAX];
	struct stat st;

	if (lstat(path, &st) == 0 && S_ISLNK(st.st_mode) && realpath(path, real))
		listen_at_folder_of(w, real);
}

/* Folders come and go, and links change: all that is there now. Adding one twice changes nothing. */
static void listen_to_all(struct config_watch *w)
{
	char parent[PATH_MAX];

	free(w->real);
	w->real = realpath(w->path, NULL);
	listen_behind(w, w->path);
	if (access(w->folders[0], F_OK) != 0 &&
		str_copy(parent, sizeof(parent), w->folders[0]))
		listen_at_folder_of(w, parent);
	for (size_t i = 0; i < w->n; i++)
		listen_in(w, w->folders[i]);
	for (size_t i = 1; i < w->n; i++) {
		char **names = file_list(w->folders[i], ".yaml");
		for (size_t k = 0; names[k]; k++) {
			char *path = xasprintf("%s/%s", w->folders[i], names[k]);
			listen_behind(w, path);
			free(path);
		}
		file_list_free(names);
	}
}

void config_watch_look(struct config_watch *w)
{
	if (w->fd >= 0)
		listen_to_all(w);
	unsigned long long now = stamp_of(w);
	if (now == w->stamp)
		return;
	w->stamp = now;
	w->fn(w->arg);
}

static void quiet(struct loop *l, void *arg)
{
	struct config_watch *w = arg;

	(void)l;
	w->timer = NULL;
	w->first_ms = 0;
	config_watch_look(w);
}

static bool is_last_of(const char *path, const char *name)
{
	const char *slash = path ? strrchr(path, '/') : NULL;

	return path && strcmp(slash ? slash + 1 : path, name) == 0;
}

/* The store may stand in the same folder; it changes all the time. */
static bool of_interest(const struct config_watch *w, const char *name)
{
	return str_ends(name, ".yaml") || str_ends(name, ".yml") ||
	       str_starts(name, "..") || !strchr(name, '.') ||
	       is_last_of(w->path, name) || is_last_of(w->real, name);
}

static bool read_events(const struct config_watch *w, int fd)
{
	_Alignas(struct inotify_event) char buf[8192];
	bool found = false;
	ssize_t n;

	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		for (ssize_t at = 0; at < n;) {
			struct inotify_event e;
			memcpy(&e, buf + at, sizeof(e));
			found = found || e.len == 0 ||
				of_interest(w, buf + at + sizeof(e));
			at += (ssize_t)(sizeof(e) + e.len);
		}
	}
	return found;
}

static void on_events(struct loop *l, int fd, unsigned events, void *arg)
{
	struct config_watch *w = arg;
	int64_t now = clock_mono_ms();

	(void)events;
	if (!read_events(w, fd))
		return;
	if (!w->first_ms)
		w->first_ms = now;
	int64_t left = w->first_ms + MOST_MS - now;
	loop_timer_cancel(l, w->timer);
	w->timer = loop_timer(l,
		left < 0          ? 0
		: left < QUIET_MS ? left
				  : QUIET_MS,
		quiet, w);
}

static void add_one(struct config_watch *w, char *folder /* taken */)
{
	if (w->n < FOLDERS_MAX)
		w->folders[w->n++] = folder;
	else
		free(folder);
}

struct config_watch *config_watch_new(struct loop *l, const char *path,
	const char *const *more, void (*fn)(void *arg), void *arg)
{
	struct config_watch *w = xcalloc(1, sizeof(*w));
	const char *slash = strrchr(path, '/');
	char *folder = !slash          ? xstrdup(".")
		       : slash == path ? xstrdup("/")
				       : xstrndup(path, (size_t)(slash - path));

	w->loop = l;
	w->fn = fn;
	w->arg = arg;
	w->path = xstrdup(path);
	w->folders[w->n++] = folder;
	add_one(w, xasprintf("%s/connectors", folder));
	add_one(w, xasprintf("%s/runbooks", folder));
	for (size_t i = 0; more && more[i]; i++)
		add_one(w, xstrdup(more[i]));
	w->fd = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (w->fd < 0) {
		log_at(LOG_WARN, "config",
			"edits are not noticed before the next start: inotify: %s",
			strerror(errno));
		return w;
	}
	listen_to_all(w);
	w->stamp = stamp_of(w);
	w->watch = loop_watch(l, w->fd, LOOP_READ, on_events, w);
	return w;
}

void config_watch_free(struct config_watch *w)
{
	if (!w)
		return;
	loop_unwatch(w->loop, w->watch);
	loop_timer_cancel(w->loop, w->timer);
	if (w->fd >= 0)
		close(w->fd);
	for (size_t i = 0; i < w->n; i++)
		free(w->folders[i]);
	free(w->path);
	free(w->real);
	free(w);
}

bool config_reload(
	struct config *next, const struct config *before, const char *path, struct err *e)
{
	if (!config_load(next, path, e))
		return false;
	const json_t *root = next->doc.root;
	if (!before->n_sources || (root && !json_is_null(root)))
		return true;
	err_set(e, ERR_CONFIG, "%s:1:1: the file is %s", next->path,
		root ? "empty" : "gone");
	config_release(next);
	return false;
}
