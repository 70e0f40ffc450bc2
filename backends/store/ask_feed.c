/*
 * Questions about where the data comes from: sources, watermarks, settings; and who holds which lock.
 */
#include "backends/store/ask.h"

json_t *ask_sources(struct store *s, const json_t *args, struct err *e)
{
	(void)args;
	return ask_rows(s,
		"SELECT name, connector, title, env, " ASK_SOURCE_STATE
		" AS state, last_good,"
		" last_try, error, rows, unknown_states, lag_ms, interval_ms,"
		" collections AS collections_json FROM source WHERE state<>'removed'"
		" ORDER BY name",
		json_pack("[I]", (json_int_t)clock_now()), e);
}

json_t *ask_settings(struct store *s, const json_t *args, struct err *e)
{
	(void)args;
	json_t *rows = ask_rows(s,
		"SELECT key, value FROM setting UNION ALL"
		" SELECT 'schema', CAST(max(version) AS TEXT) FROM migration",
		NULL, e);
	if (!rows)
		return NULL;
	json_t *out = json_object(), *row;
	size_t i;
	json_array_foreach (rows, i, row) {
		json_object_set(
			out, json_str(row, "key", ""), json_object_get(row, "value"));
	}
	json_decref(rows);
	return out;
}

json_t *ask_cursor(struct store *s, const json_t *args, struct err *e)
{
	json_t *row = ask_row(s,
		"SELECT value FROM watermark WHERE source=$1 AND collection=$2",
		json_pack("[s, s]", json_str(args, "source", ""),
			json_str(args, "collection", "")),
		e);
	if (!row || !json_is_null(row))
		return row;
	return json_pack("{s:n}", "value");
}

json_t *ask_locks(struct store *s, const json_t *args, struct err *e)
{
	(void)args;
	return ask_rows(s, "SELECT key, job, who, taken, until FROM lock ORDER BY key",
		json_array(), e);
}
