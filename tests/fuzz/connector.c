/* A connector file of any content is read, or refused with words; what was read is freed whole. */
#include <stdint.h>

#include "backends/connector/connector_def.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	struct connector *c = connector_parse("x/c.yaml", (const char *)data, size, &e);
	BUG_ON(!c && (e.code == ERR_NONE || !e.msg[0]));
	connector_free(c);
	return 0;
}
