/* Theme files: whatever is in one, each style that is taken is within the colours there are. */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>

#include "tui/theme.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct theme t;
	struct err e = ERR_INIT;
	if (!theme_parse(&t, "theme.yaml", (const char *)data, size, &e)) {
		if (!e.msg[0])
			abort();
		return 0;
	}
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		const struct style *s = &t.roles[i];
		if (s->fg < -1 || s->fg > 255 || s->bg < -1 || s->bg > 255 ||
			s->fg16 > 15 || s->bg16 > 15)
			abort();
	}
	return 0;
}
