/* Getting a log: a job of the worker, whose output it becomes; its parts; following. */
#include "tui/views/log.h"

#include "runbooks/engine/job.h"
#include "tui/from_json.h"
#include <stdlib.h>
#include <string.h>

enum { REFETCH_MS = 5000 };

const json_t *log_result(const struct log_view *l)
{
	const json_t *job = l->job.json;
	return job_ended(json_str(job, "state", "")) ? json_sub(job, "result") : NULL;
}

/* Where it opens: at the first error; where there is none the end says most. */
static void place(struct log_view *l)
{
	const json_t *result = log_result(l);
	const json_t *errors = json_sub(result, "errors");
	long long seq = json_array_size(errors)
				? json_integer_value(json_array_get(errors, 0))
				: 0;
	long long cause = json_int(result, "error_at", 0);
	if (cause > 0 && (!seq || cause < seq))
		seq = cause;
	if (l->follow) {
		l->placed = true;
		log_move(l, MOVE_BOTTOM);
	}
	if (l->placed || !l->total || !l->job.json)
		return;
	if (l->v.arg.job || (result && seq < 1)) {
		log_move(l, MOVE_BOTTOM);
		l->placed = result != NULL || l->v.arg.job;
	} else if (result) {
		log_goto(l, seq - 1);
		l->placed = true;
	} else {
		log_page_want(l);
	}
}

static void refetch_due(struct loop *loop, void *arg)
{
	struct log_view *l = arg;
	(void)loop;
	l->refetch = NULL;
	log_fetch(l, l->part);
}

static bool goes_on(const struct log_view *l)
{
	struct record r;
	return record_from_json(l->record.json, &r) && state_open(r.kind, r.state);
}

/* The log of a run that goes on is fetched again, as long as it is followed; and once more when the run has ended since. */
static void keep_following(struct log_view *l)
{
	if (!l->follow || l->v.arg.job || !log_result(l) || l->refetch ||
		!(goes_on(l) || l->fetched_open))
		return;
	l->refetch = loop_timer(app_loop(l->v.app), REFETCH_MS, refetch_due, l);
}

static void job_answer(struct view *v, struct answer *a)
{
	struct log_view *l = (struct log_view *)v;
	(void)a;
	/* The end of the job and its last lines come in two answers: only both together are all of it. */
	if (log_result(l))
		answer_again(&l->tail);
	place(l);
	keep_following(l);
}

/* All of it is here, and nothing will come. */
static void end_following(struct log_view *l)
{
	if (!l->follow || l->tail.req || !job_ended(json_str(l->job.json, "state", "")) ||
		(!l->v.arg.job && (goes_on(l) || l->fetched_open)))
		return;
	l->follow = false;
	app_say(l->v.app, ROLE_TEXT, "It has ended: this is all of it.");
}

static void tail_answer(struct view *v, struct answer *a)
{
	struct log_view *l = (struct log_view *)v;
	long long last = json_int(json_array_get(a->json, 0), "seq", 0);
	if (last > l->total)
		l->total = last;
	place(l);
	log_page_want(l);
	end_following(l);
}

void log_open_job(struct log_view *l, long long job)
{
	l->job_id = job;
	answer_clear(&l->block);
	answer_clear(&l->find);
	answer_clear(&l->job);
	answer_clear(&l->tail);
	l->total = l->at = l->top = 0;
	l->placed = false;
	answer_ask(&l->v, &l->job, "job", json_pack("{s:I}", "job", (json_int_t)job),
		job_answer);
	answer_ask(&l->v, &l->tail, "output",
		json_pack("{s:I,s:b,s:i}", "job", (json_int_t)job, "tail", 1, "limit", 1),
		tail_answer);
}

static void added(void *arg, json_t *answer, const struct err *e)
{
	struct log_view *l = arg;
	l->adding = NULL;
	if (answer)
		log_open_job(l, json_int(answer, "job", 0));
	else
		app_say_err(l->v.app, e);
	app_paint(l->v.app);
}

void log_fetch(struct log_view *l, int part)
{
	struct record r;
	struct str key = STR_INIT;
	if (l->v.arg.job || !record_from_json(l->record.json, &r))
		return;
	(void)record_key(&r, &key);
	l->part = part;
	l->fetched_open = state_open(r.kind, r.state);
	store_cancel(app_store(l->v.app), l->adding);
	l->adding = store_tell(app_store(l->v.app), "job_add",
		job_log_args(key.buf, part, app_me(l->v.app)), added, l);
	str_release(&key);
}

void log_follow(struct log_view *l, bool on)
{
	l->follow = on;
	loop_timer_cancel(app_loop(l->v.app), l->refetch);
	l->refetch = NULL;
	if (!on)
		return;
	if (l->v.arg.job) {
		log_move(l, MOVE_BOTTOM);
		end_following(l);
	} else {
		log_fetch(l, l->part);
	}
}

void log_part_words(const json_t *parts, size_t nth, struct str *out)
{
	const json_t *part = json_array_get(parts, nth);
	long long try = json_int(part, "try", 0), tries = json_int(part, "tries", 0);
	str_adds(out, json_str(part, "title", "log"));
	if (try)
		str_addf(out, ", try %lld", try);
	if (try && tries > 1)
		str_addf(out, " of %lld", tries);
}

/* The log of another part is another job: what it will be is said before it is there. */
static void go_to_part(struct log_view *l, const json_t *parts, size_t nth)
{
	struct str words = STR_INIT;
	const char *state = json_str(json_array_get(parts, nth), "state", NULL);
	log_part_words(parts, nth, &words);
	app_say(l->v.app, ROLE_TEXT, "%s%s%s (%zu of %zu)", words.buf, state ? ": " : "",
		state ? state : "", nth + 1, json_array_size(parts));
	str_release(&words);
	log_fetch(l, (int)nth);
}

bool log_has_parts(struct view *v, struct str *why)
{
	const json_t *result = log_result((struct log_view *)v);
	if (json_array_size(json_sub(result, "parts")) > 1)
		return true;
	str_adds(why, result ? "It has no other part." : "It is not all here yet.");
	return false;
}

void log_next_part(struct view *v)
{
	struct log_view *l = (struct log_view *)v;
	const json_t *parts = json_sub(log_result(l), "parts");
	go_to_part(l, parts,
		(size_t)((l->part < 0 ? 0 : l->part) + 1) % json_array_size(parts));
}

/* "load" is the first part with that in its title, "load 2" its second try. */
static bool is_named(const json_t *part, const char *name, size_t len, long long try)
{
	char *wanted = xstrndup(name, len);
	bool yes = strcasestr(json_str(part, "title", ""), wanted) &&
		   (!try || json_int(part, "try", 0) == try);
	free(wanted);
	return yes;
}

static void part_named(struct view *v, const char *text)
{
	struct log_view *l = (struct log_view *)v;
	const json_t *parts = json_sub(log_result(l), "parts");
	const char *blank = text ? strrchr(text, ' ') : NULL;
	long long try = 0;
	if (!text || !*text || !parts)
		return;
	bool with_try = blank && str_to_int(blank + 1, &try) && try > 0;
	size_t len = with_try ? (size_t)(blank - text) : strlen(text);
	for (size_t i = 0; i < json_array_size(parts); i++)
		if (is_named(json_array_get(parts, i), text, len, with_try ? try : 0)) {
			go_to_part(l, parts, i);
			return;
		}
	app_say(v->app, ROLE_WARN, "No part with a log is called \"%s\".", text);
}

void log_find_part(struct view *v)
{
	(void)app_prompt(v, &(struct prompt){.label = "task", .done = part_named});
}
