/* The keys of the view below, made from its commands. */
#include "tui/app_inside.h"
#include "tui/keymap.h"
#include "tui/pager.h"

struct help_view {
	struct view v;
	struct pager p;
};

static bool is_own(const struct view *v, const struct command *c)
{
	for (const struct command *own = v->type->commands; own && own->name; own++)
		if (own == c)
			return true;
	return false;
}

static void add_commands(struct help_view *h, const struct view *of)
{
	const struct command *c = NULL;
	struct str keys = STR_INIT;
	bool general = false;
	for (size_t i = 0; (c = command_at(of, i)); i++) {
		if (!general && !is_own(of, c)) {
			pager_add(&h->p, ROLE_TEXT, 0, "");
			general = true;
		}
		str_clear(&keys);
		keymap_all(c->keys, &keys);
		pager_addf(&h->p, ROLE_TEXT, 0, "%-14s  %-16s  %s", keys.buf, c->name,
			c->help);
	}
	str_release(&keys);
}

static bool init(struct view *v, struct err *e)
{
	struct help_view *h = (struct help_view *)v;
	const struct view *of = v->app->top;
	(void)e;
	pager_init(&h->p);
	h->p.plain = true;
	pager_add(&h->p, ROLE_TITLE, 0, of->type->help ? of->type->help : "");
	pager_add(&h->p, ROLE_TEXT, 0, "");
	pager_addf(&h->p, ROLE_HEADER, 0, "%-14s  %-16s  %s", "KEYS", "NAME",
		"WHAT IT DOES");
	add_commands(h, of);
	pager_add(&h->p, ROLE_TEXT, 0, "");
	pager_add(&h->p, ROLE_DIM, 0,
		"Any name can be typed after `:`. Nothing changes the world before it "
		"was previewed and confirmed.");
	return true;
}

static void release(struct view *v)
{
	pager_release(&((struct help_view *)v)->p);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	(void)v;
	(void)side;
	str_adds(path, "keys");
}

static void draw(struct view *v, const struct canvas *c)
{
	struct canvas body = canvas_sub(c, 1, 0, c->rows - 1, c->cols);
	pager_draw(&((struct help_view *)v)->p, &body);
}

static void move(struct view *v, enum move m)
{
	pager_move(&((struct help_view *)v)->p, m);
}

const struct view_type help_view = {
	.name = "help",
	.size = sizeof(struct help_view),
	.help = "The keys of a view.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.move = move,
};
