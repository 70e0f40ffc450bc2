/*
 * Taking secrets out of text. Every secret is kept in the forms in which it tends to turn up: as it is, URL-encoded,
 * in a JSON string, made safe for the screen, and in base64 at each of the three places where it can lie
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
#define BULK_LEAST 12
#define MARK "[secret]"
/* A token comes from the far side, which may say any word: in bulk it must not be one. */
#define TOKEN_BULK_LEAST 20

struct form {
	struct str text;
	const void *owner; /* NULL: a secret of the configuration */
	bool bulk;         /* also taken out of records */
};

static struct {
	struct form *forms; /* longest first: one secret may be part of another */
	size_t len;
	size_t cap;
	/* A bit for each two bytes that a form for bulk begins with. */
	unsigned char starts[65536 / 8];
} known;

static unsigned start_of(const char *bytes)
{
	return (unsigned)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

static void add_start(const struct form *f)
{
	unsigned start = start_of(f->text.buf);

	if (f->bulk)
		known.starts[start / 8] |= (unsigned char)(1U << start % 8);
}

/* `like`: whose it is, and whether it is for bulk. */
static void add_form(const struct form *like, const char *bytes, size_t len)
{
	size_t at = 0;
	struct form form = {.text = STR_INIT,
		.owner = like->owner,
		.bulk = like->bulk && len >= BULK_LEAST};

	for (size_t i = 0; i < known.len; i++) {
		const struct form *f = &known.forms[i];

		if (f->text.len == len && f->owner == like->owner &&
			memcmp(f->text.buf, bytes, len) == 0)
			return;
		if (f->text.len >= len)
			at = i + 1;
	}
	str_add(&form.text, bytes, len);
	known.forms =
		mem_grow(known.forms, &known.cap, known.len + 1, sizeof(*known.forms));
	memmove(known.forms + at + 1, known.forms + at,
		(known.len - at) * sizeof(*known.forms));
	known.forms[at] = form;
	known.len++;
	add_start(&form);
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

	str_add(&padded, "\0\0", before);
	str_add(&padded, secret, len);
	crypto_base64(&text, padded.buf, padded.len);
	if (last - first >= FORM_LEAST) {
		add_form(like, text.buf + first, text.len - first);
		add_form(like, text.buf + first, last - first);
		for (size_t i = 0; i < text.len; i++) {
			if (text.buf[i] == '+')
				text.buf[i] = '-';
			else if (text.buf[i] == '/')
				text.buf[i] = '_';
		}
		add_form(like, text.buf + first, last - first);
	}
	str_wipe(&padded);
	str_wipe(&text);
}

static void add_forms(const struct form *like, const char *secret)
{
	struct str clean = STR_INIT;

	if (!secret || strlen(secret) < SECRET_LEAST)
		return;
	add_form(like, secret, strlen(secret));
	add_url_forms(like, secret);
	add_json_form(like, secret);
	for (size_t before = 0; before < 3; before++)
		add_base64_form(like, secret, before);
	utf8_clean(&clean, secret, strlen(secret), STR_MAX_DEFAULT, UTF8_ONE_LINE);
	if (clean.len >= SECRET_LEAST)
		add_form(like, clean.buf, clean.len);
	str_wipe(&clean);
}

void log_redact(const char *secret)
{
	add_forms(&(struct form){.bulk = true}, secret);
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

	memset(known.starts, 0, sizeof(known.starts));
	for (size_t i = 0; i < known.len; i++) {
		struct form *f = &known.forms[i];

		if (f->owner == owner) {
			str_wipe(&f->text);
			continue;
		}
		add_start(f);
		known.forms[kept++] = *f;
	}
	known.len = kept;
}

void log_redact_token(const void *owner, const char *token)
{
	const struct form like = {.owner = owner,
		.bulk = token && strlen(token) >= TOKEN_BULK_LEAST &&
			!looks_like_names(token)};

	drop_forms(owner);
	add_forms(&like, token);
}

/* One pass per form; the replaced text is built anew only when the form is there. */
static void scrub_form(struct str *text, const struct str *form)
{
	const char *p = text->buf;
	const char *end = text->buf + text->len;
	const char *hit = memmem(p, text->len, form->buf, form->len);
	struct str out;

	if (!hit)
		return;
	str_init(&out, text->max);
	while (hit) {
		str_add(&out, p, (size_t)(hit - p));
		str_adds(&out, MARK);
		p = hit + form->len;
		hit = memmem(p, (size_t)(end - p), form->buf, form->len);
	}
	str_add(&out, p, (size_t)(end - p));
	out.over = out.over || text->over;
	str_wipe(text);
	*text = out;
}

void log_scrub(struct str *text)
{
	for (size_t i = 0; i < known.len; i++)
		scrub_form(text, &known.forms[i].text);
}

void log_scrub_bulk(struct str *text)
{
	for (size_t i = 0; i < known.len; i++)
		if (known.forms[i].bulk)
			scrub_form(text, &known.forms[i].text);
}

/* Every text of every record comes here: one look at each byte, and the forms only where one may begin. */
bool log_has_secret(const char *text, size_t len)
{
	for (size_t at = 0; at + BULK_LEAST <= len; at++) {
		unsigned start = start_of(text + at);

		if (!(known.starts[start / 8] >> start % 8 & 1))
			continue;
		for (size_t i = 0; i < known.len; i++) {
			const struct str *form = &known.forms[i].text;

			if (known.forms[i].bulk && form->len <= len - at &&
				memcmp(text + at, form->buf, form->len) == 0)
				return true;
		}
	}
	return false;
}

void log_forget_secrets(void)
{
	for (size_t i = 0; i < known.len; i++)
		str_wipe(&known.forms[i].text);
	free(known.forms);
	known.forms = NULL;
	known.len = 0;
	known.cap = 0;
	memset(known.starts, 0, sizeof(known.starts));
}
