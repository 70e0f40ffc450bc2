/* Where things are: the folders of the user (XDG base directories) and what was shipped with the program. */
#include "backends/base/file.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/mem.h"

/* The specification wants relative values ignored. */
static const char *absolute_env(const char *name)
{
	const char *value = getenv(name);

	return value && value[0] == '/' ? value : NULL;
}

static const char *home_folder(void)
{
	const char *home = absolute_env("HOME");
	const struct passwd *pw;

	if (home)
		return home;
	pw = getpwuid(geteuid());
	return pw && pw->pw_dir[0] == '/' ? pw->pw_dir : NULL;
}

/* Ours alone to write: sockets and the store lie there. The configuration of a managed machine may be root's. */
static bool check_private(const char *path, bool or_root, struct err *e)
{
	struct stat st;

	if (stat(path, &st) != 0)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	if (st.st_uid != geteuid() && !(or_root && st.st_uid == 0))
		return err_set(e, ERR_DENIED,
			"%s: belongs to another user: remove it or set XDG_*_HOME", path);
	if (st.st_mode & 022)
		return err_set(e, ERR_DENIED,
			"%s: others may write there: run chmod 700 %s", path, path);
	return true;
}

static char *below_home(const char *variable, const char *fallback, struct err *e)
{
	const char *base = absolute_env(variable);
	const char *home = base ? NULL : home_folder();
	char *path = NULL;

	if (base)
		path = xasprintf("%s/watchdesk", base);
	else if (home)
		path = xasprintf("%s/%s/watchdesk", home, fallback);
	else
		err_set(e, ERR_CONFIG,
			"no home folder: set HOME or %s to an absolute path", variable);
	bool or_root = strcmp(variable, "XDG_CONFIG_HOME") == 0;
	if (path && (!file_mkdirs(path, e) || !check_private(path, or_root, e))) {
		free(path);
		path = NULL;
	}
	return path;
}

/* XDG_RUNTIME_DIR often names a folder that does not exist (su, cron, containers). */
static char *runtime(void)
{
	const char *base = absolute_env("XDG_RUNTIME_DIR");
	struct stat st;
	char *path;

	if (!base || stat(base, &st) != 0 || !S_ISDIR(st.st_mode) ||
		st.st_uid != geteuid())
		return NULL;
	path = xasprintf("%s/watchdesk", base);
	if (!file_mkdirs(path, NULL) || !check_private(path, false, NULL)) {
		free(path);
		return NULL;
	}
	return path;
}

char *file_home(enum file_base base, struct err *e)
{
	char *path;

	switch (base) {
	case FILE_CONFIG:
		return below_home("XDG_CONFIG_HOME", ".config", e);
	case FILE_RUNTIME:
		path = runtime();
		if (path)
			return path;
		break;
	case FILE_STATE:
		break;
	}
	return below_home("XDG_STATE_HOME", ".local/state", e);
}

char *file_exe_dir(void)
{
	char path[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 1);
	char *slash;

	if (len <= 0)
		return xstrdup(".");
	path[len] = '\0';
	slash = strrchr(path, '/');
	if (slash)
		slash[slash == path] = '\0';
	return xstrdup(path);
}

/* The shipped data always has the catalogue. */
static bool has_data(const char *folder)
{
	char *path = xasprintf("%s/backends/catalog", folder);
	bool there = access(path, R_OK | X_OK) == 0;

	free(path);
	return there;
}

/* The source tree above build/<mode>/ or build/<mode>/tests/unit/. */
static char *source_tree(const char *exe_dir)
{
	char *folder = xstrdup(exe_dir);

	for (int level = 0; level < 5; level++) {
		char *slash = strrchr(folder, '/');

		if (!slash || slash == folder)
			break;
		*slash = '\0';
		if (has_data(folder))
			return folder;
	}
	free(folder);
#ifdef WD_HOSTILE_BUFFERS
	/* Test programs may be built outside of the tree; they run from its root. */
	if (has_data("."))
		return xstrdup(".");
#endif
	return NULL;
}

char *file_data(const char *below)
{
	const char *given = getenv("WATCHDESK_DATA");
	char *exe = file_exe_dir();
	char *root = given && *given ? xstrdup(given) : NULL;
	char *path;

	if (!root) {
		char *installed = xasprintf("%s/../share/watchdesk", exe);

		root = has_data(installed) ? xstrdup(installed) : source_tree(exe);
		if (!root)
			root = xstrdup(installed);
		free(installed);
	}
	path = xasprintf("%s/%s", root, below);
	free(root);
	free(exe);
	return path;
}
