/* One meaning of production, whoever asks. */
#include "backends/store/environment.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "backends/base/mem.h"
#include "backends/triage/attention.h"
#include "runbooks/engine/exec.h"

static json_t *classes(const char *text)
{
	json_t *v = json_read(text, strlen(text), NULL);

	assert_non_null(v);
	return v;
}

static void class_is(const struct environments *envs, const char *env, const char *want)
{
	const char *have = environment_class(envs, env);

	if (!want)
		assert_null(have);
	else
		assert_string_equal(have, want);
	assert_int_equal(
		environment_prod(envs, env), want && !strcmp(want, "production"));
	assert_int_equal(
		environment_gated(envs, env), !want || environment_prod(envs, env));
}

static void test_defaults(void **state)
{
	static const struct {
		const char *env, *class;
	} cases[] = {{"prod", "production"}, {"PROD-EU", "production"},
		{"production", "production"}, {"prd", "production"},
		{"Live2", "production"}, {"staging", "staging"}, {"preprod", "staging"},
		{"dev-3", "development"}, {"", NULL}, {NULL, NULL}, {"blue", NULL},
		{"nonprod", NULL}};

	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++)
		class_is(NULL, cases[i].env, cases[i].class);
}

static void test_configured(void **state)
{
	json_t *own =
		classes("{\"production\": [\"blue\"], \"lab\": [\"prod*\", \"x?\"]}");
	struct environments envs = {own};

	(void)state;
	class_is(&envs, "blue", "production");
	/* What is written replaces the default of that name, and no other. */
	class_is(&envs, "prod", "lab");
	class_is(&envs, "live", NULL);
	class_is(&envs, "x1", "lab");
	class_is(&envs, "stg", "staging");
	json_decref(own);
}

static void test_shape(void **state)
{
	static const char *const bad[] = {"{\"production\": \"prod\"}",
		"{\"production\": []}", "{\"staging\": [1]}", "{\"staging\": [\"\"]}"};

	(void)state;
	for (size_t i = 0; i < LENGTH(bad); i++) {
		json_t *v = classes(bad[i]);
		struct err e = ERR_INIT;

		assert_false(environments_check(v, &e));
		assert_non_null(strstr(e.msg, "list of names"));
		json_decref(v);
	}
}

/* What each of those who ask made of a name on its own before. */
static const struct {
	const char *env;
	bool prod, known;
} asked[] = {{"prd-eu", true, true}, {"LIVE", true, true}, {"Production", true, true},
	{"prod-eu", true, true}, {"staging", false, true}, {"blue", false, false},
	{"", false, false}};

static void test_plan(void **state)
{
	struct worker w = {.lock_fd = -1};
	struct far far = far_of(&w);
	struct job_run job = {.far = &far};

	(void)state;
	for (size_t i = 0; i < LENGTH(asked); i++) {
		struct plan p = {.job = &job};
		json_t *record = json_pack("{s:s}", "env", asked[i].env);

		plan_see_env(&p, record);
		assert_int_equal(p.prod, asked[i].prod || !asked[i].known);
		assert_int_equal(p.env_unknown, !asked[i].known);
		json_decref(record);
	}
	far_free(&w);
}

static void test_triage(void **state)
{
	json_t *own = classes("{\"production\": [\"blue\"]}");
	struct environments envs = {own};
	struct err e = ERR_INIT;
	struct triage_hook *h = triage_hook_new(NULL, NULL, &e),
			   *blue = triage_hook_new(NULL, &envs, &e);

	(void)state;
	for (size_t i = 0; i < LENGTH(asked); i++) {
		struct record r;

		record_init(&r);
		r.kind = KIND_RUN;
		r.state = STATE_FAILED;
		r.env = asked[i].env;
		triage_score(h, &r, NULL);
		assert_int_equal(r.severity == SEVERITY_HIGH, asked[i].prod);
		record_init(&r);
		r.kind = KIND_RUN;
		r.state = STATE_FAILED;
		r.env = asked[i].env;
		triage_score(blue, &r, NULL);
		assert_int_equal(r.severity == SEVERITY_HIGH, !strcmp(r.env, "blue"));
	}
	triage_hook_free(h);
	triage_hook_free(blue);
	json_decref(own);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_defaults),
		cmocka_unit_test(test_configured),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_plan),
		cmocka_unit_test(test_triage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
