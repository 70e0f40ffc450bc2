/* What is said of a source whose collections have intervals of their own. */
#include "runbooks/engine/schedule_private.h"
#include "tests/unit/store_help.h"

#define CONNECTOR                                                                   \
	"connector: c\ntitle: Test\nsettings: {url: {type: url, required: true}}\n" \
	"collect:\n"                                                                \
	"  quick:\n    kind: run\n    every: 30s\n    get: /q\n" RECORD             \
	"  slow:\n    kind: run\n    every: 10m\n    get: /s\n" RECORD
#define RECORD                                                                     \
	"    record: {id: to_string(id), title: name, state: {value: state, map: " \
	"{success: succeeded}}}\n"
#define CONFIG "sources:\n  s: {connector: c, env: prod, url: \"http://127.0.0.1:1\"}\n"

struct scene {
	struct help h;
	struct worker w;
	struct schedule s;
	struct feed *feeds[1];
	struct feed f;
	struct lane lanes[2]; /* quick, slow */
};

static void write_text(
	const struct scene *s, const char *name, const char *text, char path[200])
{
	str_format(path, 200, "%s/%s", s->h.dir, name);
	FILE *f = fopen(path, "w");
	assert_non_null(f);
	fputs(text, f);
	fclose(f);
}

static void scene_open(struct scene *s)
{
	struct err e = ERR_INIT;
	char path[200];
	memset(s, 0, sizeof(*s));
	help_open(&s->h);
	s->w.loop = s->h.loop;
	s->w.store = s->h.store;
	s->w.schedule = &s->s;
	s->w.reach.loop = s->h.loop;
	s->w.reach.config = &s->w.config;
	s->w.reach.http = http_new(s->h.loop, &e);
	write_text(s, "config.yaml", CONFIG, path);
	if (!config_load(&s->w.config, path, &e))
		fail_msg("%s", e.msg);
	write_text(s, "c.yaml", CONNECTOR, path);
	struct connector *c = connector_load(path, &e);
	if (!c)
		fail_msg("%s", e.msg);
	s->feeds[0] = &s->f;
	s->s = (struct schedule){.worker = &s->w, .feeds = s->feeds, .n = 1};
	s->f = (struct feed){.schedule = &s->s,
		.cfg = config_source(&s->w.config, "s"),
		.lanes = s->lanes,
		.n_lanes = 2};
	s->f.source = source_new(&s->w.reach, c, s->f.cfg, &e);
	if (!s->f.source)
		fail_msg("%s", e.msg);
	for (size_t i = 0; i < 2; i++)
		s->lanes[i] = (struct lane){.feed = &s->f,
			.index = i,
			.name = i ? "slow" : "quick",
			.last_good = HELP_NOW};
	assert_int_equal(source_every_ms(s->f.source, 0), 30000);
}

static void scene_close(struct scene *s)
{
	health_stop(&s->s);
	source_free(s->f.source);
	http_free(s->w.reach.http);
	config_release(&s->w.config);
	help_close(&s->h);
}

/* As the store has it, told now. */
static void assert_source(struct scene *s, const char *state, usec_t last_good)
{
	health_soon(&s->f);
	clock_advance_test(USEC_PER_SEC);
	assert_true(loop_turn(s->h.loop, 0));
	json_t *a = help_ask(&s->h, "sources", "{}");
	const json_t *one = json_array_get(a, 0);
	assert_string_equal(json_str(one, "state", ""), state);
	assert_int_equal(json_int(one, "last_good", 0), last_good);
	json_decref(a);
}

static void test_each_by_its_own_interval(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	/* Ten minutes after its last time the slow one is as well as the quick one. */
	clock_advance_test(10 * HELP_MIN);
	s.lanes[0].last_good = clock_now();
	assert_source(&s, "ok", s.lanes[0].last_good);
	/* The quick one hangs: over after a minute and a half and a minute. */
	clock_advance_test(140 * USEC_PER_SEC);
	assert_source(&s, "ok", s.lanes[0].last_good);
	clock_advance_test(15 * USEC_PER_SEC);
	assert_source(&s, "stale", s.lanes[0].last_good);
	/* The slow one hangs: over after half an hour and a minute. */
	clock_advance_test(HELP_NOW + 30 * HELP_MIN - clock_now());
	s.lanes[0].last_good = clock_now();
	assert_source(&s, "ok", HELP_NOW);
	clock_advance_test(HELP_MIN);
	s.lanes[0].last_good = clock_now();
	assert_source(&s, "stale", HELP_NOW);
	scene_close(&s);
}

/* Nobody says anything any more: what was told last goes by itself, in its time. */
static void test_without_a_worker(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	clock_advance_test(20 * HELP_MIN);
	s.lanes[0].last_good = clock_now();
	assert_source(&s, "ok", s.lanes[0].last_good);
	clock_advance_test(3 * HELP_MIN);
	json_t *a = help_ask(&s.h, "sources", "{}");
	assert_string_equal(json_str(json_array_get(a, 0), "state", ""), "stale");
	json_decref(a);
	scene_close(&s);
}

/* It answers, and what it does not give is said: what, how much, and where to look. */
static void test_what_is_missing_is_said(void **state)
{
	static const char *const words[] = {"quick: not all was read: 10 of at least 13: "
					    "max_pages: 1 ended the list",
		"2 items refused, the first: id (c.yaml:4): an item has no id",
		"slow: 1 value left out, the first: due: \"infinity\" is no time",
		"3 in a state that is not known: \"odd\" has no mapping (c.yaml:7)"};
	(void)state;
	struct scene s;
	scene_open(&s);
	struct lane *quick = &s.lanes[0], *slow = &s.lanes[1];
	str_copy(quick->partial, sizeof(quick->partial),
		"10 of at least 13: max_pages: 1 ended the list");
	quick->refused = 2;
	str_copy(
		quick->reason, sizeof(quick->reason), "id (c.yaml:4): an item has no id");
	slow->spoiled = 1;
	str_copy(slow->spoiled_why, sizeof(slow->spoiled_why),
		"due: \"infinity\" is no time");
	slow->unknown_states = 3;
	str_copy(slow->unknown, sizeof(slow->unknown),
		"\"odd\" has no mapping (c.yaml:7)");
	assert_source(&s, "ok", HELP_NOW);
	json_t *a = help_ask(&s.h, "sources", "{}");
	const char *error = json_str(json_array_get(a, 0), "error", "");
	for (size_t i = 0; i < LENGTH(words); i++)
		if (!strstr(error, words[i]))
			fail_msg("no \"%s\" in %s", words[i], error);
	json_decref(a);
	scene_close(&s);
}

/* What is read once in ten minutes is not left failed for ten minutes. */
static void test_backoff(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	struct lane *quick = &s.lanes[0], *slow = &s.lanes[1];
	quick->failures = slow->failures = 1;
	assert_int_equal(lane_backoff(quick, 0), 30000);
	assert_int_equal(lane_backoff(slow, 0), 60000);
	assert_int_equal(lane_backoff(slow, 90000), 90000);
	slow->failures = 3;
	assert_in_range(lane_backoff(slow, 0), 120000, 240000);
	slow->failures = 50;
	assert_in_range(lane_backoff(slow, 0), 300000, 600000);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_by_its_own_interval),
		cmocka_unit_test(test_without_a_worker),
		cmocka_unit_test(test_what_is_missing_is_said),
		cmocka_unit_test(test_backoff),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
