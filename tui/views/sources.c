/* The lane of sources: how far each can be trusted, and why not. */
#include "tui/views/sources.h"

#include <string.h>

static struct sources_view *of(struct view *v)
{
	return (struct sources_view *)v;
}

const json_t *sources_current(struct sources_view *s)
{
	return s->v.arg.name ? sources_find(s, s->v.arg.name, NULL)
			     : json_array_get(s->sources.json, s->c.at);
}

const json_t *sources_find(const struct sources_view *s, const char *name, size_t *at)
{
	size_t i;
	json_t *row;
	json_array_foreach (s->sources.json, i, row) {
		if (strcmp(json_str(row, "name", ""), name) == 0) {
			if (at)
				*at = i;
			return row;
		}
	}
	return NULL;
}

look_t source_look(const char *state)
{
	if (strcmp(state, "failing") == 0)
		return ROLE_BAD;
	if (strcmp(state, "stale") == 0)
		return ROLE_WARN;
	return strcmp(state, "ok") == 0 ? ROLE_TEXT : ROLE_DIM;
}

void source_span(char *dst, size_t size, long long ms)
{
	if (ms > 0)
		clock_format_age(dst, size, (usec_t)ms * 1000);
	else
		(void)str_copy(dst, size, "-");
}

/* ---- columns ---------------------------------------------------------------------------------- */

static void cell_name(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, json_str(row, "name", ""));
}

static void cell_connector(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	*look = ROLE_DIM;
	str_adds(out, json_str(row, "connector", ""));
}

static void cell_env(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	*look = ROLE_DIM;
	str_adds(out, json_str(row, "env", ""));
}

static void cell_state(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	str_adds(out, json_str(row, "state", ""));
	*look = source_look(json_str(row, "state", ""));
}

static void cell_good(const void *row, void *arg, struct str *out, look_t *look)
{
	char age[16];
	usec_t t = json_int(row, "last_good", 0);
	(void)arg;
	*look = ROLE_DIM;
	app_age(age, sizeof(age), t);
	str_adds(out, t ? age : "never");
}

static void cell_every(const void *row, void *arg, struct str *out, look_t *look)
{
	char span[16];
	(void)arg;
	*look = ROLE_DIM;
	source_span(span, sizeof(span), json_int(row, "interval_ms", 0));
	str_adds(out, span);
}

static void cell_rows(const void *row, void *arg, struct str *out, look_t *look)
{
	char n[32];
	(void)arg;
	(void)look;
	count_format(n, sizeof(n), json_int(row, "rows", 0));
	str_adds(out, n);
}

static void cell_unknown(const void *row, void *arg, struct str *out, look_t *look)
{
	char n[32];
	long long unknown = json_int(row, "unknown_states", 0);
	(void)arg;
	*look = ROLE_WARN;
	count_format(n, sizeof(n), unknown);
	if (unknown)
		str_adds(out, n);
}

static void cell_lag(const void *row, void *arg, struct str *out, look_t *look)
{
	long long ms = json_int(row, "lag_ms", 0);
	(void)arg;
	*look = ROLE_DIM;
	if (ms >= 10000)
		str_addf(out, "%lld s", ms / 1000);
	else if (ms > 0)
		str_addf(out, "%lld ms", ms);
}

static void cell_error(const void *row, void *arg, struct str *out, look_t *look)
{
	bool failing = strcmp(json_str(row, "state", ""), "failing") == 0;
	(void)arg;
	*look = failing ? ROLE_BAD : ROLE_WARN;
	str_adds(out, json_str(row, "error", ""));
}

static const struct column columns[] = {
	{.title = "SOURCE",
		.min = 14,
		.max = 28,
		.share = 2,
		.strong = true,
		.cut = UTF8_CUT_MIDDLE,
		.cell = cell_name},
	{.title = "STATE", .min = 8, .cell = cell_state},
	{.title = "GOOD", .min = 5, .align = ALIGN_RIGHT, .cell = cell_good},
	{.title = "EVERY", .min = 5, .rank = 6, .align = ALIGN_RIGHT, .cell = cell_every},
	{.title = "ROWS", .min = 7, .rank = 2, .align = ALIGN_RIGHT, .cell = cell_rows},
	{.title = "UNKNOWN",
		.min = 7,
		.rank = 3,
		.align = ALIGN_RIGHT,
		.cell = cell_unknown},
	{.title = "TOOK", .min = 7, .rank = 5, .align = ALIGN_RIGHT, .cell = cell_lag},
	{.title = "CONNECTOR", .min = 12, .max = 18, .rank = 4, .cell = cell_connector},
	{.title = "ENV", .min = 4, .max = 8, .rank = 7, .cell = cell_env},
	{.title = "WHAT IS WRONG",
		.min = 30,
		.max = 200,
		.share = 8,
		.rank = 1,
		.cell = cell_error},
};

/* ---- the view ----------------------------------------------------------------------------------- */

static void hold(struct sources_view *s)
{
	s->name = arena_strdup(&s->v.mem, json_str(sources_current(s), "name", NULL));
}

static void answered(struct view *v, struct answer *a)
{
	struct sources_view *s = of(v);
	size_t at = 0;
	(void)a;
	if (s->name && sources_find(s, s->name, &at))
		s->c.at = at;
}

static bool init(struct view *v, struct err *e)
{
	struct sources_view *s = of(v);
	(void)e;
	table_init(&s->table, columns, LENGTH(columns), NULL);
	answer_ask(v, &s->sources, "sources", json_object(), answered);
	return true;
}

static void release(struct view *v)
{
	answer_clear(&of(v)->sources);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	struct sources_view *s = of(v);
	size_t bad = 0, i;
	json_t *one;
	str_adds(path, "Sources");
	json_array_foreach (s->sources.json, i, one) {
		bad += source_look(json_str(one, "state", "")) == ROLE_BAD;
	}
	if (s->sources.json)
		str_addf(side, "%zu of %zu %s", json_array_size(s->sources.json) - bad,
			json_array_size(s->sources.json), "answer");
}

static void draw(struct view *v, const struct canvas *c)
{
	struct sources_view *s = of(v);
	struct canvas rows = canvas_sub(c, 0, 0, c->rows, c->cols);
	struct str text = STR_INIT;
	const char *wrong = app_wrong(v->app);
	int used = 0;
	if (app_unwritten(v->app, &text))
		used = canvas_wrap(c, 0, 1, c->cols - 2, 3, ROLE_BAD, text.buf) + 1;
	str_clear(&text);
	if (wrong) {
		str_addf(&text, "Not taken up, what was before goes on: %s", wrong);
		used += canvas_wrap(c, used, 1, c->cols - 2, 3, ROLE_BAD, text.buf) + 1;
	}
	if (used && used < c->rows)
		rows = canvas_sub(c, used, 0, c->rows - used, c->cols);
	str_release(&text);
	cursor_rows(&s->c, &s->table, &rows, s->sources.json,
		"No source is known yet. `watchdesk doctor` says which file to write and "
		"what.");
}

static void move(struct view *v, enum move m)
{
	cursor_move(&of(v)->c, m);
	hold(of(v));
}

bool sources_wait(const struct view *v, enum key_about what)
{
	(void)what;
	return answer_waits(&((const struct sources_view *)v)->sources);
}

static void changed(struct view *v)
{
	answer_again(&of(v)->sources);
}

static void open_current(struct view *v)
{
	const char *name = json_str(sources_current(of(v)), "name", NULL);
	if (name)
		(void)app_open(v->app, &source_view, &(struct view_arg){.name = name});
}

void sources_refresh(struct view *v)
{
	const char *name = json_str(sources_current(of(v)), "name", NULL);
	char done[200];
	if (!name)
		return;
	(void)str_format(done, sizeof(done), "%s is asked now.", name);
	view_tell(v, "job_add",
		json_pack("{s:s,s:s,s:s,s:{s:s}}", "type", "refresh", "title", name,
			"who", app_me(v->app), "spec", "source", name),
		done);
}

bool sources_has(struct view *v, struct str *why)
{
	(void)why;
	return sources_current(of(v)) != NULL;
}

bool sources_moves(const struct view *v)
{
	return ((const struct sources_view *)v)->c.n > 1;
}

static const struct command commands[] = {
	{"open", "Enter Right", "Enter collections",
		"what is collected from it, and how that goes", 0, open_current,
		sources_has},
	{"refresh", "R", "R refresh now", "ask it now, do not wait for its turn", CMD_NOW,
		sources_refresh, sources_has},
	{NULL},
};

const struct view_type sources_view = {
	.name = "sources",
	.size = sizeof(struct sources_view),
	.help = "The sources: whether they answer, how old what is shown is, what is "
		"wrong.",
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
