/* Choosing a runbook that applies to what was chosen. */
#include "tui/from_json.h"
#include "tui/table.h"
#include "tui/view.h"

#include "runbooks/engine/runbook.h"
#include <stdlib.h>

struct runbooks_view {
	struct view v;
	struct ask ask;
	struct table table;
	const struct runbook **items;
	size_t n, at;
	bool known;
};

static void cell_key(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	*look = ROLE_KEY;
	if (runbook_key(row))
		str_addc(out, runbook_key(row));
}

static void cell_name(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, runbook_name(row));
}

static void cell_risk(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	enum risk risk = runbook_risk(row);
	str_adds(out, risk_name(risk));
	*look = risk == RISK_IRREVERSIBLE || risk == RISK_SECURITY ? ROLE_BAD : ROLE_DIM;
}

static void cell_title(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, runbook_title(row));
}

static const struct column columns[] = {
	{.title = "RUNBOOK",
		.min = 24,
		.max = 32,
		.share = 1,
		.strong = true,
		.cell = cell_name},
	{.title = "KEY", .min = 3, .rank = 3, .cell = cell_key},
	{.title = "RISK", .min = 12, .rank = 1, .cell = cell_risk},
	{.title = "WHAT IT DOES",
		.min = 20,
		.max = 100,
		.share = 3,
		.rank = 2,
		.cell = cell_title},
};

/* The cursor goes with its runbook; when that does not apply any more, what is pressed now was meant for another. */
static void place(struct runbooks_view *b, const struct runbook *was)
{
	for (size_t i = 0; was && i < b->n; i++) {
		if (b->items[i] == was) {
			b->at = i;
			return;
		}
	}
	b->at = 0;
	if (was)
		app_shifted(&b->v);
}

static void answered(struct view *v, json_t *answer)
{
	struct runbooks_view *b = (struct runbooks_view *)v;
	const struct runbooks *all = app_runbooks(v->app);
	const struct runbook *was = b->n ? b->items[b->at] : NULL;
	struct record r;
	b->known = true;
	if (!answer)
		return;
	b->n = 0;
	if (!all || !record_from_json(answer, &r))
		return;
	const struct config_source *source = config_source(app_config(v->app), r.source);
	if (!b->items)
		b->items = arena_alloc(
			&v->mem, runbooks_count(all) * sizeof(struct runbook *));
	for (size_t i = 0; i < runbooks_count(all); i++) {
		const struct runbook *one = runbooks_at(all, i);
		if (!runbook_on_hosts(one) &&
			runbook_applies(one, &r, source ? source->connector : ""))
			b->items[b->n++] = one;
	}
	place(b, was);
}

static void ask(struct view *v)
{
	ask_start(v, &((struct runbooks_view *)v)->ask, "record",
		json_pack("{s:I}", "rid", (json_int_t)v->arg.rid), answered);
}

static bool init(struct view *v, struct err *e)
{
	struct runbooks_view *b = (struct runbooks_view *)v;
	(void)e;
	table_init(&b->table, columns, LENGTH(columns), NULL);
	ask(v);
	return true;
}

static void release(struct view *v)
{
	ask_cancel(&((struct runbooks_view *)v)->ask);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	str_adds(path, "runbooks");
	if (v->arg.n_targets > 1)
		str_addf(side, "for %zu %ss", v->arg.n_targets,
			kind_name(v->arg.targets[0].kind));
	else if (v->arg.title)
		str_addf(side, "for %s", v->arg.title);
}

static void draw(struct view *v, const struct canvas *c)
{
	struct runbooks_view *b = (struct runbooks_view *)v;
	if (!b->n) {
		canvas_put(c, 1, TABLE_GUTTER, -1, ROLE_TEXT,
			b->known ? "No runbook applies to it in its state. Esc goes back."
				 : "");
		return;
	}
	table_header(&b->table, c, 1);
	size_t top = b->at + 3 > (size_t)c->rows ? b->at + 3 - (size_t)c->rows : 0;
	size_t end = top + (size_t)(c->rows > 2 ? c->rows - 2 : 0);
	char total[32];
	count_format(total, sizeof(total), (long long)b->n);
	table_position(&b->table, c, 1, top + 1, end < b->n ? end : b->n, total);
	for (size_t i = top; i < b->n && (int)(i - top) + 2 < c->rows; i++)
		table_row(
			&b->table, c, (int)(i - top) + 2, b->items[i], i == b->at, false);
}

static bool waits(const struct view *v, enum key_about what)
{
	(void)what;
	return !((const struct runbooks_view *)v)->known;
}

static void move(struct view *v, enum move m)
{
	struct runbooks_view *b = (struct runbooks_view *)v;
	if (!b->n)
		return;
	switch (m) {
	case MOVE_UP:
		b->at -= b->at > 0;
		break;
	case MOVE_DOWN:
		b->at += b->at + 1 < b->n;
		break;
	case MOVE_PGUP:
	case MOVE_TOP:
		b->at = 0;
		break;
	case MOVE_PGDN:
	case MOVE_BOTTOM:
		b->at = b->n - 1;
		break;
	}
}

static void open_form(struct view *v)
{
	struct runbooks_view *b = (struct runbooks_view *)v;
	if (!b->n)
		return;
	const struct runbook *r = b->items[b->at];
	if (!app_may_run(v->app, r))
		return;
	struct view_arg arg = v->arg;
	arg.name = runbook_name(r);
	(void)app_open(v->app, &run_view, &arg);
}

static bool has_row(struct view *v, struct str *why)
{
	(void)why;
	return ((struct runbooks_view *)v)->n > 0;
}

static bool moves(const struct view *v)
{
	return ((const struct runbooks_view *)v)->n > 1;
}

static const struct command commands[] = {
	{"open", "Enter Right", "Enter form and preview",
		"its form and preview; nothing happens yet", CMD_AIMED, open_form,
		has_row},
	{NULL},
};

const struct view_type runbooks_view = {
	.name = "runbooks",
	.size = sizeof(struct runbooks_view),
	.help = "The runbooks that apply to what was chosen.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.changed = ask,
	.waits = waits,
	.move = move,
	.moves = moves,
	.commands = commands,
};
