#ifndef STORE_ASK_H
#define STORE_ASK_H

#include "backends/store/store_private.h"

/*
 * Private to the ask_*.c files: the questions of store.h, by topic, and what they share.
 */
enum { ASK_LIMIT_MAX = 5000 };

/* args.limit within 1..ASK_LIMIT_MAX, or fallback. */
long long ask_limit(const json_t *args, long long fallback);
/*
 * db_rows with our numbers as words: integers in the columns "state", "from" and "to" become state names, "kind"
 * a kind name, "source" the source's name. params is taken.
 */
json_t *ask_rows(struct store *s, const char *sql, json_t *params, struct err *e);
/* The first row or json_null(). */
json_t *ask_row(struct store *s, const char *sql, json_t *params, struct err *e);
/* One integer, 0 when there is no row. */
bool ask_int(struct store *s, const char *sql, json_t *params, long long *out,
	struct err *e) MUST_USE;

/* ask_records.c */
json_t *ask_counts(struct store *s, const json_t *args, struct err *e);
json_t *ask_record(struct store *s, const json_t *args, struct err *e);
json_t *ask_history(struct store *s, const json_t *args, struct err *e);
json_t *ask_siblings(struct store *s, const json_t *args, struct err *e);
json_t *ask_links(struct store *s, const json_t *args, struct err *e);
json_t *ask_group(struct store *s, const json_t *args, struct err *e);
json_t *ask_notes(struct store *s, const json_t *args, struct err *e);
json_t *ask_open_ids(struct store *s, const json_t *args, struct err *e);
/* ask_jobs.c */
json_t *ask_jobs(struct store *s, const json_t *args, struct err *e);
json_t *ask_jobs_queued(struct store *s, const json_t *args, struct err *e);
json_t *ask_job(struct store *s, const json_t *args, struct err *e);
json_t *ask_targets(struct store *s, const json_t *args, struct err *e);
json_t *ask_output(struct store *s, const json_t *args, struct err *e);
json_t *ask_output_find(struct store *s, const json_t *args, struct err *e);
/* acts.c */
json_t *ask_last_acts(struct store *s, const json_t *args, struct err *e);
/* ask_feed.c */
json_t *ask_sources(struct store *s, const json_t *args, struct err *e);
json_t *ask_settings(struct store *s, const json_t *args, struct err *e);
json_t *ask_cursor(struct store *s, const json_t *args, struct err *e);
json_t *ask_locks(struct store *s, const json_t *args, struct err *e);
/* How old the newest good read of a source may be before it counts as stale although its worker reported no failure:
 * three intervals and a minute. $1 is now. */
#define ASK_SOURCE_STATE                                           \
	"CASE WHEN state='ok' AND interval_ms>0 AND $1-last_good>" \
	"(interval_ms*3+60000)*1000 THEN 'stale' ELSE state END"
/*
 * By kind, without the records of sources that are not configured any more. CROSS JOIN: those sources first, for there is none
 * as a rule, and then no record is looked at; SQLite would take the records first.
 */
#define ASK_AWAY                                                                \
	"(SELECT count(*) FROM source s CROSS JOIN rec r ON r.kind=l.kind AND " \
	"r.source=s.sid WHERE s.state='removed'"
#define ASK_KIND_COUNTS                                                   \
	"SELECT l.kind, l.total-" ASK_AWAY ") AS total, l.need-" ASK_AWAY \
	" AND r.need=1) AS need FROM lane l ORDER BY l.kind"
/* Records of sources that are configured; r is the alias of rec. */
#define ASK_NOT_AWAY(r) \
	" AND " r ".source NOT IN (SELECT sid FROM source WHERE state='removed')"
/* audit.c */
json_t *ask_audit(struct store *s, const json_t *args, struct err *e);
json_t *ask_audit_verify(struct store *s, const json_t *args, struct err *e);

#endif
