/*
 * Who may change what we obey, and who may read what we keep. A connector or a runbook decides what is sent and run in the
 * operator's name: whoever can write to it, or swap a folder above it, is the operator.
 */
#include "backends/base/file.h"

#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/mem.h"

#define LINKS_MAX 40

struct walk {
	const char *path; /* as it was named */
	char *home;       /* without links; what stands above it is not looked at */
	struct str done;  /* from the root, without links: checked */
	char *rest;       /* still to go */
	unsigned links;
	bool sticky; /* everybody may make files in the last folder of `done` */
	struct err *e;
};

/* For a shell, when it needs that. */
static void add_quoted(struct str *out, const char *path)
{
	static const char plain[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
				    "0123456789/._-+@:,";

	if (path[strspn(path, plain)] == '\0') {
		str_adds(out, path);
		return;
	}
	str_addc(out, '\'');
	for (; *path; path++)
		str_adds(out, *path == '\'' ? "'\\''" : (char[]){*path, '\0'});
	str_addc(out, '\'');
}

static bool breaks(struct walk *w, const char *at, const char *why, const char *command)
{
	struct str text = STR_INIT;

	if (strcmp(at, w->path) != 0)
		str_addf(&text, "%s is not used: ", w->path);
	str_addf(&text, "%s %s", at, why);
	if (command) {
		str_addf(&text, ": run %s ", command);
		add_quoted(&text, at);
	}
	err_set(w->e, ERR_DENIED, "%s", text.buf);
	str_release(&text);
	return false;
}

static bool owner_ok(struct walk *w, const char *at, const struct stat *st)
{
	const struct passwd *pw;
	struct str why = STR_INIT;

	if (st->st_uid == 0 || st->st_uid == geteuid())
		return true;
	pw = getpwuid(st->st_uid);
	str_addf(&why, "belongs to %s: it must be yours or root's",
		pw ? pw->pw_name : "another user");
	breaks(w, at, why.buf, NULL);
	str_release(&why);
	return false;
}

static bool is_above(const char *folder, const char *home)
{
	size_t len = strlen(folder);

	return strcmp(folder, "/") == 0
		       ? strcmp(home, "/") != 0
		       : strncmp(folder, home, len) == 0 && home[len] == '/';
}

/* One folder or file on the way, which is no link. */
static bool check(struct walk *w, const char *at, const struct stat *st)
{
	bool folder = S_ISDIR(st->st_mode);
	bool in_sticky = w->sticky;
	char why[100];

	w->sticky = false;
	if (folder && w->home && is_above(at, w->home))
		return true;
	if (!owner_ok(w, at, st))
		return false;
	if (!folder && in_sticky)
		return breaks(w, at,
			"lies in a folder where everybody may write: move it into one "
			"of your own",
			NULL);
	if (!(st->st_mode & 022))
		return true;
	w->sticky = folder && (st->st_mode & S_ISVTX) && st->st_uid == 0;
	if (w->sticky)
		return true;
	str_format(why, sizeof(why), "may be changed by others (mode %04o)",
		(unsigned)st->st_mode & 07777);
	return breaks(w, at, why,
		(st->st_mode & 022) == 022 ? "chmod go-w"
		: st->st_mode & 020        ? "chmod g-w"
					   : "chmod o-w");
}

/* What the link says comes before the rest of the way. */
static bool follow(struct walk *w, const char *at)
{
	char to[PATH_MAX];
	ssize_t len = readlink(at, to, sizeof(to) - 1);
	char *rest;

	if (len < 0)
		return err_set(w->e, ERR_IO, "%s: %s", at, strerror(errno));
	if (++w->links > LINKS_MAX)
		return err_set(w->e, ERR_IO, "%s: too many symbolic links", w->path);
	to[len] = '\0';
	if (to[0] == '/')
		str_clear(&w->done);
	rest = xasprintf("%s/%s", to, w->rest);
	free(w->rest);
	w->rest = rest;
	return true;
}

/* Takes the next name off the rest. False: there is none. */
static bool next_name(struct walk *w, char *name, size_t size)
{
	size_t skip = strspn(w->rest, "/"), len = strcspn(w->rest + skip, "/");

	memmove(w->rest, w->rest + skip, strlen(w->rest + skip) + 1);
	if (len == 0)
		return false;
	str_copy(name, len < size ? len + 1 : size, w->rest);
	memmove(w->rest, w->rest + len, strlen(w->rest + len) + 1);
	return true;
}

/* *there false: nothing of that name, so nothing that could be obeyed. */
static bool step(struct walk *w, const char *name, bool *there)
{
	struct stat st;
	size_t len = w->done.len;
	const char *slash;

	if (strcmp(name, ".") == 0)
		return true;
	if (strcmp(name, "..") == 0) {
		slash = strrchr(w->done.buf, '/');
		str_cut(&w->done, slash ? (size_t)(slash - w->done.buf) : 0);
		/* What holds of that folder holds again, of a sticky one above all. */
		slash = w->done.len ? w->done.buf : "/";
		return lstat(slash, &st) != 0 || check(w, slash, &st);
	}
	str_addf(&w->done, "/%s", name);
	if (lstat(w->done.buf, &st) != 0) {
		*there = false;
		return errno == ENOENT || errno == ENOTDIR ||
		       err_set(w->e, ERR_IO, "%s: %s", w->done.buf, strerror(errno));
	}
	if (!S_ISLNK(st.st_mode))
		return check(w, w->done.buf, &st);
	char *link = xstrdup(w->done.buf);
	str_cut(&w->done, len);
	bool ok = owner_ok(w, link, &st) && follow(w, link);
	free(link);
	return ok;
}

bool file_trusted(const char *path, struct err *e)
{
	const char *home = getenv("HOME");
	char cwd[PATH_MAX], name[NAME_MAX + 1];
	struct walk w = {.path = path, .done = STR_INIT, .e = e};
	struct stat root;
	bool there = true, ok;

	if (path[0] != '/' && !getcwd(cwd, sizeof(cwd)))
		return err_set(e, ERR_IO, "the current folder: %s", strerror(errno));
	w.rest = path[0] == '/' ? xstrdup(path) : xasprintf("%s/%s", cwd, path);
	w.home = home && home[0] == '/' ? realpath(home, NULL) : NULL;
	ok = stat("/", &root) != 0 || check(&w, "/", &root);
	while (ok && there && next_name(&w, name, sizeof(name)))
		ok = step(&w, name, &there);
	free(w.rest);
	free(w.home);
	str_release(&w.done);
	return ok;
}

/* ---- what we keep ---- */

static bool too_wide(const char *path, struct err *e)
{
	struct str text = STR_INIT;

	str_addf(&text, "%s may be read by others: its owner runs chmod 600 ", path);
	add_quoted(&text, path);
	err_set(e, ERR_DENIED, "%s", text.buf);
	str_release(&text);
	return false;
}

static bool wide(const struct stat *st)
{
	return S_ISREG(st->st_mode) && (st->st_mode & 0177);
}

bool file_narrow(const char *path, struct err *e)
{
	struct stat st;

	/* By name: closing a descriptor of it would let go of the locks that SQLite holds in this process. */
	if (lstat(path, &st) != 0 || !wide(&st))
		return true;
	return (st.st_uid == geteuid() && chmod(path, 0600) == 0) || too_wide(path, e);
}

bool file_narrow_fd(int fd, const char *path, struct err *e)
{
	struct stat st;

	if (fstat(fd, &st) != 0 || !wide(&st))
		return true;
	return (st.st_uid == geteuid() && fchmod(fd, 0600) == 0) || too_wide(path, e);
}
