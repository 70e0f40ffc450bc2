/* The last question: what is a yes, and what is not. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/clock.h"
#include "tui/app_inside.h"

struct fixture {
	char dir[64], path[80];
	struct loop *loop;
	struct store *store;
	struct config config;
	struct app *app;
};

/* Callbacks get the view only. */
static int yes, no;

static void said_yes(struct view *v)
{
	(void)v;
	yes++;
}

static void said_no(struct view *v)
{
	(void)v;
	no++;
}

static int setup(void **state)
{
	struct fixture *f = xcalloc(1, sizeof(*f));
	struct err e = ERR_INIT;
	usec_t now = 0;
	assert_true(clock_parse("2026-11-22T14:02:03Z", &now));
	clock_set_test(now);
	(void)str_copy(f->dir, sizeof(f->dir), "/tmp/wd-confirm-XXXXXX");
	assert_non_null(mkdtemp(f->dir));
	(void)str_format(f->path, sizeof(f->path), "%s/store.db", f->dir);
	f->loop = loop_new();
	f->store = store_open(f->loop, f->path, STORE_WORKER, &e);
	assert_non_null(f->store);
	struct app_options o = {.loop = f->loop,
		.store = f->store,
		.config = &f->config,
		.rows = 24,
		.cols = 80};
	f->app = app_new(&o);
	yes = no = 0;
	*state = f;
	return 0;
}

static int teardown(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;
	app_free(f->app);
	store_close(f->store);
	loop_free(f->loop);
	for (size_t i = 0; i < LENGTH(suffixes); i++) {
		char path[96];
		(void)str_format(path, sizeof(path), "%s%s", f->path, suffixes[i]);
		(void)unlink(path);
	}
	(void)rmdir(f->dir);
	free(f);
	clock_end_test();
	return 0;
}

static void ask(struct fixture *f, const char *typed)
{
	struct confirm c = {.what = "Revoke finance_ro from contractor-7 on pg-prod.",
		.typed = typed,
		.verb = "revoke it",
		.danger = typed != NULL,
		.yes = said_yes,
		.no = said_no};
	assert_true(app_confirm(f->app->top, &c));
}

static void press(struct fixture *f, int key)
{
	app_event(f->app, &(struct event){.type = EVENT_KEY, .key = key});
}

static void type(struct fixture *f, const char *text)
{
	for (; *text; text++)
		press(f, *text);
}

static void wait_ms(int ms)
{
	clock_advance_test((usec_t)ms * 1000);
}

/* A yes takes effect when nothing followed it. */
static void alone(struct fixture *f)
{
	wait_ms(ALONE_MS);
	loop_turn(f->loop, 0);
}

static void a_y_after_a_moment_is_yes(void **state)
{
	struct fixture *f = *state;
	ask(f, NULL);
	app_paint_now(f->app);
	wait_ms(ARM_MS);
	press(f, 'y');
	assert_int_equal(yes, 0);
	alone(f);
	assert_int_equal(yes, 1);
	assert_true(f->app->top->type != &confirm_view);
}

static void keys_typed_ahead_are_nothing(void **state)
{
	struct fixture *f = *state;
	ask(f, NULL);
	press(f, 'y'); /* before it was painted */
	app_paint_now(f->app);
	wait_ms(ARM_MS - 1);
	press(f, 'y'); /* too soon after */
	assert_int_equal(yes, 0);
	assert_int_equal(no, 0);
	wait_ms(ARM_MS);
	press(f, 'y');
	alone(f);
	assert_int_equal(yes, 1);
}

static void keys_that_come_together_are_nothing(void **state)
{
	struct fixture *f = *state;
	ask(f, NULL);
	app_paint_now(f->app);
	wait_ms(ARM_MS);
	type(f, "yyyy");
	alone(f);
	assert_int_equal(yes, 0);
	assert_ptr_equal(f->app->top->type, &confirm_view);
}

static void a_held_key_is_nothing(void **state)
{
	struct fixture *f = *state;
	ask(f, NULL);
	app_paint_now(f->app);
	for (int i = 0; i < 100; i++) {
		wait_ms(33);
		press(f, 'y');
	}
	assert_int_equal(yes, 0);
	assert_ptr_equal(f->app->top->type, &confirm_view);
}

static void enter_is_never_yes(void **state)
{
	struct fixture *f = *state;
	ask(f, NULL);
	app_paint_now(f->app);
	wait_ms(ARM_MS);
	press(f, K_ENTER);
	wait_ms(ARM_MS);
	press(f, K_ENTER);
	assert_int_equal(yes, 0);
	assert_int_equal(no, 0);
	wait_ms(ARM_MS);
	press(f, 'n');
	assert_int_equal(no, 1);
}

static void a_paste_is_nothing(void **state)
{
	struct fixture *f = *state;
	ask(f, NULL);
	app_paint_now(f->app);
	wait_ms(ARM_MS);
	app_event(
		f->app, &(struct event){.type = EVENT_PASTE, .text = "y", .burst = true});
	wait_ms(ARM_MS);
	app_event(f->app, &(struct event){.type = EVENT_KEY, .key = 'y', .burst = true});
	assert_int_equal(yes, 0);
}

static void only_the_text_itself_starts_it(void **state)
{
	struct fixture *f = *state;
	ask(f, "finance_ro");
	app_paint_now(f->app);
	wait_ms(ARM_MS);
	press(f, 'y');
	press(f, K_ENTER);
	press(f, K_BACKSPACE);
	type(f, "finance_r");
	press(f, K_ENTER);
	assert_int_equal(yes, 0);
	app_event(
		f->app, &(struct event){.type = EVENT_PASTE, .text = "o", .burst = true});
	press(f, K_ENTER);
	assert_int_equal(yes, 0);
	type(f, "o");
	press(f, K_ENTER);
	assert_int_equal(yes, 1);
}

static void esc_always_leaves(void **state)
{
	struct fixture *f = *state;
	ask(f, "finance_ro");
	press(f, K_ESC);
	assert_int_equal(no, 1);
	ask(f, NULL);
	press(f, K_CTRL('c'));
	assert_int_equal(no, 2);
	assert_int_equal(yes, 0);
}

/* Without bracketed paste: the bytes of one read, as the terminal gives them. */
static void feed(struct fixture *f, const char *bytes)
{
	keys_feed(&f->app->keys, bytes, strlen(bytes));
}

static void by_hand_a_key_comes_alone(void **state)
{
	struct fixture *f = *state;
	input_start(f->app);
	ask(f, "gr\xc3\xbc\xc3\x9f");
	app_paint_now(f->app);
	wait_ms(ARM_MS);
	feed(f, "gr\xc3\xbc");
	feed(f, "\xc3\x9f");
	wait_ms(ARM_MS);
	feed(f, "\r");
	assert_int_equal(yes, 0);
	feed(f, "\x15"); /* C-u */
	feed(f, "g");
	feed(f, "r");
	feed(f, "\xc3\xbc"); /* one key of two bytes */
	feed(f, "\xc3\x9f");
	wait_ms(ARM_MS);
	feed(f, "\r");
	assert_int_equal(yes, 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
			a_y_after_a_moment_is_yes, setup, teardown),
		cmocka_unit_test_setup_teardown(
			keys_typed_ahead_are_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			keys_that_come_together_are_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(a_held_key_is_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(enter_is_never_yes, setup, teardown),
		cmocka_unit_test_setup_teardown(a_paste_is_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(
			only_the_text_itself_starts_it, setup, teardown),
		cmocka_unit_test_setup_teardown(esc_always_leaves, setup, teardown),
		cmocka_unit_test_setup_teardown(
			by_hand_a_key_comes_alone, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
