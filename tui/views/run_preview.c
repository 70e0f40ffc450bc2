/*
 * The preview: a job of the worker about the values in the form. A change of a value asks for a new one when typing has
 * rested; answers about older values are never taken for it, and their jobs are cancelled.
 */
#include "tui/views/run.h"

#include <string.h>

enum { REST_MS = 300, ROOM_MIN = 3 };

const json_t *run_preview_result(const struct run_view *f)
{
	return json_sub(f->preview.json, "result");
}

/* A preview that nobody will look at is not worth a question to the source. */
static void drop(struct run_view *f)
{
	struct app *a = f->v.app;
	f->fresh = false;
	store_cancel(app_store(a), f->adding);
	f->adding = NULL;
	if (f->preview_id && !job_ended(json_str(f->preview.json, "state", "")))
		(void)store_tell(app_store(a), "job_cancel",
			json_pack("{s:I,s:s}", "job", (json_int_t)f->preview_id, "who",
				app_me(a)),
			NULL, NULL);
	f->preview_id = 0;
}

/* The question as it was asked, so that what starts later is what was previewed. */
static void keep_values(struct run_view *f, json_t *params, json_t *targets)
{
	json_decref(f->params);
	json_decref(f->targets);
	f->params = params;
	f->targets = targets;
}

static void preview_answer(struct view *v, struct answer *a)
{
	struct run_view *f = (struct run_view *)v;
	if (!f->ready || !job_ended(json_str(a->json, "state", "")))
		return;
	/* Production is only known for sure now: the reason may be needed after all. */
	for (size_t i = 0; i < f->form.n; i++)
		if (f->form.fields[i].name == run_reason && run_preview_result(f))
			f->form.fields[i].required = json_flag(run_preview_result(f),
				"reason_required", f->form.fields[i].required);
	if (!f->eager || !f->fresh || !app_on_top(v))
		return;
	/* It is painted with the question; where there is no room for it, that is said instead. */
	if (f->room >= ROOM_MIN)
		f->seen = f->preview_id;
	run_start(v);
}

static void added(void *arg, json_t *answer, const struct err *e)
{
	struct run_view *f = arg;
	f->adding = NULL;
	app_paint(f->v.app);
	if (!answer) {
		app_say_err(f->v.app, e);
		return;
	}
	f->preview_id = json_int(answer, "job", 0);
	f->fresh = true;
	answer_clear(&f->preview);
	answer_ask(&f->v, &f->preview, "job",
		json_pack("{s:I}", "job", (json_int_t)f->preview_id), preview_answer);
}

void run_preview_now(struct run_view *f)
{
	json_t *params = NULL, *targets = NULL;
	loop_timer_cancel(app_loop(f->v.app), f->wait);
	f->wait = NULL;
	drop(f);
	f->invalid[0] = '\0';
	f->sent = false;
	app_paint(f->v.app);
	if (!run_form_values(f, &params, &targets, f->invalid, sizeof(f->invalid)))
		return;
	keep_values(f, params, targets);
	f->adding = store_tell(app_store(f->v.app), "job_add",
		job_preview_args(f->r, params, targets, app_me(f->v.app),
			form_value(&f->form, run_reason)),
		added, f);
}

static void rested(struct loop *l, void *arg)
{
	struct run_view *f = arg;
	(void)l;
	f->wait = NULL;
	run_preview_now(f);
}

void run_preview_soon(struct run_view *f)
{
	f->fresh = false;
	loop_timer_cancel(app_loop(f->v.app), f->wait);
	f->wait = loop_timer(app_loop(f->v.app), REST_MS, rested, f);
}

void run_preview_release(struct run_view *f)
{
	loop_timer_cancel(app_loop(f->v.app), f->wait);
	f->wait = NULL;
	drop(f);
	answer_clear(&f->preview);
	keep_values(f, NULL, NULL);
}
