/* How an HTTP call ends: limits, deadlines, streams, cancelling, lost connections. */
#include "tests/unit/http_help.h"

static void test_limits(void **state)
{
	struct http_request rq = {.method = "GET", .max_bytes = 100000};

	(void)state;
	rq.url = url("/flood");
	fails(rq, ERR_LIMIT, "larger than 100000 bytes");
	rq.url = url("/bomb");
	fails(rq, ERR_LIMIT, "larger than 100000 bytes");
	rq.url = url("/headers");
	fails(rq, ERR_LIMIT, "header");
	rq.url = url("/chunked");
	rq.max_bytes = 18; /* exactly */
	fails(rq, ERR_NONE, "");
	rq.max_bytes = 17;
	fails(rq, ERR_LIMIT, "larger");
}

static void test_timeout_alone(void **state)
{
	struct answer never = {0}, quick = {0};
	struct http_request rq = {.url = url("/never"), .timeout_ms = 2000};

	(void)state;
	http_send(http, &rq, on_reply, &never);
	rq = (struct http_request){.url = url("/ok")};
	http_send(http, &rq, on_reply, &quick);
	assert_true(loop_until(loop, &quick.done, WAIT_MS));
	assert_false(never.done);
	assert_int_equal(quick.status, 200);
	assert_true(loop_until(loop, &never.done, WAIT_MS));
	assert_int_equal(never.err.code, ERR_TIMEOUT);
	assert_true(never.sent);
	assert_in_range(never.took_ms, 1990, 20000);
	answer_release(&never);
	answer_release(&quick);
}

/* Four connections hang: the fifth call waits for one, and its deadline still holds. */
static void test_timeout_while_waiting_for_a_connection(void **state)
{
	struct answer a[6] = {0};
	struct http_request rq = {.url = url("/never"), .timeout_ms = 400};

	(void)state;
	for (int i = 0; i < 6; i++)
		http_send(http, &rq, on_reply, &a[i]);
	for (int i = 0; i < 6; i++) {
		assert_true(loop_until(loop, &a[i].done, WAIT_MS));
		assert_int_equal(a[i].err.code, ERR_TIMEOUT);
		assert_in_range(a[i].took_ms, 390, 20000);
		answer_release(&a[i]);
	}
}

struct stream {
	struct answer a;
	size_t got, stop_at;
	struct http_call *cancel;
};

static bool on_data(void *arg, const char *bytes, size_t len)
{
	struct stream *s = arg;

	(void)bytes;
	s->got += len;
	if (s->cancel) {
		http_cancel(http, s->cancel);
		s->cancel = NULL;
	}
	return s->stop_at == 0 || s->got < s->stop_at;
}

static void test_stream(void **state)
{
	struct stream s = {0};
	struct http_request rq = {.url = url("/chunked"), .on_data = on_data};

	(void)state;
	http_send(http, &rq, on_reply, &s);
	assert_true(loop_until(loop, &s.a.done, WAIT_MS));
	assert_int_equal(s.got, 18);
	assert_int_equal(s.a.len, 0);
	answer_release(&s.a);
	s = (struct stream){.stop_at = 100000};
	rq.url = url("/flood");
	http_send(http, &rq, on_reply, &s);
	assert_true(loop_until(loop, &s.a.done, WAIT_MS));
	assert_int_equal(s.a.err.code, ERR_LIMIT);
	answer_release(&s.a);
	/* The body of an error is no data. */
	s = (struct stream){0};
	rq.url = url("/denied");
	http_send(http, &rq, on_reply, &s);
	assert_true(loop_until(loop, &s.a.done, WAIT_MS));
	assert_int_equal(s.got, 0);
	assert_non_null(strstr(s.a.err.msg, "token expired"));
	answer_release(&s.a);
}

static void test_cancel(void **state)
{
	struct answer gone = {0}, other = {0};
	struct stream s = {0};
	struct http_request rq = {.url = url("/never")};
	struct http_call *c = http_send(http, &rq, on_reply, &gone);

	(void)state;
	http_cancel(http, c); /* before it began */
	c = http_send(http, &rq, on_reply, &gone);
	rq = (struct http_request){
		.url = url("/flood"), .on_data = on_data, .max_bytes = 1 << 30};
	s.cancel = http_send(http, &rq, on_reply, &s);
	rq = (struct http_request){.url = url("/ok")};
	http_send(http, &rq, on_reply, &other);
	assert_true(loop_until(loop, &other.done, WAIT_MS));
	http_cancel(http, c); /* under way */
	http_cancel(http, NULL);
	while (s.cancel) /* within on_data */
		loop_turn(loop, 100);
	for (int i = 0; i < 10; i++)
		loop_turn(loop, 5);
	assert_int_equal(gone.calls, 0);
	assert_int_equal(s.a.calls, 0);
	answer_release(&other);
}

/* A kept connection that the server closes: libcurl repeats a GET, which is harmless. A POST must not
 * reach the server a second time. */
static void test_a_change_is_never_sent_twice(void **state)
{
	struct answer a = get("/close");
	int before, after;

	(void)state;
	answer_release(&a);
	a = get("/count");
	before = (int)strtol(a.body, NULL, 10);
	answer_release(&a);
	a = call((struct http_request){.method = "POST", .url = url("/close")});
	answer_release(&a);
	a = get("/count");
	after = (int)strtol(a.body, NULL, 10);
	answer_release(&a);
	assert_int_equal(after, before + 1);
}

static void test_free_with_calls(void **state)
{
	struct err e = ERR_INIT;
	struct http *h = http_new(loop, &e);
	struct answer a = {0};
	struct http_request rq = {.url = url("/never")};

	(void)state;
	assert_non_null(h);
	for (int i = 0; i < 6; i++)
		http_send(h, &rq, on_reply, &a);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 5);
	http_free(h);
	for (int i = 0; i < 5; i++)
		loop_turn(loop, 5);
	assert_int_equal(a.calls, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_timeout_alone),
		cmocka_unit_test(test_timeout_while_waiting_for_a_connection),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_a_change_is_never_sent_twice),
		cmocka_unit_test(test_free_with_calls),
	};

	return cmocka_run_group_tests_name("http_end", tests, setup, teardown);
}
