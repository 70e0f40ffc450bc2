/*
 * Taking secrets out of text. Every secret is kept in the forms in which it tends to turn up: as it is, URL-encoded,
 * in a JSON string, made safe for the screen, and in base64 at each of the three places where it can lie
 * in a longer base64 text ("user:password").
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

static struct {
	struct str *forms; /* longest first: one secret may be part of another */
	size_t len;
	size_t cap;
	/* A bit for each two bytes that a form of BULK_LEAST and more begins with. */
	unsigned char starts[65536 / 8];
} known;

static unsigned start_of(const char *bytes)
{
	return (unsigned)(unsigned char)bytes[0] << 8 | (unsigned char)bytes[1];
}

static void add_form(const char *bytes, size_t len)
{
	size_t at = 0;
	struct str form = STR_INIT;

	for (size_t i = 0; i < known.len; i++) {
		if (known.forms[i].len == len &&
			memcmp(known.forms[i].buf, bytes, len) == 0)
			return;
		if (known.forms[i].len >= len)
			at = i + 1;
	}
	str_add(&form, bytes, len);
	known.forms =
		mem_grow(known.forms, &known.cap, known.len + 1, sizeof(*known.forms));
	memmove(known.forms + at + 1, known.forms + at,
		(known.len - at) * sizeof(*known.forms));
	known.forms[at] = form;
	known.len++;
	if (len >= BULK_LEAST)
		known.starts[start_of(bytes) / 8] |=
			(unsigned char)(1U << start_of(bytes) % 8);
}

static bool is_unreserved(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || (c != '\0' && strchr("-._~", c));
}

static void add_url_forms(const char *secret)
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
	add_form(upper.buf, upper.len);
	add_form(lower.buf, lower.len);
	add_form(form.buf, form.len);
	str_wipe(&upper);
	str_wipe(&lower);
	str_wipe(&form);
}

static void add_json_form(const char *secret)
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
	add_form(form.buf, form.len);
	str_wipe(&form);
}

/* The characters of base64 that depend on the secret alone when `before` bytes precede it. */
static void add_base64_form(const char *secret, size_t before)
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
		add_form(text.buf + first, text.len - first);
		add_form(text.buf + first, last - first);
		for (size_t i = 0; i < text.len; i++) {
			if (text.buf[i] == '+')
				text.buf[i] = '-';
			else if (text.buf[i] == '/')
				text.buf[i] = '_';
		}
		add_form(text.buf + first, last - first);
	}
	str_wipe(&padded);
	str_wipe(&text);
}

void log_redact(const char *secret)
{
	struct str clean = STR_INIT;

	if (!secret || strlen(secret) < SECRET_LEAST)
		return;
	add_form(secret, strlen(secret));
	add_url_forms(secret);
	add_json_form(secret);
	for (size_t before = 0; before < 3; before++)
		add_base64_form(secret, before);
	utf8_clean(&clean, secret, strlen(secret), STR_MAX_DEFAULT, UTF8_ONE_LINE);
	if (clean.len >= SECRET_LEAST)
		add_form(clean.buf, clean.len);
	str_wipe(&clean);
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
		scrub_form(text, &known.forms[i]);
}

/* Every text of every record comes here: one look at each byte, and the forms only where one may begin. */
bool log_has_secret(const char *text, size_t len)
{
	for (size_t at = 0; at + BULK_LEAST <= len; at++) {
		unsigned start = start_of(text + at);

		if (!(known.starts[start / 8] >> start % 8 & 1))
			continue;
		for (size_t i = 0; i < known.len; i++) {
			const struct str *form = &known.forms[i];

			if (form->len >= BULK_LEAST && form->len <= len - at &&
				memcmp(text + at, form->buf, form->len) == 0)
				return true;
		}
	}
	return false;
}

void log_forget_secrets(void)
{
	for (size_t i = 0; i < known.len; i++)
		str_wipe(&known.forms[i]);
	free(known.forms);
	known.forms = NULL;
	known.len = 0;
	known.cap = 0;
	memset(known.starts, 0, sizeof(known.starts));
}
