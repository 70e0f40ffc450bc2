/* Templates: types are kept, paths are encoded, complaints have a place. */
#include "backends/base/template.h"

#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define SCOPE                                                                          \
	"{\"id\":\"a/b+c:d "                                                           \
	"e\",\"n\":7,\"list\":[1,2],\"none\":null,\"dot\":\".\",\"up\":\"..\",\"nl\":" \
	"\"a\\nb\"}"

static json_t *from(const char *text)
{
	struct err e = ERR_INIT;
	json_t *v = json_read(text, strlen(text), &e);
	if (!v)
		fail_msg("%s: %s", text, e.msg);
	return v;
}

static void renders(const char *tree, const char *want)
{
	struct err e = ERR_INIT;
	json_t *in = from(tree), *scope = from(SCOPE);
	struct tmpl *t = tmpl_compile(NULL, NULL, NULL, in, &e);
	json_decref(in);
	json_t *v = t ? tmpl_render(t, scope, &e) : NULL;
	char *got = v ? json_text(v) : xstrdup(e.msg);
	if (strcmp(got, want) != 0)
		fail_msg("%s: got %s, wanted %s", tree, got, want);
	free(got);
	json_decref(v);
	json_decref(scope);
	tmpl_free(t);
}

static void test_types(void **state)
{
	(void)state;
	renders("{\"a\":\"{{ n }}\",\"b\":\"n={{n}}!\",\"c\":[\"{{ list "
		"}}\",\"x\",2,null]}",
		"{\"a\":7,\"b\":\"n=7!\",\"c\":[[1,2],\"x\",2,null]}");
	renders("\"{{ none }}\"", "null");
	renders("\"<{{ none }}>\"", "\"<>\"");
	renders("\"{{ n }}{{ n }}\"", "\"77\"");
	renders("\"{{ {a: {b: n}} }}\"", "{\"a\":{\"b\":7}}");
	renders("\"{{ {a: {b: n}}}}\"", "{\"a\":{\"b\":7}}");
	renders("\"{{ '}}' }}x\"", "\"}}x\"");
	renders("\"{{ scope().n }}\"", "7");
	renders("\"{ n }\"", "\"{ n }\"");
	renders("{\"a?\":\"{{ none }}\",\"b?\":\"{{ n }}\",\"c\":\"{{ none "
		"}}\",\"d?\":\"x\"}",
		"{\"b\":7,\"c\":null,\"d\":\"x\"}");
	renders("{\"a?\":[\"{{ none }}\",\"{{ n }}\"]}", "{\"a\":[7]}");
}

static void test_errors(void **state)
{
	(void)state;
	renders("\"{{ n \"", "the closing }} is missing after \"{{ n \"");
	renders("\"{{ n + 1 }}\"",
		"in {{ n + 1 }}: column 3: \"+\" does not belong here");
	renders("{\"a\":[\"{{ abs(id) }}\"]}", "a: {{ abs(id) }}: column 1: abs(): "
					       "argument 1 must be a number, not string");
	struct yaml_doc doc;
	struct err e = ERR_INIT;
	static const char text[] =
		"json:\n  x: 1\n  y:\n    - ok\n    - \"{{ bad( }}\"\n";
	assert_true(yaml_parse(&doc, "f.yaml", text, sizeof(text) - 1, &e));
	assert_null(tmpl_compile(
		&doc, doc.root, "json", json_object_get(doc.root, "json"), &e));
	assert_non_null(strstr(e.msg, "f.yaml:5:7: in {{ bad( }}: column"));
	assert_null(tmpl_compile_path(&doc, doc.root, "json", "/a/{", NULL, &e));
	assert_non_null(strstr(e.msg, "f.yaml:2:3: the closing }"));
	assert_null(tmpl_compile_path(&doc, doc.root, "json", "/{ n }/ ", NULL, &e));
	assert_non_null(strstr(e.msg, "f.yaml:2:3: a path holds a blank"));
	yaml_release(&doc);
}

static void path(const char *path, const char *want)
{
	struct err e = ERR_INIT;
	struct str out = STR_INIT;
	json_t *scope = from(SCOPE);
	struct tmpl *t = tmpl_compile_path(NULL, NULL, NULL, path, NULL, &e);
	bool ok = t && tmpl_render_path(t, scope, &out, &e);
	assert_string_equal(ok ? out.buf : e.msg, want);
	str_release(&out);
	json_decref(scope);
	tmpl_free(t);
}

static void test_paths(void **state)
{
	(void)state;
	path("/dags/{id}/runs/{{ n }}?x={id}",
		"/dags/a%2Fb%2Bc%3Ad%20e/runs/7?x=a%2Fb%2Bc%3Ad%20e");
	path("/plain", "/plain");
	path("/{none}", "{none} in a path is empty or missing");
	path("/{absent}/x", "{absent} in a path is empty or missing");
	path("/{up}/x", "{up} in a path is \".\" or \"..\"");
	path("/{dot}/x", "{dot} in a path is \".\" or \"..\"");
	path("/.{n}/x", "/.7/x");
	path("/{nl}", "{nl} in a path holds a line break or NUL");
	path("/{list}", "{list} in a path is an array or object");
	path("/../x", "a part of the path is \".\" or \"..\"");
	path("/a b/{id}", "a path holds a blank or control character; write %20");
	path("/{n}\n", "a path holds a blank or control character; write %0A");
}

static void test_text(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	struct str out = STR_INIT;
	json_t *in = from("\"{{ list }}\""), *scope = from(SCOPE);
	struct tmpl *t = tmpl_compile(NULL, NULL, NULL, in, &e);
	assert_true(tmpl_render_text(t, scope, &out, &e));
	assert_string_equal(out.buf, "[1,2]");
	tmpl_free(t);
	json_decref(in);
	json_decref(scope);
	str_release(&out);
}

/* A rendered tree may be wiped, and the next one is still whole. */
static void test_own_tree(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	json_t *in = from("{\"u\":\"const\",\"p\":\"{{ id }}\"}"), *scope = from(SCOPE);
	struct tmpl *t = tmpl_compile(NULL, NULL, NULL, in, &e);
	json_wipe(tmpl_render(t, scope, &e));
	json_t *v = tmpl_render(t, scope, &e);
	assert_string_equal(json_str(v, "u", ""), "const");
	assert_string_equal(json_str(v, "p", ""), "a/b+c:d e");
	json_decref(v);
	tmpl_free(t);
	json_decref(in);
	json_decref(scope);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_paths),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_own_tree),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
