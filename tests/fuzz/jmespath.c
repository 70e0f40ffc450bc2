/* jmes_compile and jmes_search: the expression is the input up to a NUL, the document the rest. */
#include "backends/base/jmespath.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char usual[] =
		"{\"a\":[{\"b\":1,\"c\":\"x\"},{\"b\":null}],\"d\":{\"e\":[1,[2,3]]}}";
	struct err e = ERR_INIT;
	const uint8_t *nul = size ? memchr(data, 0, size) : NULL;
	size_t n = nul ? (size_t)(nul - data) : size;
	char *expr = strndup((const char *)data, n);
	json_t *in = nul ? json_read((const char *)nul + 1, size - n - 1, &e) : NULL;
	if (!in)
		in = json_read(usual, sizeof(usual) - 1, &e);
	e.code = ERR_NONE;
	struct jmes *j = jmes_compile(expr, &e);
	json_t *v = j ? jmes_search(j, in, in, &e) : NULL;
	if (!v && e.code == ERR_NONE)
		abort();
	if (v) {
		struct str text = STR_INIT;
		(void)json_text_to(&text, v);
		str_release(&text);
	}
	json_decref(v);
	jmes_free(j);
	json_decref(in);
	free(expr);
	return 0;
}
