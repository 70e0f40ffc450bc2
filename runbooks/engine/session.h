#ifndef ENGINE_SESSION_H
#define ENGINE_SESSION_H

#include "backends/connector/config.h"

/*
 * What a worker may need of the session that a person is in now: an ssh agent, a ticket, a proxy, the variables that the
 * configuration names by {env: NAME}. A worker outlives the session that started it, and would keep what that one had for ever.
 * So each console and command offers its own, over a socket beside the store that only this user may use: nothing of it is in
 * the store, in arguments or on the disk. What a session does not have replaces nothing, nor does an agent that does not answer.
 */

/* From a console or command, at its start. Without a worker, or one that does not listen, nothing happens. */
void session_offer(const char *store_path, const struct config *c);

/* The worker's side. What runs keeps what it was started with. */
struct worker;
struct session_door;
struct session_door *session_open_door(struct worker *w);
void session_close_door(struct session_door *d); /* NULL is fine */

#endif
