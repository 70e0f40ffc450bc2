/* The file of the store, before it is opened: it is there, and nobody else's to read. */
#include "backends/store/db.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"

/* 0600 from its first moment, whatever the umask is; SQLite gives -wal and -shm the same
 * mode. */
static bool db_create_file(const char *path, struct err *e)
{
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return err_set(
			e, ERR_IO, "cannot open the store %s: %s", path, strerror(errno));
	close(fd);
	return true;
}

/* Records, notes and the audit are nobody else's to read. */
static bool db_narrow(const char *path, struct err *e)
{
	static const char *const ends[] = {"", "-wal", "-shm"};
	bool ok = true;

	for (size_t i = 0; ok && i < LENGTH(ends); i++) {
		char *name = xasprintf("%s%s", path, ends[i]);
		ok = file_narrow(name, e);
		free(name);
	}
	return ok;
}

bool db_file_ready(const char *path, enum db_mode mode, struct err *e)
{
	struct stat st;

	if (mode == DB_WRITE)
		return db_create_file(path, e) && db_narrow(path, e);
	if (stat(path, &st) != 0 && errno == ENOENT)
		return err_set(e, ERR_NOTFOUND,
			"there is no store at %s yet: start the worker (watchdesk "
			"worker)",
			path);
	if (access(path, R_OK) != 0)
		return err_set(
			e, ERR_IO, "cannot read the store %s: %s", path, strerror(errno));
	return db_narrow(path, e);
}
