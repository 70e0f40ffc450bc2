/* Calls against tests/servers/far_side.py: text, preview, success and refusal, lost answers, steps, verification. */
#include "backends/base/log.h"
#include "tests/unit/connector_help.h"

struct outcome {
	bool done, sent;
	enum call_effect effect;
	enum call_look look;
	struct err err;
	json_t *reply;
	char known[400];
};

static void answered(void *arg, const struct call_result *r)
{
	struct outcome *o = arg;
	assert_false(o->done);
	o->done = true;
	o->sent = r->sent;
	o->effect = r->effect;
	o->err = r->err;
	o->reply = json_incref(r->reply);
	str_copy(o->known, sizeof(o->known), r->known);
}

static void seen(void *arg, const struct look_result *r)
{
	struct outcome *o = arg;
	assert_false(o->done);
	o->done = true;
	o->look = r->look;
	o->err = r->err;
	o->reply = json_incref(r->reply);
	str_copy(o->known, sizeof(o->known), r->known);
}

static json_t *input(void)
{
	return json_pack("{s:{s:s,s:{s:s,s:i}},s:{s:s,s:b},s:s,s:s}", "record", "id",
		"r1", "opaque", "job", "a/b", "n", 4, "params", "note", "because", "dry",
		0, "operator", "m.ito", "reason", "ticket 7");
}

typedef struct call *start_fn(
	struct source *s, const char *call, json_t *in, call_fn *fn, void *arg);

static struct outcome go(start_fn *start, const char *name)
{
	struct outcome o = {0};
	json_t *in = input();
	assert_non_null(start(rig.source, name, in, answered, &o));
	json_decref(in);
	assert_false(o.done);
	assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
	return o;
}

typedef struct call *look_start_fn(
	struct source *s, const char *call, json_t *in, look_fn *fn, void *arg);

static struct outcome look(look_start_fn *start, const char *name)
{
	struct outcome o = {0};
	json_t *in = input();
	assert_non_null(start(rig.source, name, in, seen, &o));
	json_decref(in);
	assert_false(o.done);
	assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
	return o;
}

static void expect(struct outcome o, enum err_code code, const char *known)
{
	if (o.err.code != code || !strstr(o.known, known))
		fail_msg("%s: %s / %s", err_code_name(o.err.code), o.err.msg, o.known);
	json_decref(o.reply);
}

static const char calls[] =
	"settings: {url: {type: url, required: true}}\nsecrets: {password: {required: "
	"false}}\n"
	"auth: {header: {Authorization: \"Key {{ secret.password }}\"}}\n"
	"collect:\n  jobs: {kind: run, get: /jobs, record: {id: id, state: state, "
	"opaque: {job: job, n: n}}}\n"
	"calls:\n"
	"  plain:\n    post: /act\n    json: {job: \"{{ job }}\", n: \"{{ n }}\", note: "
	"\"{{ params.note }} by {{ operator }}\", key: \"{{ secret.password }}\"}\n"
	"    success: body.status == 'ok'\n    refusal: body.why\n    says: \"done, {{ "
	"reply.body.n }} tasks\"\n"
	"    preview: {json: {dry: true}, lines: would, targets: \"would[0]\", says: "
	"\"{{ reply.body.n }} would go\"}\n"
	"    verify: {get: \"/state/{job}\", until: \"done && of[0] == 'a%2Fb'\", every: "
	"100ms, within: 5s, says: \"look {{ reply.body.looks }}\"}\n"
	"  refuse:\n    post: /act\n    json: {refuse: true}\n    success: body.status "
	"== 'ok'\n    refusal: body.why\n"
	"  unreadable:\n    post: /act\n    json: {unreadable: true}\n"
	"  die:\n    post: /act\n    json: {die: true}\n"
	"  benign:\n    post: /act\n    json: {conflict: true}\n    accept_status: "
	"[409]\n    success: status == `409` && body.status == 'ok'\n    says: already "
	"done\n"
	"  answers:\n    post: /act\n    json: {status: \"{{ params.status }}\"}\n"
	"  empty:\n    post: /act\n    json: {}\n    preview: {json: {dry: true}, lines: "
	"would, refuse: \"n == `2` && 'nothing to do'\"}\n"
	"  busy:\n    post: /act\n    json: {}\n    preview: {json: {dry: true}, lines: "
	"would, refuse: \"n == `3` && 'nothing to do'\"}\n"
	"  conflict:\n    post: /act\n    json: {conflict: true}\n"
	"  missing:\n    delete: /nothing\n    verify: {get: /nothing, absent: "
	"object}\n"
	"  steps:\n    steps:\n      - {name: look, get: /runs}\n      - {post: /act, "
	"json: {row: \"{{ prev.body.rows[1].name }}\", first: \"{{ "
	"steps.look.body.rows[0].name }}\"}, success: body.id}\n"
	"  halfway:\n    steps:\n      - {post: /act, json: {}}\n      - {post: /act, "
	"json: {refuse: true}, success: body.status == 'ok', refusal: body.why}\n"
	"  told:\n    post: /act\n    headers: {X-Role: \"{{ params.role }}\", X-Key: "
	"\"{{ "
	"secret.password }}\"}\n    json: {role: \"{{ params.role }}\"}\n"
	"  dated:\n    post: /act\n    json: {day: \"{{ date(now()) }}\", from: \"{{ "
	"date(ago('1d')) }}\"}\n"
	"  wide:\n    post: /act\n    json: {role: \"{{ params.role }}\"}\n"
	"  unreached:\n    post: /{{ params.absent }}\n";

static void open_calls(void)
{
	char conf[300];
	str_format(conf, sizeof(conf), "    password: {file: %s/secret}\n", rig.dir);
	rig_open(&rig, calls, conf);
}

static long long acted(json_t **last)
{
	json_t *seen = rig_seen(&rig), *all = json_sub(seen, "acted");
	size_t n = json_array_size(all);
	if (last)
		*last = json_incref(json_array_get(all, n - 1));
	json_decref(seen);
	return (long long)n;
}

static void test_text(void **state)
{
	struct err e = ERR_INIT;
	json_t *in = input();
	(void)state;
	open_calls();
	long long before = acted(NULL);
	char *text = source_call_text(rig.source, "plain", in, &e);
	assert_non_null(text);
	assert_non_null(strstr(text, "POST http://127.0.0.1:"));
	assert_non_null(strstr(text,
		"/act {\"job\":\"a/b\",\"key\":\"[secret]\",\"n\":4,\"note\":\"because "
		"by m.ito\"}"));
	free(text);
	text = source_call_text(rig.source, "steps", in, &e);
	assert_non_null(strstr(text, " ; then POST "));
	free(text);
	assert_null(source_call_text(rig.source, "unreached", in, &e));
	assert_null(source_call_text(rig.source, "none", in, &e));
	assert_int_equal(acted(NULL), before);
	json_decref(in);
	rig_close(&rig);
}

static char *told(const char *call, const char *role, size_t len)
{
	struct err e = ERR_INIT;
	json_t *in = json_pack("{s:{s:s%}}", "params", "role", role, len);
	char *text = source_call_text(rig.source, call, in, &e);
	if (!text)
		fail_msg("%s", e.msg);
	json_decref(in);
	return text;
}

/* Approved is what is seen: two requests never look the same. */
static void test_text_tells_apart(void **state)
{
	static const char *const roles[][2] = {
		{"contractor", "\"contractor\""},
		{"con\xe2\x80\x8btractor", "con\\u200btractor"},
		{"con\xc2\xadtractor", "con\\u00adtractor"},
		{"a\xee\x80\x80z", "a\\ue000z"},
		{"a\xf3\xa0\x80\x81z", "a\\U000e0001z"},
		{"a\xc2\xa0z", "a\\u00a0z"},
		{"a   z", "a   z"},
		{"\xe2\x80\xaez", "\\u202ez"},
		{"e\xcc\x81", "e\\u0301"},
		{"caf\xc3\xa9 \xe6\x97\xa5", "caf\xc3\xa9 \xe6\x97\xa5"},
	};
	(void)state;
	open_calls();
	for (size_t i = 0; i < LENGTH(roles); i++) {
		char *text = told("told", roles[i][0], strlen(roles[i][0]));
		if (!strstr(text, roles[i][1]))
			fail_msg("%s: %s", roles[i][1], text);
		assert_non_null(strstr(text, "\"X-Key\":\"[secret]\""));
		assert_non_null(strstr(text, "\"X-Role\":"));
		bool escaped = strchr(roles[i][1], '\\') != NULL;
		assert_int_equal(strstr(text, "sha256 ") != NULL, escaped);
		free(text);
	}
	rig_close(&rig);
}

/* The plan's time, not the clock's: the day that was approved is the day that is sent. */
static void test_text_keeps_its_time(void **state)
{
	struct err e = ERR_INIT;
	json_t *in = json_pack("{s:{s:s}}", "action", "now", "2025-03-01T00:00:01Z");
	(void)state;
	open_calls();
	char *text = source_call_text(rig.source, "dated", in, &e);
	assert_non_null(strstr(text, "{\"day\":\"2025-03-01\",\"from\":\"2025-02-28\"}"));
	free(text);
	json_decref(in);
	rig_close(&rig);
}

static void test_text_covers_all(void **state)
{
	enum { LONG = 40000 };
	struct err e = ERR_INIT;
	char *role = xcalloc(1, LONG + 1);
	(void)state;
	open_calls();
	memset(role, 'a', LONG);
	char *one = told("wide", role, 15000);
	role[LONG - 1] = 'b';
	char *two = told("wide", role, LONG);
	role[LONG - 1] = 'c';
	char *three = told("wide", role, LONG);
	assert_non_null(strstr(two, " ... cut ["));
	assert_in_range(strlen(two), 16384, 16384 + 100);
	assert_string_not_equal(one, two);
	assert_string_not_equal(two, three);
	free(one);
	free(two);
	free(three);
	json_t *in = json_pack("{s:{s:s}}", "params", "role", role);
	assert_null(source_call_text(rig.source, "told", in, &e)); /* not sent as "" */
	assert_non_null(strstr(e.msg, "header X-Role is longer than 16384 bytes"));
	json_decref(in);
	free(role);
	rig_close(&rig);
}

static void test_call(void **state)
{
	json_t *last;
	(void)state;
	open_calls();
	struct outcome o = go(source_call, "plain");
	assert_true(o.sent);
	expect(o, ERR_NONE, "done, 3 tasks");
	acted(&last);
	assert_string_equal(json_str(last, "key", ""), "s3cret");
	assert_int_equal(json_int(last, "n", 0), 4);
	assert_true(json_is_integer(json_object_get(last, "n"))); /* typed, not pasted */
	json_decref(last);
	expect(go(source_call, "refuse"), ERR_UNKNOWN,
		"refused (HTTP 200): a freeze is on");
	expect(go(source_call, "benign"), ERR_NONE, "already done");
	expect(go(source_call, "conflict"), ERR_CONFLICT, "409");
	expect(go(source_call, "missing"), ERR_NOTFOUND, "404");
	rig_close(&rig);
}

/* What was sent and not answered, or not readably, is not known; it is not sent again. */
static void test_unknown(void **state)
{
	(void)state;
	open_calls();
	long long before = acted(NULL);
	struct outcome o = go(source_call, "die");
	assert_true(o.sent);
	expect(o, ERR_UNKNOWN, "what became of it is not known");
	assert_int_equal(acted(NULL), before + 1);
	expect(go(source_call, "unreadable"), ERR_UNKNOWN, "not known");
	o = go(source_call, "unreached");
	assert_false(o.sent);
	assert_int_not_equal(o.err.code, ERR_UNKNOWN);
	assert_int_not_equal(o.err.code, ERR_NONE);
	expect(go(source_call, "none"), ERR_NOTFOUND, "no such call");
	rig_close(&rig);
}

/* Who fails or gave up on what was passed on says nothing of it; the far side's own no does. */
static void test_gateways(void **state)
{
	static const struct {
		int status;
		enum err_code code;
	} cases[] = {{502, ERR_UNKNOWN}, {504, ERR_UNKNOWN}, {520, ERR_UNKNOWN},
		{522, ERR_UNKNOWN}, {524, ERR_UNKNOWN}, {527, ERR_UNKNOWN},
		{598, ERR_UNKNOWN}, {599, ERR_UNKNOWN}, {500, ERR_UNKNOWN},
		{501, ERR_UNKNOWN}, {503, ERR_UNKNOWN}, {408, ERR_UNKNOWN},
		{425, ERR_UNKNOWN}, {499, ERR_UNKNOWN}, {400, ERR_REMOTE},
		{409, ERR_CONFLICT}, {422, ERR_REMOTE}};
	(void)state;
	open_calls();
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct outcome o = {0};
		json_t *in = json_pack("{s:{s:i}}", "params", "status", cases[i].status);
		source_call(rig.source, "answers", in, answered, &o);
		json_decref(in);
		assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
		assert_int_equal(o.effect,
			cases[i].code == ERR_UNKNOWN ? CALL_MAYBE : CALL_NOTHING);
		expect(o, cases[i].code, "");
	}
	rig_close(&rig);
}

static void test_steps(void **state)
{
	json_t *last;
	(void)state;
	open_calls();
	expect(go(source_call, "steps"), ERR_NONE, "HTTP 200");
	acted(&last);
	assert_string_equal(json_str(last, "row", ""), "row1");
	assert_string_equal(json_str(last, "first", ""), "row0");
	json_decref(last);
	struct outcome o = go(source_call, "halfway");
	assert_true(o.sent);
	expect(o, ERR_UNKNOWN, "step 2 of 2: sent, but");
	rig_close(&rig);
}

static void test_preview(void **state)
{
	json_t *last;
	(void)state;
	open_calls();
	struct outcome o = go(source_preview, "plain");
	assert_int_equal(o.err.code, ERR_NONE);
	const json_t *lines = json_sub(o.reply, "lines");
	assert_int_equal(json_array_size(lines), 3);
	assert_string_equal(json_string_value(json_array_get(lines, 0)), "2 would go");
	assert_null(strchr(json_string_value(json_array_get(lines, 2)), '\x1b'));
	assert_string_equal(
		json_string_value(json_array_get(json_sub(o.reply, "targets"), 0)), "a");
	json_decref(o.reply);
	acted(&last);
	assert_true(json_flag(last, "dry", false));
	json_decref(last);
	o = go(source_preview, "refuse");
	assert_int_equal(o.err.code, ERR_NONE);
	lines = json_sub(o.reply, "lines");
	assert_non_null(
		strstr(json_string_value(json_array_get(lines, 0)), "not previewable"));
	json_decref(o.reply);
	expect(go(source_preview, "empty"), ERR_CONFLICT, "preview: nothing to do");
	expect(go(source_preview, "busy"), ERR_NONE, "");
	rig_close(&rig);
}

/* The far side's own words, with what is known as a secret among them. */
static void test_a_secret_said_back(void **state)
{
	struct outcome o;
	(void)state;
	log_redact("a freeze is on");
	log_redact("would go");
	open_calls();
	expect(go(source_call, "refuse"), ERR_UNKNOWN, "refused (HTTP 200): [secret]");
	o = go(source_call, "refuse");
	assert_null(strstr(o.err.msg, "freeze"));
	expect(o, ERR_UNKNOWN, "[secret]");
	o = go(source_preview, "plain");
	assert_string_equal(
		json_string_value(json_array_get(json_sub(o.reply, "lines"), 0)),
		"2 [secret]");
	json_decref(o.reply);
	rig_close(&rig);
	log_close();
}

static void test_verify(void **state)
{
	struct call_traits traits;
	(void)state;
	open_calls();
	assert_true(source_call_traits(rig.source, "plain", &traits));
	assert_true(traits.verify && traits.preview);
	assert_int_equal(traits.every_ms, 100);
	assert_int_equal(traits.within_ms, 5000);
	assert_true(source_call_traits(rig.source, "refuse", &traits));
	assert_false(traits.verify || traits.preview);
	assert_false(source_call_traits(rig.source, "none", &traits));
	struct outcome o = look(source_before, "plain");
	assert_int_equal(o.look, LOOK_NOT_YET);
	expect(o, ERR_NONE, "look 1");
	o = look(source_verify, "plain");
	assert_int_equal(o.look, LOOK_HOLDS);
	expect(o, ERR_NONE, "look 2");
	o = look(source_verify, "missing"); /* it was not seen before */
	assert_int_equal(o.look, LOOK_UNREAD);
	expect(o, ERR_NOTFOUND, "404");
	o = look(source_verify, "refuse");
	assert_int_equal(o.look, LOOK_UNREAD);
	expect(o, ERR_NOTFOUND, "has no verify");
	rig_close(&rig);
}

static void test_cancel(void **state)
{
	struct outcome o = {0};
	json_t *in = input();
	bool never = false;
	(void)state;
	open_calls();
	call_cancel(source_call(rig.source, "plain", in, answered, &o));
	source_call(rig.source, "plain", in, answered, &o);
	rig_close(&rig);
	loop_until(rig.loop, &never, 30);
	assert_false(o.done);
	json_decref(in);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_text_tells_apart),
		cmocka_unit_test(test_text_keeps_its_time),
		cmocka_unit_test(test_text_covers_all),
		cmocka_unit_test(test_call),
		cmocka_unit_test(test_unknown),
		cmocka_unit_test(test_gateways),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_preview),
		cmocka_unit_test(test_a_secret_said_back),
		cmocka_unit_test(test_verify),
		cmocka_unit_test(test_cancel),
	};
	return cmocka_run_group_tests_name("call", tests, rig_setup, rig_teardown);
}
