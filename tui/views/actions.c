/* The lane of action runs: what people started, newest first. */
#include "tui/views/action.h"

#include "runbooks/engine/job.h"
#include <string.h>

enum { PAGE = 500 };

struct actions_view {
	struct view v;
	struct answer jobs;
	struct cursor c;
	struct table table;
	long long job; /* under the cursor: it stays on it when new ones come */
	long long limit;
};

static struct actions_view *of(struct view *v)
{
	return (struct actions_view *)v;
}

static const json_t *current(struct actions_view *a)
{
	return json_array_get(a->jobs.json, a->c.at);
}

/* ---- columns -------------------------------------------------------------------------------- */

static void cell_state(const void *row, void *arg, struct str *out, look_t *look)
{
	const char *state = json_str(row, "state", "");
	(void)arg;
	/* It runs, but only a person gets it further. */
	if (json_int(row, "asking", 0) && !job_ended(state))
		state = "asking";
	str_adds(out, job_word(state));
	*look = job_look(state);
}

static void cell_age(const void *row, void *arg, struct str *out, look_t *look)
{
	char age[16];
	(void)arg;
	app_age(age, sizeof(age), json_int(row, "created", 0));
	str_adds(out, age);
	*look = ROLE_DIM;
}

static void cell_name(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, json_str(row, "runbook", ""));
}

static void cell_target(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	str_adds(out, json_str(row, "target", ""));
	if (json_int(row, "targets", 0) > 1)
		str_adds(out, " ...");
}

static void cell_progress(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	(void)look;
	job_progress(row, out);
}

static void cell_who(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	*look = ROLE_DIM;
	str_adds(out, json_str(row, "who", ""));
}

static void cell_reason(const void *row, void *arg, struct str *out, look_t *look)
{
	const char *error = json_str(row, "error", ""), *why = json_str(row, "why", "");
	(void)arg;
	if (!*error)
		error = why;
	*look = *error ? ROLE_TEXT : ROLE_DIM;
	str_adds(out, *error ? error : json_str(row, "reason", ""));
}

static void cell_job(const void *row, void *arg, struct str *out, look_t *look)
{
	(void)arg;
	*look = ROLE_DIM;
	str_addf(out, "%lld", json_int(row, "job", 0));
}

static const struct column columns[] = {
	{.title = "STATE", .min = 10, .cell = cell_state},
	{.title = "AGE", .min = 5, .rank = 2, .align = ALIGN_RIGHT, .cell = cell_age},
	{.title = "ACTION",
		.min = 18,
		.max = 24,
		.share = 1,
		.strong = true,
		.cell = cell_name},
	{.title = "ON", .min = 16, .max = 60, .share = 4, .rank = 1, .cell = cell_target},
	{.title = "DONE",
		.min = 10,
		.max = 26,
		.share = 1,
		.rank = 3,
		.cell = cell_progress},
	{.title = "WHO", .min = 8, .max = 14, .share = 1, .rank = 4, .cell = cell_who},
	{.title = "NUMBER", .min = 6, .rank = 6, .align = ALIGN_RIGHT, .cell = cell_job},
	{.title = "WHY IT FAILED, OR REASON",
		.min = 16,
		.max = 200,
		.share = 4,
		.rank = 5,
		.cell = cell_reason},
};

/* ---- the view ---------------------------------------------------------------------------------- */

/* Newer ones come above: the cursor goes on with its own. */
static void answered(struct view *v, struct answer *a)
{
	struct actions_view *s = of(v);
	size_t i;
	json_t *row;
	json_array_foreach (a->json, i, row) {
		if (!s->job || json_int(row, "job", 0) != s->job)
			continue;
		if (i != s->c.at) {
			s->c.top += i > s->c.at ? i - s->c.at : 0;
			s->c.at = i;
			app_shifted(v);
		}
		break;
	}
}

static void ask(struct view *v)
{
	struct actions_view *a = of(v);
	answer_ask(v, &a->jobs, "jobs",
		json_pack("{s:s,s:I}", "type", "action", "limit", (json_int_t)a->limit),
		answered);
}

static bool init(struct view *v, struct err *e)
{
	struct actions_view *a = of(v);
	(void)e;
	a->limit = PAGE;
	table_init(&a->table, columns, LENGTH(columns), NULL);
	ask(v);
	return true;
}

static void release(struct view *v)
{
	answer_clear(&of(v)->jobs);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	struct actions_view *a = of(v);
	size_t n = json_array_size(a->jobs.json);
	str_adds(path, "Actions");
	if (!a->jobs.json)
		return;
	str_addf(side, "%zu%s, newest first", n,
		n && (long long)n == a->limit ? " or more" : "");
}

static void draw(struct view *v, const struct canvas *c)
{
	struct actions_view *a = of(v);
	cursor_rows(&a->c, &a->table, c, a->jobs.json,
		"No action was started yet. r on a record lists what can be done.");
}

static void move(struct view *v, enum move m)
{
	struct actions_view *a = of(v);
	cursor_move(&a->c, m);
	a->job = json_int(current(a), "job", 0);
	/* On the last one: there may be older ones. */
	if (a->c.at + 1 == a->c.n && (long long)a->c.n == a->limit) {
		a->limit += PAGE;
		ask(v);
	}
}

static bool waits(const struct view *v, enum key_about what)
{
	(void)what;
	return answer_waits(&((const struct actions_view *)v)->jobs);
}

static void changed(struct view *v)
{
	answer_again(&of(v)->jobs);
}

static void open_current(struct view *v)
{
	const json_t *job = current(of(v));
	if (job)
		(void)app_open(v->app, &action_view,
			&(struct view_arg){.job = json_int(job, "job", 0),
				.title = json_str(job, "runbook", "")});
}

static void open_output(struct view *v)
{
	const json_t *job = current(of(v));
	if (job)
		(void)app_open(v->app, &log_view,
			&(struct view_arg){.job = json_int(job, "job", 0),
				.title = json_str(job, "runbook", "")});
}

static bool has_row(struct view *v, struct str *why)
{
	(void)why;
	return current(of(v)) != NULL;
}

static bool moves(const struct view *v)
{
	return ((const struct actions_view *)v)->c.n > 1;
}

static const struct command commands[] = {
	{"open", "Enter Right", "Enter open", "its targets, one line each", 0,
		open_current, has_row},
	{"output", "l", "l output", "all its output", 0, open_output, has_row},
	{NULL},
};

const struct view_type actions_view = {
	.name = "actions",
	.size = sizeof(struct actions_view),
	.help = "Actions that people started, the newest first.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.waits = waits,
	.move = move,
	.moves = moves,
	.changed = changed,
	.commands = commands,
};
