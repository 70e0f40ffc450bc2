/*
 * What people put on records: notes, claims, snoozes. Triage follows in its next round (again=1), except that a
 * snoozed record leaves at once.
 */
#include "backends/store/ask.h"
#include "backends/store/tell.h"

#include "backends/base/utf8.h"

#include <string.h>

enum { NOTE_MAX = 4000 };
#define SNOOZE_MAX ((usec_t)90 * 24 * 3600 * USEC_PER_SEC)

static bool mark_again(struct store *s, long long rid, struct err *e)
{
	return tell_run(s, "UPDATE rec SET again=1 WHERE rid=$1",
		       json_pack("[I]", (json_int_t)rid), e) &&
	       put_touch(s, rid, e);
}

json_t *tell_note_add(struct store *s, const json_t *args, struct err *e)
{
	long long rid;
	const char *who, *text;
	if (!tell_rid(s, "note_add", args, &rid, e) ||
		!tell_text("note_add", args, "who", &who, e) ||
		!tell_text("note_add", args, "text", &text, e))
		return NULL;
	struct str clean = STR_INIT;
	utf8_clean(&clean, text, strlen(text), NOTE_MAX, UTF8_LINES);
	bool ok = tell_run(s, "INSERT INTO note(rid, at, who, text) VALUES($1,$2,$3,$4)",
			  json_pack("[I, I, s, s]", (json_int_t)rid,
				  (json_int_t)clock_now(), who, clean.buf),
			  e) &&
		  mark_again(s, rid, e);
	str_release(&clean);
	return ok ? json_object() : NULL;
}

json_t *tell_claim(struct store *s, const json_t *args, struct err *e)
{
	long long rid;
	const char *who;
	if (!tell_rid(s, "claim", args, &rid, e) ||
		!tell_text("claim", args, "who", &who, e))
		return NULL;
	json_t *row = ask_row(s, "SELECT claimed_by, claimed_at FROM rec WHERE rid=$1",
		json_pack("[I]", (json_int_t)rid), e);
	if (!row)
		return NULL;
	const char *holder = json_str(row, "claimed_by", "");
	bool ok = true;
	if (*holder && strcmp(holder, who) != 0) {
		char age[32];
		clock_format_words(
			age, sizeof(age), clock_now() - json_int(row, "claimed_at", 0));
		ok = err_set(e, ERR_CONFLICT,
			"%s has it since %s ago; ask for it, or let them unclaim it",
			holder, age);
	} else if (!*holder) {
		ok = tell_run(s,
			     "UPDATE rec SET claimed_by=$2, claimed_at=$3 WHERE rid=$1",
			     json_pack("[I, s, I]", (json_int_t)rid, who,
				     (json_int_t)clock_now()),
			     e) &&
		     mark_again(s, rid, e);
	}
	json_decref(row);
	return ok ? json_object() : NULL;
}

json_t *tell_unclaim(struct store *s, const json_t *args, struct err *e)
{
	long long rid;
	if (!tell_rid(s, "unclaim", args, &rid, e))
		return NULL;
	if (!tell_run(s, "UPDATE rec SET claimed_by='', claimed_at=0 WHERE rid=$1",
		    json_pack("[I]", (json_int_t)rid), e) ||
		!mark_again(s, rid, e))
		return NULL;
	return json_object();
}

/* until 0: back into Triage. */
json_t *tell_snooze(struct store *s, const json_t *args, struct err *e)
{
	long long rid;
	const char *who;
	usec_t until = json_int(args, "until", 0), now = clock_now();
	if (!tell_rid(s, "snooze", args, &rid, e) ||
		!tell_text("snooze", args, "who", &who, e))
		return NULL;
	if (until && (until <= now || until - now > SNOOZE_MAX)) {
		err_set(e, ERR_USAGE,
			"snooze: until must be in the future, within 90 days");
		return NULL;
	}
	const char *sql = until ? "UPDATE rec SET snoozed_until=$2, snoozed_by=$3, "
				  "again=$2, attention=0, why='' WHERE rid=$1"
				: "UPDATE rec SET snoozed_until=$2, snoozed_by=$3, "
				  "again=1 WHERE rid=$1";
	if (!tell_run(s, sql,
		    json_pack("[I, I, s]", (json_int_t)rid, (json_int_t)until, who), e) ||
		!put_touch(s, rid, e))
		return NULL;
	return json_object();
}
