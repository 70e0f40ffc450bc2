/*
 * The answer of a person to a `confirm`: a job of its own, so that it comes through the store as everything else, says who gave it,
 * and ends with what became of it. It is in the audit, on the disk, before the action goes on.
 */
#include <string.h>

#include "backends/base/log.h"
#include "runbooks/engine/exec.h"

static struct target_run *asked(const struct job_run *j)
{
	struct job_run *action = executor_job(j->executor, json_int(j->spec, "job", 0));
	long long n = json_int(j->spec, "n", 0);

	return action && n > 0 ? action_target(action, (size_t)n - 1) : NULL;
}

static void on_written(void *arg, json_t *answer, const struct err *e)
{
	struct job_run *j = arg;
	struct target_run *t = asked(j);
	struct err why = *e;

	j->request = NULL;
	if (!answer) {
		err_wrap(&why,
			"the audit could not be written, so the answer does not count");
		if (t)
			target_unclaim(t);
		job_end(j, "failed", why.msg, NULL);
		return;
	}
	if (t)
		target_answer(t, json_flag(j->spec, "yes", false), j->who);
	job_end(j, t ? "done" : "failed", t ? NULL : "the action has ended meanwhile",
		NULL);
}

static void answer_start(struct job_run *j)
{
	const char *question = json_str(j->spec, "question", "");
	struct target_run *t = asked(j);
	struct err e = ERR_INIT;

	job_state(j, "running", NULL, NULL);
	if (!t)
		err_set(&e, ERR_CONFLICT,
			"action %lld does not wait for an answer: it has ended, or not "
			"begun",
			json_int(j->spec, "job", 0));
	if (!t || !target_claim(t, question, j->who, &e)) {
		job_end(j, "failed", e.msg, NULL);
		return;
	}
	j->request = outbox_ask(j->executor->outbox, "audit_add",
		json_pack("{s:s, s:s, s:s, s:I, s:{s:I, s:s, s:s, s:I}}", "who", j->who,
			"host", j->host, "event", "answer", "job",
			(json_int_t)json_int(j->spec, "job", 0), "body", "n",
			(json_int_t)json_int(j->spec, "n", 0) - 1, "question", question,
			"answer", json_flag(j->spec, "yes", false) ? "yes" : "no",
			"by_job", (json_int_t)j->id),
		on_written, j);
}

const struct job_type answer_type = {
	.name = "answer",
	.start = answer_start,
	.changes = true,
};
