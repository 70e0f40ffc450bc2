/*
 * Running a runbook: form and preview on one screen, a last question, then an action that goes on without this screen. What
 * starts is what was previewed: the same values, the same targets, the plan's hash; the worker refuses anything else.
 */
#include "tui/views/run.h"

#include <string.h>

static const char was_started[] = "It was started: Actions shows it.";

static struct run_view *of(struct view *v)
{
	return (struct run_view *)v;
}

/* The form needs the record, and the values of an earlier action when that is repeated. */
static void read_answer(struct view *v, struct answer *a)
{
	struct run_view *f = of(v);
	(void)a;
	if (f->ready || (v->arg.rid && !f->record.known) ||
		(v->arg.job && !f->earlier.known))
		return;
	run_form_build(f);
	run_preview_now(f);
}

static void build_later(struct loop *l, void *arg)
{
	struct run_view *f = arg;
	(void)l;
	f->wait = NULL;
	read_answer(&f->v, NULL);
	app_paint(f->v.app);
}

static bool init(struct view *v, struct err *e)
{
	struct run_view *f = of(v);
	const struct runbooks *all = app_runbooks(v->app);
	f->r = all && v->arg.name ? runbooks_find(all, v->arg.name) : NULL;
	if (!f->r)
		return err_set(e, ERR_NOTFOUND, "there is no runbook \"%s\"",
			v->arg.name ? v->arg.name : "");
	pager_init(&f->text);
	if (v->arg.job)
		answer_ask(v, &f->earlier, "job",
			json_pack("{s:I}", "job", (json_int_t)v->arg.job), read_answer);
	if (v->arg.rid)
		answer_ask(v, &f->record, "record",
			json_pack("{s:I}", "rid", (json_int_t)v->arg.rid), read_answer);
	if (!v->arg.rid && !v->arg.job)
		f->wait = loop_timer(app_loop(v->app), 0, build_later, f);
	return true;
}

static void release(struct view *v)
{
	struct run_view *f = of(v);
	/* What was confirmed starts; only nobody waits here for its number. */
	if (f->starting)
		app_say(v->app, ROLE_TEXT, "%s", was_started);
	store_cancel(app_store(v->app), f->starting);
	run_preview_release(f);
	answer_clear(&f->record);
	answer_clear(&f->earlier);
	run_form_release(f);
	pager_release(&f->text);
}

static void changed(struct view *v)
{
	struct run_view *f = of(v);
	if (!job_ended(json_str(f->preview.json, "state", "")))
		answer_again(&f->preview);
}

static void title(struct view *v, struct str *path, struct str *side)
{
	const struct run_view *f = of(v);
	str_addf(path, "Run: %s", v->arg.name);
	if (v->arg.n_targets > 1)
		str_addf(side, "%zu targets", v->arg.n_targets);
	else
		str_adds(side, json_str(f->record.json, "source", ""));
}

/* ---- starting -------------------------------------------------------------------------------------------- */

static void close_way_here(struct view *v)
{
	if (v->below && v->below->type == &runbooks_view)
		app_close(v->below);
	app_close(v);
}

static void started(void *arg, json_t *answer, const struct err *e)
{
	struct run_view *f = arg;
	struct view *v = &f->v;
	f->starting = NULL;
	if (!answer) {
		app_say_err(v->app, e);
		return;
	}
	f->sent = true;
	/* Something stands above, and knows this view: nothing is opened or closed under the user's hands. */
	if (!app_on_top(v))
		app_say(v->app, ROLE_TEXT, "%s", was_started);
	else if (app_open(v->app, &action_view,
			 &(struct view_arg){.job = json_int(answer, "job", 0),
				 .title = v->arg.name}))
		close_way_here(v);
}

static void yes(struct view *v)
{
	struct run_view *f = of(v);
	const json_t *result = run_preview_result(f);
	if (!f->fresh || !result || f->starting) {
		app_say(v->app, ROLE_WARN,
			"The preview changed meanwhile: nothing was sent. Look at it "
			"again.");
		return;
	}
	f->starting = store_tell(app_store(v->app), "job_add",
		job_action_args(f->r, f->params, f->targets, app_me(v->app),
			form_value(&f->form, run_reason), f->preview_id,
			json_str(result, "plan_hash", "")),
		started, f);
}

static void no(struct view *v)
{
	app_say(v->app, ROLE_TEXT, "Nothing was sent.");
}

/* Why it cannot be started now; NULL: it can. */
static const char *obstacle(struct run_view *f)
{
	const json_t *result = run_preview_result(f);
	if (f->starting)
		return "It is being started.";
	if (f->sent)
		return "It was started: Actions shows it. F5 asks for a new preview.";
	if (!f->ready)
		return "The form is not here yet.";
	if (!form_ok(&f->form))
		return "A field is not filled in right: see there.";
	if (f->wait || f->adding)
		return "The preview of these values is not here yet; the question comes "
		       "with it.";
	if (f->invalid[0])
		return f->invalid;
	if (!job_ended(json_str(f->preview.json, "state", "")))
		return "The preview is not here yet; the question comes with it.";
	if (!result || !f->fresh)
		return "There is no preview of this: F5 asks for one.";
	if (*json_str(result, "refused", ""))
		return json_str(result, "refused", "");
	if (f->seen != f->preview_id)
		return "F2 shows the preview, for which there is no room here; or make "
		       "the "
		       "screen larger.";
	return NULL;
}

void run_start(struct view *v)
{
	struct run_view *f = of(v);
	if (!app_may_run(v->app, f->r))
		return;
	const char *why = obstacle(f);
	f->eager = why && !f->starting && f->ready && form_ok(&f->form) &&
		   !f->invalid[0] &&
		   (f->wait || f->adding ||
			   !job_ended(json_str(f->preview.json, "state", "")));
	if (why) {
		app_say(v->app, ROLE_WARN, "%s", why);
		return;
	}
	const json_t *confirm = json_sub(run_preview_result(f), "confirm");
	const char *typed = json_str(confirm, "type", "");
	struct str what = STR_INIT;
	str_addf(&what, "%s.", json_str(confirm, "sentence", runbook_title(f->r)));
	(void)app_confirm(v, &(struct confirm){.what = what.buf,
				     .undo = json_str(confirm, "undo", ""),
				     .typed = *typed ? typed : NULL,
				     .verb = "start",
				     .danger = run_danger(f),
				     .yes = yes,
				     .no = no});
	str_release(&what);
}

/* ---- keys -------------------------------------------------------------------------------------------------- */

static void full(struct view *v)
{
	struct run_view *f = of(v);
	f->full = !f->full;
	f->text_of = NULL;
}

/* The form is not seen then: no key goes into it. */
static bool full_key(struct run_view *f, const struct event *ev)
{
	struct pager *p = &f->text;
	if (ev->type != EVENT_KEY)
		return false;
	switch (ev->key) {
	case K_ESC:
	case 'q':
		full(&f->v);
		return true;
	case K_ENTER:
		app_say(f->v.app, ROLE_DIM, "F2 goes back to the form; Start is there.");
		return true;
	case K_DOWN:
	case 'j':
		if (p->at + 1 < p->end)
			p->at = p->end - 1;
		pager_move(p, MOVE_DOWN);
		return true;
	case K_UP:
	case 'k':
		if (p->at > p->top)
			p->at = p->top;
		pager_move(p, MOVE_UP);
		return true;
	}
	return false;
}

static bool key(struct view *v, const struct event *ev)
{
	struct run_view *f = of(v);
	bool on_start = f->form.at >= f->form.n;
	if (!f->ready)
		return false;
	if (f->full)
		return full_key(f, ev);
	if (on_start && ev->type == EVENT_KEY && ev->key == K_ENTER) {
		run_start(v);
		return true;
	}
	f->eager = false;
	bool used = form_event(&f->form, ev);
	if (f->form.changed) {
		f->form.changed = false;
		/* The reason too: a request may carry it to the far side. */
		run_preview_soon(f);
	}
	return used;
}

static bool waits(const struct view *v, enum key_about what)
{
	(void)what;
	return !((const struct run_view *)v)->ready;
}

static void hint_only(struct view *v)
{
	app_say(v->app, ROLE_DIM,
		"Tab goes through the fields; Enter on Start asks once more.");
}

static void again(struct view *v)
{
	if (of(v)->ready)
		run_preview_now(of(v));
}

static void page_down(struct view *v)
{
	pager_move(&of(v)->text, MOVE_PGDN);
}

static void page_up(struct view *v)
{
	pager_move(&of(v)->text, MOVE_PGUP);
}

static const struct command commands[] = {
	{"field", "Tab", "Tab next field", "to the next field; Shift-Tab: the one before",
		0, hint_only},
	{"start", "Enter", "Enter on Start asks once more",
		"start it, after one more question", CMD_NOW, hint_only},
	{"plan", "F2", "F2 full plan",
		"all of the plan on the whole screen, long lines wrapped", 0, full},
	{"preview", "F5", NULL, "ask for the preview again", 0, again},
	{"page-down", "PgDn C-f", NULL, "the preview a page down", 0, page_down},
	{"page-up", "PgUp C-b", NULL, "the preview a page up", 0, page_up},
	{"back", "Esc", "Esc leave, nothing is sent", "leave the form", 0, app_close},
	{NULL},
};

const struct view_type run_view = {
	.name = "run",
	.size = sizeof(struct run_view),
	.help = "A runbook: its values, and what they would do. Nothing has happened "
		"yet.",
	.init = init,
	.release = release,
	.title = title,
	.draw = run_draw,
	.key = key,
	.typing = true,
	.waits = waits,
	.changed = changed,
	.commands = commands,
};
