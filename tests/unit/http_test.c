/* The HTTP transport against tests/servers/http_replies.py. */
#include "backends/transport/http.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/json.h"
#include "backends/base/mem.h"
#include "backends/transport/http_private.h"

#define WAIT_MS 10000

static struct loop *loop;
static struct http *http;
static int port, server_stdin;
static pid_t server;

struct answer {
	bool done;
	int calls, status;
	bool sent;
	int64_t retry_after_ms, took_ms;
	char *body, *type, *link, *total;
	size_t len;
	struct err err;
};

static void on_reply(void *arg, const struct http_reply *r)
{
	struct answer *a = arg;

	a->calls++;
	a->done = true;
	a->status = r->status;
	a->sent = r->sent;
	a->retry_after_ms = r->retry_after_ms;
	a->took_ms = r->took_ms;
	a->body = xstrndup(r->body, r->len);
	a->len = r->len;
	a->type = xstrdup(r->type);
	a->link = xstrdup(r->link);
	a->total = xstrdup(http_header(r, "x-total"));
	a->err = r->err;
}

static void answer_release(struct answer *a)
{
	free(a->body);
	free(a->type);
	free(a->link);
	free(a->total);
	*a = (struct answer){0};
}

static const char *url(const char *path)
{
	static char buf[4][512];
	static int next;
	char *s = buf[next++ % 4];

	str_format(s, sizeof(buf[0]), "http://127.0.0.1:%d%s", port, path);
	return s;
}

static struct answer call(struct http_request rq)
{
	struct answer a = {0};

	assert_non_null(http_send(http, &rq, on_reply, &a));
	assert_int_equal(a.calls, 0); /* never from within http_send */
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.calls, 1);
	return a;
}

static struct answer get(const char *path)
{
	return call((struct http_request){.method = "GET", .url = url(path)});
}

static void fails(struct http_request rq, enum err_code code, const char *words)
{
	struct answer a = call(rq);

	if (a.err.code != code || !strstr(a.err.msg, words))
		fail_msg("%s: %s", err_code_name(a.err.code), a.err.msg);
	answer_release(&a);
}

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
	str_format(https, sizeof(https), "https://127.0.0.1:%d/ok", port);
	a = call((struct http_request){.url = https});
	assert_int_equal(a.err.code, ERR_NET);
	assert_false(a.sent);
	answer_release(&a);
}

static void test_timeout_alone(void **state)
{
	struct answer never = {0}, quick = {0};
	struct http_request rq = {.url = url("/never"), .timeout_ms = 300};

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
	assert_in_range(never.took_ms, 290, 5000);
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
		assert_in_range(a[i].took_ms, 390, 3000);
		answer_release(&a[i]);
	}
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

static int setup(void **state)
{
	struct err e = ERR_INIT;
	int to[2], from[2];
	char line[32] = "";

	(void)state;
	if (pipe(to) || pipe(from))
		return -1;
	server = fork();
	if (server == 0) {
		dup2(to[0], 0);
		dup2(from[1], 1);
		for (int fd = 3; fd < 64; fd++)
			close(fd);
		execlp("python3", "python3", "tests/servers/http_replies.py",
			(char *)NULL);
		_exit(127);
	}
	close(to[0]);
	close(from[1]);
	server_stdin = to[1];
	if (server < 0 || read(from[0], line, sizeof(line) - 1) <= 0)
		return -1;
	close(from[0]);
	port = (int)strtol(line, NULL, 10);
	/* What must not be honoured. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	loop = loop_new();
	http = http_new(loop, &e);
	return http ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	http_free(http);
	loop_free(loop);
	close(server_stdin);
	return waitpid(server, NULL, 0) == server ? 0 : -1;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_get),
		cmocka_unit_test(test_what_is_sent),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_errors_by_class),
		cmocka_unit_test(test_not_reached),
		cmocka_unit_test(test_timeout_alone),
		cmocka_unit_test(test_timeout_while_waiting_for_a_connection),
		cmocka_unit_test(test_retry_after),
		cmocka_unit_test(test_refused_requests),
		cmocka_unit_test(test_stream),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_signature),
		cmocka_unit_test(test_a_change_is_never_sent_twice),
		cmocka_unit_test(test_free_with_calls),
		cmocka_unit_test(test_messages),
		cmocka_unit_test(test_url_parts),
	};

	return cmocka_run_group_tests_name("http", tests, setup, teardown);
}
