/* What an HTTP call sends, and what it makes of the reply. */
#include "backends/transport/http_private.h"
#include "tests/unit/http_help.h"

static void test_get(void **state)
{
	struct answer a = get("/ok");

	(void)state;
	assert_int_equal(a.err.code, ERR_NONE);
	assert_int_equal(a.status, 200);
	assert_true(a.sent);
	assert_string_equal(a.body, "{\"a\": 1}");
	assert_string_equal(a.type, "application/json");
	assert_string_equal(a.link, "<http://x/?page=2>; rel=\"next\"");
	assert_string_equal(a.total, "17");
	answer_release(&a);
	a = get("/chunked");
	assert_string_equal(a.body, "part0;part1;part2;");
	answer_release(&a);
	a = get("/gzip");
	assert_string_equal(a.body, "unpacked");
	answer_release(&a);
}

static void test_what_is_sent(void **state)
{
	const struct http_header headers[] = {
		{"X-Key", "k1"}, {"X-Empty", ""}, {NULL, NULL}};
	struct answer a = call((struct http_request){.method = "PATCH",
		.url = url("/echo?x=%20y"),
		.headers = headers,
		.body = "a\0b",
		.body_len = 3,
		.user = "me",
		.password = "pw"});
	json_t *seen = json_loadb(a.body, a.len, JSON_ALLOW_NUL, NULL);
	const json_t *h = json_sub(seen, "headers");

	(void)state;
	assert_string_equal(json_str(seen, "method", ""), "PATCH");
	assert_string_equal(json_str(seen, "path", ""), "/echo?x=%20y");
	assert_int_equal(json_string_length(json_object_get(seen, "body")), 3);
	assert_string_equal(json_str(h, "x-key", ""), "k1");
	assert_string_equal(json_str(h, "x-empty", "none"), "");
	assert_string_equal(json_str(h, "authorization", ""), "Basic bWU6cHc=");
	assert_string_equal(json_str(h, "content-type", ""), "application/json");
	json_decref(seen);
	answer_release(&a);
	a = call((struct http_request){.method = "DELETE", .url = url("/echo")});
	assert_non_null(strstr(a.body, "\"DELETE\""));
	answer_release(&a);
}

static void test_errors_by_class(void **state)
{
	struct answer a = get("/denied");

	(void)state;
	assert_int_equal(a.err.code, ERR_AUTH);
	assert_non_null(strstr(a.err.msg, "401"));
	assert_non_null(strstr(a.err.msg, "127.0.0.1"));
	assert_non_null(strstr(a.err.msg, "token expired"));
	assert_null(strchr(a.err.msg, 27));
	answer_release(&a);
	fails((struct http_request){.url = url("/nothing")}, ERR_NOTFOUND,
		"no such path");
	fails((struct http_request){.url = url("/broken")}, ERR_REMOTE,
		"an HTML page: Server");
	fails((struct http_request){.url = url("/cut")}, ERR_NET, "lost");
	a = get("/moved");
	assert_int_equal(a.err.code, ERR_REMOTE);
	assert_int_equal(a.status, 302);
	assert_non_null(strstr(a.err.msg, "https://elsewhere.example:8443"));
	assert_null(strstr(a.err.msg, "token=abc"));
	answer_release(&a);
}

static void test_not_reached(void **state)
{
	struct answer a = call((struct http_request){.url = "http://127.0.0.1:1/x"});

	(void)state;
	assert_int_equal(a.err.code, ERR_NET);
	assert_false(a.sent);
	assert_int_equal(a.status, 0);
	answer_release(&a);
	/* TLS to a server that speaks none. */
	char https[64];
	str_format(https, sizeof(https), "https://127.0.0.1:%d/ok", server.port);
	a = call((struct http_request){.url = https});
	assert_int_equal(a.err.code, ERR_NET);
	assert_false(a.sent);
	answer_release(&a);
}

static int64_t throttled(const char *path)
{
	struct answer a = get(path);
	int64_t ms = a.retry_after_ms;

	assert_int_equal(a.err.code, ERR_THROTTLE);
	assert_non_null(strstr(a.err.msg, "slow down"));
	answer_release(&a);
	return ms;
}

static void test_retry_after(void **state)
{
	(void)state;
	assert_int_equal(throttled("/throttle?7"), 7000);
	assert_int_equal(throttled("/throttle?0"), 1000);
	assert_int_equal(throttled("/throttle?-5"), 1000);
	assert_int_equal(throttled("/throttle?86400"), 300000);
	assert_int_equal(throttled("/throttle?99999999999999999999999"), 300000);
	assert_int_equal(throttled("/throttle?Sun,+06+Nov+1994+08:49:37+GMT"), 1000);
	assert_int_equal(throttled("/throttle?Sun,+06+Nov+2094+08:49:37+GMT"), 300000);
	assert_int_equal(throttled("/throttle?soon"), 0);
}

static void test_refused_requests(void **state)
{
	const struct http_header split[] = {{"X-A", "a\r\nX-B: b"}, {NULL, NULL}};
	const struct http_header name[] = {{"X A:", "a"}, {NULL, NULL}};

	(void)state;
	fails((struct http_request){.url = url("/echo"), .headers = split}, ERR_CONFIG,
		"X-A");
	fails((struct http_request){.url = url("/echo"), .headers = name}, ERR_CONFIG,
		"X A:");
	fails((struct http_request){.url = url("/echo"), .method = "GET /x HTTP/1.1\r\n"},
		ERR_CONFIG, "method");
	fails((struct http_request){.url = "ftp://127.0.0.1/"}, ERR_CONFIG, "https://");
	fails((struct http_request){.url = "file:///etc/passwd"}, ERR_CONFIG, "https://");
	fails((struct http_request){.url = "http://example.com/"}, ERR_CONFIG,
		"plain_http");
	fails((struct http_request){.url = "http://127.0.0.1.example.com/"}, ERR_CONFIG,
		"plain_http");
	fails((struct http_request){.url = "http://127.0.0.1\\@example.com/"}, ERR_CONFIG,
		"escaped");
	fails((struct http_request){.url = "http://a:b@127.0.0.1/"}, ERR_CONFIG,
		"user name");
	fails((struct http_request){.url = "http://127.0.0.1/a b"}, ERR_CONFIG,
		"escaped");
	fails((struct http_request){.url = NULL}, ERR_CONFIG, "without a URL");
}

static void test_signature(void **state)
{
	struct http_request rq = {.method = "POST",
		.url = url("/sign"),
		.body = "{}",
		.body_len = 2,
		.user = "AKIDEXAMPLE",
		.password = "wJalrXUtnFEMI/K7MDENG",
		.aws_region = "us-east-1",
		.aws_service = "ce",
		.aws_token = "session-token"};
	struct answer a = call(rq);

	(void)state;
	assert_int_equal(a.err.code, ERR_NONE);
	assert_memory_equal(a.body, "good ", 5);
	assert_non_null(strstr(a.body, "x-amz-security-token"));
	answer_release(&a);
	rq.method = "GET";
	rq.body = NULL;
	rq.url = url("/sign?Action=List&Version=2010%2F05");
	a = call(rq);
	assert_memory_equal(a.body, "good ", 5);
	answer_release(&a);
	rq.url = url("/sign?b=1&a=2");
	fails(rq, ERR_CONFIG, "sorted");
	rq.url = url("/sign/a%20b");
	fails(rq, ERR_CONFIG, "escapes");
	rq.url = url("/sign");
	rq.aws_region = "us-east-1:x";
	fails(rq, ERR_CONFIG, "region");
}

static void message_is(const char *body, const char *want)
{
	struct str s = STR_INIT_MAX(1024);

	http_error_message(&s, body, strlen(body));
	assert_string_equal(s.buf, want);
	str_release(&s);
}

static void test_messages(void **state)
{
	(void)state;
	message_is("{\"detail\": [{\"loc\": [\"body\"], \"msg\": \"field required\"}]}",
		"field required");
	message_is("{\"error\": {\"message\": \"No Record found\", \"detail\": null}, "
		   "\"status\": \"failure\"}",
		"No Record found");
	message_is(
		"{\"error\": \"invalid_grant\", \"error_description\": \"wrong code\"}",
		"wrong code");
	message_is("{\"errorCode\": \"E0000007\", \"errorSummary\": \"Not found: user\"}",
		"Not found: user");
	message_is("{\"errors\": [\"permission denied\"]}", "permission denied");
	message_is("{\"__type\": \"UnrecognizedClientException\", \"message\": \"bad "
		   "token\"}",
		"bad token");
	message_is("{\"title\": \"Bad\"}", "Bad");
	message_is("\n\n  upstream timed out  \nsecond", "upstream timed out  ");
	message_is("<html><body>x</body></html>", "an HTML page");
	message_is("{broken", "{broken");
	message_is("", "");
}

static void test_url_parts(void **state)
{
	struct str s = STR_INIT_MAX(1024);
	struct err e = ERR_INIT;
	struct http_url u;

	(void)state;
	http_encode(&s, "a b/\xc3\xa9~+", 8);
	assert_string_equal(s.buf, "a%20b%2F%C3%A9~%2B");
	str_clear(&s);
	assert_true(http_origin("HTTPS://user:pw@Host.example:8443/x?y#z", &s, &e));
	assert_string_equal(s.buf, "https://Host.example:8443");
	assert_false(http_origin("https://", &s, &e));
	assert_false(http_origin("https://host:port/", &s, &e));
	assert_false(http_origin("https://host:0/", &s, &e));
	assert_false(http_origin("https://host:65536/", &s, &e));
	assert_false(http_origin("https://[::1/", &s, &e));
	assert_false(http_origin("//host/", &s, &e));
	str_release(&s);
	assert_true(http_url_parse("http://[::1]:80/", &u, &e) && http_url_loopback(&u));
	assert_true(http_url_parse("http://LOCALHOST", &u, &e) && http_url_loopback(&u));
	assert_true(http_url_parse("http://127.1.2.3/", &u, &e) && http_url_loopback(&u));
	assert_true(http_url_parse("http://127.1/", &u, &e) && !http_url_loopback(&u));
	assert_true(
		http_url_parse("http://127.0.0.1.x/", &u, &e) && !http_url_loopback(&u));
	assert_true(
		http_url_parse("http://localhost.x/", &u, &e) && !http_url_loopback(&u));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_errors_by_class),
		cmocka_unit_test(test_not_reached),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_refused_requests),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_url_parts),
	};

	return cmocka_run_group_tests_name("http", tests, setup, teardown);
}
