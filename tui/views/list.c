/* A lane of records: Triage, Runs, Incidents, Access, Cost, Checks. The lanes differ by a row of tui/lanes.c. */
#include "tui/views/list.h"

#include <stdlib.h>
#include <string.h>

enum { WIDE = 100 };

static struct list_view *list_of(struct view *v)
{
	return (struct list_view *)v;
}

static void answered(struct view *v)
{
	struct list_view *l = list_of(v);
	/* A pending rest means that the user is moving; else rows moved by themselves, and the pane must not lag. */
	pane_follow(l, l->pane.rid == 0 || !l->pane.rest);
	filter_show_count(l);
	if (l->reader)
		l->reader_moved(l->reader);
}

static bool init(struct view *v, struct err *e)
{
	struct list_view *l = list_of(v);
	(void)e;
	l->lane = &lanes[v->lane];
	l->cells = (struct lane_cells){.table = &l->table, .app = v->app};
	table_init(&l->table, l->lane->columns, l->lane->n_columns, &l->cells);
	window_init(&l->w, v, answered);
	l->w.q.kinds = l->lane->kinds;
	l->w.q.need_only = l->lane->need_only;
	l->w.q.fold_groups = l->lane->fold;
	l->w.q.sort = l->lane->sort;
	window_reset(&l->w);
	return true;
}

static void release(struct view *v)
{
	struct list_view *l = list_of(v);
	store_cancel(app_store(v->app), l->marking);
	window_release(&l->w);
	pane_release(l);
	marks_clear(l);
	free(l->marks);
	filter_free(l->filter);
	arena_release(&l->scratch);
}

long long list_all(const struct list_view *l)
{
	const json_t *counts = app_counts(l->v.app);
	long long all = 0;
	if (!l->lane->kinds)
		return json_int(counts, "all", 0);
	for (int k = 0; k < KIND_COUNT; k++)
		if (l->lane->kinds & (1u << k))
			all += json_int(
				json_sub(counts, "total"), kind_name((enum kind)k), 0);
	return all;
}

/* "9 need a person of 20 412", "41 of 20 412 for state:failed", "3 marked" */
static void title(struct view *v, struct str *path, struct str *side)
{
	struct list_view *l = list_of(v);
	char n[40];
	str_adds(path, l->lane->title);
	if (!l->w.known)
		return;
	bool all_needy = l->lane->need_only && !*l->filter_text;
	long long all = list_all(l), shown = (long long)l->w.total;
	window_total(&l->w, n, sizeof(n));
	if (all_needy && app_counts(v->app)) {
		/* Records, as the lanes count them; a row may stand for several. */
		shown = lane_count(LANE_TRIAGE, app_counts(v->app));
		count_format(n, sizeof(n), shown);
	}
	str_adds(side, n);
	if (all_needy)
		str_adds(side, shown == 1 ? " needs a person" : " need a person");
	long long hidden = all_needy ? json_int(app_counts(v->app), "snoozed", 0) : 0;
	if (all > shown && (v->cols >= WIDE || !all_needy)) {
		count_format(n, sizeof(n), all);
		str_addf(side, " of %s", n);
	}
	if (hidden)
		str_addf(side, ", %lld snoozed", hidden);
	if (*l->filter_text)
		str_addf(side, " for /%s", l->filter_text);
	if (l->w.q.sort != l->lane->sort)
		str_addf(side, ", by %s", sort_word(l->w.q.sort));
	if (l->n_marks)
		str_addf(side, ", %zu marked", l->n_marks);
}

static void draw_empty(struct list_view *l, const struct canvas *c)
{
	if (!l->w.known || l->w.err.code) {
		canvas_put(c, 1, TABLE_GUTTER, -1, ROLE_DIM,
			l->w.err.code ? l->w.err.msg : "Reading the store ...");
		return;
	}
	if (*l->filter_text) {
		canvas_putf(c, 1, TABLE_GUTTER, -1, ROLE_TEXT,
			"Nothing matches /%s. Esc shows all again.", l->filter_text);
		return;
	}
	const json_t *counts = app_counts(l->v.app);
	long long sources = json_int(counts, "sources", 0);
	if (counts && !sources && app_config(l->v.app)->n_sources) {
		canvas_put(c, 1, TABLE_GUTTER, -1, ROLE_TEXT,
			"Nothing has been collected yet. The worker is starting, or 8 "
			"says why it cannot.");
		return;
	}
	if (counts && !sources) {
		canvas_put(c, 1, TABLE_GUTTER, -1, ROLE_TEXT,
			"No source is configured yet. `watchdesk doctor` says where the "
			"file is and what to write.");
		return;
	}
	char as_of[48];
	int used = canvas_put(c, 1, TABLE_GUTTER, -1, ROLE_TEXT, l->lane->empty);
	usec_t t = json_int(counts, "as_of", 0);
	app_when(l->v.app, NULL, as_of, sizeof(as_of), t);
	if (t)
		canvas_putf(c, 1, TABLE_GUTTER + used + 1, -1, ROLE_DIM,
			"%lld %s, as of %s.", sources,
			plural(sources, "source", "sources"), as_of);
}

static void draw_rows(struct list_view *l, const struct canvas *c)
{
	char total[40];
	size_t end = l->w.top + (size_t)(c->rows - 1);
	for (size_t i = 0; i < l->w.n; i++)
		table_measure(&l->table, &l->w.rows[i]);
	table_header(&l->table, c, 0);
	window_total(&l->w, total, sizeof(total));
	table_position(&l->table, c, 0, l->w.top + 1, end < l->w.total ? end : l->w.total,
		total);
	for (int row = 1; row < c->rows; row++) {
		size_t at = l->w.top + (size_t)row - 1;
		const struct record *r = window_at(&l->w, at);
		if (r)
			table_row(
				&l->table, c, row, r, at == l->w.at, mark_has(l, r->rid));
	}
}

static void draw(struct view *v, const struct canvas *c)
{
	struct list_view *l = list_of(v);
	struct canvas rows = canvas_sub(c, 0, 0, c->rows, c->cols);
	if (pane_fits(l, c)) {
		rows = canvas_sub(c, 0, 0, c->rows - PANE_ROWS, c->cols);
		struct canvas pane =
			canvas_sub(c, c->rows - PANE_ROWS, 0, PANE_ROWS, c->cols);
		pane_draw(l, &pane);
	}
	window_height(&l->w, rows.rows > 1 ? (size_t)rows.rows - 1 : 1);
	if (l->w.total == 0 || !l->w.known)
		draw_empty(l, &rows);
	else
		draw_rows(l, &rows);
}

static void move(struct view *v, enum move m)
{
	window_move(&list_of(v)->w, m);
	pane_follow(list_of(v), false);
}

static bool waits(const struct view *v, enum key_about what)
{
	return window_waits(&((const struct list_view *)v)->w, what);
}

static bool key(struct view *v, const struct event *ev)
{
	struct list_view *l = list_of(v);
	if (ev->type != EVENT_KEY || ev->key != K_ESC)
		return false;
	if (l->n_marks) {
		marks_clear(l);
		return true;
	}
	return filter_clear(l);
}

static void changed(struct view *v)
{
	window_refresh(&list_of(v)->w);
}

static bool current(struct view *v, struct target *out)
{
	struct list_view *l = list_of(v);
	const struct record *r = window_current(&l->w);
	if (!r)
		return false;
	l->w.touched = true; /* something is done with it: the cursor stays on it */
	arena_clear(&l->scratch);
	target_of(&l->scratch, r, out);
	return true;
}

/* All of the record under the cursor is here once that has come to rest. */
static bool glance(struct view *v, bool acting, struct glance *out)
{
	struct list_view *l = list_of(v);
	const struct record *r = window_current(&l->w);
	if (acting && l->n_marks) {
		const struct target *t = &l->marks[0];
		*out = (struct glance){
			.kind = t->kind, .state = t->state, .source = t->source};
		return true;
	}
	if (!r)
		return false;
	*out = (struct glance){.kind = r->kind,
		.state = r->state,
		.source = r->source,
		.url = r->url,
		.whole = l->pane.rid == r->rid ? l->pane.whole : NULL};
	return true;
}

static bool moves(const struct view *v)
{
	return ((const struct list_view *)v)->w.total > 1;
}

static bool has_row(struct view *v, struct str *why)
{
	(void)why;
	return window_current(&list_of(v)->w) != NULL;
}

static size_t targets(struct view *v, struct target *out, size_t max)
{
	struct list_view *l = list_of(v);
	size_t n = l->n_marks < max ? l->n_marks : max;
	for (size_t i = 0; i < n; i++)
		out[i] = l->marks[i];
	return n || !max ? n : current(v, out);
}

static void open_current(struct view *v)
{
	const struct record *r = window_current(&list_of(v)->w);
	if (r)
		(void)app_open(v->app, &detail_view,
			&(struct view_arg){.rid = r->rid, .title = r->title});
}

static void mark(struct view *v)
{
	struct list_view *l = list_of(v);
	const struct record *r = window_current(&l->w);
	if (!r)
		return;
	if (!mark_has(l, r->rid) && l->n_marks >= TARGETS_MAX) {
		app_say(v->app, ROLE_WARN, "%d can be marked at once.", TARGETS_MAX);
		return;
	}
	mark_toggle(l, r);
	window_move(&l->w, MOVE_DOWN);
	pane_follow(l, false);
}

static const struct command commands[] = {
	{"open", "Enter Right", "Enter open", "all that is known about it", CMD_TARGET,
		open_current},
	{"filter", "/", "/ filter",
		"show only what matches: words, state:failed env:prod age<2h !source:x",
		CMD_FREE, filter_open},
	{"mark", "Space", "Space mark",
		"mark it, and go on; r a c n z then act on all marked. Esc clears",
		CMD_NOW, mark, has_row},
	{"mark-all", "M", NULL, "mark all rows of the list", CMD_NOW, marks_all},
	{"mark-range", "V", NULL, "mark from the row marked last to this one", CMD_NOW,
		marks_range},
	{"mark-invert", "I", NULL, "mark what is not marked, and only that", CMD_NOW,
		marks_invert},
	{"sort", "S", NULL,
		"sort by the next thing: attention, changed, started, due, amount, title",
		CMD_FREE, list_order},
	{NULL},
};

const struct view_type list_view = {
	.name = "list",
	.size = sizeof(struct list_view),
	.help = "Records, the most urgent first. The cursor stays on its record when "
		"rows move.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.key = key,
	.waits = waits,
	.move = move,
	.changed = changed,
	.targets = targets,
	.current = current,
	.glance = glance,
	.moves = moves,
	.commands = commands,
};
