/* Logs against tests/servers/far_side.py: text, JSON lines, items by token, parts, tails, safe lines, errors. */
#include "backends/base/log.h"
#include "tests/unit/connector_help.h"

struct text {
	bool done, truncated;
	struct err err;
	json_t *parts;
	char **lines;
	size_t n, cap;
};

static void on_parts(void *arg, const json_t *parts)
{
	struct text *t = arg;
	t->parts = json_deep_copy(parts);
}

static void on_lines(void *arg, const char *const *lines, size_t n)
{
	struct text *t = arg;
	for (size_t i = 0; i < n; i++) {
		t->lines = mem_grow(t->lines, &t->cap, t->n + 1, sizeof(*t->lines));
		t->lines[t->n++] = xstrdup(lines[i]);
	}
}

static void on_done(void *arg, const struct err *e, bool truncated)
{
	struct text *t = arg;
	assert_false(t->done);
	t->done = true;
	t->err = *e;
	t->truncated = truncated;
}

static struct text fetch(const char *log, int part, size_t tail)
{
	struct text t = {0};
	struct log_fns fns = {on_parts, on_lines, on_done, &t};
	char *yaml = xasprintf(
		"settings: {url: {type: url, required: true}}\ncollect:\n  runs: {kind: "
		"run, get: /runs, record: {id: id, state: state, opaque: {run: id}}}\n"
		"log:\n  run:\n%s",
		log);
	json_t *record = json_pack("{s:s,s:s,s:{s:s,s:[ss]}}", "kind", "run", "id", "r1",
		"opaque", "run", "a/b", "lines", "x", "y\nz");
	rig_open(&rig, yaml, "");
	assert_non_null(source_log(rig.source, record, part, tail, &fns));
	assert_true(loop_until(rig.loop, &t.done, HELP_WAIT_MS));
	rig_close(&rig);
	json_decref(record);
	free(yaml);
	return t;
}

static void release(struct text *t)
{
	for (size_t i = 0; i < t->n; i++)
		free(t->lines[i]);
	free(t->lines);
	json_decref(t->parts);
}

static void is_ok(const struct text *t, size_t n)
{
	if (t->err.code != ERR_NONE)
		fail_msg("%s", t->err.msg);
	assert_int_equal(t->n, n);
}

static void test_text(void **state)
{
	(void)state;
	struct text t = fetch("    get: /log\n", -1, 0);
	is_ok(&t, 1001);
	assert_false(t.truncated);
	assert_string_equal(t.lines[7], "line 7");
	assert_non_null(strstr(t.lines[1000], "bad red "));
	assert_null(strchr(t.lines[1000], '\x1b'));
	assert_null(strchr(t.lines[1000], '\x07'));
	release(&t);
}

static void test_a_secret_in_a_line(void **state)
{
	(void)state;
	log_redact("line 775");
	log_redact("line 78"); /* short: as a word of its own */
	struct text t = fetch("    get: /log\n", -1, 0);
	is_ok(&t, 1001);
	assert_string_equal(t.lines[76], "line 76");
	assert_string_equal(t.lines[77], "line 77");
	assert_string_equal(t.lines[78], "[secret]");
	assert_string_equal(t.lines[775], "[secret]");
	assert_string_equal(t.lines[785], "line 785");
	release(&t);
	log_close();
}

static void test_tail(void **state)
{
	(void)state;
	struct text t = fetch("    get: /log\n", -1, 200); /* a far side that gives all */
	assert_true(t.truncated);
	assert_true(t.n > 5 && t.n < 25);
	assert_true(str_starts(t.lines[0], "line 9"));
	assert_true(str_starts(t.lines[t.n - 1], "bad red"));
	release(&t);
	t = fetch("    get: /log\n    tail: range\n", -1, 200);
	assert_int_equal(t.err.code, ERR_NONE);
	assert_true(t.n > 5 && t.n < 25);
	release(&t);
	json_t *seen = rig_seen(&rig);
	const json_t *all = json_sub(seen, "seen");
	assert_string_equal(
		json_str(json_array_get(all, json_array_size(all) - 1), "range", ""),
		"bytes=-200");
	json_decref(seen);
}

/* What only the closed connection ended may be cut: it is kept, and says so. */
static void test_an_end_that_is_not_proved(void **state)
{
	(void)state;
	struct text t = fetch("    get: \"/open-end?lines=1\"\n", -1, 0);
	assert_int_equal(t.err.code, ERR_NONE);
	assert_true(t.n > 2);
	assert_true(str_starts(t.lines[t.n - 1], "[the connection was closed here: "));
	size_t all = t.n;
	release(&t);
	t = fetch("    get: \"/open-end?lines=1\"\n", -1, 100000);
	is_ok(&t, all - 1);
	release(&t);
}

static void test_json_lines(void **state)
{
	(void)state;
	struct text t = fetch("    get: /ndjson\n    format: json-lines\n    line: "
			      "\"format('{} {}', t, event)\"\n",
		-1, 0);
	is_ok(&t, 4);
	assert_string_equal(t.lines[0], "10:00 one");
	assert_string_equal(t.lines[1], "not json");
	assert_string_equal(t.lines[3], "more");
	release(&t);
}

static void test_items(void **state)
{
	(void)state;
	struct text t = fetch("    get: /logitems\n    format: items\n    page: {style: "
			      "token, param: token, next: token, items: content}\n"
			      "    line: event\n",
		-1, 0);
	is_ok(&t, 3);
	assert_string_equal(t.lines[0], "first");
	assert_string_equal(t.lines[1], "plain");
	assert_string_equal(t.lines[2], "last");
	release(&t);
	t = fetch("    format: items\n    items: opaque.lines\n", -1,
		0); /* the record itself */
	is_ok(&t, 3);
	assert_string_equal(t.lines[2], "z");
	release(&t);
}

#define PARTS                                                                      \
	"    parts: {get: \"/logparts/{run}\", items: parts, title: task, state: " \
	"state, try: try, id: task}\n"                                             \
	"    get: /partlog/{{ part.task }}/{{ part.try }}/{{ record.id }}\n"

static void test_parts(void **state)
{
	(void)state;
	struct text t = fetch(PARTS, -1, 0);
	is_ok(&t, 1);
	assert_string_equal(t.lines[0], "log of load/2/r1");
	assert_int_equal(json_array_size(t.parts), 2);
	assert_string_equal(json_str(json_array_get(t.parts, 0), "try", ""), "2");
	assert_string_equal(json_str(json_array_get(t.parts, 1), "state", ""), "success");
	release(&t);
	t = fetch(PARTS, 1, 0);
	is_ok(&t, 1);
	assert_string_equal(t.lines[0], "log of extract/1/r1");
	release(&t);
	t = fetch(PARTS, 5, 0);
	assert_int_equal(t.err.code, ERR_NOTFOUND);
	release(&t);
}

/* Every try of every part: the last ones first, the earlier ones behind them. */
static void test_tries(void **state)
{
	static const char log[] =
		"    parts: {get: \"/logparts/{run}\", items: parts, pick: "
		"\"reverse(@)\", title: task, state: state, tries: try, id: task}\n"
		"    get: /partlog/{{ part.task }}/{{ part.try }}\n";
	static const char *const want[] = {
		"log of extract/1", "log of load/2", "log of load/1"};
	(void)state;
	for (int i = 0; i < 3; i++) {
		struct text t = fetch(log, i, 0);
		is_ok(&t, 1);
		assert_string_equal(t.lines[0], want[i]);
		assert_int_equal(json_array_size(t.parts), 3);
		const json_t *last = json_array_get(t.parts, 2);
		assert_int_equal(json_int(last, "try", 0), 1);
		assert_int_equal(json_int(last, "tries", 0), 2);
		assert_null(
			json_sub(last, "state")); /* that of the second try is not its */
		release(&t);
	}
}

/* A step of a task has the log. */
static void test_parts_of_parts(void **state)
{
	static const char log[] =
		"    parts:\n      get: \"/logparts/{run}\"\n      items: parts\n"
		"      parts: {get: \"/steps/{{ part.task }}\", items: steps, title: "
		"\"join(' > ', [of.task, name])\", try: try}\n"
		"    get: /partlog/{{ part.of.task }}/{{ part.name }}\n";
	(void)state;
	struct text t = fetch(log, 1, 0);
	is_ok(&t, 1);
	assert_string_equal(t.lines[0], "log of load/merge");
	assert_int_equal(json_array_size(t.parts), 2);
	assert_string_equal(
		json_str(json_array_get(t.parts, 0), "title", ""), "load > copy");
	release(&t);
}

static void test_errors(void **state)
{
	(void)state;
	struct text t = fetch("    get: /error\n", -1, 0);
	assert_int_equal(t.err.code, ERR_REMOTE);
	assert_int_equal(t.n, 0); /* an error page is no log */
	release(&t);
	t = fetch("    get: /nothing\n    format: items\n", -1, 0);
	assert_int_equal(t.err.code, ERR_NOTFOUND);
	release(&t);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_a_secret_in_a_line),
		cmocka_unit_test(test_tail),
		cmocka_unit_test(test_an_end_that_is_not_proved),
		cmocka_unit_test(test_json_lines),
		cmocka_unit_test(test_items),
		cmocka_unit_test(test_parts),
		cmocka_unit_test(test_tries),
		cmocka_unit_test(test_parts_of_parts),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests_name("logfetch", tests, rig_setup, rig_teardown);
}
