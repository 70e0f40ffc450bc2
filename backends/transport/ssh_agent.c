/* The agent's protocol (draft-miller-ssh-agent): a length, a type, a body, in both directions. */
#include "backends/transport/ssh_agent.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "backends/base/mem.h"

#define MESSAGE_MAX ((size_t)256 << 10)

enum { REQUEST_IDENTITIES = 11, IDENTITIES = 12, SIGN_REQUEST = 13, SIGNATURE = 14 };

struct ssh_agent {
	struct loop *loop;
	int fd;
	struct loop_watch *watch;
	void (*woken)(void *arg);
	void *arg;
	struct str out, in;
	size_t sent;
	bool gone;
};

/* ---- messages ------------------------------------------------------------------------------------ */

static void add_u32(struct str *s, size_t n)
{
	char four[4] = {(char)(n >> 24), (char)(n >> 16), (char)(n >> 8), (char)n};

	str_add(s, four, sizeof(four));
}

static void add_string(struct str *s, const void *bytes, size_t len)
{
	add_u32(s, len);
	str_add(s, bytes, len);
}

struct reader {
	const char *at, *end;
};

static bool take_u32(struct reader *r, size_t *n)
{
	const unsigned char *u = (const unsigned char *)r->at;

	if (r->end - r->at < 4)
		return false;
	*n = (size_t)u[0] << 24 | (size_t)u[1] << 16 | (size_t)u[2] << 8 | u[3];
	r->at += 4;
	return true;
}

static bool take_string(struct reader *r, const char **s, size_t *len)
{
	if (!take_u32(r, len) || (size_t)(r->end - r->at) < *len)
		return false;
	*s = r->at;
	r->at += *len;
	return true;
}

/* The body of a message of this type. */
static bool open_message(const struct str *m, char type, struct reader *r)
{
	if (m->len == 0 || m->buf[0] != type)
		return false;
	*r = (struct reader){m->buf + 1, m->buf + m->len};
	return true;
}

static bool usable(const char *key, size_t len)
{
	static const char *const kinds[] = {"ssh-ed25519", "ecdsa-sha2-nistp256",
		"ecdsa-sha2-nistp384", "ecdsa-sha2-nistp521"};
	struct reader r = {key, key + len};
	const char *kind;
	size_t n;

	if (!take_string(&r, &kind, &n))
		return false;
	for (size_t i = 0; i < LENGTH(kinds); i++)
		if (strlen(kinds[i]) == n && memcmp(kinds[i], kind, n) == 0)
			return true;
	return false;
}

bool ssh_agent_key(const struct str *reply, size_t i, const char **key, size_t *len)
{
	struct reader r;
	const char *comment;
	size_t count, n;

	if (!open_message(reply, IDENTITIES, &r) || !take_u32(&r, &count))
		return false;
	while (count-- > 0 && take_string(&r, key, len) && take_string(&r, &comment, &n))
		if (usable(*key, *len) && i-- == 0)
			return true;
	return false;
}

bool ssh_agent_signature(const struct str *reply, const char **signature, size_t *len)
{
	struct reader r, inner;
	const char *both, *kind;
	size_t n;

	if (!open_message(reply, SIGNATURE, &r) || !take_string(&r, &both, &n))
		return false;
	inner = (struct reader){both, both + n};
	return take_string(&inner, &kind, &n) && take_string(&inner, signature, len);
}

/* ---- the socket ---------------------------------------------------------------------------------- */

static void push(struct ssh_agent *a)
{
	while (a->sent < a->out.len) {
		ssize_t n = send(
			a->fd, a->out.buf + a->sent, a->out.len - a->sent, MSG_NOSIGNAL);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0) {
			a->gone = a->gone || errno != EAGAIN;
			return;
		}
		a->sent += (size_t)n;
	}
}

static void pull(struct ssh_agent *a)
{
	char buf[4096];
	ssize_t n;

	while ((n = recv(a->fd, buf, sizeof(buf), 0)) > 0)
		if (!str_add(&a->in, buf, (size_t)n))
			a->gone = true;
	if (n == 0 || (errno != EAGAIN && errno != EINTR))
		a->gone = true;
}

static void on_event(struct loop *l, int fd, unsigned events, void *arg)
{
	struct ssh_agent *a = arg;

	(void)fd;
	(void)events;
	push(a);
	pull(a);
	loop_watch_events(l, a->watch,
		a->gone ? 0 : LOOP_READ | (a->sent < a->out.len ? LOOP_WRITE : 0U));
	a->woken(a->arg); /* may close us */
}

static void request(struct ssh_agent *a, const struct str *body)
{
	str_clear(&a->out);
	str_clear(&a->in);
	a->sent = 0;
	add_string(&a->out, body->buf, body->len);
	push(a);
	loop_watch_events(
		a->loop, a->watch, LOOP_READ | (a->sent < a->out.len ? LOOP_WRITE : 0U));
}

void ssh_agent_list(struct ssh_agent *a)
{
	struct str body = STR_INIT_MAX(16);

	str_addc(&body, REQUEST_IDENTITIES);
	request(a, &body);
	str_release(&body);
}

void ssh_agent_sign(struct ssh_agent *a, const char *key, size_t key_len,
	const unsigned char *data, size_t data_len)
{
	struct str body = STR_INIT_MAX(MESSAGE_MAX);

	str_addc(&body, SIGN_REQUEST);
	add_string(&body, key, key_len);
	add_string(&body, data, data_len);
	add_u32(&body, 0);
	request(a, &body);
	str_release(&body);
}

enum ssh_agent_state ssh_agent_reply(struct ssh_agent *a, struct str *reply)
{
	struct reader r = {a->in.buf, a->in.buf + a->in.len};
	const char *message;
	size_t len;

	if (take_string(&r, &message, &len)) {
		str_add(reply, message, len);
		return AGENT_ANSWERED;
	}
	return a->gone ? AGENT_GONE : AGENT_WAITS;
}

static int connect_to(const char *path)
{
	struct sockaddr_un to = {.sun_family = AF_UNIX};
	int fd;

	if (!path || !*path || !str_copy(to.sun_path, sizeof(to.sun_path), path))
		return -1;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd >= 0 && connect(fd, (struct sockaddr *)&to, sizeof(to)) != 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

struct ssh_agent *ssh_agent_open(
	struct loop *l, const char *path, void (*woken)(void *arg), void *arg)
{
	int fd = connect_to(path);
	struct ssh_agent *a;

	if (fd < 0)
		return NULL;
	a = xcalloc(1, sizeof(*a));
	a->loop = l;
	a->fd = fd;
	a->woken = woken;
	a->arg = arg;
	str_init(&a->out, 2 * MESSAGE_MAX);
	str_init(&a->in, MESSAGE_MAX);
	a->watch = loop_watch(l, fd, LOOP_READ, on_event, a);
	return a;
}

void ssh_agent_close(struct ssh_agent *a)
{
	if (!a)
		return;
	loop_unwatch(a->loop, a->watch);
	close(a->fd);
	str_release(&a->out);
	str_release(&a->in);
	free(a);
}
