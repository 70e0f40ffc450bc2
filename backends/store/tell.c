/*
 * The table of named changes, and the checks of their arguments.
 */
#include "backends/store/tell.h"

bool tell_rid(struct store *s, const char *change, const json_t *args, long long *rid,
	struct err *e)
{
	bool row = false;
	*rid = json_int(args, "rid", 0);
	struct db_stmt *st = db_stmt(s->db, "SELECT 1 FROM rec WHERE rid=$1", e);
	if (!st)
		return false;
	db_bind_int(st, 1, *rid);
	if (!db_step(st, &row, e))
		return false;
	if (row)
		db_reset(st);
	else
		err_set(e, ERR_NOTFOUND, "%s: there is no record %lld any more", change,
			*rid);
	return row;
}

bool tell_text(const char *change, const json_t *args, const char *key, const char **out,
	struct err *e)
{
	*out = json_str(args, key, "");
	if (**out)
		return true;
	return err_set(e, ERR_USAGE, "%s: \"%s\" is missing", change, key);
}

bool tell_run(struct store *s, const char *sql, json_t *params, struct err *e)
{
	bool ok = db_run(s->db, sql, params, e);
	json_decref(params);
	return ok;
}

const struct change store_changes[] = {
	{"job_add", tell_job_add, .full_sync = true},
	{"job_cancel", tell_job_cancel},
	{"note_add", tell_note_add},
	{"claim", tell_claim},
	{"unclaim", tell_unclaim},
	{"snooze", tell_snooze},
	{"job_state", tell_job_state},
	{"target_state", tell_target_state},
	{"output_add", tell_output_add},
	{"audit_add", tell_audit_add, .full_sync = true},
	{"lock_take", tell_lock_take},
	{"lock_renew", tell_lock_renew},
	{"lock_drop", tell_lock_drop},
	{"source_state", tell_source_state},
	{"sources_are", tell_sources_are},
	{"cause_set", tell_cause_set},
	{"weights", tell_weights},
	{"cause_rules", tell_cause_rules},
	{"cursor_set", tell_cursor_set},
	{"setting_set", tell_setting_set},
	{"vanish", tell_vanish, .needs_seen = true},
	{"gone", tell_gone},
	{"unread", tell_unread},
	{"prune", tell_prune},
	{"log_drop", tell_log_drop},
	{"terms_sweep", tell_terms_sweep},
	{NULL, NULL},
};
