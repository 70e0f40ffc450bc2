/* Drawing one action: how far it is, one line a target, the output of the one under the cursor. */
#include "tui/views/action.h"

#include <string.h>

enum { BAR = 40 };

static void cell_title(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, json_str(row, "title", ""));
}

static void cell_state(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	str_adds(out, job_word(json_str(row, "state", "")));
	*look = job_look(json_str(row, "state", ""));
}

static void cell_since(const void *row, void *arg, struct str *out, look_t *look)
{
	char age[16] = "-";
	usec_t t = json_int(row, "updated", 0), now = clock_now();
	(void)arg;
	/* To the second, unlike in lists: somebody is waiting for it. */
	if (t)
		clock_format_age(age, sizeof(age), now > t ? now - t : 0);
	str_adds(out, age);
	*look = ROLE_DIM;
}

static void cell_known(const void *row, void *arg, struct str *out, look_t *look)
{
	const char *state = json_str(row, "state", "");
	(void)arg;
	if (strcmp(state, "unknown") == 0)
		*look = ROLE_WARN;
	str_adds(out, json_str(row, "known", ""));
}

const struct column action_columns[] = {
	{.title = "TARGET",
		.min = 16,
		.max = 44,
		.share = 2,
		.cut = UTF8_CUT_MIDDLE,
		.strong = true,
		.cell = cell_title},
	{.title = "STATE", .min = 10, .cell = cell_state},
	{.title = "SINCE", .min = 5, .rank = 2, .align = ALIGN_RIGHT, .cell = cell_since},
	{.title = "WHAT IS KNOWN",
		.min = 20,
		.max = 140,
		.share = 5,
		.rank = 1,
		.cell = cell_known},
};
const size_t action_columns_n = LENGTH(action_columns);

/* "=" proved, "~" accepted without proof, "x" failed, "?" unknown, "-" not there yet. */
static void draw_bar(
	const struct canvas *c, int row, int width, const struct action_counts *n)
{
	const struct {
		long long count;
		char sign;
		look_t look;
	} parts[] = {{n->done + n->already, '=', ROLE_GOOD},
		{n->accepted, '~', ROLE_WARN}, {n->failed, 'x', ROLE_BAD},
		{n->unknown, '?', ROLE_WARN}, {n->all, '-', ROLE_DIM}};
	int inner = width - 2, col = 0;
	long long sum = 0;
	canvas_put(c, row, 1, 1, ROLE_DIM, "[");
	canvas_put(c, row, width, 1, ROLE_DIM, "]");
	for (size_t i = 0; i < LENGTH(parts); i++) {
		sum += parts[i].count;
		int end = n->all && sum < n->all ? (int)(inner * sum / n->all) : inner;
		for (; col < end && parts[i].count; col++)
			canvas_put(c, row, 2 + col, 1, parts[i].look,
				(char[]){parts[i].sign, '\0'});
	}
}

static void add_count(struct str *out, long long n, const char *word)
{
	if (n)
		str_addf(out, "   %lld %s", n, word);
}

/* From how long the ones that ended took: only said when there is something to go by. */
static void add_left(struct str *out, const json_t *job, const struct action_counts *n)
{
	usec_t started = json_int(job, "started", 0), took = clock_now() - started;
	long long over = n->done + n->already + n->accepted + n->failed + n->unknown,
		  left = n->running + n->waiting + n->asking;
	char words[32];
	if (!started || !over || !left || took < 20 * USEC_PER_SEC)
		return;
	clock_format_words(words, sizeof(words), took / over * left);
	str_addf(out, "   about %s left", words);
}

static void draw_counts(
	const struct canvas *c, int row, const json_t *job, const struct action_counts *n)
{
	int width = c->cols >= 100 ? BAR : c->cols / 4;
	struct str text = STR_INIT;
	draw_bar(c, row, width, n);
	str_addf(&text, "%lld of %lld proved", n->done + n->already, n->all);
	add_count(&text, n->already, "already so");
	add_count(&text, n->accepted, "accepted, no proof");
	add_count(&text, n->asking, n->asking == 1 ? "ASKS" : "ASK");
	add_count(&text, n->running, "running");
	add_count(&text, n->waiting, "waiting");
	add_count(&text, n->failed, "failed");
	add_count(&text, n->unknown, "UNKNOWN");
	add_count(&text, n->canceled, "canceled");
	add_left(&text, job, n);
	canvas_put(c, row, width + 3, -1,
		n->unknown || n->asking || n->accepted ? ROLE_WARN
		: n->failed                            ? ROLE_BAD
						       : ROLE_TEXT,
		text.buf);
	str_release(&text);
}

static void draw_head(struct action_view *a, const struct canvas *c, int row)
{
	const json_t *job = a->job.json;
	const char *state = json_str(job, "state", ""), *word = job_word(state),
		   *reason = json_str(job, "reason", ""),
		   *stop = json_str(job, "cancel_by", "");
	usec_t started = json_int(job, "started", 0), ended = json_int(job, "ended", 0);
	char time[48];
	struct str text = STR_INIT;
	int col = 1 + canvas_put(c, row, 1, -1, job_look(state) | LOOK_BOLD, word);
	app_when(a->v.app, NULL, time, sizeof(time),
		started ? started : json_int(job, "created", 0));
	str_addf(&text, "   %s %s by %s", started ? "started" : "asked for", time,
		json_str(job, "who", ""));
	if (ended) {
		app_when(a->v.app, NULL, time, sizeof(time), ended);
		str_addf(&text, "   ended %s", time);
	}
	if (*stop && !ended)
		str_addf(&text, "   %s asked to start nothing more", stop);
	if (*reason)
		str_addf(&text, "   \"%s\"", reason);
	canvas_put(c, row, col, -1, ROLE_TEXT, text.buf);
	str_release(&text);
}

static void draw_output(struct action_view *a, const struct canvas *c, int row)
{
	size_t n = json_array_size(a->output.json), room = 0;
	const json_t *t = json_array_get(a->targets.json, a->c.at);
	if (row + 2 >= c->rows)
		return;
	canvas_rule(c, row);
	canvas_putf(
		c, row, 1, -1, ROLE_HEADER, " Output of %s ", json_str(t, "title", ""));
	room = (size_t)(c->rows - row - 1);
	for (size_t i = n > room ? n - room : 0; i < n; i++) {
		const json_t *line = json_array_get(a->output.json, i);
		bool bad = strcmp(json_str(line, "stream", ""), "err") == 0;
		canvas_put(c, ++row, TABLE_GUTTER, -1, bad ? ROLE_WARN : ROLE_TEXT,
			json_str(line, "text", ""));
	}
	if (!n)
		canvas_put(c, row + 1, TABLE_GUTTER, -1, ROLE_DIM,
			json_int(t, "ended", 0) ? "none" : "none so far");
}

/* The rows that the list of targets gets: a short list leaves the rest to the output. */
static size_t list_rows(const struct canvas *c, int row, size_t n)
{
	size_t room = c->rows > row + 1 ? (size_t)(c->rows - row) : 1;
	size_t most = room > 12 ? room - 6 : room;
	return n < most ? n : most;
}

/* The whole question of the line under the cursor: in its column it may be cut. */
static int draw_asking(struct action_view *a, const struct canvas *c, int row)
{
	const json_t *t = json_array_get(a->targets.json, a->c.at);
	int used = 1;
	canvas_put(c, row, 1, -1, ROLE_WARN,
		"ASKS: it waits for a person, and sends nothing meanwhile. On its line: "
		"a "
		"says yes, x says no.");
	if (strcmp(json_str(t, "state", ""), "asking") == 0)
		used += canvas_wrap(c, row + 1, 1, c->cols - 2, 4, ROLE_WARN | LOOK_BOLD,
			json_str(t, "known", ""));
	return used;
}

void action_draw(struct view *v, const struct canvas *c)
{
	struct action_view *a = (struct action_view *)v;
	const json_t *job = a->job.json;
	struct action_counts n;
	int row = 0;
	if (!json_is_object(job)) {
		canvas_put(c, 1, TABLE_GUTTER, -1, ROLE_DIM,
			a->job.known ? "There is no such action in the store."
				     : "Reading the store ...");
		return;
	}
	action_count(a->targets.json, &n);
	draw_head(a, c, row++);
	draw_counts(c, row++, job, &n);
	if (*json_str(job, "error", ""))
		row += canvas_wrap(
			c, row, 1, c->cols - 2, 3, ROLE_BAD, json_str(job, "error", ""));
	if (n.asking)
		row += draw_asking(a, c, row);
	if (n.unknown)
		canvas_put(c, row++, 1, -1, ROLE_WARN,
			"UNKNOWN: it was sent, but what became of it cannot be known "
			"from here. "
			"It is not repeated by itself.");
	row++;
	int rows = (int)list_rows(c, row + 1, (size_t)n.all) + 1;
	struct canvas list = canvas_sub(c, row, 0, rows, c->cols);
	cursor_rows(&a->c, &a->table, &list, a->targets.json, "It has no targets.");
	row += rows;
	draw_output(a, c, row + 1);
}
