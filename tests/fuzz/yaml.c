/* yaml_parse: a refusal always names a place. */
#include "backends/base/yaml.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct yaml_doc doc;
	struct err e = ERR_INIT;
	int line, column;
	if (yaml_parse(&doc, "f.yaml", (const char *)data, size, &e)) {
		yaml_where(&doc, doc.root, "a", 0, &line, &column);
		if (line < 1 || column < 1)
			abort();
		yaml_release(&doc);
	} else if (strncmp(e.msg, "f.yaml:", 7) != 0) {
		abort();
	}
	return 0;
}
