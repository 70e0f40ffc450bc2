/* The pulse: a store that takes no writes, or whose worker stands still, is never called fresh; said within three seconds. */
#include "backends/store/pulse.h"

#include "backends/store/store_private.h"
#include "tests/unit/store_help.h"
#include "tui/app_inside.h"

#include <signal.h>
#include <sys/resource.h>

enum { WITHIN_MS = 3000, STEP_MS = 100 };

struct fixture {
	struct help h;
	struct config config;
	struct pulse_beat *beat;
	struct app *app;
};

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));

	help_open(&f->h);
	f->beat = pulse_beat_new(f->h.store, f->h.path);
	struct app_options o = {.loop = f->h.loop,
		.store = f->h.store,
		.store_path = f->h.path,
		.config = &f->config,
		.rows = 24,
		.cols = 120};
	help_do(&f->h, "source_state",
		"{\"name\": \"airflow\", \"connector\": \"airflow3\", \"title\": \"\", "
		"\"env\": "
		"\"prod\", \"state\": \"ok\", \"last_good\": 1795356120000000, "
		"\"last_try\": "
		"1795356120000000, \"error\": \"\", \"rows\": 1, \"unknown_states\": 0, "
		"\"lag_ms\": 1, \"interval_ms\": 20000, \"collections\": {}}");
	f->app = app_new(&o);
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *f = *state;

	app_free(f->app);
	pulse_beat_free(f->beat);
	help_close(&f->h);
	free(f);
	return 0;
}

/* Time goes on for the loop and both sides. */
static void pass(struct fixture *f, int ms)
{
	for (int t = 0; t < ms; t += STEP_MS) {
		clock_advance_test((usec_t)STEP_MS * 1000);
		for (int i = 0; i < 4; i++)
			loop_turn(f->h.loop, 0);
	}
}

static bool first_line(struct fixture *f, const char *text)
{
	struct str line = STR_INIT;

	app_paint_now(f->app);
	grid_row_text(&f->app->grid, 0, &line);
	bool found = strstr(line.buf, text) != NULL;
	str_release(&line);
	return found;
}

static enum pulse_state now(struct fixture *f)
{
	struct pulse p;

	pulse_read(f->h.path, &p);
	return p.state;
}

static void test_fresh(void **state)
{
	struct fixture *f = *state;

	pass(f, STEP_MS);
	assert_int_equal(now(f), PULSE_OK);
	assert_true(first_line(f, "all fresh"));
}

static void test_locked_by_another(void **state)
{
	struct fixture *f = *state;
	struct str words = STR_INIT;
	struct err e = ERR_INIT;
	struct db *other = db_open(f->h.path, DB_WRITE, &e);

	pass(f, STEP_MS);
	assert_true(first_line(f, "all fresh"));
	assert_non_null(other);
	assert_true(db_begin(other, &e));
	pass(f, WITHIN_MS);
	assert_int_equal(now(f), PULSE_REFUSED);
	assert_false(first_line(f, "all fresh"));
	assert_true(first_line(f, "1 source, store takes no writes"));
	assert_true(app_unwritten(f->app, &words));
	assert_non_null(strstr(words.buf, "is busy"));
	assert_false(store_try_write(f->h.path, 0, &e));
	db_rollback(other);
	pass(f, WITHIN_MS);
	assert_int_equal(now(f), PULSE_OK);
	assert_true(first_line(f, "all fresh"));
	assert_true(store_try_write(f->h.path, 0, &e));
	str_release(&words);
	db_close(other);
}

/* No file may grow: as on a full disk. */
static void allow(rlim_t bytes)
{
	struct rlimit r;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &r), 0);
	r.rlim_cur = bytes;
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &r), 0);
}

static void test_full_disk(void **state)
{
	struct fixture *f = *state;

	pass(f, STEP_MS);
	(void)signal(SIGXFSZ, SIG_IGN);
	allow(4096);
	struct help_reply r = help_tell_any(
		&f->h, "setting_set", "{\"key\": \"any\", \"value\": \"thing\"}");
	assert_null(r.answer);
	pass(f, WITHIN_MS);
	assert_int_equal(now(f), PULSE_REFUSED);
	assert_true(first_line(f, "store takes no writes"));
	allow(RLIM_INFINITY);
	pass(f, WITHIN_MS);
	assert_int_equal(now(f), PULSE_OK);
	assert_true(first_line(f, "all fresh"));
}

/* It waits in the kernel, or is stopped: nothing of it runs, the console does. */
static void test_silent(void **state)
{
	struct fixture *f = *state;

	pass(f, STEP_MS);
	clock_advance_test((usec_t)(PULSE_SILENT_MS + 1) * 1000);
	assert_int_equal(now(f), PULSE_SILENT);
	pulse_stop(f->app);
	pulse_start(f->app);
	assert_true(first_line(f, "worker silent"));
	assert_false(first_line(f, "all fresh"));
}

static void test_nobody_serves_it(void **state)
{
	struct fixture *f = *state;

	pulse_beat_free(f->beat);
	f->beat = NULL;
	pulse_stop(f->app);
	f->app->pulse = (struct pulse){.state = PULSE_NONE};
	pulse_start(f->app);
	/* In the first moments it is not known, and nothing is said. */
	assert_false(first_line(f, "all fresh"));
	assert_false(first_line(f, "no worker"));
	pass(f, WITHIN_MS + STEP_MS);
	assert_true(first_line(f, "no worker"));
	assert_false(first_line(f, "all fresh"));
}

static void test_what_is_no_pulse(void **state)
{
	struct fixture *f = *state;
	char *path = bell_beside(f->h.path, "pulse");
	FILE *file = fopen(path, "w");

	assert_non_null(file);
	fprintf(file, "%399s\n", "nonsense");
	fclose(file);
	assert_int_equal(now(f), PULSE_SILENT);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_fresh, setup, teardown),
		cmocka_unit_test_setup_teardown(test_locked_by_another, setup, teardown),
		cmocka_unit_test_setup_teardown(test_full_disk, setup, teardown),
		cmocka_unit_test_setup_teardown(test_silent, setup, teardown),
		cmocka_unit_test_setup_teardown(test_nobody_serves_it, setup, teardown),
		cmocka_unit_test_setup_teardown(test_what_is_no_pulse, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
