/* Any bytes as a log: the cause is bounded and safe. */
#include "backends/triage/signature.h"
#include "backends/base/utf8.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str cause = STR_INIT, signature = STR_INIT;
	long line = 0;
	if (signature_find((const char *)data, size, &cause, &signature, &line)) {
		struct str again = STR_INIT;
		if (cause.len > SIGNATURE_CAUSE_MAX || line < 1)
			abort();
		if (!utf8_clean(&again, cause.buf, cause.len, SIGNATURE_CAUSE_MAX,
			    UTF8_ONE_LINE))
			abort();
		str_release(&again);
	}
	str_release(&cause);
	str_release(&signature);
	return 0;
}
