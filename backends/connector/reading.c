/*
 * Replies in a row before the budget.
 */
#include "backends/connector/reading.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/budget.h"
#include "backends/connector/request.h"

enum {
	SMALL_BYTES = 256 << 10, /* of a tree */
	ITEMS_BYTES = 4 << 20,   /* of a tree: a list beyond is read item by item */
	LOOK_MS = 20,            /* trees end anywhere: nobody is told */
	WAIT_MS = 60000
};

struct reading {
	struct reading *next;
	struct loop *loop;
	const struct def_request *rq;
	char *list;
	struct str text;
	size_t need;
	int64_t since_ms;
	struct loop_timer *timer;
	reading_fn *fn;
	void *arg;
};

/* Those that wait, the first one first. */
static struct reading *row;

static void leave_row(struct reading *r)
{
	for (struct reading **at = &row; *at; at = &(*at)->next)
		if (*at == r) {
			*at = r->next;
			return;
		}
}

static void enter_row(struct reading *r)
{
	struct reading **at = &row;
	while (*at)
		at = &(*at)->next;
	*at = r;
}

static void reading_free(struct reading *r)
{
	leave_row(r);
	loop_timer_cancel(r->loop, r->timer);
	budget_text_drop(r->text.len);
	str_wipe(&r->text);
	free(r->list);
	free(r);
}

size_t reading_need(const struct def_request *rq, const char *bytes, size_t len)
{
	enum { LINE_BYTES = 96, COLUMN_BYTES = 224 };
	size_t lines = 1;
	switch (rq->reply) {
	case REPLY_JSON:
	case REPLY_JSON_LINES:
		return json_need(bytes, len);
	case REPLY_TEXT:
		return len + LINE_BYTES;
	case REPLY_LINES:
		for (size_t i = 0; i < len; i++)
			lines += bytes[i] == '\n';
		return len + lines * (LINE_BYTES + rq->n_columns * COLUMN_BYTES +
					     (rq->n_columns ? COLUMN_BYTES : 0));
	}
	return len;
}

bool reading_is_small(size_t need)
{
	return need <= SMALL_BYTES;
}

static void tell(struct reading *r, struct reading_end *end)
{
	reading_fn *fn = r->fn;
	void *arg = r->arg;
	reading_free(r);
	fn(arg, end);
	json_decref(end->body);
}

static double mib(size_t bytes)
{
	return (double)bytes / (1 << 20);
}

/* As a tree, when there is room. False: not yet. */
static bool read_whole(struct reading *r, struct reading_end *end)
{
	if (!budget_tree_possible(r->need))
		return err_set(&end->err, ERR_LIMIT,
			       "the reply has %.1f MiB and would take %.0f MiB when it "
			       "is "
			       "read, more than the %.0f MiB that there are for all: ask "
			       "for less at once (page: size), or set max_bytes lower",
			       mib(r->text.len), mib(r->need), mib(BUDGET_TREE_BYTES)) ||
		       true;
	if (budget_tree_fits(r->need)) {
		end->body = reply_read(
			r->rq, r->text.buf, r->text.len, &end->repaired, &end->err);
		return true;
	}
	if (clock_mono_ms() - r->since_ms < WAIT_MS)
		return false;
	err_set(&end->err, ERR_LIMIT,
		"the reply takes %.0f MiB when it is read, and so much did not come free "
		"within %d s: ask for less at once (page: size)",
		mib(r->need), WAIT_MS / 1000);
	return true;
}

/* Item by item, unless the list is not where it should be. */
static bool read_items(struct reading *r, struct reading_end *end)
{
	size_t len = r->text.len;
	switch (json_items_open(
		&end->items, &r->text, r->list, &end->repaired, &end->err)) {
	case JSON_ITEMS_OPEN:
		BUG_ON(r->text.len != 0 || len == 0);
		return true;
	case JSON_ITEMS_BAD:
		return true;
	case JSON_ITEMS_ELSE:
		break;
	}
	free(r->list);
	r->list = NULL;
	return false;
}

static void look(struct loop *l, void *arg)
{
	struct reading *r = arg;
	struct reading_end end = {.err = ERR_INIT};
	r->timer = NULL;
	if ((r->list && r->need > ITEMS_BYTES && read_items(r, &end)) ||
		(row == r && read_whole(r, &end)))
		tell(r, &end);
	else
		r->timer = loop_timer(l, LOOK_MS, look, r);
}

struct reading *reading_start(struct loop *l, const struct def_request *rq,
	const char *list, struct str *text, size_t need, reading_fn *fn, void *arg)
{
	struct reading *r = xcalloc(1, sizeof(*r));
	r->loop = l;
	r->rq = rq;
	r->list = list ? xstrdup(list) : NULL;
	r->text = *text;
	str_init(text, text->max);
	r->need = need;
	r->since_ms = clock_mono_ms();
	r->fn = fn;
	r->arg = arg;
	enter_row(r);
	r->timer = loop_timer(l, 0, look, r);
	return r;
}

void reading_cancel(struct reading *r)
{
	if (r)
		reading_free(r);
}
