#ifndef STORE_DB_H
#define STORE_DB_H

#include "backends/base/json.h"
#include "backends/base/str.h"

/*
 * The driver's hands, private to backends/store: a connection, prepared statements (kept by SQL text), transactions. sqlite.c implements it
 * and is the only file that includes sqlite3.h. SQL is written with $1 parameters so that PostgreSQL takes it too.
 */
struct db;
struct db_stmt;

enum db_mode {
	DB_READ,
	DB_WRITE, /* creates, migrates */
	DB_PROBE  /* writes what is there; nothing is made or set */
};
struct db *db_open(const char *path, enum db_mode mode, struct err *e) MUST_USE;
void db_close(struct db *d);
/* db_file.c: makes it for DB_WRITE; for the others it must be there. Nobody else may read it then. */
bool db_file_ready(const char *path, enum db_mode mode, struct err *e) MUST_USE;

bool db_exec(struct db *d, const char *sql,
	struct err *e) MUST_USE; /* one or several statements, no parameters */
bool db_begin(struct db *d, struct err *e) MUST_USE; /* BEGIN IMMEDIATE */
/* The same without waiting for another's turn longer than that. */
bool db_try_begin(struct db *d, int within_ms, struct err *e) MUST_USE;
/* Why the last write was refused by the disk or by another's lock; false: none was since the last that was taken. */
bool db_refused(const struct db *d, struct err *e);
bool db_commit(struct db *d, bool full_sync, struct err *e)
	MUST_USE; /* full_sync: the commit is on the disk when this returns */
void db_rollback(struct db *d);
bool db_begin_read(
	struct db *d, struct err *e) MUST_USE; /* short read transactions only */
void db_end_read(struct db *d);
long long db_data_version(struct db *d); /* changes when another connection committed */

/* Prepared once per connection and text; reset and unbound when taken. One user at a time per text. */
struct db_stmt *db_stmt(struct db *d, const char *sql, struct err *e) MUST_USE;
void db_bind_int(struct db_stmt *s, int index /* from 1 */, long long v);
void db_bind_text(struct db_stmt *s, int index,
	const char *text /* NULL: null; must stay until the step */);
void db_bind_blob(struct db_stmt *s, int index, const void *bytes, size_t len);
void db_bind_double(struct db_stmt *s, int index, double v);
void db_bind_text_copy(struct db_stmt *s, int index, const char *text);
void db_bind_null(struct db_stmt *s, int index);
/* Prepared, $1 bound to `number`, and stepped: on the first row, if there is one. */
struct db_stmt *db_first(struct db *d, const char *sql, long long number, bool *row,
	struct err *e) MUST_USE;
bool db_step(struct db_stmt *s, bool *row,
	struct err *e) MUST_USE; /* *row false: done, and reset */
void db_reset(struct db_stmt *s);
long long db_int(struct db_stmt *s, int column);
const char *db_text(
	struct db_stmt *s, int column); /* "" for null; valid until the next step */
const void *db_blob(struct db_stmt *s, int column, size_t *len);
double db_double(struct db_stmt *s, int column);
enum db_type { DB_NULL, DB_INT, DB_DOUBLE, DB_TEXT /* and blobs */ };
enum db_type db_type(struct db_stmt *s, int column);
/* How the value is stored, one letter: i(nteger), d(ouble), t(ext), b(lob), n(ull). Asked before it is read as another. */
char db_stored_as(struct db_stmt *s, int column);
int db_columns(struct db_stmt *s);
const char *db_column_name(struct db_stmt *s, int column);
bool db_is_null(struct db_stmt *s, int column);
long long db_last_rowid(struct db *d);
long long db_changes(struct db *d);
long long db_total_changes(
	struct db *d); /* rows written since the connection was opened */

/* Conveniences for the small answers: parameters from a JSON array; rows as an array of objects named by
 * column; a column whose name ends in "_json" is parsed and loses the ending. New reference or NULL. */
json_t *db_rows(
	struct db *d, const char *sql, const json_t *params, struct err *e) MUST_USE;
bool db_run(struct db *d, const char *sql, const json_t *params, struct err *e) MUST_USE;

#endif
