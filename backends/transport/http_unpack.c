/*
 * gzip, RFC 1952: one stream after another, each with its trailer.
 */
#include "backends/transport/http_unpack.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <zlib.h>

#include "backends/base/err.h"
#include "backends/base/mem.h"

#define PIECE_BYTES ((size_t)64 << 10)
#define GZIP_ONLY (16 + MAX_WBITS)

struct http_unpack {
	z_stream z;
	bool ended;  /* a trailer was the last thing that came */
	bool broken; /* no gzip: nothing more is taken */
	char piece[PIECE_BYTES];
};

struct http_unpack *http_unpack_new(void)
{
	struct http_unpack *u = xcalloc(1, sizeof(*u));

	if (inflateInit2(&u->z, GZIP_ONLY) != Z_OK)
		die(70, "out of memory");
	return u;
}

void http_unpack_free(struct http_unpack *u)
{
	if (!u)
		return;
	inflateEnd(&u->z);
	explicit_bzero(u->piece, sizeof(u->piece));
	free(u);
}

/* One turn of zlib. False: it cannot go on. */
static bool turn(struct http_unpack *u, size_t *got)
{
	int rc;

	if (u->ended && inflateReset(&u->z) != Z_OK)
		return false;
	u->ended = false;
	u->z.next_out = (unsigned char *)u->piece;
	u->z.avail_out = sizeof(u->piece);
	rc = inflate(&u->z, Z_NO_FLUSH);
	*got = sizeof(u->piece) - u->z.avail_out;
	u->ended = rc == Z_STREAM_END;
	return rc == Z_OK || rc == Z_STREAM_END || rc == Z_BUF_ERROR;
}

bool http_unpack_add(struct http_unpack *u, const char *bytes, size_t len,
	bool (*out)(void *arg, const char *bytes, size_t len), void *arg)
{
	size_t got = 0;

	if (u->broken)
		return false;
	u->z.next_in = (unsigned char *)(uintptr_t)bytes;
	u->z.avail_in = (unsigned)len; /* a piece of libcurl's: 16 KiB */
	/* A full piece may have more behind it although all input is taken. */
	while (u->z.avail_in > 0 || (!u->ended && got == sizeof(u->piece))) {
		if (!turn(u, &got)) {
			u->broken = true;
			return false;
		}
		if (got > 0 && !out(arg, u->piece, got))
			return false;
	}
	return true;
}

bool http_unpack_whole(const struct http_unpack *u)
{
	return u->ended && !u->broken;
}

bool http_unpack_broken(const struct http_unpack *u)
{
	return u->broken;
}
