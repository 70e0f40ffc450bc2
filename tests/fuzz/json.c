/*
 * Whatever is read must also be written, and read again as the same. A repair changes nothing of what is valid, and is
 * counted when it makes the difference; what is read at all is read as it stands or repaired.
 */
#include "backends/base/json.h"
#include "backends/base/json_repair.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void comes_back(const json_t *v)
{
	struct err e = ERR_INIT;
	char *text = json_text(v);
	json_t *again = json_read(text, strlen(text), &e);
	char *text2 = again ? json_text(again) : NULL;
	must(text2 && strcmp(text, text2) == 0);
	free(text);
	free(text2);
	json_decref(again);
}

static void repair(const char *s, size_t len, bool valid, size_t values)
{
	struct str out = STR_INIT_MAX(JSON_REPAIR_MAX(len)), twice = STR_INIT;
	size_t n = 0, more = 0;
	bool bom = len >= 3 && memcmp(s, "\xEF\xBB\xBF", 3) == 0;
	s += bom ? 3 : 0;
	len -= bom ? 3 : 0;
	must(json_repair(&out, s, len, SIZE_MAX, &n) == len && !out.over);
	if (valid)
		must(n == 0);
	if (n == 0)
		must(out.len == len && memcmp(out.buf, s, len) == 0);
	must(values == 0 || values == n);
	json_repair(&twice, out.buf, out.len, SIZE_MAX, &more);
	must(!values || (more == 0 && twice.len == out.len));
	str_release(&out);
	str_release(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *s = (const char *)data;
	struct err e = ERR_INIT;
	size_t values = 0, ignored = 0;
	json_t *strict = json_read(s, size, &e);
	json_t *v = json_read_reply(s, size, &values, &e);
	must(strict ? v && json_equal(v, strict) && values == 0
		    : e.code != ERR_NONE && !v == !values);
	repair(s, size, strict != NULL, values);
	if (v)
		comes_back(v);
	json_decref(v);
	json_decref(strict);
	json_decref(json_read_lines(s, size, &ignored, &e));
	return 0;
}
