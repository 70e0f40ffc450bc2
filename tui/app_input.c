/* What wakes the app: keys, signals, the minute; and when it paints. */
#include "tui/app_inside.h"

#include <signal.h>
#include <string.h>

enum { ESC_MS = 25, RESIZE_MS = 30, RETRY_MS = 50 };

void app_take(struct app *a, const struct event *ev)
{
	struct view *v = a->top;
	if (v->type->key && v->type->key(v, ev))
		return;
	if (v->type->overlay || ev->type == EVENT_PASTE)
		return;
	const struct command *c = command_by_key(v, ev->key);
	if (c) {
		command_run(v, c);
		return;
	}
	char name[16];
	key_format(name, ev->key);
	if (ev->key != K_OTHER)
		app_say(a, ROLE_DIM, "%s does nothing here. ? shows the keys.", name);
}

void app_event(struct app *a, const struct event *ev)
{
	a->say[0] = '\0';
	a->dirty = true;
	if (!ahead_takes(a, ev))
		app_take(a, ev);
}

static void on_key(void *arg, const struct event *ev)
{
	struct app *a = arg;
	if (!a->quit)
		app_event(a, ev);
}

static void esc_due(struct loop *l, void *arg)
{
	struct app *a = arg;
	(void)l;
	a->esc_timer = NULL;
	keys_flush(&a->keys);
}

static void on_input(struct loop *l, int fd, unsigned events, void *arg)
{
	struct app *a = arg;
	char buf[4096];
	(void)fd;
	(void)events;
	long n = term_read(a->term, buf, sizeof(buf));
	if (n < 0) {
		err_set(&a->gone, ERR_IO, "the terminal is gone");
		app_quit(a);
		return;
	}
	loop_timer_cancel(l, a->esc_timer);
	a->esc_timer = NULL;
	if (n > 0 && keys_feed(&a->keys, buf, (size_t)n))
		a->esc_timer = loop_timer(l, ESC_MS, esc_due, a);
}

static void resize_due(struct loop *l, void *arg)
{
	struct app *a = arg;
	int rows = 0, cols = 0;
	(void)l;
	a->resize_timer = NULL;
	term_size(a->term, &rows, &cols);
	app_resize(a, rows, cols);
}

static void on_signal(struct loop *l, int signo, void *arg)
{
	struct app *a = arg;
	if (signo == SIGWINCH) {
		/* A window being dragged sends many; one change of size is enough. */
		loop_timer_cancel(l, a->resize_timer);
		a->resize_timer = loop_timer(l, RESIZE_MS, resize_due, a);
		return;
	}
	if (signo == SIGCONT) {
		term_redraw(a->term);
		a->dirty = true;
		return;
	}
	err_set(&a->gone, ERR_IO, "ended by %s",
		signo == SIGHUP ? "a hang-up" : "a signal");
	app_quit(a);
}

/* The next full minute, or the next 10 s while something live is shown. */
static void tick(struct loop *l, void *arg)
{
	struct app *a = arg;
	usec_t step = (a->top->type->live ? 10 : 60) * USEC_PER_SEC;
	usec_t now = clock_now(), minute = now / (60 * USEC_PER_SEC);
	a->dirty = true;
	if (minute != a->minute)
		app_ask_again(a);
	a->minute = minute;
	a->tick_timer = loop_timer(l, (step - now % step) / 1000 + 1, tick, a);
}

static void retry(struct loop *l, void *arg)
{
	struct app *a = arg;
	(void)l;
	a->retry_timer = NULL;
}

static void before_sleep(struct loop *l, void *arg)
{
	struct app *a = arg;
	app_collect_dead(a);
	ahead_play(a);
	if (!a->dirty || a->quit || a->retry_timer)
		return;
	if (a->term && a->painted && term_busy(a->term)) {
		a->retry_timer = loop_timer(l, RETRY_MS, retry, a);
		return;
	}
	app_paint_now(a);
}

void input_start(struct app *a)
{
	static const int signals[] = {SIGWINCH, SIGCONT, SIGHUP, SIGTERM, SIGINT};
	keys_init(&a->keys, on_key, a);
	loop_before_sleep(a->loop, before_sleep, a);
	a->tick_timer = NULL;
	a->minute = clock_now() / (60 * USEC_PER_SEC);
	tick(a->loop, a);
	if (!a->term)
		return;
	a->input = loop_watch(a->loop, term_fd(a->term), LOOP_READ, on_input, a);
	for (size_t i = 0; i < LENGTH(signals); i++)
		loop_signal(a->loop, signals[i], on_signal, a);
}

void input_stop(struct app *a)
{
	loop_unwatch(a->loop, a->input);
	loop_timer_cancel(a->loop, a->esc_timer);
	loop_timer_cancel(a->loop, a->tick_timer);
	loop_timer_cancel(a->loop, a->resize_timer);
	loop_timer_cancel(a->loop, a->retry_timer);
	loop_before_sleep(a->loop, NULL, NULL);
	ahead_forget(a);
	keys_release(&a->keys);
	a->input = NULL;
}
