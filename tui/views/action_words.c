/* Words and looks of action runs. */
#include "tui/views/action.h"

#include <string.h>

static const struct word {
	const char *state, *word;
	look_t look;
} words[] = {
	{"planned", "planned", ROLE_DIM},
	{"queued", "waiting", ROLE_DIM},
	{"starting", "starting", ROLE_TEXT},
	{"running", "running", ROLE_TEXT},
	{"verifying", "verifying", ROLE_TEXT},
	{"asking", "ASKS", ROLE_WARN | LOOK_BOLD},
	{"succeeded", "done", ROLE_GOOD},
	{"already", "already so", ROLE_GOOD},
	{"accepted", "accepted", ROLE_WARN},
	{"done", "done", ROLE_DIM},
	{"failed", "failed", ROLE_BAD},
	{"refused", "refused", ROLE_BAD},
	{"partial", "partial", ROLE_BAD},
	{"canceled", "canceled", ROLE_DIM},
	{"unknown", "UNKNOWN", ROLE_WARN | LOOK_BOLD},
};

static const struct word *find(const char *state)
{
	for (size_t i = 0; i < LENGTH(words); i++)
		if (strcmp(words[i].state, state) == 0)
			return &words[i];
	return NULL;
}

const char *job_word(const char *state)
{
	const struct word *w = find(state);
	return w ? w->word : state;
}

look_t job_look(const char *state)
{
	const struct word *w = find(state);
	return w ? w->look : ROLE_TEXT;
}

void job_progress(const json_t *job, struct str *out)
{
	long long all = json_int(job, "targets", 0),
		  done = json_int(job, "done", 0) + json_int(job, "already", 0),
		  accepted = json_int(job, "accepted", 0),
		  failed = json_int(job, "failed", 0),
		  unknown = json_int(job, "unknown", 0);
	str_addf(out, "%lld of %lld", done, all);
	if (accepted)
		str_addf(out, ", %lld accepted", accepted);
	if (failed)
		str_addf(out, ", %lld failed", failed);
	if (unknown)
		str_addf(out, ", %lld UNKNOWN", unknown);
}

void action_count(const json_t *targets, struct action_counts *out)
{
	size_t i;
	json_t *t;
	memset(out, 0, sizeof(*out));
	json_array_foreach (targets, i, t) {
		const char *s = json_str(t, "state", "");
		out->all++;
		if (strcmp(s, "succeeded") == 0)
			out->done++;
		else if (strcmp(s, "already") == 0)
			out->already++;
		else if (strcmp(s, "accepted") == 0)
			out->accepted++;
		else if (strcmp(s, "failed") == 0 || strcmp(s, "refused") == 0)
			out->failed++;
		else if (strcmp(s, "unknown") == 0)
			out->unknown++;
		else if (strcmp(s, "canceled") == 0)
			out->canceled++;
		else if (strcmp(s, "asking") == 0)
			out->asking++;
		else if (strcmp(s, "queued") == 0 || strcmp(s, "planned") == 0)
			out->waiting++;
		else
			out->running++;
	}
}
