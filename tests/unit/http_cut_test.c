/* A reply that ends too early is never whole, wherever it ends. */
#include "tests/unit/http_help.h"

static int cut_setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	if (server_start(&server, "tests/servers/cut_replies.py", NULL))
		return -1;
	loop = loop_new();
	http = http_new(loop, &e);
	return http ? 0 : -1;
}

static struct answer cut_at(const char *method, const char *name, const char *at)
{
	char path[64];

	str_format(path, sizeof(path), "/%s/%s", name, at);
	return call((struct http_request){.method = method, .url = url(path)});
}

static int number(const char *name, const char *what)
{
	struct answer a = cut_at("GET", name, what);
	int n = (int)strtol(a.body, NULL, 10);

	assert_true(a.whole);
	answer_release(&a);
	return n;
}

/* The bytes without which it is not whole: of chunks, the last chunk is the end; libcurl does not wait for the last line
 * feed after it. */
static int needed(const char *name, int size)
{
	return strstr(name, "chunked") ? size - 1 : size;
}

/* The first n bytes of the reply, to a request that changes something. */
static struct answer first(const char *name, int n)
{
	char at[16];

	str_format(at, sizeof(at), "%d", n);
	return cut_at("POST", name, at);
}

static void is_cut(const char *name, int n, const struct answer *a)
{
	if (a->whole || a->open_end || !a->sent || a->err.code != ERR_NET)
		fail_msg("%s cut after %d bytes: %s%s%s: %s", name, n,
			a->whole ? "whole" : "", a->open_end ? "open" : "",
			err_code_name(a->err.code), a->err.msg);
}

static void test_every_byte(void **state)
{
	static const char *const framings[] = {"length", "chunked", "gzip",
		"gzip-chunked", "gzip-close", "empty", "none", "missing", "continued"};

	(void)state;
	for (size_t i = 0; i < LENGTH(framings); i++) {
		int size = number(framings[i], "size"),
		    head = number(framings[i], "head");

		for (int n = 0; n <= size; n++) {
			struct answer a = first(framings[i], n);

			if (n < needed(framings[i], size))
				is_cut(framings[i], n, &a);
			else
				assert_true(a.whole && !a.open_end);
			/* Of a header that is not whole, not even the status counts. */
			if (n < head)
				assert_int_equal(a.status, 0);
			answer_release(&a);
		}
	}
}

/* Nothing tells the end of such a body: it is handed on, and proves nothing. */
static void test_a_body_ended_by_the_connection(void **state)
{
	int size = number("close", "size"), head = number("close", "head");

	(void)state;
	for (int n = 0; n <= size; n++) {
		struct answer a = first("close", n);

		if (n < head) {
			is_cut("close", n, &a);
		} else {
			assert_int_equal(a.err.code, ERR_NONE);
			assert_false(a.whole);
			assert_true(a.open_end);
			assert_int_equal(a.len, n - head);
		}
		answer_release(&a);
	}
}

static void refused(const char *name, enum err_code code, const char *words)
{
	struct answer a = first(name, 9999);

	if (a.whole || a.open_end || a.err.code != code || !strstr(a.err.msg, words))
		fail_msg("%s: %s: %s", name, err_code_name(a.err.code), a.err.msg);
	answer_release(&a);
}

static void test_what_is_no_reply(void **state)
{
	struct answer a = first("gzip-twice", 9999);

	(void)state;
	assert_true(a.whole);
	assert_int_equal(a.len, 63);
	answer_release(&a);
	refused("gzip-short", ERR_NET, "the end of gzip is missing");
	refused("gzip-more", ERR_PARSE, "says that it is gzip");
	refused("no-gzip", ERR_PARSE, "says that it is gzip");
	refused("brotli", ERR_PARSE, "packed as \"br\"");
	refused("two-lengths", ERR_NET, "two lengths");
}

static void test_a_part_only_when_asked_for(void **state)
{
	const struct http_header headers[] = {{"Range", "bytes=0-61"}, {NULL, NULL}};
	struct answer a;

	(void)state;
	refused("part", ERR_REMOTE, "not asked for");
	a = call((struct http_request){.url = url("/part/9999"), .headers = headers});
	assert_int_equal(a.err.code, ERR_NONE);
	assert_true(a.whole);
	answer_release(&a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_byte),
		cmocka_unit_test(test_a_body_ended_by_the_connection),
		cmocka_unit_test(test_what_is_no_reply),
		cmocka_unit_test(test_a_part_only_when_asked_for),
	};

	return cmocka_run_group_tests_name("http_cut", tests, cut_setup, teardown);
}
