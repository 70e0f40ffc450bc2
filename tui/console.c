/* Starting the console: configuration, store, theme, terminal, worker; and ending it. */
#include "tui/console.h"

#include "backends/base/file.h"
#include "backends/connector/config_watch.h"
#include "runbooks/engine/job.h"
#include "runbooks/engine/session.h"
#include "tui/app_inside.h"
#include "tui/keep.h"
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STORE_WITHIN_MS = 5000, FINISH_MS = 2000 };

struct console {
	const struct console_options *o;
	struct config config;
	char *store_path;
	int held; /* see console_hold */
	struct loop *loop;
	struct store *store;
	struct theme theme;
	struct term *term;
	struct app *app;
	struct keep *keep;
	struct err theme_err;
	struct config_watch *watch;
};

/* A console has no use for a store of its own making: the worker makes it. */
static bool open_store(struct console *c, struct err *e)
{
	int64_t until = clock_mono_ms() + STORE_WITHIN_MS;
	c->store = store_open(c->loop, c->store_path, STORE_CONSOLE, e);
	if (c->store || e->code != ERR_NOTFOUND || c->o->no_worker)
		return c->store != NULL;
	if (!worker_start(c->store_path, c->config.path, e))
		return false;
	while (!c->store && clock_mono_ms() < until) {
		(void)loop_turn(c->loop, 20);
		c->store = store_open(c->loop, c->store_path, STORE_CONSOLE, e);
		/* not made yet, or being made at this moment */
		if (!c->store && e->code != ERR_NOTFOUND && e->code != ERR_CONFLICT &&
			e->code != ERR_TIMEOUT)
			return false;
	}
	return c->store != NULL;
}

static bool read_theme(
	const struct console *c, const char *configured, struct theme *t, struct err *e)
{
	const char *no_colour = getenv("NO_COLOR");
	bool mono = c->o->mono || (no_colour && *no_colour);
	const char *name = mono          ? "mono"
			   : c->o->theme ? c->o->theme
			   : configured  ? configured
					 : "default";
	if (!theme_load(t, name, e))
		return false;
	t->no_colour = mono || strcmp(name, "mono") == 0;
	return true;
}

/* A theme that cannot be read costs its colours, not the console. */
static void open_theme(struct console *c)
{
	if (!read_theme(c, c->config.theme, &c->theme, &c->theme_err))
		theme_plain(&c->theme);
}

/* ---- edits ---- */

static bool same_looks(const struct theme *a, const struct theme *b)
{
	for (size_t i = 0; i < ROLE_COUNT; i++) {
		const struct style *x = &a->roles[i], *y = &b->roles[i];
		if (x->fg != y->fg || x->bg != y->bg || x->fg16 != y->fg16 ||
			x->bg16 != y->bg16 || x->attrs != y->attrs)
			return false;
	}
	return a->no_colour == b->no_colour;
}

static void edited(void *arg)
{
	struct console *c = arg;
	struct config *next = xcalloc(1, sizeof(*next));
	struct theme theme;
	struct err e = ERR_INIT;
	if (!config_reload(next, app_config(c->app), c->o->config_path, &e)) {
		edit_refused(c->app, &e);
		free(next);
		return;
	}
	const char *configured = next->theme;
	edit_taken(c->app, next);
	memset(&theme, 0, sizeof(theme));
	if (!read_theme(c, configured, &theme, &e)) {
		edit_refused(c->app, &e);
	} else if (!same_looks(&theme, &c->theme)) {
		c->theme = theme;
		term_set_theme(c->term, &theme);
	}
}

static void watch_edits(struct console *c)
{
	char *themes = file_data("themes"), *runbooks = file_data("runbooks/catalog");
	const char *more[] = {runbooks, themes, NULL};
	c->watch = config_watch_new(c->loop, c->config.path, more, edited, c);
	free(themes);
	free(runbooks);
}

static bool open_all(struct console *c, struct err *e)
{
	if (!config_load(&c->config, c->o->config_path, e))
		return false;
	const char *path = c->o->store_path ? c->o->store_path : c->config.store_path;
	c->store_path = path ? xstrdup(path) : store_default_path(e);
	if (!c->store_path)
		return false;
	c->held = console_hold(c->store_path);
	c->loop = loop_new();
	open_theme(c);
	if (!open_store(c, e))
		return false;
	struct term_options t = {.theme = &c->theme, .ascii = c->o->ascii};
	c->term = term_open(&t, e);
	return c->term != NULL;
}

static void close_all(struct console *c)
{
	config_watch_free(c->watch);
	keep_free(c->keep);
	app_free(c->app);
	term_close(c->term);
	if (c->store)
		store_close(c->store);
	if (c->held >= 0)
		close(c->held);
	if (c->loop)
		loop_free(c->loop);
	free(c->store_path);
	config_release(&c->config);
}

int console_main(const struct console_options *o, struct err *e)
{
	struct console c = {.o = o, .held = -1};
	if (!open_all(&c, e)) {
		close_all(&c);
		return 1;
	}
	struct app_options ao = {.loop = c.loop,
		.store = c.store,
		.config = &c.config,
		.store_path = c.store_path,
		.term = c.term};
	c.app = app_new(&ao);
	input_start(c.app);
	if (term_is_ascii(c.term) && !o->ascii)
		app_say(c.app, ROLE_WARN,
			"The locale is not UTF-8, so other characters are shown as "
			"\"?\". LANG=C.UTF-8 helps.");
	if (c.theme_err.code)
		app_say_err(c.app, &c.theme_err);
	watch_edits(&c);
	session_offer(c.store_path, &c.config);
	if (!o->no_worker)
		c.keep = keep_new(c.app, c.store_path, c.config.path);
	loop_run(c.loop);
	tellings_finish(c.app, FINISH_MS);
	bool gone = c.app->gone.code != ERR_NONE;
	if (gone)
		*e = c.app->gone;
	close_all(&c);
	return gone ? 1 : 0;
}
