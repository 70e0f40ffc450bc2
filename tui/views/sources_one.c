/* One source: its state in full, and each of its collections. */
#include "tui/views/sources.h"

enum { LABEL = 12 };

static int fact(
	const struct canvas *c, int row, const char *label, look_t look, const char *text)
{
	if (!*text)
		return row;
	canvas_put(c, row, 1, LABEL - 1, ROLE_HEADER, label);
	return row + canvas_wrap(c, row, LABEL, c->cols - LABEL - 1, 4, look, text);
}

static void add_flaw(struct str *out, bool more, const char *what, const char *text)
{
	if (*text)
		str_addf(out, "%s%s%s", more ? "; " : "", what, text);
}

static void collection_cells(
	const struct canvas *c, int row, const char *name, const json_t *one)
{
	char good[16], every[16], count[32];
	const char *error = json_str(one, "error", "");
	long long refused = json_int(one, "refused", 0);
	long long repaired = json_int(one, "repaired", 0);
	struct str wrong = STR_INIT;
	app_age(good, sizeof(good), json_int(one, "last_good", 0));
	source_span(every, sizeof(every), json_int(one, "interval_ms", 0));
	count_format(count, sizeof(count), json_int(one, "rows", 0));
	canvas_field(c, row, 3, 16, ALIGN_LEFT, UTF8_CUT_MIDDLE, ROLE_TEXT, name);
	canvas_field(c, row, 21, 5, ALIGN_RIGHT, UTF8_CUT_END, ROLE_DIM, good);
	canvas_field(c, row, 28, 5, ALIGN_RIGHT, UTF8_CUT_END, ROLE_DIM, every);
	canvas_field(c, row, 35, 8, ALIGN_RIGHT, UTF8_CUT_END, ROLE_TEXT, count);
	if (refused)
		str_addf(&wrong, "%s%lld not readable: %s", *error ? "; " : "", refused,
			json_str(one, "refused_why", ""));
	if (repaired)
		str_addf(&wrong,
			"%s%lld value%s shown changed: no UTF-8, or out of range",
			*error || wrong.len ? "; " : "", repaired,
			repaired == 1 ? "" : "s");
	add_flaw(&wrong, *error || wrong.len, "not all: ", json_str(one, "partial", ""));
	add_flaw(&wrong, *error || wrong.len, "", json_str(one, "spoiled_why", ""));
	add_flaw(&wrong, *error || wrong.len, "", json_str(one, "unknown", ""));
	if (*error)
		canvas_putf(c, row, 45, -1, ROLE_BAD, "%s%s", error, wrong.buf);
	else
		canvas_put(c, row, 45, -1, ROLE_WARN, wrong.buf);
	str_release(&wrong);
}

static void collections(
	struct sources_view *s, const struct canvas *c, int row, const json_t *all)
{
	const char *name;
	const json_t *one;
	json_t *iterated = json_incref(json_sub(all, "collections"));
	if (!json_object_size(iterated)) {
		canvas_put(c, row, 3, -1, ROLE_DIM, "Nothing was collected from it yet.");
		json_decref(iterated);
		return;
	}
	canvas_field(c, row, 3, 16, ALIGN_LEFT, UTF8_CUT_END, ROLE_HEADER, "COLLECTION");
	canvas_field(c, row, 21, 5, ALIGN_RIGHT, UTF8_CUT_END, ROLE_HEADER, "GOOD");
	canvas_field(c, row, 28, 5, ALIGN_RIGHT, UTF8_CUT_END, ROLE_HEADER, "EVERY");
	canvas_field(c, row, 35, 8, ALIGN_RIGHT, UTF8_CUT_END, ROLE_HEADER, "ROWS");
	canvas_put(c, row, 45, -1, ROLE_HEADER, "WHAT IS WRONG");
	cursor_fit(&s->c, json_object_size(iterated),
		c->rows > row + 1 ? (size_t)(c->rows - row - 1) : 1);
	size_t i = 0;
	json_object_foreach (iterated, name, one) {
		if (i++ < s->c.top)
			continue;
		row++;
		if (i - 1 == s->c.at)
			canvas_put(c, row, 0, 1, ROLE_CURSOR, ">");
		collection_cells(c, row, name, one);
	}
	json_decref(iterated);
}

static void times(struct sources_view *s, const json_t *one, struct str *out)
{
	char time[48];
	usec_t good = json_int(one, "last_good", 0), try = json_int(one, "last_try", 0);
	app_time(s->v.app, s->v.arg.name, time, sizeof(time), good);
	str_addf(out, "last complete answer %s", good ? time : "never");
	app_time(s->v.app, s->v.arg.name, time, sizeof(time), try);
	str_addf(out, "   last asked %s", try ? time : "never");
}

static void draw(struct view *v, const struct canvas *c)
{
	struct sources_view *s = (struct sources_view *)v;
	const json_t *one = sources_find(s, s->v.arg.name, NULL);
	struct str text = STR_INIT;
	char n[32];
	int row = 0;
	if (!one) {
		canvas_put(c, 1, 3, -1, ROLE_DIM,
			s->sources.known ? "There is no such source any more."
					 : "Reading the store ...");
		return;
	}
	const char *state = json_str(one, "state", "");
	int col = 1 + canvas_put(c, row, 1, -1, source_look(state) | LOOK_BOLD, state);
	canvas_putf(c, row++, col, -1, ROLE_TEXT, "   %s%s%s", json_str(one, "title", ""),
		*json_str(one, "env", "") ? "   " : "", json_str(one, "env", ""));
	row++;
	row = fact(c, row, "Wrong", ROLE_BAD, json_str(one, "error", ""));
	times(s, one, &text);
	row = fact(c, row, "Asked", ROLE_TEXT, text.buf);
	str_clear(&text);
	count_format(n, sizeof(n), json_int(one, "rows", 0));
	str_addf(&text, "%s in its last answers", n);
	if (json_int(one, "unknown_states", 0))
		str_addf(&text,
			"; %lld in a state that its connector does not know, shown as "
			"\"unknown\"",
			json_int(one, "unknown_states", 0));
	row = fact(c, row, "Records", ROLE_TEXT, text.buf);
	collections(s, c, row + 1, one);
	str_release(&text);
}

static bool init(struct view *v, struct err *e)
{
	(void)e;
	answer_ask(
		v, &((struct sources_view *)v)->sources, "sources", json_object(), NULL);
	return true;
}

static void release(struct view *v)
{
	answer_clear(&((struct sources_view *)v)->sources);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	str_adds(path, v->arg.name);
	str_adds(side,
		json_str(sources_current((struct sources_view *)v), "connector", ""));
}

static void move(struct view *v, enum move m)
{
	cursor_move(&((struct sources_view *)v)->c, m);
}

static void changed(struct view *v)
{
	answer_again(&((struct sources_view *)v)->sources);
}

static const struct command commands[] = {
	{"refresh", "R", "R refresh now", "ask it now, do not wait for its turn", CMD_NOW,
		sources_refresh, sources_has},
	{NULL},
};

const struct view_type source_view = {
	.name = "source",
	.size = sizeof(struct sources_view),
	.help = "One source: how it answers, and each of its collections.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.waits = sources_wait,
	.move = move,
	.moves = sources_moves,
	.changed = changed,
	.commands = commands,
};
