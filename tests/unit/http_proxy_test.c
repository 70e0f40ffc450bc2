/* Proxies: the caller's, those of the environment, and none. 192.0.2.0/24 is nobody's (RFC 5737). */
#include "tests/unit/http_help.h"

static const char *const names[] = {"https_proxy", "HTTPS_PROXY", "http_proxy",
	"HTTP_PROXY", "all_proxy", "ALL_PROXY", "no_proxy", "NO_PROXY"};

/* Sets one variable to the server, and no other one. */
static void only(const char *name)
{
	for (size_t i = 0; i < LENGTH(names); i++)
		unsetenv(names[i]);
	if (name)
		setenv(name, url(""), 1);
}

static struct answer plain(const char *proxy)
{
	return call((struct http_request){.url = "http://192.0.2.1/echo",
		.plain_http = true,
		.connect_ms = 200,
		.proxy = proxy});
}

static void goes_through(const char *proxy)
{
	struct answer a = plain(proxy);

	if (a.err.code != ERR_NONE ||
		!strstr(a.body, "\"path\": \"http://192.0.2.1/echo\""))
		fail_msg("%s: %s", a.err.msg, a.body);
	answer_release(&a);
}

static void goes_past(const char *proxy)
{
	struct answer a = plain(proxy);

	assert_int_equal(a.status, 0);
	assert_true(a.err.code == ERR_NET || a.err.code == ERR_TIMEOUT);
	answer_release(&a);
}

static void test_plain(void **state)
{
	(void)state;
	only("http_proxy");
	goes_through(NULL);
	goes_through("");
	only("ALL_PROXY");
	goes_through(NULL);
	only("HTTP_PROXY"); /* a request's header in a CGI program */
	goes_past(NULL);
	only("https_proxy");
	goes_past(NULL);
}

static void test_a_way_through(void **state)
{
	static const char *const ways[] = {
		"https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"};
	struct http_request rq = {
		.method = "POST", .url = "https://192.0.2.1:403/", .connect_ms = 200};
	char want[200];

	(void)state;
	for (size_t i = 0; i < LENGTH(ways); i++) {
		only(ways[i]);
		str_format(want, sizeof(want),
			"the proxy (%s) refuses a connection to "
			"https://192.0.2.1:403: HTTP 403",
			ways[i]);
		struct answer a = call(rq);

		assert_int_equal(a.err.code, ERR_NET);
		assert_string_equal(a.err.msg, want);
		assert_false(a.sent); /* to the proxy only */
		assert_int_equal(a.status, 0);
		answer_release(&a);
	}
	rq.url = "https://192.0.2.1:407/";
	fails(rq, ERR_NET, "it wants a login");
}

static void test_whose_word_counts(void **state)
{
	char ours[200];

	(void)state;
	only("http_proxy");
	goes_past("none");
	setenv("no_proxy", "example.com,192.0.2.1", 1);
	goes_past(NULL);
	str_copy(ours, sizeof(ours), url(""));
	goes_through(ours); /* the source's own is for all that it asks */
	unsetenv("no_proxy");
	setenv("NO_PROXY", "192.0.2.0/24", 1);
	goes_past(NULL);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	goes_through(ours);
}

/* A proxy elsewhere cannot reach what is on this machine. */
static void test_this_machine_needs_none(void **state)
{
	struct answer a;

	(void)state;
	only(NULL);
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	a = get("/ok");
	assert_int_equal(a.status, 200);
	answer_release(&a);
	fails((struct http_request){.url = url("/ok"), .proxy = "http://127.0.0.1:1"},
		ERR_NET, "through the proxy (proxy:)");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_plain),
		cmocka_unit_test(test_a_way_through),
		cmocka_unit_test(test_whose_word_counts),
		cmocka_unit_test(test_this_machine_needs_none),
	};

	return cmocka_run_group_tests_name("http_proxy", tests, setup, teardown);
}
