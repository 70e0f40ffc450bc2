/* A target that was under way when an earlier worker ended: it is looked after, and nothing is sent. */
#include <string.h>

#include "runbooks/engine/target_private.h"

/* What is done when a call fails may have been sent: that the call itself shows, or does not, is not how it ended. */
static bool may_be_rescued(const struct plan_unit *u)
{
	return u->step->n_rescue || (u->loop && u->loop->n_rescue);
}

/* Only what can be looked at is looked at: the one call of a target. */
static bool look_after(struct target_run *t)
{
	const struct plan_target *target = &t->plan->targets[t->n];
	const struct plan_unit *call = NULL;
	struct err e = ERR_INIT;

	for (size_t i = 0; i < target->n_units; i++) {
		const struct plan_unit *u = &target->units[i];

		if (!step_types[u->step->kind].sends)
			continue;
		if (call || u->step->kind != STEP_CALL || may_be_rescued(u))
			return false;
		call = u;
		t->at = i;
	}
	if (!call)
		return false;
	target_use(t, call);
	return target_prepare(t, &e) && target_verify(t);
}

/* Another plan would look at something else than what was sent, and take it for proof or for its absence. */
static bool same_plan(const struct target_run *t)
{
	return !t->plan->changed && !t->plan->targets[t->n].error;
}

void target_resume(struct target_run *t)
{
	const json_t *row = json_array_get(target_job(t)->targets, t->n);
	bool same = same_plan(t);
	const char *state = json_str(row, "state", ""),
		   *known = json_str(row, "known", "");
	char text[sizeof(t->known)];

	/* This state is left before anything that follows is sent. */
	if (str_equal(state, "asking")) {
		str_format(text, sizeof(text),
			"the worker ended while it waited for an answer: canceled there, "
			"nothing of what follows was sent (it %.200s)",
			known);
		target_end(t, "canceled", text);
		return;
	}
	str_copy(t->known, sizeof(t->known), "the worker ended while this ran");
	if (same && look_after(t))
		return;
	str_format(text, sizeof(text),
		"the worker ended while this ran; %s, not repeated by itself%s%.180s%s",
		same ? "what became of it is not known"
		     : "the target or the plan is not what was confirmed any more, so it "
		       "was not looked at: what became of it is not known",
		*known ? " (" : "", known, *known ? ")" : "");
	target_show(t, "verifying", text);
	target_end(t, "unknown", text);
}
