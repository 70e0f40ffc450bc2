/* The units of a plan: foreach spread out, what each of them sees and is called, and how many there may be. */
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

#define HEAD                                                                            \
	"runbook: r\ntitle: T\napplies: {kind: run}\nrisk: reversible\nparameters:\n  " \
	"list: "                                                                        \
	"{type: string, prompt: L}\n  kept: {type: string, prompt: K}\nsteps:\n"

static struct runbook *parse(const char *steps)
{
	char path[] = "/tmp/watchdesk-plan-XXXXXX";
	int fd = mkstemp(path);
	struct err e = ERR_INIT;
	struct runbook *r;

	assert_true(fd >= 0);
	dprintf(fd, "%s%s", HEAD, steps);
	close(fd);
	r = runbook_load(path, &e);
	unlink(path);
	if (!r)
		fail_msg("%s", e.msg);
	return r;
}

struct made {
	struct runbook *r;
	struct plan plan;
	struct plan_target target;
	struct err err;
	bool ok;
};

static void make(struct made *m, const char *steps, const char *list)
{
	json_t *items = json_read(list, strlen(list), NULL);

	memset(m, 0, sizeof(*m));
	assert_non_null(items);
	m->r = parse(steps);
	m->plan.runbook = m->r;
	m->target.input = json_pack("{s:{s:s}, s:{s:s, s:o}}", "record", "title",
		"orders", "params", "kept", "k", "list", items);
	m->ok = plan_units_make(&m->plan, &m->target, &m->err);
}

static void release(struct made *m)
{
	plan_units_free(&m->target);
	json_decref(m->target.input);
	runbook_free(m->r);
}

static void label_is(const struct plan_unit *u, const char *want)
{
	struct str label = STR_INIT;

	plan_unit_label(u, &label);
	assert_string_equal(label.buf, want);
	str_release(&label);
}

#define LOOP                                                                           \
	"  - call: first\n"                                                            \
	"  - foreach:\n      in: \"{{ params.list }}\"\n      as: day\n      steps:\n" \
	"        - {call: a, with: {on: \"{{ day }} of {{ record.title }}\"}}\n"       \
	"        - call: b\n"                                                          \
	"  - call: last\n"

static void test_order(void **state)
{
	static const char *const calls[] = {"first", "a", "b", "a", "b", "last"};
	struct made m;

	(void)state;
	make(&m, LOOP, "[\"2026-11-01\", 7]");
	assert_true(m.ok);
	assert_int_equal(m.target.n_units, LENGTH(calls));
	assert_int_equal(m.plan.n_units, LENGTH(calls));
	for (size_t i = 0; i < LENGTH(calls); i++)
		assert_string_equal(m.target.units[i].step->call, calls[i]);
	label_is(&m.target.units[0], "");
	label_is(&m.target.units[1], "day 2026-11-01 (1 of 2): ");
	label_is(&m.target.units[4], "day 7 (2 of 2): ");
	label_is(&m.target.units[5], "");
	release(&m);
}

static void test_what_a_unit_sees(void **state)
{
	struct made m;
	struct err e = ERR_INIT;
	json_t *in;

	(void)state;
	make(&m, LOOP, "[\"{{ secret.x }}\", {\"a\": 1}]");
	assert_true(m.ok);
	in = plan_unit_input(&m.target, &m.target.units[1], &e);
	assert_string_equal(json_str(in, "day", ""), "{{ secret.x }}");
	/* Text of an item is a value: it is not looked into again. */
	assert_string_equal(
		json_str(json_sub(in, "params"), "on", ""), "{{ secret.x }} of orders");
	assert_string_equal(json_str(json_sub(in, "params"), "kept", ""), "k");
	json_decref(in);
	in = plan_unit_input(&m.target, &m.target.units[4], &e);
	assert_int_equal(json_int(json_sub(in, "day"), "a", 0), 1);
	assert_null(json_sub(json_sub(in, "params"), "on"));
	json_decref(in);
	label_is(&m.target.units[4], "day {\"a\":1} (2 of 2): ");
	in = plan_unit_input(&m.target, &m.target.units[5], &e);
	assert_null(json_sub(in, "day"));
	json_decref(in);
	release(&m);
}

static void refused(const char *list, enum err_code code, const char *words)
{
	struct made m;

	make(&m, LOOP, list);
	if (m.ok || m.err.code != code || !strstr(m.err.msg, words))
		fail_msg("%s: %s: %s", list, err_code_name(m.err.code), m.err.msg);
	release(&m);
}

static char *numbers(size_t n)
{
	struct str out = STR_INIT;

	str_addc(&out, '[');
	for (size_t i = 0; i < n; i++)
		str_addf(&out, "%s%zu", i ? "," : "", i);
	str_addc(&out, ']');
	return str_take(&out);
}

static void test_lists(void **state)
{
	char *most = numbers(PLAN_ITEMS_MAX), *more = numbers(PLAN_ITEMS_MAX + 1);
	struct made m;

	(void)state;
	refused("\"text\"", ERR_CONFIG, "foreach day: `in` gives no list");
	refused("{\"a\": 1}", ERR_CONFIG, "`in` gives no list");
	refused("null", ERR_CONFIG, "`in` gives no list");
	refused("[]", ERR_USAGE, "the list is empty");
	refused("[1, null]", ERR_USAGE, "item 2 is null");
	refused(more, ERR_LIMIT, "the list has 401 items, at most 400");
	make(&m, LOOP, most);
	assert_true(m.ok);
	assert_int_equal(m.target.n_units, 2 * PLAN_ITEMS_MAX + 2);
	release(&m);
	free(most);
	free(more);
}

/* The limit is the plan's: many targets with middling lists are as many requests as one with a long one. */
static void test_limit_of_the_plan(void **state)
{
	char *most = numbers(PLAN_ITEMS_MAX);
	struct made m;
	struct plan_target more = {0};

	(void)state;
	make(&m, LOOP, most);
	more.input = m.target.input;
	m.plan.n_units = PLAN_UNITS_MAX - m.target.n_units;
	assert_true(plan_units_make(&m.plan, &more, &m.err));
	plan_units_free(&more);
	m.plan.n_units = PLAN_UNITS_MAX - m.target.n_units + 1;
	assert_false(plan_units_make(&m.plan, &more, &m.err));
	assert_int_equal(m.err.code, ERR_LIMIT);
	assert_non_null(strstr(m.err.msg, "more than 20000 steps in all"));
	plan_units_free(&more);
	free(most);
	release(&m);
}

/* A list may stand in the file, with templates in it. */
static void test_written_list(void **state)
{
	struct made m;

	(void)state;
	make(&m,
		"  - foreach: {in: [one, \"{{ record.title }}\"], as: piece, steps: "
		"[{wait: {until: record, within: 1s}}]}\n",
		"[]");
	if (!m.ok)
		fail_msg("%s", m.err.msg);
	assert_int_equal(m.target.n_units, 2);
	label_is(&m.target.units[1], "piece orders (2 of 2): ");
	release(&m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_what_a_unit_sees),
		cmocka_unit_test(test_lists),
		cmocka_unit_test(test_limit_of_the_plan),
		cmocka_unit_test(test_written_list),
	};

	return cmocka_run_group_tests_name("plan", tests, NULL, NULL);
}
