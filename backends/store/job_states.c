/*
 * Which state of a job or target may follow which.
 */
#include "backends/store/jobs.h"

#include "backends/base/mem.h"

#include <string.h>

struct move {
	const char *from;
	const char *to[10];
};

static const struct move action_moves[] = {
	{"planned", {"queued", "starting", "canceled", "failed"}},
	{"queued", {"starting", "canceled", "failed"}},
	{"starting", {"running", "failed", "canceled", "unknown"}},
	{"running", {"verifying", "succeeded", "already", "accepted", "failed", "partial",
			    "canceled", "unknown"}},
	{"verifying", {"running", "succeeded", "already", "accepted", "failed", "partial",
			      "canceled", "unknown"}},
	{"unknown", {"succeeded", "failed", "partial"}},
	{NULL, {NULL}},
};

static const struct move read_moves[] = {
	{"queued", {"running", "done", "failed", "canceled"}},
	{"running", {"done", "failed", "canceled"}},
	{NULL, {NULL}},
};

/* From step to step a target goes between running and verifying; a worker that takes up what another left only verifies. */
static const struct move target_moves[] = {
	{"queued", {"starting", "canceled", "refused", "failed"}},
	{"starting", {"running", "verifying", "asking", "failed", "unknown", "canceled",
			     "refused"}},
	{"running", {"verifying", "asking", "succeeded", "already", "accepted", "failed",
			    "unknown", "canceled"}},
	{"verifying", {"running", "asking", "succeeded", "already", "accepted", "failed",
			      "unknown", "canceled"}},
	/* Left before anything that follows the question is sent. */
	{"asking", {"running", "failed", "unknown", "canceled"}},
	{"unknown", {"succeeded", "failed"}},
	{NULL, {NULL}},
};

static const struct move *const tables[] = {[JOB_ACTION] = action_moves,
	[JOB_READ] = read_moves,
	[JOB_TARGET] = target_moves};

bool job_may(enum job_steps steps, const char *from, const char *to)
{
	for (const struct move *m = tables[steps]; m->from; m++) {
		if (strcmp(m->from, from) != 0)
			continue;
		for (size_t i = 0; i < LENGTH(m->to) && m->to[i]; i++)
			if (strcmp(m->to[i], to) == 0)
				return true;
	}
	return false;
}

bool job_state_ended(const char *state)
{
	static const char *const ended[] = {"succeeded", "already", "accepted", "failed",
		"partial", "canceled", "unknown", "done", "refused"};
	for (size_t i = 0; i < LENGTH(ended); i++)
		if (strcmp(ended[i], state) == 0)
			return true;
	return false;
}

bool job_type_steps(const char *type, enum job_steps *steps)
{
	static const char *const reads[] = {
		"preview", "answer", "log", "refresh", "stop"};
	*steps = JOB_ACTION;
	if (strcmp(type, "action") == 0)
		return true;
	*steps = JOB_READ;
	for (size_t i = 0; i < LENGTH(reads); i++)
		if (strcmp(reads[i], type) == 0)
			return true;
	return false;
}
