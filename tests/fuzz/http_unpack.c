/*
 * A packed body, in pieces of any size: it gives what it gives at once, is whole or broken alike, and is never
 * both.
 */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/str.h"
#include "backends/transport/http_unpack.h"

enum { MOST = 1 << 20 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static bool take(void *arg, const char *bytes, size_t len)
{
	must(len > 0 && len <= (size_t)64 << 10);
	return str_add(arg, bytes, len);
}

static bool unpack(struct str *out, const char *s, size_t len, size_t piece, bool *broken,
	bool *whole)
{
	struct http_unpack *u = http_unpack_new();
	bool ok = true;

	for (size_t at = 0; at < len && ok; at += piece)
		ok = http_unpack_add(
			u, s + at, len - at < piece ? len - at : piece, take, out);
	*broken = http_unpack_broken(u);
	*whole = http_unpack_whole(u);
	must(!(*broken && *whole));
	must(ok || *broken || out->over);
	http_unpack_free(u);
	return ok;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data + 1;
	struct str once = STR_INIT_MAX(MOST), pieces = STR_INIT_MAX(MOST);
	bool broken[2], whole[2];

	if (size < 2)
		return 0;
	bool ok = unpack(&once, s, size - 1, size, &broken[0], &whole[0]);
	bool ok_too =
		unpack(&pieces, s, size - 1, 1 + data[0] % 64, &broken[1], &whole[1]);
	if (!once.over && !pieces.over) {
		must(ok == ok_too && broken[0] == broken[1] && whole[0] == whole[1]);
		/* Of what is broken any part may have been handed on before. */
		must(broken[0] || (once.len == pieces.len &&
					  memcmp(once.buf, pieces.buf, once.len) == 0));
	}
	str_release(&once);
	str_release(&pieces);
	return 0;
}
