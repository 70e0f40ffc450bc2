/*
 * A libssh2 session's way to a connection: the addresses of the host one after the other. Without libssh2.
 */
#include "backends/transport/ssh_session.h"

#include <string.h>
#include <unistd.h>

static void on_slow(struct loop *l, void *arg);

static void hang_up(struct ssh_session *s)
{
	struct loop *l = s->call->ssh->loop;

	loop_unwatch(l, s->watch);
	loop_timer_cancel(l, s->slow);
	s->watch = NULL;
	s->slow = NULL;
	if (s->fd >= 0)
		close(s->fd);
	s->fd = -1;
}

/* Of the address in hand. False: it was the last one, and s->why tells what was tried. */
static bool failed(struct ssh_session *s, enum err_code code, const char *words)
{
	hang_up(s);
	if (tries_left(&s->tries)) {
		tries_failed(&s->tries, words);
		return true;
	}
	err_set(&s->why, code, "cannot connect to port %d: %s", s->port, words);
	tries_explain(&s->tries, &s->why);
	return false;
}

/* Begins with the next address that takes a connect at all. */
static bool connect_next(struct ssh_session *s)
{
	struct loop *l = s->call->ssh->loop;
	int64_t within_ms = 0;
	const char *address;
	struct err e;

	while ((address = tries_next(&s->tries, &within_ms))) {
		s->fd = ssh_socket_open(address, s->port, &e);
		if (s->fd >= 0) {
			ssh_session_to(s, SSH_CONNECT);
			s->watch = loop_watch(l, s->fd, LOOP_WRITE, ssh_session_event, s);
			if (s->tries.to.n > 1)
				s->slow = loop_timer(l, within_ms, on_slow, s);
			return true;
		}
		if (!failed(s, e.code, e.msg))
			return false;
	}
	return false;
}

static void on_slow(struct loop *l, void *arg)
{
	struct ssh_session *s = arg;

	(void)l;
	s->slow = NULL;
	if (!failed(s, ERR_TIMEOUT, "no answer") || !connect_next(s))
		ssh_call_end(s->call, false, &s->why);
}

bool ssh_connect_begin(struct ssh_session *s, const struct resolved *to)
{
	tries_begin(&s->tries, to, s->connect_until);
	return connect_next(s);
}

enum ssh_step ssh_connect_step(struct ssh_session *s)
{
	int code = 0;

	if (!ssh_socket_connected(s->fd, &code))
		return SSH_STEP_AGAIN;
	if (code != 0)
		return failed(s, ERR_NET, strerror(code)) && connect_next(s)
			       ? SSH_STEP_AGAIN
			       : SSH_STEP_OVER;
	loop_timer_cancel(s->call->ssh->loop, s->slow);
	s->slow = NULL;
	ssh_session_to(s, SSH_HANDSHAKE);
	return SSH_STEP_NEXT;
}
