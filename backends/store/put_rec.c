/*
 * The statements that write one record to tables rec and det.
 */
#include "backends/store/put.h"

#include <stdlib.h>
#include <string.h>

/* The text of a tree, "" of none. Valid until the next call with this buffer. */
static const char *dump(struct str *to, const json_t *v)
{
	str_clear(to);
	if (v != NULL && json_typeof(v) != JSON_NULL && !json_plain_to(to, v))
		str_clear(to);
	return to->buf;
}

static void bind_common(struct store *s, struct db_stmt *q, const struct record *r,
	const struct put_key *k)
{
	const char *labels = dump(&put_state(s)->text[0], r->labels);
	const char *const texts[] = {r->title, r->raw_state, r->env, r->owner, r->service,
		r->asset, r->actor, r->amount, r->expected, r->currency, r->url,
		r->parent, r->why, r->cause, r->signature, labels};
	const long long numbers[] = {r->state, r->severity, r->tier, put_order_key(r),
		r->attention > 0, put_open(r), r->started, r->ended, r->updated, r->due,
		r->since, k->th, r->attention, r->group};
	int at = 1;

	for (size_t i = 0; i < LENGTH(numbers); i++)
		db_bind_int(q, at++, numbers[i]);
	for (size_t i = 0; i < LENGTH(texts); i++)
		db_bind_text(q, at++, texts[i]);
}

/* $1..$30 as in bind_common */
#define COMMON_INSERT                                                                    \
	"state, severity, tier, attn, need, open, started, ended, updated, due, since, " \
	"th, attention, grp, title, "                                                    \
	"raw_state, env, owner, service, asset, actor, amount, expected, currency, "     \
	"url, parent, why, cause, signature, "                                           \
	"labels"
#define COMMON_UPDATE                                                                    \
	"state=$1, severity=$2, tier=$3, attn=$4, need=$5, open=$6, started=$7, "        \
	"ended=$8, updated=$9, due=$10, "                                                \
	"since=$11, th=$12, attention=$13, grp=$14, title=$15, raw_state=$16, env=$17, " \
	"owner=$18, service=$19, "                                                       \
	"asset=$20, actor=$21, amount=$22, expected=$23, currency=$24, url=$25, "        \
	"parent=$26, why=$27, cause=$28, "                                               \
	"signature=$29, labels=$30"

bool put_insert_rec(
	struct store *s, struct record *r, const struct put_key *k, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"INSERT INTO rec(" COMMON_INSERT
		", kind, source, id, h, again) VALUES($1,$2,$3,$4,$5,$6,$7,$8,$9,$10,"
		"$11,$12,$13,$14,$15,$16,$17,$18,$19,$20,$21,$22,$23,$24,$25,$26,$27,$28,"
		"$29,$30,$31,$32,$33,$34,$35)",
		e);
	bool row;

	if (q == NULL)
		return false;
	bind_common(s, q, r, k);
	db_bind_int(q, 31, r->kind);
	db_bind_int(q, 32, k->sid);
	db_bind_text(q, 33, r->id);
	db_bind_int(q, 34, (long long)k->h);
	db_bind_int(q, 35, put_again(s, r, k->th, false));
	bool ok = db_step(q, &row, e);
	r->rid = db_last_rowid(s->db);
	return ok;
}

bool put_update_rec(struct store *s, const struct record *r, const struct put_key *k,
	long long hid, bool needed, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"UPDATE rec SET " COMMON_UPDATE
		", h=$31, last_hid=$32, again=$33, gone_at=0, unread='' WHERE rid=$34",
		e);
	bool row;

	if (q == NULL)
		return false;
	bind_common(s, q, r, k);
	db_bind_int(q, 31, (long long)k->h);
	db_bind_int(q, 32, hid);
	db_bind_int(q, 33, put_again(s, r, k->th, needed));
	db_bind_int(q, 34, r->rid);
	return db_step(q, &row, e);
}

static const char *detail_text(struct str *to, const json_t *detail)
{
	const char *text = dump(to, detail);
	size_t len = to->len;

	if (len <= RECORD_DETAIL_MAX)
		return text;
	str_clear(to);
	str_addf(to, "{\"not_kept\":\"%zu bytes of detail, more than %d\"}", len,
		RECORD_DETAIL_MAX);
	return to->buf;
}

bool put_detail(struct store *s, const struct record *r, struct err *e)
{
	struct db_stmt *q = db_stmt(s->db,
		"INSERT INTO det(rid, opaque, body) VALUES($1,$2,$3) "
		"ON CONFLICT(rid) DO UPDATE SET opaque=excluded.opaque, "
		"body=excluded.body",
		e);
	bool row;

	if (q == NULL)
		return false;
	struct str *text = put_state(s)->text;
	db_bind_int(q, 1, r->rid);
	db_bind_text(q, 2, dump(&text[0], r->opaque));
	db_bind_text(q, 3, detail_text(&text[1], r->detail));
	return db_step(q, &row, e);
}
