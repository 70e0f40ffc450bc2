/*
 * Parameters from JSON, rows to JSON: what the small answers of the store are made with.
 */
#include "backends/store/db.h"

#include <stdlib.h>
#include <string.h>

static void bind_json(struct db_stmt *s, int index, const json_t *v)
{
	switch (json_typeof(v)) {
	case JSON_STRING:
		db_bind_text(s, index, json_string_value(v));
		return;
	case JSON_INTEGER:
		db_bind_int(s, index, json_integer_value(v));
		return;
	case JSON_REAL:
		db_bind_double(s, index, json_real_value(v));
		return;
	case JSON_TRUE:
	case JSON_FALSE:
		db_bind_int(s, index, json_is_true(v));
		return;
	case JSON_NULL:
		db_bind_null(s, index);
		return;
	case JSON_OBJECT:
	case JSON_ARRAY: {
		char *text = json_text(v);
		db_bind_text_copy(s, index, text);
		free(text);
		return;
	}
	}
}

static struct db_stmt *stmt_with(
	struct db *d, const char *sql, const json_t *params, struct err *e)
{
	struct db_stmt *s = db_stmt(d, sql, e);

	for (size_t i = 0; s != NULL && i < json_array_size(params); i++)
		bind_json(s, (int)i + 1, json_array_get(params, i));
	return s;
}

static json_t *text_json(const char *text, bool parse)
{
	struct err ignored;
	json_t *v;

	if (!parse)
		return json_string(text);
	v = text[0] != '\0' ? json_read(text, strlen(text), &ignored) : NULL;
	return v != NULL ? v : json_null();
}

static json_t *column_json(struct db_stmt *s, int i, bool parse)
{
	switch (db_type(s, i)) {
	case DB_INT:
		return json_integer(db_int(s, i));
	case DB_DOUBLE:
		return json_real(db_double(s, i));
	case DB_TEXT:
		return text_json(db_text(s, i), parse);
	case DB_NULL:
		break;
	}
	return json_null();
}

static json_t *row_json(struct db_stmt *s)
{
	json_t *row = json_object();

	for (int i = 0; i < db_columns(s); i++) {
		const char *name = db_column_name(s, i);
		bool parse = str_ends(name, "_json");
		size_t len = strlen(name) - (parse ? strlen("_json") : 0);
		json_object_setn_new(row, name, len, column_json(s, i, parse));
	}
	return row;
}

json_t *db_rows(struct db *d, const char *sql, const json_t *params, struct err *e)
{
	struct db_stmt *s = stmt_with(d, sql, params, e);
	json_t *rows;
	bool row;

	if (s == NULL)
		return NULL;
	rows = json_array();
	for (;;) {
		if (!db_step(s, &row, e)) {
			json_decref(rows);
			return NULL;
		}
		if (!row)
			return rows;
		json_array_append_new(rows, row_json(s));
	}
}

struct db_stmt *db_first(
	struct db *d, const char *sql, long long number, bool *row, struct err *e)
{
	struct db_stmt *s = db_stmt(d, sql, e);

	if (s == NULL)
		return NULL;
	db_bind_int(s, 1, number);
	return db_step(s, row, e) ? s : NULL;
}

bool db_run(struct db *d, const char *sql, const json_t *params, struct err *e)
{
	struct db_stmt *s = stmt_with(d, sql, params, e);
	bool row = true;

	while (s != NULL && row) {
		if (!db_step(s, &row, e))
			return false;
	}
	return s != NULL;
}
