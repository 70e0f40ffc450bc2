/* A line of text asked for on the last line of the screen. */
#include "tui/app_inside.h"
#include "tui/line.h"

struct prompt_state {
	struct view v;
	struct view *asker; /* below; it cannot close before the prompt */
	struct prompt p;
	struct line line;
	char label[64], side[256];
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
		finish(s, s->line.text);
	} else if (line_event(&s->line, ev) && s->p.changed) {
		s->p.changed(s->asker, s->line.text);
	}
	return true;
}

static void draw(struct view *v, const struct canvas *c)
{
	struct prompt_state *s = (struct prompt_state *)v;
	struct canvas line = canvas_sub(c, c->rows - 1, 0, 1, c->cols);
	canvas_clear(&line);
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
