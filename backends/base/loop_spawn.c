/* Starting a process: posix_spawn, so that a large worker need not be copied and a missing program is
 * an error here and not an exit status there. */
#include "backends/base/loop_spawn.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/mem.h"

static const char *const passed_on[] = {
	"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ", "SSH_AUTH_SOCK"};

/* The array is closed by NULL; strings are malloc'ed. */
static void minimal_env(char *env[LENGTH(passed_on) + 1])
{
	size_t n = 0;

	for (size_t i = 0; i < LENGTH(passed_on); i++) {
		const char *value = getenv(passed_on[i]);

		if (value)
			env[n++] = xasprintf("%s=%s", passed_on[i], value);
	}
	env[n] = NULL;
}

/* Above 2, that the child's dup2 of one end does not close another: we may run with 0-2 closed. */
static bool lift(int *fd)
{
	int high;

	if (*fd > 2)
		return true;
	high = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (high < 0)
		return false;
	close(*fd);
	*fd = high;
	return true;
}

static void close_pair(int pair[2])
{
	for (int i = 0; i < 2; i++) {
		if (pair[i] >= 0)
			close(pair[i]);
		pair[i] = -1;
	}
}

/* pair[ours] is non-blocking. */
static bool make_pipe(int pair[2], int ours)
{
	return pipe2(pair, O_CLOEXEC) == 0 && lift(&pair[0]) && lift(&pair[1]) &&
	       fcntl(pair[ours], F_SETFL, O_NONBLOCK) == 0;
}

/* The group, the signals and the mask of the new process. */
static void set_attributes(posix_spawnattr_t *attr)
{
	sigset_t all;
	sigset_t none;

	sigfillset(&all);
	sigemptyset(&none);
	posix_spawnattr_init(attr);
	posix_spawnattr_setpgroup(attr, 0);
	posix_spawnattr_setsigdefault(attr, &all);
	posix_spawnattr_setsigmask(attr, &none);
	posix_spawnattr_setflags(attr,
		POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETSIGMASK);
}

static int start(
	const char *const *argv, char *const *env, const int child_ends[3], pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	char **args = NULL;
	size_t cap = 0;
	size_t n = 0;
	int code;

	/* The interface wants strings that it may write to, and does not write. */
	do {
		args = mem_grow(args, &cap, n + 1, sizeof(*args));
		args[n] = argv[n] ? xstrdup(argv[n]) : NULL;
	} while (argv[n++]);
	set_attributes(&attr);
	posix_spawn_file_actions_init(&files);
	for (int i = 0; i < 3; i++)
		posix_spawn_file_actions_adddup2(&files, child_ends[i], i);
	posix_spawn_file_actions_addclosefrom_np(&files, 3);
	code = posix_spawnp(pid, args[0], &files, &attr, args, env);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	for (size_t i = 0; i < n; i++)
		free(args[i]);
	free(args);
	return code;
}

static int start_with_env(
	const char *const *argv, const char *const *env, int pipes[3][2], pid_t *pid)
{
	const int child_ends[3] = {pipes[0][0], pipes[1][1], pipes[2][1]};
	char *minimal[LENGTH(passed_on) + 1];
	char **copy = NULL;
	size_t cap = 0;
	size_t n = 0;
	int code;

	if (!env) {
		minimal_env(minimal);
		code = start(argv, minimal, child_ends, pid);
		for (char **p = minimal; *p; p++)
			free(*p);
		return code;
	}
	do {
		copy = mem_grow(copy, &cap, n + 1, sizeof(*copy));
		copy[n] = env[n] ? xstrdup(env[n]) : NULL;
	} while (env[n++]);
	code = start(argv, copy, child_ends, pid);
	for (size_t i = 0; i + 1 < n; i++) {
		explicit_bzero(copy[i], strlen(copy[i]));
		free(copy[i]);
	}
	free(copy);
	return code;
}

bool loop_spawn_process(const char *const *argv, const char *const *env, pid_t *pid,
	int fds[3], struct err *e)
{
	int pipes[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
	int code;

	if (!argv || !argv[0] || argv[0][0] == '\0')
		return err_set(e, ERR_USAGE, "a command without a program name");
	if (!make_pipe(pipes[0], 1) || !make_pipe(pipes[1], 0) || !make_pipe(pipes[2], 0))
		code = errno;
	else
		code = start_with_env(argv, env, pipes, pid);
	if (code != 0) {
		for (int i = 0; i < 3; i++)
			close_pair(pipes[i]);
		return err_set(e, code == ENOENT ? ERR_NOTFOUND : ERR_IO,
			"%s: cannot be started: %s", argv[0], strerror(code));
	}
	close(pipes[0][0]);
	close(pipes[1][1]);
	close(pipes[2][1]);
	fds[0] = pipes[0][1];
	fds[1] = pipes[1][0];
	fds[2] = pipes[2][0];
	return true;
}
