#ifndef TRANSPORT_KNOWN_HOSTS_H
#define TRANSPORT_KNOWN_HOSTS_H

#include "backends/base/err.h"
#include <stddef.h>

/*
 * OpenSSH's known_hosts, matched by ourselves because libssh2's matcher accepts revoked keys and misses several
 * forms (reference notes 2.2): plain, hashed (|1|), [host]:port, comma lists, wildcards and negation,
 * @revoked, @cert-authority; lines that cannot be parsed are skipped alone.
 */
enum known_hosts_result {
	KNOWN_MATCH,
	KNOWN_NONE,     /* the host is in no line */
	KNOWN_MISMATCH, /* the host is known, with other keys only */
	KNOWN_REVOKED,
	KNOWN_NEEDS_CA, /* only a @cert-authority line covers the host */
};
/* `key` is the raw public key blob, `text` the content of the file. host in lower case, port 22 is plain. */
enum known_hosts_result known_hosts_check(const char *text, size_t len, const char *host,
	int port, const unsigned char *key, size_t key_len);
/* The key types known for the host ("ssh-ed25519,..."), to be put before the handshake. False: none. */
bool known_hosts_types(
	const char *text, size_t len, const char *host, int port, char *dst, size_t size);

#endif
