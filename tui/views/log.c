/* The log of a run, at its first error; or the output of an action. */
#include "tui/views/log.h"

#include "runbooks/engine/job.h"
#include "tui/act.h"
#include "tui/from_json.h"
#include "tui/pager.h"
#include <string.h>

static struct log_view *of(struct view *v)
{
	return (struct log_view *)v;
}

static void record_answer(struct view *v, struct answer *a)
{
	struct log_view *l = of(v);
	struct record r;
	if (l->job_id || l->adding)
		return;
	if (record_from_json(a->json, &r))
		log_fetch(l, -1);
	else if (a->json)
		app_say(v->app, ROLE_WARN, "It is gone from the store.");
}

static bool init(struct view *v, struct err *e)
{
	struct log_view *l = of(v);
	(void)e;
	l->part = -1;
	str_init(&l->key, STR_MAX_DEFAULT);
	if (v->arg.job)
		log_open_job(l, v->arg.job);
	else
		answer_ask(v, &l->record, "record",
			json_pack("{s:I}", "rid", (json_int_t)v->arg.rid), record_answer);
	return true;
}

static void release(struct view *v)
{
	struct log_view *l = of(v);
	store_cancel(app_store(v->app), l->adding);
	loop_timer_cancel(app_loop(v->app), l->refetch);
	log_save_stop(l);
	str_release(&l->key);
	answer_clear(&l->record);
	answer_clear(&l->job);
	answer_clear(&l->tail);
	answer_clear(&l->block);
	answer_clear(&l->find);
}

static void changed(struct view *v)
{
	struct log_view *l = of(v);
	answer_again(&l->record);
	/* What has ended does not change; only the record may go on. */
	if (log_result(l))
		return;
	answer_again(&l->job);
	answer_again(&l->tail);
}

/* ---- words ------------------------------------------------------------------------------------------ */

static void add_part(const struct log_view *l, struct str *path)
{
	const json_t *parts = json_sub(log_result(l), "parts");
	/* Opened from a list, the path does not say yet which record it is. */
	if (l->v.below && l->v.below->type != &detail_view && l->v.arg.title)
		str_addf(path, "%s > ", l->v.arg.title);
	log_part_words(parts, l->part < 0 ? 0 : (size_t)l->part, path);
	if (json_array_size(parts) > 1)
		str_addf(path, " (%d of %zu)", l->part < 0 ? 1 : l->part + 1,
			json_array_size(parts));
}

static void title(struct view *v, struct str *path, struct str *side)
{
	struct log_view *l = of(v);
	char n[32], at[32], now[48];
	size_t nth = 0, errors = log_errors(l, &nth);
	if (v->arg.job)
		str_adds(path, "output");
	else
		add_part(l, path);
	if (!l->total)
		return;
	count_format(n, sizeof(n), l->total);
	count_format(at, sizeof(at), l->at + 1);
	if (!log_result(l) && !v->arg.job)
		str_addf(side, "%s lines so far", n);
	else if (*l->search)
		str_addf(side, "/%s, line %s of %s", l->search, at, n);
	else if (errors)
		str_addf(side, "error %zu of %zu, line %s of %s", nth, errors, at, n);
	else
		str_addf(side, "line %s of %s", at, n);
	if (l->follow)
		str_adds(side, ", following");
	if (json_flag(log_result(l), "truncated", false))
		str_adds(side, ", its middle left out");
	/* The lines have no zone: it is said here when it is not the usual one. */
	app_clock(v->app, json_str(l->record.json, "source", NULL), now, sizeof(now),
		clock_now());
	if (!str_ends(now, " UTC"))
		str_addf(side, ", times in %s",
			strrchr(now, ' ') ? strrchr(now, ' ') + 1 : now);
}

static int draw_trouble(struct log_view *l, const struct canvas *c)
{
	const json_t *job = l->job.json;
	const char *state = json_str(job, "state", ""),
		   *error = json_str(job, "error", "");
	if (l->v.arg.job ||
		(strcmp(state, "failed") != 0 && strcmp(state, "unknown") != 0))
		return 0;
	int rows = canvas_wrap(c, 0, 3, c->cols - 4, 4, ROLE_BAD,
		*error ? error : "The log could not be fetched.");
	canvas_put(c, rows, 3, -1, ROLE_DIM, "R tries again.");
	return rows + 2;
}

static const char *waiting(const struct log_view *l)
{
	const json_t *job = l->job.json;
	if (l->v.arg.job)
		return l->job.known ? "No output." : "Reading the store ...";
	if (log_result(l))
		return "The log is empty.";
	if (strcmp(json_str(job, "state", ""), "running") == 0)
		return "The worker is fetching it from the source ...";
	return l->job_id ? "Waiting for the worker ..." : "Asking for it ...";
}

static void draw(struct view *v, const struct canvas *c)
{
	struct log_view *l = of(v);
	int row = draw_trouble(l, c);
	struct canvas body = canvas_sub(c, row, 0, c->rows - row, c->cols);
	if (!l->total && row == 0)
		canvas_put(c, row, 3, -1, ROLE_DIM, waiting(l));
	log_page_draw(l, &body);
}

/* ---- keys -------------------------------------------------------------------------------------------- */

static void move(struct view *v, enum move m)
{
	struct log_view *l = of(v);
	l->placed = true;
	if (l->follow)
		log_follow(l, false);
	log_move(l, m);
}

/* A log that could not be fetched has no lines to wait for. */
static bool waits(const struct view *v, enum key_about what)
{
	const struct log_view *l = (const struct log_view *)v;
	if (what == KEY_TARGET)
		return answer_waits(&l->record);
	return answer_waits(&l->record) || l->adding || answer_waits(&l->job) ||
	       answer_waits(&l->tail) || answer_waits(&l->block) ||
	       (!l->total && !v->arg.job && l->job.json &&
		       !job_ended(json_str(l->job.json, "state", "")));
}

static bool key(struct view *v, const struct event *ev)
{
	struct log_view *l = of(v);
	if (ev->type != EVENT_KEY)
		return false;
	if (ev->key == K_ESC && *l->search) {
		l->search[0] = '\0';
		answer_clear(&l->find);
		return true;
	}
	if (ev->key == K_RIGHT && !l->wrap)
		l->shift += 20;
	else if (ev->key == K_LEFT && !l->wrap)
		l->shift -= l->shift < 20 ? l->shift : 20;
	else
		return false;
	return true;
}

static void follow(struct view *v)
{
	struct log_view *l = of(v);
	bool on = !l->follow;
	app_say(v->app, ROLE_TEXT,
		on ? "Following: the newest line stays in sight. f or any move ends it."
		   : "Not following any more.");
	log_follow(l, on);
}

static void wrap(struct view *v)
{
	struct log_view *l = of(v);
	l->wrap = !l->wrap;
	l->shift = 0;
	log_move(l, MOVE_DOWN);
	log_move(l, MOVE_UP);
}

static bool is_fetched(struct view *v, struct str *why)
{
	if (!v->arg.job)
		return true;
	str_adds(why,
		"The output of an action comes by itself: nothing has to be fetched.");
	return false;
}

static void again(struct view *v)
{
	log_fetch(of(v), of(v)->part);
}

static size_t targets(struct view *v, struct target *out, size_t max)
{
	struct log_view *l = of(v);
	struct record r;
	if (!max || !record_from_json(l->record.json, &r))
		return 0;
	str_clear(&l->key);
	(void)record_key(&r, &l->key);
	*out = (struct target){.rid = json_int(l->record.json, "rid", v->arg.rid),
		.kind = r.kind,
		.state = r.state,
		.key = l->key.buf,
		.source = r.source,
		.title = r.title};
	return 1;
}

static bool glance(struct view *v, bool acting, struct glance *out)
{
	struct log_view *l = of(v);
	struct record r;
	(void)acting;
	if (!record_from_json(l->record.json, &r))
		return false;
	*out = (struct glance){.kind = r.kind,
		.state = r.state,
		.source = r.source,
		.url = r.url,
		.whole = l->record.json};
	return true;
}

static bool moves(const struct view *v)
{
	return ((const struct log_view *)v)->total > 1;
}

static const struct command commands[] = {
	{"next", "n", "n next error", "the next error; after a search: the next match", 0,
		log_next, log_has_next},
	{"previous", "N", "N previous", "the error or match before", 0, log_previous,
		log_has_previous},
	{"search", "/", "/ search", "find text; Esc ends it", 0, log_search},
	{"part", "t", "t try", "the next part: another task or try", 0, log_next_part,
		log_has_parts},
	{"part-named", "p", NULL, "go to a task, and a try of it: load 2", 0,
		log_find_part, log_has_parts},
	{"follow", "f", "f follow", "fetch it again and stay at its end", 0, follow},
	{"wrap", "w", "w wrap", "wrap long lines, or scroll with Left and Right",
		CMD_FREE, wrap},
	{"save", "s", "s save", "save all of it to a file, whose name is asked", 0,
		log_save, log_may_save},
	{"log", "R l", NULL, "fetch it again", 0, again, is_fetched},
	{"acknowledge", "a", NULL, "acknowledge or approve it", CMD_TARGET | CMD_ACTS,
		act_acknowledge},
	{NULL},
};

const struct view_type log_view = {
	.name = "log",
	.size = sizeof(struct log_view),
	.help = "The log of a run, at its first error; or the output of an action.",
	.init = init,
	.release = release,
	.title = title,
	.draw = draw,
	.key = key,
	.waits = waits,
	.move = move,
	.changed = changed,
	.targets = targets,
	.glance = glance,
	.moves = moves,
	.commands = commands,
};
