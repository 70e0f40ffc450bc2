/* What an exchange makes of a reply that is not whole, or may not be. */
#include "backends/connector/exchange.h"
#include "tests/unit/connector_help.h"

#include <sys/stat.h>

static int cut_setup(void **state)
{
	if (rig_setup(state))
		return -1;
	server_end(&rig.server);
	return server_start(&rig.server, "tests/servers/cut_replies.py", NULL);
}

/* One collection asks for it, so that the request is read as any other. */
static const char *head = ""; /* more of the file */

static void open_with(const char *path, const char *more, const char *config)
{
	char *yaml =
		xasprintf("settings:\n  url: {type: url, required: true}\n%s"
			  "collect:\n  runs:\n    kind: run\n    every: 20s\n"
			  "    post: \"%s\"\n%s    record: {id: id, title: id, state: "
			  "{value: id, map: {a: failed}}}\n",
			head, path, more);
	rig_open(&rig, yaml, config);
	free(yaml);
}

static void open_for(const char *path, const char *more)
{
	open_with(path, more, "");
}

struct seen {
	bool done, whole, sent;
	enum err_code code;
	char msg[300], doubt[100];
	json_t *body;
};

static void came(void *arg, const struct exchange_reply *r)
{
	struct seen *s = arg;
	s->done = true;
	s->whole = r->whole;
	s->sent = r->sent;
	s->code = r->err.code;
	str_copy(s->msg, sizeof(s->msg), r->err.msg);
	str_copy(s->doubt, sizeof(s->doubt), r->doubt);
	s->body = json_incref(r->body);
}

static void opened(void *arg, const struct err *e)
{
	assert_int_equal(e->code, ERR_NONE);
	*(bool *)arg = true;
}

static struct seen exchange(void)
{
	struct session se = {0};
	struct seen s = {0};
	bool open = false;
	struct exchange_spec spec = {
		.rq = &rig.source->def->collects[0].fetch.request, .mode = PG_WRITE};
	session_open(&se, rig.source, NULL, 0, opened, &open);
	assert_true(loop_until(rig.loop, &open, HELP_WAIT_MS));
	spec.scope = se.scope;
	exchange_start(&se, &spec, came, &s);
	assert_true(loop_until(rig.loop, &s.done, HELP_WAIT_MS));
	session_close(&se);
	return s;
}

static struct seen asked(const char *path, const char *more)
{
	open_for(path, more);
	struct seen s = exchange();
	rig_close(&rig);
	return s;
}

static void proves(const char *path, const char *more)
{
	struct seen s = asked(path, more);
	if (!s.whole || s.code != ERR_NONE || s.doubt[0])
		fail_msg("%s: %s %s", path, s.msg, s.doubt);
	json_decref(s.body);
}

static void proves_nothing(const char *path, const char *more, const char *words)
{
	struct seen s = asked(path, more);
	if (s.whole || (!strstr(s.msg, words) && !strstr(s.doubt, words)))
		fail_msg("%s: %s%s %s", path, s.whole ? "whole" : "", s.msg, s.doubt);
	assert_true(s.sent);
	json_decref(s.body);
}

static void test_cut_is_no_answer(void **state)
{
	(void)state;
	proves("/length/9999", "");
	proves_nothing("/length/17", "", "lost within the header");
	proves_nothing("/length/120", "", "lost before");
	/* Not even when the status is one that the request takes: a 404 that breaks off may be any other page. */
	proves("/missing/9999", "    accept_status: [404]\n");
	proves_nothing("/missing/60", "    accept_status: [404]\n", "lost before");
	proves_nothing("/missing/20", "    accept_status: [404]\n", "lost before");
}

static void test_a_json_text_says_where_it_ends(void **state)
{
	(void)state;
	proves("/close/9999", "");
	proves_nothing("/close/90", "", "not valid JSON");
	proves_nothing("/close-garbage/9999", "", "not valid JSON");
	proves_nothing("/close-number/9999", "", "its end is not proved");
	proves_nothing("/close-empty/9999", "", "its end is not proved");
}

static void test_text_that_the_connection_ends(void **state)
{
	(void)state;
	open_for("/close-text/9999", "    reply: text\n");
	struct seen s = exchange();
	assert_int_equal(s.code, ERR_NONE);
	assert_string_equal(json_string_value(s.body), "all is well");
	assert_string_equal(s.doubt, "its end is not proved");
	assert_false(s.whole);
	json_decref(s.body);
	rig_close(&rig);
	proves_nothing("/close/9999", "    reply: text\n", "its end is not proved");
	proves_nothing("/close/9999", "    reply: lines\n", "its end is not proved");
	proves_nothing("/close/9999", "    reply: json-lines\n", "its end is not proved");
	proves("/length/9999", "    reply: text\n");
}

static long long served(void)
{
	struct seen_wait w = {0};
	char *url = xasprintf("http://127.0.0.1:%d/any/count", rig.server.port);
	struct http_request rq = {.method = "GET", .url = url};
	http_send(rig.http, &rq, seen_came, &w);
	assert_true(loop_until(rig.loop, &w.done, HELP_WAIT_MS));
	long long n = json_integer_value(w.body);
	json_decref(w.body);
	free(url);
	return n;
}

/* Requests that the exchange took, with a login before it. */
static long long requests_of(const char *path)
{
	long long before = served();
	head = "auth: {login: {post: /length/9999, json: {}, token: last}}\n";
	struct seen s = asked(path, "");
	head = "";
	assert_int_not_equal(s.code, ERR_NONE);
	json_decref(s.body);
	return served() - before;
}

/* A refused token is replaced and the request repeated; a 401 that was cut may be anything, and the request is a change. */
static void test_only_a_whole_refusal_is_answered_by_a_login(void **state)
{
	(void)state;
	assert_int_equal(requests_of("/login/9999"), 4);
	assert_int_equal(requests_of("/login/70"), 2); /* within the body */
	assert_int_equal(requests_of("/login/40"), 2); /* within the header */
}

/* The key of a certificate has to be as safe as any secret's file, though a library reads it. */
static void test_a_key_that_others_may_read(void **state)
{
	char *key = xasprintf("%s/secret", rig.dir);
	char *extra = xasprintf("    client_cert: %s\n    client_key: %s\n", key, key);
	struct seen s;
	(void)state;
	open_with("/length/9999", "", extra);
	s = exchange();
	assert_int_equal(s.code, ERR_NONE); /* no TLS, so nobody looks into it */
	json_decref(s.body);
	assert_int_equal(chmod(key, 0644), 0);
	s = exchange();
	assert_int_equal(s.code, ERR_CONFIG);
	assert_non_null(strstr(s.msg, "client_key: "));
	assert_non_null(strstr(s.msg, "chmod 600"));
	assert_false(s.sent);
	/* doctor, and whoever opens the source next, is told the place. */
	struct err e = ERR_INIT;
	assert_null(source_settings(rig.source->def, &rig.config, &rig.source->cfg, &e));
	assert_non_null(strstr(e.msg, "config.yaml:8:"));
	assert_non_null(strstr(e.msg, "client_key: "));
	rig_close(&rig);
	free(extra);
	free(key);
}

/* A large answer of a script waits to be read, with the last line that it complained in. */
static void test_cancel_while_it_waits(void **state)
{
	struct session se = {0};
	struct exchange *x = xcalloc(1, sizeof(*x));
	struct str text = STR_INIT_MAX(1 << 20);
	struct def_request rq = {.transport = DEF_SSH, .reply = REPLY_TEXT};
	struct exchange_reply r = {.whole = true, .link = "", .next = "", .affected = -1};
	struct exchange_text came_in;

	(void)state;
	open_for("/cut", "");
	se.source = rig.source;
	x->se = &se;
	x->spec.rq = &rq;
	x->fn = came;
	str_init(&x->scratch, 1024);
	str_adds(&x->scratch, "warning: the disk is slow");
	while (text.len < 600000)
		str_adds(&text, "a line of output\n");
	came_in = (struct exchange_text){.bytes = text.buf, .len = text.len};
	exchange_finish(x, &r, &came_in);
	str_release(&text);
	assert_non_null(x->reading);
	exchange_cancel(x);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cut_is_no_answer),
		cmocka_unit_test(test_a_json_text_says_where_it_ends),
		cmocka_unit_test(test_text_that_the_connection_ends),
		cmocka_unit_test(test_only_a_whole_refusal_is_answered_by_a_login),
		cmocka_unit_test(test_a_key_that_others_may_read),
		cmocka_unit_test(test_cancel_while_it_waits),
	};
	return cmocka_run_group_tests_name("exchange", tests, cut_setup, rig_teardown);
}
