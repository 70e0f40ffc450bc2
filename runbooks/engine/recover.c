/* What an earlier worker left under way: actions are taken up by looking only, the rest is ended with the reason. Before anything new starts. */
#include <string.h>

#include "backends/base/log.h"
#include "runbooks/engine/exec.h"

/* A store that does not answer now answers later: giving up would leave what was sent without anybody to look after it. */
#define AGAIN_MS 1000

static void ask_targets(struct loop *l, void *arg);

static void on_targets(void *arg, json_t *answer, const struct err *e)
{
	struct job_run *j = arg;

	j->request = NULL;
	if (!answer) {
		log_at(LOG_ERROR, "executor", "targets of action %lld, asked again: %s",
			j->id, e->msg);
		j->again = loop_timer(j->loop, AGAIN_MS, ask_targets, j);
		return;
	}
	j->targets = json_incref(answer);
	action_resume(j);
}

static void ask_targets(struct loop *l, void *arg)
{
	struct job_run *j = arg;

	(void)l;
	j->again = NULL;
	j->request = store_ask(j->store, "targets",
		json_pack("{s:I}", "job", (json_int_t)j->id), on_targets, j);
}

static bool under_way(const char *state)
{
	return strcmp(state, "starting") == 0 || strcmp(state, "running") == 0 ||
	       strcmp(state, "verifying") == 0;
}

static void ask_jobs(struct loop *l, void *arg);

static void on_jobs(void *arg, json_t *answer, const struct err *e)
{
	struct executor *x = arg;
	size_t i;
	json_t *row;

	x->recovering = NULL;
	if (!answer) {
		log_at(LOG_ERROR, "executor",
			"jobs of the worker before, asked again: %s", e->msg);
		x->recover_again = loop_timer(x->loop, AGAIN_MS, ask_jobs, x);
		return;
	}
	json_array_foreach (answer, i, row) {
		if (!under_way(json_str(row, "state", "")))
			continue;
		if (strcmp(json_str(row, "type", ""), "action") == 0) {
			ask_targets(
				x->loop, job_adopt(x, &action_type, json_incref(row)));
			continue;
		}
		outbox_tell(x->outbox, "job_state",
			json_pack("{s:I, s:s, s:s, s:I}", "job",
				(json_int_t)json_int(row, "job", 0), "state", "failed",
				"error",
				"the worker ended before this was complete: ask again",
				"ended", (json_int_t)clock_now()));
	}
	x->recovered = true;
	x->again = false;
	executor_wake(x);
}

static void ask_jobs(struct loop *l, void *arg)
{
	struct executor *x = arg;

	(void)l;
	x->recover_again = NULL;
	x->recovering = store_ask(x->store, "jobs_queued", json_object(), on_jobs, x);
}

void recover_start(struct executor *x)
{
	ask_jobs(x->loop, x);
}

void recover_stop(struct executor *x)
{
	store_cancel(x->store, x->recovering);
	loop_timer_cancel(x->loop, x->recover_again);
	x->recovering = NULL;
	x->recover_again = NULL;
}
