/*
 * Locks: two people cannot start the same action on the same target. All keys or none. A lock lasts as long as its job
 * has not ended: a worker that stood still for an hour may go on at any moment, so no time ends it.
 */
#include "backends/store/ask.h"
#include "backends/store/jobs.h"
#include "backends/store/tell.h"

enum { LOCK_TTL_MAX_MS = 24 * 3600 * 1000 };

static bool lock_ttl(const json_t *args, usec_t *until, struct err *e)
{
	long long ttl = json_int(args, "ttl_ms", 0);
	if (ttl < 1 || ttl > LOCK_TTL_MAX_MS)
		return err_set(e, ERR_USAGE, "lock: ttl_ms must be from 1 to %d",
			LOCK_TTL_MAX_MS);
	*until = clock_now() + ttl * 1000;
	return true;
}

/* Is the key free for this job? A lock of the same job may be taken again, and so may that of one that has ended or is pruned. */
static bool lock_free(
	struct store *s, const char *key, long long job, usec_t now, struct err *e)
{
	json_t *row = ask_row(s,
		"SELECT l.job, l.who, l.taken, j.state FROM lock l JOIN job j ON "
		"j.job=l.job WHERE l.key=$1 AND l.job<>$2",
		json_pack("[s, I]", key, (json_int_t)job), e);
	if (!row)
		return false;
	bool is_free = json_is_null(row) || job_state_ended(json_str(row, "state", ""));
	if (!is_free) {
		char age[32];
		clock_format_words(age, sizeof(age), now - json_int(row, "taken", now));
		err_set(e, ERR_CONFLICT,
			"%s is locked by action %lld of %s, started %s ago: watch that "
			"one",
			key, json_int(row, "job", 0), json_str(row, "who", "somebody"),
			age);
	}
	json_decref(row);
	return is_free;
}

json_t *tell_lock_take(struct store *s, const json_t *args, struct err *e)
{
	json_t *keys = json_sub(args, "locks"), *v;
	const json_t *last = json_sub(args, "last");
	long long job = json_int(args, "job", 0);
	usec_t until = 0, now = clock_now();
	const char *who;
	size_t i;
	if (!lock_ttl(args, &until, e) || !tell_text("lock_take", args, "who", &who, e))
		return NULL;
	json_array_foreach (keys, i, v) {
		const char *key = json_string_value(v);
		if (!key || !*key) {
			err_set(e, ERR_USAGE, "lock_take: lock %zu is no text", i + 1);
			return NULL;
		}
		if (!lock_free(s, key, job, now, e) ||
			(last && !acts_as_seen(s, key, json_array_get(last, i), job,
					 json_str(args, "runbook", ""), e)))
			return NULL;
		if (!tell_run(s,
			    "INSERT INTO lock(key, job, who, taken, until) "
			    "VALUES($1,$2,$3,$4,$5)"
			    " ON CONFLICT(key) DO UPDATE SET job=excluded.job, "
			    "who=excluded.who,"
			    " taken=excluded.taken, until=excluded.until",
			    json_pack("[s, I, s, I, I]", key, (json_int_t)job, who,
				    (json_int_t)now, (json_int_t)until),
			    e))
			return NULL;
	}
	return json_object();
}

json_t *tell_lock_renew(struct store *s, const json_t *args, struct err *e)
{
	long long job = json_int(args, "job", 0);
	usec_t until = 0;
	if (!lock_ttl(args, &until, e) ||
		!tell_run(s, "UPDATE lock SET until=$2 WHERE job=$1",
			json_pack("[I, I]", (json_int_t)job, (json_int_t)until), e))
		return NULL;
	long long n = db_changes(s->db);
	if (n > 0)
		return json_pack("{s:I}", "locks", (json_int_t)n);
	err_set(e, ERR_NOTFOUND, "action %lld holds no lock any more", job);
	return NULL;
}

json_t *tell_lock_drop(struct store *s, const json_t *args, struct err *e)
{
	if (!tell_run(s, "DELETE FROM lock WHERE job=$1",
		    json_pack("[I]", (json_int_t)json_int(args, "job", 0)), e))
		return NULL;
	return json_object();
}
