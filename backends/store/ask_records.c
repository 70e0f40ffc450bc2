/*
 * Questions about records: one of them with all that belongs to it, its history, relatives, links and notes, and
 * how many there are.
 */
#include "backends/store/ask.h"
#include "backends/store/links.h"

#include <string.h>

/* ---- how many ---- */

/* The store keeps the counts of each kind as it writes records (table lane). */
static bool count_kinds(struct store *s, json_t *out, struct err *e)
{
	json_t *rows = ask_rows(s, ASK_KIND_COUNTS, NULL, e);
	if (!rows)
		return false;
	json_t *need = json_object(), *total = json_object(), *row;
	json_int_t all = 0;
	size_t i;
	json_array_foreach (rows, i, row) {
		const char *kind = json_str(row, "kind", "");
		json_object_set(need, kind, json_object_get(row, "need"));
		json_object_set(total, kind, json_object_get(row, "total"));
		all += json_int(row, "total", 0);
	}
	json_object_set_new(out, "need", need);
	json_object_set_new(out, "total", total);
	json_object_set_new(out, "all", json_integer(all));
	json_decref(rows);
	return true;
}

json_t *ask_counts(struct store *s, const json_t *args, struct err *e)
{
	(void)args;
	static const char sources[] =
		"SELECT count(*) AS sources, coalesce(sum(st='failing'),0) AS failing,"
		" coalesce(sum(st='stale'),0) AS stale, coalesce(max(last_good),0) AS "
		"as_of"
		" FROM (SELECT " ASK_SOURCE_STATE " AS st, last_good FROM source"
		" WHERE state<>'removed')";
	static const char actions[] =
		"SELECT count(*) AS n FROM job WHERE type='action' AND state IN"
		" ('queued','starting','running','verifying')";
	static const char snoozed[] =
		"SELECT count(*) AS n FROM rec INDEXED BY rec_again WHERE again>0 AND "
		"snoozed_until>$1";
	long long running, hidden;
	json_t *out = ask_row(s, sources, json_pack("[I]", (json_int_t)clock_now()), e);
	if (!out)
		return NULL;
	if (!count_kinds(s, out, e) || !ask_int(s, actions, NULL, &running, e) ||
		!ask_int(s, snoozed, json_pack("[I]", (json_int_t)clock_now()), &hidden,
			e)) {
		json_decref(out);
		return NULL;
	}
	json_object_set_new(out, "actions_running", json_integer(running));
	json_object_set_new(out, "snoozed", json_integer(hidden));
	return out;
}

/* ---- one record ---- */

static bool rid_of_key(struct store *s, const char *key, long long *rid, struct err *e)
{
	enum kind kind;
	char source[RECORD_TEXT_MAX + 1];
	const char *id;
	return record_key_parse(key, &kind, source, sizeof(source), &id, e) &&
	       record_find(s, kind, source, id, rid, e);
}

/* Times once more as integers, which is what screens compute ages from. */
static void add_times(json_t *out, const struct record *r)
{
	const struct {
		const char *name;
		usec_t at;
	} times[] = {{"started", r->started}, {"ended", r->ended},
		{"updated", r->updated}, {"due", r->due}, {"since", r->since},
		{"seen", r->seen}, {"snoozed_until", r->snoozed_until},
		{"gone_at", r->gone_at}};
	json_t *t = json_object();
	for (size_t i = 0; i < LENGTH(times); i++)
		json_object_set_new(t, times[i].name, json_integer(times[i].at));
	json_object_set_new(out, "times", t);
}

json_t *ask_record(struct store *s, const json_t *args, struct err *e)
{
	long long rid = json_int(args, "rid", 0);
	const char *key = json_str(args, "key", "");
	if (!rid && *key && !rid_of_key(s, key, &rid, e))
		return NULL;
	struct arena a = ARENA_INIT;
	struct record r;
	bool found = false;
	json_t *out = NULL;
	if (!rid)
		out = json_null();
	else if (record_load(s, rid, &a, &r, &found, e))
		out = found ? record_json(&r) : json_null();
	if (found && out)
		add_times(out, &r);
	if (found)
		record_release_json(&r);
	arena_release(&a);
	return out;
}

/* ---- what belongs to one ---- */

/* History is a chain from the newest row backwards; a pruned end just ends it. */
json_t *ask_history(struct store *s, const json_t *args, struct err *e)
{
	long long hid, limit = ask_limit(args, 50);
	if (!ask_int(s, "SELECT last_hid FROM rec WHERE rid=$1",
		    json_pack("[I]", (json_int_t)json_int(args, "rid", 0)), &hid, e))
		return NULL;
	json_t *out = json_array();
	while (hid && (long long)json_array_size(out) < limit) {
		json_t *row = ask_row(s,
			"SELECT prev, at, old AS \"from\", new AS \"to\", actor, note"
			" FROM hist WHERE hid=$1 AND rid=$2",
			json_pack("[I, I]", (json_int_t)hid,
				(json_int_t)json_int(args, "rid", 0)),
			e);
		if (!row) {
			json_decref(out);
			return NULL;
		}
		if (json_is_null(row))
			break;
		/* The chain only leads backwards; a row that does not would never end. */
		long long prev = json_int(row, "prev", 0);
		hid = prev < hid ? prev : 0;
		json_object_del(row, "prev");
		json_array_append_new(out, row);
	}
	return out;
}

json_t *ask_siblings(struct store *s, const json_t *args, struct err *e)
{
	return ask_rows(s,
		"SELECT r.rid, r.id, r.state, r.started, r.ended FROM rec r"
		" JOIN rec me ON me.rid=$1 AND r.kind=me.kind AND r.source=me.source"
		" WHERE r.th=(SELECT th FROM rec WHERE rid=$1)"
		" ORDER BY r.started DESC, r.rid DESC LIMIT $2",
		json_pack("[I, I]", (json_int_t)json_int(args, "rid", 0),
			(json_int_t)ask_limit(args, 20)),
		e);
}

/* When it happened, by which it is before or after: an incident that somebody took since began no later for that. */
static usec_t linked_at(const json_t *row)
{
	struct record r = {.started = json_int(row, "started", 0),
		.ended = json_int(row, "ended", 0),
		.since = json_int(row, "since", 0),
		.updated = json_int(row, "updated", 0)};
	return kind_parse(json_str(row, "kind", ""), &r.kind) ? links_when(&r) : 0;
}

json_t *ask_links(struct store *s, const json_t *args, struct err *e)
{
	json_t *rows = ask_rows(s,
		"SELECT r.rid, r.kind, r.source, r.id, r.title, r.state, r.since, "
		"r.started, r.ended, r.updated, r.severity, r.asset, r.service, r.actor, "
		"r.labels AS labels_json,"
		" l.reason, l.strength, l.before FROM link l JOIN rec r ON r.rid=l.b"
		" WHERE l.a=$1" ASK_NOT_AWAY(
			"r") " ORDER BY l.strength DESC, r.updated DESC, r.rid LIMIT $2",
		json_pack("[I, I]", (json_int_t)json_int(args, "rid", 0),
			(json_int_t)ask_limit(args, 50)),
		e);
	size_t i;
	json_t *row;
	json_array_foreach (rows, i, row) {
		json_object_set_new(
			row, "before", json_boolean(json_int(row, "before", 0)));
		json_object_set_new(row, "at", json_integer(linked_at(row)));
	}
	return rows;
}

/* What a folded row of Triage counts and an action on it is about; with `all` also those that need nobody (any more). */
json_t *ask_group(struct store *s, const json_t *args, struct err *e)
{
	return ask_rows(s,
		"SELECT rid, kind, source, id, title, state, since, labels AS "
		"labels_json "
		"FROM rec"
		" INDEXED BY rec_signature WHERE signature=$1 AND signature<>''"
		" AND (need=1 OR $3)" ASK_NOT_AWAY(
			"rec") " ORDER BY updated DESC, rid LIMIT $2",
		json_pack("[s, I, b]", json_str(args, "signature", ""),
			(json_int_t)ask_limit(args, 50),
			(int)json_flag(args, "all", false)),
		e);
}

json_t *ask_notes(struct store *s, const json_t *args, struct err *e)
{
	return ask_rows(s,
		"SELECT at, who, text FROM note WHERE rid=$1 ORDER BY nid DESC LIMIT $2",
		json_pack("[I, I]", (json_int_t)json_int(args, "rid", 0),
			(json_int_t)ask_limit(args, 200)),
		e);
}

json_t *ask_open_ids(struct store *s, const json_t *args, struct err *e)
{
	enum kind kind;
	long long sid;
	const char *name = json_str(args, "kind", "");
	if (!kind_parse(name, &kind)) {
		err_set(e, ERR_USAGE, "open_ids: \"%s\" is no kind of record", name);
		return NULL;
	}
	if (!source_sid(s, json_str(args, "source", ""), false, &sid, e))
		return NULL;
	return ask_rows(s,
		"SELECT r.id, d.opaque AS opaque_json FROM rec r INDEXED BY rec_open"
		" LEFT JOIN det d ON d.rid=r.rid LEFT JOIN seen v ON v.rid=r.rid"
		" WHERE r.open=1 AND r.gone_at=0 AND r.source=$1 AND r.kind=$2"
		" ORDER BY r.unread<>'', v.at, r.rid LIMIT $3",
		json_pack("[I, i, I]", (json_int_t)sid, (int)kind,
			(json_int_t)ask_limit(args, 100)),
		e);
}
