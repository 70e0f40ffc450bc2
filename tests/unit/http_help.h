/* What the tests of the HTTP transport share: tests/servers/http_replies.py, and calls to it. */
#ifndef TESTS_HTTP_HELP_H
#define TESTS_HTTP_HELP_H

#include "backends/base/mem.h"
#include "backends/transport/http.h"
#include "tests/unit/server_help.h"

#define WAIT_MS 60000

static struct loop *loop;
static struct http *http;
static struct server server;

struct answer {
	bool done;
	int calls, status;
	bool sent, whole, open_end;
	int64_t retry_after_ms, took_ms;
	char *body, *type, *link, *total;
	size_t len;
	struct err err;
};

static inline void on_reply(void *arg, const struct http_reply *r)
{
	struct answer *a = arg;

	a->calls++;
	a->done = true;
	a->status = r->status;
	a->sent = r->sent;
	a->whole = r->whole;
	a->open_end = r->open_end;
	a->retry_after_ms = r->retry_after_ms;
	a->took_ms = r->took_ms;
	a->body = xstrndup(r->body, r->len);
	a->len = r->len;
	a->type = xstrdup(r->type);
	a->link = xstrdup(r->link);
	a->total = xstrdup(http_header(r, "x-total"));
	a->err = r->err;
}

static inline void answer_release(struct answer *a)
{
	free(a->body);
	free(a->type);
	free(a->link);
	free(a->total);
	*a = (struct answer){0};
}

static inline const char *url(const char *path)
{
	static char buf[4][512];
	static int next;
	char *s = buf[next++ % 4];

	str_format(s, sizeof(buf[0]), "http://127.0.0.1:%d%s", server.port, path);
	return s;
}

static inline struct answer call(struct http_request rq)
{
	struct answer a = {0};

	assert_non_null(http_send(http, &rq, on_reply, &a));
	assert_int_equal(a.calls, 0); /* never from within http_send */
	assert_true(loop_until(loop, &a.done, WAIT_MS));
	assert_int_equal(a.calls, 1);
	return a;
}

static inline struct answer get(const char *path)
{
	return call((struct http_request){.method = "GET", .url = url(path)});
}

static inline void fails(struct http_request rq, enum err_code code, const char *words)
{
	struct answer a = call(rq);

	if (a.err.code != code || !strstr(a.err.msg, words))
		fail_msg("%s: %s", err_code_name(a.err.code), a.err.msg);
	answer_release(&a);
}

/* The reply of /refuse/BODY?STATUS&HEADER:VALUE is throttling, to be asked again after so long; ms < 0: it is none. */
static inline void throttles(const char *path, int64_t ms)
{
	struct answer a = get(path);

	if ((a.err.code == ERR_THROTTLE) != (ms >= 0) ||
		(ms >= 0 && a.retry_after_ms != ms))
		fail_msg("%s: %s, %lld ms: %s", path, err_code_name(a.err.code),
			(long long)a.retry_after_ms, a.err.msg);
	answer_release(&a);
}

static inline int setup(void **state)
{
	struct err e = ERR_INIT;

	(void)state;
	if (server_start(&server, "tests/servers/http_replies.py", NULL))
		return -1;
	/* What must not be honoured for this machine itself. */
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	loop = loop_new();
	http = http_new(loop, &e);
	return http ? 0 : -1;
}

static inline int teardown(void **state)
{
	(void)state;
	http_free(http);
	loop_free(loop);
	return server_end(&server);
}

#endif
