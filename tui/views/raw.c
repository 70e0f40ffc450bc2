/* What the source said about a record, as JSON. */
#include "tui/pager.h"
#include <stdlib.h>
#include <string.h>

struct raw_view {
	struct view v;
	struct pager p;
	struct ask ask;
	bool known;
	char *text; /* as it is shown */
};

/* The same text stays as it is; another is shown from where the one before was read. `text` is taken; NULL: it is gone. */
static void show(struct raw_view *r, bool own, char *text)
{
	struct str safe = STR_INIT;
	size_t at = r->p.at, top = r->p.top;
	if (r->p.n && str_equal(text ? text : "", r->text ? r->text : "")) {
		free(text);
		return;
	}
	free(r->text);
	r->text = text;
	pager_clear(&r->p);
	if (!text)
		pager_add(&r->p, ROLE_WARN, 0, "It is gone from the store.");
	else if (!own)
		pager_add(&r->p, ROLE_DIM, 0,
			"Its source's own JSON was not kept; this is the record made of "
			"it.");
	if (text) {
		utf8_clean(&safe, text, strlen(text), PAGER_BYTES_MAX, UTF8_LINES);
		pager_add_text(&r->p, ROLE_TEXT, safe.buf);
		str_release(&safe);
	}
	if (at < r->p.n) {
		r->p.at = at;
		r->p.top = top;
	}
}

static void answered(struct view *v, json_t *answer)
{
	struct raw_view *r = (struct raw_view *)v;
	r->known = true;
	if (!answer)
		return;
	if (!json_is_object(answer)) {
		show(r, false, NULL);
		return;
	}
	json_t *said = json_sub(answer, "detail");
	show(r, said != NULL, json_pretty(said ? said : answer));
}

static void ask(struct view *v)
{
	ask_start(v, &((struct raw_view *)v)->ask, "record",
		json_pack("{s:I}", "rid", (json_int_t)v->arg.rid), answered);
}

static bool init(struct view *v, struct err *e)
{
	struct raw_view *r = (struct raw_view *)v;
	(void)e;
	pager_init(&r->p);
	ask(v);
	return true;
}

static void release(struct view *v)
{
	struct raw_view *r = (struct raw_view *)v;
	ask_cancel(&r->ask);
	pager_release(&r->p);
	free(r->text);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	struct raw_view *r = (struct raw_view *)v;
	str_addf(path, "%s, raw", v->arg.title ? v->arg.title : "");
	if (r->p.n)
		str_addf(side, "line %zu of %zu", r->p.at + 1, r->p.n);
}

static void draw(struct view *v, const struct canvas *c)
{
	struct canvas body = canvas_sub(c, 1, 0, c->rows - 1, c->cols);
	pager_draw(&((struct raw_view *)v)->p, &body);
}

static void move(struct view *v, enum move m)
{
	pager_move(&((struct raw_view *)v)->p, m);
}

static bool waits(const struct view *v, enum key_about what)
{
	(void)what;
	return !((const struct raw_view *)v)->known;
}

static bool key(struct view *v, const struct event *ev)
{
	return ev->type == EVENT_KEY && pager_side(&((struct raw_view *)v)->p, ev->key);
}

static void found(struct view *v, const char *text)
{
	if (text && *text && !pager_find(&((struct raw_view *)v)->p, text, false, true))
		app_say(v->app, ROLE_WARN, "Not in here: %s", text);
}

static void search(struct view *v)
{
	(void)app_prompt(v, &(struct prompt){.label = "/", .done = found});
}

static void again(struct view *v)
{
	struct pager *p = &((struct raw_view *)v)->p;
	char text[PAGER_SEARCH_MAX];
	(void)str_copy(text, sizeof(text), p->search);
	if (*text)
		(void)pager_find(p, text, false, false);
}

static void wrap(struct view *v)
{
	struct pager *p = &((struct raw_view *)v)->p;
	p->wrap = !p->wrap;
	(void)pager_side(p, 0);
}

static bool searched(struct view *v, struct str *why)
{
	if (*((struct raw_view *)v)->p.search)
		return true;
	str_adds(why, "Nothing is searched for yet: / begins.");
	return false;
}

static bool moves(const struct view *v)
{
	return ((const struct raw_view *)v)->p.n > 1;
}

static const struct command commands[] = {
	{"search", "/", "/ search", "find text", 0, search},
	{"next", "n", "n next", "the next place with that text", 0, again, searched},
	{"wrap", "w", "w wrap", "wrap long lines, or scroll with Left and Right",
		CMD_FREE, wrap},
	{NULL},
};

const struct view_type raw_view = {
	.name = "raw",
	.size = sizeof(struct raw_view),
	.help = "What the source said, as JSON.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.key = key,
	.changed = ask,
	.waits = waits,
	.move = move,
	.moves = moves,
	.commands = commands,
};
