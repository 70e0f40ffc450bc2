#ifndef TESTS_UNIT_ADDRESSES_H
#define TESTS_UNIT_ADDRESSES_H

/* A host with several addresses, of which the last serves: 127.0.0.8 refuses, 127.0.0.9 never answers. */

#include "backends/transport/resolve.h"

#include <arpa/inet.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#define REFUSES "127.0.0.8"
#define DEAF "127.0.0.9"

struct deaf {
	int fds[4]; /* the listener, and who fills its queue */
};

static inline struct deaf deaf_open(int port)
{
	struct deaf d;
	struct sockaddr_in to = {
		.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};

	inet_pton(AF_INET, DEAF, &to.sin_addr);
	d.fds[0] = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(d.fds[0], (struct sockaddr *)&to, sizeof(to)), 0);
	assert_int_equal(listen(d.fds[0], 0), 0);
	for (size_t i = 1; i < 4; i++) {
		d.fds[i] = socket(AF_INET,
			SOCK_STREAM | SOCK_CLOEXEC | (i > 1 ? SOCK_NONBLOCK : 0), 0);
		if (connect(d.fds[i], (struct sockaddr *)&to, sizeof(to)) != 0)
			assert_true(i > 1);
	}
	return d;
}

static inline void deaf_close(struct deaf *d)
{
	for (size_t i = 0; i < 4; i++)
		close(d->fds[i]);
}

/* The resolver knows `host` as these addresses, closed by NULL. */
static inline void know(
	struct resolver *r, const char *host, const char *const *addresses)
{
	struct resolved to = {.n = 0};

	for (; *addresses; addresses++)
		str_copy(to.address[to.n++], sizeof(to.address[0]), *addresses);
	resolver_keep(r, host, &to);
}

#endif
