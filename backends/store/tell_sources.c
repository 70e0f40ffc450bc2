/*
 * Which sources there are. Those that the configuration names no more are hidden at once, with all their records; prune.c
 * forgets these later. A source that comes back has what it had.
 */
#include "backends/store/ask.h"
#include "backends/store/tell.h"

#include <string.h>

static bool named(const json_t *names, const char *name)
{
	size_t i;
	json_t *one;
	json_array_foreach ((json_t *)(uintptr_t)names, i, one) {
		if (strcmp(json_string_value(one) ? json_string_value(one) : "", name) ==
			0)
			return true;
	}
	return false;
}

static bool take_away(struct store *s, const char *name, struct err *e)
{
	return tell_run(s, "UPDATE source SET state='removed', error='' WHERE name=$1",
		       json_pack("[s]", name), e) &&
	       tell_run(s,
		       "INSERT INTO setting(key, value) VALUES('removed:'||$1, $2) ON "
		       "CONFLICT(key) DO UPDATE SET value=excluded.value",
		       json_pack("[s, I]", name, (json_int_t)clock_now()), e);
}

/* What is known of it is told by its worker in a moment. */
static bool bring_back(struct store *s, const char *name, struct err *e)
{
	return tell_run(s, "UPDATE source SET state='new' WHERE name=$1",
		       json_pack("[s]", name), e) &&
	       tell_run(s, "DELETE FROM setting WHERE key='removed:'||$1",
		       json_pack("[s]", name), e);
}

/* {names} -> {removed}: how many are gone since the last time */
json_t *tell_sources_are(struct store *s, const json_t *args, struct err *e)
{
	const json_t *names = json_sub(args, "names");
	json_t *row, *rows;
	bool ok = true;
	int removed = 0;
	size_t i;
	if (!json_is_array(names)) {
		err_set(e, ERR_USAGE, "sources_are: \"names\" is missing");
		return NULL;
	}
	rows = ask_rows(s, "SELECT name, state='removed' AS away FROM source", NULL, e);
	json_array_foreach (rows, i, row) {
		const char *name = json_str(row, "name", "");
		bool away = json_int(row, "away", 0) != 0, is = named(names, name);
		if (ok && away && is)
			ok = bring_back(s, name, e);
		else if (ok && !away && !is)
			ok = take_away(s, name, e) && ++removed > 0;
	}
	ok = ok && rows;
	json_decref(rows);
	return ok ? json_pack("{s:i}", "removed", removed) : NULL;
}
