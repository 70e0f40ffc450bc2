/* The bell: heard after a commit of another connection, not more often than 10 times a second, and not fooled. */
#include "backends/store/store_private.h"

#include "tests/unit/store_help.h"

#include <sys/stat.h>

struct heard {
	int times;
	bool once;
	struct store *close; /* closed by the first call */
};

static void heard(void *arg)
{
	struct heard *h = arg;

	h->times++;
	h->once = true;
	if (h->close != NULL)
		store_close(h->close);
	h->close = NULL;
}

static struct store *console_of(struct help *h)
{
	struct err e = ERR_INIT;
	struct store *s = store_open(h->loop, h->path, STORE_CONSOLE, &e);

	if (s == NULL)
		fail_msg("%s", e.msg);
	return s;
}

static void test_heard_after_commit(void **state)
{
	(void)state;
	struct help h;
	struct heard ear = {0};
	help_open(&h);
	struct store *console = console_of(&h);
	store_on_change(console, heard, &ear);
	struct record r = help_record(KIND_RUN, "a", STATE_FAILED);
	help_put(&h, &r, 1);
	assert_true(loop_until(h.loop, &ear.once, HELP_WAIT_MS));
	/* unchanged: nothing is written, so nothing rings */
	int before = ear.times;
	clock_advance_test(USEC_PER_SEC);
	help_put(&h, &r, 1);
	loop_turn(h.loop, 20);
	loop_turn(h.loop, 20);
	assert_int_equal(ear.times, before);
	store_close(console);
	help_close(&h);
}

static void test_at_most_ten_a_second(void **state)
{
	(void)state;
	struct help h;
	struct heard ear = {0};
	help_open(&h);
	struct store *console = console_of(&h);
	store_on_change(console, heard, &ear);
	for (int i = 0; i < 50; i++) { /* the clock stands still: no pause ends */
		bell_ring(h.store->bell);
		loop_turn(h.loop, 0);
	}
	assert_int_equal(ear.times, 1);
	clock_advance_test(USEC_PER_SEC / 5);
	loop_turn(h.loop, 0);
	loop_turn(h.loop, 0);
	assert_int_equal(ear.times, 2); /* what rang in the pause is not lost */
	clock_advance_test(USEC_PER_SEC / 5);
	loop_turn(h.loop, 0);
	loop_turn(h.loop, 0);
	assert_int_equal(ear.times, 2);
	store_close(console);
	help_close(&h);
}

static void test_closed_by_its_own_call(void **state)
{
	(void)state;
	struct help h;
	struct heard ear = {0};
	help_open(&h);
	ear.close = console_of(&h);
	store_on_change(ear.close, heard, &ear);
	bell_ring(h.store->bell);
	assert_true(loop_until(h.loop, &ear.once, HELP_WAIT_MS));
	assert_null(ear.close);
	help_close(&h);
}

/* In a shared folder somebody else may have put a link of that name: it is neither followed nor written. */
static void test_link_is_refused(void **state)
{
	(void)state;
	struct help h;
	char target[160], bell[300] = "";
	struct stat st;
	help_open(&h);
	str_format(target, sizeof(target), "%s/target", h.dir);
	DIR *d = opendir(h.dir);
	struct dirent *f;
	while (d != NULL && (f = readdir(d)) != NULL)
		if (str_starts(f->d_name, "watchdesk-bell-"))
			str_format(bell, sizeof(bell), "%s/%s", h.dir, f->d_name);
	closedir(d);
	assert_int_equal(stat(bell, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	unlink(bell);
	assert_int_equal(symlink(target, bell), 0);
	struct bell *b = bell_new(h.loop, h.path);
	bell_ring(b);
	assert_false(bell_listening(b));
	bell_free(b);
	assert_int_equal(access(target, F_OK), -1);
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_heard_after_commit),
		cmocka_unit_test(test_at_most_ten_a_second),
		cmocka_unit_test(test_closed_by_its_own_call),
		cmocka_unit_test(test_link_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
