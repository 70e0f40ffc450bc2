/* The console without a terminal: for screen tests. */
#include "tui/app_inside.h"
#include "tui/console.h"
#include <stdlib.h>
#include <string.h>

enum { HELD = 20 };

struct screen {
	struct app *app;
};

struct screen *screen_open(
	struct loop *l, struct store *store, const struct config *c, int rows, int cols)
{
	struct screen *s = xcalloc(1, sizeof(*s));
	struct app_options o = {
		.loop = l, .store = store, .config = c, .rows = rows, .cols = cols};
	s->app = app_new(&o);
	input_start(s->app);
	return s;
}

void screen_close(struct screen *s)
{
	if (s)
		app_free(s->app);
	free(s);
}

const struct grid *screen_grid(const struct screen *s)
{
	return &s->app->grid;
}

bool screen_ended(const struct screen *s)
{
	return s->app->quit;
}

void screen_resize(struct screen *s, int rows, int cols)
{
	app_resize(s->app, rows, cols);
}

static void press(struct screen *s, int key)
{
	app_event(s->app, &(struct event){.type = EVENT_KEY, .key = key});
}

static bool special(struct screen *s, const char *name, size_t len, struct err *e)
{
	int key = 0;
	if (len > 6 && strncmp(name, "Paste:", 6) == 0) {
		char *text = xstrndup(name + 6, len - 6);
		app_event(s->app,
			&(struct event){
				.type = EVENT_PASTE, .text = text, .burst = true});
		free(text);
		return true;
	}
	if (len > 9 && strncmp(name, "Together:", 9) == 0) {
		for (const char *at = name + 9; at < name + len; at++)
			app_event(s->app,
				&(struct event){
					.type = EVENT_KEY, .key = *at, .together = true});
		return true;
	}
	if (len > 5 && strncmp(name, "Held:", 5) == 0 &&
		key_parse(name + 5, len - 5, &key)) {
		for (int i = 0; i < HELD; i++)
			press(s, key);
		return true;
	}
	if (len == 2 && strncmp(name, "lt", 2) == 0)
		key = '<';
	else if (!key_parse(name, len, &key))
		return err_set(e, ERR_USAGE, "<%.*s> is no key", (int)len, name);
	press(s, key);
	return true;
}

bool screen_keys(struct screen *s, const char *keys, struct err *e)
{
	for (size_t len = strlen(keys); len > 0;) {
		uint32_t cp = 0;
		size_t n = utf8_decode(keys, len, &cp);
		if (cp == '<') {
			const char *end = memchr(keys, '>', len);
			if (!end)
				return err_set(e, ERR_USAGE,
					"a key name without its \">\": %s", keys);
			n = (size_t)(end - keys) + 1;
			if (!special(s, keys + 1, n - 2, e))
				return false;
		} else {
			press(s, (int)cp);
		}
		keys += n;
		len -= n;
	}
	return true;
}
