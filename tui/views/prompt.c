/* A line of text asked for on the last line of the screen. */
#include "tui/app_inside.h"
#include "tui/line.h"

struct prompt_state {
	struct view v;
	struct view *asker; /* below; it cannot close before the prompt */
	struct prompt p;
	struct line line;
	char label[64], side[256], wrong[512];
};

bool app_prompt(struct view *v, const struct prompt *p)
{
	if (!app_open(v->app, &prompt_view, NULL))
		return false;
	struct prompt_state *s = (struct prompt_state *)v->app->top;
	s->asker = v;
	s->p = *p;
	(void)str_copy(s->label, sizeof(s->label), p->label);
	(void)str_copy(s->side, sizeof(s->side), p->side ? p->side : "");
	line_set(&s->line, p->text);
	return true;
}

void app_prompt_side(struct view *v, const char *side)
{
	struct prompt_state *s = (struct prompt_state *)v->app->top;
	if (s->v.type != &prompt_view || s->asker != v || !s->p.changed)
		return;
	(void)str_copy(s->side, sizeof(s->side), side);
	app_paint(v->app);
}

void app_prompt_wrong(struct view *v, const char *why)
{
	struct prompt_state *s = (struct prompt_state *)v->app->top;
	if (s->v.type != &prompt_view || s->asker != v)
		return;
	(void)str_copy(s->wrong, sizeof(s->wrong), why);
	app_paint(v->app);
}

static void finish(struct prompt_state *s, const char *text)
{
	struct view *asker = s->asker;
	app_close(&s->v);
	s->p.done(asker, text);
}

static bool leaves(const struct prompt_state *s, int key)
{
	return key == K_ESC || key == K_CTRL('c') || key == K_CTRL('g') ||
	       (key == K_BACKSPACE && !*s->line.text);
}

static bool key(struct view *v, const struct event *ev)
{
	struct prompt_state *s = (struct prompt_state *)v;
	bool is_key = ev->type == EVENT_KEY;
	if (is_key && leaves(s, ev->key)) {
		finish(s, NULL);
	} else if (is_key && ev->key == K_ENTER) {
		if (!s->p.check || s->p.check(s->asker, s->line.text))
			finish(s, s->line.text);
	} else if (line_event(&s->line, ev) && s->p.changed) {
		s->p.changed(s->asker, s->line.text);
	}
	return true;
}

/* On as many lines above the prompt as it takes: what there is to choose from is part of it. */
static void draw_wrong(const struct prompt_state *s, const struct canvas *c)
{
	struct canvas nowhere = canvas_sub(c, 0, 0, 0, 0);
	int width = c->cols - 2,
	    rows = canvas_wrap(&nowhere, 0, 1, width, 4, ROLE_WARN, s->wrong);
	struct canvas box = canvas_sub(c, c->rows - 1 - rows, 0, rows, c->cols);
	canvas_clear(&box);
	(void)canvas_wrap(&box, 0, 1, width, rows, ROLE_WARN, s->wrong);
}

static void draw(struct view *v, const struct canvas *c)
{
	struct prompt_state *s = (struct prompt_state *)v;
	struct canvas line = canvas_sub(c, c->rows - 1, 0, 1, c->cols);
	canvas_clear(&line);
	if (s->wrong[0])
		draw_wrong(s, c);
	int col = 1 + canvas_put(&line, 0, 1, c->cols / 2, ROLE_KEY, s->label) + 1;
	int side = utf8_width(s->side), room = c->cols - col - 2;
	if (side > c->cols / 2)
		side = c->cols / 2;
	if (side && room - side - 3 > 10) {
		room -= side + 3;
		canvas_put(&line, 0, c->cols - 1 - side, side, ROLE_DIM, s->side);
	}
	line_draw(&s->line, &line, 0, col, room, true);
	if (v->app->say[0])
		canvas_put(c, c->rows - 2, 1, -1, v->app->say_role, v->app->say);
}

const struct view_type prompt_view = {
	.name = "prompt",
	.size = sizeof(struct prompt_state),
	.overlay = true,
	.help = "A line of text.",
	.draw = draw,
	.key = key,
};
