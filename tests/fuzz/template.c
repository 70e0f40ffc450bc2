/* Templates and paths: a rendered path holds no line break and no ".." part. */
#include "backends/base/template.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool climbs(const char *path)
{
	size_t len = strcspn(path, "?#");
	for (size_t i = 0; i < len;) {
		size_t part = strcspn(path + i, "/?#");
		if (part == 2 && path[i] == '.' && path[i + 1] == '.')
			return true;
		i += part + 1;
	}
	return false;
}

static void as_path(const char *text, json_t *scope)
{
	struct err e = ERR_INIT;
	struct str out = STR_INIT;
	struct tmpl *t = tmpl_compile_path(NULL, NULL, NULL, text, NULL, &e);
	if (t && tmpl_render_path(t, scope, &out, &e) &&
		(climbs(out.buf) || strpbrk(out.buf, "\r\n")))
		abort();
	tmpl_free(t);
	str_release(&out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct err e = ERR_INIT;
	json_t *scope = json_pack(
		"{s:s, s:s, s:s, s:i}", "a", "..", "b", "x/y", "c", "x\r\ny", "n", 3);
	char *text = strndup((const char *)data, size);
	json_t *tree = json_string(text); /* NULL when it is not UTF-8 */
	if (tree) {
		struct tmpl *t = tmpl_compile(NULL, NULL, NULL, tree, &e);
		if (t)
			json_decref(tmpl_render(t, scope, &e));
		tmpl_free(t);
		as_path(text, scope);
	}
	json_decref(tree);
	json_decref(scope);
	free(text);
	return 0;
}
