#ifndef ENGINE_TRY_H
#define ENGINE_TRY_H

#include <stdbool.h>

/* The front ends of `watchdesk connector`: they print to stdout, errors to stderr, and return the exit status. */
struct try_options {
	const char *config_path; /* NULL: the default file */
	const char *source;      /* name in the configuration */
	const char *collection;  /* NULL: all */
	bool json;
};

/* 0: all valid; 78: a file is not, each said as file:line:column. */
int connector_check_files(char *const *paths, int n);
/* Fetches each collection once, without a store, and prints the mapped records. 0: all complete; 1: some failed;
 * 2: wrong call; 78: configuration. */
int connector_try(const struct try_options *o);
/* Ends the worker of the store (SIGTERM to the pid in the locked file) and waits until it has gone. 0, or 1 when it
 * does not go. */
int worker_stop(const char *store_path, const char *config_path);

#endif
