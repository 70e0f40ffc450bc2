/* Cells: cutting, wide characters, clipping, wrapped text. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui/grid.h"

static void row_is(const struct grid *g, int row, const char *expected)
{
	struct str text = STR_INIT;
	grid_row_text(g, row, &text);
	assert_string_equal(text.buf, expected);
	str_release(&text);
}

static struct grid make(int rows, int cols)
{
	struct grid g;
	grid_init(&g);
	grid_resize(&g, rows, cols);
	return g;
}

static void text_is_cut_with_a_sign(void **state)
{
	(void)state;
	struct grid g = make(2, 20);
	assert_int_equal(grid_put(&g, 0, 2, 6, ROLE_TEXT, "orders_daily"), 6);
	row_is(&g, 0, "  order~");
	assert_int_equal(grid_put(&g, 1, 0, 20, ROLE_TEXT, "fits"), 4);
	row_is(&g, 1, "fits");
	grid_release(&g);
}

static void wide_characters_are_never_halved(void **state)
{
	(void)state;
	struct grid g = make(4, 6);
	grid_put(&g, 0, 0, 6, ROLE_TEXT, "a日本b");
	row_is(&g, 0, "a日本b");
	assert_int_equal(grid_cell(&g, 0, 1)->width, 2);
	assert_int_equal(grid_cell(&g, 0, 2)->width, 0);
	grid_put(&g, 0, 2, 1, ROLE_TEXT, "x");
	row_is(&g, 0, "a x本b");
	grid_put(&g, 1, 5, 6, ROLE_TEXT, "日");
	row_is(&g, 1, "     ~");
	grid_put(&g, 2, 0, 4, ROLE_TEXT, "日本語");
	row_is(&g, 2, "日~");
	grid_release(&g);
}

static void combining_marks_stay_with_their_letter(void **state)
{
	(void)state;
	struct grid g = make(1, 6);
	grid_put(&g, 0, 0, 6, ROLE_TEXT, "ae\xcc\x83z");
	assert_string_equal(grid_cell(&g, 0, 1)->text, "e\xcc\x83");
	assert_string_equal(grid_cell(&g, 0, 2)->text, "z");
	grid_release(&g);
}

static void control_characters_do_not_reach_the_cells(void **state)
{
	(void)state;
	struct grid g = make(1, 10);
	grid_put(&g, 0, 0, 10, ROLE_TEXT, "a\rb\033c");
	row_is(&g, 0, "a?b?c");
	grid_release(&g);
}

static void nothing_is_written_outside(void **state)
{
	(void)state;
	struct grid g = make(1, 4);
	assert_int_equal(grid_put(&g, -1, 0, 4, ROLE_TEXT, "x"), 0);
	assert_int_equal(grid_put(&g, 1, 0, 4, ROLE_TEXT, "x"), 0);
	assert_int_equal(grid_put(&g, 0, 4, 4, ROLE_TEXT, "x"), 0);
	grid_fill(&g, 0, -3, 20, '-', ROLE_RULE);
	row_is(&g, 0, "----");
	grid_resize(&g, 0, -5);
	assert_int_equal(g.rows, 1);
	assert_int_equal(g.cols, 1);
	grid_release(&g);
}

static void fields_align_and_cut_where_told(void **state)
{
	(void)state;
	struct grid g = make(3, 20);
	grid_field(&g, 0, 0, 6, ALIGN_RIGHT, UTF8_CUT_END, ROLE_TEXT, "12m");
	row_is(&g, 0, "   12m");
	grid_field(&g, 1, 0, 6, ALIGN_LEFT, UTF8_CUT_START, ROLE_TEXT, "abcdefgh");
	row_is(&g, 1, "~defgh");
	grid_release(&g);
}

static void a_canvas_clips(void **state)
{
	(void)state;
	struct grid g = make(4, 20);
	struct canvas whole = {&g, 0, 0, 4, 20}, c = canvas_sub(&whole, 1, 5, 2, 8);
	canvas_put(&c, 0, 0, -1, ROLE_TEXT, "abcdefghij");
	row_is(&g, 1, "     abcdef~");
	canvas_put(&c, 2, 0, -1, ROLE_TEXT, "below");
	row_is(&g, 3, "");
	canvas_rule(&c, 1);
	row_is(&g, 2, "     --------");
	grid_release(&g);
}

static void text_wraps_at_blanks(void **state)
{
	(void)state;
	struct grid g = make(4, 20);
	struct canvas c = {&g, 0, 0, 4, 20};
	assert_int_equal(
		canvas_wrap(&c, 0, 0, 10, 4, ROLE_TEXT, "one two three four"), 2);
	row_is(&g, 0, "one two");
	row_is(&g, 1, "three four");
	grid_clear(&g);
	assert_int_equal(
		canvas_wrap(&c, 0, 0, 10, 1, ROLE_TEXT, "one two three four"), 1);
	row_is(&g, 0, "one two t~");
	grid_clear(&g);
	assert_int_equal(canvas_wrap(&c, 0, 0, 10, 4, ROLE_TEXT, "a\n\nb"), 3);
	row_is(&g, 2, "b");
	grid_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(text_is_cut_with_a_sign),
		cmocka_unit_test(wide_characters_are_never_halved),
		cmocka_unit_test(combining_marks_stay_with_their_letter),
		cmocka_unit_test(control_characters_do_not_reach_the_cells),
		cmocka_unit_test(nothing_is_written_outside),
		cmocka_unit_test(fields_align_and_cut_where_told),
		cmocka_unit_test(a_canvas_clips),
		cmocka_unit_test(text_wraps_at_blanks),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
