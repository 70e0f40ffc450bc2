/* What proves that a call has done its work, and what does not: effects, looks before and after, absence, once more. */
#include "backends/connector/probe.h"
#include "tests/unit/connector_help.h"

struct outcome {
	bool done;
	enum call_effect effect;
	enum call_look look;
	struct err err;
	char known[400];
};

static void answered(void *arg, const struct call_result *r)
{
	struct outcome *o = arg;
	o->done = true;
	o->effect = r->effect;
	o->err = r->err;
	str_copy(o->known, sizeof(o->known), r->known);
}

static void seen(void *arg, const struct look_result *r)
{
	struct outcome *o = arg;
	o->done = true;
	o->look = r->look;
	o->err = r->err;
	str_copy(o->known, sizeof(o->known), r->known);
}

/* /say answers what its query tells. */
#define SAY                                                                           \
	"query: {status: \"{{ params.status }}\", body: \"{{ params.body }}\", how: " \
	"\"{{ params.how }}\"}"

static const char calls[] =
	"settings: {url: {type: url, required: true}}\n"
	"collect:\n  jobs: {kind: run, get: /jobs, record: {id: id, state: state, "
	"opaque: {group_id: g}}}\n"
	"calls:\n"
	"  bare: {post: /say, " SAY "}\n"
	"  told: {post: /say, " SAY ", success: body.id}\n"
	"  proved: {post: /say, " SAY ", success: body.paused == `true`, proof: reply}\n"
	"  status: {post: /say, " SAY ", accept_status: [409], success: status == `200` "
	"|| status == `409`, proof: reply}\n"
	"  named: {post: /say, " SAY
	", refused: body.code == 'FROZEN', maybe: body.code == 'FULL'}\n"
	"  text: {post: /say, " SAY ", reply: text}\n"
	"  reads: {get: /say, " SAY "}\n"
	"  find: {steps: [{name: a, get: /say, " SAY "}, {post: /act, json: {}}]}\n"
	"  twice: {steps: [{post: /act, json: {}}, {post: /say, " SAY "}]}\n"
	"  positive: {post: /act, verify: {get: /say, " SAY
	", until: status == 'DONE', fails: status == 'BROKEN'}}\n"
	"  again: {post: /act, again: true, verify: {get: /say, " SAY
	", until: status == 'DONE'}}\n"
	"  changed: {post: /act, verify: {get: /say, " SAY
	", until: \"end && end != scope().before.end\"}}\n"
	"  made: {post: /act, again: true, verify: {get: /say, " SAY
	", until: \"[?id == scope().called.id]\"}}\n"
	"  replied: {post: /act, again: true, verify: {get: /say, " SAY
	", until: \"status == 'DONE' && scope().called\"}}\n"
	"  own: {post: /act, verify: {get: /say, " SAY
	", until: status == 'DONE', already: \"status == 'OVER'\"}}\n"
	"  own_or: {post: /act, verify: {get: /say, " SAY
	", until: status == 'DONE' || end > `5`, already: status == 'DONE'}}\n"
	"  own_again: {post: /act, again: true, verify: {get: /say, " SAY
	", until: status == 'DONE', already: \"status == 'OVER'\"}}\n"
	"  member: {delete: /x, verify: {get: /say, " SAY
	", until: \"!([?id == scope().group_id])\", absent: array}}\n"
	"  listed: {delete: /x, verify: {get: /say, " SAY
	", items: list, until: \"!([?id == scope().group_id])\", absent: array}}\n"
	"  gone: {delete: /x, verify: {get: /say, " SAY ", absent: object}}\n"
	"  lease: {delete: /x, verify: {get: /say, " SAY
	", absent: {status: 400, text: invalid lease}}}\n"
	"  aws: {delete: /x, verify: {get: /say, " SAY
	", absent: {status: 400, code: ResourceNotFoundException}}}\n"
	"  scoped: {post: /act, verify: {get: /say, " SAY
	", until: \"end > `0` || other == scope().params.other\"}}\n"
	"  needs: {post: /act, requires: [{that: \"record.state == 'failed'\", says: "
	"\"it is {{ record.state }}\"}], "
	"verify: {get: \"/jobs/{{ params.job }}\", until: done}}\n"
	"  later: {steps: [{name: a, post: /act, json: {}}, {post: \"/x/{{ prev.body.id "
	"}}/{{ params.job }}\"}]}\n"
	"  empty: {steps: [{name: a, post: /act, json: {}}, {post: \"/x/{{ params.job "
	"}}\"}]}\n";

static struct outcome run(const char *call, int status, const char *body, const char *how)
{
	struct outcome o = {0};
	json_t *in = json_pack("{s:{s:i, s:s, s:s}}", "params", "status", status, "body",
		body, "how", how);
	source_call(rig.source, call, in, answered, &o);
	json_decref(in);
	assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
	return o;
}

struct past {
	const char *before; /* JSON of the body, or NULL: not read */
	bool held;
	const char *called;
};

static struct outcome look(
	const char *call, int status, const char *body, const char *how, struct past past)
{
	struct outcome o = {0};
	struct err e = ERR_INIT;
	json_t *in = json_pack("{s:{s:i, s:s, s:s}, s:{s:{s:s}}}", "params", "status",
		status, "body", body, "how", how, "record", "opaque", "group_id", "g1");
	if (past.before)
		json_object_set_new(in, "before",
			json_pack("{s:b, s:b, s:o}", "whole", 1, "holds", past.held,
				"body", json_read(past.before, strlen(past.before), &e)));
	if (past.called)
		json_object_set_new(
			in, "called", json_read(past.called, strlen(past.called), &e));
	source_verify(rig.source, call, in, seen, &o);
	json_decref(in);
	assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
	return o;
}

static struct outcome look_before(const char *call, int status, const char *body)
{
	struct outcome o = {0};
	json_t *in = json_pack("{s:{s:i, s:s}, s:{s:{s:s}}}", "params", "status", status,
		"body", body, "record", "opaque", "group_id", "g1");
	source_before(rig.source, call, in, seen, &o);
	json_decref(in);
	assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
	return o;
}

static void expect_effect(const char *call, int status, const char *body, const char *how,
	enum call_effect want)
{
	struct outcome o = run(call, status, body, how);
	if (o.effect != want)
		fail_msg("%s, %d %s %s: effect %d, not %d: %s", call, status, body, how,
			(int)o.effect, (int)want, o.known);
	assert_int_equal(
		o.err.code == ERR_NONE, want == CALL_ACCEPTED || want == CALL_PROVED);
	assert_int_equal(o.err.code == ERR_UNKNOWN, want == CALL_MAYBE);
}

static void expect_look(struct outcome o, enum call_look want, const char *words)
{
	if (o.look != want || !strstr(o.known, words))
		fail_msg("look %d, not %d: %s", (int)o.look, (int)want, o.known);
	/* Nobody reads "succeeded" beside a doubt that there is none of. */
	if (want == LOOK_HOLDS && strstr(o.known, "proves nothing"))
		fail_msg("it holds, and says: %s", o.known);
}

static const char page[] = "<!DOCTYPE html><html>Sign in</html>";

static void test_effects(void **state)
{
	(void)state;
	rig_open(&rig, calls, "");
	expect_effect("bare", 200, "{}", "", CALL_ACCEPTED);
	expect_effect("bare", 204, "", "", CALL_ACCEPTED);
	expect_effect("bare", 404, "{}", "", CALL_NOTHING);
	expect_effect("bare", 404, "{}", "cut", CALL_MAYBE);
	expect_effect("bare", 408, "{}", "", CALL_MAYBE);
	expect_effect("bare", 499, "{}", "", CALL_MAYBE);
	expect_effect("bare", 500, "{}", "", CALL_MAYBE);
	expect_effect("bare", 200, "{}", "cut", CALL_MAYBE);
	expect_effect("bare", 200, "", "drop", CALL_MAYBE);
	expect_effect(
		"reads", 200, "", "drop", CALL_MAYBE); /* a change whatever its method */
	expect_effect("told", 200, "{\"id\": 4}", "", CALL_ACCEPTED);
	expect_effect(
		"told", 200, "{}", "", CALL_MAYBE); /* a false success is not "nothing" */
	expect_effect("proved", 200, "{\"paused\": true}", "", CALL_PROVED);
	expect_effect("proved", 200, "{\"paused\": true}", "cut", CALL_MAYBE);
	/* What had to be repaired was not read as it was sent. */
	expect_effect(
		"proved", 200, "{\"paused\": true, \"n\": 1e999}", "", CALL_ACCEPTED);
	expect_effect("proved", 200, "{\"error\": \"x\"}", "", CALL_MAYBE);
	expect_effect("status", 200, "{}", "", CALL_ACCEPTED); /* a status alone */
	expect_effect("status", 409, "{}", "", CALL_ACCEPTED);
	expect_effect("text", 200, "done", "", CALL_ACCEPTED);
	expect_effect("text", 200, page, "", CALL_MAYBE);
	rig_close(&rig);
}

static void test_named_refusals(void **state)
{
	(void)state;
	rig_open(&rig, calls, "");
	expect_effect("named", 503, "{\"code\": \"FROZEN\"}", "", CALL_NOTHING);
	expect_effect("named", 200, "{\"code\": \"FROZEN\"}", "", CALL_NOTHING);
	expect_effect("named", 503, "{\"code\": \"FROZEN\"}", "cut", CALL_MAYBE);
	expect_effect("named", 422, "{\"code\": \"FULL\"}", "", CALL_MAYBE);
	expect_effect("named", 422, "{\"code\": \"OTHER\"}", "", CALL_NOTHING);
	expect_effect("named", 503, "{\"code\": \"OTHER\"}", "", CALL_MAYBE);
	expect_effect("named", 200, "{\"code\": \"OTHER\"}", "", CALL_ACCEPTED);
	rig_close(&rig);
}

/* What was only read changes nothing; what follows a change is never "nothing". */
static void test_steps(void **state)
{
	(void)state;
	rig_open(&rig, calls, "");
	expect_effect("find", 500, "{}", "", CALL_NOTHING);
	expect_effect("find", 200, "", "drop", CALL_NOTHING);
	expect_effect("find", 200, "{}", "", CALL_ACCEPTED);
	expect_effect("twice", 404, "{}", "", CALL_MAYBE);
	expect_effect("twice", 200, "{}", "", CALL_ACCEPTED);
	rig_close(&rig);
}

static void test_looks(void **state)
{
	const struct past none = {0};
	(void)state;
	rig_open(&rig, calls, "");
	expect_look(look("positive", 200, "{\"status\": \"DONE\"}", "", none), LOOK_HOLDS,
		"status is DONE");
	expect_look(look("positive", 200, "{\"status\": \"NEW\"}", "", none),
		LOOK_NOT_YET, "status is NEW");
	expect_look(look("positive", 200, "{\"status\": \"DONE\"}", "cut", none),
		LOOK_UNREAD, "");
	expect_look(look("positive", 200, "{\"status\": \"BROKEN\"}", "",
			    (struct past){.before = "{\"status\": \"NEW\"}"}),
		LOOK_FAILED, "status is BROKEN");
	/* It may have been broken before. */
	expect_look(look("positive", 200, "{\"status\": \"BROKEN\"}", "", none),
		LOOK_NOT_YET, "status is BROKEN");
	/* It was broken before: that says nothing of this call. */
	expect_look(look("positive", 200, "{\"status\": \"BROKEN\"}", "",
			    (struct past){.before = "{\"status\": \"BROKEN\"}"}),
		LOOK_NOT_YET, "");
	expect_look(look("positive", 500, "{\"status\": \"DONE\"}", "", none),
		LOOK_UNREAD, "");
	expect_look(look("positive", 404, "{}", "", none), LOOK_UNREAD, "");
	static const char *const empty[] = {
		"{}", "null", "", "\"\"", "[]", "{\"error\": \"x\"}", page};
	for (size_t i = 0; i < LENGTH(empty); i++) {
		expect_look(look("positive", 200, empty[i], "", none), LOOK_UNREAD, "");
		expect_look(look_before("positive", 200, empty[i]), LOOK_UNREAD, "");
		expect_look(look("scoped", 200, empty[i], "", none), LOOK_UNREAD, "");
	}
	/* With the real scope it is true of an empty reply. */
	expect_look(look("scoped", 200, "{\"end\": 5}", "", none), LOOK_NOT_YET,
		"it proves nothing");
	rig_close(&rig);
}

static void test_before(void **state)
{
	(void)state;
	rig_open(&rig, calls, "");
	expect_look(look_before("positive", 200, "{\"status\": \"DONE\"}"), LOOK_HOLDS,
		"DONE");
	expect_look(
		look_before("positive", 200, "{\"status\": \"NEW\"}"), LOOK_NOT_YET, "");
	expect_look(look_before("positive", 200, "{\"status\": \"BROKEN\"}"),
		LOOK_NOT_YET, "");
	expect_look(look_before("changed", 200, "{\"end\": 5}"), LOOK_NOT_YET, "");
	expect_look(look_before("made", 200, "[{\"id\": 7}, {}]"), LOOK_NOT_YET, "");
	expect_look(look_before("gone", 404, "{}"), LOOK_UNREAD, "");
	const struct past was = {.before = "{\"end\": 5}"};
	expect_look(
		look("changed", 200, "{\"end\": 6}", "", was), LOOK_HOLDS, "end is 6");
	expect_look(look("changed", 200, "{\"end\": 5}", "", was), LOOK_NOT_YET, "");
	expect_look(look("changed", 200, "{\"end\": 6}", "", (struct past){0}),
		LOOK_NOT_YET, "proves nothing");
	rig_close(&rig);
}

static void test_once_more(void **state)
{
	static const char done[] = "{\"status\": \"DONE\"}";
	(void)state;
	rig_open(&rig, calls, "");
	expect_look(
		look("again", 200, done, "", (struct past){.before = "{\"status\": 1}"}),
		LOOK_HOLDS, "");
	expect_look(
		look("again", 200, done, "", (struct past){.before = done, .held = true}),
		LOOK_NOT_YET, "as it was before");
	expect_look(look("again", 200, done, "", (struct past){0}), LOOK_NOT_YET,
		"what was there before is not known");
	expect_look(look("made", 200, "[{\"id\": 7}]", "",
			    (struct past){.called = "{\"id\": 7}"}),
		LOOK_HOLDS, "");
	expect_look(look("made", 200, "[{\"id\": 8}]", "",
			    (struct past){.called = "{\"id\": 7}"}),
		LOOK_NOT_YET, "");
	expect_look(look("made", 200, "[{}]", "", (struct past){.before = "[]"}),
		LOOK_NOT_YET, "not known");
	/* Nothing compared with nothing is equal. */
	expect_look(look("made", 200, "[{}]", "", (struct past){.called = "{}"}),
		LOOK_NOT_YET, "not known");
	/* That there was some reply names nothing of it. */
	expect_look(look("replied", 200, done, "", (struct past){.called = "{\"a\": 1}"}),
		LOOK_NOT_YET, "not known");
	rig_close(&rig);
}

/* What is proved is not said to be no proof. */
static void test_proof_is_not_called_none(void **state)
{
	static const char done[] = "{\"status\": \"DONE\"}";
	struct outcome o[3];
	(void)state;
	rig_open(&rig, calls, "");
	o[0] = look(
		"made", 200, "[{\"id\": 7}]", "", (struct past){.called = "{\"id\": 7}"});
	o[1] = look("again", 200, done, "", (struct past){.before = "{\"status\": 1}"});
	o[2] = look("changed", 200, "{\"end\": 6}", "",
		(struct past){.before = "{\"end\": 5}"});
	for (size_t i = 0; i < LENGTH(o); i++) {
		assert_int_equal(o[i].look, LOOK_HOLDS);
		if (strstr(o[i].known, "proves nothing") ||
			strstr(o[i].known, "not known"))
			fail_msg("%zu: %s", i, o[i].known);
	}
	rig_close(&rig);
}

/* `already` did not hold, so it was sent: `until` that was true before is as little a proof as for any other. */
static void test_already_of_its_own(void **state)
{
	static const char done[] = "{\"status\": \"DONE\"}", other[] = "{\"status\": 1}";
	(void)state;
	rig_open(&rig, calls, "");
	assert_int_equal(look_before("own", 200, done).look, LOOK_NOT_YET);
	expect_look(look("own", 200, done, "", (struct past){.before = done}),
		LOOK_NOT_YET, "as it was before");
	expect_look(look("own", 200, done, "", (struct past){.before = other}),
		LOOK_HOLDS, "DONE");
	/* `until` held of what is old by now, and now what `already` asks for is so. */
	expect_look(
		look("own_or", 200, done, "", (struct past){.before = "{\"end\": 6}"}),
		LOOK_HOLDS, "DONE");
	expect_look(look("own_or", 200, "{\"end\": 6}", "",
			    (struct past){.before = "{\"end\": 6}"}),
		LOOK_NOT_YET, "as it was before");
	expect_look(look("own_again", 200, done, "", (struct past){.before = done}),
		LOOK_NOT_YET, "as it was before");
	rig_close(&rig);
}

static void test_absence(void **state)
{
	const struct past none = {0}, there = {.before = "{\"id\": 1}"};
	(void)state;
	rig_open(&rig, calls, "");
	expect_look(look("member", 200, "[]", "", none), LOOK_HOLDS, "0 entries");
	expect_look(look("member", 200, "[{\"id\": \"g2\"}]", "", none), LOOK_HOLDS,
		"1 entry");
	expect_look(
		look("member", 200, "[{\"id\": \"g1\"}]", "", none), LOOK_NOT_YET, "");
	expect_look(look("listed", 200, "{\"list\": []}", "", none), LOOK_HOLDS, "");
	static const char *const odd[] = {"{}", "null", "", "{\"error\": \"x\"}", page};
	for (size_t i = 0; i < LENGTH(odd); i++) {
		expect_look(look("member", 200, odd[i], "", none), LOOK_UNREAD, "");
		expect_look(look("listed", 200, odd[i], "", none), LOOK_UNREAD, "");
		expect_look(look_before("member", 200, odd[i]), LOOK_UNREAD, "");
	}
	expect_look(look("member", 200, "[]", "cut", none), LOOK_UNREAD, "");
	expect_look(look("member", 404, "[]", "", there), LOOK_UNREAD, "");
	expect_look(
		look("gone", 404, "{}", "", there), LOOK_HOLDS, "it is gone (HTTP 404)");
	expect_look(look("gone", 410, "{}", "", there), LOOK_HOLDS, "gone");
	expect_look(look("gone", 404, "{}", "cut", there), LOOK_UNREAD, "");
	expect_look(look("gone", 404, "{}", "", none), LOOK_UNREAD, "404");
	expect_look(look("gone", 200, "{\"id\": 1}", "", there), LOOK_NOT_YET, "");
	static const int others[] = {400, 401, 403, 409, 429, 500, 503};
	for (size_t i = 0; i < LENGTH(others); i++)
		expect_look(look("gone", others[i], "{}", "", there), LOOK_UNREAD, "");
	rig_close(&rig);
}

static void test_absence_by_name(void **state)
{
	const struct past there = {.before = "{\"id\": 1}"};
	(void)state;
	rig_open(&rig, calls, "");
	expect_look(look("lease", 400, "{\"errors\": [\"invalid lease\"]}", "", there),
		LOOK_HOLDS, "");
	expect_look(look("lease", 400, "{\"errors\": [\"invalid lease\"]}", "",
			    (struct past){0}),
		LOOK_UNREAD, "");
	expect_look(look("lease", 400, "{\"errors\": [\"sealed\"]}", "", there),
		LOOK_UNREAD, "");
	expect_look(look("lease", 500, "{\"errors\": [\"invalid lease\"]}", "", there),
		LOOK_UNREAD, "");
	expect_look(look("aws", 400,
			    "{\"__type\": \"com.amazonaws.x#ResourceNotFoundException\"}",
			    "", there),
		LOOK_HOLDS, "");
	expect_look(look("aws", 400, "{\"message\": \"no ResourceNotFoundException\"}",
			    "", there),
		LOOK_UNREAD, "");
	rig_close(&rig);
}

static void check_says(
	const char *call, const char *state, const char *job, const char *words)
{
	struct err e = ERR_INIT;
	json_t *in = json_pack(
		"{s:{s:s}, s:{s:s}}", "record", "state", state, "params", "job", job);
	bool ok = source_call_check(rig.source, call, in, &e);
	json_decref(in);
	assert_int_equal(ok, words == NULL);
	if (words && !strstr(e.msg, words))
		fail_msg("%s: %s", call, e.msg);
}

/* Found before anything is sent, also what only the last step or `verify` would have met. */
static void test_check(void **state)
{
	(void)state;
	rig_open(&rig, calls, "");
	check_says("needs", "failed", "j", NULL);
	check_says("needs", "running", "j", "it is running");
	check_says("needs", "failed", "", "verify");
	check_says("empty", "failed", "j", NULL);
	check_says("empty", "failed", "", "empty");
	check_says("later", "failed", "",
		NULL); /* filled from a reply that is not there yet */
	check_says("none", "failed", "", "no call \"none\"");
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_effects),
		cmocka_unit_test(test_named_refusals),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_looks),
		cmocka_unit_test(test_before),
		cmocka_unit_test(test_once_more),
		cmocka_unit_test(test_proof_is_not_called_none),
		cmocka_unit_test(test_already_of_its_own),
		cmocka_unit_test(test_absence),
		cmocka_unit_test(test_absence_by_name),
		cmocka_unit_test(test_check),
	};
	return cmocka_run_group_tests_name("call_proof", tests, rig_setup, rig_teardown);
}
