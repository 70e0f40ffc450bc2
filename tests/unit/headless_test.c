/* The command line's own words: commands and options, the audit in sentences, times in JSON, the locale. */
#include <langinfo.h>
#include <locale.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "tui/headless/commands.h"

static bool option_known(const char *name, size_t len)
{
	for (size_t i = 0; option_at(i); i++)
		if (strlen(option_at(i)->name) == len &&
			strncmp(option_at(i)->name, name, len) == 0)
			return true;
	return false;
}

/* Each command that people see has a page with two examples of itself, and its options are options. */
static void test_commands(void **state)
{
	const struct subcommand *c;

	(void)state;
	for (size_t i = 0; (c = command_at_number(i)); i++) {
		assert_ptr_equal(command_find(c->name), c);
		if (!c->help)
			continue;
		for (size_t k = 0; k < LENGTH(c->examples); k++) {
			assert_non_null(c->examples[k]);
			assert_true(str_starts(c->examples[k], "watchdesk"));
		}
		for (const char *at = c->options; at && *at; at += strspn(at, " ")) {
			size_t len = strcspn(at, " ");

			if (!option_known(at, len))
				fail_msg("%s: no option %.*s", c->name, (int)len, at);
			at += len;
		}
	}
	assert_null(command_find("lst"));
	for (size_t i = 0; option_at(i); i++)
		assert_non_null(option_at(i)->help);
}

static void test_help_is_asked_for(void **state)
{
	char a[] = "--stop", b[] = "-h", c[] = "--help";
	char *none[] = {a, NULL}, *shortly[] = {a, b, NULL}, *longly[] = {c, NULL};

	(void)state;
	assert_false(wants_help(none));
	assert_true(wants_help(shortly));
	assert_true(wants_help(longly));
}

static void sentence(const char *event, const char *body, const char *want)
{
	json_t *row = json_pack("{s:I, s:I, s:s, s:s, s:s, s:I, s:o}", "seq",
		(json_int_t)7, "at", (json_int_t)1795356120000000, "who", "kim", "host",
		"desk", "event", event, "job", (json_int_t)3, "body",
		json_read(body, strlen(body), NULL));
	struct str line = STR_INIT;

	assert_non_null(row);
	audit_sentence(&line, row);
	assert_true(str_starts(line.buf, "7  2026-11-22T14:02:00Z  action 3  kim@desk "));
	if (!str_ends(line.buf, want))
		fail_msg("\"%s\" does not end with \"%s\"", line.buf, want);
	str_release(&line);
	json_decref(row);
}

static void test_audit_sentences(void **state)
{
	(void)state;
	sentence("intent",
		"{\"runbook\": \"rerun\", \"risk\": \"reversible\", \"reason\": \"\", "
		"\"targets\": [\"run:a:1\", \"run:a:2\"], \"requests\": [\"x\"]}",
		"starts rerun (reversible) on run:a:1 and 1 more, 1 request, reason: "
		"none");
	sentence("request", "{\"n\": 0, \"key\": \"run:a:1\", \"request\": \"POST /x\"}",
		"sends for run:a:1: POST /x");
	sentence("reply", "{\"n\": 0, \"class\": \"none\", \"known\": \"201\"}",
		"got for target 1: 201");
	sentence("reply", "{\"n\": 1, \"class\": \"auth\", \"known\": \"401\"}",
		"got for target 2 the error auth: 401");
	sentence("answer", "{\"n\": 0, \"answer\": \"yes\", \"question\": \"Drained?\"}",
		"answers yes to target 1: Drained?");
	sentence("target",
		"{\"key\": \"run:a:1\", \"state\": \"unknown\", \"known\": \"no reply\"}",
		"run:a:1 ended unknown: no reply");
	sentence("outcome",
		"{\"state\": \"partial\", \"succeeded\": 2, \"failed\": 1, \"unknown\": "
		"0}",
		"all ended partial (2 succeeded, 1 failed)");
	sentence("refused", "{\"runbook\": \"rerun\", \"why\": \"locked\"}",
		"was refused rerun: locked");
	/* What there is no sentence for is still all there. */
	sentence("other", "{\"a\": 1}", "other {\"a\":1}");
}

static void test_times(void **state)
{
	static const char in[] =
		"{\"at\": 1795356120000000, \"rows\": 1795356120000000, \"ended\": 0, "
		"\"all\": [{\"started\": 1795356120000001, \"at\": 5}]}";
	static const char out[] =
		"{\"all\":[{\"at\":5,\"started\":\"2026-11-22T14:02:00.000001Z\"}],"
		"\"at\":\"2026-11-22T14:02:00Z\",\"ended\":null,\"rows\":"
		"1795356120000000}";
	json_t *v = json_read(in, strlen(in), NULL);
	char *text;

	(void)state;
	times_to_iso(v);
	text = json_text(v);
	assert_string_equal(text, out);
	free(text);
	json_decref(v);
}

static bool utf8_in(const char *lang)
{
	setlocale(LC_CTYPE, "C");
	unsetenv("LC_ALL");
	unsetenv("LC_CTYPE");
	setenv("LANG", lang, 1);
	utf8_locale();
	return strcmp(nl_langinfo(CODESET), "UTF-8") == 0;
}

/* What is never altered in the store, since it is sent back, is no order to a terminal here, and stays one line. */
static void test_fields_are_one_line(void **state)
{
	struct str out = STR_INIT;
	json_t *row =
		json_pack("{s:s, s:{s:s, s:[s]}, s:{s:i}}", "title", "a", "opaque", "x",
			"one\ntwo\tthree\x1b]0;owned\x07\xc2\x9b"
			"31m",
			"y", "\xe2\x80\xaez", "labels", "n", 3);

	(void)state;
	list_fields(&out, "title,opaque.x,opaque.y,labels.n,labels.none", row);
	for (const char *s = out.buf; *s; s++)
		assert_true((unsigned char)*s >= ' ' || *s == '\t');
	assert_true(str_starts(out.buf, "a\tone"));
	assert_null(strstr(out.buf, "\xc2\x9b"));
	assert_null(strstr(out.buf, "\xe2\x80\xae"));
	assert_true(str_ends(out.buf, "\t3\t"));
	size_t tabs = 0;
	for (const char *s = out.buf; (s = strchr(s, '\t')); s++)
		tabs++;
	assert_int_equal(tabs, 4);
	str_release(&out);
	json_decref(row);
}

static void test_locale(void **state)
{
	(void)state;
	assert_true(utf8_in("C.UTF-8"));
	assert_true(utf8_in("xx_YY.UTF-8"));
	assert_true(utf8_in("xx_YY.utf8"));
	assert_true(utf8_in("xx_YY"));
	assert_false(utf8_in("xx_YY.ISO-8859-1"));
	assert_false(utf8_in("C"));
	assert_false(utf8_in(""));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_commands),
		cmocka_unit_test(test_help_is_asked_for),
		cmocka_unit_test(test_audit_sentences),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_fields_are_one_line),
		cmocka_unit_test(test_locale),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
