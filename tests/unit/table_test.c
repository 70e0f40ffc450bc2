/* Columns: which are shown at a width, and how wide. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "tui/lanes.h"
#include "tui/table.h"

static void cell(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, row);
}

static const struct column columns[] = {
	{.title = "STATE", .min = 8, .cell = cell},
	{.title = "WHAT", .min = 10, .max = 30, .share = 2, .strong = true, .cell = cell},
	{.title = "SOURCE", .min = 6, .rank = 2, .cell = cell},
	{.title = "WHY", .min = 10, .max = 30, .share = 1, .rank = 1, .cell = cell},
};

static int used(const struct column *c, size_t n, const int *w)
{
	int sum = TABLE_GUTTER + 1, shown = 0;
	for (size_t i = 0; i < n; i++)
		if (w[i]) {
			assert_true(w[i] >= c[i].min);
			assert_true(!c[i].max || w[i] <= c[i].max);
			sum += w[i] + (shown++ ? 2 : 0);
		}
	return sum;
}

static void the_highest_rank_goes_first(void **state)
{
	(void)state;
	int w[TABLE_COLUMNS_MAX];
	table_layout(columns, 4, 44, NULL, w);
	assert_int_equal(w[2], 6);
	table_layout(columns, 4, 43, NULL, w);
	assert_int_equal(w[2], 0);
	assert_true(w[3] > 0);
	table_layout(columns, 4, 33, NULL, w);
	assert_int_equal(w[3], 0);
	table_layout(columns, 4, 1, NULL, w);
	assert_int_equal(w[0], 8);
	assert_int_equal(w[1], 10);
}

static void growing_columns_share_the_rest(void **state)
{
	(void)state;
	int w[TABLE_COLUMNS_MAX];
	table_layout(columns, 4, 44 + 9, NULL, w);
	assert_int_equal(w[1], 16);
	assert_int_equal(w[3], 13);
	table_layout(columns, 4, 500, NULL, w);
	assert_int_equal(w[1], 30);
	assert_int_equal(w[3], 30);
}

/* Content that is narrow takes little, and what is spare goes to those that share; content that is wide is held by the limits. */
static void columns_take_what_they_need(void **state)
{
	(void)state;
	const struct column c[] = {
		{.title = "A", .min = 9},
		{.title = "B", .min = 20, .max = 40, .share = 1},
		{.title = "C", .min = 12, .max = 16},
	};
	const int narrow[] = {4, 30, 5}, wide[] = {30, 90, 90}, none[] = {0, 0, 0};
	int w[TABLE_COLUMNS_MAX];
	table_layout(c, 3, 60, narrow, w);
	assert_int_equal(w[0], 4);
	assert_int_equal(w[1], 40);
	assert_int_equal(w[2], 5);
	table_layout(c, 3, 60, wide, w);
	assert_int_equal(w[0], 9);
	assert_int_equal(w[2], 16);
	assert_int_equal(w[1], 27);
	table_layout(c, 3, 60, none, w);
	assert_int_equal(w[0], 9);
	assert_int_equal(w[2], 12);
}

/* No lane ever draws wider than the screen, and state and title are there at every width. */
static void all_lanes_fit_every_width(void **state)
{
	(void)state;
	int w[TABLE_COLUMNS_MAX];
	for (int lane = 0; lane < LANE_COUNT; lane++) {
		const struct lane *l = &lanes[lane];
		for (int width = 40; l->columns && width <= 300; width++) {
			table_layout(l->columns, l->n_columns, width, NULL, w);
			assert_true(used(l->columns, l->n_columns, w) <= width);
			for (size_t i = 0; i < l->n_columns; i++)
				if (strcmp(l->columns[i].title, "STATE") == 0 ||
					strcmp(l->columns[i].title, "WHAT") == 0)
					assert_true(w[i] > 0);
		}
	}
}

static void the_cursor_is_a_sign_and_bold_on_the_thing_itself(void **state)
{
	(void)state;
	struct grid g;
	struct table t;
	struct str text = STR_INIT;
	grid_init(&g);
	grid_resize(&g, 2, 60);
	struct canvas c = {&g, 0, 0, 2, 60};
	table_init(&t, columns, 4, NULL);
	table_row(&t, &c, 0, "x", true, true);
	grid_row_text(&g, 0, &text);
	assert_memory_equal(text.buf, ">* x", 4);
	assert_false(grid_cell(&g, 0, 3)->look & LOOK_BOLD);
	assert_true(grid_cell(&g, 0, 13)->look & LOOK_BOLD);
	str_release(&text);
	grid_release(&g);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_highest_rank_goes_first),
		cmocka_unit_test(growing_columns_share_the_rest),
		cmocka_unit_test(columns_take_what_they_need),
		cmocka_unit_test(all_lanes_fit_every_width),
		cmocka_unit_test(the_cursor_is_a_sign_and_bold_on_the_thing_itself),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
