/* The app: the stack of views above the lane's, opening and closing, and what views ask of it. */
#include "tui/app_inside.h"

#include "tui/act.h"

#include "runbooks/engine/runbook.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- views ---------------------------------------------------------------------------- */

static void arg_copy(struct arena *mem, struct view_arg *dst, const struct view_arg *src)
{
	memset(dst, 0, sizeof(*dst));
	if (!src)
		return;
	dst->rid = src->rid;
	dst->job = src->job;
	dst->name = arena_strdup(mem, src->name);
	dst->title = arena_strdup(mem, src->title);
	if (!src->n_targets)
		return;
	struct target *t = arena_alloc(mem, src->n_targets * sizeof(*t));
	for (size_t i = 0; i < src->n_targets; i++) {
		t[i] = src->targets[i];
		t[i].key = arena_strdup(mem, t[i].key);
		t[i].source = arena_strdup(mem, t[i].source);
		t[i].title = arena_strdup(mem, t[i].title);
		t[i].run = arena_strdup(mem, t[i].run);
	}
	dst->targets = t;
	dst->n_targets = src->n_targets;
}

static struct view *view_new(
	struct app *a, const struct view_type *type, const struct view_arg *arg, int lane)
{
	struct err e = ERR_INIT;
	struct view *v = xcalloc(1, type->size);
	v->type = type;
	v->app = a;
	v->lane = lane;
	v->changes = a->changes;
	arg_copy(&v->mem, &v->arg, arg);
	paint_room(a, &v->rows, &v->cols);
	if (!type->init || type->init(v, &e))
		return v;
	app_say_err(a, &e);
	arena_release(&v->mem);
	free(v);
	return NULL;
}

static void view_free(struct view *v)
{
	if (v->type->release)
		v->type->release(v);
	arena_release(&v->mem);
	free(v);
}

/* Every view follows the store, also one that was in the background when it changed. */
static void follow(struct view *v)
{
	if (v->changes == v->app->changes)
		return;
	v->changes = v->app->changes;
	if (v->type->changed)
		v->type->changed(v);
}

static void shown(struct app *a)
{
	struct view *v = a->top;
	paint_room(a, &v->rows, &v->cols);
	follow(v);
	a->dirty = true;
}

bool app_open(struct app *a, const struct view_type *t, const struct view_arg *arg)
{
	struct view *v = view_new(a, t, arg, -1);
	if (!v)
		return false;
	v->below = a->top;
	a->top = v;
	a->dirty = true;
	history_note(a, false);
	return true;
}

void app_close(struct view *v)
{
	struct app *a = v->app;
	struct view **at = &a->top;
	while (*at && *at != v)
		at = &(*at)->below;
	if (!*at || v->lane >= 0)
		return;
	*at = v->below;
	v->below = a->dead;
	a->dead = v;
	shown(a);
	history_note(a, true);
}

bool app_on_top(const struct view *v)
{
	return v->app->top == v;
}

void app_back(struct app *a)
{
	if (a->top->lane < 0)
		app_close(a->top);
	else
		app_say(a, ROLE_DIM,
			"This is the first screen. q leaves watchdesk; running actions "
			"go on without it.");
}

void app_collect_dead(struct app *a)
{
	while (a->dead) {
		struct view *v = a->dead;
		a->dead = v->below;
		view_free(v);
	}
}

void app_lane(struct app *a, int lane)
{
	while (a->top && a->top->lane < 0) {
		struct view *v = a->top;
		a->top = v->below;
		v->below = a->dead;
		a->dead = v;
	}
	if (!a->lanes[lane])
		a->lanes[lane] = view_new(a, lanes[lane].view, NULL, lane);
	if (!a->lanes[lane])
		return;
	a->lane = lane;
	a->top = a->lanes[lane];
	shown(a);
	history_note(a, false);
}

void app_quit(struct app *a)
{
	a->quit = true;
	loop_stop(a->loop);
}

/* ---- what views ask ---------------------------------------------------------------------- */

struct store *app_store(struct app *a)
{
	return a->store;
}

const struct config *app_config(struct app *a)
{
	return a->config;
}

struct loop *app_loop(struct app *a)
{
	return a->loop;
}

const json_t *app_counts(struct app *a)
{
	return a->counts;
}

const char *app_me(struct app *a)
{
	return a->me;
}

bool app_writable(struct app *a)
{
	if (!a->read_only)
		return true;
	app_say(a, ROLE_WARN,
		"Read-only: the configuration says `read_only: true`, so nothing can be "
		"changed from here.");
	return false;
}

bool app_may_run(struct app *a, const struct runbook *r)
{
	return runbook_risk(r) == RISK_READ || app_writable(a);
}

const struct runbooks *app_runbooks(struct app *a)
{
	struct err e = ERR_INIT;
	if (!a->runbooks) {
		a->runbooks = runbooks_load(a->config, &e);
		if (!a->runbooks)
			app_say_err(a, &e);
	}
	return a->runbooks;
}

static void load_runbooks(struct loop *l, void *arg)
{
	struct app *a = arg;
	(void)l;
	a->load_timer = NULL;
	(void)app_runbooks(a);
	a->dirty = true;
}

const struct runbooks *app_runbooks_soon(struct app *a)
{
	if (!a->runbooks && !a->load_timer && !a->load_tried)
		a->load_timer = loop_timer(a->loop, 1, load_runbooks, a);
	a->load_tried = true;
	return a->runbooks;
}

void app_say(struct app *a, enum role role, const char *fmt, ...)
{
	va_list ap;
	va_start(ap, fmt);
	(void)vsnprintf(a->say, sizeof(a->say), fmt, ap);
	va_end(ap);
	a->say_role = role;
	a->dirty = true;
}

void app_say_err(struct app *a, const struct err *e)
{
	app_say(a, ROLE_BAD, "%s",
		e && e->msg[0] ? e->msg : "something went wrong and did not say what");
	if (a->say[0] >= 'a' && a->say[0] <= 'z')
		a->say[0] = (char)(a->say[0] - 'a' + 'A');
}

void app_paint(struct app *a)
{
	a->dirty = true;
}

void app_copy(struct app *a, const char *text, const char *what)
{
	if (a->term && !term_copy(a->term, text))
		app_say(a, ROLE_WARN, "Too long for the clipboard.");
	else
		app_say(a, ROLE_TEXT, "Copied %s.", what);
}

void app_shifted(struct view *v)
{
	v->app->shifted = v;
	v->app->shifted_ms = clock_mono_ms();
}

bool app_just_shifted(const struct view *v)
{
	return v->app->shifted == v && clock_mono_ms() - v->app->shifted_ms < ARM_MS;
}

void app_time(struct app *a, const char *source, char *dst, size_t size, usec_t t)
{
	const struct config_source *from = a->times == TIMES_SOURCE && source
						   ? config_source(a->config, source)
						   : NULL;
	if (!t) {
		(void)str_copy(dst, size, "-");
	} else if (a->times == TIMES_LOCAL) {
		clock_format_local(dst, size, t);
	} else if (from && *from->zone) {
		clock_format_zone(dst, size, t, from->zone);
	} else {
		/* "2026-11-22T13:47:02Z" -> "2026-11-22 13:47:02 UTC" */
		char iso[40];
		clock_format(iso, sizeof(iso), t, false);
		iso[10] = ' ';
		iso[19] = '\0';
		(void)str_format(dst, size, "%s UTC", iso);
	}
}

void app_clock(struct app *a, const char *source, char *dst, size_t size, usec_t t)
{
	char full[48];
	app_time(a, source, full, sizeof(full), t);
	(void)str_copy(dst, size, strlen(full) > 11 ? full + 11 : full);
}

void app_when(struct app *a, const char *source, char *dst, size_t size, usec_t t)
{
	char now[48];
	enum { DATE = 10 };
	app_time(a, source, now, sizeof(now), clock_now());
	app_time(a, source, dst, size, t);
	if (strlen(dst) > DATE && strncmp(dst, now, DATE) == 0)
		app_clock(a, source, dst, size, t);
}

void app_age(char *dst, size_t size, usec_t t)
{
	/* Against the full minute: so an age changes when the clock in the first line does, and not with every paint. */
	usec_t minute = 60 * USEC_PER_SEC, now = clock_now() / minute * minute;
	if (!t)
		(void)str_copy(dst, size, "-");
	else if (t > clock_now())
		clock_format_age(dst, size, t - now);
	else if (now - t < minute)
		(void)str_copy(dst, size, "<1m");
	else
		clock_format_age(dst, size, now - t);
}

/* ---- life ---------------------------------------------------------------------------------- */

static void store_changed(void *arg)
{
	struct app *a = arg;
	a->changes++;
	counts_ask(a);
	for (struct view *v = a->top; v; v = v->below)
		follow(v);
}

void app_ask_again(struct app *a)
{
	store_changed(a);
}

struct app *app_new(const struct app_options *o)
{
	struct app *a = xcalloc(1, sizeof(*a));
	a->loop = o->loop;
	a->store = o->store;
	a->config = o->config;
	a->me = o->config->operator_name ? o->config->operator_name : "";
	a->read_only = o->config->read_only;
	a->term = o->term;
	a->store_path = o->store_path;
	a->rows = o->rows;
	a->cols = o->cols;
	grid_init(&a->grid);
	if (a->term)
		term_size(a->term, &a->rows, &a->cols);
	grid_resize(&a->grid, a->rows, a->cols);
	app_lane(a, LANE_TRIAGE);
	BUG_ON(!a->top);
	store_on_change(a->store, store_changed, a);
	counts_ask(a);
	pulse_start(a);
	a->dirty = true;
	return a;
}

void app_free(struct app *a)
{
	if (!a)
		return;
	input_stop(a);
	store_on_change(a->store, NULL, NULL);
	store_cancel(a->store, a->counts_req);
	act_cancel(a);
	ahead_forget(a);
	pulse_stop(a);
	claimings_forget(a);
	tellings_forget(a);
	loop_timer_cancel(a->loop, a->load_timer);
	while (a->top && a->top->lane < 0) {
		struct view *v = a->top;
		a->top = v->below;
		view_free(v);
	}
	app_collect_dead(a);
	for (size_t i = 0; i < LANE_COUNT; i++)
		if (a->lanes[i])
			view_free(a->lanes[i]);
	history_forget(a);
	if (a->runbooks)
		runbooks_free(a->runbooks);
	if (a->own_config)
		config_release(a->own_config);
	free(a->own_config);
	edit_forget(a);
	json_decref(a->counts);
	grid_release(&a->grid);
	free(a);
}

void app_resize(struct app *a, int rows, int cols)
{
	a->rows = rows;
	a->cols = cols;
	grid_resize(&a->grid, rows, cols);
	for (struct view *v = a->top->below; v; v = v->below)
		paint_room(a, &v->rows, &v->cols);
	shown(a);
}
