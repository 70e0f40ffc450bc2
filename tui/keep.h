#ifndef TUI_KEEP_H
#define TUI_KEEP_H

#include "tui/view.h"

/*
 * Keeps a worker running while the console is open: starts one when none holds the store, watches its end by a descriptor of
 * the process (no polling), and starts another. One that ends soon after its start is started again later and later, up to once
 * a minute, and the user is told how to find out why.
 */
struct keep;

/* The paths are borrowed. The first start comes a little later, so that
 * painting is not held up by a fork. */
struct keep *keep_new(struct app *a, const char *store_path, const char *config_path);
void keep_free(struct keep *k); /* NULL is fine; the worker goes on */

#endif
