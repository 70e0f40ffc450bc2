/* What a libssh2 session needs from the machine: user, key files, known_hosts, a socket. */
#include "backends/transport/ssh_session.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/base/crypto.h"
#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "backends/transport/known_hosts.h"

#define HOSTS_BYTES ((size_t)4 << 20)
#define DEAD_PEER_MS 30000 /* unanswered keep-alives end the connection after this */

static const char *home_dir(void)
{
	const char *home = getenv("HOME");

	return home && *home == '/' ? home : "/";
}

static void add_default_keys(struct ssh_session *s)
{
	static const char *const names[] = {"id_ed25519", "id_ecdsa", "id_rsa"};
	size_t n = 0;

	for (size_t i = 0; i < LENGTH(names); i++) {
		char *path = xasprintf("%s/.ssh/%s", home_dir(), names[i]);

		if (access(path, R_OK) == 0)
			s->keys[n++] = path;
		else
			free(path);
	}
}

static void add_hosts(struct ssh_session *s, const char *path)
{
	if (access(path, R_OK) != 0)
		return;
	if (file_read(path, HOSTS_BYTES, &s->hosts, NULL))
		str_addc(&s->hosts, '\n');
}

bool ssh_session_files(struct ssh_session *s, struct err *e)
{
	const struct ssh_call *c = s->call;
	const struct passwd *me = c->user ? NULL : getpwuid(geteuid());
	char *own;

	if (!c->user && !me)
		return err_set(e, ERR_CONFIG,
			"%s: no user name is given, and ours is not known", c->host);
	s->user = xstrdup(c->user ? c->user : me->pw_name);
	if (!c->identity)
		add_default_keys(s);
	else if (access(c->identity, R_OK) != 0)
		return err_set(e, ERR_CONFIG, "%s: cannot read the private key %s: %s",
			c->host, c->identity, strerror(errno));
	else
		s->keys[0] = xstrdup(c->identity);
	if (c->known_hosts)
		return file_read(c->known_hosts, HOSTS_BYTES, &s->hosts, e) ||
		       err_wrap(e, "%s", c->host);
	own = xasprintf("%s/.ssh/known_hosts", home_dir());
	add_hosts(s, own);
	free(own);
	add_hosts(s, "/etc/ssh/ssh_known_hosts");
	return true;
}

void ssh_session_files_release(struct ssh_session *s)
{
	free(s->user);
	for (size_t i = 0; i < LENGTH(s->keys); i++)
		free(s->keys[i]);
	str_release(&s->hosts);
}

static void lower_host(const struct ssh_session *s, char dst[256])
{
	str_copy(dst, 256, s->call->host);
	for (char *p = dst; *p; p++)
		*p = (char)tolower((unsigned char)*p);
}

/* As `ssh-keygen -l` shows it. */
static void fingerprint(const char *key, size_t len, struct str *out)
{
	unsigned char raw[32];
	char hex[65];

	crypto_sha256(key, len, hex);
	for (size_t i = 0; i < sizeof(raw); i++) {
		char pair[3] = {hex[2 * i], hex[2 * i + 1], '\0'};

		raw[i] = (unsigned char)strtoul(pair, NULL, 16);
	}
	str_adds(out, "SHA256:");
	crypto_base64(out, raw, sizeof(raw));
	while (out->len > 0 && out->buf[out->len - 1] == '=')
		str_cut(out, out->len - 1);
}

bool ssh_hosts_check(struct ssh_session *s, const char *key, size_t len)
{
	struct str print = STR_INIT_MAX(128);
	char host[256];

	lower_host(s, host);
	fingerprint(key, len, &print);
	switch (known_hosts_check(s->hosts.buf, s->hosts.len, host, s->port,
		(const unsigned char *)key, len)) {
	case KNOWN_MATCH:
		break;
	case KNOWN_NONE:
		err_set(&s->why, ERR_AUTH,
			"the host key %s is not in known_hosts: check it, then add it "
			"with ssh-keyscan",
			print.buf);
		break;
	case KNOWN_MISMATCH:
		err_set(&s->why, ERR_AUTH,
			"the host key %s is not the one in known_hosts: ask who runs the "
			"host before "
			"anything else",
			print.buf);
		break;
	case KNOWN_REVOKED:
		err_set(&s->why, ERR_AUTH,
			"the host key %s is marked as revoked in known_hosts", print.buf);
		break;
	case KNOWN_NEEDS_CA:
		err_set(&s->why, ERR_AUTH,
			"known_hosts has a certificate authority for the host: use the "
			"default transport, ssh");
		break;
	}
	str_release(&print);
	return s->why.code == ERR_NONE;
}

bool ssh_hosts_types(const struct ssh_session *s, char *dst, size_t size)
{
	char host[256];

	lower_host(s, host);
	return known_hosts_types(s->hosts.buf, s->hosts.len, host, s->port, dst, size);
}

int ssh_socket_open(const char *address, int port, struct err *e)
{
	struct sockaddr_in v4 = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
	struct sockaddr_in6 v6 = {
		.sin6_family = AF_INET6, .sin6_port = htons((uint16_t)port)};
	bool is_v4 = inet_pton(AF_INET, address, &v4.sin_addr) == 1;
	unsigned dead_ms = DEAD_PEER_MS;
	int fd, one = 1;

	if (!is_v4 && inet_pton(AF_INET6, address, &v6.sin6_addr) != 1) {
		err_set(e, ERR_CONFIG, "not an address");
		return -1;
	}
	fd = socket(is_v4 ? AF_INET : AF_INET6,
		SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	if (fd < 0) {
		err_set(e, ERR_IO, "no socket: %s", strerror(errno));
		return -1;
	}
	setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &dead_ms, sizeof(dead_ms));
	if (connect(fd, is_v4 ? (struct sockaddr *)&v4 : (struct sockaddr *)&v6,
		    is_v4 ? sizeof(v4) : sizeof(v6)) != 0 &&
		errno != EINPROGRESS) {
		err_set(e, ERR_NET, "%s", strerror(errno));
		close(fd);
		return -1;
	}
	return fd;
}

bool ssh_socket_connected(int fd, int *code)
{
	struct pollfd p = {.fd = fd, .events = POLLOUT};
	socklen_t len = sizeof(*code);

	*code = 0;
	if (poll(&p, 1, 0) <= 0)
		return false;
	if (getsockopt(fd, SOL_SOCKET, SO_ERROR, code, &len) != 0)
		*code = errno;
	return true;
}

void ssh_socket_shut(int fd)
{
	if (fd >= 0)
		shutdown(fd, SHUT_RDWR);
}
