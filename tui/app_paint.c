/* The frame around every view: lanes, last line; and overlays above it. The first line is in app_title.c. */
#include "tui/app_inside.h"

#include "tui/keymap.h"
#include <limits.h>
#include <string.h>

enum { MIN_ROWS = 10, MIN_COLS = 40, OVERLAYS_MAX = 8 };

static bool too_small(const struct app *a)
{
	return a->rows < MIN_ROWS || a->cols < MIN_COLS;
}

/* The top-most view that is no overlay. */
static struct view *base_view(const struct app *a)
{
	struct view *v = a->top;
	while (v->type->overlay && v->below)
		v = v->below;
	return v;
}

void paint_room(const struct app *a, int *rows, int *cols)
{
	*rows = a->rows > 2 ? a->rows - 2 : 1;
	*cols = a->cols;
}

/* ---- lanes ---------------------------------------------------------------------------------- */

/* How the lanes are written, from roomy to narrow; each keeps them apart. */
static const struct lane_style {
	bool brief, glued;
	int gap;
	long long most; /* counts above are said as "more than" */
} lane_styles[] = {
	{false, false, 2, LLONG_MAX},
	{true, false, 2, LLONG_MAX},
	{true, true, 2, LLONG_MAX},
	{true, true, 2, 99},
	{true, true, 1, 99},
};

static int lane_text(
	const struct app *a, int lane, const struct lane_style *s, char *dst, size_t size)
{
	char n[32] = "";
	long long count = a->counts ? lane_count(lane, a->counts) : 0;
	if (count > s->most)
		(void)str_format(n, sizeof(n), "%lld+", s->most);
	else if (count > 0)
		count_format(n, sizeof(n), count);
	(void)str_format(dst, size, s->glued ? "%d%s%s%s%s" : "%d %s%s%s%s", lane + 1,
		s->brief ? lanes[lane].brief : lanes[lane].title, *n ? " " : "", n,
		*n && lane == LANE_ACTIONS && !s->brief ? " running" : "");
	return utf8_width(dst);
}

static const struct lane_style *lane_style(const struct app *a)
{
	char text[80];
	for (size_t i = 0; i < LENGTH(lane_styles); i++) {
		int width = 1;
		for (int lane = 0; lane < LANE_COUNT; lane++)
			width += lane_text(a, lane, &lane_styles[i], text, sizeof(text)) +
				 lane_styles[i].gap;
		if (width - lane_styles[i].gap < a->cols)
			return &lane_styles[i];
	}
	return &lane_styles[LENGTH(lane_styles) - 1];
}

static void lanes_line(struct app *a)
{
	const struct lane_style *s = lane_style(a);
	char text[80];
	int col = 1;
	for (int i = 0; i < LANE_COUNT; i++) {
		int w = lane_text(a, i, s, text, sizeof(text));
		if (col + w >= a->cols)
			break;
		grid_put(&a->grid, 1, col, w, i == a->lane ? ROLE_LANE_NOW : ROLE_LANE,
			text);
		col += w + s->gap;
	}
}

/* ---- last line -------------------------------------------------------------------------------- */

static void last_line(struct app *a, struct view *v)
{
	static const char keys[] = "? keys";
	int row = a->rows - 1, col = 1, end = a->cols - (int)sizeof(keys) - 2;
	const struct command *c = NULL;
	if (a->say[0]) {
		grid_put(&a->grid, row, 1, a->cols - 2, a->say_role, a->say);
		return;
	}
	/* In a list, what can be done with the record comes first: it is what narrow screens keep. Elsewhere the
	 * view's own commands do, as they stand in its table. */
	for (int pass = v->lane >= 0 ? 0 : 1; pass < 2; pass++) {
		for (size_t i = 0; (c = command_at(v, i)); i++) {
			bool early = v->lane >= 0 && (c->flags & CMD_TARGET);
			const char *hint =
				early == (pass == 0) ? command_hint(v, c) : NULL;
			int w = hint ? utf8_width(hint) : 0;
			if (!w || col + w > end)
				continue;
			col += grid_put(&a->grid, row, col, w, ROLE_DIM, hint) + 3;
		}
	}
	grid_put(&a->grid, row, col, a->cols, ROLE_DIM, keys);
}

/* ---- all ---------------------------------------------------------------------------------------- */

void paint_all(struct app *a)
{
	struct view *base = base_view(a), *over[OVERLAYS_MAX];
	int lanes_rows = base->lane >= 0 ? 2 : 1;
	size_t n = 0;
	if (too_small(a)) {
		char text[120];
		(void)str_format(text, sizeof(text),
			"Too small: needs 40x10, this is %dx%d", a->cols, a->rows);
		grid_put(&a->grid, 0, 0, a->cols, ROLE_WARN, text);
		return;
	}
	paint_first_line(a, base);
	if (base->lane >= 0)
		lanes_line(a);
	struct canvas body = {
		&a->grid, lanes_rows + 1, 0, a->rows - lanes_rows - 2, a->cols};
	base->rows = body.rows;
	base->cols = body.cols;
	if (base->type->draw)
		base->type->draw(base, &body);
	last_line(a, base);
	for (struct view *v = a->top; v != base && n < OVERLAYS_MAX; v = v->below)
		over[n++] = v;
	struct canvas whole = {&a->grid, 0, 0, a->rows, a->cols};
	while (n-- > 0) {
		over[n]->rows = whole.rows;
		over[n]->cols = whole.cols;
		if (over[n]->type->draw)
			over[n]->type->draw(over[n], &whole);
	}
}

void app_paint_now(struct app *a)
{
	app_collect_dead(a);
	grid_clear(&a->grid);
	paint_all(a);
	a->dirty = false;
	if (a->term)
		term_draw(a->term, &a->grid);
	a->painted = true;
	if (a->on_paint)
		a->on_paint(a->paint_arg);
}
