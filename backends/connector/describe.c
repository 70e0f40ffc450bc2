/*
 * A request as one line for people. What is approved is this line, by the eye and by the plan's hash, so no two requests
 * may look the same: what cannot be shown as it is becomes an escape, and a digest stands for what is not shown.
 */
#include "backends/base/crypto.h"
#include "backends/base/utf8.h"
#include "backends/connector/request.h"

#include <string.h>

enum { SHOWN_MAX = 16384, DIGEST_SHOWN = 32 };

static void describe_http(const struct rendered *r, struct str *out)
{
	str_addf(out, "%s %s", r->method, r->url.buf);
	if (json_object_size(r->headers)) {
		str_adds(out, " headers ");
		json_text_to(out, r->headers);
	}
	if (r->body.len) {
		str_addc(out, ' ');
		str_add(out, r->body.buf, r->body.len);
	}
}

static void describe_ssh(const struct rendered *r, struct str *out)
{
	const char *key;
	json_t *v;
	str_addf(out, "ssh %s:", r->host.buf);
	json_object_foreach (r->vars, key, v) {
		str_addf(out, " %s=", key);
		json_text_to(out, v);
	}
	str_addc(out, ' ');
	str_add(out, r->body.buf, r->body.len);
}

static void describe_sql(const struct rendered *r, struct str *out)
{
	json_t *v;
	size_t i;
	str_add(out, r->sql.buf, r->sql.len);
	json_array_foreach (r->params, i, v) {
		str_addf(out, "%s$%zu = ", i ? ", " : "  [", i + 1);
		json_text_to(out, v);
	}
	if (i)
		str_addc(out, ']');
}

/* ---- shown ---- */

/* One is shown, another is sent. */
static bool looks_blank(uint32_t cp)
{
	return cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
	       cp == 0x202F || cp == 0x205F || cp == 0x2800 || cp == 0x3000;
}

static bool shown_as_is(const char *s, size_t len)
{
	char room[64];
	struct str safe = STR_INIT_MAX(sizeof(room));
	utf8_clean(&safe, s, len, sizeof(room), UTF8_ONE_LINE);
	bool same = safe.len == len && memcmp(safe.buf, s, len) == 0;
	str_release(&safe);
	return same;
}

static void escape(char *out, size_t size, const char *s, size_t used, uint32_t cp)
{
	static const char plain[] = "\n\r\t", names[] = "nrt";
	const char *at = cp && cp < 0x80 ? strchr(plain, (int)cp) : NULL;
	if (at)
		str_format(out, size, "\\%c", names[at - plain]);
	else if (used == 1 && cp == 0xFFFD)
		str_format(out, size, "\\x%02x", (unsigned)(unsigned char)*s);
	else
		str_format(out, size, cp < 0x10000 ? "\\u%04x" : "\\U%08x", cp);
}

/* A mark is judged together with what it sits on: composed, it would be another text than what is sent. */
struct shower {
	struct str *out;
	size_t start;
	const char *base; /* the last character that marks can sit on; NULL: none */
	bool escaped, cut;
};

static void show_char(struct shower *w, const char *s, size_t used, uint32_t cp)
{
	char text[16];
	bool mark = utf8_width_cp(cp) == 0;
	const char *from = mark && w->base ? w->base : s;
	bool as_is = (!mark || w->base) && !looks_blank(cp) &&
		     shown_as_is(from, (size_t)(s - from) + used);
	if (as_is)
		str_format(text, sizeof(text), "%.*s", (int)used, s);
	else
		escape(text, sizeof(text), s, used, cp);
	if (w->out->len - w->start + strlen(text) > SHOWN_MAX) {
		w->cut = true;
		return;
	}
	str_adds(w->out, text);
	w->escaped = w->escaped || !as_is;
	if (!mark)
		w->base = as_is ? s : NULL;
}

void request_describe(const struct rendered *r, struct str *out)
{
	struct str raw = STR_INIT_MAX((size_t)1 << 30);
	switch (r->transport) {
	case DEF_HTTP:
		describe_http(r, &raw);
		break;
	case DEF_SQL:
		describe_sql(r, &raw);
		break;
	case DEF_SSH:
		describe_ssh(r, &raw);
		break;
	case DEF_NONE:
		break;
	}
	struct shower w = {.out = out, .start = out->len};
	for (size_t i = 0; i < raw.len && !w.cut;) {
		uint32_t cp;
		size_t used = utf8_decode(raw.buf + i, raw.len - i, &cp);
		show_char(&w, raw.buf + i, used, cp);
		i += used;
	}
	if (w.cut || w.escaped) {
		char hex[65];
		crypto_sha256(raw.buf, raw.len, hex);
		str_addf(out, "%s [%zu bytes, sha256 %.*s]", w.cut ? " ... cut" : "",
			raw.len, DIGEST_SHOWN, hex);
	}
	str_release(&raw);
}
