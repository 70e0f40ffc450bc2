/* The keys of the view below, made from its commands. */
#include "tui/app_inside.h"
#include "tui/keymap.h"
#include "tui/pager.h"

/* From TWO_COLS on the commands stand in two columns. */
enum { TWO_COLS = 160, SIDES = 4, KEYS = 14, NAME = 16 };

struct help_view {
	struct view v;
	struct pager p;
	bool built, two; /* the lines are there, for two columns */
};

static bool is_own(const struct view *v, const struct command *c)
{
	for (const struct command *own = v->type->commands; own && own->name; own++)
		if (own == c)
			return true;
	return false;
}

static void add_command(const struct command *c, int width, struct str *out)
{
	struct str keys = STR_INIT, text = STR_INIT;
	keymap_all(c->keys, &keys);
	str_addf(&text, "%-*s  %-*s  %s", KEYS, keys.buf, NAME, c->name, c->help);
	if (width)
		str_addf(out, "%-*.*s", width, width - 2, text.buf);
	else
		str_adds(out, text.buf);
	str_release(&keys);
	str_release(&text);
}

static void add_commands(struct help_view *h, const struct view *of)
{
	const struct command *c = NULL;
	bool general = false;
	for (size_t i = 0; (c = command_at(of, i)); i++) {
		struct str line = STR_INIT;
		if (!general && !is_own(of, c)) {
			pager_add(&h->p, ROLE_TEXT, 0, "");
			general = true;
		}
		add_command(c, 0, &line);
		pager_add(&h->p, ROLE_TEXT, 0, line.buf);
		str_release(&line);
	}
}

/* The first half at the left. */
static void add_two(struct help_view *h, const struct view *of)
{
	size_t n = 0;
	while (command_at(of, n))
		n++;
	size_t half = (n + 1) / 2;
	for (size_t i = 0; i < half; i++) {
		struct str line = STR_INIT;
		add_command(command_at(of, i), (h->v.cols - SIDES) / 2, &line);
		if (half + i < n)
			add_command(command_at(of, half + i), 0, &line);
		pager_add(&h->p, ROLE_TEXT, 0, line.buf);
		str_release(&line);
	}
}

static void build(struct help_view *h)
{
	const struct view *of = h->v.below;
	h->two = h->v.cols >= TWO_COLS;
	h->built = true;
	pager_clear(&h->p);
	pager_add(&h->p, ROLE_TITLE, 0, of->type->help ? of->type->help : "");
	pager_add(&h->p, ROLE_TEXT, 0, "");
	pager_addf(&h->p, ROLE_HEADER, 0, "%-*s  %-*s  %s", KEYS, "KEYS", NAME, "NAME",
		"WHAT IT DOES");
	if (h->two)
		add_two(h, of);
	else
		add_commands(h, of);
	pager_add(&h->p, ROLE_TEXT, 0, "");
	pager_add(&h->p, ROLE_DIM, 0,
		"Any name can be typed after `:`. Nothing changes the world before it "
		"was previewed and confirmed.");
}

static bool init(struct view *v, struct err *e)
{
	struct help_view *h = (struct help_view *)v;
	(void)e;
	pager_init(&h->p);
	h->p.plain = true;
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
	struct help_view *h = (struct help_view *)v;
	struct canvas body = canvas_sub(c, 1, 0, c->rows - 1, c->cols);
	if (!h->built || h->two != (v->cols >= TWO_COLS))
		build(h);
	pager_draw(&h->p, &body);
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
