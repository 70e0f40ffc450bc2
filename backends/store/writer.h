#ifndef STORE_WRITER_H
#define STORE_WRITER_H

#include "backends/store/store.h"

/*
 * A console's changes are carried out by a child, so that a disk sync or a busy lock never stops a key. Lines of
 * JSON both ways: {"id": n, "change": name, "args": {...}} to it, {"id": n, "answer": {...}} or
 * {"id": n, "error": {"code": n, "msg": text}} back, in any order. At the end of its input the child finishes what
 * it has read, and leaves.
 */

/* The child: what `watchdesk store-write PATH` runs. Returns the exit status. */
int store_writer_main(const char *path);

/* Another argv for the child (closed by NULL; copied); the default is `watchdesk store-write PATH` beside our own program. */
void store_set_writer(struct store *s, const char *const *argv);

#endif
