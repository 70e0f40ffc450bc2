/* YAML files: types, limits, and complaints with their place. */
#include "backends/base/yaml.h"

#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

static struct yaml_doc parse(const char *text)
{
	struct yaml_doc doc;
	struct err e = ERR_INIT;
	if (!yaml_parse(&doc, "f.yaml", text, strlen(text), &e))
		fail_msg("%s", e.msg);
	return doc;
}

static void typed(const char *text, const char *want)
{
	struct yaml_doc doc = parse(text);
	char *got = json_text(doc.root);
	assert_string_equal(got, want);
	free(got);
	yaml_release(&doc);
}

static void refused(const char *text, const char *says)
{
	struct yaml_doc doc;
	struct err e = ERR_INIT;
	assert_false(yaml_parse(&doc, "f.yaml", text, strlen(text), &e));
	assert_null(doc.root);
	if (strncmp(e.msg, says, strlen(says)) != 0)
		fail_msg("got \"%s\", wanted \"%s...\"", e.msg, says);
}

static void test_types(void **state)
{
	(void)state;
	typed("a: 1\nb: [yes, no, on, true, False, ~, null, '', \"1\"]\n",
		"{\"a\":1,\"b\":[\"yes\",\"no\",\"on\",true,false,null,null,\"\",\"1\"]"
		"}");
	typed("[1.5, -2, +3, 0x1F, 0o17, 1e3, .5, 12:30, 2026-01-02, 1_000, -, .inf, 1., "
	      "1.2.3]",
		"[1.5,-2,3,31,15,1000.0,0.5,\"12:30\",\"2026-01-02\",\"1_000\",\"-\",\"."
		"inf\",1.0,\"1.2.3\"]");
	typed("t: |\n  one\n  two\nf: >\n  one\n  two\n",
		"{\"f\":\"one two\\n\",\"t\":\"one\\ntwo\\n\"}");
	typed("a:\nb: {}\nc: []\n1: x\n", "{\"1\":\"x\",\"a\":null,\"b\":{},\"c\":[]}");
	typed("", "null");
	typed("# only a comment\n", "null");
	typed("---\na: 1\n", "{\"a\":1}");
}

static void test_refused(void **state)
{
	(void)state;
	refused("a: 1\nb: 2\na: 3\n",
		"f.yaml:3:1: the key \"a\" is here twice, first in line 1");
	refused("a: &x 1\n", "f.yaml:1:4: anchors");
	refused("a: *x\n", "f.yaml:1:4: aliases");
	refused("a: !!str 1\n", "f.yaml:1:4: tags");
	refused("a: &x {b: 1}\n", "f.yaml:1:4: anchors");
	refused("a:\n  <<: {b: 1}\n", "f.yaml:2:3: merge keys");
	refused("a: 1\n---\nb: 1\n", "f.yaml:2:1: a second document");
	refused("{[a]: 1}\n", "f.yaml:1:2: a key must be a text");
	refused("a: {{ x }}\n", "f.yaml:1:5: a key must be a text");
	refused("a: b: c\n", "f.yaml:1:5: mapping values are not allowed");
	refused("a: 1\n\tb: 2\n", "f.yaml:2:1: ");
	refused("a: [1, 2\nb: 3\n", "f.yaml:2:2: ");
	refused("a: \"x\n", "f.yaml:2:1: ");
	refused("a: \"x\\0y\"\n", "f.yaml:1:4: a value may not hold a NUL");
	refused("a: 99999999999999999999\n", "f.yaml:1:4: the number is too large");
	refused("a: 1e999\n", "f.yaml:1:4: the number is too large");
	refused("a: \xff\n", "f.yaml:1:");
	refused("a: @x\n", "f.yaml:1:4: found character that cannot start any token");
}

static void test_limits(void **state)
{
	(void)state;
	char deep[128];
	memset(deep, '[', 32);
	memset(deep + 32, ']', 32);
	deep[64] = '\0';
	typed(deep, deep);
	memset(deep, '[', 100);
	deep[100] = '\0';
	refused(deep, "f.yaml:1:33: nested deeper than 32 levels");
	char *big = xmalloc(2000000);
	size_t n = 0;
	for (int i = 0; i < 50000; i++)
		n += (size_t)snprintf(big + n, 16, "- %d\n", i);
	refused(big, "f.yaml:");
	memset(big, 'a', 1100000);
	big[1100000] = '\0';
	refused(big, "f.yaml:1:1: larger than 1 MiB");
	free(big);
}

static void test_places(void **state)
{
	(void)state;
	struct yaml_doc doc = parse(
		"top:\n  flag: true\n  other: true\nlist:\n  - true\n  - {x: null}\n");
	json_t *top = json_object_get(doc.root, "top"),
	       *list = json_object_get(doc.root, "list");
	int line, column;
	yaml_where(&doc, top, "other", 0, &line, &column);
	assert_int_equal(line * 100 + column, 310);
	yaml_where(&doc, list, NULL, 1, &line, &column);
	assert_int_equal(line * 100 + column, 605);
	yaml_where(&doc, list, NULL, 9, &line, &column);
	assert_int_equal(line * 100 + column, 503);
	yaml_where(&doc, NULL, "x", 0, &line, &column);
	assert_int_equal(line * 100 + column, 101);
	struct err e = ERR_INIT;
	assert_false(yaml_err(&e, &doc, top, "flag", "is %s", "bad"));
	assert_string_equal(e.msg, "f.yaml:2:3: is bad");
	yaml_err_value(&e, &doc, top, "flag", "bad");
	assert_string_equal(e.msg, "f.yaml:2:9: bad");
	yaml_err_item(&e, &doc, list, 0, "bad");
	assert_string_equal(e.msg, "f.yaml:5:5: bad");
	assert_int_equal(e.code, ERR_CONFIG);
	yaml_release(&doc);
}

/* A comment right behind an unquoted text may be a part of it that was lost. */
static void test_cut(void **state)
{
	(void)state;
	struct yaml_doc doc = parse("\xc3\xa9: \xc3\xa9\xe2\x82\xac a == 'x #1'\n"
				    "b: plain   # said\nc: \"quoted\" # said\nd: a#b\n"
				    "e: [one, two] # said\nf: last #");
	const json_t *r = doc.root;
	assert_true(yaml_cut(&doc, r, "\xc3\xa9", 0));
	assert_true(yaml_cut(&doc, r, "b", 0));
	assert_false(yaml_cut(&doc, r, "c", 0));
	assert_false(yaml_cut(&doc, r, "d", 0));
	assert_false(yaml_cut(&doc, r, "e", 0));
	assert_false(yaml_cut(&doc, json_object_get(r, "e"), NULL, 1));
	assert_true(yaml_cut(&doc, r, "f", 0));
	assert_false(yaml_cut(&doc, r, "none", 0));
	yaml_release(&doc);
}

static void check(const char *text, const char *want)
{
	static const struct yaml_key keys[] = {
		{"name", YAML_STRING, true},
		{"every", YAML_DURATION, false},
		{"size", YAML_INT, false},
		{"rate", YAML_NUMBER, false},
		{"steps", YAML_ARRAY | YAML_STRING, false},
		{"json", YAML_ANY, false},
		{NULL, 0, false},
	};
	struct yaml_doc doc = parse(text);
	struct err e = ERR_INIT;
	bool ok = yaml_check(&doc, doc.root, "a source", keys, &e);
	assert_string_equal(ok ? "ok" : e.msg, want);
	yaml_release(&doc);
}

static void test_check(void **state)
{
	(void)state;
	check("name: x\nevery: 20s\nsize: 3\nrate: 2\nsteps: [1]\njson:\n", "ok");
	check("name: x\nevrey: 20s\n",
		"f.yaml:2:1: unknown key \"evrey\" in a source: did you mean \"every\"?");
	check("name: x\nzzzzzz: 20s\n", "f.yaml:2:1: unknown key \"zzzzzz\" in a source: "
					"it takes name, every, size, rate, steps, json");
	check("name: x\nevery: 20 parsecs\n", "f.yaml:2:8: every must be a duration such "
					      "as 30s, 5m or 2h, not \"20 parsecs\"");
	check("name: 5\n", "f.yaml:1:7: name must be a text, not a whole number");
	check("name: x\nsize: 1.5\n",
		"f.yaml:2:7: size must be a whole number, not a number with a fraction");
	check("name: x\nsteps: {}\n",
		"f.yaml:2:8: steps must be a text or a list, not a mapping");
	check("name:\n", "f.yaml:1:1: name has no value: it must be a text");
	check("size: 1\n", "f.yaml:1:1: a source needs the key \"name\"");
	check("[1]\n", "f.yaml:1:1: a source must be a mapping (key: value), not a list");
}

static void test_load(void **state)
{
	(void)state;
	char path[] = "/tmp/wd-yaml-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, "a: 1\n", 5), 5);
	close(fd);
	struct yaml_doc doc;
	struct err e = ERR_INIT;
	assert_true(yaml_load(&doc, path, &e));
	assert_int_equal(json_int(doc.root, "a", 0), 1);
	yaml_release(&doc);
	unlink(path);
	assert_false(yaml_load(&doc, path, &e));
	assert_non_null(strstr(e.msg, path));
	yaml_release(&doc);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_types),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_check),
		cmocka_unit_test(test_load),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
