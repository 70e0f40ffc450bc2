/* Headers: those that come several times, those that tell to slow down, those that must not be sent. */
#include "tests/unit/http_help.h"

/* Okta sends self and next as two lines. */
static void test_every_value(void **state)
{
	struct answer a = get("/twice");

	(void)state;
	assert_int_equal(a.err.code, ERR_NONE);
	assert_string_equal(a.link, "<http://x/?page=1>; rel=\"self\", "
				    "<http://x/?page=2>; rel=\"next\"");
	assert_string_equal(a.total, "18"); /* the first that holds something */
	answer_release(&a);
}

struct walk {
	bool done;
	size_t n;
	char values[128];
};

static void on_walk(void *arg, const struct http_reply *r)
{
	struct walk *w = arg;
	const char *value;

	for (w->n = 0; (value = http_header_at(r, "x-total", w->n)); w->n++)
		str_format(w->values + strlen(w->values),
			sizeof(w->values) - strlen(w->values), "[%s]", value);
	w->done = true;
}

static void test_one_after_the_other(void **state)
{
	struct walk w = {0};
	struct http_request rq = {.url = url("/twice")};

	(void)state;
	http_send(http, &rq, on_walk, &w);
	assert_true(loop_until(loop, &w.done, WAIT_MS));
	assert_int_equal(w.n, 3);
	assert_string_equal(w.values, "[][18][19]");
}

static void test_throttling_by_another_status(void **state)
{
	(void)state;
	/* GitHub */
	throttles("/refuse/?403&Retry-After:7", 7000);
	throttles("/refuse/?403&x-ratelimit-remaining:0&x-ratelimit-reset:12", 1000);
	throttles("/refuse/?403&x-ratelimit-remaining:0&x-ratelimit-reset:99999999999",
		300000);
	throttles("/refuse/?403&x-ratelimit-remaining:0"
		  "&x-ratelimit-reset:-9223372036854775808",
		1000);
	throttles("/refuse/?403&x-ratelimit-remaining:0", 0);
	throttles("/refuse/?403&x-ratelimit-remaining:10", -1);
	throttles("/refuse/?403", -1);
	/* AWS */
	throttles("/refuse/{%22__type%22:%22ThrottlingException%22}?400", 0);
	throttles("/refuse/{%22__type%22:%22a.b%23TooManyRequestsException%22}?400"
		  "&Retry-After:3",
		3000);
	throttles("/refuse/{%22Error%22:{%22Code%22:%22RequestLimitExceeded%22}}?400", 0);
	throttles(
		"/refuse/%3CError%3E%3CCode%3EThrottling%3C/Code%3E%3C/Error%3E?400", 0);
	throttles("/refuse/{}?400&x-amzn-ErrorType:ThrottlingException", 0);
	throttles("/refuse/{%22__type%22:%22ValidationException%22}?400", -1);
	throttles("/refuse/{%22message%22:%22ThrottlingException%22}?400", -1);
	throttles("/refuse/{%22__type%22:%22ThrottlingException%22}?404", -1);
}

/* What the far side has seen of a request. New reference. */
static json_t *echoed(struct http_request rq)
{
	struct answer a = call(rq);
	json_t *seen = json_loadb(a.body, a.len, 0, NULL);

	assert_non_null(seen);
	answer_release(&a);
	return seen;
}

/* Kafka Connect answers 415 to a type without a body. */
static void test_a_post_without_a_body(void **state)
{
	static const char *const methods[] = {"POST", "PUT", "PATCH", "DELETE"};
	const struct http_header typed[] = {
		{"Content-Type", "application/json"}, {"X-Key", "k"}, {NULL, NULL}};

	(void)state;
	for (size_t i = 0; i < 2 * LENGTH(methods); i++) {
		const char *method = methods[i / 2];
		json_t *seen = echoed((struct http_request){.method = method,
			.url = url("/echo"),
			.headers = i % 2 ? typed : NULL});
		const json_t *h = json_sub(seen, "headers");

		assert_null(json_object_get(h, "content-type"));
		assert_null(json_object_get(h, "expect"));
		if (strcmp(method, "DELETE") != 0)
			assert_string_equal(json_str(h, "content-length", ""), "0");
		assert_string_equal(json_str(h, "x-key", ""), i % 2 ? "k" : "");
		json_decref(seen);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_value),
		cmocka_unit_test(test_one_after_the_other),
		cmocka_unit_test(test_throttling_by_another_status),
		cmocka_unit_test(test_a_post_without_a_body),
	};

	return cmocka_run_group_tests_name("http_header", tests, setup, teardown);
}
