/* The locks of an action's targets: taken all or none, and looked after, since what runs without them may meet another one. */
#include "runbooks/engine/action_locks.h"

#include "backends/base/log.h"

#define TTL_MS 60000
#define RENEW_MS 5000
#define AGAIN_MS 1000

static void on_renew(struct loop *l, void *arg);

struct store_req *locks_take(struct locks *k, const struct plan *p, json_t *last,
	store_answer_fn *fn, void *arg)
{
	json_t *keys = json_array(), *args;

	k->job = p->job;
	k->n = p->n;
	for (size_t i = 0; i < p->n; i++)
		json_array_append_new(keys, json_string(p->targets[i].key));
	args = json_pack("{s:o, s:I, s:I, s:s, s:s}", "locks", keys, "job",
		(json_int_t)k->job->id, "ttl_ms", (json_int_t)TTL_MS, "who", k->job->who,
		"runbook", runbook_name(p->runbook));
	if (last)
		json_object_set(args, "last", last);
	return outbox_ask(k->job->executor->outbox, "lock_take", args, fn, arg);
}

/* Somebody else may hold these targets now, or nobody can tell. */
static void on_renewed(void *arg, json_t *answer, const struct err *e)
{
	struct locks *k = arg;
	char why[200];

	k->request = NULL;
	if (answer && json_int(answer, "locks", 0) == (long long)k->n) {
		k->timer = loop_timer(k->job->loop, RENEW_MS, on_renew, k);
		return;
	}
	/* It holds until its job has ended: a disk that is full takes nothing from us, and lets
	 * nothing more be sent either. */
	if (!answer && e->code != ERR_NOTFOUND) {
		k->timer = loop_timer(k->job->loop, AGAIN_MS, on_renew, k);
		return;
	}
	str_format(why, sizeof(why), "since the lock was lost (%s)",
		answer ? "not all targets are locked" : e->msg);
	log_at(LOG_ERROR, "executor", "action %lld stops %s", k->job->id, why);
	k->lost(k->arg, why);
}

static void on_renew(struct loop *l, void *arg)
{
	struct locks *k = arg;

	(void)l;
	k->timer = NULL;
	k->request = store_tell(k->job->store, "lock_renew",
		json_pack("{s:I, s:I}", "job", (json_int_t)k->job->id, "ttl_ms",
			(json_int_t)TTL_MS),
		on_renewed, k);
}

void locks_keep(struct locks *k, void (*lost)(void *arg, const char *why), void *arg)
{
	k->lost = lost;
	k->arg = arg;
	k->timer = loop_timer(k->job->loop, RENEW_MS, on_renew, k);
}

void locks_release(struct locks *k)
{
	if (!k->job)
		return;
	store_cancel(k->job->store, k->request);
	loop_timer_cancel(k->job->loop, k->timer);
	k->request = NULL;
	k->timer = NULL;
}

void locks_drop(struct locks *k)
{
	if (!k->job)
		return;
	locks_release(k);
	outbox_tell(k->job->executor->outbox, "lock_drop",
		json_pack("{s:I}", "job", (json_int_t)k->job->id));
}
