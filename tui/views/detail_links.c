/* What else happened: two lists in time order, before and after; then what has the same cause. */
#include "tui/views/detail.h"

#include <stdlib.h>
#include <string.h>

enum {
	LINKS_MAX = 12,
	SAME_MAX = 5,
	STATE = 11,
	GAP = 3,
	TITLE_READ = 24,
	TITLE_MIN = 16
};

/* Links below this say only: the same environment, within the hour. */
enum { STRENGTH_MATTERS = 45 };

enum when { WHEN_BEFORE, WHEN_AFTER, WHEN_ELSE, WHEN_SAME, WHEN_COUNT };

struct linked {
	const json_t *json;
	const char *time, *title, *reason, *where; /* its columns; in the view's `mem` */
	usec_t since;
	enum when when;
	bool matters, run;
	size_t order;
};

struct widths {
	int time, title, reason, where;
};

/* Never "cause" where only the order is known. */
static enum when when_of(const struct detail_view *d, const json_t *link)
{
	usec_t since = json_int(link, "at", 0),
	       mine = d->r.since ? d->r.since : d->r.started;
	if (json_flag(link, "before", false))
		return WHEN_BEFORE;
	return since && mine && since > mine ? WHEN_AFTER : WHEN_ELSE;
}

/* Those of one cause stand in a section of their own. */
static bool in_group(const struct detail_view *d, long long rid)
{
	size_t i;
	json_t *one;
	json_array_foreach (d->group.json, i, one) {
		if (json_int(one, "rid", 0) == rid)
			return true;
	}
	return false;
}

/* The same thing, lineage, cause or person; that something else changed in the same environment is no more than that. */
static bool matters(const struct detail_view *d, const json_t *link)
{
	return json_int(link, "strength", 0) >= STRENGTH_MATTERS ||
	       (*d->r.actor && strcmp(d->r.actor, json_str(link, "actor", "")) == 0);
}

static struct linked linked_of(struct detail_view *d, const json_t *o)
{
	struct record r;
	struct str text = STR_INIT;
	struct linked l = {.json = o,
		.since = json_int(o, "at", json_int(o, "since", 0)),
		.time = "",
		.where = "",
		.reason = json_str(o, "reason", "")};
	str_adds(&text, json_str(o, "title", ""));
	if (record_from_json(o, &r)) {
		l.run = r.kind == KIND_RUN;
		str_addc(&text, ' ');
		record_run(&r, &text);
		if (text.buf[text.len - 1] == ' ')
			str_cut(&text, text.len - 1);
		l.where = arena_printf(&d->mem, "%s, %s", kind_name(r.kind), r.source);
	}
	l.title = arena_strdup(&d->mem, text.buf);
	if (l.since)
		l.time = detail_time(d, l.since);
	str_release(&text);
	return l;
}

static int by_time(const void *a, const void *b)
{
	const struct linked *x = a, *y = b;
	if (x->when != y->when)
		return x->when < y->when ? -1 : 1;
	if (x->since != y->since)
		return x->since < y->since ? -1 : 1;
	return x->order < y->order ? -1 : x->order > y->order;
}

static void widen(int *width, const char *text)
{
	int w = utf8_width(text);
	*width = w > *width ? w : *width;
}

/* Columns as wide as their content. The title gives way first, down to a length that is still read; then where it is from goes. */
static struct widths measure(const struct detail_view *d, const struct linked *l,
	size_t n, bool same, int width)
{
	struct widths w = {0};
	for (size_t i = 0; i < n; i++) {
		if ((l[i].when == WHEN_SAME) != same || (!l[i].matters && !d->unfolded))
			continue;
		widen(&w.time, l[i].time);
		widen(&w.title, l[i].title);
		widen(&w.reason, l[i].reason);
		widen(&w.where, l[i].where);
	}
	int rest = width - w.time - w.reason - 2 * GAP, with_where = rest - w.where - GAP;
	if (with_where < (w.title < TITLE_READ ? w.title : TITLE_READ))
		w.where = 0;
	else
		rest = with_where;
	if (w.title > rest)
		w.title = rest > TITLE_MIN ? rest : TITLE_MIN;
	return w;
}

static void column(struct str *out, const char *text, int width, enum utf8_cut where)
{
	struct str cut = STR_INIT;
	utf8_cut(&cut, text, width, where);
	str_addf(out, "%s%*s", cut.buf, width - utf8_width(cut.buf) + GAP, "");
	str_release(&cut);
}

static void add_row(struct detail_view *d, const char *label, const struct linked *l,
	const struct widths *w)
{
	struct str text = STR_INIT;
	enum kind k = KIND_RUN;
	enum state s = STATE_UNKNOWN;
	column(&text, l->time, w->time, UTF8_CUT_END);
	/* The end of a run's name says which run it is. */
	column(&text, l->title, w->title, l->run ? UTF8_CUT_MIDDLE : UTF8_CUT_END);
	if (w->reason)
		column(&text, l->reason, w->reason, UTF8_CUT_END);
	if (w->where)
		str_adds(&text, l->where);
	while (text.len && text.buf[text.len - 1] == ' ')
		str_cut(&text, text.len - 1);
	struct detail_row *row = detail_add(d, label, ROLE_TEXT, text.buf);
	if (kind_parse(json_str(l->json, "kind", ""), &k) &&
		state_parse(json_str(l->json, "state", ""), &s)) {
		row->mark = word_of_state(s);
		row->mark_look = look_of_state(k, s);
	}
	row->opens = OPENS_RECORD;
	row->id = json_int(l->json, "rid", 0);
	row->name = arena_strdup(&d->mem, json_str(l->json, "title", ""));
	str_release(&text);
}

/* "3 other changes": Enter lists them, and folds them again. */
static void add_fold(
	struct detail_view *d, const char *label, enum when when, size_t n, bool changes)
{
	char text[80];
	(void)str_format(text, sizeof(text), "%zu other %s%s", n,
		changes ? (n == 1 ? "change" : "changes")
			: (n == 1 ? "record" : "records"),
		d->unfolded ? " with little in common, listed" : "");
	struct detail_row *row = detail_add(d, label, ROLE_DIM, text);
	row->opens = OPENS_FOLD;
	row->id = when + 1;
}

static void add_section(struct detail_view *d, const struct linked *all, size_t n,
	enum when when, const struct widths *w)
{
	static const char *const labels[] = {"Before", "After", "Linked", "Same"};
	const char *label = labels[when];
	size_t folded = 0;
	bool changes = true;
	for (size_t i = 0; i < n; i++) {
		if (all[i].when != when)
			continue;
		if (!all[i].matters) {
			folded++;
			changes = changes && strcmp(json_str(all[i].json, "kind", ""),
						     "change") == 0;
		}
		if (!all[i].matters && !d->unfolded)
			continue;
		add_row(d, label, &all[i], w);
		label = "";
	}
	if (folded)
		add_fold(d, label, when, folded, changes);
}

/* The answer has the strongest first: of those that matter, so many are listed of each section. */
static size_t collect_links(struct detail_view *d, struct linked *to)
{
	size_t i, n = 0, listed[WHEN_COUNT] = {0};
	json_t *link;
	json_array_foreach (d->links.json, i, link) {
		if (in_group(d, json_int(link, "rid", 0)))
			continue;
		struct linked l = linked_of(d, link);
		l.when = when_of(d, link);
		l.order = n;
		l.matters = matters(d, link) && listed[l.when] < LINKS_MAX;
		listed[l.when] += l.matters;
		to[n++] = l;
	}
	return n;
}

static size_t collect_group(struct detail_view *d, struct linked *to)
{
	size_t i, n = 0;
	json_t *one;
	json_array_foreach (d->group.json, i, one) {
		if (json_int(one, "rid", 0) == d->v.arg.rid || n >= SAME_MAX)
			continue;
		to[n] = linked_of(d, one);
		to[n].when = WHEN_SAME;
		to[n].matters = true;
		to[n].order = n;
		n++;
	}
	return n;
}

void detail_links(struct detail_view *d, int width)
{
	size_t most = json_array_size(d->links.json) + SAME_MAX;
	struct linked *all = xcalloc(most, sizeof(*all));
	size_t n = collect_links(d, all);
	n += collect_group(d, all + n);
	qsort(all, n, sizeof(*all), by_time);
	/* What has the same cause may be days old: its times would take the room of the others. */
	struct widths others = measure(d, all, n, false, width - STATE),
		      same = measure(d, all, n, true, width - STATE);
	for (enum when when = WHEN_BEFORE; when < WHEN_COUNT; when++)
		add_section(d, all, n, when, when == WHEN_SAME ? &same : &others);
	free(all);
}
