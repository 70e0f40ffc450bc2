#ifndef TESTS_ENGINE_ROWS_H
#define TESTS_ENGINE_ROWS_H

/* What the engine has written, read from the disk over a connection of its own. */
#include "tests/unit/engine_far.h"

static inline void fake_turn(struct fake *f)
{
	clock_advance_test(10000);
	loop_turn(f->h.loop, 0);
}

static inline void fake_turns(struct fake *f, int n)
{
	while (n-- > 0)
		fake_turn(f);
}

/* New reference. */
static inline json_t *fake_rows(struct fake *f, const char *sql, long long n)
{
	struct err e = ERR_INIT;
	json_t *params = json_pack("[I]", (json_int_t)n);
	json_t *rows = db_rows(f->db, sql, params, &e);

	json_decref(params);
	if (!rows)
		fail_msg("%s: %s", sql, e.msg);
	return rows;
}

/* Column `v` of the first row, to be used at once. */
static inline const char *fake_text(struct fake *f, const char *sql, long long n)
{
	json_t *rows = fake_rows(f, sql, n);

	str_copy(f->text, sizeof(f->text),
		json_str(json_array_get(rows, 0), "v", "(none)"));
	json_decref(rows);
	return f->text;
}

static inline const char *fake_state(struct fake *f, long long job)
{
	return fake_text(f, "SELECT state AS v FROM job WHERE job=$1", job);
}

static inline const char *fake_target(struct fake *f, long long job)
{
	return fake_text(f, "SELECT state AS v FROM target WHERE job=$1 AND n=1", job);
}

static inline const char *fake_known(struct fake *f, long long job)
{
	return fake_text(f, "SELECT known AS v FROM target WHERE job=$1 AND n=1", job);
}

static inline const char *fake_error(struct fake *f, long long job)
{
	return fake_text(f, "SELECT error AS v FROM job WHERE job=$1", job);
}

static inline const char *fake_events(struct fake *f, long long job)
{
	return fake_text(f,
		"SELECT group_concat(event, ' ') AS v FROM (SELECT event FROM audit "
		"WHERE job=$1 ORDER BY seq)",
		job);
}

static inline long long fake_locks(struct fake *f)
{
	json_t *rows = fake_rows(f, "SELECT key FROM lock WHERE $1=0", 0);
	long long n = (long long)json_array_size(rows);

	json_decref(rows);
	return n;
}

/* From another process: the store refuses or changes what the statement says. */
static inline void fake_sql(struct fake *f, const char *sql)
{
	struct err e = ERR_INIT;

	if (!db_exec(f->db, sql, &e))
		fail_msg("%s: %s", sql, e.msg);
}

static inline void fake_until(struct fake *f, long long job, const char *state)
{
	for (int i = 0; i < 20000; i++) {
		if (strcmp(fake_state(f, job), state) == 0)
			return;
		fake_turn(f);
	}
	fail_msg("job %lld is not %s but %s; sent: %s", job, state, fake_state(f, job),
		f->sent);
}

#endif
