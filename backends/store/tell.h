#ifndef STORE_TELL_H
#define STORE_TELL_H

#include "backends/store/store_private.h"

/*
 * Private to backends/store: the changes of store.h, by topic. Each runs inside a write transaction that is
 * rolled back when it returns NULL.
 */
/* Args as typed values; missing or wrong ones are ERR_USAGE that names the change. */
bool tell_rid(struct store *s, const char *change, const json_t *args, long long *rid,
	struct err *e) MUST_USE;
bool tell_text(const char *change, const json_t *args, const char *key, const char **out,
	struct err *e) MUST_USE;
/* db_run that takes params. */
bool tell_run(struct store *s, const char *sql, json_t *params, struct err *e) MUST_USE;

/* tell_people.c: what people put on records */
json_t *tell_note_add(struct store *s, const json_t *args, struct err *e);
json_t *tell_claim(struct store *s, const json_t *args, struct err *e);
json_t *tell_unclaim(struct store *s, const json_t *args, struct err *e);
json_t *tell_snooze(struct store *s, const json_t *args, struct err *e);
/* tell_feed.c: what the worker knows */
json_t *tell_source_state(struct store *s, const json_t *args, struct err *e);
json_t *tell_cause_set(struct store *s, const json_t *args, struct err *e);
json_t *tell_weights(struct store *s, const json_t *args, struct err *e);
json_t *tell_cause_rules(struct store *s, const json_t *args, struct err *e);
json_t *tell_cursor_set(struct store *s, const json_t *args, struct err *e);
json_t *tell_setting_set(struct store *s, const json_t *args, struct err *e);
json_t *tell_vanish(struct store *s, const json_t *args, struct err *e);
json_t *tell_gone(struct store *s, const json_t *args, struct err *e);
json_t *tell_unread(struct store *s, const json_t *args, struct err *e);
/* tell_sources.c */
json_t *tell_sources_are(struct store *s, const json_t *args, struct err *e);
/* prune.c */
json_t *tell_prune(struct store *s, const json_t *args, struct err *e);
json_t *tell_log_drop(struct store *s, const json_t *args, struct err *e);
/* sweep.c */
json_t *tell_terms_sweep(struct store *s, const json_t *args, struct err *e);
/* jobs.c */
json_t *tell_job_add(struct store *s, const json_t *args, struct err *e);
json_t *tell_job_cancel(struct store *s, const json_t *args, struct err *e);
json_t *tell_job_state(struct store *s, const json_t *args, struct err *e);
json_t *tell_target_state(struct store *s, const json_t *args, struct err *e);
json_t *tell_output_add(struct store *s, const json_t *args, struct err *e);
/* locks.c */
json_t *tell_lock_take(struct store *s, const json_t *args, struct err *e);
json_t *tell_lock_renew(struct store *s, const json_t *args, struct err *e);
json_t *tell_lock_drop(struct store *s, const json_t *args, struct err *e);
/* audit.c */
json_t *tell_audit_add(struct store *s, const json_t *args, struct err *e);

#endif
