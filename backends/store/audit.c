/*
 * Adding to the audit and checking its chain.
 */
#include "backends/store/audit.h"

#include "backends/base/crypto.h"
#include "backends/store/ask.h"
#include "backends/store/tell.h"

#include <stdlib.h>
#include <string.h>

/* The hash of one row; entry holds at, body, event, host, job, seq, who and nothing else. */
static void chain_hash(const char *prev, const json_t *entry, char hex[65])
{
	char *text = json_text(entry);
	struct str all = STR_INIT;
	str_adds(&all, prev);
	str_adds(&all, text);
	crypto_sha256(all.buf, all.len, hex);
	str_release(&all);
	free(text);
}

/* A commit that was not synced may be there all the same. */
static bool is_told(struct store *s, const json_t *args, bool *told, struct err *e)
{
	json_t *row = ask_row(s,
		"SELECT event, body AS body_json FROM audit WHERE job=$1 ORDER BY seq "
		"DESC LIMIT 1",
		json_pack("[I]", (json_int_t)json_int(args, "job", 0)), e);
	*told = row &&
		str_equal(json_str(row, "event", ""), json_str(args, "event", "-")) &&
		json_equal(json_sub(row, "body"), json_sub(args, "body"));
	json_decref(row);
	return row != NULL;
}

json_t *tell_audit_add(struct store *s, const json_t *args, struct err *e)
{
	const char *event = json_str(args, "event", "");
	json_t *body = json_sub(args, "body");
	if (!*event || !json_is_object(body)) {
		err_set(e, ERR_USAGE, "audit_add: needs an event and a body (an object)");
		return NULL;
	}
	if (json_flag(args, "once", false)) {
		bool told = false;
		if (!is_told(s, args, &told, e))
			return NULL;
		if (told)
			return json_object();
	}
	json_t *last = ask_row(
		s, "SELECT seq, hash FROM audit ORDER BY seq DESC LIMIT 1", NULL, e);
	if (!last)
		return NULL;
	json_t *entry = json_pack("{s:I, s:I, s:s, s:s, s:s, s:I, s:O}", "seq",
		(json_int_t)json_int(last, "seq", 0) + 1, "at", (json_int_t)clock_now(),
		"who", json_str(args, "who", ""), "host", json_str(args, "host", ""),
		"event", event, "job", (json_int_t)json_int(args, "job", 0), "body",
		body);
	const char *prev = json_str(last, "hash", "");
	char hash[65];
	chain_hash(prev, entry, hash);
	json_t *row = json_pack("[I, I, s, s, s, I, O, s, s]",
		(json_int_t)json_int(entry, "seq", 0),
		(json_int_t)json_int(entry, "at", 0), json_str(entry, "who", ""),
		json_str(entry, "host", ""), event, (json_int_t)json_int(entry, "job", 0),
		body, prev, hash);
	bool ok = db_run(s->db,
		"INSERT INTO audit(seq, at, who, host, event, job, body, prev, hash)"
		" VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9)",
		row, e);
	json_t *reply = NULL;
	if (ok)
		reply = json_pack("{s:I, s:s}", "seq",
			(json_int_t)json_int(entry, "seq", 0), "hash", hash);
	json_decref(row);
	json_decref(entry);
	json_decref(last);
	return reply;
}

json_t *ask_audit(struct store *s, const json_t *args, struct err *e)
{
	return ask_rows(s,
		"SELECT seq, at, who, host, event, job, body AS body_json, prev, hash "
		"FROM audit"
		" WHERE seq>$1 AND ($2=0 OR job=$2) ORDER BY seq LIMIT $3",
		json_pack("[I, I, I]", (json_int_t)json_int(args, "after", 0),
			(json_int_t)json_int(args, "job", 0),
			(json_int_t)ask_limit(args, 500)),
		e);
}

/* Is the row the next link of the chain? Fills problem when not. */
static bool check_row(json_t *row, struct audit_check *c)
{
	char prev[80], stored[80], hash[65];
	long long seq = json_int(row, "seq", 0);
	str_copy(prev, sizeof(prev), json_str(row, "prev", ""));
	str_copy(stored, sizeof(stored), json_str(row, "hash", ""));
	if (seq != c->rows + 1) {
		str_format(c->problem, sizeof(c->problem),
			"entries %lld to %lld are missing", c->rows + 1, seq - 1);
		return false;
	}
	if (strcmp(prev, c->head) != 0) {
		str_format(c->problem, sizeof(c->problem),
			"entry %lld does not follow from entry %lld", seq, seq - 1);
		return false;
	}
	json_object_del(row, "prev");
	json_object_del(row, "hash");
	chain_hash(prev, row, hash);
	if (strcmp(hash, stored) != 0) {
		str_format(c->problem, sizeof(c->problem), "entry %lld was changed", seq);
		return false;
	}
	str_copy(c->head, sizeof(c->head), hash);
	c->rows = seq;
	return true;
}

bool audit_verify(struct db *d, struct audit_check *out, struct err *e)
{
	memset(out, 0, sizeof(*out));
	for (;;) {
		json_t *params = json_pack("[I]", (json_int_t)out->rows);
		json_t *rows = db_rows(d,
			"SELECT seq, at, who, host, event, job, body AS body_json, prev, "
			"hash"
			" FROM audit WHERE seq>$1 ORDER BY seq LIMIT 500",
			params, e);
		json_decref(params);
		if (!rows)
			return false;
		bool more = json_array_size(rows) > 0;
		size_t i;
		json_t *row;
		json_array_foreach (rows, i, row) {
			if (check_row(row, out))
				continue;
			out->bad_seq = json_int(row, "seq", out->rows + 1);
			more = false;
			break;
		}
		json_decref(rows);
		if (!more)
			return true;
	}
}

json_t *ask_audit_verify(struct store *s, const json_t *args, struct err *e)
{
	(void)args;
	struct audit_check c;
	if (!audit_verify(s->db, &c, e))
		return NULL;
	return json_pack("{s:b, s:I, s:I, s:s, s:s}", "ok", c.bad_seq == 0, "rows",
		(json_int_t)c.rows, "bad_seq", (json_int_t)c.bad_seq, "problem",
		c.problem, "head", c.head);
}
