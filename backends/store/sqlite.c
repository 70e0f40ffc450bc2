/*
 * db.h over SQLite: the only file that includes sqlite3.h. What Debian compiles in
 * otherwise than we want (secure_delete, synchronous=FULL, a 2 MB cache) is set at open.
 */
#include "backends/store/db.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/file.h"
#include "backends/base/mem.h"

enum { DB_PARAMS_MAX = 63 };

struct db_stmt {
	struct db *db;
	sqlite3_stmt *stmt;
	char *sql;
	unsigned long long hash;
	/* SQLite takes "$2" for a name and numbers names as they come: the index of each. */
	unsigned char at[DB_PARAMS_MAX + 1];
};

struct db {
	sqlite3 *sql;
	char *path;
	struct err
		refused; /* why the last write was; taken back by the next that is taken */
	struct db_stmt *
		*stmts; /* open addressing by hash of the text; size is a power of two */
	size_t size, used;
};

static bool say_failure(const struct db *d, int rc, const char *what, struct err *e)
{
	const char *path = d->path;

	switch (rc & 0xff) {
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return err_set(e, ERR_TIMEOUT,
			"the store %s is busy: another process writes to it; try again",
			path);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return err_set(e, ERR_IO,
			"the store %s is damaged or is no store (%s): move it away, a "
			"new one is made at the next start",
			path, sqlite3_errmsg(d->sql));
	case SQLITE_FULL:
		return err_set(e, ERR_IO,
			"no space left for the store %s: free some disk space", path);
	case SQLITE_READONLY:
	case SQLITE_CANTOPEN:
	case SQLITE_PERM:
		return err_set(e, ERR_IO,
			"the store %s cannot be opened or written (%s): check the "
			"permissions of the file and its folder",
			path, sqlite3_errmsg(d->sql));
	case SQLITE_IOERR:
		return err_set(e, ERR_IO,
			"input/output error on the store %s (%s): check the disk", path,
			sqlite3_errmsg(d->sql));
	}
	return err_set(
		e, ERR_IO, "the store %s: %s: %s", path, what, sqlite3_errmsg(d->sql));
}

static bool db_fail(struct db *d, int rc, const char *what, struct err *e)
{
	int bare = rc & 0xff;

	(void)say_failure(d, rc, what, e);
	if (e != NULL && bare != SQLITE_ERROR && bare != SQLITE_CONSTRAINT)
		d->refused = *e;
	return false;
}

/* ---- statements ---- */

static struct db_stmt **stmt_slot(struct db *d, const char *sql, unsigned long long hash)
{
	size_t i = hash & (d->size - 1);

	while (d->stmts[i] != NULL &&
		(d->stmts[i]->hash != hash || strcmp(d->stmts[i]->sql, sql) != 0))
		i = (i + 1) & (d->size - 1);
	return &d->stmts[i];
}

static void stmts_grow(struct db *d)
{
	struct db_stmt **old = d->stmts;
	size_t n = d->size;

	d->size = n > 0 ? n * 2 : 64;
	d->stmts = xcalloc(d->size, sizeof(struct db_stmt *));
	for (size_t i = 0; i < n; i++) {
		if (old[i] != NULL)
			*stmt_slot(d, old[i]->sql, old[i]->hash) = old[i];
	}
	free(old);
}

static void stmt_number(struct db_stmt *s)
{
	for (int i = 1; i <= sqlite3_bind_parameter_count(s->stmt); i++) {
		const char *name = sqlite3_bind_parameter_name(s->stmt, i);
		long long n;
		if (name != NULL && str_to_int(name + 1, &n) && n >= 1 &&
			n <= DB_PARAMS_MAX)
			s->at[n] = (unsigned char)i;
	}
}

/* The length and the end of a long statement: enough to tell it from nearly all others, and the text decides. */
static unsigned long long stmt_hash(const char *sql)
{
	size_t len = strlen(sql), most = 64, n = len < most ? len : most;

	return str_hash(sql + len - n, n, len);
}

struct db_stmt *db_stmt(struct db *d, const char *sql, struct err *e)
{
	unsigned long long hash = stmt_hash(sql);

	if (d->used * 2 >= d->size)
		stmts_grow(d);
	struct db_stmt **slot = stmt_slot(d, sql, hash);
	if (*slot != NULL) {
		db_reset(*slot);
		sqlite3_clear_bindings((*slot)->stmt);
		return *slot;
	}
	struct db_stmt *s = xcalloc(1, sizeof(*s));
	int rc = sqlite3_prepare_v3(
		d->sql, sql, -1, SQLITE_PREPARE_PERSISTENT, &s->stmt, NULL);
	if (rc != SQLITE_OK) {
		free(s);
		db_fail(d, rc, sql, e);
		return NULL;
	}
	s->db = d;
	s->sql = xstrdup(sql);
	s->hash = hash;
	stmt_number(s);
	*slot = s;
	d->used++;
	return s;
}

/* A bind fails only for a wrong index, which is our own mistake. */
void db_bind_int(struct db_stmt *s, int index, long long v)
{
	int rc = sqlite3_bind_int64(s->stmt, s->at[index], v);
	BUG_ON(rc != SQLITE_OK);
}

void db_bind_double(struct db_stmt *s, int index, double v)
{
	int rc = sqlite3_bind_double(s->stmt, s->at[index], v);
	BUG_ON(rc != SQLITE_OK);
}

void db_bind_text_copy(struct db_stmt *s, int index, const char *text)
{
	int rc = sqlite3_bind_text(s->stmt, s->at[index], text, -1, SQLITE_TRANSIENT);
	BUG_ON(rc != SQLITE_OK);
}

void db_bind_text(struct db_stmt *s, int index, const char *text)
{
	int rc = sqlite3_bind_text(s->stmt, s->at[index], text, -1, SQLITE_STATIC);
	BUG_ON(rc != SQLITE_OK);
}

void db_bind_blob(struct db_stmt *s, int index, const void *bytes, size_t len)
{
	int rc = sqlite3_bind_blob(s->stmt, s->at[index], bytes, (int)len, SQLITE_STATIC);
	BUG_ON(rc != SQLITE_OK);
}

void db_bind_null(struct db_stmt *s, int index)
{
	int rc = sqlite3_bind_null(s->stmt, s->at[index]);
	BUG_ON(rc != SQLITE_OK);
}

bool db_step(struct db_stmt *s, bool *row, struct err *e)
{
	int rc = sqlite3_step(s->stmt);

	*row = rc == SQLITE_ROW;
	if (rc == SQLITE_ROW)
		return true;
	if (rc != SQLITE_DONE)
		db_fail(s->db, rc, "statement",
			e); /* before the reset, which keeps the message */
	sqlite3_reset(s->stmt);
	return rc == SQLITE_DONE;
}

void db_reset(struct db_stmt *s)
{
	sqlite3_reset(s->stmt); /* repeats the error of the last step, which was reported
				   there */
}

long long db_int(struct db_stmt *s, int column)
{
	return sqlite3_column_int64(s->stmt, column);
}

double db_double(struct db_stmt *s, int column)
{
	return sqlite3_column_double(s->stmt, column);
}

const char *db_text(struct db_stmt *s, int column)
{
	const unsigned char *text = sqlite3_column_text(s->stmt, column);

	return text != NULL ? (const char *)text : "";
}

const void *db_blob(struct db_stmt *s, int column, size_t *len)
{
	const void *bytes = sqlite3_column_blob(s->stmt, column);

	*len = (size_t)sqlite3_column_bytes(s->stmt, column);
	return bytes != NULL ? bytes : "";
}

enum db_type db_type(struct db_stmt *s, int column)
{
	switch (sqlite3_column_type(s->stmt, column)) {
	case SQLITE_INTEGER:
		return DB_INT;
	case SQLITE_FLOAT:
		return DB_DOUBLE;
	case SQLITE_NULL:
		return DB_NULL;
	}
	return DB_TEXT;
}

char db_stored_as(struct db_stmt *s, int column)
{
	switch (sqlite3_column_type(s->stmt, column)) {
	case SQLITE_INTEGER:
		return 'i';
	case SQLITE_FLOAT:
		return 'd';
	case SQLITE_TEXT:
		return 't';
	case SQLITE_BLOB:
		return 'b';
	}
	return 'n';
}

bool db_is_null(struct db_stmt *s, int column)
{
	return db_type(s, column) == DB_NULL;
}

int db_columns(struct db_stmt *s)
{
	return sqlite3_column_count(s->stmt);
}

const char *db_column_name(struct db_stmt *s, int column)
{
	return sqlite3_column_name(s->stmt, column);
}

long long db_last_rowid(struct db *d)
{
	return sqlite3_last_insert_rowid(d->sql);
}

long long db_changes(struct db *d)
{
	return sqlite3_changes64(d->sql);
}

long long db_total_changes(struct db *d)
{
	return sqlite3_total_changes64(d->sql);
}

/* ---- transactions ---- */

bool db_exec(struct db *d, const char *sql, struct err *e)
{
	int rc = sqlite3_exec(d->sql, sql, NULL, NULL, NULL);

	return rc == SQLITE_OK || db_fail(d, rc, "statement", e);
}

static bool db_simple(struct db *d, const char *sql, struct err *e)
{
	struct db_stmt *s = db_stmt(d, sql, e);
	bool row;

	return s != NULL && db_step(s, &row, e);
}

bool db_begin(struct db *d, struct err *e)
{
	return db_simple(d, "BEGIN IMMEDIATE", e);
}

enum { BUSY_MS = 2000 /* as in PRAGMA_WRITE */ };

bool db_try_begin(struct db *d, int within_ms, struct err *e)
{
	(void)sqlite3_busy_timeout(d->sql, within_ms);
	bool ok = db_begin(d, e);
	(void)sqlite3_busy_timeout(d->sql, BUSY_MS);
	return ok;
}

bool db_refused(const struct db *d, struct err *e)
{
	*e = d->refused;
	return d->refused.code != ERR_NONE;
}

/* The write-ahead log is synced here and not by synchronous=FULL, which cannot be changed
 * for one transaction. */
static bool db_sync_log(struct db *d, struct err *e)
{
	sqlite3_file *file = NULL;
	int rc =
		sqlite3_file_control(d->sql, "main", SQLITE_FCNTL_JOURNAL_POINTER, &file);

	if (rc == SQLITE_OK && file != NULL && file->pMethods != NULL)
		rc = file->pMethods->xSync(file, SQLITE_SYNC_NORMAL);
	else
		rc = SQLITE_IOERR;
	return rc == SQLITE_OK ||
	       err_set(e, ERR_IO, "the store %s could not be synced to the disk",
		       d->path);
}

bool db_commit(struct db *d, bool full_sync, struct err *e)
{
	if (!db_simple(d, "COMMIT", e)) {
		db_rollback(d);
		return false;
	}
	if (full_sync && !db_sync_log(d, e)) {
		d->refused = *e;
		return false;
	}
	d->refused = (struct err)ERR_INIT;
	return true;
}

void db_rollback(struct db *d)
{
	struct err ignored;

	/* SQLite itself has rolled back after some errors (disk full). */
	if (!sqlite3_get_autocommit(d->sql) && !db_simple(d, "ROLLBACK", &ignored))
		return;
}

bool db_begin_read(struct db *d, struct err *e)
{
	return db_simple(d, "BEGIN", e);
}

void db_end_read(struct db *d)
{
	struct err ignored;

	/* A statement in mid-step would keep the snapshot, and the write-ahead log
	 * growing. */
	for (size_t i = 0; i < d->size; i++) {
		if (d->stmts[i] != NULL && sqlite3_stmt_busy(d->stmts[i]->stmt))
			db_reset(d->stmts[i]);
	}
	if (!sqlite3_get_autocommit(d->sql) && !db_simple(d, "COMMIT", &ignored))
		db_rollback(d);
}

long long db_data_version(struct db *d)
{
	struct err ignored;
	struct db_stmt *s = db_stmt(d, "PRAGMA data_version", &ignored);
	bool row = false;
	long long version = 0;

	if (s != NULL && db_step(s, &row, &ignored) && row) {
		version = db_int(s, 0);
		db_reset(s);
	}
	return version;
}

/* ---- open and close ---- */

static const char PRAGMA_READ[] = "PRAGMA busy_timeout=50; PRAGMA cache_size=-1000;"
				  "PRAGMA mmap_size=0; PRAGMA query_only=1;";
static const char PRAGMA_WRITE[] =
	"PRAGMA busy_timeout=2000; PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
	"PRAGMA secure_delete=0; PRAGMA cache_size=-32768; PRAGMA mmap_size=0;"
	"PRAGMA wal_autocheckpoint=4000; PRAGMA journal_size_limit=33554432; PRAGMA "
	"temp_store=2;";

/*
 * One thread uses SQLite here (resolve.c has another, for names alone), and nobody asks how much memory it has: without
 * its locks and its bookkeeping every call is cheaper. Counts before the first database is opened; later it changes nothing.
 */
static void db_configure(void)
{
	(void)sqlite3_config(SQLITE_CONFIG_SINGLETHREAD);
	(void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
}

struct db *db_open(const char *path, enum db_mode mode, struct err *e)
{
	static const char *const pragmas[] = {[DB_READ] = PRAGMA_READ,
		[DB_WRITE] = PRAGMA_WRITE,
		[DB_PROBE] = "PRAGMA busy_timeout=50;"};
	int flags = mode == DB_READ ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE;

	if (!db_file_ready(path, mode, e))
		return NULL;
	struct db *d = xcalloc(1, sizeof(*d));
	d->path = xstrdup(path);
	db_configure();
	int rc = sqlite3_open_v2(path, &d->sql, flags | SQLITE_OPEN_NOMUTEX, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_exec(d->sql, pragmas[mode], NULL, NULL, NULL);
	if (rc == SQLITE_OK) /* the first read of the file: says whether it is a store at
				all */
		rc = sqlite3_exec(
			d->sql, "SELECT 1 FROM sqlite_master LIMIT 1", NULL, NULL, NULL);
	if (rc != SQLITE_OK) {
		db_fail(d, rc, "open", e);
		db_close(d);
		return NULL;
	}
	return d;
}

void db_close(struct db *d)
{
	if (d == NULL)
		return;
	for (size_t i = 0; i < d->size; i++) {
		if (d->stmts[i] == NULL)
			continue;
		sqlite3_finalize(d->stmts[i]->stmt);
		free(d->stmts[i]->sql);
		free(d->stmts[i]);
	}
	free(d->stmts);
	sqlite3_close(d->sql);
	free(d->path);
	free(d);
}
