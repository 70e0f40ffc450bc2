#ifndef CONNECTOR_CONFIG_WATCH_H
#define CONNECTOR_CONFIG_WATCH_H

#include "backends/base/loop.h"
#include "backends/connector/config.h"

/*
 * Tells when the configuration was saved: the file itself, and what stands in connectors/ and runbooks/ beside it and in
 * further folders. By inotify on the folders, because editors and deployments put another file in the place of the old one
 * (a rename, a link "..data" that goes elsewhere). A moment after the last event of a save, at most a second after its first.
 * What is being written is not looked at before it is closed. Who may write a file or a folder counts as part of it.
 */
struct config_watch;

/* `path` is that of the file; `more` are folders, closed by NULL. Both are copied. */
struct config_watch *config_watch_new(struct loop *l, const char *path,
	const char *const *more, void (*fn)(void *arg), void *arg);
void config_watch_free(struct config_watch *w); /* NULL is fine */
/* What was saved and not told yet is told before this returns; when nothing was, nothing happens. */
void config_watch_look(struct config_watch *w);

/* config_load of what is there now. A file that is gone or empty where `before` had sources is being written, or is a mistake:
 * it is refused, and no order to forget them all. */
bool config_reload(struct config *next, const struct config *before, const char *path,
	struct err *e) MUST_USE;

#endif
