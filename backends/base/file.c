/* Small files, read and replaced whole. Replacing goes through a temporary beside the file, so that a
 * reader sees the old content or the new, and a crash leaves one of the two. */
#include "backends/base/file.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/mem.h"

static bool fail(struct err *e, const char *path, const char *what)
{
	enum err_code code = errno == ENOENT || errno == ENOTDIR ? ERR_NOTFOUND : ERR_IO;

	return err_set(e, code, "%s: %s: %s", path, what, strerror(errno));
}

/* Up to one byte more than `max`, which tells that the file is too large. */
static bool read_all(int fd, const char *path, size_t max, struct str *out, struct err *e)
{
	char piece[16384];
	size_t total = 0;

	for (;;) {
		ssize_t n = read(fd, piece, sizeof(piece));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return fail(e, path, "cannot be read");
		if (n == 0)
			return true;
		total += (size_t)n;
		if (total > max || !str_add(out, piece, (size_t)n))
			return err_set(e, ERR_LIMIT,
				"%s: larger than the allowed %zu bytes", path, max);
	}
}

bool file_read(const char *path, size_t max, struct str *out, struct err *e)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	bool ok;

	if (fd < 0)
		return fail(e, path, "cannot be opened");
	ok = read_all(fd, path, max, out, e);
	close(fd);
	return ok;
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

/* The rename itself is durable only once the folder is synced. A file system that cannot do it has
 * nothing better to offer. */
static void sync_folder(const char *path)
{
	char *folder = xstrdup(path);
	char *slash = strrchr(folder, '/');
	int fd;

	if (slash)
		slash[slash == folder] = '\0';
	fd = open(slash ? folder : ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0) {
		fsync(fd);
		close(fd);
	}
	free(folder);
}

bool file_write(const char *path, const char *bytes, size_t len, struct err *e)
{
	char *beside = xasprintf("%s.XXXXXX", path);
	int fd = mkostemp(beside, O_CLOEXEC);
	bool ok;

	if (fd < 0) {
		fail(e, path, "cannot be written");
		free(beside);
		return false;
	}
	ok = write_all(fd, bytes, len) && fsync(fd) == 0;
	ok = close(fd) == 0 && ok;
	ok = ok && rename(beside, path) == 0;
	if (ok) {
		sync_folder(path);
	} else {
		fail(e, path, "cannot be written");
		unlink(beside);
	}
	free(beside);
	return ok;
}

static bool make_folder(const char *path, struct err *e)
{
	struct stat st;
	int why;

	if (mkdir(path, 0700) == 0)
		return true;
	why = errno;
	if (why != EEXIST && why != EISDIR && why != EROFS && why != EACCES)
		return fail(e, path, "cannot be created");
	/* A parent that we may not write to is no error as long as it is there; when it is not, what kept us from making
	 * it is the reason, and not that it is not there. */
	if (stat(path, &st) != 0) {
		errno = why == EEXIST ? errno : why;
		return fail(e, path, "cannot be created");
	}
	if (S_ISDIR(st.st_mode))
		return true;
	return err_set(e, ERR_IO, "%s: is in the way: a folder is needed there", path);
}

bool file_mkdirs(const char *path, struct err *e)
{
	char *copy = xstrdup(path);
	bool ok = true;

	for (char *p = copy; ok && *p; p++) {
		if (*p != '/' || p == copy)
			continue;
		*p = '\0';
		ok = make_folder(copy, e);
		*p = '/';
	}
	ok = ok && make_folder(copy, e);
	free(copy);
	return ok;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

/* Follows links; file systems that do not tell the type in the folder need the stat anyway. */
static bool is_regular(DIR *d, const char *name)
{
	struct stat st;

	return fstatat(dirfd(d), name, &st, 0) == 0 && S_ISREG(st.st_mode);
}

char **file_list(const char *dir, const char *suffix)
{
	DIR *d = opendir(dir);
	char **names = NULL;
	size_t cap = 0;
	size_t n = 0;
	struct dirent *entry;

	while (d && (entry = readdir(d))) {
		if (!str_ends(entry->d_name, suffix) || !is_regular(d, entry->d_name))
			continue;
		names = mem_grow(names, &cap, n + 1, sizeof(*names));
		names[n++] = xstrdup(entry->d_name);
	}
	if (d)
		closedir(d);
	names = mem_grow(names, &cap, n + 1, sizeof(*names));
	names[n] = NULL;
	if (n > 1)
		qsort(names, n, sizeof(*names), by_name);
	return names;
}

void file_list_free(char **names)
{
	for (char **p = names; p && *p; p++)
		free(*p);
	free(names);
}

int file_end_output(int status)
{
	bool lost = ferror(stdout) != 0;

	errno = 0;
	if (fflush(stdout) != 0)
		lost = true;
	if (!lost)
		return status;
	/* Whoever closed the pipe has read what they wanted. */
	if (errno != EPIPE)
		fprintf(stderr, "watchdesk: the output could not be written%s%s\n",
			errno ? ": " : "", errno ? strerror(errno) : "");
	return status == 0 ? FILE_OUTPUT_LOST : status;
}
