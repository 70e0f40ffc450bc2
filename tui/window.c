/* A window of rows with a cursor that belongs to a record. */
#include "tui/window.h"

#include <string.h>

enum { PAGE_MIN = 10, AHEAD_MS = 5 };

void record_copy(struct arena *mem, struct record *dst, const struct record *src)
{
	*dst = *src;
	dst->labels = dst->opaque = dst->detail = NULL;
	const char **texts[] = {&dst->source, &dst->id, &dst->title, &dst->raw_state,
		&dst->env, &dst->owner, &dst->service, &dst->asset, &dst->actor,
		&dst->amount, &dst->expected, &dst->currency, &dst->url, &dst->parent,
		&dst->why, &dst->cause, &dst->signature, &dst->claimed_by, &dst->unread,
		&dst->run};
	for (size_t i = 0; i < LENGTH(texts); i++)
		*texts[i] = *texts[i] && **texts[i] ? arena_strdup(mem, *texts[i]) : "";
}

static size_t page(const struct window *w)
{
	return w->height > PAGE_MIN ? w->height : PAGE_MIN;
}

static bool held(const struct window *w, size_t top)
{
	size_t end = top + w->height;
	if (w->known && end > w->total)
		end = w->total;
	return w->known && top >= w->first && end <= w->first + w->n;
}

const struct record *window_at(const struct window *w, size_t position)
{
	if (position < w->first || position - w->first >= w->n)
		return NULL;
	return &w->rows[position - w->first];
}

const struct record *window_current(const struct window *w)
{
	return window_at(w, w->at);
}

static void scroll_to_cursor(struct window *w)
{
	size_t h = w->height ? w->height : 1;
	if (w->at < w->top)
		w->top = w->at;
	else if (w->at >= w->top + h)
		w->top = w->at - h + 1;
	if (w->top + h > w->total)
		w->top = w->total > h ? w->total - h : 0;
}

/* Where the cursor's record is now: among the rows held, or as the store says. -1: not in the list; -2: not known. */
static long long find_cursor(const struct window *w, const struct store_rows *rows)
{
	for (size_t i = 0; i < w->n; i++)
		if (w->rows[i].rid == w->rid)
			return (long long)w->first + (long long)i;
	if (w->q.anchor == w->rid && (rows->complete || rows->anchor_at >= 0))
		return rows->anchor_at;
	return rows->complete ? -1 : -2;
}

/* Nobody has moved it yet: it stands on what is first, whatever comes in. */
static void stay_first(struct window *w)
{
	if (w->rid && w->n && w->first == 0 && w->rows[0].rid != w->rid)
		app_shifted(w->view);
	w->at = w->top = 0;
	w->rid = 0;
}

/* With its record, wherever that went; on the neighbour when it is gone. */
static void follow_record(struct window *w, const struct store_rows *rows)
{
	size_t offset = w->at - w->top;
	long long found = find_cursor(w, rows);
	if (found == -1) {
		w->rid = 0;
		app_shifted(w->view);
	}
	if (found < 0 || (size_t)found == w->at)
		return;
	w->at = (size_t)found;
	/* At the top of the list what is new above must be seen; elsewhere the cursor keeps its line. */
	if (w->top > 0 || w->at >= w->height)
		w->top = w->at > offset ? w->at - offset : 0;
}

/* The cursor after an answer. */
static void place_cursor(struct window *w, const struct store_rows *rows)
{
	if (w->jumping) {
		w->at = w->want_at;
		w->top = w->want_top;
		w->jumping = false;
		w->rid = 0;
	} else if (!w->touched) {
		stay_first(w);
	} else if (w->rid) {
		follow_record(w, rows);
	}
	if (w->at >= w->total)
		w->at = w->total ? w->total - 1 : 0;
	scroll_to_cursor(w);
}

/* A row stands for the others of its group only where groups are folded. */
static void take_row(struct window *w, struct record *to, const struct record *from)
{
	record_copy(&w->mem, to, from);
	if (!w->q.fold_groups)
		to->group = 1;
}

static void take_rows(struct window *w, const struct store_rows *rows)
{
	arena_clear(&w->mem);
	w->rows = arena_alloc(&w->mem, rows->n * sizeof(*w->rows));
	for (size_t i = 0; i < rows->n; i++)
		take_row(w, &w->rows[i], &rows->rows[i]);
	w->n = rows->n;
	w->first = rows->first;
	w->complete = rows->complete;
	w->total = rows->total;
	if (w->total < w->first + w->n)
		w->total = w->first + w->n;
	w->known = true;
}

static void fetch(struct window *w, bool around);

static void on_rows(void *arg, const struct store_rows *rows)
{
	struct window *w = arg;
	if (rows->complete || rows->err)
		w->req = NULL;
	w->fresh = false;
	w->err = rows->err ? *rows->err : (struct err)ERR_INIT;
	if (!rows->err) {
		take_rows(w, rows);
		place_cursor(w, rows);
		const struct record *now = window_current(w);
		if (now)
			w->rid = now->rid;
		/* Changed under our feet: what the screen needs is not what came. */
		if (rows->complete && !held(w, w->top) && !w->second_try)
			w->again = w->second_try = true;
		else if (rows->complete)
			w->second_try = false;
	} else {
		app_say_err(w->view->app, rows->err);
	}
	app_paint(w->view->app);
	w->answered(w->view);
	if (!w->req) {
		if (w->again) {
			w->again = false;
			fetch(w, false);
		}
	}
}

static void fetch(struct window *w, bool around)
{
	size_t top = w->jumping ? w->want_top : w->top, p = page(w);
	store_cancel(app_store(w->view->app), w->req);
	loop_timer_cancel(app_loop(w->view->app), w->ahead);
	w->ahead = NULL;
	w->q.first = top > p ? top - p : 0;
	w->q.count = 4 * p;
	w->q.anchor = w->jumping || !w->touched ? 0 : w->rid;
	w->q.around = around && w->q.anchor;
	w->req = store_query(app_store(w->view->app), &w->q, on_rows, w);
}

static void fetch_now(struct loop *loop, void *arg)
{
	struct window *w = arg;
	(void)loop;
	w->ahead = NULL;
	fetch(w, false);
}

/* The key's own paint comes first: what is fetched here is for the next keys. */
static void fetch_ahead(struct window *w)
{
	if (!w->ahead)
		w->ahead = loop_timer(app_loop(w->view->app), AHEAD_MS, fetch_now, w);
}

void window_init(struct window *w, struct view *v, void (*answered)(struct view *v))
{
	memset(w, 0, sizeof(*w));
	w->view = v;
	w->answered = answered;
	w->height = (size_t)(v->rows > 0 ? v->rows : 1);
}

void window_release(struct window *w)
{
	store_cancel(app_store(w->view->app), w->req);
	w->req = NULL;
	loop_timer_cancel(app_loop(w->view->app), w->ahead);
	w->ahead = NULL;
	arena_release(&w->mem);
}

void window_reset(struct window *w)
{
	w->at = w->top = 0;
	w->rid = 0;
	w->jumping = w->again = w->touched = false;
	w->fresh = true;
	fetch(w, false);
}

bool window_waits(const struct window *w, enum key_about what)
{
	return w->fresh || (w->jumping && what != KEY_MOVES);
}

void window_refresh(struct window *w)
{
	/* Changes at a high rate must not starve the answer: one at a time, and one more after it. */
	if (w->req) {
		w->again = true;
		return;
	}
	fetch(w, true);
}

void window_height(struct window *w, size_t height)
{
	if (height == 0)
		height = 1;
	if (height == w->height)
		return;
	w->height = height;
	if (!w->known)
		return;
	scroll_to_cursor(w);
	if (!held(w, w->top) && !w->req)
		fetch(w, false);
}

static size_t moved(const struct window *w, enum move m, size_t at)
{
	size_t last = w->total ? w->total - 1 : 0, h = w->height;
	switch (m) {
	case MOVE_UP:
		return at ? at - 1 : 0;
	case MOVE_DOWN:
		return at < last ? at + 1 : last;
	case MOVE_PGUP:
		return at > h ? at - h : 0;
	case MOVE_PGDN:
		return at + h < last ? at + h : last;
	case MOVE_TOP:
		return 0;
	case MOVE_BOTTOM:
		return last;
	}
	return at;
}

static size_t top_for(const struct window *w, enum move m, size_t at, size_t top)
{
	size_t h = w->height;
	if (m == MOVE_PGDN && top + h < w->total)
		top += h;
	else if (m == MOVE_PGUP)
		top = top > h ? top - h : 0;
	if (at < top)
		top = at;
	if (at >= top + h)
		top = at - h + 1;
	if (top + h > w->total)
		top = w->total > h ? w->total - h : 0;
	return top;
}

/* Pages before or behind the screen are missing though they exist: fetch before they are needed. */
static bool runs_short(const struct window *w)
{
	size_t half = page(w) / 2, end = w->first + w->n;
	bool before = w->first > 0 && w->top < w->first + half;
	bool behind = end < w->total && w->top + w->height + half > end;
	return before || behind;
}

void window_move(struct window *w, enum move m)
{
	if (!w->known || !w->total)
		return;
	w->touched = true;
	size_t at = moved(w, m, w->jumping ? w->want_at : w->at);
	size_t top = top_for(w, m, at, w->jumping ? w->want_top : w->top);
	if (held(w, top)) {
		bool was = w->jumping;
		w->jumping = false;
		w->at = at;
		w->top = top;
		const struct record *now = window_current(w);
		w->rid = now ? now->rid : 0;
		if (was || (!w->req && runs_short(w)))
			fetch_ahead(w);
		return;
	}
	w->jumping = true;
	w->want_at = at;
	w->want_top = top;
	fetch(w, false);
}

void window_total(const struct window *w, char *dst, size_t size)
{
	count_format(dst, size, (long long)w->total);
	if (!w->complete) {
		size_t n = strlen(dst);
		(void)str_copy(dst + n, size - n, "+");
	}
}
