#ifndef BASE_LOOP_SPAWN_H
#define BASE_LOOP_SPAWN_H

#include <sys/types.h>

#include "backends/base/err.h"

/* Starts a process as loop.h promises it. fds: our ends of its stdin, stdout and stderr, non-blocking.
 * Private to loop_child.c. */
bool loop_spawn_process(const char *const *argv, const char *const *env, pid_t *pid,
	int fds[3], struct err *e) MUST_USE;

#endif
