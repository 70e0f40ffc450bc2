/*
 * Is the audit as it was written? What is read here is how it is stored: an integer, a text to its last byte. A reader that
 * takes a text up to its NUL, or JSON with a key twice, would see another row than the one that is kept.
 */
#include "backends/base/crypto.h"
#include "backends/store/audit.h"

#include <stdlib.h>
#include <string.h>

enum { SEQ, AT, WHO, HOST, EVENT, JOB, BODY, PREV, HASH, COLUMNS };
static const char kinds[] = "iitttittt";

struct stored {
	long long number[COLUMNS];
	char *text[COLUMNS]; /* malloc'ed; NULL: a number */
};

static void stored_release(struct stored *r)
{
	for (int i = 0; i < COLUMNS; i++)
		free(r->text[i]);
}

/* False: a value is not stored as the writer stores it. */
static bool read_row(struct db_stmt *s, struct stored *r)
{
	memset(r, 0, sizeof(*r));
	r->number[SEQ] = db_int(s, SEQ);
	for (int i = 0; i < COLUMNS; i++) {
		size_t len;
		if (db_stored_as(s, i) != kinds[i])
			return false;
		if (kinds[i] == 'i') {
			r->number[i] = db_int(s, i);
			continue;
		}
		const char *bytes = db_blob(s, i, &len);
		if (memchr(bytes, '\0', len))
			return false;
		r->text[i] = xstrndup(bytes, len);
	}
	return true;
}

static bool second_rule(const struct stored *r)
{
	char hash[65];
	audit_hash(&(struct audit_row){.seq = r->number[SEQ],
			   .at = r->number[AT],
			   .job = r->number[JOB],
			   .who = r->text[WHO],
			   .host = r->text[HOST],
			   .event = r->text[EVENT],
			   .body = r->text[BODY],
			   .prev = r->text[PREV]},
		hash);
	return strcmp(hash, r->text[HASH]) == 0;
}

/* What it hashed was parsed; the text must be the one that its writer made of that. */
static bool first_rule(const struct stored *r)
{
	struct err ignored = ERR_INIT;
	char hash[65], *text, *again;
	json_t *body = json_read(r->text[BODY], strlen(r->text[BODY]), &ignored);
	json_t *entry = json_pack("{s:I, s:I, s:s, s:s, s:s, s:I, s:O*}", "seq",
		(json_int_t)r->number[SEQ], "at", (json_int_t)r->number[AT], "who",
		r->text[WHO], "host", r->text[HOST], "event", r->text[EVENT], "job",
		(json_int_t)r->number[JOB], "body", body);
	struct str all = STR_INIT;
	text = json_text(entry);
	again = json_text(body);
	str_adds(&all, r->text[PREV]);
	str_adds(&all, text);
	crypto_sha256(all.buf, all.len, hash);
	bool ok = body && entry && strcmp(again, r->text[BODY]) == 0 &&
		  strcmp(hash, r->text[HASH]) == 0;
	str_release(&all);
	free(text);
	free(again);
	json_decref(entry);
	json_decref(body);
	return ok;
}

static bool wrong(struct audit_check *c, long long seq, const char *fmt, ...)
	PRINTF_LIKE(3, 4);

static bool wrong(struct audit_check *c, long long seq, const char *fmt, ...)
{
	va_list ap;
	struct str text = STR_INIT;
	va_start(ap, fmt);
	str_addv(&text, fmt, ap);
	va_end(ap);
	str_copy(c->problem, sizeof(c->problem), text.buf);
	c->bad_seq = seq;
	str_release(&text);
	return false;
}

/* Is the row the next link of the chain? Fills problem when not. */
static bool check_row(const struct stored *r, bool whole, struct audit_check *c)
{
	long long seq = r->number[SEQ];
	if (seq <= 0)
		return wrong(c, seq, "entry %lld was put in: entries count from 1", seq);
	if (seq != c->rows + 1)
		return wrong(
			c, seq, "entries %lld to %lld are missing", c->rows + 1, seq - 1);
	if (!whole)
		return wrong(c, seq, "entry %lld was changed", seq);
	if (strcmp(r->text[PREV], c->head) != 0)
		return wrong(c, seq, "entry %lld does not follow from entry %lld", seq,
			seq - 1);
	if (second_rule(r))
		c->second = true;
	else if (c->second || !first_rule(r))
		return wrong(c, seq, "entry %lld was changed", seq);
	str_copy(c->head, sizeof(c->head), r->text[HASH]);
	c->rows = seq;
	return true;
}

/* The table as it was made, and nothing that acts on what is written to it. *ok false: with the problem. */
static bool check_table(struct db *d, struct audit_check *c, bool *ok, struct err *e)
{
	struct db_stmt *s = db_stmt(d,
		"SELECT type, sql FROM sqlite_master WHERE tbl_name='audit' COLLATE "
		"NOCASE"
		" AND type<>'index'",
		e);
	bool row = true, found = false;
	*ok = true;
	while (s) {
		if (!db_step(s, &row, e))
			return false;
		if (!row)
			break;
		found = found || strcmp(db_text(s, 1), AUDIT_TABLE) == 0;
		if (strcmp(db_text(s, 1), AUDIT_TABLE) != 0)
			*ok = wrong(c, 0,
				"the audit is not the table that was made: it is a %s",
				strcmp(db_text(s, 0), "table") == 0
					? "table of another shape"
					: db_text(s, 0));
	}
	if (s && *ok && !found)
		*ok = wrong(c, 0, "there is no table of the audit");
	return s != NULL;
}

bool audit_verify(struct db *d, struct audit_check *out, struct err *e)
{
	bool row = true, ok;
	memset(out, 0, sizeof(*out));
	if (!check_table(d, out, &ok, e))
		return false;
	if (!ok)
		return true;
	struct db_stmt *s = db_stmt(d,
		"SELECT seq, at, who, host, event, job, body, prev, hash FROM audit"
		" NOT INDEXED ORDER BY seq",
		e);
	while (s && ok) {
		struct stored r;
		if (!db_step(s, &row, e))
			return false;
		if (!row)
			return true;
		bool whole = read_row(s, &r);
		ok = check_row(&r, whole, out);
		stored_release(&r);
	}
	if (s)
		db_reset(s);
	return s != NULL;
}
