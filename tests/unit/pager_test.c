/* Reading lines: moving, finding, wrapping, limits. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui/pager.h"

static void fill(struct pager *p, int n)
{
	pager_init(p);
	for (int i = 0; i < n; i++)
		pager_addf(p, i == 50 || i == 51 || i == 80 ? ROLE_BAD : ROLE_TEXT, i,
			"line %d%s", i, i == 80 ? " ÄPFEL" : "");
}

static void draw(struct pager *p, struct grid *g)
{
	struct canvas c = {g, 0, 0, g->rows, g->cols};
	grid_clear(g);
	pager_draw(p, &c);
}

static struct grid make(int rows, int cols)
{
	struct grid g;
	grid_init(&g);
	grid_resize(&g, rows, cols);
	return g;
}

static void row_is(const struct grid *g, int row, const char *expected)
{
	struct str text = STR_INIT;
	grid_row_text(g, row, &text);
	assert_string_equal(text.buf, expected);
	str_release(&text);
}

static void the_cursor_is_always_on_the_screen(void **state)
{
	(void)state;
	static const enum move moves[] = {MOVE_DOWN, MOVE_PGDN, MOVE_PGDN, MOVE_UP,
		MOVE_BOTTOM, MOVE_PGUP, MOVE_DOWN, MOVE_TOP};
	struct pager p;
	struct grid g = make(10, 40);
	fill(&p, 100);
	for (size_t i = 0; i < LENGTH(moves); i++) {
		pager_move(&p, moves[i]);
		draw(&p, &g);
		assert_true(p.at >= p.top && p.at < p.top + 10);
	}
	pager_move(&p, MOVE_BOTTOM);
	draw(&p, &g);
	row_is(&g, 9, ">  line 99");
	pager_release(&p);
	grid_release(&g);
}

static void search_folds_case_and_goes_around(void **state)
{
	(void)state;
	struct pager p;
	fill(&p, 100);
	assert_true(pager_find(&p, "äpfel", false, true));
	assert_int_equal(p.at, 80);
	assert_true(pager_find(&p, "LINE 7", false, false));
	assert_int_equal(p.at, 7);
	assert_true(pager_find(&p, "line 7", true, false));
	assert_int_equal(p.at, 79);
	assert_false(pager_find(&p, "absent", false, true));
	assert_int_equal(p.at, 79);
	pager_release(&p);
}

static void long_lines_wrap_and_scroll(void **state)
{
	(void)state;
	struct pager p;
	struct grid g = make(5, 14);
	pager_init(&p);
	pager_add(&p, ROLE_TEXT, 0, "abcdefghijklmnopqrstuvwxyz");
	pager_add(&p, ROLE_TEXT, 1, "second");
	draw(&p, &g);
	row_is(&g, 0, ">  abcdefghi~");
	pager_side(&p, K_RIGHT);
	draw(&p, &g);
	row_is(&g, 0, ">  uvwxyz");
	pager_side(&p, 0);
	p.wrap = true;
	draw(&p, &g);
	row_is(&g, 0, ">  abcdefghij");
	row_is(&g, 1, "   klmnopqrst");
	row_is(&g, 3, "   second");
	pager_release(&p);
	grid_release(&g);
}

static void there_is_a_limit(void **state)
{
	(void)state;
	struct pager p;
	pager_init(&p);
	int n = 0;
	while (n < PAGER_LINES_MAX + 10 && pager_add(&p, ROLE_TEXT, n, ""))
		n++;
	assert_int_equal(n, PAGER_LINES_MAX);
	pager_release(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_cursor_is_always_on_the_screen),
		cmocka_unit_test(search_folds_case_and_goes_around),
		cmocka_unit_test(long_lines_wrap_and_scroll),
		cmocka_unit_test(there_is_a_limit),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
