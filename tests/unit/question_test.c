/* The last question: it names every source and environment, how many targets, and the times that the action is about. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/mem.h"
#include "runbooks/engine/exec.h"

enum { TARGETS = 3 };

struct asked {
	struct runbook *r;
	struct far far;
	struct environments environments;
	struct job_run job;
	struct plan plan;
	struct plan_target targets[TARGETS];
	json_t *params;
};

static struct runbook *parse(const char *text)
{
	char path[] = "/tmp/watchdesk-question-XXXXXX";
	int fd = mkstemp(path);
	struct err e = ERR_INIT;
	struct runbook *r;

	assert_true(fd >= 0);
	dprintf(fd, "%s", text);
	close(fd);
	r = runbook_load(path, &e);
	unlink(path);
	if (!r)
		fail_msg("%s", e.msg);
	return r;
}

#define BACKFILL                                                                       \
	"runbook: backfill\ntitle: T\napplies: {kind: run}\nrisk: irreversible\n"      \
	"summary: \"Backfill {{ record.title }}\"\nconfirm: {type: \"{{ record.title " \
	"}}\"}\nparameters:\n  from: {type: date}\n  to: {type: date}\n"               \
	"steps: [{call: c}]\n"
#define SILENCE                                                                  \
	"runbook: silence\ntitle: T\napplies: {kind: check}\nrisk: reversible\n" \
	"summary: \"Silence {{ record.title }}\"\nparameters:\n  long: {type: "  \
	"duration}\nsteps: [{call: c}]\n"
#define HOURLY                                                               \
	"runbook: hourly\ntitle: Run hours\napplies: {kind: run}\nrisk: "    \
	"irreversible\nparameters:\n  from: {type: datetime}\n  to: {type: " \
	"datetime}\n  note: {type: string}\nsteps: [{call: c}]\n"

static const struct environments *environments_of(void *arg)
{
	return &((struct asked *)arg)->environments;
}

static void begin(struct asked *a, const char *runbook, const char *params)
{
	memset(a, 0, sizeof(*a));
	a->r = parse(runbook);
	a->params = json_read(params, strlen(params), NULL);
	a->far = (struct far){.arg = a, .environments = environments_of};
	a->job.far = &a->far;
	a->plan = (struct plan){.job = &a->job,
		.runbook = a->r,
		.targets = a->targets,
		.params = a->params};
}

static void add(struct asked *a, const char *title, const char *source, const char *env)
{
	struct plan_target *t = &a->targets[a->plan.n++];

	t->title = title;
	(void)str_copy(t->source, sizeof(t->source), source);
	t->record = json_pack("{s:s, s:s}", "title", title, "env", env);
	t->input = json_pack("{s:O, s:O}", "record", t->record, "params", a->params);
}

/* lines: of the first target's dry run, or NULL. */
static void is(struct asked *a, const char *said, const char *sentence, const char *typed)
{
	json_t *lines = said ? json_pack("[[s]]", said) : json_pack("[[]]");
	json_t *q = question_make(&a->plan, lines);

	assert_string_equal(json_str(q, "sentence", ""), sentence);
	assert_string_equal(json_str(q, "type", ""), typed);
	json_decref(q);
	json_decref(lines);
	for (size_t i = 0; i < a->plan.n; i++) {
		json_decref(a->targets[i].record);
		json_decref(a->targets[i].input);
	}
	json_decref(a->params);
	runbook_free(a->r);
}

static void test_dates_and_their_number(void **state)
{
	struct asked a;

	(void)state;
	begin(&a, BACKFILL, "{\"from\": \"2026-11-20\", \"to\": \"2026-11-22\"}");
	add(&a, "orders_daily", "airflow-prod", "prod");
	is(&a, "3 runs will be created",
		"Backfill orders_daily on airflow-prod (PROD), 2026-11-20 to 2026-11-22, "
		"3 "
		"dates: 3 runs will be created",
		"orders_daily");
	begin(&a, BACKFILL, "{\"from\": \"2026-11-20\", \"to\": \"2026-11-20\"}");
	add(&a, "orders_daily", "airflow-dev", "dev");
	is(&a, NULL,
		"Backfill orders_daily on airflow-dev (dev), 2026-11-20 to 2026-11-20, 1 "
		"date",
		"orders_daily");
	begin(&a, HOURLY,
		"{\"from\": \"2026-11-20T01:00:00Z\", \"to\": \"2026-11-20T04:00:00Z\", "
		"\"note\": \"x\"}");
	add(&a, "clicks", "airflow-dev", "dev");
	is(&a, "4 runs will be created",
		"Run hours: clicks on airflow-dev (dev), 2026-11-20T01:00:00Z to "
		"2026-11-20T04:00:00Z: 4 runs will be created",
		"clicks");
	/* Whole days are said as days, of an hourly pipeline too. */
	begin(&a, HOURLY,
		"{\"from\": \"2026-11-20T00:00:00Z\", \"to\": \"2026-11-21T23:59:59Z\", "
		"\"note\": \"x\"}");
	add(&a, "clicks", "airflow-dev", "dev");
	is(&a, "48 runs will be created",
		"Run hours: clicks on airflow-dev (dev), 2026-11-20 to 2026-11-21, 2 "
		"dates: 48 runs will be created",
		"clicks");
}

static void test_every_place_and_the_length(void **state)
{
	struct asked a;

	(void)state;
	begin(&a, SILENCE, "{\"long\": \"2h\"}");
	add(&a, "disk", "am-eu", "live-eu");
	add(&a, "lag", "am-dev", "dev");
	add(&a, "cpu", "am-eu", "live-eu");
	is(&a, "never said of one of several",
		"Silence disk and 2 more, 3 targets in all on am-eu (live-eu, PROD) and "
		"am-dev (dev), for 2h",
		"");
	begin(&a, SILENCE, "{\"long\": null}");
	add(&a, "disk", "am", "");
	add(&a, "lag", "am", "bunker");
	is(&a, NULL,
		"Silence disk and 1 more, 2 targets in all on am (its environment is not "
		"known: as in PROD) and am (bunker, an environment that is not known: as "
		"in "
		"PROD)",
		"");
	begin(&a, BACKFILL, "{\"from\": \"2026-11-20\"}");
	add(&a, "a", "x", "prod");
	add(&a, "b", "x", "prod");
	is(&a, NULL, "Backfill a and 1 more, 2 targets in all on x (PROD), 2026-11-20",
		"2 targets");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_dates_and_their_number),
		cmocka_unit_test(test_every_place_and_the_length),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
