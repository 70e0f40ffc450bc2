/*
 * Taking secrets out of text. Every secret is kept in the forms in which it tends to turn up: as it is, each long line of
 * it, URL-encoded, in a JSON string, made safe for the screen, and in base64 at each of the three places where it can lie
 * in a longer base64 text ("user:password"). Those of a token are its owner's, and go when it has another.
 */
#include "backends/base/log.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/crypto.h"
#include "backends/base/log_private.h"
#include "backends/base/mem.h"
#include "backends/base/str.h"
#include "backends/base/utf8.h"

#define SECRET_LEAST 4
/* Shorter pieces of base64 would hit innocent text. */
#define FORM_LEAST 6
#define MARK "[secret]"
/* A token comes from the far side, which may say any word: in records it must not be one. */
#define TOKEN_RECORD_LEAST 20

/* Where a form is looked for. */
enum {
	IN_LOGS = 1 << 0,    /* and output, errors, the audit */
	IN_RECORDS = 1 << 1, /* the texts of records */
	IN_KEYS = 1 << 2     /* what is never altered */
};

struct form {
	struct str text;
	const void *owner; /* NULL: a secret of the configuration */
	unsigned where;
	bool word;   /* of a short secret: only where nothing of a word touches it */
	size_t next; /* the form after it with the same first two bytes, + 1 */
};

static struct {
	struct form *forms;
	size_t len;
	size_t cap;
	size_t longest;
	bool chained;
	/* By the first two bytes: the first form of the chain, + 1. */
	unsigned first[65536];
} known;

static unsigned start_of(const char *bytes)
{
	return (unsigned)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

/* Tokens come and go one by one, texts by the thousand: the chains are made when a text is there. */
static void chain_forms(void)
{
	if (known.chained)
		return;
	known.chained = true;
	known.longest = 0;
	memset(known.first, 0, sizeof(known.first));
	for (size_t i = 0; i < known.len; i++) {
		struct form *f = &known.forms[i];
		unsigned *first = &known.first[start_of(f->text.buf)];

		f->next = *first;
		*first = (unsigned)i + 1;
		if (f->text.len > known.longest)
			known.longest = f->text.len;
	}
}

/* `like`: whose it is, and where it is looked for. */
static void add_form(const struct form *like, const char *bytes, size_t len)
{
	struct form form = *like;

	for (size_t i = 0; i < known.len; i++) {
		const struct form *f = &known.forms[i];

		if (f->text.len == len && f->owner == like->owner &&
			f->where == like->where && memcmp(f->text.buf, bytes, len) == 0)
			return;
	}
	str_init(&form.text, STR_MAX_DEFAULT);
	str_add(&form.text, bytes, len);
	known.forms =
		mem_grow(known.forms, &known.cap, known.len + 1, sizeof(*known.forms));
	known.forms[known.len++] = form;
	known.chained = false;
}

static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c != '\0' && strchr("-._~", c));
}

static void add_url_forms(const struct form *like, const char *secret)
{
	struct str upper = STR_INIT;
	struct str lower = STR_INIT;
	struct str form = STR_INIT; /* as in a form: blanks are "+" */

	for (const char *p = secret; *p; p++) {
		if (is_unreserved(*p)) {
			str_addc(&upper, *p);
			str_addc(&lower, *p);
			str_addc(&form, *p);
			continue;
		}
		str_addf(&upper, "%%%02X", (unsigned)(unsigned char)*p);
		str_addf(&lower, "%%%02x", (unsigned)(unsigned char)*p);
		str_addf(&form, *p == ' ' ? "+" : "%%%02X", (unsigned)(unsigned char)*p);
	}
	add_form(like, upper.buf, upper.len);
	add_form(like, lower.buf, lower.len);
	add_form(like, form.buf, form.len);
	str_wipe(&upper);
	str_wipe(&lower);
	str_wipe(&form);
}

static void add_json_form(const struct form *like, const char *secret)
{
	struct str form = STR_INIT;

	for (const char *p = secret; *p; p++) {
		if (*p == '\n')
			str_adds(&form, "\\n");
		else if (*p == '\r')
			str_adds(&form, "\\r");
		else if (*p == '\t')
			str_adds(&form, "\\t");
		else if (*p == '"' || *p == '\\')
			str_addf(&form, "\\%c", *p);
		else
			str_addc(&form, *p);
	}
	add_form(like, form.buf, form.len);
	str_wipe(&form);
}

/* The characters of base64 that depend on the secret alone when `before` bytes precede it. */
static void add_base64_form(const struct form *like, const char *secret, size_t before)
{
	size_t len = strlen(secret);
	size_t bits = 8 * (before + len);
	size_t first = (8 * before + 5) / 6;
	size_t last = bits / 6;
	struct str padded = STR_INIT;
	struct str text = STR_INIT;
	struct form form = *like;

	/* In base64 nothing shows where a word ends; a piece of so few bytes is no proof outside of logs. */
	if (form.word)
		form.where = IN_LOGS;
	form.word = false;
	str_add(&padded, "\0\0", before);
	str_add(&padded, secret, len);
	crypto_base64(&text, padded.buf, padded.len);
	if (last - first >= FORM_LEAST) {
		add_form(&form, text.buf + first, text.len - first);
		add_form(&form, text.buf + first, last - first);
		for (size_t i = 0; i < text.len; i++) {
			if (text.buf[i] == '+')
				text.buf[i] = '-';
			else if (text.buf[i] == '/')
				text.buf[i] = '_';
		}
		add_form(&form, text.buf + first, last - first);
	}
	str_wipe(&padded);
	str_wipe(&text);
}

static void add_lines(const struct form *like, const char *secret)
{
	/* A key of many lines is printed line by line; the line that names its kind is no secret. */
	while (*secret) {
		size_t len = strcspn(secret, "\r\n");

		if (len >= LOG_SECRET_SHORT && strncmp(secret, "-----", 5) != 0)
			add_form(like, secret, len);
		secret += len + strspn(secret + len, "\r\n");
	}
}

static void add_forms(const struct form *like, const char *secret)
{
	struct str clean = STR_INIT;
	struct form form = *like;
	size_t len = secret ? strlen(secret) : 0;

	if (len < SECRET_LEAST)
		return;
	form.word = len < LOG_SECRET_SHORT;
	if (form.word)
		form.where &= ~(unsigned)IN_KEYS;
	add_form(&form, secret, len);
	add_url_forms(&form, secret);
	add_json_form(&form, secret);
	for (size_t before = 0; before < 3; before++)
		add_base64_form(&form, secret, before);
	add_lines(&form, secret);
	utf8_clean(&clean, secret, len, STR_MAX_DEFAULT, UTF8_ONE_LINE);
	form.word = clean.len < LOG_SECRET_SHORT;
	if (clean.len >= SECRET_LEAST)
		add_form(&form, clean.buf, clean.len);
	str_wipe(&clean);
}

void log_redact(const char *secret)
{
	add_forms(&(struct form){.where = IN_LOGS | IN_RECORDS | IN_KEYS}, secret);
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Words of letters, with or without digits after them: orders_daily, load-v2, https://host/path. */
static bool looks_like_names(const char *s)
{
	while (*s) {
		while (is_letter(*s))
			s++;
		while (is_digit(*s))
			s++;
		if (is_letter(*s))
			return false;
		while (*s && !is_letter(*s) && !is_digit(*s))
			s++;
	}
	return true;
}

static void drop_forms(const void *owner)
{
	size_t kept = 0;

	known.chained = false;
	for (size_t i = 0; i < known.len; i++) {
		struct form *f = &known.forms[i];

		if (f->owner == owner)
			str_wipe(&f->text);
		else
			known.forms[kept++] = *f;
	}
	known.len = kept;
}

void log_redact_renewed(const void *owner, const char *secret)
{
	drop_forms(owner);
	add_forms(&(struct form){.owner = owner, .where = IN_LOGS | IN_RECORDS | IN_KEYS},
		secret);
}

void log_redact_token(const void *owner, const char *token)
{
	bool sure =
		token && strlen(token) >= TOKEN_RECORD_LEAST && !looks_like_names(token);
	const struct form like = {
		.owner = owner, .where = sure ? IN_LOGS | IN_RECORDS | IN_KEYS : IN_LOGS};

	drop_forms(owner);
	add_forms(&like, token);
}

/* ---- looking ---- */

static bool of_word(char c)
{
	return is_letter(c) || is_digit(c) || c == '_' || (unsigned char)c >= 0x80;
}

static bool is_word(const char *text, size_t len, size_t at, size_t n)
{
	bool before = at > 0 && of_word(text[at]) && of_word(text[at - 1]);
	bool after = at + n < len && of_word(text[at + n - 1]) && of_word(text[at + n]);

	return !before && !after;
}

/* The length of the longest form that begins here; 0: none. */
static size_t hit_at(const char *text, size_t len, size_t at, unsigned where)
{
	size_t most = 0;

	for (size_t i = known.first[start_of(text + at)]; i > 0;) {
		const struct form *f = &known.forms[i - 1];
		size_t n = f->text.len;

		i = f->next;
		if ((f->where & where) && n > most && n <= len - at &&
			memcmp(text + at, f->text.buf, n) == 0 &&
			(!f->word || is_word(text, len, at, n)))
			most = n;
	}
	return most;
}

static size_t find(const char *text, size_t len, unsigned where)
{
	size_t at = 0;

	if (known.len == 0)
		return len;
	chain_forms();
	while (at + SECRET_LEAST <= len && hit_at(text, len, at, where) == 0)
		at++;
	return at + SECRET_LEAST <= len ? at : len;
}

/*
 * Of secrets that overlap nothing may stay, neither the head of the one nor the tail of the other: what any form covers
 * goes, and each stretch gives one mark.
 */
static void scrub(struct str *text, unsigned where)
{
	size_t from = 0, at = find(text->buf, text->len, where), end;
	struct str out;

	if (at == text->len)
		return;
	str_init(&out, text->max);
	while (at < text->len) {
		str_add(&out, text->buf + from, at - from);
		str_adds(&out, MARK);
		for (end = at + 1; at < end && at + SECRET_LEAST <= text->len; at++) {
			size_t n = hit_at(text->buf, text->len, at, where);

			if (n > 0 && at + n > end)
				end = at + n;
		}
		from = end;
		at = end + find(text->buf + end, text->len - end, where);
	}
	str_add(&out, text->buf + from, text->len - from);
	out.over = out.over || text->over;
	str_wipe(text);
	*text = out;
}

void log_scrub(struct str *text)
{
	scrub(text, IN_LOGS);
}

void log_scrub_bulk(struct str *text)
{
	scrub(text, IN_RECORDS);
}

bool log_has_secret(const char *text, size_t len)
{
	return find(text, len, IN_RECORDS) < len;
}

bool log_gives_away(const char *text, size_t len)
{
	return find(text, len, IN_KEYS) < len;
}

size_t log_secret_longest(void)
{
	chain_forms();
	return known.longest;
}

void log_forget_secrets(void)
{
	for (size_t i = 0; i < known.len; i++)
		str_wipe(&known.forms[i].text);
	free(known.forms);
	known.forms = NULL;
	known.len = 0;
	known.cap = 0;
	known.chained = false;
}
