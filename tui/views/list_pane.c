/*
 * The pane below the list: why the record is here, what it is linked to, what can be done. It follows the cursor when that
 * has rested for a moment, so that moving through a list stays cheap on a slow line.
 */
#include "tui/views/list.h"

#include "runbooks/engine/runbook.h"
#include "tui/from_json.h"
#include <string.h>

enum { REST_MS = 150, LABEL = 12 };

bool pane_fits(const struct list_view *l, const struct canvas *c)
{
	(void)l;
	return c->rows >= PANE_MIN_ROWS && c->cols >= PANE_MIN_COLS;
}

static void links_answer(struct view *v, json_t *answer)
{
	struct list_view *l = (struct list_view *)v;
	json_decref(l->pane.links);
	l->pane.links = json_incref(answer);
}

static void whole_answer(struct view *v, json_t *answer)
{
	struct list_view *l = (struct list_view *)v;
	json_decref(l->pane.whole);
	l->pane.whole = json_incref(answer);
}

static void forget(struct list_pane *p)
{
	json_decref(p->links);
	json_decref(p->whole);
	p->links = p->whole = NULL;
}

static void show(struct list_view *l)
{
	struct list_pane *p = &l->pane;
	const struct record *r = window_current(&l->w);
	if (!r) {
		p->rid = 0;
		return;
	}
	bool other = r->rid != p->rid;
	arena_clear(&p->mem);
	record_copy(&p->mem, &p->record, r);
	p->rid = r->rid;
	if (other)
		forget(p);
	/* Where there is no room for it the keys still depend on all of the record. */
	if (l->v.rows >= PANE_MIN_ROWS && l->v.cols >= PANE_MIN_COLS)
		ask_start(&l->v, &p->ask, "links",
			json_pack("{s:I}", "rid", (json_int_t)r->rid), links_answer);
	ask_start(&l->v, &p->ask_whole, "record",
		json_pack("{s:I}", "rid", (json_int_t)r->rid), whole_answer);
	app_paint(l->v.app);
}

static void rested(struct loop *loop, void *arg)
{
	struct list_view *l = arg;
	(void)loop;
	l->pane.rest = NULL;
	show(l);
}

void pane_follow(struct list_view *l, bool at_once)
{
	struct list_pane *p = &l->pane;
	/* Moving on starts the rest anew; answers for a record that is shown already do not. */
	loop_timer_cancel(app_loop(l->v.app), p->rest);
	p->rest = NULL;
	if (!l->w.total)
		p->rid = 0;
	if (at_once || l->w.rid == p->rid)
		show(l);
	else
		p->rest = loop_timer(app_loop(l->v.app), REST_MS, rested, l);
}

void pane_release(struct list_view *l)
{
	ask_cancel(&l->pane.ask);
	ask_cancel(&l->pane.ask_whole);
	loop_timer_cancel(app_loop(l->v.app), l->pane.rest);
	forget(&l->pane);
	arena_release(&l->pane.mem);
}

static void draw_label(const struct canvas *c, int row, const char *label)
{
	canvas_put(c, row, 1, LABEL - 1, ROLE_HEADER, label);
}

static void add_link(struct str *out, const json_t *link)
{
	char age[16];
	usec_t since = json_int(link, "since", 0);
	const char *reason = json_str(link, "reason", "");
	app_age(age, sizeof(age), since);
	str_addf(out, "%s%s %s, %s", out->len ? "   |   " : "",
		json_str(link, "title", ""), json_str(link, "state", ""), age);
	if (*reason)
		str_addf(out, " (%s%s)",
			json_flag(link, "before", false) ? "before; " : "", reason);
}

static int draw_links(struct list_view *l, const struct canvas *c, int row)
{
	struct str text = STR_INIT;
	size_t n = json_array_size(l->pane.links);
	for (size_t i = 0; i < n && i < 4; i++)
		add_link(&text, json_array_get(l->pane.links, i));
	if (n > 4)
		str_addf(&text, "   |   and %zu more", n - 4);
	if (!n)
		return row;
	draw_label(c, row, "Linked");
	row += canvas_wrap(
		c, row, LABEL + 1, c->cols - LABEL - 2, 2, ROLE_TEXT, text.buf);
	str_release(&text);
	return row;
}

static void add_runbook(const struct runbook *b, struct str *keyed, struct str *others)
{
	if (runbook_key(b))
		str_addf(keyed, "%s%c  %s", keyed->len ? "    " : "", runbook_key(b),
			runbook_name(b));
	else
		str_addf(others, "%s%s", others->len ? ", " : "", runbook_name(b));
}

/* "a  acknowledge    r  rerun-failed-tasks, backfill    o  copy its address" */
static void draw_runbooks(struct list_view *l, const struct canvas *c, int row)
{
	struct record whole;
	const struct record *r = &whole;
	const struct runbooks *all = app_runbooks_soon(l->v.app);
	struct str text = STR_INIT, others = STR_INIT;
	/* What applies may depend on all of the record, and only its answer has that. */
	if (!record_from_json(l->pane.whole, &whole))
		return;
	const struct config_source *source =
		config_source(app_config(l->v.app), r->source);
	for (size_t i = 0; all && i < runbooks_count(all); i++) {
		const struct runbook *b = runbooks_at(all, i);
		if (!runbook_on_hosts(b) &&
			runbook_applies(b, r, source ? source->connector : ""))
			add_runbook(b, &text, &others);
	}
	if (others.len)
		str_addf(&text, "%sr  %s", text.len ? "    " : "", others.buf);
	if (*r->url)
		str_addf(&text, "%so  copy its address", text.len ? "    " : "");
	if (all && !text.len)
		str_adds(&text, "none applies");
	draw_label(c, row, "Runbooks");
	canvas_put(c, row, LABEL + 1, -1, ROLE_TEXT, text.buf);
	str_release(&text);
	str_release(&others);
}

static void draw_head(struct list_view *l, const struct canvas *c)
{
	const struct record *r = &l->pane.record;
	char time[48], side[200];
	/* we do not know since when somebody holds what nobody asked for */
	bool held = r->kind == KIND_GRANT && r->state != STATE_REVOKED;
	usec_t since = held || !r->since ? r->started : r->since;
	app_when(l->v.app, r->source, time, sizeof(time), since);
	(void)str_format(side, sizeof(side), "%s   %s%s%s%s", r->source,
		word_of_state(r->state), held && since ? ", held" : "",
		since ? " since " : "", since ? time : "");
	int width = utf8_width(side);
	canvas_put(c, 1, c->cols - 1 - width, width, ROLE_DIM, side);
	canvas_put(c, 1, 1, c->cols - width - 5, ROLE_TITLE, r->title);
}

void pane_draw(struct list_view *l, const struct canvas *c)
{
	const struct record *r = &l->pane.record;
	int row = 2;
	canvas_rule(c, 0);
	if (!l->pane.rid)
		return;
	draw_head(l, c);
	if (*r->why) {
		draw_label(c, row, "Why here");
		row += canvas_wrap(
			c, row, LABEL + 1, c->cols - LABEL - 2, 2, ROLE_TEXT, r->why);
	}
	if (*r->cause && row < c->rows - 1) {
		draw_label(c, row, "Cause");
		canvas_put(c, row++, LABEL + 1, -1, ROLE_BAD, r->cause);
	}
	if (row < c->rows - 2)
		row = draw_links(l, c, row);
	if (row < c->rows)
		draw_runbooks(l, c, row);
}
