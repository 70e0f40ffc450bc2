/*
 * What the worker knows: the state of sources, watermarks, settings, causes, and what is no longer listed.
 */
#include "backends/store/ask.h"
#include "backends/store/tell.h"

#include "backends/base/mem.h"
#include "backends/base/utf8.h"

#include <stdlib.h>
#include <string.h>

/* One statement a column, so that no statement is built from text. */
static const struct {
	const char *name;
	bool text;
	const char *sql;
} columns[] = {
	{"connector", true, "UPDATE source SET connector=$2 WHERE sid=$1"},
	{"title", true, "UPDATE source SET title=$2 WHERE sid=$1"},
	{"env", true, "UPDATE source SET env=$2 WHERE sid=$1"},
	{"state", true, "UPDATE source SET state=$2 WHERE sid=$1"},
	{"error", true, "UPDATE source SET error=$2 WHERE sid=$1"},
	{"last_good", false, "UPDATE source SET last_good=$2 WHERE sid=$1"},
	{"last_try", false, "UPDATE source SET last_try=$2 WHERE sid=$1"},
	{"rows", false, "UPDATE source SET rows=$2 WHERE sid=$1"},
	{"unknown_states", false, "UPDATE source SET unknown_states=$2 WHERE sid=$1"},
	{"lag_ms", false, "UPDATE source SET lag_ms=$2 WHERE sid=$1"},
	{"interval_ms", false, "UPDATE source SET interval_ms=$2 WHERE sid=$1"},
};

static bool known_state(const char *state)
{
	static const char *const states[] = {"ok", "failing", "stale", "new", "disabled"};
	for (size_t i = 0; i < LENGTH(states); i++)
		if (strcmp(states[i], state) == 0)
			return true;
	return false;
}

static bool set_column(
	struct store *s, long long sid, size_t i, const json_t *args, struct err *e)
{
	const char *name = columns[i].name;
	if (!json_object_get(args, name))
		return true;
	json_t *params;
	if (columns[i].text) {
		struct str clean = STR_INIT;
		const char *text = json_str(args, name, "");
		utf8_clean(&clean, text, strlen(text), 480, UTF8_ONE_LINE);
		params = json_pack("[I, s]", (json_int_t)sid, clean.buf);
		str_release(&clean);
	} else {
		params = json_pack(
			"[I, I]", (json_int_t)sid, (json_int_t)json_int(args, name, 0));
	}
	return tell_run(s, columns[i].sql, params, e);
}

/* Enough for any screen; beyond that a record is told at its next step of age. */
enum { STALE_ROWS = 2000 };

/*
 * What records are told: 1 for a source that is stale, 2 for one whose time is over before anybody said so. Both are the
 * same to them, but between the two nobody looked.
 */
static bool source_age(struct store *s, long long sid, long long *age, struct err *e)
{
	return ask_int(s,
		"SELECT CASE WHEN state='stale' THEN 1 WHEN (" ASK_SOURCE_STATE
		")='stale' THEN 2 ELSE 0 END AS age FROM source WHERE sid=$2",
		json_pack("[I, I]", (json_int_t)clock_now(), (json_int_t)sid), age, e);
}

/* Staleness is a reason that triage gives. Only that changed, so nothing beside the records is looked at (again=1 would). */
static bool look_again(struct store *s, long long sid, struct err *e)
{
	return tell_run(s,
		"UPDATE rec SET again=2 WHERE again<>1 AND rid IN"
		" (SELECT rid FROM rec INDEXED BY rec_need WHERE need=1 AND source=$1"
		" ORDER BY attn DESC LIMIT $2)",
		json_pack("[I, i]", (json_int_t)sid, STALE_ROWS), e);
}

json_t *tell_source_state(struct store *s, const json_t *args, struct err *e)
{
	const char *name, *state = json_str(args, "state", "new");
	long long sid, was, is;
	if (!tell_text("source_state", args, "name", &name, e))
		return NULL;
	if (!known_state(state)) {
		err_set(e, ERR_USAGE, "source_state: \"%s\" is no state of a source",
			state);
		return NULL;
	}
	if (!source_sid(s, name, true, &sid, e) || !source_age(s, sid, &was, e))
		return NULL;
	for (size_t i = 0; i < LENGTH(columns); i++)
		if (!set_column(s, sid, i, args, e))
			return NULL;
	json_t *collections = json_sub(args, "collections");
	if (collections && !tell_run(s, "UPDATE source SET collections=$2 WHERE sid=$1",
				   json_pack("[I, O]", (json_int_t)sid, collections), e))
		return NULL;
	if (!source_age(s, sid, &is, e) || (was != is && !look_again(s, sid, e)))
		return NULL;
	return json_object();
}

json_t *tell_cause_set(struct store *s, const json_t *args, struct err *e)
{
	long long rid;
	if (!tell_rid(s, "cause_set", args, &rid, e))
		return NULL;
	if (!tell_run(s, "UPDATE rec SET cause=$2, signature=$3, again=1 WHERE rid=$1",
		    json_pack("[I, s, s]", (json_int_t)rid, json_str(args, "cause", ""),
			    json_str(args, "signature", "")),
		    e) ||
		!put_touch(s, rid, e))
		return NULL;
	return json_object();
}

static bool forget_causes(struct store *s, const char *source, struct err *e)
{
	json_t *rows = ask_rows(s,
		"SELECT r.rid FROM rec r INDEXED BY rec_need JOIN source q ON "
		"q.sid=r.source"
		" WHERE q.name=$1 AND r.kind=$2 AND r.need=1 AND r.cause<>''",
		json_pack("[s, i]", source, KIND_RUN), e);
	json_t *row, *done = rows;
	size_t i;
	json_array_foreach (rows, i, row) {
		done = done ? tell_cause_set(s, row, e) : NULL;
		if (done)
			json_decref(done);
	}
	json_decref(rows);
	return done != NULL;
}

/* ---- rules that what is kept was made by ---- */

static bool same_rules(
	struct store *s, const char *key, const char *rules, bool *same, struct err *e)
{
	json_t *known = ask_row(
		s, "SELECT value FROM setting WHERE key=$1", json_pack("[s]", key), e);
	bool ok = known != NULL;
	*same = str_equal(json_str(known, "value", NULL), rules);
	json_decref(known);
	return ok;
}

static json_t *keep_rules(
	struct store *s, const char *key, const char *rules, struct err *e)
{
	json_t *set = json_pack("{s:s, s:s}", "key", key, "value", rules);
	json_t *reply = tell_setting_set(s, set, e);
	json_decref(set);
	return reply;
}

/* A record that nothing happens to would keep what the weights of before gave it. */
json_t *tell_weights(struct store *s, const json_t *args, struct err *e)
{
	const char *rules;
	bool same;
	if (!tell_text("weights", args, "rules", &rules, e) ||
		!same_rules(s, "weights", rules, &same, e))
		return NULL;
	if (same)
		return json_object();
	if (!tell_run(s, "UPDATE rec SET again=2 WHERE need=1 AND again<>1", NULL, e))
		return NULL;
	return keep_rules(s, "weights", rules, e);
}

/* Who mends the connector wants to see what it says now, also of what failed before. */
json_t *tell_cause_rules(struct store *s, const json_t *args, struct err *e)
{
	const char *source, *rules;
	if (!tell_text("cause_rules", args, "source", &source, e) ||
		!tell_text("cause_rules", args, "rules", &rules, e))
		return NULL;
	char *key = xasprintf("cause_rules:%s", source);
	json_t *reply = NULL;
	bool same;
	if (same_rules(s, key, rules, &same, e) && (same || forget_causes(s, source, e)))
		reply = same ? json_object() : keep_rules(s, key, rules, e);
	free(key);
	return reply;
}

json_t *tell_cursor_set(struct store *s, const json_t *args, struct err *e)
{
	const char *source, *collection;
	if (!tell_text("cursor_set", args, "source", &source, e) ||
		!tell_text("cursor_set", args, "collection", &collection, e))
		return NULL;
	struct str value = STR_INIT;
	json_scalar_to(&value, json_sub(args, "value"));
	bool ok = tell_run(s,
		"INSERT INTO watermark(source, collection, value) VALUES($1,$2,$3)"
		" ON CONFLICT(source, collection) DO UPDATE SET value=excluded.value",
		json_pack("[s, s, s]", source, collection, value.buf), e);
	str_release(&value);
	return ok ? json_object() : NULL;
}

json_t *tell_setting_set(struct store *s, const json_t *args, struct err *e)
{
	const char *key;
	if (!tell_text("setting_set", args, "key", &key, e))
		return NULL;
	struct str value = STR_INIT;
	json_scalar_to(&value, json_sub(args, "value"));
	bool ok = tell_run(s,
		"INSERT INTO setting(key, value) VALUES($1,$2)"
		" ON CONFLICT(key) DO UPDATE SET value=excluded.value",
		json_pack("[s, s]", key, value.buf), e);
	str_release(&value);
	return ok ? json_object() : NULL;
}

enum { VANISH_SLICE = 500 };

struct leaving {
	long long rid;
	enum state from, to;
	const char *note;
	/* It ended, if only now, and what its source said last is over; else nobody knows when. */
	bool ended;
};

/* h=0: should it come back, it is written whatever it looks like. again=1: a heartbeat that is missing is somebody's work. */
static bool leave(struct store *s, const struct leaving *l, struct err *e)
{
	usec_t now = clock_now();
	return tell_run(s,
		       "UPDATE rec SET state=$2, gone_at=$3, unread='', attention=0, "
		       "why='', again=1, h=0, updated=$3,"
		       " raw_state=CASE WHEN $4 THEN '' ELSE raw_state END,"
		       " ended=CASE WHEN ended=0 AND $4 THEN $3 ELSE ended END WHERE "
		       "rid=$1",
		       json_pack("[I, i, I, b]", (json_int_t)l->rid, (int)l->to,
			       (json_int_t)now, (int)l->ended),
		       e) &&
	       put_history(s, l->rid, l->from, l->to, now, "", l->note, e) &&
	       put_touch(s, l->rid, e);
}

/* A slice at a time; the answer says whether there is more: {n, more}. */
json_t *tell_vanish(struct store *s, const json_t *args, struct err *e)
{
	enum kind kind;
	enum state to;
	long long sid;
	if (!kind_parse(json_str(args, "kind", ""), &kind) ||
		!state_parse(json_str(args, "state", ""), &to) ||
		!state_of_kind(kind, to)) {
		err_set(e, ERR_USAGE, "vanish: needs a kind, and a state of that kind");
		return NULL;
	}
	if (!source_sid(s, json_str(args, "source", ""), false, &sid, e))
		return NULL;
	json_t *rows = ask_rows(s,
		"SELECT r.rid, r.state AS old FROM rec r INDEXED BY rec_open"
		" JOIN seen v ON v.rid=r.rid WHERE r.open=1 AND r.gone_at=0 AND "
		"r.source=$1"
		" AND r.kind=$2 AND v.at<$3 AND substr(r.id,1,length($4))=$4",
		json_pack("[I, i, I, s]", (json_int_t)sid, (int)kind,
			(json_int_t)json_int(args, "before", 0),
			json_str(args, "ids", "")),
		e);
	size_t i;
	int n = 0;
	json_t *row;
	bool ok = rows != NULL;
	json_array_foreach (rows, i, row) {
		/* What has ended stays as it ended, even while it needs a person. */
		if (!ok || n == VANISH_SLICE ||
			!state_open(kind, (enum state)json_int(row, "old", 0)))
			continue;
		struct leaving l = {.rid = json_int(row, "rid", 0),
			.from = (enum state)json_int(row, "old", 0),
			.to = to,
			.note = "no longer listed by its source",
			.ended = true};
		ok = leave(s, &l, e);
		n++;
	}
	json_decref(rows);
	if (!ok)
		return NULL;
	return json_pack("{s:i, s:b}", "n", n, "more", n == VANISH_SLICE);
}

/* The one record that a change of these two names: {rid, old}, json_null when there is none to be changed. */
static json_t *open_one(
	struct store *s, const char *change, const json_t *args, struct err *e)
{
	enum kind kind;
	long long sid;
	const char *id, *why;
	if (!kind_parse(json_str(args, "kind", ""), &kind)) {
		err_set(e, ERR_USAGE, "%s: needs a kind", change);
		return NULL;
	}
	if (!tell_text(change, args, "id", &id, e) ||
		!tell_text(change, args, "why", &why, e) ||
		!source_sid(s, json_str(args, "source", ""), false, &sid, e))
		return NULL;
	return ask_row(s,
		"SELECT rid, state AS old, kind AS k FROM rec WHERE kind=$1 AND source=$2"
		" AND id=$3 AND open=1 AND gone_at=0",
		json_pack("[i, I, s]", (int)kind, (json_int_t)sid, id), e);
}

json_t *tell_gone(struct store *s, const json_t *args, struct err *e)
{
	enum state to = STATE_UNKNOWN;
	if (json_sub(args, "state") && !state_parse(json_str(args, "state", ""), &to)) {
		err_set(e, ERR_USAGE, "gone: \"%s\" is no state",
			json_str(args, "state", ""));
		return NULL;
	}
	json_t *row = open_one(s, "gone", args, e);
	bool ok = row != NULL;
	if (row && !json_is_null(row)) {
		char words[RECORD_TEXT_MAX];
		enum kind kind = (enum kind)json_int(row, "k", 0);
		enum state from = (enum state)json_int(row, "old", 0);
		/* What has ended stays as it ended. */
		if (!state_open(kind, from) || !state_of_kind(kind, to))
			to = from;
		str_format(words, sizeof(words), "gone at the source (%s)",
			json_str(args, "why", ""));
		struct leaving l = {.rid = json_int(row, "rid", 0),
			.from = from,
			.to = to,
			.note = words,
			.ended = to != from && to != STATE_UNKNOWN};
		ok = leave(s, &l, e);
	}
	json_decref(row);
	return ok ? json_object() : NULL;
}

/* It stays as it was, with the reason why it may be old. h=0: read again, it is written whatever it looks like. */
json_t *tell_unread(struct store *s, const json_t *args, struct err *e)
{
	json_t *row = open_one(s, "unread", args, e);
	bool ok = row != NULL;
	if (row && !json_is_null(row)) {
		struct str clean = STR_INIT;
		const char *why = json_str(args, "why", "");
		utf8_clean(&clean, why, strlen(why), RECORD_TEXT_MAX, UTF8_ONE_LINE);
		ok = tell_run(s,
			"UPDATE rec SET unread=$2, h=0, again=1 WHERE rid=$1"
			" AND unread<>$2",
			json_pack(
				"[I, s]", (json_int_t)json_int(row, "rid", 0), clean.buf),
			e);
		str_release(&clean);
	}
	json_decref(row);
	return ok ? json_object() : NULL;
}
