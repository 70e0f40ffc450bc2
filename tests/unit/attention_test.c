/* Who is above whom in Triage, and in which words. */
#include "backends/triage/attention.h"

#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define NOW ((usec_t)1795356120 * USEC_PER_SEC)
#define MIN (60 * USEC_PER_SEC)
#define HOURS (60 * MIN)
#define DAYS (24 * HOURS)

static struct record make(enum kind kind, enum state state, usec_t age)
{
	struct record r;
	record_init(&r);
	r.kind = kind;
	r.state = state;
	r.env = "prod";
	r.since = NOW - age;
	r.started = NOW - age;
	return r;
}

/* Scores with a context given as JSON text (now is added). */
static int score(struct triage_hook *h, struct record *r, const char *context)
{
	json_t *c = json_loads(context, 0, NULL);
	assert_non_null(c);
	json_object_set_new(c, "now", json_integer(NOW));
	triage_score(h, r, c);
	json_decref(c);
	return r->attention;
}

static struct triage_hook *hook(void)
{
	struct err e = ERR_INIT;
	struct triage_hook *h = triage_hook_new(NULL, NULL, &e);
	assert_non_null(h);
	return h;
}

static void test_nobody_needed(void **state)
{
	(void)state;
	static const struct {
		enum kind kind;
		enum state state;
	} calm[] = {{KIND_RUN, STATE_SUCCEEDED}, {KIND_RUN, STATE_RUNNING},
		{KIND_RUN, STATE_UNKNOWN}, {KIND_INCIDENT, STATE_RESOLVED},
		{KIND_INCIDENT, STATE_SILENCED}, {KIND_ACCESS, STATE_APPROVED},
		{KIND_GRANT, STATE_ACTIVE}, {KIND_COST, STATE_EXPECTED},
		{KIND_CHECK, STATE_OK}, {KIND_CHANGE, STATE_SUCCEEDED}};
	struct triage_hook *h = hook();
	for (size_t i = 0; i < LENGTH(calm); i++) {
		struct record r = make(calm[i].kind, calm[i].state, HOURS);
		assert_int_equal(score(h, &r, "{}"), 0);
		assert_string_equal(r.why, "");
	}
	/* A state that nobody understands is somebody's work; a record that its source has no more is not. */
	static const enum kind asked[] = {KIND_INCIDENT, KIND_ACCESS, KIND_CHECK};
	for (size_t i = 0; i < LENGTH(asked); i++) {
		struct record r = make(asked[i], STATE_UNKNOWN, HOURS);
		r.raw_state = "on fire";
		assert_true(score(h, &r, "{}") > 0);
		r.gone_at = 1;
		assert_int_equal(score(h, &r, "{}"), 0);
	}
	/* A heartbeat that its source has no more is what it was made for. */
	struct record beat = make(KIND_CHECK, STATE_FAILING, HOURS);
	beat.gone_at = 1;
	assert_true(score(h, &beat, "{}") > 0);
	triage_hook_free(h);
}

static void test_words(void **state)
{
	(void)state;
	struct triage_hook *h = hook();
	struct record r = make(KIND_INCIDENT, STATE_OPEN, 12 * MIN);
	r.severity = SEVERITY_CRITICAL;
	r.tier = 1;
	score(h, &r, "{}");
	assert_string_equal(
		r.why, "nobody acknowledged for over 10 min; tier 1; critical");
	r = make(KIND_RUN, STATE_FAILED, 9 * MIN);
	score(h, &r, "{\"group\": 3, \"waits\": 7}");
	assert_string_equal(r.why, "one cause with 2 others; 7 runs wait; high");
	r = make(KIND_RUN, STATE_FAILED, 9 * MIN);
	score(h, &r, "{\"failed\": 3, \"of\": 5}");
	assert_string_equal(r.why, "failed 3 of last 5; high; failed");
	r = make(KIND_ACCESS, STATE_PENDING, 3 * HOURS);
	r.due = NOW + 20 * MIN;
	score(h, &r, "{}");
	assert_string_equal(
		r.why, "due within 30 min; nobody answered for over 1 h; high");
	r = make(KIND_COST, STATE_OPEN, 2 * HOURS);
	r.amount = "1840.00";
	r.expected = "450.00";
	score(h, &r, "{}");
	assert_string_equal(r.why, "4.1x usual; nobody looked at it for over 1 h; high");
	r.claimed_by = "m.ito";
	score(h, &r, "{}");
	assert_string_equal(r.why, "m.ito has it; 4.1x usual; high");
	r = make(KIND_GRANT, STATE_ACTIVE, 9 * DAYS);
	r.due = NOW - 2 * HOURS;
	assert_true(score(h, &r, "{}") > 0);
	assert_string_equal(r.why, "should have ended over 1 h ago; high; active");
	triage_hook_free(h);
}

static void test_order(void **state)
{
	(void)state;
	struct triage_hook *h = hook();
	struct record crit = make(KIND_INCIDENT, STATE_OPEN, 12 * MIN);
	crit.severity = SEVERITY_CRITICAL;
	crit.tier = 1;
	struct record run = make(KIND_RUN, STATE_FAILED, 9 * MIN);
	struct record taken = make(KIND_RUN, STATE_FAILED, 9 * MIN);
	taken.claimed_by = "m.ito";
	struct record dev = make(KIND_RUN, STATE_FAILED, 9 * MIN);
	dev.env = "dev";
	struct record old = make(KIND_RUN, STATE_FAILED, 3 * DAYS + HOURS);
	struct record warn = make(KIND_CHECK, STATE_WARN, 26 * MIN);
	int a = score(h, &crit, "{}"), b = score(h, &run, "{}");
	assert_true(a > b);
	assert_true(b > score(h, &taken, "{}"));
	assert_true(b > score(h, &dev, "{}"));
	assert_true(b > score(h, &old, "{}"));
	assert_true(score(h, &warn, "{}") > score(h, &old, "{}"));
	assert_true(taken.attention > 0 && dev.attention > 0 && old.attention > 0);
	assert_true(score(h, &run, "{\"source_stale\": true}") < b);
	triage_hook_free(h);
}

static void test_handled(void **state)
{
	(void)state;
	struct triage_hook *h = hook();
	struct record r = make(KIND_RUN, STATE_FAILED, 9 * MIN);
	assert_int_equal(score(h, &r, "{\"superseded\": true}"), 0);
	r = make(KIND_RUN, STATE_FAILED, 8 * DAYS);
	assert_int_equal(score(h, &r, "{}"), 0);
	r = make(KIND_RUN, STATE_FAILED, 9 * MIN);
	r.snoozed_until = NOW + HOURS;
	assert_int_equal(score(h, &r, "{}"), 0);
	r.snoozed_until = NOW - HOURS;
	assert_true(score(h, &r, "{}") > 0);
	/* late although it runs */
	r = make(KIND_RUN, STATE_RUNNING, 3 * HOURS);
	r.due = NOW - 20 * MIN;
	assert_true(score(h, &r, "{}") > 0);
	triage_hook_free(h);
}

static void test_severity_from_env_and_tier(void **state)
{
	(void)state;
	struct triage_hook *h = hook();
	struct record r = make(KIND_RUN, STATE_FAILED, MIN);
	r.tier = 1;
	score(h, &r, "{}");
	assert_int_equal(r.severity, SEVERITY_CRITICAL);
	r = make(KIND_RUN, STATE_FAILED, MIN);
	score(h, &r, "{}");
	assert_int_equal(r.severity, SEVERITY_HIGH);
	r = make(KIND_RUN, STATE_FAILED, MIN);
	r.env = "dev";
	score(h, &r, "{}");
	assert_int_equal(r.severity, SEVERITY_LOW);
	r = make(KIND_RUN, STATE_FAILED, MIN);
	r.severity = SEVERITY_INFO;
	score(h, &r, "{}");
	assert_int_equal(r.severity, SEVERITY_INFO);
	triage_hook_free(h);
}

/* Between two steps of age nothing is written anew. */
static void test_steps(void **state)
{
	(void)state;
	struct triage_hook *h = hook();
	struct record a = make(KIND_INCIDENT, STATE_OPEN, 11 * MIN);
	struct record b = make(KIND_INCIDENT, STATE_OPEN, 29 * MIN);
	struct record c = make(KIND_INCIDENT, STATE_OPEN, 31 * MIN);
	score(h, &a, "{}");
	char why[RECORD_TEXT_MAX + 1];
	assert_true(str_copy(why, sizeof(why), a.why));
	assert_int_equal(score(h, &b, "{}"), a.attention);
	assert_string_equal(b.why, why);
	assert_true(score(h, &c, "{}") > a.attention);
	triage_hook_free(h);
}

static void test_weights(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	json_t *w = json_loads("{\"env\": 0, \"tier\": 100}", 0, NULL);
	struct triage_hook *h = triage_hook_new(w, NULL, &e), *plain = hook();
	assert_non_null(h);
	struct record r = make(KIND_RUN, STATE_FAILED, MIN);
	int usual = score(plain, &r, "{}");
	assert_int_equal(score(h, &r, "{}"), usual - 15);
	r.tier = 1;
	r.severity = SEVERITY_HIGH;
	assert_int_equal(score(h, &r, "{}"), usual - 15 + 100);
	triage_hook_free(h);
	triage_hook_free(plain);
	json_decref(w);

	w = json_loads("{\"luck\": 3}", 0, NULL);
	assert_null(triage_hook_new(w, NULL, &e));
	assert_int_equal(e.code, ERR_CONFIG);
	assert_non_null(strstr(e.msg, "\"luck\""));
	assert_non_null(strstr(e.msg, "severity"));
	json_decref(w);
	w = json_loads("{\"env\": \"much\"}", 0, NULL);
	assert_null(triage_hook_new(w, NULL, &e));
	assert_non_null(strstr(e.msg, "number"));
	json_decref(w);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nobody_needed),
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_handled),
		cmocka_unit_test(test_severity_from_env_and_tier),
		cmocka_unit_test(test_steps),
		cmocka_unit_test(test_weights),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
