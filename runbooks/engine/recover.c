/* What an earlier worker left under way: actions are taken up by looking only, the rest is ended with the reason. Before anything new starts. */
#include <string.h>

#include "backends/base/log.h"
#include "runbooks/engine/exec.h"

static void go_on(struct executor *x)
{
	x->recovering = NULL;
	x->again = false;
	executor_wake(x);
}

static void on_targets(void *arg, json_t *answer, const struct err *e)
{
	struct job_run *j = arg;

	j->request = NULL;
	if (!answer) {
		job_end(j, "unknown", e->msg, NULL);
		return;
	}
	j->targets = json_incref(answer);
	action_resume(j);
}

static bool under_way(const char *state)
{
	return strcmp(state, "starting") == 0 || strcmp(state, "running") == 0 ||
	       strcmp(state, "verifying") == 0;
}

static void on_jobs(void *arg, json_t *answer, const struct err *e)
{
	struct executor *x = arg;
	size_t i;
	json_t *row;

	if (!answer)
		log_at(LOG_ERROR, "executor", "jobs of the worker before: %s", e->msg);
	json_array_foreach (answer, i, row) {
		if (!under_way(json_str(row, "state", "")))
			continue;
		if (strcmp(json_str(row, "type", ""), "action") == 0) {
			struct job_run *j = job_adopt(x, &action_type, json_incref(row));

			j->request = store_ask(x->worker->store, "targets",
				json_pack("{s:I}", "job", (json_int_t)j->id), on_targets,
				j);
			continue;
		}
		store_tell(x->worker->store, "job_state",
			json_pack("{s:I, s:s, s:s, s:I}", "job",
				(json_int_t)json_int(row, "job", 0), "state", "failed",
				"error",
				"the worker ended before this was complete: ask again",
				"ended", (json_int_t)clock_now()),
			NULL, NULL);
	}
	go_on(x);
}

void recover_start(struct executor *x)
{
	x->recovering =
		store_ask(x->worker->store, "jobs_queued", json_object(), on_jobs, x);
}

void recover_stop(struct executor *x)
{
	store_cancel(x->worker->store, x->recovering);
	x->recovering = NULL;
}
