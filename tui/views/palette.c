/* `:` -- every command, view and runbook by name. */
#include "tui/act.h"
#include "tui/app_inside.h"
#include "tui/line.h"

#include "runbooks/engine/runbook.h"
#include <stdlib.h>
#include <string.h>

enum { SHOWN = 9 };

struct item {
	const char *name, *what, *help;
	const struct command *command; /* NULL: a runbook */
};

struct palette {
	struct view v;
	struct view *of;
	struct line line;
	struct item *items;
	size_t n, cap;
	size_t found[SHOWN]; /* indexes, best first */
	size_t n_found, at, matching;
};

static void add(struct palette *p, struct item it)
{
	p->items = mem_grow(p->items, &p->cap, p->n + 1, sizeof(*p->items));
	p->items[p->n++] = it;
}

/* 0: no; else the higher the better. */
static int score(const struct item *it, const char *text)
{
	size_t len = strlen(text);
	if (!len)
		return 1;
	if (strcasecmp(it->name, text) == 0)
		return 5;
	if (strncasecmp(it->name, text, len) == 0)
		return 4;
	if (strcasestr(it->name, text))
		return 3;
	return strcasestr(it->help, text) ? 2 : 0;
}

static void search(struct palette *p)
{
	p->n_found = p->matching = p->at = 0;
	for (int want = 5; want > 0; want--) {
		for (size_t i = 0; i < p->n; i++) {
			if (score(&p->items[i], p->line.text) != want)
				continue;
			p->matching++;
			if (p->n_found < SHOWN)
				p->found[p->n_found++] = i;
		}
	}
}

static bool init(struct view *v, struct err *e)
{
	struct palette *p = (struct palette *)v;
	const struct command *c = NULL;
	const struct runbooks *books = app_runbooks(v->app);
	(void)e;
	p->of = v->app->top;
	line_set(&p->line, "");
	for (size_t i = 0; (c = command_at(p->of, i)); i++) {
		bool lane = c->keys && c->keys[0] >= '1' && c->keys[0] <= '8';
		if (strcmp(c->name, "palette") != 0)
			add(p, (struct item){
				       c->name, lane ? "view" : "command", c->help, c});
	}
	for (size_t i = 0; books && i < runbooks_count(books); i++) {
		const struct runbook *b = runbooks_at(books, i);
		add(p, (struct item){runbook_name(b), "runbook", runbook_title(b), NULL});
	}
	search(p);
	return true;
}

static void release(struct view *v)
{
	free(((struct palette *)v)->items);
}

static void run(struct palette *p)
{
	struct view *of = p->of;
	struct app *a = p->v.app;
	if (!p->n_found) {
		app_say(a, ROLE_WARN, "Nothing has that name: %s", p->line.text);
		app_close(&p->v);
		return;
	}
	struct item it = p->items[p->found[p->at]];
	char name[128];
	(void)str_copy(name, sizeof(name), it.name);
	app_close(&p->v);
	if (it.command)
		command_run(of, it.command);
	else
		act_runbook(of, name);
}

static void step(struct palette *p, size_t by)
{
	if (p->n_found)
		p->at = (p->at + by) % p->n_found;
}

/* The keys that are no text. */
static bool special(struct palette *p, int key)
{
	switch (key) {
	case K_BACKSPACE:
		if (*p->line.text)
			return false;
		app_close(&p->v);
		return true;
	case K_ESC:
	case K_CTRL('c'):
		app_close(&p->v);
		return true;
	case K_ENTER:
		run(p);
		return true;
	case K_DOWN:
	case K_TAB:
	case K_CTRL('n'):
		step(p, 1);
		return true;
	case K_UP:
	case K_BACKTAB:
	case K_CTRL('p'):
		step(p, p->n_found - 1);
		return true;
	}
	return false;
}

/* Enter, when what it names is about the view below. */
static bool waits(const struct view *v, enum key_about what)
{
	const struct palette *p = (const struct palette *)v;
	const struct view *of = p->of;
	const struct command *c = NULL;
	(void)what;
	if (!p->n_found || !of->type->waits)
		return false;
	c = p->items[p->found[p->at]].command;
	if (!c)
		return of->type->targets && of->type->waits(of, KEY_TARGET);
	return command_about_shown(of, c) && of->type->waits(of, command_wants(c));
}

static bool key(struct view *v, const struct event *ev)
{
	struct palette *p = (struct palette *)v;
	if (ev->type == EVENT_KEY && special(p, ev->key))
		return true;
	if (line_event(&p->line, ev))
		search(p);
	return true;
}

static void draw(struct view *v, const struct canvas *c)
{
	struct palette *p = (struct palette *)v;
	int rows = SHOWN + 2 < c->rows ? SHOWN + 2 : c->rows;
	struct canvas box = canvas_sub(c, c->rows - rows, 0, rows, c->cols);
	canvas_clear(&box);
	canvas_rule(&box, 0);
	canvas_put(&box, 1, 1, 1, ROLE_KEY, ":");
	if (p->matching > p->n_found) {
		char side[64];
		(void)str_format(
			side, sizeof(side), "%zu of %zu", p->n_found, p->matching);
		canvas_put(&box, 1, c->cols - 1 - utf8_width(side), -1, ROLE_DIM, side);
	}
	line_draw(&p->line, &box, 1, 3, c->cols - 20, true);
	for (size_t i = 0; i < p->n_found; i++) {
		const struct item *it = &p->items[p->found[i]];
		int row = (int)i + 2;
		if (i == p->at)
			canvas_put(&box, row, 1, 1, ROLE_CURSOR, ">");
		canvas_field(&box, row, 3, 24, ALIGN_LEFT, UTF8_CUT_END,
			i == p->at ? ROLE_CURSOR : ROLE_TEXT, it->name);
		canvas_field(
			&box, row, 29, 8, ALIGN_LEFT, UTF8_CUT_END, ROLE_DIM, it->what);
		canvas_put(&box, row, 39, -1, ROLE_DIM, it->help);
	}
}

const struct view_type palette_view = {
	.name = "palette",
	.size = sizeof(struct palette),
	.overlay = true,
	.help = "Everything by name.",
	.init = init,
	.release = release,
	.draw = draw,
	.key = key,
	.waits = waits,
};
