/* stdout of a remote shell in any pieces: all bytes come out again, and no mark is seen that we did not send. */
#include <stdint.h>
#include <string.h>

#include "backends/transport/ssh_private.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct ssh_frame f = {.nonce = "0123456789abcdef0123456789abcdef", .ready = true};
	struct str out = STR_INIT;
	size_t piece = size > 0 ? data[0] % 7 + 1U : 1;

	for (size_t i = 0; i < size; i += piece)
		ssh_frame_feed(&f, (const char *)data + i,
			size - i < piece ? size - i : piece, &out);
	ssh_frame_finish(&f, &out);
	if (out.len > size ||
		(!f.ended && (out.len != size || memcmp(out.buf, data, size) != 0)))
		die(70, "bytes were lost or invented");
	if (f.ended && (f.code < 0 || f.code > 999 || size - out.len < 36))
		die(70, "a mark that was none");
	str_release(&out);
	return 0;
}
