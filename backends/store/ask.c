/*
 * The table of named questions, and how rows become answers.
 */
#include "backends/store/ask.h"

#include <string.h>

long long ask_limit(const json_t *args, long long fallback)
{
	long long n = json_int(args, "limit", fallback);
	if (n < 1)
		n = fallback;
	return n > ASK_LIMIT_MAX ? ASK_LIMIT_MAX : n;
}

static const char *word_of(struct store *s, const char *column, long long v)
{
	if (strcmp(column, "kind") == 0)
		return v >= 0 && v < KIND_COUNT ? kind_name((enum kind)v) : "";
	if (strcmp(column, "source") == 0)
		return store_source_name(s, v);
	return v >= 0 && v < STATE_COUNT ? state_name((enum state)v) : "";
}

static void name_numbers(struct store *s, json_t *row)
{
	static const char *const columns[] = {"kind", "state", "from", "to", "source"};
	for (size_t i = 0; i < LENGTH(columns); i++) {
		json_t *v = json_object_get(row, columns[i]);
		if (json_is_integer(v)) {
			const char *word = word_of(s, columns[i], json_integer_value(v));
			json_object_set_new(row, columns[i], json_string(word));
		}
	}
}

json_t *ask_rows(struct store *s, const char *sql, json_t *params, struct err *e)
{
	json_t *rows = db_rows(s->db, sql, params, e);
	json_decref(params);
	size_t i;
	json_t *row;
	json_array_foreach (rows, i, row) {
		name_numbers(s, row);
	}
	return rows;
}

json_t *ask_row(struct store *s, const char *sql, json_t *params, struct err *e)
{
	json_t *rows = ask_rows(s, sql, params, e);
	if (!rows)
		return NULL;
	json_t *row = json_array_size(rows) ? json_incref(json_array_get(rows, 0))
					    : json_null();
	json_decref(rows);
	return row;
}

bool ask_int(
	struct store *s, const char *sql, json_t *params, long long *out, struct err *e)
{
	json_t *row = ask_row(s, sql, params, e);
	if (!row)
		return false;
	json_t *v = json_object_iter_value(json_object_iter(row));
	*out = json_is_integer(v) ? json_integer_value(v) : 0;
	json_decref(row);
	return true;
}

const struct question store_questions[] = {
	{"counts", ask_counts},
	{"record", ask_record},
	{"last_acts", ask_last_acts},
	{"history", ask_history},
	{"siblings", ask_siblings},
	{"links", ask_links},
	{"group", ask_group},
	{"notes", ask_notes},
	{"open_ids", ask_open_ids},
	{"jobs", ask_jobs},
	{"jobs_queued", ask_jobs_queued},
	{"job", ask_job},
	{"targets", ask_targets},
	{"output", ask_output},
	{"output_find", ask_output_find},
	{"sources", ask_sources},
	{"settings", ask_settings},
	{"cursor", ask_cursor},
	{"locks", ask_locks},
	{"audit", ask_audit},
	{"audit_verify", ask_audit_verify},
	{NULL, NULL},
};
