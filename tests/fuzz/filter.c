/* The filter language: any text is either a filter or one error. */
#include "backends/base/mem.h"
#include "backends/store/store.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = xstrndup((const char *)data, size);
	struct err e = ERR_INIT;
	struct filter *f = filter_parse(text, "ito", &e);

	if (f == NULL && (e.code == ERR_NONE || e.msg[0] == '\0'))
		abort();
	filter_free(f);
	free(text);
	return 0;
}
