/* `:` -- every command, view and runbook by name, and records by any of their words. */
#include "tui/act.h"
#include "tui/app_inside.h"
#include "tui/line.h"

#include "runbooks/engine/runbook.h"
#include <stdlib.h>
#include <string.h>

/* Names come first, records get what is left of the lines, and these at least. */
enum { SHOWN = 12, RECORDS_LEAST = 4, WORDS_MIN = 2 };

struct item {
	const char *name, *what, *help;
	const struct command *command; /* NULL: a runbook, or a record */
	long long rid;                 /* of a record */
	bool run;                      /* its name ends with which run it is */
};

struct palette {
	struct view v;
	struct view *of;
	struct line line;
	struct item *items; /* by name */
	size_t n, cap;
	struct item found[SHOWN]; /* best first: names, then records */
	size_t n_found, at, matching, n_names;
	struct item records[SHOWN];
	size_t n_records, all_records;
	struct filter *filter; /* of the question under way */
	struct store_query query;
	struct store_req *req;
	struct arena mem; /* text of the records */
	bool asking;
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

static void find(struct palette *p)
{
	/* Their lines are free from the beginning: what is chosen must not move when they come. */
	size_t most = p->filter ? SHOWN - RECORDS_LEAST : SHOWN;
	p->n_found = p->matching = 0;
	for (int want = 5; want > 0; want--) {
		for (size_t i = 0; i < p->n; i++) {
			if (score(&p->items[i], p->line.text) != want)
				continue;
			p->matching++;
			if (p->n_found < most)
				p->found[p->n_found++] = p->items[i];
		}
	}
	p->n_names = p->n_found;
	for (size_t i = 0; i < p->n_records && p->n_found < SHOWN; i++)
		p->found[p->n_found++] = p->records[i];
	p->matching += p->all_records;
	if (p->at >= p->n_found)
		p->at = 0;
}

/* ---- records ---------------------------------------------------------------------------------- */

static void forget_records(struct palette *p)
{
	store_cancel(app_store(p->v.app), p->req);
	p->req = NULL;
	filter_free(p->filter);
	p->filter = NULL;
	p->n_records = p->all_records = 0;
	p->asking = false;
	arena_clear(&p->mem);
}

static void on_records(void *arg, const struct store_rows *rows)
{
	struct palette *p = arg;
	p->asking = !rows->complete && !rows->err;
	if (!p->asking)
		p->req = NULL;
	p->n_records = 0;
	arena_clear(&p->mem);
	for (size_t i = 0; i < rows->n && p->n_records < SHOWN; i++) {
		const struct record *r = &rows->rows[i];
		char *help = arena_printf(&p->mem, "%s, %s   %s", r->source,
			word_of_state(r->state), r->id);
		p->records[p->n_records++] = (struct item){
			.name = arena_printf(&p->mem, "%s%s%s", r->title,
				r->run && *r->run ? " " : "", r->run ? r->run : ""),
			.what = kind_name(r->kind),
			.help = help,
			.run = r->run && *r->run,
			.rid = r->rid};
	}
	p->all_records = rows->total;
	find(p);
	app_paint(p->v.app);
}

/* Each word has to be somewhere in the record; what the filter takes for a sign is a letter here. */
static void ask_records(struct palette *p)
{
	struct str words = STR_INIT;
	struct err e = ERR_INIT;
	forget_records(p);
	for (const char *at = p->line.text; *at;) {
		size_t len = strcspn(at, " \"");
		if (len)
			str_addf(&words, "\"%.*s\" ", (int)len, at);
		at += len + (at[len] != '\0');
	}
	if (strlen(p->line.text) >= WORDS_MIN && words.len)
		p->filter = filter_parse(words.buf, NULL, &e);
	str_release(&words);
	if (!p->filter)
		return;
	p->query = (struct store_query){.filter = p->filter, .count = SHOWN};
	p->asking = true;
	p->req = store_query(app_store(p->v.app), &p->query, on_records, p);
}

static void search(struct palette *p)
{
	p->at = 0;
	ask_records(p);
	find(p);
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
		bool lane = c->keys && c->keys[0] >= '1' && c->keys[0] <= '9';
		if (strcmp(c->name, "palette") != 0)
			add(p, (struct item){.name = c->name,
				       .what = lane ? "view" : "command",
				       .help = c->help,
				       .command = c});
	}
	for (size_t i = 0; books && i < runbooks_count(books); i++) {
		const struct runbook *b = runbooks_at(books, i);
		add(p, (struct item){.name = runbook_name(b),
			       .what = "runbook",
			       .help = runbook_title(b)});
	}
	search(p);
	return true;
}

static void release(struct view *v)
{
	struct palette *p = (struct palette *)v;
	forget_records(p);
	arena_release(&p->mem);
	free(p->items);
}

static void run(struct palette *p)
{
	struct view *of = p->of;
	struct app *a = p->v.app;
	if (!p->n_found) /* said already */
		return;
	struct item it = p->found[p->at];
	char name[128];
	(void)str_copy(name, sizeof(name), it.name);
	app_close(&p->v);
	if (it.rid)
		(void)app_open(a, &detail_view,
			&(struct view_arg){.rid = it.rid, .title = name});
	else if (it.command)
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
	c = p->found[p->at].command;
	if (p->found[p->at].rid)
		return false;
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

/* Wide screens show whole titles. */
static int name_width(const struct canvas *c)
{
	return c->cols >= 120 ? 44 : 24;
}

static void draw(struct view *v, const struct canvas *c)
{
	struct palette *p = (struct palette *)v;
	int rows = SHOWN + 2 < c->rows ? SHOWN + 2 : c->rows, width = name_width(c);
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
		const struct item *it = &p->found[i];
		int row = (int)i + 2;
		if (i == p->at)
			canvas_put(&box, row, 1, 1, ROLE_CURSOR, ">");
		canvas_field(&box, row, 3, width, ALIGN_LEFT,
			it->run ? UTF8_CUT_MIDDLE : UTF8_CUT_END,
			i == p->at ? ROLE_CURSOR : ROLE_TEXT, it->name);
		canvas_field(&box, row, width + 5, 8, ALIGN_LEFT, UTF8_CUT_END, ROLE_DIM,
			it->what);
		canvas_put(&box, row, width + 15, -1, ROLE_DIM, it->help);
	}
	if (!p->n_found)
		canvas_put(&box, 2, 3, -1, ROLE_WARN,
			p->asking ? "Looking ..."
				  : "Nothing: no view, command, runbook or record has "
				    "this in it.");
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
