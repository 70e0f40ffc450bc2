/*
 * The circumstances of one record: earlier runs, what waits for it, what is linked to it, its notes and its source.
 */
#include "backends/store/context.h"

#include "backends/store/ask.h"

#include <string.h>

#define MINUTE (60 * USEC_PER_SEC)
#define HOUR (60 * MINUTE)
#define DAY (24 * HOUR)

enum { RUNS_LOOK = 20, RUNS_OF = 5, FLAPS_LOOK = 8 };

/* failed k of the last n, and successes before a first failure. */
static bool add_runs(struct store *s, const struct record *r, json_t *out, struct err *e)
{
	json_t *rows = ask_rows(s,
		"SELECT o.state FROM rec o WHERE o.th=(SELECT th FROM rec WHERE rid=$1)"
		" AND o.kind=0 AND o.started<=$2 AND o.ended>0 ORDER BY o.started DESC "
		"LIMIT $3",
		json_pack("[I, I, i]", (json_int_t)r->rid, (json_int_t)r->started,
			RUNS_LOOK),
		e);
	if (!rows)
		return false;
	int failed = 0, of = 0, ok_before = 0;
	bool counting = true;
	size_t i;
	json_t *row;
	json_array_foreach (rows, i, row) {
		enum state st;
		if (!state_parse(json_str(row, "state", ""), &st) ||
			st == STATE_CANCELED || st == STATE_SKIPPED)
			continue;
		bool bad = state_bad(KIND_RUN, st);
		if (of < RUNS_OF) {
			of++;
			failed += bad;
		}
		if (i > 0)
			counting = counting && !bad;
		ok_before += i > 0 && counting;
	}
	json_decref(rows);
	json_object_set_new(out, "failed", json_integer(failed));
	json_object_set_new(out, "of", json_integer(of));
	json_object_set_new(out, "ok_before", json_integer(ok_before));
	return true;
}

static bool add_run_relatives(
	struct store *s, const struct record *r, json_t *out, struct err *e)
{
	long long later, waits;
	if (!ask_int(s,
		    "SELECT count(*) AS n FROM (SELECT 1 FROM rec o"
		    " WHERE o.th=(SELECT th FROM rec WHERE rid=$1) AND o.started>$2 AND "
		    "o.kind=0"
		    " AND o.state=$3 LIMIT 1)",
		    json_pack("[I, I, i]", (json_int_t)r->rid, (json_int_t)r->started,
			    STATE_SUCCEEDED),
		    &later, e))
		return false;
	if (!ask_int(s,
		    "SELECT count(*) AS n FROM rec o INDEXED BY rec_open WHERE o.open=1 "
		    "AND o.kind=0"
		    " AND o.source=(SELECT source FROM rec WHERE rid=$1) AND o.state IN "
		    "($2,$3)"
		    " AND (o.parent=$4 OR (o.asset<>'' AND o.asset=$5))",
		    json_pack("[I, i, i, s, s]", (json_int_t)r->rid, STATE_QUEUED,
			    STATE_WAITING, r->id, r->asset),
		    &waits, e))
		return false;
	json_object_set_new(out, "superseded", json_boolean(later > 0));
	json_object_set_new(out, "waits", json_integer(waits));
	return true;
}

static bool add_linked(
	struct store *s, const struct record *r, json_t *out, struct err *e)
{
	json_t *row = ask_row(s,
		"SELECT coalesce(sum(o.kind=1),0) AS incidents, "
		"coalesce(sum(o.kind=5),0) AS stale"
		" FROM link l JOIN rec o ON o.rid=l.b WHERE l.a=$1 AND o.attention>0 AND "
		"l.strength>=45"
		" AND o.state IN ($2,$3,$4)",
		json_pack("[I, i, i, i]", (json_int_t)r->rid, STATE_OPEN, STATE_FAILING,
			STATE_STALE),
		e);
	if (!row)
		return false;
	if (r->kind != KIND_INCIDENT)
		json_object_set(out, "incidents", json_object_get(row, "incidents"));
	if (r->kind != KIND_CHECK)
		json_object_set(out, "stale", json_object_get(row, "stale"));
	json_decref(row);
	return true;
}

static bool add_flaps(
	struct store *s, const struct record *r, usec_t now, json_t *out, struct err *e)
{
	json_t *args =
		json_pack("{s:I, s:i}", "rid", (json_int_t)r->rid, "limit", FLAPS_LOOK);
	json_t *rows = ask_history(s, args, e), *row;
	json_decref(args);
	if (!rows)
		return false;
	int flaps = 0;
	size_t i;
	json_array_foreach (rows, i, row) {
		flaps += json_int(row, "at", 0) > now - DAY;
	}
	json_decref(rows);
	json_object_set_new(out, "flaps", json_integer(flaps));
	return true;
}

static bool add_people(
	struct store *s, const struct record *r, usec_t now, json_t *out, struct err *e)
{
	long long noted, stale;
	if (!ask_int(s, "SELECT max(at) AS at FROM note WHERE rid=$1",
		    json_pack("[I]", (json_int_t)r->rid), &noted, e))
		return false;
	if (!ask_int(s,
		    "SELECT (" ASK_SOURCE_STATE
		    ")='stale' AS stale FROM source WHERE name=$2",
		    json_pack("[I, s]", (json_int_t)now, r->source), &stale, e))
		return false;
	json_object_set_new(out, "noted", json_integer(noted));
	json_object_set_new(out, "source_stale", json_boolean(stale));
	return true;
}

json_t *context_of(
	struct store *s, const struct record *r, long long group, struct err *e)
{
	usec_t now = clock_now();
	json_t *out = json_pack(
		"{s:I, s:I}", "now", (json_int_t)now, "group", (json_int_t)group);
	bool ok = true;
	if (r->kind == KIND_RUN)
		ok = add_runs(s, r, out, e) && add_run_relatives(s, r, out, e);
	if (ok && (r->kind == KIND_INCIDENT || r->kind == KIND_CHECK))
		ok = add_flaps(s, r, now, out, e);
	ok = ok && add_linked(s, r, out, e) && add_people(s, r, now, out, e);
	if (!ok) {
		json_decref(out);
		return NULL;
	}
	return out;
}

static void nearer(usec_t *best, usec_t at, usec_t now)
{
	if (at > now && (!*best || at < *best))
		*best = at;
}

usec_t context_next(const struct record *r, usec_t now)
{
	static const usec_t steps[] = {
		10 * MINUTE, 30 * MINUTE, HOUR, 4 * HOUR, DAY, 3 * DAY, 7 * DAY};
	usec_t best = 0;
	nearer(&best, r->snoozed_until, now);
	bool limit = r->due && (r->attention > 0 || state_open(r->kind, r->state));
	if (limit)
		nearer(&best, r->due, now);
	for (size_t i = 0; i < LENGTH(steps); i++) {
		if (limit) {
			nearer(&best, r->due - steps[i], now);
			nearer(&best, r->due + steps[i], now);
		}
		if (r->attention <= 0)
			continue;
		if (r->since)
			nearer(&best, r->since + steps[i], now);
		if (r->ended)
			nearer(&best, r->ended + steps[i], now);
	}
	return best;
}
