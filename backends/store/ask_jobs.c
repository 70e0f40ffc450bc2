/*
 * Questions about jobs: what was asked of the worker, what became of it, and its output.
 */
#include "backends/store/ask.h"

#include "backends/base/utf8.h"

#include <string.h>

#define JOB_COLUMNS                                                                    \
	"SELECT j.job, j.type, j.state, j.runbook, j.title, j.who, j.host, j.reason, " \
	"j.created, j.started, j.ended, j.cancel_by, j.error, count(t.n) AS targets, " \
	"coalesce(sum(t.state='succeeded'),0) AS done, "                               \
	"coalesce(sum(t.state='already'),0) AS already, "                              \
	"coalesce(sum(t.state='accepted'),0) AS accepted, "                            \
	"coalesce(sum(t.state IN ('failed','refused')),0) AS failed, "                 \
	"coalesce(sum(t.state='unknown'),0) AS unknown, "                              \
	"coalesce(sum(t.state='asking'),0) AS asking"
#define JOB_FROM " FROM job j LEFT JOIN target t ON t.job=j.job "

/* Of the first target that did not get through: its number leads, so that min() finds it. */
#define JOB_WHY                                                                      \
	", coalesce(substr(min(CASE WHEN t.state IN ('failed','refused','unknown') " \
	"THEN substr('0000000'||t.n,-7)||t.known END),8),'') AS why"
#define JOBS_OF                                                                \
	JOB_COLUMNS ", coalesce(min(CASE WHEN t.n=1 THEN t.title END),'') AS " \
		    "target" JOB_WHY JOB_FROM
#define JOBS_FITTING                                               \
	" AND ($2='' OR j.state=$2) AND ($3=0 OR j.job<$3) GROUP " \
	"BY j.job ORDER BY j.job DESC LIMIT $4"

/* Each is answered from an index of its own: asked at every bell, over all jobs that there ever were. */
json_t *ask_jobs(struct store *s, const json_t *args, struct err *e)
{
	static const char by_key[] =
		JOBS_OF "WHERE j.job IN (SELECT k.job FROM target k WHERE k.key=$5)"
			" AND ($1='' OR j.type=$1)" JOBS_FITTING;
	static const char by_type[] = JOBS_OF "WHERE j.type=$1 AND $5=''" JOBS_FITTING;
	static const char any[] = JOBS_OF "WHERE $1='' AND $5=''" JOBS_FITTING;
	const char *type = json_str(args, "type", ""), *key = json_str(args, "key", "");
	const char *sql = *key ? by_key : *type ? by_type : any;
	return ask_rows(s, sql,
		json_pack("[s, s, I, I, s]", type, json_str(args, "state", ""),
			(json_int_t)json_int(args, "before", 0),
			(json_int_t)ask_limit(args, 100), key),
		e);
}

/* All of them: one that is left out could be the answer that those before it wait for. */
json_t *ask_jobs_queued(struct store *s, const json_t *args, struct err *e)
{
	(void)args;
	return ask_rows(s,
		JOB_COLUMNS
		", j.spec AS spec_json, j.plan_hash" JOB_FROM
		"WHERE j.state IN ('planned','queued','starting','running','verifying')"
		" GROUP BY j.job ORDER BY j.job",
		json_array(), e);
}

json_t *ask_job(struct store *s, const json_t *args, struct err *e)
{
	return ask_row(s,
		JOB_COLUMNS
		", j.spec AS spec_json, j.result AS result_json, j.plan_hash" JOB_FROM
		"WHERE j.job=$1 GROUP BY j.job",
		json_pack("[I]", (json_int_t)json_int(args, "job", 0)), e);
}

json_t *ask_targets(struct store *s, const json_t *args, struct err *e)
{
	return ask_rows(s,
		"SELECT n, key, rid, title, state, known, started, ended, updated"
		" FROM target WHERE job=$1 ORDER BY n",
		json_pack("[I]", (json_int_t)json_int(args, "job", 0)), e);
}

json_t *ask_output(struct store *s, const json_t *args, struct err *e)
{
	bool tail = json_flag(args, "tail", false);
	const char *sql =
		tail ? "SELECT * FROM (SELECT seq, n, at, stream, text FROM output"
		       " WHERE job=$1 AND seq>$2 AND ($4=0 OR n=$4)"
		       " ORDER BY seq DESC LIMIT $3) ORDER BY seq"
		     : "SELECT seq, n, at, stream, text FROM output"
		       " WHERE job=$1 AND seq>$2 AND ($4=0 OR n=$4) ORDER BY seq LIMIT "
		       "$3";
	return ask_rows(s, sql,
		json_pack("[I, I, I, I]", (json_int_t)json_int(args, "job", 0),
			(json_int_t)json_int(args, "after", 0),
			(json_int_t)ask_limit(args, 500),
			(json_int_t)json_int(args, "n", 0)),
		e);
}

static json_t *find_line(struct db_stmt *st, const char *want, struct err *e)
{
	struct str folded = STR_INIT;
	json_t *out = json_array();
	bool row = true;
	while (json_array_size(out) == 0) {
		if (!db_step(st, &row, e)) {
			json_decref(out);
			out = NULL;
			break;
		}
		if (!row)
			break;
		str_clear(&folded);
		utf8_fold(&folded, db_text(st, 1));
		if (strstr(folded.buf, want))
			json_array_append_new(out,
				json_pack("{s:I}", "seq", (json_int_t)db_int(st, 0)));
	}
	if (row)
		db_reset(st);
	str_release(&folded);
	return out;
}

/* after 0 with back: from the last line. upto bounds how far it looks: a long output is searched in slices. */
json_t *ask_output_find(struct store *s, const json_t *args, struct err *e)
{
	bool back = json_flag(args, "back", false);
	const char *sql = back ? "SELECT seq, text FROM output WHERE job=$1 AND ($2=0 OR "
				 "seq<$2) AND seq>$3 ORDER BY seq DESC"
			       : "SELECT seq, text FROM output WHERE job=$1 AND seq>$2 "
				 "AND ($3=0 OR seq<=$3) ORDER BY seq";
	struct str want = STR_INIT;
	utf8_fold(&want, json_str(args, "text", ""));
	json_t *out = NULL;
	struct db_stmt *st = want.len ? db_stmt(s->db, sql, e) : NULL;
	if (!want.len)
		out = json_array();
	if (st) {
		db_bind_int(st, 1, json_int(args, "job", 0));
		db_bind_int(st, 2, json_int(args, "after", 0));
		db_bind_int(st, 3, json_int(args, "upto", 0));
		out = find_line(st, want.buf, e);
	}
	str_release(&want);
	return out;
}
