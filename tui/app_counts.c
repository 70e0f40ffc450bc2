/* The numbers of the first line and of the lanes: one question, asked again when the store changed. */
#include "tui/app_inside.h"

static void counts_answer(void *arg, json_t *answer, const struct err *e)
{
	struct app *a = arg;
	a->counts_req = NULL;
	if (answer) {
		if (!a->counts || !json_equal(a->counts, answer))
			a->dirty = true;
		json_decref(a->counts);
		a->counts = json_incref(answer);
	} else {
		app_say_err(a, e);
	}
	if (a->counts_again)
		counts_ask(a);
}

void counts_ask(struct app *a)
{
	/* The answer under way is let finish: with changes at a steady rate a restart would starve it. */
	a->counts_again = a->counts_req != NULL;
	if (!a->counts_req)
		a->counts_req =
			store_ask(a->store, "counts", json_object(), counts_answer, a);
}

static long long need(const json_t *counts, enum kind k)
{
	return json_int(json_sub(counts, "need"), kind_name(k), 0);
}

long long lane_count(int lane, const json_t *counts)
{
	long long n = 0;
	if (lane == LANE_ACTIONS)
		return json_int(counts, "actions_running", 0);
	if (lane == LANE_SOURCES)
		return json_int(counts, "failing", 0) + json_int(counts, "stale", 0);
	for (int k = 0; k < KIND_COUNT; k++)
		if (!lanes[lane].kinds || lanes[lane].kinds & (1u << k))
			n += need(counts, (enum kind)k);
	return n;
}
