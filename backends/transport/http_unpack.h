#ifndef TRANSPORT_HTTP_UNPACK_H
#define TRANSPORT_HTTP_UNPACK_H

#include <stdbool.h>
#include <stddef.h>

/*
 * gzip, unpacked as it arrives. libcurl's own unpacking takes a stream that breaks off for a whole one, hence ours. Only
 * http_unpack.c knows zlib.
 */
struct http_unpack;
struct http_unpack *http_unpack_new(void);
void http_unpack_free(struct http_unpack *u); /* NULL is fine */

/* Hands on what bytes[len] unpack to, at most 64 KiB at once. False: `out` said so, or the bytes are no gzip. */
bool http_unpack_add(struct http_unpack *u, const char *bytes, size_t len,
	bool (*out)(void *arg, const char *bytes, size_t len), void *arg);
/* The trailer has come, with the right length and sum, and nothing of another stream after it. */
bool http_unpack_whole(const struct http_unpack *u);
/* What came is no gzip. */
bool http_unpack_broken(const struct http_unpack *u);

#endif
