/* Large replies against the budget of the process: what fits, what waits, what is refused, and what it costs. */
#include "backends/base/budget.h"
#include "tests/unit/connector_help.h"

#define MIB ((size_t)1 << 20)
#define STORM 100000 /* alerts: as a tree, more than the budget */

static int large_setup(void **state)
{
	if (rig_setup(state))
		return -1;
	server_end(&rig.server);
	return server_start(&rig.server, "tests/servers/large_replies.py", NULL);
}

struct got {
	bool done;
	size_t n, batches;
	char first[100];
	struct err err;
};

static void got_batch(void *arg, const struct collect_batch *b)
{
	struct got *g = arg;
	if (g->n == 0 && b->n)
		str_copy(g->first, sizeof(g->first), b->records[0].title);
	g->n += b->n;
	g->batches++;
}

static void got_done(void *arg, const struct collect_result *r)
{
	struct got *g = arg;
	g->done = true;
	g->err = r->err;
}

#define RECORD                                                                    \
	"    record: {id: id, title: name, state: {value: state, map: {success: " \
	"succeeded, failed: failed}}}\n"

/* Beside the collection there is a second one, of little. */
static void open_for(const char *path, const char *more)
{
	char *yaml =
		xasprintf("settings: {url: {type: url, required: true}}\n"
			  "collect:\n  rows:\n    kind: run\n    get: \"%s\"\n%s" RECORD
			  "  little:\n    kind: check\n    get: /small\n    record: {id: "
			  "id, title: name, state: failing}\n",
			path, more);
	rig_open(&rig, yaml, "");
	free(yaml);
}

static void start(struct got *g, size_t collection)
{
	struct collect_fns fns = {.batch = got_batch, .done = got_done, .arg = g};
	assert_non_null(source_collect(rig.source, collection, NULL, NULL, &fns));
}

/* Collects, and what the trees took meanwhile beyond what was there before. */
static struct got collected(const char *path, const char *more, size_t *peak)
{
	struct got g = {0};
	open_for(path, more);
	size_t before = budget_tree_used();
	budget_tree_peak();
	start(&g, 0);
	assert_true(loop_until(rig.loop, &g.done, HELP_WAIT_MS));
	*peak = budget_tree_peak() - before;
	assert_int_equal(budget_text_used(), 0);
	rig_close(&rig);
	return g;
}

/* A list in one piece, however large. */
static void test_a_storm_fits(void **state)
{
	static const char *const ways[][2] = {
		{"/storm/100000", "    when: state == 'failed'\n"},
		{"/storm/100000", "    items: \"[?state == 'failed']\"\n"},
		{"/storm/100000", "    items: \"@\"\n    when: state == 'failed'\n"},
		{"/wrapped/100000",
			"    items: data.alerts\n    when: state == 'failed'\n"},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(ways); i++) {
		size_t peak;
		struct got g = collected(ways[i][0], ways[i][1], &peak);
		if (g.err.code != ERR_NONE || g.n != STORM / 1000 || peak > 8 * MIB)
			fail_msg("%s: %zu records, %zu bytes: %s", ways[i][1], g.n, peak,
				g.err.msg);
		assert_string_equal(g.first, "disk 0");
	}
}

/* The same for what has to be read as a whole: refused before it is read, with what helps. */
static void test_what_is_too_large_is_not_read(void **state)
{
	size_t peak;
	(void)state;
	struct got g = collected("/storm/100000", "    items: \"[@][0]\"\n", &peak);
	assert_int_equal(g.err.code, ERR_LIMIT);
	assert_non_null(strstr(g.err.msg, "MiB"));
	assert_non_null(strstr(g.err.msg, "page"));
	assert_non_null(strstr(g.err.msg, "max_bytes"));
	assert_in_range(peak, 0, MIB);
	g = collected("/storm/1000", "    max_bytes: 5000\n", &peak);
	assert_int_equal(g.err.code, ERR_LIMIT);
	assert_non_null(strstr(g.err.msg, "larger than 5000 bytes"));
	assert_non_null(strstr(g.err.msg, "(page: size), or allow more (max_bytes)"));
	/* Five million objects, in 100 KB. */
	g = collected("/braces/5500000", "    items: \"[@][0]\"\n", &peak);
	assert_int_equal(g.err.code, ERR_LIMIT);
	assert_in_range(peak, 0, MIB);
}

static void test_a_refusal_is_not_read_either(void **state)
{
	size_t peak;
	(void)state;
	struct got g = collected("/refuse/80000", "", &peak);
	assert_int_equal(g.err.code, ERR_REMOTE);
	assert_in_range(peak, 0, MIB);
	g = collected("/braces/5500000", "    max_bytes: 1000000\n", &peak);
	assert_int_equal(g.err.code, ERR_LIMIT);
	assert_in_range(peak, 0, MIB);
}

/* A tree of about so many bytes. */
static json_t *ballast(size_t bytes)
{
	json_t *list = json_array();
	size_t before = budget_tree_used();
	char text[4096];
	memset(text, 'x', sizeof(text));
	while (budget_tree_used() - before < bytes)
		json_array_append_new(list, json_stringn(text, sizeof(text)));
	return list;
}

/* A reply for whose tree there is no room is read when there is; small ones are not held up. */
static void test_replies_wait_for_room(void **state)
{
	struct got large = {0}, small = {0};
	(void)state;
	open_for("/storm/20000", "    items: \"[]\"\n    when: state == 'failed'\n");
	json_t *other = ballast(BUDGET_TREE_BYTES - 2 * MIB);
	start(&large, 0);
	while (budget_text_used() < MIB / 2) /* it has come, and waits */
		loop_turn(rig.loop, 100);
	start(&small, 1);
	assert_true(loop_until(rig.loop, &small.done, HELP_WAIT_MS));
	assert_int_equal(small.n, 1);
	assert_false(large.done);
	json_decref(other);
	assert_true(loop_until(rig.loop, &large.done, HELP_WAIT_MS));
	assert_int_equal(large.err.code, ERR_NONE);
	assert_int_equal(large.n, 20);
	assert_int_equal(budget_text_used(), 0);
	rig_close(&rig);
}

/* Cancelled while it waits: nothing is left. */
static void test_a_reply_that_waits_is_cancelled(void **state)
{
	struct got large = {0};
	(void)state;
	open_for("/storm/20000", "    items: \"[]\"\n");
	json_t *other = ballast(BUDGET_TREE_BYTES - 2 * MIB);
	start(&large, 0);
	while (budget_text_used() < MIB / 2)
		loop_turn(rig.loop, 100);
	rig_close(&rig);
	assert_false(large.done);
	assert_int_equal(budget_text_used(), 0);
	json_decref(other);
}

struct page {
	bool done;
	size_t len;
	struct err err;
};

static void on_page(void *arg, const struct http_reply *r)
{
	struct page *p = arg;
	p->done = true;
	p->len = r->len;
	p->err = r->err;
}

static void is_large(const struct page *p)
{
	assert_int_equal(p->err.code, ERR_NONE);
	assert_in_range(p->len, MIB, 2 * MIB);
}

/* With little room left, the oldest large body comes to its end, and then the next one. */
static void test_bodies_wait_for_each_other(void **state)
{
	struct page older = {0}, newer = {0};
	char *url = xasprintf("http://127.0.0.1:%d/storm/20000", rig.server.port);
	struct http_request rq = {.method = "GET", .url = url};
	(void)state;
	budget_text_add(BUDGET_TEXT_BYTES - 16 * MIB);
	http_send(rig.http, &rq, on_page, &older);
	http_send(rig.http, &rq, on_page, &newer);
	assert_true(loop_until(rig.loop, &older.done, HELP_WAIT_MS));
	assert_true(loop_until(rig.loop, &newer.done, HELP_WAIT_MS));
	is_large(&older);
	is_large(&newer);
	budget_text_drop(BUDGET_TEXT_BYTES - 16 * MIB);
	assert_int_equal(budget_text_used(), 0);
	free(url);
}

/* With none left, no large body goes on: not the oldest either, for what is held comes free without it. */
static void test_bodies_wait_for_room(void **state)
{
	struct page large = {0}, small = {0};
	char *url = xasprintf("http://127.0.0.1:%d/storm/20000", rig.server.port);
	char *little = xasprintf("http://127.0.0.1:%d/small", rig.server.port);
	struct http_request rq = {.method = "GET", .url = url};
	(void)state;
	budget_text_add(BUDGET_TEXT_BYTES);
	http_send(rig.http, &rq, on_page, &large);
	while (budget_text_used() < BUDGET_TEXT_BYTES + 65536)
		loop_turn(rig.loop, 100);
	rq.url = little;
	http_send(rig.http, &rq, on_page, &small);
	assert_true(loop_until(rig.loop, &small.done, HELP_WAIT_MS));
	assert_false(large.done);
	assert_in_range(
		budget_text_used(), BUDGET_TEXT_BYTES, BUDGET_TEXT_BYTES + MIB / 2);
	budget_text_drop(BUDGET_TEXT_BYTES);
	assert_true(loop_until(rig.loop, &large.done, HELP_WAIT_MS));
	is_large(&large);
	assert_int_equal(budget_text_used(), 0);
	free(little);
	free(url);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_storm_fits),
		cmocka_unit_test(test_what_is_too_large_is_not_read),
		cmocka_unit_test(test_a_refusal_is_not_read_either),
		cmocka_unit_test(test_replies_wait_for_room),
		cmocka_unit_test(test_a_reply_that_waits_is_cancelled),
		cmocka_unit_test(test_bodies_wait_for_each_other),
		cmocka_unit_test(test_bodies_wait_for_room),
	};
	return cmocka_run_group_tests_name("memory", tests, large_setup, rig_teardown);
}
