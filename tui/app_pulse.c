/* The worker's pulse, looked at once a second: what is not stored is not fresh, however good the last answers were. */
#include "tui/app_inside.h"

#include <string.h>

enum { LOOK_MS = 1000, START_MS = 3000 };

bool pulse_known(const struct app *a)
{
	return !a->store_path || a->pulse.state != PULSE_NONE ||
	       clock_mono_ms() - a->pulse_from_ms >= START_MS;
}

bool app_unwritten(struct app *a, struct str *out)
{
	return a->store_path && pulse_known(a) && pulse_words(&a->pulse, out);
}

static void look(struct loop *l, void *arg)
{
	struct app *a = arg;
	enum pulse_state before = a->pulse.state;
	bool known = pulse_known(a);

	pulse_read(a->store_path, &a->pulse);
	if (before != a->pulse.state || !known)
		a->dirty = true;
	a->pulse_timer = loop_timer(l, LOOK_MS, look, a);
}

void pulse_start(struct app *a)
{
	if (!a->store_path)
		return;
	a->pulse_from_ms = clock_mono_ms();
	look(a->loop, a);
}

void pulse_stop(struct app *a)
{
	loop_timer_cancel(a->loop, a->pulse_timer);
	a->pulse_timer = NULL;
}
