/*
 * Changes of jobs: a console adds and cancels them, the worker moves them and their targets on and adds output.
 */
#include "backends/store/jobs.h"

#include "backends/store/ask.h"
#include "backends/store/tell.h"

#include <string.h>

enum { TARGETS_MAX = 10000, OUTPUT_MAX = 500000 };

/* ---- adding ---- */

/* Hosts and records that are gone have no rid; the key says all that the worker needs. */
static long long rid_of(struct store *s, const char *key)
{
	struct err ignored = ERR_INIT;
	enum kind kind;
	char source[RECORD_TEXT_MAX + 1];
	const char *id;
	long long rid = 0;
	if (!record_key_parse(key, &kind, source, sizeof(source), &id, &ignored) ||
		!record_find(s, kind, source, id, &rid, &ignored))
		return 0;
	return rid;
}

static bool add_targets(
	struct store *s, long long job, const json_t *targets, struct err *e)
{
	size_t i;
	json_t *t;
	if (json_array_size(targets) > TARGETS_MAX)
		return err_set(e, ERR_LIMIT,
			"job_add: %zu targets are too many, at most %d in one job",
			json_array_size(targets), TARGETS_MAX);
	json_array_foreach (targets, i, t) {
		const char *key = json_str(t, "key", "");
		if (!*key)
			return err_set(
				e, ERR_USAGE, "job_add: target %zu has no key", i + 1);
		if (!tell_run(s,
			    "INSERT INTO target(job, n, key, rid, title, state, updated)"
			    " VALUES($1,$2,$3,$4,$5,'queued',$6)",
			    json_pack("[I, I, s, I, s, I]", (json_int_t)job,
				    (json_int_t)i + 1, key, (json_int_t)rid_of(s, key),
				    json_str(t, "title", key), (json_int_t)clock_now()),
			    e))
			return false;
	}
	return true;
}

json_t *tell_job_add(struct store *s, const json_t *args, struct err *e)
{
	const char *type = json_str(args, "type", ""),
		   *state = json_str(args, "state", "queued");
	const char *who;
	enum job_steps steps;
	if (!job_type_steps(type, &steps)) {
		err_set(e, ERR_USAGE, "job_add: there is no job of type \"%s\"", type);
		return NULL;
	}
	bool first = strcmp(state, "queued") == 0 ||
		     (steps == JOB_ACTION && strcmp(state, "planned") == 0);
	if (!first) {
		err_set(e, ERR_USAGE, "job_add: a job cannot begin as \"%s\"", state);
		return NULL;
	}
	if (!tell_text("job_add", args, "who", &who, e))
		return NULL;
	json_t *spec = json_sub(args, "spec");
	json_int_t preview = steps == JOB_ACTION ? json_int(spec, "preview", 0) : 0;
	json_t *row = json_pack("[s, s, s, s, s, s, s, s, o, I, I]", type, state,
		json_str(args, "runbook", ""), json_str(args, "title", ""), who,
		json_str(args, "host", ""), json_str(args, "reason", ""),
		json_str(args, "plan_hash", ""), spec ? json_incref(spec) : json_object(),
		(json_int_t)clock_now(), preview);
	if (!tell_run(s,
		    "INSERT INTO job(type, state, runbook, title, who, host, reason, "
		    "plan_hash, spec,"
		    " created, preview) VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,$11)",
		    row, e))
		return NULL;
	long long job = db_last_rowid(s->db);
	if (!add_targets(s, job, json_sub(args, "targets"), e))
		return NULL;
	return json_pack("{s:I}", "job", (json_int_t)job);
}

/* ---- moving on ---- */

/* The job's row {type, state, cancel_by}; NULL with e when there is none. */
static json_t *job_row(struct store *s, const json_t *args, struct err *e)
{
	long long job = json_int(args, "job", 0);
	json_t *row = ask_row(s, "SELECT type, state, cancel_by FROM job WHERE job=$1",
		json_pack("[I]", (json_int_t)job), e);
	if (json_is_null(row)) {
		json_decref(row);
		err_set(e, ERR_NOTFOUND, "there is no action %lld", job);
		return NULL;
	}
	return row;
}

static bool cancel_queued(struct store *s, long long job, const char *who, struct err *e)
{
	json_int_t now = clock_now();
	return tell_run(s,
		       "UPDATE job SET state='canceled', ended=$2, cancel_by=$3 WHERE "
		       "job=$1",
		       json_pack("[I, I, s]", (json_int_t)job, now, who), e) &&
	       tell_run(s,
		       "UPDATE target SET state='canceled', ended=$2, updated=$2,"
		       " known='canceled before it started' WHERE job=$1 AND "
		       "state='queued'",
		       json_pack("[I, I]", (json_int_t)job, now), e);
}

/* A job that did not start ends at once; one that runs is told so, and starts nothing more. */
json_t *tell_job_cancel(struct store *s, const json_t *args, struct err *e)
{
	long long job = json_int(args, "job", 0);
	const char *who;
	if (!tell_text("job_cancel", args, "who", &who, e))
		return NULL;
	json_t *row = job_row(s, args, e);
	if (!row)
		return NULL;
	const char *state = json_str(row, "state", "");
	bool waits = strcmp(state, "queued") == 0 || strcmp(state, "planned") == 0;
	json_t *reply = NULL;
	if (job_state_ended(state)) {
		err_set(e, ERR_CONFLICT, "action %lld has already ended: it is %s", job,
			state);
	} else if (waits) {
		if (cancel_queued(s, job, who, e))
			reply = json_pack("{s:s}", "state", "canceled");
	} else if (tell_run(s,
			   "UPDATE job SET cancel_by=$2 WHERE job=$1 AND cancel_by=''",
			   json_pack("[I, s]", (json_int_t)job, who), e)) {
		reply = json_pack("{s:s}", "state", state);
	}
	json_decref(row);
	return reply;
}

static bool check_move(const char *what, long long job, enum job_steps steps,
	const char *from, const char *to, struct err *e)
{
	if (job_may(steps, from, to))
		return true;
	/* The same state again carries news (result, error, words) as long as it is not final. */
	if (strcmp(from, to) == 0 &&
		(!job_state_ended(from) || strcmp(from, "unknown") == 0))
		return true;
	return err_set(e, ERR_CONFLICT, "%s of action %lld is %s and cannot become %s",
		what, job, from, *to ? to : "nothing");
}

static bool write_job(
	struct store *s, long long job, const char *to, const json_t *args, struct err *e)
{
	json_int_t now = clock_now();
	bool begins = strcmp(to, "starting") == 0 || strcmp(to, "running") == 0;
	json_int_t started = json_int(args, "started", begins ? now : 0);
	json_int_t ended = json_int(args, "ended", job_state_ended(to) ? now : 0);
	json_t *result = json_sub(args, "result");
	if (!tell_run(s,
		    "UPDATE job SET state=$2, started=CASE WHEN started=0 THEN $3 ELSE "
		    "started END,"
		    " ended=CASE WHEN $4>0 THEN $4 ELSE ended END WHERE job=$1",
		    json_pack("[I, s, I, I]", (json_int_t)job, to, started, ended), e))
		return false;
	if (json_sub(args, "error") &&
		!tell_run(s, "UPDATE job SET error=$2 WHERE job=$1",
			json_pack("[I, s]", (json_int_t)job, json_str(args, "error", "")),
			e))
		return false;
	if (json_sub(args, "plan_hash") &&
		!tell_run(s, "UPDATE job SET plan_hash=$2 WHERE job=$1",
			json_pack("[I, s]", (json_int_t)job,
				json_str(args, "plan_hash", "")),
			e))
		return false;
	return !result || tell_run(s, "UPDATE job SET result=$2 WHERE job=$1",
				  json_pack("[I, O]", (json_int_t)job, result), e);
}

json_t *tell_job_state(struct store *s, const json_t *args, struct err *e)
{
	long long job = json_int(args, "job", 0);
	const char *to;
	enum job_steps steps;
	if (!tell_text("job_state", args, "state", &to, e))
		return NULL;
	json_t *row = job_row(s, args, e);
	if (!row)
		return NULL;
	bool ok =
		job_type_steps(json_str(row, "type", ""), &steps) &&
		check_move("the state", job, steps, json_str(row, "state", ""), to, e) &&
		write_job(s, job, to, args, e);
	json_t *reply =
		ok ? json_pack("{s:s}", "cancel_by", json_str(row, "cancel_by", ""))
		   : NULL;
	json_decref(row);
	return reply;
}

json_t *tell_target_state(struct store *s, const json_t *args, struct err *e)
{
	long long job = json_int(args, "job", 0), n = json_int(args, "n", 0);
	const char *to;
	if (!tell_text("target_state", args, "state", &to, e))
		return NULL;
	json_t *row = ask_row(s, "SELECT state, known FROM target WHERE job=$1 AND n=$2",
		json_pack("[I, I]", (json_int_t)job, (json_int_t)n), e);
	if (!row)
		return NULL;
	bool ok = !json_is_null(row) ||
		  err_set(e, ERR_NOTFOUND, "action %lld has no target %lld", job, n);
	ok = ok &&
	     check_move("a target", job, JOB_TARGET, json_str(row, "state", ""), to, e);
	json_int_t now = clock_now();
	bool begins = strcmp(to, "starting") == 0 || strcmp(to, "running") == 0;
	ok = ok &&
	     tell_run(s,
		     "UPDATE target SET state=$3, known=$4, updated=$5,"
		     " started=CASE WHEN started=0 THEN $6 ELSE started END,"
		     " ended=CASE WHEN $7>0 THEN $7 ELSE ended END WHERE job=$1 AND n=$2",
		     json_pack("[I, I, s, s, I, I, I]", (json_int_t)job, (json_int_t)n,
			     to, json_str(args, "known", json_str(row, "known", "")), now,
			     begins ? now : (json_int_t)0,
			     job_state_ended(to) ? now : (json_int_t)0),
		     e);
	json_decref(row);
	return ok ? json_object() : NULL;
}

/* ---- output ---- */

json_t *tell_output_add(struct store *s, const json_t *args, struct err *e)
{
	json_int_t job = json_int(args, "job", 0);
	long long seq;
	json_t *lines = json_sub(args, "lines"), *line;
	if (!ask_int(s, "SELECT max(seq) AS seq FROM output WHERE job=$1",
		    json_pack("[I]", job), &seq, e))
		return NULL;
	if (seq + (long long)json_array_size(lines) > OUTPUT_MAX) {
		err_set(e, ERR_LIMIT,
			"action %lld has %lld lines of output, at most %d are kept",
			(long long)job, seq, OUTPUT_MAX);
		return NULL;
	}
	size_t i;
	json_array_foreach (lines, i, line) {
		if (!tell_run(s,
			    "INSERT INTO output(job, seq, n, at, stream, text) "
			    "VALUES($1,$2,$3,$4,$5,$6)",
			    json_pack("[I, I, I, I, s, s]", job, (json_int_t)++seq,
				    (json_int_t)json_int(line, "n", 0),
				    (json_int_t)json_int(line, "at", clock_now()),
				    json_str(line, "stream", "out"),
				    json_str(line, "text", "")),
			    e))
			return NULL;
	}
	return json_pack("{s:I}", "seq", (json_int_t)seq);
}
