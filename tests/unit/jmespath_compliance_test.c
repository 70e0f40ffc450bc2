/* The public compliance suite of JMESPath, every case of every file but the benchmarks. */
#include "backends/base/jmespath.h"

#include "backends/base/mem.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct tally {
	size_t cases, passed;
};

/* The suite wants 1 equal to 1.0. */
static bool same(const json_t *a, const json_t *b)
{
	if (json_is_number(a) && json_is_number(b))
		return json_number_value(a) == json_number_value(b);
	if (json_is_array(a) && json_is_array(b) &&
		json_array_size(a) == json_array_size(b)) {
		for (size_t i = 0; i < json_array_size(a); i++)
			if (!same(json_array_get(a, i), json_array_get(b, i)))
				return false;
		return true;
	}
	return json_equal(a, b);
}

static bool one_case(json_t *given, const json_t *c, char *why, size_t size)
{
	struct err e = ERR_INIT;
	json_t *want = json_object_get(c, "result"), *got = NULL;
	struct jmes *j = jmes_compile(json_str(c, "expression", ""), &e);
	if (j)
		got = jmes_search(j, given, NULL, &e);
	jmes_free(j);
	bool ok = json_object_get(c, "error") || json_object_get(c, "bench")
			  ? !got || !want
			  : got && same(got, want);
	if (json_object_get(c, "error") && got)
		ok = false;
	char *text = json_text(got);
	snprintf(why, size, "got %s %s", text, e.msg);
	free(text);
	json_decref(got);
	return ok;
}

static void one_file(const char *folder, const char *name, struct tally *t)
{
	char *path = xasprintf("%s/%s", folder, name);
	json_error_t bad;
	json_t *groups = json_load_file(path, 0, &bad);
	if (!groups)
		fail_msg("%s: %s", path, bad.text);
	for (size_t i = 0; i < json_array_size(groups); i++) {
		const json_t *group = json_array_get(groups, i);
		const json_t *cases = json_object_get(group, "cases");
		for (size_t k = 0; k < json_array_size(cases); k++) {
			char why[600];
			const json_t *c = json_array_get(cases, k);
			bool ok = one_case(
				json_object_get(group, "given"), c, why, sizeof(why));
			t->cases++;
			t->passed += ok;
			if (!ok)
				print_message("%s, group %zu, case %zu: %s: %s\n", name,
					i, k, json_str(c, "expression", ""), why);
		}
	}
	json_decref(groups);
	free(path);
}

static void test_compliance(void **state)
{
	(void)state;
	const char *shared = getenv("WD_SHARED");
	char *folder =
		xasprintf("%s/data/jmespath-compliance", shared ? shared : "../shared");
	DIR *dir = opendir(folder);
	if (!dir) {
		print_message(
			"note: jmespath compliance: skipped, %s is not here\n", folder);
		free(folder);
		return;
	}
	struct tally t = {0, 0};
	for (const struct dirent *f; (f = readdir(dir));) {
		if (str_ends(f->d_name, ".json") &&
			strcmp(f->d_name, "benchmarks.json") != 0)
			one_file(folder, f->d_name, &t);
	}
	closedir(dir);
	free(folder);
	print_message("note: jmespath compliance: %zu of %zu cases passed\n", t.passed,
		t.cases);
	assert_true(t.cases > 0);
	assert_int_equal(t.passed, t.cases);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_compliance)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
