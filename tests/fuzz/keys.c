/* Terminal input: any bytes, in any pieces, give events in range and pastes that are safe text; and it ends. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/utf8.h"
#include "tui/term/keys.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void see(void *arg, const struct event *ev)
{
	size_t *n = arg;
	++*n;
	if (ev->type == EVENT_KEY) {
		if (ev->key <= 0 || ev->key > K_OTHER || ev->key == 127 ||
			(ev->key >= 0x80 && ev->key < 0xa0))
			abort();
		return;
	}
	if (!ev->burst || !utf8_valid(ev->text, strlen(ev->text)))
		abort();
	for (const char *p = ev->text; *p; p++)
		if ((unsigned char)*p < 0x20 || *p == 0x7f)
			abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct keys k;
	size_t n = 0;
	keys_init(&k, see, &n);
	/* The first byte says in what pieces the rest is read. */
	size_t piece = size ? 1 + data[0] % 64 : 1;
	for (size_t i = 1; i < size; i += piece) {
		size_t len = size - i < piece ? size - i : piece;
		if (keys_feed(&k, (const char *)data + i, len) && len % 3 == 0)
			keys_flush(&k);
	}
	keys_flush(&k);
	if (n > size + 1)
		abort();
	keys_release(&k);
	return 0;
}
