/* Forms and the line editor. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui/form.h"

static void check_number(void *arg, struct form_field *f)
{
	long long n = 0;
	(void)arg;
	if (strcmp(f->name, "count") == 0 && !str_to_int(f->line.text, &n))
		(void)str_copy(f->error, sizeof(f->error), "a whole number, such as 3");
}

static bool press(struct form *f, int key)
{
	return form_event(f, &(struct event){.type = EVENT_KEY, .key = key});
}

static void type(struct form *f, const char *text)
{
	for (; *text; text++)
		assert_true(press(f, *text));
}

static const char *choices[] = {"one", "two", "three", NULL};

static void setup_form(struct form *f)
{
	form_init(f, check_number, NULL);
	form_add(f, "reason", "Reason", "why it is done", NULL, true, "");
	form_add(f, "count", "Count", NULL, NULL, false, "3");
	form_add(f, "mode", "Mode", NULL, choices, false, "");
}

static void fields_are_typed_into_and_left(void **state)
{
	(void)state;
	struct form f;
	setup_form(&f);
	type(&f, "because q");
	assert_string_equal(form_value(&f, "reason"), "because q");
	assert_true(press(&f, K_TAB));
	type(&f, "4");
	assert_string_equal(form_value(&f, "count"), "34");
	assert_true(press(&f, K_ENTER));
	assert_true(press(&f, K_SPACE));
	assert_string_equal(form_value(&f, "mode"), "two");
	assert_true(press(&f, K_LEFT));
	assert_true(press(&f, K_LEFT));
	assert_string_equal(form_value(&f, "mode"), "three");
	assert_true(press(&f, K_ENTER));
	assert_int_equal(f.at, 3);
	assert_false(press(&f, K_ENTER));
	assert_false(press(&f, 'y'));
	assert_true(press(&f, K_BACKTAB));
	assert_int_equal(f.at, 2);
	form_release(&f);
}

static void what_is_wrong_is_said_and_the_cursor_goes_there(void **state)
{
	(void)state;
	struct form f;
	setup_form(&f);
	press(&f, K_TAB);
	assert_string_equal(f.fields[0].error, "must be filled in");
	type(&f, "x");
	f.at = 3;
	assert_false(form_ok(&f));
	assert_int_equal(f.at, 0);
	type(&f, "why");
	assert_string_equal(f.fields[0].error, "");
	assert_false(form_ok(&f));
	assert_int_equal(f.at, 1);
	assert_string_equal(f.fields[1].error, "a whole number, such as 3");
	press(&f, K_BACKSPACE);
	assert_true(form_ok(&f));
	form_release(&f);
}

static void the_line_edits_by_characters(void **state)
{
	(void)state;
	struct line l;
	line_set(&l, "a\xc3\xa9z");
	const int keys[] = {K_LEFT, K_BACKSPACE, 'b', K_HOME, 'X', K_END, K_CTRL('w')};
	for (size_t i = 0; i < 5; i++)
		assert_true(line_event(
			&l, &(struct event){.type = EVENT_KEY, .key = keys[i]}));
	assert_string_equal(l.text, "Xabz");
	for (size_t i = 5; i < LENGTH(keys); i++)
		assert_true(line_event(
			&l, &(struct event){.type = EVENT_KEY, .key = keys[i]}));
	assert_string_equal(l.text, "");
	assert_false(line_event(&l, &(struct event){.type = EVENT_KEY, .key = K_F1}));
	assert_false(line_event(&l, &(struct event){.type = EVENT_KEY, .key = K_ESC}));
}

static void a_line_has_a_limit(void **state)
{
	(void)state;
	struct line l;
	line_set(&l, "");
	for (int i = 0; i < 2000; i++)
		line_event(&l, &(struct event){.type = EVENT_KEY, .key = 'x'});
	assert_int_equal(strlen(l.text), sizeof(l.text) - 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(fields_are_typed_into_and_left),
		cmocka_unit_test(what_is_wrong_is_said_and_the_cursor_goes_there),
		cmocka_unit_test(the_line_edits_by_characters),
		cmocka_unit_test(a_line_has_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
