/* What is refused when a connector's calls are read, with its place; what is warned of; and README's own example. */
#include "backends/base/file.h"
#include "backends/connector/connector_def.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define HEAD                                                                        \
	"connector: c\ntitle: C\nsettings: {url: {type: url, required: true}}\n"    \
	"postgres: {host: h, dbname: d, user: u}\n"                                 \
	"collect:\n  jobs: {kind: run, get: /jobs, record: {id: id, state: state, " \
	"opaque: {end: end}}}\ncalls:\n  x:\n"

static struct connector *load(const char *call, struct err *e)
{
	char *text = xasprintf("%s%s", HEAD, call);
	struct connector *c = connector_parse("c.yaml", text, strlen(text), e);
	free(text);
	return c;
}

static void refused(const char *call, const char *words)
{
	struct err e = ERR_INIT;
	struct connector *c = load(call, &e);
	if (c || !strstr(e.msg, words) || strncmp(e.msg, "c.yaml:", 7) != 0)
		fail_msg("%s: %s", call, c ? "was taken" : e.msg);
}

static void taken(const char *call)
{
	struct err e = ERR_INIT;
	struct connector *c = load(call, &e);
	if (!c)
		fail_msg("%s: %s", call, e.msg);
	connector_free(c);
}

#define VERIFY(text) "    post: /a\n    verify: {get: /a, " text "}\n"

static void test_true_of_nothing(void **state)
{
	static const char empty[] =
		"true of an empty reply or of an error: say what must be there";
	(void)state;
	refused(VERIFY("until: \"!locked\""), empty);
	refused(VERIFY("until: \"state != 'failed'\""), empty);
	refused(VERIFY("until: \"!([?id == scope().end])\""), empty);
	refused(VERIFY("until: \"state == 'ok' || end != scope().end\""), empty);
	refused(VERIFY("until: \"end != scope().before.end\""), empty);
	refused(VERIFY("until: \"error || done\""), empty);
	refused(VERIFY("until: \"@ == `[]`\""), empty);
	refused(VERIFY("until: done, already: \"!open\""), empty);
	refused(VERIFY("until: done, fails: \"!open\""), empty);
	refused("    post: /a\n    success: \"!(body.error)\"\n", empty);
	refused("    post: /a\n    success: body.state != 'failed'\n", empty);
	refused("    post: /a\n    refused: \"!(body.id)\"\n",
		"true of an empty reply: say what");
	taken("    post: /a\n    success: status == `204`\n"); /* no proof, and known to be none */
	taken("    post: /a\n    refused: body.error\n");
	taken(VERIFY("until: state == scope().params.state"));
	taken(VERIFY("until: \"end && end != scope().before.end\""));
	taken(VERIFY("until: \"[?id == scope().called.id]\""));
}

static void test_absent(void **state)
{
	(void)state;
	taken(VERIFY("until: \"!([?id == scope().end])\", absent: array"));
	taken(VERIFY("absent: object"));
	taken(VERIFY("absent: {status: 400, code: NoSuchThing}"));
	taken("    sql: SELECT 1\n    verify: {sql: SELECT 1, until: \"!@\", absent: "
	      "rows}\n");
	refused(VERIFY("within: 5s"), "verify needs `until:`, or `absent: object`");
	refused(VERIFY("until: done, missing: true"), "missing");
	refused(VERIFY("until: \"!@\", absent: rows"),
		"absent is array or object for HTTP");
	refused(VERIFY("until: \"!@\", absent: nothing"), "array, rows, output, object");
	refused(VERIFY("absent: {status: 401, code: Expired}"), "not 401");
	refused(VERIFY("absent: {status: 503, text: gone}"), "not 503");
	refused(VERIFY("absent: {status: 400}"), "add code: or text:");
}

static void test_words(void **state)
{
	(void)state;
	refused("    post: /a\n    proof: reply\n", "proof: reply needs `success:`");
	refused("    post: /a\n    proof: status\n    success: body.id\n",
		"proof is one of reply");
	refused("    post: /a\n    outside_transaction: true\n", "belongs to sql");
	refused("    post: /a\n    success: bdy.status == 'ok'\n", "not \"bdy\"");
	refused("    post: /a\n    success: state == 'ok'\n", "is body.state");
	refused("    post: /a\n    refusal: \"error.message || body.why\"\n",
		"not \"error\"");
	refused("    post: /a\n    requires: [{that: recrd.state == 'x', says: a}]\n",
		"recrd");
	refused("    post: /a\n    requires: [{that: record.state == 'x'}]\n", "says");
	refused("    steps: [{post: /a}]\n    refused: body.x\n", "stand in the steps");
	taken("    post: /a\n    success: \"body.list[?a == 'b'] && status == `200` && "
	      "!exit\"\n");
	taken("    steps: [{post: /a, refused: body.x, maybe: body.y}]\n");
}

static void expect_warnings(const char *call, size_t n)
{
	struct err e = ERR_INIT;
	struct connector *c = load(call, &e);
	size_t found = 0;
	if (!c)
		fail_msg("%s: %s", call, e.msg);
	for (size_t at = 0; connector_warning(c, &at, &e); found++)
		assert_non_null(
			strstr(e.msg, "c.yaml:8:3: warning: call x ends as accepted"));
	assert_int_equal(found, n);
	connector_free(c);
}

static void expect_warning(const char *call, const char *words)
{
	struct err e = ERR_INIT;
	struct connector *c = load(call, &e);
	size_t at = 0;
	assert_non_null(c);
	if (!connector_warning(c, &at, &e) || !strstr(e.msg, words))
		fail_msg("%s: %s", call, e.msg);
	connector_free(c);
}

/* Names of the scope or the envelope in an expression that sees the reply itself. */
static void test_slips(void **state)
{
	(void)state;
	expect_warning(VERIFY("until: done && state == params.state"), "scope().params");
	expect_warning(VERIFY("until: done, fails: body.state == 'x'"),
		"fails sees the reply itself");
	expect_warning("    post: /a\n    preview: {get: /a, refuse: \"body.n == `0` && "
		       "'no'\"}\n    verify: {get: /a, until: done}\n",
		"refuse sees");
	expect_warnings(VERIFY("until: state == scope().params.state || params"), 0);
}

static void test_warnings(void **state)
{
	(void)state;
	expect_warnings("    post: /a\n", 1);
	expect_warnings("    post: /a\n    success: body.id\n", 1);
	expect_warnings("    post: /a\n    success: body.id\n    proof: reply\n", 0);
	expect_warnings(VERIFY("until: done"), 0);
}

/* The connector that README shows: all lines of its block. */
static void test_readme(void **state)
{
	struct err e = ERR_INIT;
	struct str readme = STR_INIT, text = STR_INIT;
	(void)state;
	assert_true(file_read("README.md", (size_t)1 << 20, &readme, &e));
	const char *at = strstr(readme.buf, "    connector: jobs\n");
	assert_non_null(at);
	for (; strncmp(at, "    ", 4) == 0; at = strchr(at, '\n') + 1)
		str_add(&text, at + 4, strcspn(at + 4, "\n") + 1);
	struct connector *c = connector_parse("jobs.yaml", text.buf, text.len, &e);
	if (!c)
		fail_msg("%s", e.msg);
	size_t first = 0;
	assert_false(connector_warning(c, &first, &e));
	connector_free(c);
	str_release(&readme);
	str_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_true_of_nothing),
		cmocka_unit_test(test_absent),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_warnings),
		cmocka_unit_test(test_slips),
		cmocka_unit_test(test_readme),
	};
	return cmocka_run_group_tests_name("call_def", tests, NULL, NULL);
}
