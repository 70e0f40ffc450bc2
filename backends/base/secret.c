/*
 * Secrets: a file, the environment, or (secret_command.c) a command's output. Every buffer that held one is overwritten, and
 * every value is registered for redaction before anybody gets it.
 */
#include "backends/base/secret_private.h"

#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

struct ask {
	struct loop *loop;
	json_t *spec;
	secret_fn *fn;
	void *arg;
	struct str out;
};

/* ---- the answer ---- */

static void ask_free(struct ask *q)
{
	str_wipe(&q->out);
	json_decref(q->spec);
	free(q);
}

static void fail(struct ask *q, const struct err *e)
{
	q->fn(q->arg, NULL, e);
	ask_free(q);
}

bool secret_good(const struct str *value, struct err *e)
{
	if (value->len == 0)
		return err_set(e, ERR_CONFIG, "the secret is empty");
	return !memchr(value->buf, '\0', value->len) ||
	       err_set(e, ERR_CONFIG, "the secret holds a NUL byte");
}

static void succeed(struct ask *q)
{
	struct err e = ERR_INIT;
	if (!secret_good(&q->out, &e)) {
		fail(q, &e);
		return;
	}
	log_redact(q->out.buf);
	q->fn(q->arg, q->out.buf, NULL);
	ask_free(q);
}

void secret_make_room(struct str *s)
{
	str_init(s, SECRET_MAX);
	for (size_t i = 0; i < SECRET_MAX / 64; i++)
		str_add(s,
			"                                                               "
			" ",
			64);
	str_clear(s);
}

/* ---- file ---- */

/* As a mounted secret is: nobody writes to it, and those who read it besides are a group of ours. */
static bool mounted(const struct stat *st)
{
	gid_t groups[256];
	int n = getgroups(LENGTH(groups), groups);
	bool ours = st->st_gid == getegid();

	for (int i = 0; i < n; i++)
		ours = ours || groups[i] == st->st_gid;
	return ours && !(st->st_mode & 0337);
}

static bool file_safe(const char *path, int fd, struct err *e)
{
	struct stat st;
	if (fstat(fd, &st) != 0)
		return err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return err_set(e, ERR_CONFIG, "%s is not a regular file", path);
	if (st.st_uid != geteuid() && st.st_uid != 0)
		return err_set(e, ERR_CONFIG,
			"%s belongs to another user: it must be yours or root's", path);
	if (st.st_mode & 077 && !mounted(&st))
		return err_set(e, ERR_CONFIG,
			"%s may be read by others: run chmod 600 %s", path, path);
	return true;
}

static bool read_all(const char *path, int fd, struct str *out, struct err *e)
{
	char piece[4096];
	ssize_t n;
	bool ok = true;
	while (ok && (n = read(fd, piece, sizeof(piece))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ok = err_set(e, ERR_IO, "%s: %s", path, strerror(errno));
		else if (!str_add(out, piece, (size_t)n))
			ok = err_set(e, ERR_LIMIT, "%s is larger than 64 KiB", path);
	}
	explicit_bzero(piece, sizeof(piece));
	return ok;
}

static bool read_file(const char *path, struct str *out, struct err *e)
{
	struct stat st;
	bool link = lstat(path, &st) == 0 && S_ISLNK(st.st_mode);
	if (link && !file_trusted(path, e))
		return false;
	int fd = open(path,
		O_RDONLY | (link ? 0 : O_NOFOLLOW) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return err_set(
			e, ERR_CONFIG, "the secret's file %s: %s", path, strerror(errno));
	bool ok = file_safe(path, fd, e) && read_all(path, fd, out, e);
	close(fd);
	while (ok && out->len &&
		(out->buf[out->len - 1] == '\n' || out->buf[out->len - 1] == '\r'))
		str_cut(out, out->len - 1);
	return ok;
}

bool secret_file_check(const char *path, struct err *e)
{
	struct str content = STR_INIT_MAX(SECRET_MAX);
	bool ok = read_file(path, &content, e);
	str_wipe(&content);
	return ok;
}

/* ---- environment ---- */

/* What was taken out of the environment, for later reads: the one place where secrets outlive a call. It must be
 * process-wide because the environment is. */
struct kept {
	char *name, *value;
	struct kept *next;
};
static struct kept *kept;

static bool read_env(const char *name, struct str *out, struct err *e)
{
	for (const struct kept *k = kept; k; k = k->next)
		if (strcmp(k->name, name) == 0)
			return str_adds(out, k->value);
	char *value = getenv(name);
	if (!value)
		return err_set(
			e, ERR_CONFIG, "the environment variable %s is not set", name);
	if (!str_adds(out, value))
		return err_set(e, ERR_LIMIT,
			"the environment variable %s is longer than 64 KiB", name);
	struct kept *k = xcalloc(1, sizeof(*k));
	k->name = xstrdup(name);
	k->value = xstrdup(value);
	k->next = kept;
	kept = k;
	/* unsetenv alone leaves the bytes readable in /proc/self/environ. */
	explicit_bzero(value, strlen(value));
	unsetenv(name);
	return true;
}

bool secret_env_set(const char *name, const char *value)
{
	struct kept *k = kept;
	while (k && strcmp(k->name, name) != 0)
		k = k->next;
	if (k && strcmp(k->value, value) == 0)
		return false;
	if (!k) {
		k = xcalloc(1, sizeof(*k));
		k->name = xstrdup(name);
		k->next = kept;
		kept = k;
	} else {
		explicit_bzero(k->value, strlen(k->value));
		free(k->value);
	}
	k->value = xstrdup(value);
	return true;
}

/* ---- entry ---- */

static void start(struct loop *l, void *arg)
{
	struct ask *q = arg;
	struct err e = ERR_INIT;
	const char *path = json_str(q->spec, "file", NULL),
		   *name = json_str(q->spec, "env", NULL);
	(void)l;
	if (!secret_spec_check(q->spec, &e)) {
		fail(q, &e);
		return;
	}
	if (!path && !name) {
		secret_command(q->loop, q->spec, q->fn, q->arg);
		ask_free(q);
		return;
	}
	secret_make_room(&q->out);
	if (path ? read_file(path, &q->out, &e) : read_env(name, &q->out, &e))
		succeed(q);
	else
		fail(q, &e);
}

void secret_resolve(struct loop *l, const json_t *spec, secret_fn *fn, void *arg)
{
	struct ask *q = xcalloc(1, sizeof(*q));
	*q = (struct ask){l, json_deep_copy(spec), fn, arg, STR_INIT};
	loop_defer(l, start, q);
}

static bool check_command(const json_t *command, struct err *e)
{
	size_t n = json_array_size(command);
	bool texts = n > 0;
	for (size_t i = 0; i < n; i++)
		texts = texts && json_is_string(json_array_get(command, i));
	if (!texts || json_string_length(json_array_get(command, 0)) == 0)
		return err_set(e, ERR_CONFIG,
			"command is a list of texts, the program first: {command: [pass, "
			"show, name]}");
	return true;
}

bool secret_spec_check(const json_t *spec, struct err *e)
{
	static const char hint[] =
		"write {command: [pass, show, name]}, {file: /path} or {env: NAME}";
	const json_t *command = json_object_get(spec, "command");
	const char *path = json_str(spec, "file", NULL),
		   *name = json_str(spec, "env", NULL);
	if (json_is_string(spec))
		return err_set(e, ERR_CONFIG,
			"a secret is not written into this file: %s", hint);
	if (json_object_size(spec) != 1 || (!command && !path && !name))
		return err_set(e, ERR_CONFIG,
			"a secret has one of command, file, env: %s", hint);
	if (command)
		return check_command(command, e);
	if (path && path[0] != '/')
		return err_set(e, ERR_CONFIG,
			"the secret's file needs an absolute path: {file: /path}");
	if (name && (name[0] == '\0' || strchr(name, '=')))
		return err_set(e, ERR_CONFIG,
			"the secret's env is the name of a variable: {env: NAME}");
	return true;
}

/* ---- hardening ---- */

static void unset_by_prefix(const char *prefix)
{
	char name[128];
	for (size_t i = 0; environ && environ[i];) {
		size_t n = strcspn(environ[i], "=");
		if (strncmp(environ[i], prefix, strlen(prefix)) != 0 ||
			n >= sizeof(name)) {
			i++;
			continue;
		}
		memcpy(name, environ[i], n);
		name[n] = '\0';
		unsetenv(name); /* moves the rest down */
	}
}

void secret_harden(void)
{
	struct rlimit none = {0, 0};
	(void)setrlimit(RLIMIT_CORE, &none);
	(void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	unset_by_prefix("PG");
	unsetenv("SSLKEYLOGFILE");
}
