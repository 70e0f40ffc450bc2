/*
 * What was last done to a target: so that an action which two people confirmed is not carried out a second time when the first one
 * has ended already, and no lock is left of it.
 */
#include "backends/store/ask.h"
#include "backends/store/jobs.h"

/* How many actions began on the key, how many of them ended, and the newest: whatever happens changes one of the three. */
static json_t *mark_of(struct store *s, const char *key, long long own, struct err *e)
{
	json_t *row = ask_row(s,
		"SELECT count(*) AS began, coalesce(sum(t.ended>0),0) AS ended,"
		" coalesce(max(t.job),0) AS job"
		" FROM target t JOIN job j ON j.job=t.job"
		" WHERE t.key=$1 AND t.job<>$2 AND t.started>0 AND j.type='action'",
		json_pack("[s, I]", key, (json_int_t)own), e);
	json_t *mark;
	if (!row)
		return NULL;
	mark = json_pack("[I, I, I]", (json_int_t)json_int(row, "began", 0),
		(json_int_t)json_int(row, "ended", 0),
		(json_int_t)json_int(row, "job", 0));
	json_decref(row);
	return mark;
}

json_t *ask_last_acts(struct store *s, const json_t *args, struct err *e)
{
	json_t *out = json_array(), *key;
	size_t i;
	json_array_foreach (json_sub(args, "keys"), i, key) {
		const char *text = json_string_value(key) ? json_string_value(key) : "";
		json_t *mark = mark_of(s, text, 0, e);
		if (!mark) {
			json_decref(out);
			return NULL;
		}
		json_array_append_new(out, mark);
	}
	return out;
}

/* False: always, with who did what. */
static bool say_last(struct store *s, const char *key, long long own, const char *runbook,
	struct err *e)
{
	json_t *row = ask_row(s,
		"SELECT t.job, t.title, t.state, max(t.started, t.ended) AS last, j.who,"
		" j.runbook FROM target t JOIN job j ON j.job=t.job"
		" WHERE t.key=$1 AND t.job<>$2 AND t.started>0 AND j.type='action'"
		" ORDER BY last DESC LIMIT 1",
		json_pack("[s, I]", key, (json_int_t)own), e);
	const char *done = json_str(row, "runbook", "");
	usec_t last = json_int(row, "last", 0), now = clock_now();
	char age[32];
	if (!row)
		return false;
	clock_format_words(age, sizeof(age), now > last ? now - last : 0);
	if (!json_is_object(row))
		err_set(e, ERR_CONFLICT,
			"what was done to %s before is forgotten by now: look again",
			key);
	else
		err_set(e, ERR_CONFLICT,
			"%s did %s %s ago, look again: action %lld on %s, %s",
			json_str(row, "who", "somebody"),
			str_equal(done, runbook) ? "this" : done, age,
			json_int(row, "job", 0), json_str(row, "title", key),
			json_str(row, "state", ""));
	json_decref(row);
	return false;
}

bool acts_as_seen(struct store *s, const char *key, const json_t *seen, long long own,
	const char *runbook, struct err *e)
{
	json_t *mark = mark_of(s, key, own, e);
	bool same = json_equal(mark, seen);
	if (!mark)
		return false;
	json_decref(mark);
	return same || say_last(s, key, own, runbook, e);
}
