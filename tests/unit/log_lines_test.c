/* The lines of a log: its beginning and its end, what the rules of a connector make of them, and nothing of a secret. */
#include "backends/base/file.h"
#include "backends/base/log.h"
#include "backends/connector/logfetch.h"

#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>

#include <cmocka.h>

static struct connector *connector_with(const char *log)
{
	struct err e = ERR_INIT;
	char *yaml =
		xasprintf("connector: c\ntitle: C\nsettings: {url: {type: url}}\ncalls: "
			  "{k: {post: /x}}\nlog:\n"
			  "  run:\n    get: /log\n%s",
			log);
	struct connector *c = connector_parse("c.yaml", yaml, strlen(yaml), &e);
	if (!c)
		fail_msg("%s", e.msg);
	free(yaml);
	return c;
}

/* The text comes in pieces of that size; so much is kept of it. */
static struct log_fetch *read_log(struct connector *c, const char *text, size_t piece,
	size_t head, size_t tail, bool from_middle, bool to_middle)
{
	struct log_fetch *f = xcalloc(1, sizeof(*f));
	f->def = &c->log[KIND_RUN];
	log_raw_init(&f->raw, head, tail);
	log_lines_init(&f->lines, head, tail);
	f->lines.rules = f->def->rules;
	f->scope = json_object();
	for (size_t at = 0, len = strlen(text); at < len; at += piece)
		log_raw_add(&f->raw, text + at, len - at < piece ? len - at : piece);
	log_raw_split(&f->raw, f, from_middle, to_middle);
	log_lines_finish(&f->lines);
	return f;
}

static void done(struct log_fetch *f)
{
	json_decref(f->scope);
	log_raw_release(&f->raw);
	log_lines_release(&f->lines);
	free(f);
}

static void test_head_and_tail(void **state)
{
	struct str text = STR_INIT;
	struct connector *c = connector_with("");
	(void)state;
	for (int i = 0; i < 1000; i++)
		str_addf(&text, "line %d\n", i);
	static const size_t pieces[] = {1, 7, 100, 5000, 100000};
	for (size_t p = 0; p < LENGTH(pieces); p++) {
		struct log_fetch *f =
			read_log(c, text.buf, pieces[p], 100, 300, false, false);
		size_t n = f->lines.n, head = 0;
		while (!str_starts(f->lines.list[head], "["))
			assert_true(str_starts(f->lines.list[head++], "line "));
		assert_string_equal(f->lines.list[0], "line 0");
		assert_string_equal(f->lines.list[n - 1], "line 999");
		char *last = xasprintf("line %zu", head - 1),
		     *next = xasprintf("line %zu", 1000 - (n - head - 1)),
		     *says = xasprintf(
			     "[%zu lines, 0.0 MiB, are left out here]", 1000 - (n - 1));
		assert_string_equal(f->lines.list[head - 1], last);
		assert_string_equal(f->lines.list[head], says);
		assert_string_equal(f->lines.list[head + 1], next);
		free(last);
		free(next);
		free(says);
		done(f);
	}
	/* What fits is whole, with a last line that has no end. */
	str_cut(&text, 397);
	struct log_fetch *f = read_log(c, text.buf, 33, 100, 300, false, false);
	assert_int_equal(f->lines.left_bytes, 0);
	assert_string_equal(f->lines.list[f->lines.n - 1], "line 50");
	done(f);
	str_release(&text);
	connector_free(c);
}

static void test_half_lines(void **state)
{
	struct connector *c = connector_with("");
	(void)state;
	struct log_fetch *f = read_log(c, "alf\nwhole\nha", 2, 100, 300, true, true);
	assert_int_equal(f->lines.n, 1);
	assert_string_equal(f->lines.list[0], "whole");
	done(f);
	/* Only the end: what is before it is no news. */
	f = read_log(c, "one\ntwo\nthree\nfour\n", 3, 0, 10, false, false);
	assert_int_equal(f->lines.n, 1);
	assert_string_equal(f->lines.list[0], "four");
	done(f);
	connector_free(c);
}

static void lines_are(const char *log, const char *text, const char *want)
{
	struct connector *c = connector_with(log);
	struct log_fetch *f = read_log(c, text, 4096, 1 << 20, 1 << 20, false, false);
	struct str all = STR_INIT;
	for (size_t i = 0; i < f->lines.n; i++)
		str_addf(&all, "%s|", f->lines.list[i]);
	assert_string_equal(all.buf, want);
	str_release(&all);
	done(f);
	connector_free(c);
}

static void test_rules(void **state)
{
	(void)state;
	lines_are("    drop: ['^DEBUG ', heartbeat]\n",
		"DEBUG x\nINFO DEBUG \na heartbeat\nend", "INFO DEBUG |end|");
	lines_are("    strip: '^[a-z]+-[0-9]+ +[|] '\n", "web-1 | up\nother\n",
		"up|other|");
	lines_are("    level: {error: '^E[0-9]{4}', info: ['^I']}\n",
		"E0512 boom\nI0512 fine\nelse\n2026-11-22T13:52:40Z E0512 x",
		"ERROR E0512 boom|INFO I0512 fine|else|2026-11-22T13:52:40Z E0512 x|");
	lines_are("    level: {error: 'panic:'}\n", "2026-11-22T13:52:40Z panic: x",
		"2026-11-22T13:52:40Z ERROR panic: x|");
	lines_are("    redact: ['pin ([0-9]+)', 'x[0-9]+x']\n", "pin 1234 ok x77x pin 5",
		"pin [secret] ok [secret] pin [secret]|");
	/* First what is secret goes, then what is noise. */
	lines_are("    redact: ['id=([0-9]+)']\n    strip: 'id='\n", "id=77;\n",
		"[secret];|");
	lines_are("    strip: 'b+$'\n", "abb\nb\nc\n", "a||c|");
	lines_are(
		"    strip: '\\<'\n", "a bc\n", "a bc|"); /* matches between characters */
}

/* Without a rule of the connector. */
static void test_defaults(void **state)
{
	(void)state;
	log_redact("geheim-0815");
	lines_are("",
		"password=x y\n-----BEGIN PRIVATE KEY-----\nMII\n-----END PRIVATE "
		"KEY-----\n"
		"geh\xe2\x80\x8b"
		"eim-0815\n",
		"password=[secret] y|[secret]|[secret]|");
	log_close();
}

/* A secret, and what a rule hides, at every place around where a line is cut. */
static void test_cut(void **state)
{
	struct connector *c = connector_with("    redact: ['pin ([0-9]+)']\n");
	(void)state;
	log_redact("70931852640971");
	for (size_t at = LOG_LINE_MAX - 30; at < LOG_LINE_MAX + 5; at++) {
		struct str text = STR_INIT;
		while (text.len < at)
			str_addc(&text, 'x');
		str_adds(&text, at % 2 ? "70931852640971" : "pin 5556667778889");
		while (text.len < LOG_LINE_MAX + 100)
			str_addc(&text, 'y');
		struct log_fetch *f =
			read_log(c, text.buf, 4096, 1 << 20, 1 << 20, false, false);
		assert_int_equal(f->lines.n, 1);
		assert_true(strlen(f->lines.list[0]) <= LOG_LINE_MAX);
		assert_null(strpbrk(f->lines.list[0], "0123456789"));
		done(f);
		str_release(&text);
	}
	connector_free(c);
	log_close();
}

/* Airflow 3: an exception with its frames and notes, and its cause before it. */
static void test_airflow(void **state)
{
	static const char doc[] =
		"{\"timestamp\": \"2026-11-22T13:52:40Z\", \"level\": \"error\", "
		"\"event\": "
		"\"Task failed with exception\", \"error_detail\": [{\"exc_type\": "
		"\"KeyError\", \"exc_value\": \"'day'\", \"exc_notes\": [], "
		"\"is_cause\": "
		"true, \"frames\": []}, {\"exc_type\": \"AirflowException\", "
		"\"exc_value\": \"no such day\", \"exc_notes\": [\"while loading\", \"of "
		"orders\"], \"is_cause\": false, \"frames\": [{\"filename\": "
		"\"/opt/dags/orders.py\", \"lineno\": 61, \"name\": \"load\"}, "
		"{\"filename\": \"/opt/lib/day.py\", \"lineno\": 7, \"name\": "
		"\"parse\"}]}]}";
	static const char *const want[] = {
		"2026-11-22T13:52:40Z ERROR Task failed with exception",
		"KeyError: 'day'", "Traceback (most recent call last):",
		"  File \"/opt/dags/orders.py\", line 61, in load",
		"  File \"/opt/lib/day.py\", line 7, in parse",
		"AirflowException: no such day", "while loading", "of orders"};
	struct err e = ERR_INIT;
	char *path = file_data("backends/catalog/airflow3.yaml");
	struct connector *c = connector_load(path, &e);
	(void)state;
	assert_non_null(c);
	struct log_fetch *f = read_log(c, doc, 100, 1 << 20, 1 << 20, false, false);
	assert_int_equal(f->lines.n, LENGTH(want));
	for (size_t i = 0; i < LENGTH(want); i++)
		assert_string_equal(f->lines.list[i], want[i]);
	done(f);
	connector_free(c);
	free(path);
}

static void refused(const char *log, const char *says)
{
	struct err e = ERR_INIT;
	char *yaml =
		xasprintf("connector: c\ntitle: C\nlog:\n  run:\n    get: /log\n%s", log);
	assert_null(connector_parse("c.yaml", yaml, strlen(yaml), &e));
	assert_true(str_starts(e.msg, "c.yaml:"));
	if (!strstr(e.msg, says))
		fail_msg("%s", e.msg);
	free(yaml);
}

static void test_bad_rules(void **state)
{
	(void)state;
	refused("    drop: '(x'\n", "\"(x\": ");
	refused("    drop: 'x*'\n", "matches nothing at all, so every line");
	refused("    strip: [1]\n", "a pattern, or a list of them");
	refused("    level: {loud: x}\n", "loud");
	refused("    level: {error: ''}\n", "a pattern, or a list of them");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_head_and_tail),
		cmocka_unit_test(test_half_lines),
		cmocka_unit_test(test_rules),
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_cut),
		cmocka_unit_test(test_airflow),
		cmocka_unit_test(test_bad_rules),
	};
	return cmocka_run_group_tests_name("log_lines", tests, NULL, NULL);
}
