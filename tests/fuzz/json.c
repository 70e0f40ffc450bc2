/* json_read and json_read_lines: whatever is read must also be written, and read again as the same. */
#include "backends/base/json.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	json_t *v = json_read((const char *)data, size, &e);
	if (v) {
		char *text = json_text(v);
		json_t *again = json_read(text, strlen(text), &e);
		char *text2 = again ? json_text(again) : NULL;
		if (!text2 || strcmp(text, text2) != 0)
			abort();
		free(text);
		free(text2);
		json_decref(again);
		json_decref(v);
	} else if (e.code == ERR_NONE) {
		abort();
	}
	json_decref(json_read_lines((const char *)data, size, &e));
	return 0;
}
