/* Runbook files: what is accepted, what is refused and where, parameters, which record one applies to. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "runbooks/engine/job.h"
#include "runbooks/engine/runbook.h"

#define HEAD                                                                        \
	"runbook: r\ntitle: T\napplies: {kind: run, connector: [airflow3], state: " \
	"[failed]}\n"                                                               \
	"risk: reversible\n"
#define STEPS "steps:\n  - call: c\n"

static struct runbook *parse(const char *text, struct err *e)
{
	char path[] = "/tmp/watchdesk-runbook-XXXXXX";
	int fd = mkstemp(path);
	struct runbook *r;

	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), strlen(text));
	close(fd);
	r = runbook_load(path, e);
	unlink(path);
	return r;
}

static void refused(const char *text, const char *where, const char *words)
{
	struct err e = ERR_INIT;
	struct runbook *r = parse(text, &e);

	if (r)
		fail_msg("accepted: %s", text);
	if (!strstr(e.msg, where) || !strstr(e.msg, words))
		fail_msg("\"%s\" lacks \"%s\" or \"%s\"", e.msg, where, words);
}

static void test_bad_files(void **state)
{
	(void)state;
	refused(HEAD "wrong: 1\n" STEPS, ":5:1:", "unknown key \"wrong\"");
	refused("runbook: r\ntitle: T\napplies: {kind: run}\nrisk: harmless\n" STEPS,
		":4:7:", "unknown risk \"harmless\"");
	refused("runbook: r\ntitle: T\napplies: {kind: dag}\nrisk: read\n" STEPS,
		":3:", "not a kind of record");
	refused("runbook: r\ntitle: T\napplies: {kind: run, state: [broken]}\nrisk: "
		"read\n" STEPS,
		":3:", "not a state");
	refused(HEAD "steps:\n  - {call: c, wait: {until: a, within: 1s}}\n",
		":6:", "does one thing");
	refused(HEAD "steps:\n  - title: x\n", ":6:", "a step needs");
	refused(HEAD "steps: []\n", ":5:", "1 to 50 steps");
	refused(HEAD "steps:\n  - wait: {until: \"a ==\", within: 1s}\n",
		":6:", "column");
	refused(HEAD "steps:\n  - ssh: {host: h, script: \"rm {{ params.x }}\"}\n",
		":6:", "a script is constant");
	refused(HEAD "parameters:\n  p: {type: colour}\n" STEPS,
		":6:", "unknown type \"colour\"");
	refused(HEAD "parameters:\n  p: {type: enum}\n" STEPS, ":6:", "an enum needs");
	refused(HEAD "parameters:\n  p: {type: string, pattern: \"(\"}\n" STEPS,
		":6:", "regular expression");
	refused(HEAD "limits: {parallel: 0}\n" STEPS, ":5:", "parallel 1 to 64");
	refused("runbook: r\n", ":1:", "title");
}

#define WAIT(expr) HEAD "steps:\n  - wait: {until: \"" expr "\", within: 1m}\n"
#define SAYS(template)                                                                  \
	HEAD "summary: \"" template "\"\nparameters:\n  day: {type: date, prompt: D}\n" \
				    "steps:\n  - foreach: {in: \"{{ [record.id] }}\", " \
				    "as: one, steps: [{call: "                          \
				    "c, with: {x: \"{{ one }}\"}}]}\n"

/* A name that is not there would be null without a word. */
static void test_bad_names(void **state)
{
	static const char *const fine[] = {WAIT("record.state == before.state"),
		SAYS("{{ record.title }} {{ params.day }} {{ one }} {{ action.key }}"),
		SAYS("{{ record.labels.anything }}")};

	(void)state;
	refused(WAIT("state == 'x'"), ":6:19:", "no \"state\" here");
	refused(WAIT("record.stat == 'x'"), ":6:19:", "did you mean \"state\"");
	refused(WAIT("params.day"), ":6:19:", "There are record, before");
	refused(WAIT("!record.labels.x"), ":6:19:", "write !(a.b)");
	refused(WAIT("record.ended > before.ended"), ":6:19:", "epoch(a)");
	refused(SAYS("{{ record.titel }}"), ":5:10:", "did you mean \"title\"");
	refused(SAYS("{{ params.dya }}"), ":5:10:", "did you mean \"day\"");
	refused(SAYS("{{ setings.url }}"), ":5:10:", "no \"setings\" here");
	/* Only a wait sees what the call before it returned. */
	refused(SAYS("{{ called.id }}"), ":5:10:", "no \"called\" here");
	refused("runbook: r\ntitle: T\napplies: {kind: run, when: lables.x}\nrisk: "
		"read\n" STEPS,
		":3:28:", "did you mean \"labels\"");
	refused(HEAD "summary: \"{{ record.ended > '2026' }}\"\n" STEPS,
		":5:10:", "compare numbers");
	refused(HEAD "steps:\n  - wait:\n      until: record.title == 'a #1'\n      "
		     "within: 1m\n",
		":7:14:", "where a comment begins");
	for (size_t i = 0; i < LENGTH(fine); i++) {
		struct err e = ERR_INIT;
		struct runbook *r = parse(fine[i], &e);

		if (!r)
			fail_msg("%s", e.msg);
		runbook_free(r);
	}
}

static void test_bad_sql(void **state)
{
	(void)state;
	refused(HEAD "steps:\n  - sql: {values: [1]}\n", ":6:10:", "text");
	refused(HEAD "steps:\n  - sql: {text: \"delete from t where id = {{ x }}\"}\n",
		":6:17:", "a statement is constant");
	refused(HEAD "steps:\n  - sql: {text: a, values: [\"{{ a == }}\"]}\n",
		":6:29:", "column");
	refused(HEAD "steps:\n  - sql:\n      text: a\n      rows: {min: 2}\n",
		":8:7:", "max is 1 unless it is given");
	refused(HEAD "steps:\n  - sql: {text: a, rows: {min: 3, max: 2}}\n",
		":6:20:", "min is 0 or more and at most max");
	refused(HEAD "steps:\n  - sql: {text: a, rows: {min: -1}}\n", ":6:20:", "min");
	refused(HEAD "steps:\n  - sql: {text: a, rows: {most: 1}}\n",
		":6:27:", "unknown key \"most\"");
	refused(HEAD "steps:\n  - sql: {text: a, preview: none}\n", ":6:29:", "preview");
	refused(HEAD "steps:\n  - {sql: {text: a}, with: {a: b}}\n",
		":6:22:", "`with` belongs to `call`");
}

static void test_bad_foreach(void **state)
{
	(void)state;
	refused(HEAD "steps:\n  - foreach:\n      in: [1]\n      as: day\n      steps:\n"
		     "        - foreach: {in: [2], as: x, steps: [{call: c}]}\n",
		":10:11:", "`foreach` cannot stand within a foreach");
	refused(HEAD "steps:\n  - call: c\n    on_failure:\n"
		     "      - {foreach: {in: [2], as: x, steps: [{call: c}]}}\n",
		":8:10:", "`foreach` cannot stand within on_failure");
	refused(HEAD "steps:\n  - foreach: {in: [1], steps: [{call: c}]}\n",
		":6:14:", "as");
	refused(HEAD "steps:\n  - foreach: {in: [1], as: Day, steps: [{call: c}]}\n",
		":6:28:", "a name such as day");
	refused(HEAD "steps:\n  - foreach: {in: [1], as: record, steps: [{call: c}]}\n",
		":6:28:", "\"record\" means something else");
	refused(HEAD "steps:\n  - foreach: {in: [1], as: before, steps: [{call: c}]}\n",
		":6:28:", "means something else");
	refused(HEAD "steps:\n  - foreach: {in: 5, as: day, steps: [{call: c}]}\n",
		":6:19:", "in");
	refused(HEAD "steps:\n  - foreach: {in: \"{{ a[ }}\", as: day, steps: [{call: "
		     "c}]}\n",
		":6:19:", "column");
	refused(HEAD "steps:\n  - foreach: {in: [1], as: day, steps: []}\n",
		":6:33:", "1 to 50 steps");
	refused(HEAD "steps:\n  - foreach: {in: [1], as: day, steps: [{call: c, wait: "
		     "{until: a, within: 1s}}]}\n",
		":6:41:", "does one thing");
	refused(HEAD "steps:\n  - {foreach: {in: [1], as: day, steps: [{call: c}]}, "
		     "timeout: 1s}\n",
		":6:55:", "`timeout` belongs to");
}

static void test_bad_confirm(void **state)
{
	(void)state;
	refused(HEAD "steps:\n  - confirm: {question: \"Sure?\"}\n", ":6:14:", "within");
	refused(HEAD "steps:\n  - confirm: {within: 1h}\n", ":6:14:", "question");
	refused(HEAD "steps:\n  - confirm: {question: a, within: 0s}\n",
		":6:36:", "some time to answer");
	refused(HEAD "steps:\n  - confirm: {question: a, within: soon}\n",
		":6:36:", "within");
	refused(HEAD "steps:\n  - confirm: {question: \"{{ a == }}\", within: 1h}\n",
		":6:25:", "column");
	refused(HEAD "steps:\n  - confirm: {question: a, within: 1h}\n    on_failure: "
		     "continue\n",
		":7:5:", "a confirm cannot fail");
	refused(HEAD "steps:\n  - call: c\n    on_failure: [{confirm: {question: a, "
		     "within: 1h}}]\n",
		":7:19:", "`confirm` cannot stand within on_failure");
}

static void test_catalogue(void **state)
{
	static const char *const wanted[] = {"acknowledge", "approve-access", "backfill",
		"deny-access", "end-sessions", "host-script", "rerun-failed-tasks",
		"revoke-grant", "silence-alert", "suspend-user"};
	struct config none;
	struct err e = ERR_INIT;
	struct runbooks *rs;

	(void)state;
	memset(&none, 0, sizeof(none));
	rs = runbooks_load(&none, &e);
	assert_non_null(rs);
	for (size_t i = 0; i < runbooks_errors(rs); i++)
		fail_msg("%s", runbooks_error(rs, i)->msg);
	for (size_t i = 0; i < LENGTH(wanted); i++)
		assert_non_null(runbooks_find(rs, wanted[i]));
	assert_int_equal(runbook_key(runbooks_find(rs, "approve-access")), 'a');
	assert_int_equal(runbook_risk(runbooks_find(rs, "revoke-grant")), RISK_SECURITY);
	assert_true(runbook_needs_reason(runbooks_find(rs, "revoke-grant"), false));
	assert_false(
		runbook_needs_reason(runbooks_find(rs, "rerun-failed-tasks"), false));
	assert_false(runbook_needs_reason(runbooks_find(rs, "rerun-failed-tasks"), true));
	assert_true(runbook_needs_reason(runbooks_find(rs, "silence-alert"), true));
	assert_false(runbook_needs_reason(runbooks_find(rs, "acknowledge"), true));
	runbooks_free(rs);
}

static void test_applies(void **state)
{
	struct err e = ERR_INIT;
	struct runbook *r =
		parse("runbook: r\ntitle: T\napplies: {kind: [run, check], connector: "
		      "airflow3, "
		      "state: [failed], when: tier == `1`}\nrisk: read\n" STEPS,
			&e);
	struct record rec;
	json_t *json;

	(void)state;
	assert_non_null(r);
	record_init(&rec);
	rec.kind = KIND_RUN;
	rec.state = STATE_FAILED;
	rec.tier = 1;
	assert_true(runbook_applies(r, &rec, "airflow3"));
	assert_false(runbook_applies(r, &rec, "okta"));
	json = record_json(&rec);
	assert_true(runbook_applies_json(r, json, "airflow3"));
	json_decref(json);
	assert_false(runbook_applies_json(r, NULL, "airflow3"));
	rec.tier = 2;
	assert_false(runbook_applies(r, &rec, "airflow3"));
	rec.tier = 1;
	rec.state = STATE_SUCCEEDED;
	assert_false(runbook_applies(r, &rec, "airflow3"));
	rec.state = STATE_FAILED;
	rec.kind = KIND_INCIDENT;
	assert_false(runbook_applies(r, &rec, "airflow3"));
	runbook_free(r);
}

static void param_gives(const struct param *p, const char *text, const char *json)
{
	struct err e = ERR_INIT;
	json_t *v = param_parse(p, text, &e);
	char *shown;

	if (!json) {
		assert_null(v);
		assert_true(e.msg[0] != '\0');
		return;
	}
	if (!v)
		fail_msg("%s: %s", text, e.msg);
	shown = json_text(v);
	assert_string_equal(shown, json);
	free(shown);
	json_decref(v);
}

/* A parameter of some connectors is asked for only where one of them is a target's. */
static void test_params_of_connectors(void **state)
{
	struct err e = ERR_INIT;
	(void)state;
	struct runbook *r = runbook_load("runbooks/catalog/acknowledge.yaml", &e);
	if (!r)
		fail_msg("%s", e.msg);
	assert_int_equal(runbook_params(r), 1);
	assert_true(param_is_for(runbook_param(r, 0), "alertmanager"));
	assert_false(param_is_for(runbook_param(r, 0), "servicenow"));
	assert_false(param_is_for(runbook_param(r, 0), ""));
	runbook_free(r);
	r = runbook_load("runbooks/catalog/silence-alert.yaml", &e);
	assert_non_null(r);
	assert_true(param_is_for(runbook_param(r, 0), "alertmanager"));
	runbook_free(r);
}

static void test_params(void **state)
{
	struct err e = ERR_INIT;
	struct runbook *r = parse(HEAD
		"parameters:\n"
		"  i: {type: int, min: 1, max: 16}\n"
		"  d: {type: date}\n"
		"  t: {type: datetime}\n"
		"  u: {type: duration}\n"
		"  b: {type: bool}\n"
		"  e: {type: enum, choices: [none, failed]}\n"
		"  s: {type: string, pattern: \"[a-z]+\", max_len: 5, required: true}\n"
		"  x: {type: string, default: \"{{ record.title }} by {{ operator "
		"}}\"}\n" STEPS,
		&e);
	json_t *record = json_pack("{s:s}", "title", "orders");
	struct str out = STR_INIT;

	(void)state;
	if (!r)
		fail_msg("%s", e.msg);
	param_gives(runbook_param(r, 0), "16", "16");
	param_gives(runbook_param(r, 0), "17", NULL);
	param_gives(runbook_param(r, 0), "4x", NULL);
	param_gives(runbook_param(r, 0), "", "null");
	param_gives(runbook_param(r, 1), "2026-11-10", "\"2026-11-10\"");
	param_gives(runbook_param(r, 1), "2026-11-10T00:00:00Z", NULL);
	param_gives(runbook_param(r, 1), "2026-02-30", NULL);
	param_gives(runbook_param(r, 2), "2026-11-10T01:00:00+01:00",
		"\"2026-11-10T00:00:00Z\"");
	param_gives(runbook_param(r, 3), "2h", "\"2h\"");
	param_gives(runbook_param(r, 3), "soon", NULL);
	param_gives(runbook_param(r, 4), "yes", "true");
	param_gives(runbook_param(r, 4), "maybe", NULL);
	param_gives(runbook_param(r, 5), "failed", "\"failed\"");
	param_gives(runbook_param(r, 5), "all", NULL);
	param_gives(runbook_param(r, 6), "abc", "\"abc\"");
	param_gives(runbook_param(r, 6), "abc; rm", NULL);
	param_gives(runbook_param(r, 6), "abcdef", NULL);
	param_gives(runbook_param(r, 6), "", NULL);
	param_gives(runbook_param(r, 6), "ab\xff", NULL);
	assert_true(param_default(runbook_param(r, 7), record, "m.ito", &out, &e));
	assert_string_equal(out.buf, "orders by m.ito");
	str_release(&out);
	json_decref(record);
	runbook_free(r);
}

/* A range of times: UTC or with a zone; a day is whole at both ends. */
static void test_params_of_a_range(void **state)
{
	struct err e = ERR_INIT;
	struct runbook *r = parse(HEAD "parameters:\n"
				       "  from: {type: datetime}\n"
				       "  to: {type: datetime, day_end: true}\n" STEPS,
		&e);

	(void)state;
	if (!r)
		fail_msg("%s", e.msg);
	param_gives(runbook_param(r, 0), "2026-11-10", "\"2026-11-10T00:00:00Z\"");
	param_gives(runbook_param(r, 1), "2026-11-10", "\"2026-11-10T23:59:59Z\"");
	for (size_t i = 0; i < 2; i++) {
		const struct param *p = runbook_param(r, i);
		param_gives(p, "2026-11-10 14:00", "\"2026-11-10T14:00:00Z\"");
		param_gives(p, "2026-11-10T14:00+01:00", "\"2026-11-10T13:00:00Z\"");
		param_gives(p, "2026-11-10T23:30:00-02:00", "\"2026-11-11T01:30:00Z\"");
		param_gives(p, "2026-11-10 24:01", NULL);
		param_gives(p, "2026-11-10 14:00 CET", NULL);
		param_gives(p, "2026-11-31", NULL);
		param_gives(p, "14:00", NULL);
	}
	runbook_free(r);
	assert_null(
		parse(HEAD "parameters:\n  to: {type: date, day_end: true}\n" STEPS, &e));
	assert_non_null(strstr(e.msg, "`day_end` is for type datetime"));
}

static void hash_of(const char *version, const char *param, const char *key,
	const char *request, char hex[65])
{
	json_t *params = json_pack("{s:s}", "p", param),
	       *targets = json_pack("[{s:s, s:s}]", "key", key, "title", "t");
	json_t *requests = json_pack("[s]", request);

	plan_hash(version, params, targets, requests, hex);
	json_decref(params);
	json_decref(targets);
	json_decref(requests);
}

/* What was confirmed is what runs: any of these that differs gives another plan. */
static void test_plan_hash(void **state)
{
	char base[65], same[65], other[65];

	(void)state;
	hash_of("v1", "a", "run:s:1", "POST /x", base);
	hash_of("v1", "a", "run:s:1", "POST /x", same);
	assert_string_equal(base, same);
	hash_of("v2", "a", "run:s:1", "POST /x", other);
	assert_string_not_equal(base, other);
	hash_of("v1", "b", "run:s:1", "POST /x", other);
	assert_string_not_equal(base, other);
	hash_of("v1", "a", "run:s:2", "POST /x", other);
	assert_string_not_equal(base, other);
	hash_of("v1", "a", "run:s:1", "POST /y", other);
	assert_string_not_equal(base, other);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_files),
		cmocka_unit_test(test_bad_sql),
		cmocka_unit_test(test_bad_names),
		cmocka_unit_test(test_bad_foreach),
		cmocka_unit_test(test_bad_confirm),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_applies),
		cmocka_unit_test(test_params),
		cmocka_unit_test(test_params_of_a_range),
		cmocka_unit_test(test_params_of_connectors),
		cmocka_unit_test(test_plan_hash),
	};

	setenv("WATCHDESK_DATA", ".", 1);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
