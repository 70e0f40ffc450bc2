#ifndef TRANSPORT_SSH_AGENT_H
#define TRANSPORT_SSH_AGENT_H

#include "backends/base/loop.h"
#include "backends/base/str.h"

/*
 * A client of ssh-agent that never waits: libssh2's own does, and an agent that asks its user, or a token that wants a
 * touch, would stop the worker. One request at a time: ssh_agent_list or ssh_agent_sign, then ssh_agent_reply until it
 * is no longer AGENT_WAITS; `woken` says when to ask again, and may close the agent.
 */
struct ssh_agent;

/* NULL: nobody listens at the path, or it is no path of a socket. */
struct ssh_agent *ssh_agent_open(
	struct loop *l, const char *path, void (*woken)(void *arg), void *arg);
void ssh_agent_close(struct ssh_agent *a); /* NULL is fine */

void ssh_agent_list(struct ssh_agent *a);
void ssh_agent_sign(struct ssh_agent *a, const char *key, size_t key_len,
	const unsigned char *data, size_t data_len);

enum ssh_agent_state { AGENT_WAITS, AGENT_ANSWERED, AGENT_GONE };
/* AGENT_ANSWERED: `reply` (empty before) gets the message. AGENT_GONE: it hung up, or speaks something else. */
enum ssh_agent_state ssh_agent_reply(struct ssh_agent *a, struct str *reply);

/* The i-th key of a list's reply that libssh2 1.10 can use (ed25519, ecdsa; not RSA, certificates, tokens): a raw public
 * key within the reply. False: there are no more. */
bool ssh_agent_key(const struct str *reply, size_t i, const char **key, size_t *len);
/* The signature itself, without the name of its kind, within the reply. False: refused. */
bool ssh_agent_signature(const struct str *reply, const char **signature, size_t *len);

#endif
