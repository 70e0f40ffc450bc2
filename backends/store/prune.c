/*
 * Forgetting what is old, a slice a call: history, ended jobs with their output, ended records. The audit and whatever
 * needs a person stay. The newest row of each table stays too: its number must not be given once more, because
 * the audit, the chains of history and the consoles know rows by their numbers.
 */
#include "backends/store/ask.h"
#include "backends/store/tell.h"

enum { PRUNE_SLICE = 500, PRUNE_RECORDS = 100, PRUNE_LOOK = 1000, PRUNE_JOBS = 50 };
/* How many jobs back an earlier fetch of a log is looked for: each dropped the one before it. */
enum { LOG_JOBS_BACK = 1000, LOG_SLICE = 2000 };

/* Nobody comes back to what a preview or a log said, unless an action was made from it. */
#define READS_KEEP (USEC_PER_SEC * 3600 * 24)

#define DELETE_OUTPUT                              \
	"DELETE FROM output WHERE job=$1 AND seq<" \
	"(SELECT min(seq)+$2 FROM output WHERE job=$1)"

struct pruning {
	usec_t before;
	long long n; /* rows that are gone */
	bool more;   /* besides records */
};

/* The rows stand in the order in which they were written, never before their time. A chain ends where its next row is missing. */
static bool prune_history(struct store *s, struct pruning *p, struct err *e)
{
	if (!tell_run(s,
		    "DELETE FROM hist WHERE hid IN (SELECT hid FROM hist ORDER BY hid "
		    "LIMIT $2)"
		    " AND at<$1 AND hid<(SELECT max(hid) FROM hist)",
		    json_pack("[I, i]", (json_int_t)p->before, PRUNE_SLICE), e))
		return false;
	p->n += db_changes(s->db);
	p->more = p->more || db_changes(s->db) > 0;
	return true;
}

static bool remove_some(struct store *s, const char *sql, json_int_t job,
	struct pruning *p, long long *left, struct err *e)
{
	if (*left <= 0)
		return true;
	if (!tell_run(s, sql, json_pack("[I, I]", job, (json_int_t)*left), e))
		return false;
	p->n += db_changes(s->db);
	*left -= db_changes(s->db);
	return true;
}

/* left: how many rows this slice may still remove; at 0 the rest of the job comes with the next one. */
static bool remove_job(struct store *s, json_int_t job, struct pruning *p,
	long long *left, struct err *e)
{
	return remove_some(s, DELETE_OUTPUT, job, p, left, e) &&
	       remove_some(s,
		       "DELETE FROM target WHERE job=$1 AND n<"
		       "(SELECT min(n)+$2 FROM target WHERE job=$1)",
		       job, p, left, e) &&
	       remove_some(s, "DELETE FROM job WHERE job=$1 AND $2>0", job, p, left, e);
}

static bool prune_jobs(struct store *s, struct pruning *p, struct err *e)
{
	usec_t reads = clock_now() - READS_KEEP;
	long long left = PRUNE_SLICE;
	json_t *row, *rows = ask_rows(s,
			     "SELECT job FROM (SELECT job FROM job INDEXED BY job_ended"
			     " WHERE type IN ('preview','answer','log','refresh','stop') "
			     "AND ended>0 AND ended<$1"
			     " AND NOT EXISTS (SELECT 1 FROM job a WHERE a.preview>0 AND "
			     "a.preview=job.job)"
			     " UNION ALL SELECT job FROM job INDEXED BY job_ended"
			     " WHERE type='action' AND ended>0 AND ended<$2)"
			     " WHERE job<(SELECT max(job) FROM job) LIMIT $3",
			     json_pack("[I, I, i]",
				     (json_int_t)(reads > p->before ? reads : p->before),
				     (json_int_t)p->before, PRUNE_JOBS),
			     e);
	bool ok = rows != NULL;
	size_t i;
	json_array_foreach (rows, i, row) {
		ok = ok && remove_job(s, json_int(row, "job", 0), p, &left, e);
	}
	p->more = p->more || json_array_size(rows) > 0;
	json_decref(rows);
	return ok;
}

/* rids grow with time, so the oldest records stand first; `from` is where the slice before stopped. */
static bool prune_records(struct store *s, struct pruning *p, long long from,
	long long *next, struct err *e)
{
	json_t *rows = ask_rows(s,
		"SELECT rid, (((open=0 AND need=0 AND updated<$1) OR (source IN"
		" (SELECT s.sid FROM source s JOIN setting t ON t.key='removed:'||s.name"
		" WHERE s.state='removed' AND CAST(t.value AS INTEGER)<$1)"
		" AND NOT EXISTS (SELECT 1 FROM note n WHERE n.rid=rec.rid)))"
		" AND claimed_by='' AND (last_hid=0 OR last_hid<>(SELECT max(hid) FROM "
		"hist))"
		" AND rid<(SELECT max(rid) FROM rec)) AS old"
		" FROM rec WHERE rid>$2 ORDER BY rid LIMIT $3",
		json_pack(
			"[I, I, i]", (json_int_t)p->before, (json_int_t)from, PRUNE_LOOK),
		e);
	bool ok = rows != NULL;
	int removed = 0;
	size_t i;
	json_t *row;
	*next = json_array_size(rows) ? from : 0;
	json_array_foreach (rows, i, row) {
		if (!ok || removed >= PRUNE_RECORDS)
			break;
		*next = json_int(row, "rid", 0);
		if (!json_int(row, "old", 0))
			continue;
		ok = put_remove(s, *next, e);
		removed++;
	}
	p->n += removed;
	json_decref(rows);
	return ok;
}

/* {before, from?} -> {n, next}: call again with from = next until next is 0. */
json_t *tell_prune(struct store *s, const json_t *args, struct err *e)
{
	struct pruning p = {.before = json_int(args, "before", 0)};
	long long from = json_int(args, "from", 0), next = 0;
	if (p.before <= 0 || p.before > clock_now()) {
		err_set(e, ERR_USAGE, "prune: \"before\" must be a time in the past");
		return NULL;
	}
	if (!prune_history(s, &p, e) || !prune_jobs(s, &p, e) ||
		!prune_records(s, &p, from, &next, e))
		return NULL;
	if (!next && p.more)
		next = from > 0 ? from : 1;
	return json_pack("{s:I, s:I}", "n", (json_int_t)p.n, "next", (json_int_t)next);
}

/* {job} -> {n, more} */
json_t *tell_log_drop(struct store *s, const json_t *args, struct err *e)
{
	long long earlier, left = LOG_SLICE;
	struct pruning p = {0};
	if (!ask_int(s,
		    "SELECT o.job FROM job j JOIN job o INDEXED BY job_type ON "
		    "o.type='log'"
		    " AND o.job<j.job AND o.job>j.job-$2 AND o.ended>0 AND o.spec=j.spec"
		    " AND o.who=j.who AND o.host=j.host WHERE j.job=$1 AND j.type='log'"
		    " AND EXISTS (SELECT 1 FROM output x WHERE x.job=o.job)"
		    " ORDER BY o.job DESC LIMIT 1",
		    json_pack("[I, i]", (json_int_t)json_int(args, "job", 0),
			    LOG_JOBS_BACK),
		    &earlier, e))
		return NULL;
	if (earlier && !remove_some(s, DELETE_OUTPUT, earlier, &p, &left, e))
		return NULL;
	return json_pack("{s:I, s:b}", "n", (json_int_t)p.n, "more", (int)(earlier != 0));
}
