/*
 * Forgetting what is old, a slice a call: history, output of ended jobs, ended records. The audit, jobs themselves and
 * whatever needs a person stay.
 */
#include "backends/store/ask.h"
#include "backends/store/tell.h"

enum { PRUNE_SLICE = 500, PRUNE_RECORDS = 200, PRUNE_LOOK = 2000 };

/* A chain of history ends where its next row is missing. */
static bool prune_history(struct store *s, usec_t before, long long *n, struct err *e)
{
	bool ok = tell_run(s,
		"DELETE FROM hist WHERE hid IN"
		" (SELECT hid FROM hist WHERE hid<=(SELECT min(hid)+$2 FROM hist) AND "
		"at<$1)",
		json_pack("[I, i]", (json_int_t)before, PRUNE_SLICE), e);
	*n += ok ? db_changes(s->db) : 0;
	return ok;
}

static bool prune_output(struct store *s, usec_t before, long long *n, struct err *e)
{
	bool ok = tell_run(s,
		"DELETE FROM output WHERE job=(SELECT o.job FROM output o JOIN job j ON "
		"j.job=o.job"
		" WHERE j.ended>0 AND j.ended<$1 ORDER BY o.job LIMIT 1) AND seq<="
		" (SELECT min(o.seq)+$2 FROM output o WHERE o.job=(SELECT o.job FROM "
		"output o"
		" JOIN job j ON j.job=o.job WHERE j.ended>0 AND j.ended<$1 ORDER BY "
		"o.job LIMIT 1))",
		json_pack("[I, i]", (json_int_t)before, PRUNE_SLICE), e);
	*n += ok ? db_changes(s->db) : 0;
	return ok;
}

/* rids grow with time, so the oldest records stand first; `from` is where the slice before stopped. */
static bool prune_records(struct store *s, usec_t before, long long from, long long *n,
	long long *next, struct err *e)
{
	json_t *rows = ask_rows(s,
		"SELECT rid, (open=0 AND need=0 AND updated<$1 AND claimed_by='') AS old "
		"FROM rec"
		" WHERE rid>$2 ORDER BY rid LIMIT $3",
		json_pack("[I, I, i]", (json_int_t)before, (json_int_t)from, PRUNE_LOOK),
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
	*n += removed;
	json_decref(rows);
	return ok;
}

/* {before, from?} -> {n, next}: call again with from = next until next is 0. */
json_t *tell_prune(struct store *s, const json_t *args, struct err *e)
{
	usec_t before = json_int(args, "before", 0);
	long long n = 0, next = 0;
	if (before <= 0 || before > clock_now()) {
		err_set(e, ERR_USAGE, "prune: \"before\" must be a time in the past");
		return NULL;
	}
	if (!prune_history(s, before, &n, e) || !prune_output(s, before, &n, e) ||
		!prune_records(s, before, json_int(args, "from", 0), &n, &next, e))
		return NULL;
	return json_pack("{s:I, s:I}", "n", (json_int_t)n, "next", (json_int_t)next);
}
