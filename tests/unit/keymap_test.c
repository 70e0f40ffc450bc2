/* Terminal bytes to keys, key names, and the rules that tables of commands keep. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui/command.h"
#include "tui/keymap.h"

struct seen {
	int keys[64];
	int n, pastes, bursts;
	char paste[256];
};

static void see(void *arg, const struct event *ev)
{
	struct seen *s = arg;
	if (ev->type == EVENT_PASTE) {
		s->pastes++;
		(void)str_copy(s->paste, sizeof(s->paste), ev->text);
	} else if (s->n < 64) {
		s->keys[s->n++] = ev->key;
		s->bursts += ev->burst;
	}
}

static bool feed(struct keys *k, const char *bytes)
{
	return keys_feed(k, bytes, strlen(bytes));
}

static void sequences_become_keys(void **state)
{
	(void)state;
	struct seen s = {0};
	struct keys k;
	keys_init(&k, see, &s);
	assert_false(feed(&k, "j\033[A\033OB\033[5~\033[15~\r\t\x7f\xc3\xa9"));
	const int expected[] = {
		'j', K_UP, K_DOWN, K_PGUP, K_F1 + 4, K_ENTER, K_TAB, K_BACKSPACE, 0xe9};
	assert_int_equal(s.n, LENGTH(expected));
	for (size_t i = 0; i < LENGTH(expected); i++)
		assert_int_equal(s.keys[i], expected[i]);
	keys_release(&k);
}

static void a_lone_esc_waits_for_the_flush(void **state)
{
	(void)state;
	struct seen s = {0};
	struct keys k;
	keys_init(&k, see, &s);
	assert_true(feed(&k, "\033"));
	assert_int_equal(s.n, 0);
	keys_flush(&k);
	assert_int_equal(s.n, 1);
	assert_int_equal(s.keys[0], K_ESC);
	/* Split over two reads it is one arrow, not Esc and text. */
	assert_true(feed(&k, "\033["));
	assert_false(feed(&k, "B"));
	assert_int_equal(s.n, 2);
	assert_int_equal(s.keys[1], K_DOWN);
	/* Alt-y is not Esc and then y. */
	assert_false(feed(&k, "\033y"));
	assert_int_equal(s.n, 3);
	assert_int_equal(s.keys[2], K_OTHER);
	keys_release(&k);
}

static void a_paste_is_one_event_and_no_keys(void **state)
{
	(void)state;
	struct seen s = {0};
	struct keys k;
	keys_init(&k, see, &s);
	feed(&k, "\033[200~y\ry\x1b]52;evil\x07 ab\033[20");
	assert_int_equal(s.n, 0);
	feed(&k, "1~j");
	assert_int_equal(s.pastes, 1);
	assert_int_equal(s.n, 1);
	assert_null(strchr(s.paste, '\033'));
	assert_null(strchr(s.paste, '\r'));
	keys_release(&k);
}

static void many_keys_in_one_read_are_marked(void **state)
{
	(void)state;
	struct seen s = {0};
	struct keys k;
	keys_init(&k, see, &s);
	feed(&k, "finance_ro\r");
	assert_int_equal(s.n, 11);
	assert_int_equal(s.bursts, 11);
	feed(&k, "y");
	assert_int_equal(s.bursts, 11);
	keys_release(&k);
}

static void garbage_ends(void **state)
{
	(void)state;
	struct seen s = {0};
	struct keys k;
	char junk[4096];
	keys_init(&k, see, &s);
	memset(junk, '0', sizeof(junk));
	memcpy(junk, "\033[", 2);
	keys_feed(&k, junk, sizeof(junk));
	keys_flush(&k);
	keys_feed(&k, "\xff\xfe\x80\0", 4);
	keys_flush(&k);
	feed(&k, "j");
	assert_int_equal(s.keys[s.n - 1 < 63 ? s.n - 1 : 63] == 'j' || s.n == 64, 1);
	keys_release(&k);
}

static void names_go_both_ways(void **state)
{
	(void)state;
	static const char *const names[] = {
		"j", "Enter", "Esc", "Space", "C-l", "F12", "PgDn", "Shift-Tab", ":"};
	for (size_t i = 0; i < LENGTH(names); i++) {
		int key = 0;
		char name[16];
		assert_true(key_parse(names[i], strlen(names[i]), &key));
		key_format(name, key);
		assert_string_equal(name, names[i]);
	}
	int key = 0;
	assert_false(key_parse("Nope", 4, &key));
	assert_false(key_parse("F13", 3, &key));
	assert_false(key_parse("", 0, &key));
}

static void every_table_of_commands_keeps_the_rules(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	assert_true(keymap_check(general_commands, &e));
	for (const struct view_type *const *v = views; *v; v++)
		if (!keymap_check((*v)->commands, &e))
			fail_msg("%s: %s", (*v)->name, e.msg);
}

static void nothing(struct view *v)
{
	(void)v;
}

static void bad_tables_are_refused(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	const struct command twice[] = {{"a", "x", NULL, "one", 0, nothing},
		{"b", "y x", NULL, "two", 0, nothing}, {NULL}};
	assert_false(keymap_check(twice, &e));
	assert_string_equal(e.msg, "key x: given to a and to b");
	const struct command control[] = {
		{"a", "C-d", NULL, "kills", CMD_ACTS, nothing}, {NULL}};
	assert_false(keymap_check(control, &e));
	const struct command helpless[] = {{"a", "x", NULL, "", 0, nothing}, {NULL}};
	assert_false(keymap_check(helpless, &e));
	const struct command unreadable[] = {
		{"a", "Foo", NULL, "help", 0, nothing}, {NULL}};
	assert_false(keymap_check(unreadable, &e));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sequences_become_keys),
		cmocka_unit_test(a_lone_esc_waits_for_the_flush),
		cmocka_unit_test(a_paste_is_one_event_and_no_keys),
		cmocka_unit_test(many_keys_in_one_read_are_marked),
		cmocka_unit_test(garbage_ends),
		cmocka_unit_test(names_go_both_ways),
		cmocka_unit_test(every_table_of_commands_keeps_the_rules),
		cmocka_unit_test(bad_tables_are_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
