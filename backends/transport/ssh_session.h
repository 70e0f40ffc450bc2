#ifndef TRANSPORT_SSH_SESSION_H
#define TRANSPORT_SSH_SESSION_H

#include "backends/transport/ssh_private.h"
#include "backends/transport/tries.h"

/* One libssh2 session: its states (ssh_session.c); how it connects (ssh_connect.c), its socket and files (ssh_files.c),
 * both without libssh2. */

enum ssh_state {
	SSH_RESOLVE,
	SSH_CONNECT,
	SSH_HANDSHAKE,
	SSH_AUTH_LIST,
	SSH_AUTH_KEY,
	SSH_OPEN,
	SSH_EXEC,
	SSH_TALK,
	SSH_SEND_EOF,
	SSH_CLOSE,
	SSH_WAIT_CLOSED,
};

enum ssh_step {
	SSH_STEP_NEXT,  /* go on at once, perhaps in another state */
	SSH_STEP_AGAIN, /* would block */
	SSH_STEP_YIELD, /* could go on, in the next turn */
	SSH_STEP_OVER,  /* `clean` or `why` tells how */
	SSH_STEP_GONE,  /* the session was freed by a callback */
};

#define SSH_KEYS_MAX 4

struct ssh_session {
	struct ssh_call *call;
	enum ssh_state state;
	int fd, port;
	int64_t connect_until; /* monotonic ms */
	char *user;
	char *keys[SSH_KEYS_MAX + 1]; /* files to try, closed by NULL */
	size_t key;
	struct str hosts; /* known_hosts */
	struct _LIBSSH2_SESSION *session;
	struct _LIBSSH2_CHANNEL *channel;
	bool inited, clean;
	struct resolve_call *resolving;
	struct tries tries;
	struct loop_timer *slow; /* the address in hand has had its time */
	struct loop_watch *watch;
	struct loop_timer *again, *keepalive;
	const struct str *sending; /* NULL: nothing */
	size_t sent;
	struct err why;
};

/* The one door from state to state. */
void ssh_session_to(struct ssh_session *s, enum ssh_state state);
/* For the loop: something may go on. */
void ssh_session_event(struct loop *l, int fd, unsigned events, void *arg);

/* False: not one of the addresses takes a connect; s->why. */
bool ssh_connect_begin(struct ssh_session *s, const struct resolved *to) MUST_USE;
enum ssh_step ssh_connect_step(struct ssh_session *s);

/* User, keys and known_hosts of the call. */
bool ssh_session_files(struct ssh_session *s, struct err *e) MUST_USE;
void ssh_session_files_release(struct ssh_session *s);

/* Is this the host's key? Else s->why says what to do. */
bool ssh_hosts_check(struct ssh_session *s, const char *key, size_t len) MUST_USE;
bool ssh_hosts_types(const struct ssh_session *s, char *dst, size_t size);

/* Begins to connect to a numeric address; -1 with e, which does not name the address. */
int ssh_socket_open(const char *address, int port, struct err *e) MUST_USE;
/* False: not yet. Else *code is 0 or an errno. */
bool ssh_socket_connected(int fd, int *code);
void ssh_socket_shut(int fd);

#endif
