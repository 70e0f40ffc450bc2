/* Answering a target that stopped at a `confirm`: the last question of a start once more, about the question that was read. */
#include "tui/views/action.h"

#include "runbooks/engine/job.h"
#include <string.h>

static struct action_view *of(struct view *v)
{
	return (struct action_view *)v;
}

/* The worker takes the first answer to the question as it stands; whether it took this one is only known now. */
static void answer_known(struct view *v, struct answer *a)
{
	const char *state = json_str(a->json, "state", "");
	if (strcmp(state, "failed") == 0)
		app_say(v->app, ROLE_WARN, "Your answer did not count: %s",
			json_str(a->json, "error", ""));
	else if (strcmp(state, "done") == 0)
		app_say(v->app, ROLE_TEXT, "Your answer counted.");
}

static void told(void *arg, json_t *answer, const struct err *e)
{
	struct view *v = arg;
	of(v)->telling = NULL;
	if (!answer) {
		app_say_err(v->app, e);
		return;
	}
	answer_ask(v, &of(v)->told, "job",
		json_pack("{s:I}", "job", (json_int_t)json_int(answer, "job", 0)),
		answer_known);
}

static void tell(struct view *v, bool yes)
{
	struct action_view *a = of(v);
	if (a->telling)
		return;
	a->telling = store_tell(app_store(v->app), "job_add",
		job_answer_args(
			v->arg.job, a->question_of, a->question, yes, app_me(v->app)),
		told, v);
}

static void say_yes(struct view *v)
{
	tell(v, true);
}

static void say_no(struct view *v)
{
	tell(v, false);
}

static void ask(struct view *v, const char *verb, void (*yes)(struct view *v))
{
	struct action_view *a = of(v);
	const json_t *row = json_array_get(a->targets.json, a->c.at);
	struct str what = STR_INIT;
	/* Bound to what is read now, whatever it asks by the time of the key. */
	a->question = arena_strdup(&v->mem, json_str(row, "known", ""));
	a->question_of = json_int(row, "n", 0);
	str_addf(&what, "%s %s", json_str(row, "title", ""), a->question);
	(void)app_confirm(
		v, &(struct confirm){.what = what.buf, .verb = verb, .yes = yes});
	str_release(&what);
}

bool action_asks(struct view *v, struct str *why)
{
	const json_t *row = json_array_get(of(v)->targets.json, of(v)->c.at);
	if (strcmp(json_str(row, "state", ""), "asking") == 0)
		return true;
	str_adds(why, "This target asks nothing.");
	return false;
}

void action_say_yes(struct view *v)
{
	ask(v, "say yes: it goes on", say_yes);
}

void action_say_no(struct view *v)
{
	ask(v, "say no: it is canceled there", say_no);
}

void action_answer_changed(struct view *v)
{
	if (!job_ended(json_str(of(v)->told.json, "state", "")))
		answer_again(&of(v)->told);
}

/* What was answered counts; only nobody waits here to hear so. */
void action_answer_release(struct view *v)
{
	store_cancel(app_store(v->app), of(v)->telling);
	answer_clear(&of(v)->told);
}
