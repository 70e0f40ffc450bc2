/*
 * SSH in process, over libssh2: a state machine with one function a state, each of which may say "again" when libssh2
 * would block. Every wait has the call's own deadlines above it, since libssh2 waits for ever.
 */
#include "backends/transport/ssh_session.h"

#include <errno.h>
#include <libssh2.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"

#define KEEPALIVE_S 15
#define KEEPALIVE_MS (KEEPALIVE_S * 1000L)
#define READS_A_TURN 32
#define READ_BYTES 16384

static void run(struct ssh_session *s);

void ssh_session_to(struct ssh_session *s, enum ssh_state state)
{
	static const char *const names[] = {
		[SSH_RESOLVE] = "resolve",
		[SSH_CONNECT] = "connect",
		[SSH_HANDSHAKE] = "handshake",
		[SSH_AUTH_LIST] = "auth list",
		[SSH_AUTH_KEY] = "auth key",
		[SSH_OPEN] = "open",
		[SSH_EXEC] = "exec",
		[SSH_TALK] = "talk",
		[SSH_SEND_EOF] = "send eof",
		[SSH_CLOSE] = "close",
		[SSH_WAIT_CLOSED] = "wait closed",
	};

	log_at(LOG_DEBUG, "ssh", "%s: %s", s->call->host, names[state]);
	s->state = state;
}

static enum ssh_step fail(struct ssh_session *s, enum err_code code, const char *what)
{
	char *words = NULL;

	libssh2_session_last_error(s->session, &words, NULL, 0);
	err_set(&s->why, code, "%s: %s", what,
		words && *words ? words : "connection lost");
	return SSH_STEP_OVER;
}

static enum ssh_step handshake_step(struct ssh_session *s)
{
	int rc = libssh2_session_handshake(s->session, s->fd);
	const char *key;
	size_t len;
	int type;

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (rc == LIBSSH2_ERROR_KEX_FAILURE)
		return fail(s, ERR_NET,
			"no algorithm in common (libssh2 knows few: use the default "
			"transport, ssh)");
	if (rc)
		return fail(s, ERR_NET, "SSH handshake");
	key = libssh2_session_hostkey(s->session, &len, &type);
	if (!key)
		return fail(s, ERR_NET, "no host key");
	if (!ssh_hosts_check(s, key, len))
		return SSH_STEP_OVER;
	libssh2_keepalive_config(s->session, 1, KEEPALIVE_S);
	ssh_session_to(s, SSH_AUTH_LIST);
	return SSH_STEP_NEXT;
}

static enum ssh_step auth_list_step(struct ssh_session *s)
{
	const char *list =
		libssh2_userauth_list(s->session, s->user, (unsigned)strlen(s->user));

	if (!list && libssh2_session_last_errno(s->session) == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (!list && !libssh2_userauth_authenticated(s->session))
		return fail(s, ERR_NET, "login");
	if (list && !strstr(list, "publickey")) {
		err_set(&s->why, ERR_AUTH, "login by key is not offered to %s", s->user);
		return SSH_STEP_OVER;
	}
	ssh_session_to(s, list ? SSH_AUTH_KEY : SSH_OPEN); /* no list: let in without */
	return SSH_STEP_NEXT;
}

static enum ssh_step auth_key_step(struct ssh_session *s)
{
	const char *path = s->keys[s->key];
	int rc;

	if (!path) {
		if (s->why.code == ERR_NONE)
			err_set(&s->why, ERR_AUTH,
				"no private key for %s: name one with identity (an agent "
				"needs the default "
				"transport, ssh)",
				s->user);
		return SSH_STEP_OVER;
	}
	rc = libssh2_userauth_publickey_fromfile_ex(
		s->session, s->user, (unsigned)strlen(s->user), NULL, path, NULL);
	if (rc == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (rc == 0) {
		s->why = (struct err)ERR_INIT;
		ssh_session_to(s, SSH_OPEN);
		return SSH_STEP_NEXT;
	}
	if (rc == LIBSSH2_ERROR_SOCKET_DISCONNECT || rc == LIBSSH2_ERROR_SOCKET_RECV ||
		rc == LIBSSH2_ERROR_SOCKET_SEND)
		return fail(s, ERR_NET, "login");
	fail(s, ERR_AUTH, "login refused");
	err_wrap(&s->why, "%s with %s", s->user, path);
	s->key++;
	return SSH_STEP_NEXT;
}

static enum ssh_step open_step(struct ssh_session *s)
{
	s->channel = libssh2_channel_open_session(s->session);
	if (!s->channel && libssh2_session_last_errno(s->session) == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (!s->channel)
		return fail(s, ERR_NET, "no SSH channel");
	ssh_session_to(s, SSH_EXEC);
	return SSH_STEP_NEXT;
}

static enum ssh_step exec_step(struct ssh_session *s)
{
	int rc = libssh2_channel_exec(s->channel, SSH_COMMAND);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (rc)
		return fail(s, ERR_NET, "the remote shell was refused");
	s->sending = &s->call->hello;
	s->sent = 0;
	ssh_session_to(s, SSH_TALK);
	return SSH_STEP_NEXT;
}

/* While a write waits, the same write has to come next: libssh2 keeps half a packet (BAD_USE else). */
static enum ssh_step write_some(struct ssh_session *s)
{
	while (s->sending && s->sent < s->sending->len) {
		ssize_t n = libssh2_channel_write(
			s->channel, s->sending->buf + s->sent, s->sending->len - s->sent);

		if (n == LIBSSH2_ERROR_EAGAIN)
			return SSH_STEP_AGAIN;
		if (n < 0)
			return fail(s, ERR_NET, "the connection was lost");
		s->sent += (size_t)n;
	}
	if (s->sending == &s->call->script) {
		ssh_call_started(s->call);
		s->sending = NULL;
		ssh_session_to(s, SSH_SEND_EOF);
	}
	s->sending = NULL;
	return SSH_STEP_NEXT;
}

/* Both streams: an unread one would fill the window and stop the other. */
static enum ssh_step read_stream(struct ssh_session *s, int stream)
{
	char buf[READ_BYTES];
	struct ssh_call *c = s->call;

	for (int i = 0; i < READS_A_TURN; i++) {
		ssize_t n = libssh2_channel_read_ex(s->channel, stream, buf, sizeof(buf));

		if (n == LIBSSH2_ERROR_EAGAIN)
			return SSH_STEP_AGAIN;
		if (n < 0)
			return fail(s, ERR_NET, "the connection was lost");
		if (n == 0)
			return SSH_STEP_AGAIN; /* this stream's end */
		if (!ssh_call_output(c, stream == 0 ? 1 : 2, buf, (size_t)n))
			return SSH_STEP_GONE;
		if (s->sending)
			return SSH_STEP_NEXT;
	}
	return SSH_STEP_NEXT; /* more may be there: another turn */
}

static enum ssh_step talk_step(struct ssh_session *s)
{
	enum ssh_step out, err_out;

	if (s->sending)
		return write_some(s);
	out = read_stream(s, 0);
	if (out != SSH_STEP_AGAIN)
		return out == SSH_STEP_NEXT && !s->sending ? SSH_STEP_YIELD : out;
	err_out = read_stream(s, SSH_EXTENDED_DATA_STDERR);
	if (err_out != SSH_STEP_AGAIN)
		return err_out == SSH_STEP_NEXT && !s->sending ? SSH_STEP_YIELD : err_out;
	if (!libssh2_channel_eof(s->channel))
		return SSH_STEP_AGAIN;
	ssh_session_to(s, SSH_CLOSE);
	return SSH_STEP_NEXT;
}

static enum ssh_step send_eof_step(struct ssh_session *s)
{
	int rc = libssh2_channel_send_eof(s->channel);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (rc)
		return fail(s, ERR_NET, "the connection was lost");
	ssh_session_to(s, SSH_TALK);
	return SSH_STEP_NEXT;
}

static enum ssh_step close_step(struct ssh_session *s)
{
	int rc = libssh2_channel_close(s->channel);

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (rc)
		return fail(s, ERR_NET, "the connection was lost at its end");
	ssh_session_to(s, SSH_WAIT_CLOSED);
	return SSH_STEP_NEXT;
}

/* A status of 0 alone proves nothing: libssh2 says 0 when none came, too. */
static enum ssh_step wait_closed_step(struct ssh_session *s)
{
	int rc = libssh2_channel_wait_closed(s->channel);
	char *signal_name = NULL;

	if (rc == LIBSSH2_ERROR_EAGAIN)
		return SSH_STEP_AGAIN;
	if (rc)
		return fail(s, ERR_NET, "the connection was lost at its end");
	libssh2_channel_get_exit_signal(
		s->channel, &signal_name, NULL, NULL, NULL, NULL, NULL);
	s->clean = !signal_name && libssh2_channel_get_exit_status(s->channel) == 0;
	if (!s->clean)
		err_set(&s->why, ERR_NET, "the remote shell ended with %s %s",
			signal_name ? "signal" : "exit code",
			signal_name ? signal_name : "other than 0");
	libssh2_free(s->session, signal_name);
	return SSH_STEP_OVER;
}

typedef enum ssh_step step_fn(struct ssh_session *s);

static step_fn *const steps[] = {
	[SSH_RESOLVE] = NULL,
	[SSH_CONNECT] = ssh_connect_step,
	[SSH_HANDSHAKE] = handshake_step,
	[SSH_AUTH_LIST] = auth_list_step,
	[SSH_AUTH_KEY] = auth_key_step,
	[SSH_OPEN] = open_step,
	[SSH_EXEC] = exec_step,
	[SSH_TALK] = talk_step,
	[SSH_SEND_EOF] = send_eof_step,
	[SSH_CLOSE] = close_step,
	[SSH_WAIT_CLOSED] = wait_closed_step,
};

/* ---- the loop ------------------------------------------------------------------------------------ */

static void on_again(struct loop *l, void *arg)
{
	struct ssh_session *s = arg;

	(void)l;
	s->again = NULL;
	run(s);
}

static void set_watch(struct ssh_session *s)
{
	int want = s->state == SSH_CONNECT ? LIBSSH2_SESSION_BLOCK_OUTBOUND
					   : libssh2_session_block_directions(s->session);
	unsigned events = 0;

	if (want & LIBSSH2_SESSION_BLOCK_OUTBOUND)
		events |= LOOP_WRITE;
	if ((want & LIBSSH2_SESSION_BLOCK_INBOUND) || !events)
		events |= LOOP_READ;
	loop_watch_events(s->call->ssh->loop, s->watch, events);
}

static void run(struct ssh_session *s)
{
	for (;;) {
		switch (steps[s->state](s)) {
		case SSH_STEP_NEXT:
			break;
		case SSH_STEP_AGAIN:
			set_watch(s);
			return;
		case SSH_STEP_YIELD: /* others shall have their turn */
			if (!s->again)
				s->again = loop_defer(s->call->ssh->loop, on_again, s);
			return;
		case SSH_STEP_OVER:
			ssh_call_end(s->call, s->clean, s->clean ? NULL : &s->why);
			return;
		case SSH_STEP_GONE:
			return;
		}
	}
}

void ssh_session_event(struct loop *l, int fd, unsigned events, void *arg)
{
	(void)l;
	(void)fd;
	(void)events;
	run(arg);
}

static void on_keepalive(struct loop *l, void *arg)
{
	struct ssh_session *s = arg;
	int next;

	/* Not into half a packet; what does not go out now goes with the next one. */
	if (s->state == SSH_TALK && !s->sending)
		libssh2_keepalive_send(s->session, &next);
	s->keepalive = loop_timer(l, KEEPALIVE_MS, on_keepalive, s);
}

static void on_address(void *arg, const struct resolved *to, const struct err *e)
{
	struct ssh_session *s = arg;

	s->resolving = NULL;
	if (!to) {
		ssh_call_end(s->call, false, e);
		return;
	}
	if (!ssh_connect_begin(s, to)) {
		ssh_call_end(s->call, false, &s->why);
		return;
	}
	s->keepalive = loop_timer(s->call->ssh->loop, KEEPALIVE_MS, on_keepalive, s);
}

static bool libssh2_open(struct ssh_call *c, struct err *e)
{
	struct ssh_session *s = xcalloc(1, sizeof(*s));
	char types[512];

	c->priv = s;
	s->call = c;
	s->fd = -1;
	s->port = c->port ? c->port : 22;
	/* A little before the call's own deadline, which cannot say what was tried. */
	s->connect_until = clock_mono_ms() + c->connect_ms - c->connect_ms / 20;
	str_init(&s->hosts, (size_t)8 << 20);
	if (libssh2_init(0) != 0)
		return err_set(e, ERR_IO, "libssh2 cannot start");
	s->inited = true;
	s->session = libssh2_session_init();
	if (!s->session)
		return err_set(e, ERR_IO, "libssh2 has no session left");
	libssh2_session_set_blocking(s->session, 0);
	if (!ssh_session_files(s, e))
		return false;
	/* Ask for a key that we can compare, where the host has several. */
	if (ssh_hosts_types(s, types, sizeof(types)))
		libssh2_session_method_pref(s->session, LIBSSH2_METHOD_HOSTKEY, types);
	ssh_session_to(s, SSH_RESOLVE);
	s->resolving = resolve(c->ssh->resolver, c->host, c->connect_ms, on_address, s);
	return true;
}

static void libssh2_send(struct ssh_call *c)
{
	struct ssh_session *s = c->priv;

	s->sending = &c->script;
	s->sent = 0;
}

/* The socket is shut first, so that freeing finds an error where it would wait. */
static void libssh2_close(struct ssh_call *c)
{
	struct ssh_session *s = c->priv;
	struct loop *l = c->ssh->loop;

	resolve_cancel(c->ssh->resolver, s->resolving);
	loop_timer_cancel(l, s->slow);
	loop_unwatch(l, s->watch);
	loop_timer_cancel(l, s->again);
	loop_timer_cancel(l, s->keepalive);
	ssh_socket_shut(s->fd);
	for (int i = 0; s->channel && i < 100; i++)
		if (libssh2_channel_free(s->channel) != LIBSSH2_ERROR_EAGAIN)
			break;
	for (int i = 0; s->session && i < 100; i++)
		if (libssh2_session_free(s->session) != LIBSSH2_ERROR_EAGAIN)
			break;
	if (s->fd >= 0)
		close(s->fd);
	if (s->inited)
		libssh2_exit();
	ssh_session_files_release(s);
	free(s);
}

const struct ssh_ops libssh2_ops = {
	.open = libssh2_open,
	.send = libssh2_send,
	.close = libssh2_close,
};
