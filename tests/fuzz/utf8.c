/* utf8_clean: whatever comes in, what goes out is valid, bounded, free of controls, and clean already. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/shown.h"
#include "backends/base/utf8.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct str *out, size_t max, enum utf8_flags flags)
{
	struct str again = STR_INIT;

	if (out->len > max || !utf8_valid(out->buf, out->len))
		abort();
	for (size_t i = 0; i < out->len;) {
		uint32_t cp;

		i += utf8_decode(out->buf + i, out->len - i, &cp);
		if ((cp < 0x20 && !(cp == '\n' && (flags & UTF8_LINES))) ||
			(cp >= 0x7F && cp < 0xA0))
			abort();
	}
	if (!utf8_clean(&again, out->buf, out->len, max, flags) && max > 0)
		abort();
	if (again.len != out->len || memcmp(again.buf, out->buf, out->len) != 0)
		abort();
	str_release(&again);
}

static void cut(const char *text, int columns)
{
	for (int where = UTF8_CUT_END; where <= UTF8_CUT_MIDDLE; where++) {
		struct str out = STR_INIT;

		utf8_cut(&out, text, columns, (enum utf8_cut)where);
		if (utf8_width(out.buf) > columns)
			abort();
		str_release(&out);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str out = STR_INIT;
	enum utf8_flags flags;
	size_t max;

	if (size < 2)
		return 0;
	flags = (enum utf8_flags)(data[0] & 3);
	max = data[0] & 4 ? data[1] : 100000;
	utf8_clean(&out, (const char *)data + 2, size - 2, max, flags);
	check(&out, max, flags);
	cut(out.buf, data[1] % 40);
	str_clear(&out);
	shown_exactly(&out, (const char *)data + 2, size - 2);
	check(&out, 100000, UTF8_ONE_LINE);
	str_release(&out);
	return 0;
}
