/* One record with its evidence. It follows the store while it is open; cursor and scroll stay where they are. */
#include "tui/views/detail.h"

#include "tui/act.h"
#include "tui/views/list.h"
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static struct detail_view *of(struct view *v)
{
	return (struct detail_view *)v;
}

static void record_answer(struct view *v, struct answer *a)
{
	struct detail_view *d = of(v);
	struct str key = STR_INIT;
	d->have = record_from_json(a->json, &d->r);
	if (!d->have)
		return;
	if (!d->jobs.args && record_key(&d->r, &key))
		answer_ask(v, &d->jobs, "jobs",
			json_pack("{s:s,s:s,s:i}", "type", "action", "key", key.buf,
				"limit", 5),
			NULL);
	str_release(&key);
	const char *asked = json_str(d->group.args, "signature", "");
	if (!*d->r.signature)
		answer_clear(&d->group);
	else if (strcmp(asked, d->r.signature) != 0)
		answer_ask(v, &d->group, "group",
			json_pack("{s:s,s:i,s:b}", "signature", d->r.signature, "limit",
				50, "all", 1),
			NULL);
}

static void ask_all(struct view *v)
{
	struct detail_view *d = of(v);
	const struct {
		struct answer *a;
		const char *question;
		int limit;
		answer_fn *fn;
	} all[] = {{&d->record, "record", 1, record_answer},
		{&d->links, "links", 50, NULL}, {&d->siblings, "siblings", 40, NULL},
		{&d->history, "history", 20, NULL}, {&d->notes, "notes", 20, NULL}};
	for (size_t i = 0; i < LENGTH(all); i++)
		answer_ask(v, all[i].a, all[i].question,
			json_pack("{s:I,s:i}", "rid", (json_int_t)v->arg.rid, "limit",
				all[i].limit),
			all[i].fn);
}

static void forget(struct detail_view *d)
{
	struct answer *all[] = {&d->record, &d->links, &d->siblings, &d->history,
		&d->notes, &d->jobs, &d->group};
	for (size_t i = 0; i < LENGTH(all); i++)
		answer_clear(all[i]);
	d->have = false;
	d->top = d->n = 0;
	d->at = SIZE_MAX;
	d->at_opens = OPENS_NOTHING;
}

static void let_go(struct detail_view *d)
{
	if (d->list && d->list->reader == &d->v)
		d->list->reader = NULL;
	d->list = NULL;
}

static bool init(struct view *v, struct err *e)
{
	(void)e;
	of(v)->at = SIZE_MAX;
	str_init(&of(v)->key, STR_MAX_DEFAULT);
	ask_all(v);
	return true;
}

static void release(struct view *v)
{
	struct detail_view *d = of(v);
	let_go(d);
	forget(d);
	free(d->rows);
	str_release(&d->key);
	arena_release(&d->mem);
}

static void changed(struct view *v)
{
	struct detail_view *d = of(v);
	answer_again(&d->record);
	answer_again(&d->links);
	answer_again(&d->siblings);
	answer_again(&d->history);
	answer_again(&d->notes);
	answer_again(&d->jobs);
	answer_again(&d->group);
}

static bool waits(const struct view *v, enum key_about what)
{
	const struct detail_view *d = (const struct detail_view *)v;
	const struct answer *all[] = {&d->record, &d->links, &d->siblings, &d->history,
		&d->notes, &d->jobs, &d->group};
	size_t n = what == KEY_TARGET ? 1 : LENGTH(all);
	if (d->list && d->list->w.jumping)
		return true;
	for (size_t i = 0; i < n; i++)
		if (answer_waits(all[i]))
			return true;
	return false;
}

static void title(struct view *v, struct str *path, struct str *side)
{
	struct detail_view *d = of(v);
	char age[16];
	str_adds(path, d->have ? d->r.title : v->arg.title ? v->arg.title : "");
	if (!d->have)
		return;
	app_age(age, sizeof(age), d->r.seen);
	/* A pipeline has many runs of one name. */
	struct str run = STR_INIT;
	record_run(&d->r, &run);
	if (run.len)
		str_addf(path, " %s", run.buf);
	str_release(&run);
	str_adds(side, d->r.source);
	if (d->r.seen)
		str_addf(side, ", %s ago", age);
}

/* ---- the cursor ------------------------------------------------------------------------------------------------ */

static size_t next_open(const struct detail_view *d, size_t from)
{
	for (size_t i = from; i < d->n; i++)
		if (d->rows[i].opens != OPENS_NOTHING)
			return i;
	return SIZE_MAX;
}

static size_t previous_open(const struct detail_view *d, size_t from)
{
	for (size_t i = from; i-- > 0;)
		if (d->rows[i].opens != OPENS_NOTHING)
			return i;
	return SIZE_MAX;
}

static void set_cursor(struct detail_view *d, size_t at)
{
	d->at = at;
	if (at == SIZE_MAX)
		return;
	d->at_opens = d->rows[at].opens;
	d->at_id = d->rows[at].id;
}

/* The rows are new: the cursor goes to what it was on, else to the first that opens something. */
static void find_cursor(struct detail_view *d)
{
	for (size_t i = 0; i < d->n; i++) {
		if (d->at_opens != OPENS_NOTHING && d->rows[i].opens == d->at_opens &&
			d->rows[i].id == d->at_id) {
			d->at = i;
			return;
		}
	}
	set_cursor(d, next_open(d, 0));
}

static void scroll(struct detail_view *d, long long by)
{
	long long last = d->n > d->height ? (long long)(d->n - d->height) : 0,
		  top = (long long)d->top + by;
	d->top = (size_t)(top < 0 ? 0 : top > last ? last : top);
}

static bool on_screen(const struct detail_view *d, size_t row)
{
	return row != SIZE_MAX && row >= d->top && row < d->top + d->height;
}

/* To the next row that opens something if it is in sight, else a line further: everything can be read with one key. */
static void step(struct detail_view *d, bool down)
{
	size_t from = on_screen(d, d->at) ? d->at : down ? d->top : d->top + d->height;
	size_t to = down ? next_open(d, on_screen(d, d->at) ? from + 1 : from)
			 : previous_open(d, from < d->n ? from : d->n);
	if (on_screen(d, to))
		set_cursor(d, to);
	else
		scroll(d, down ? 1 : -1);
}

static void move(struct view *v, enum move m)
{
	struct detail_view *d = of(v);
	long long page = d->height > 1 ? (long long)d->height - 1 : 1;
	switch (m) {
	case MOVE_UP:
	case MOVE_DOWN:
		step(d, m == MOVE_DOWN);
		return;
	case MOVE_PGUP:
	case MOVE_PGDN:
		scroll(d, m == MOVE_PGDN ? page : -page);
		break;
	case MOVE_TOP:
		d->top = 0;
		set_cursor(d, next_open(d, 0));
		return;
	case MOVE_BOTTOM:
		scroll(d, (long long)d->n);
		set_cursor(d, previous_open(d, d->n));
		return;
	}
	size_t first = next_open(d, d->top);
	if (!on_screen(d, d->at) && on_screen(d, first))
		set_cursor(d, first);
}

/* ---- drawing ----------------------------------------------------------------------------------------------------- */

static void draw_row(const struct detail_view *d, const struct canvas *c, int y, size_t i)
{
	const struct detail_row *row = &d->rows[i];
	bool here = i == d->at;
	int col = 1;
	if (here)
		canvas_put(c, y, 0, 1, ROLE_CURSOR, ">");
	if (row->label) {
		canvas_put(c, y, 1, DETAIL_LABEL, ROLE_HEADER, row->label);
		col = DETAIL_LABEL + 2;
	}
	if (*row->mark) {
		int width = row->label ? row->mark_width : utf8_width(row->mark);
		canvas_field(c, y, col, width, ALIGN_LEFT, UTF8_CUT_END, row->mark_look,
			row->mark);
		col += width + (row->label ? 2 : 3);
	}
	canvas_put(c, y, col, -1, here ? row->look | LOOK_BOLD : row->look, row->text);
	for (const char *at = row->strip ? strstr(row->text, "FAIL") : NULL; at;
		at = strstr(at + 4, "FAIL"))
		if (col + (at - row->text) + 4 < c->cols)
			grid_look(c->g, c->row + y, c->col + col + (int)(at - row->text),
				4, ROLE_BAD);
}

/* In the last row, which is drawn once more in what is left of it: its text is cut, not overwritten. */
static void draw_more(const struct detail_view *d, const struct canvas *c)
{
	char text[40];
	size_t more = d->n - d->top - d->height;
	(void)str_format(
		text, sizeof(text), "%zu more row%s", more, more == 1 ? "" : "s");
	int y = c->rows - 1, width = utf8_width(text) + 3;
	struct canvas row = canvas_sub(c, y, 0, 1, c->cols),
		      left = canvas_sub(&row, 0, 0, 1, c->cols - width);
	canvas_clear(&row);
	draw_row(d, &left, 0, d->top + (size_t)y);
	canvas_put(&row, 0, c->cols - width + 2, -1, ROLE_DIM, text);
}

static void draw(struct view *v, const struct canvas *c)
{
	struct detail_view *d = of(v);
	detail_build(d, c->cols);
	d->height = c->rows > 0 ? (size_t)c->rows : 1;
	if (!d->have) {
		canvas_put(c, 1, 1, -1, ROLE_DIM,
			!d->record.known ? "Reading the store ..."
			: d->record.json ? "It is gone from the store."
					 : "The store did not answer.");
		return;
	}
	find_cursor(d);
	scroll(d, 0);
	for (int y = 0; y < c->rows && d->top + (size_t)y < d->n; y++)
		draw_row(d, c, y, d->top + (size_t)y);
	if (d->top + d->height < d->n)
		draw_more(d, c);
}

/* ---- commands ------------------------------------------------------------------------------------------------------ */

static void open_row(struct view *v)
{
	struct detail_view *d = of(v);
	const struct detail_row *row = &d->rows[d->at];
	bool job = row->opens == OPENS_JOB;
	if (row->opens == OPENS_FOLD) {
		d->unfolded = !d->unfolded;
		app_paint(v->app);
		return;
	}
	(void)app_open(v->app, job ? &action_view : &detail_view,
		&(struct view_arg){.rid = job ? 0 : row->id,
			.job = job ? row->id : 0,
			.title = row->name});
}

/* To the row that the list is on now; its page may not be here yet, and is waited for. */
static void follow_list(struct view *v)
{
	struct detail_view *d = of(v);
	struct list_view *l = d->list;
	const struct record *r = window_current(&l->w);
	if (!r || l->w.jumping || v->below != &l->v)
		return;
	let_go(d);
	forget(d);
	v->arg.rid = r->rid;
	v->arg.title = arena_strdup(&v->mem, r->title);
	history_replace(v);
	ask_all(v);
}

/* The list that it was opened from goes along, so that Esc lands where reading ended. */
static void sibling_in_list(struct view *v, enum move m)
{
	struct detail_view *d = of(v);
	struct window *w = &((struct list_view *)v->below)->w;
	window_move(w, m);
	d->list = (struct list_view *)v->below;
	d->list->reader = v;
	d->list->reader_moved = follow_list;
	follow_list(v);
}

static void previous(struct view *v)
{
	sibling_in_list(v, MOVE_UP);
}

static void next(struct view *v)
{
	sibling_in_list(v, MOVE_DOWN);
}

static size_t targets(struct view *v, struct target *out, size_t max)
{
	struct detail_view *d = of(v);
	if (!d->have || !max)
		return 0;
	struct str run = STR_INIT;
	str_clear(&d->key);
	(void)record_key(&d->r, &d->key);
	record_run(&d->r, &run);
	if (!d->run || strcmp(d->run, run.buf) != 0)
		d->run = arena_strdup(&v->mem, run.buf);
	str_release(&run);
	*out = (struct target){.rid = v->arg.rid,
		.kind = d->r.kind,
		.state = d->r.state,
		.key = d->key.buf,
		.source = d->r.source,
		.title = d->r.title,
		.run = d->run,
		.snoozed_until = d->r.snoozed_until};
	return 1;
}

static bool glance(struct view *v, bool acting, struct glance *out)
{
	struct detail_view *d = of(v);
	(void)acting;
	if (!d->have)
		return false;
	*out = (struct glance){.kind = d->r.kind,
		.state = d->r.state,
		.source = d->r.source,
		.url = d->r.url,
		.whole = d->record.json};
	return true;
}

static bool moves(const struct view *v)
{
	const struct detail_view *d = (const struct detail_view *)v;
	size_t first = next_open(d, 0);
	return d->n > d->height ||
	       (first != SIZE_MAX && next_open(d, first + 1) != SIZE_MAX);
}

static bool on_row(struct view *v, struct str *why)
{
	struct detail_view *d = of(v);
	if (d->at < d->n)
		return true;
	str_adds(why, "Nothing is linked to it.");
	return false;
}

static const struct window *list_below(const struct view *v, struct str *why)
{
	if (v->below && v->below->type == &list_view)
		return &((const struct list_view *)v->below)->w;
	str_adds(why, "It was not opened from a list. Esc goes back.");
	return NULL;
}

static bool has_next(struct view *v, struct str *why)
{
	const struct window *w = list_below(v, why);
	if (!w || (w->jumping ? w->want_at : w->at) + 1 < w->total)
		return w != NULL;
	str_adds(why, "It is the last of the list.");
	return false;
}

static bool has_previous(struct view *v, struct str *why)
{
	const struct window *w = list_below(v, why);
	if (!w || (w->jumping ? w->want_at : w->at) > 0)
		return w != NULL;
	str_adds(why, "It is the first of the list.");
	return false;
}

static const struct command commands[] = {
	{"open", "Enter Right", "Enter open",
		"what the cursor is on: a linked record, an action", 0, open_row, on_row},
	{"next", "J", "J next", "the next record of the list below", 0, next, has_next},
	{"previous", "K", "K previous", "the record above it in that list", 0, previous,
		has_previous},
	{NULL},
};

const struct view_type detail_view = {
	.name = "detail",
	.size = sizeof(struct detail_view),
	.help = "One record: how it stands, why it is here, what it is linked to.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.waits = waits,
	.move = move,
	.changed = changed,
	.targets = targets,
	.glance = glance,
	.moves = moves,
	.commands = commands,
};
