/*
 * A libssh2 session's login: by the keys of an agent first, as ssh does, then by the key files; by the one file alone
 * when it is named.
 */
#include "backends/transport/ssh_session.h"

#include <libssh2.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/mem.h"

/* Servers hang up after six offers by default, and the files come after these. */
#define AGENT_KEYS_MAX 4

enum ssh_step ssh_auth_list_step(struct ssh_session *s)
{
	const char *list =
		libssh2_userauth_list(s->session, s->user, (unsigned)strlen(s->user));

	if (!list && libssh2_session_last_errno(s->session) == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (!list && !libssh2_userauth_authenticated(s->session))
		return ssh_session_fail(s, ERR_NET, "login");
	if (list && !strstr(list, "publickey")) {
		err_set(&s->why, ERR_AUTH, "login by key is not offered to %s", s->user);
		return SSH_STEP_OVER;
	}
	/* No list: let in without. */
	ssh_session_to(s, !list               ? SSH_OPEN
			  : s->call->identity ? SSH_AUTH_KEY
					      : SSH_AUTH_AGENT);
	return SSH_STEP_NEXT;
}

/* What an attempt with one key came to; SSH_STEP_NEXT in the same state: refused. */
static enum ssh_step judge(struct ssh_session *s, int rc, const char *key)
{
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (rc == 0) {
		s->why = (struct err)ERR_INIT;
		ssh_session_to(s, SSH_OPEN);
		return SSH_STEP_NEXT;
	}
	if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_SOCKET_RECV ||
		rc == LIBSSH2_ERROR_SOCKET_SEND)
		return ssh_session_fail(s, ERR_NET, "login");
	ssh_session_fail(s, ERR_AUTH, "login refused");
	err_wrap(&s->why, "%s with %s", s->user, key);
	return SSH_STEP_NEXT;
}

enum ssh_step ssh_auth_key_step(struct ssh_session *s)
{
	const char *path = s->keys[s->key];
	enum ssh_step step;

	if (!path) {
		if (s->why.code == ERR_NONE)
			err_set(&s->why, ERR_AUTH,
				"no private key for %s: name one with identity, or add "
				"one "
				"(ed25519, ecdsa) to an agent",
				s->user);
		return SSH_STEP_OVER;
	}
	step = judge(s,
		libssh2_userauth_publickey_fromfile_ex(
			s->session, s->user, (unsigned)strlen(s->user), NULL, path, NULL),
		path);
	if (step == SSH_STEP_NEXT && s->state == SSH_AUTH_KEY)
		s->key++;
	return step;
}

/* ---- the agent ----------------------------------------------------------------------------------- */

static void on_woken(void *arg)
{
	ssh_session_event(NULL, -1, 0, arg);
}

/* libssh2 asks for the same signature again after LIBSSH2_ERROR_EAGAIN, and frees what it gets. */
static int sign(LIBSSH2_SESSION *session, unsigned char **sig, size_t *sig_len,
	const unsigned char *data, size_t data_len, void **abstract)
{
	struct ssh_session *s = *abstract;
	struct str reply = STR_INIT;
	const char *key, *signature;
	size_t key_len;
	enum ssh_agent_state state;
	bool ok;

	(void)session;
	if (!s->agent_waits &&
		ssh_agent_key(&s->agent_keys, s->agent_key, &key, &key_len))
		ssh_agent_sign(s->agent, key, key_len, data, data_len);
	state = ssh_agent_reply(s->agent, &reply);
	s->agent_waits = state == AGENT_WAITS;
	ok = state == AGENT_ANSWERED && ssh_agent_signature(&reply, &signature, sig_len);
	if (ok) {
		*sig = xmalloc(*sig_len);
		memcpy(*sig, signature, *sig_len);
	}
	s->agent_refused = !ok && state != AGENT_WAITS;
	str_release(&reply);
	return ok ? 0 : state == AGENT_WAITS ? LIBSSH2_ERROR_EAGAIN : -1;
}

/* The agent's keys, once. False: they are not there yet. */
static bool agent_listed(struct ssh_session *s)
{
	enum ssh_agent_state state;

	if (s->agent_listed)
		return true;
	if (!s->agent) {
		s->agent = ssh_agent_open(
			s->call->ssh->loop, getenv("SSH_AUTH_SOCK"), on_woken, s);
		if (!s->agent)
			return s->agent_listed = true;
		ssh_agent_list(s->agent);
	}
	state = ssh_agent_reply(s->agent, &s->agent_keys);
	s->agent_waits = state == AGENT_WAITS;
	s->agent_listed = state != AGENT_WAITS;
	return s->agent_listed;
}

enum ssh_step ssh_auth_agent_step(struct ssh_session *s)
{
	const char *key;
	size_t len;
	void *self = s;
	enum ssh_step step;

	if (!agent_listed(s))
		return SSH_STEP_AGAIN;
	if (s->agent_key == AGENT_KEYS_MAX ||
		!ssh_agent_key(&s->agent_keys, s->agent_key, &key, &len)) {
		ssh_session_to(s, SSH_AUTH_KEY);
		return SSH_STEP_NEXT;
	}
	step = judge(s,
		libssh2_userauth_publickey(s->session, s->user,
			(const unsigned char *)key, len, sign, &self),
		"a key of the agent");
	if (s->agent_refused)
		err_set(&s->why, ERR_AUTH, "the agent does not sign for %s", s->user);
	s->agent_refused = false;
	if (step == SSH_STEP_NEXT && s->state == SSH_AUTH_AGENT)
		s->agent_key++;
	return step;
}

void ssh_auth_release(struct ssh_session *s)
{
	ssh_agent_close(s->agent);
	str_release(&s->agent_keys);
}
