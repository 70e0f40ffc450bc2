/*
 * Adding to the audit. Checking its chain: audit_verify.c.
 */
#include "backends/store/audit.h"

#include "backends/base/crypto.h"
#include "backends/store/ask.h"
#include "backends/store/tell.h"

#include <stdlib.h>
#include <string.h>

static void add_text(struct str *all, const char *text)
{
	str_addf(all, "t%zu:%s\n", strlen(text), text);
}

static void add_number(struct str *all, long long n)
{
	char text[32];
	str_format(text, sizeof(text), "%lld", n);
	str_addf(all, "i%zu:%s\n", strlen(text), text);
}

void audit_hash(const struct audit_row *r, char hex[65])
{
	struct str all = STR_INIT;
	str_adds(&all, "watchdesk audit 2\n");
	add_number(&all, r->seq);
	add_number(&all, r->at);
	add_text(&all, r->who);
	add_text(&all, r->host);
	add_text(&all, r->event);
	add_number(&all, r->job);
	add_text(&all, r->body);
	add_text(&all, r->prev);
	crypto_sha256(all.buf, all.len, hex);
	str_release(&all);
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
	char *text = json_text(body), hash[65];
	struct audit_row r = {.seq = json_int(last, "seq", 0) + 1,
		.at = clock_now(),
		.who = json_str(args, "who", ""),
		.host = json_str(args, "host", ""),
		.event = event,
		.job = json_int(args, "job", 0),
		.body = text,
		.prev = json_str(last, "hash", "")};
	audit_hash(&r, hash);
	json_t *row = json_pack("[I, I, s, s, s, I, s, s, s]", (json_int_t)r.seq,
		(json_int_t)r.at, r.who, r.host, r.event, (json_int_t)r.job, r.body,
		r.prev, hash);
	bool ok = db_run(s->db,
		"INSERT INTO audit(seq, at, who, host, event, job, body, prev, hash)"
		" VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9)",
		row, e);
	json_t *reply = NULL;
	if (ok)
		reply = json_pack("{s:I, s:s}", "seq", (json_int_t)r.seq, "hash", hash);
	json_decref(row);
	json_decref(last);
	free(text);
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

json_t *ask_audit_verify(struct store *s, const json_t *args, struct err *e)
{
	(void)args;
	struct audit_check c;
	if (!audit_verify(s->db, &c, e))
		return NULL;
	return json_pack("{s:b, s:I, s:I, s:s, s:s}", "ok", !c.problem[0], "rows",
		(json_int_t)c.rows, "bad_seq", (json_int_t)c.bad_seq, "problem",
		c.problem, "head", c.head);
}
