/*
 * The bell: a file in tmpfs, one for each store and user. Whoever committed writes one
 * byte to it; whoever listens has an inotify watch on it. The store's own files cannot
 * serve: inotify on the write-ahead log fires before a commit can be read, and the shared
 * memory file never fires.
 */
#include "backends/store/store_private.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/log.h"

#define BELL_PAUSE_MS 100 /* at most 10 calls a second */

struct bell {
	struct loop *loop;
	char *path;
	int fd;     /* the bell file, -1: broken */
	int notify; /* inotify, -1: nobody listens */
	struct loop_watch *watch;
	struct loop_timer
		*pause; /* running: a call was made less than BELL_PAUSE_MS ago */
	unsigned long rings;
	bool pending; /* rung during the pause */
	void (*fn)(void *arg);
	void *arg;
};

static bool own_folder(const char *dir)
{
	struct stat st;

	return dir != NULL && dir[0] == '/' && lstat(dir, &st) == 0 &&
	       S_ISDIR(st.st_mode) && st.st_uid == geteuid() &&
	       access(dir, W_OK | X_OK) == 0;
}

static bool shared_folder(const char *dir)
{
	struct stat st;

	return stat(dir, &st) == 0 && S_ISDIR(st.st_mode) &&
	       access(dir, W_OK | X_OK) == 0;
}

/* Processes with and without XDG_RUNTIME_DIR in their environment must come to the same
 * file: so its usual place is tried before the shared folders. */
char *bell_beside(const char *store_path, const char *what)
{
	char real[PATH_MAX], run[64];
	const char *xdg = getenv("XDG_RUNTIME_DIR");
	const char *full = realpath(store_path, real) != NULL ? real : store_path;
	unsigned long long hash = str_hash(full, strlen(full), geteuid());

	str_format(run, sizeof(run), "/run/user/%u", (unsigned)geteuid());
	const char *dir = own_folder(xdg)             ? xdg
			  : own_folder(run)           ? run
			  : shared_folder("/dev/shm") ? "/dev/shm"
						      : "/tmp";
	return xasprintf(
		"%s/watchdesk-%s-%u-%016llx", dir, what, (unsigned)geteuid(), hash);
}

/* In a shared folder anybody may have put something of that name: only our own plain file
 * with one link will do. */
int bell_file(const char *path)
{
	struct stat st;
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);

	if (fd < 0) {
		log_at(LOG_WARN, "store", "bell %s: %s", path, strerror(errno));
		return -1;
	}
	if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
		st.st_nlink != 1 || (st.st_mode & 077) != 0) {
		log_at(LOG_WARN, "store", "bell %s is not a private file of this user",
			path);
		close(fd);
		return -1;
	}
	return fd;
}

struct bell *bell_new(struct loop *l, const char *store_path)
{
	struct bell *b = xcalloc(1, sizeof(*b));

	b->loop = l;
	b->path = bell_beside(store_path, "bell");
	b->fd = bell_file(b->path);
	b->notify = -1;
	return b;
}

static void bell_deaf(struct bell *b)
{
	loop_unwatch(b->loop, b->watch);
	loop_timer_cancel(b->loop, b->pause);
	if (b->notify >= 0)
		close(b->notify);
	b->watch = NULL;
	b->pause = NULL;
	b->notify = -1;
	b->pending = false;
}

void bell_free(struct bell *b)
{
	if (b == NULL)
		return;
	bell_deaf(b);
	if (b->fd >= 0)
		close(b->fd);
	free(b->path);
	free(b);
}

void bell_ring(struct bell *b)
{
	if (b->fd >= 0 && pwrite(b->fd, "!", 1, 0) != 1) {
		log_at(LOG_WARN, "store", "bell %s: %s", b->path, strerror(errno));
		close(b->fd);
		b->fd = -1;
	}
}

static void bell_call(struct bell *b);

static void bell_pause_over(struct loop *l, void *arg)
{
	struct bell *b = arg;

	(void)l;
	b->pause = NULL;
	if (b->pending)
		bell_call(b);
}

static void bell_call(struct bell *b)
{
	b->pending = false;
	b->rings++;
	b->pause = loop_timer(b->loop, BELL_PAUSE_MS, bell_pause_over, b);
	b->fn(b->arg); /* last: it may close the store */
}

static void bell_heard(struct loop *l, int fd, unsigned events, void *arg)
{
	struct bell *b = arg;
	char events_read[4096];

	(void)l;
	(void)events;
	while (read(fd, events_read, sizeof(events_read)) > 0)
		continue;
	if (b->pause != NULL)
		b->pending = true;
	else
		bell_call(b);
}

void bell_listen(struct bell *b, void (*fn)(void *arg), void *arg)
{
	bell_deaf(b);
	b->fn = fn;
	b->arg = arg;
	if (fn == NULL || b->fd < 0)
		return;
	b->notify = inotify_init1(IN_NONBLOCK | IN_CLOEXEC);
	if (b->notify < 0 || inotify_add_watch(b->notify, b->path, IN_MODIFY) < 0) {
		log_at(LOG_WARN, "store", "bell %s: inotify: %s", b->path,
			strerror(errno));
		bell_deaf(b);
		return;
	}
	b->watch = loop_watch(b->loop, b->notify, LOOP_READ, bell_heard, b);
}

bool bell_listening(const struct bell *b)
{
	return b->watch != NULL;
}

unsigned long bell_rings(const struct bell *b)
{
	return b->rings;
}
