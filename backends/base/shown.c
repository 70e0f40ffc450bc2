/*
 * Text for people: without secrets; and text that a person approves, where what is not seen as it is becomes an escape,
 * and a digest stands for what is not shown.
 */
#include "backends/base/shown.h"

#include <string.h>

#include "backends/base/crypto.h"
#include "backends/base/log.h"

#define SHOWN_MAX 16384
/* Of a line without an end, before the first part of it goes out. */
#define LINE_HELD ((size_t)64 << 10)
#define DIGEST_SHOWN 32
/* More than a character with its marks has. */
#define CLUSTER_MAX 64

/* One is shown, another is sent. */
static bool looks_blank(uint32_t cp)
{
	return cp == 0xA0 || cp == 0x1680 || (cp >= 0x2000 && cp <= 0x200A) ||
	       cp == 0x202F || cp == 0x205F || cp == 0x2800 || cp == 0x3000;
}

static bool shown_as_is(const char *s, size_t len)
{
	struct str safe = STR_INIT_MAX(CLUSTER_MAX);
	utf8_clean(&safe, s, len, CLUSTER_MAX, UTF8_ONE_LINE);
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

/* The bulk of all text: a run of printable ASCII goes in at once. */
static size_t show_ascii(struct shower *w, const char *s, size_t len)
{
	size_t room = SHOWN_MAX - (w->out->len - w->start), n = 0;
	while (n < len && s[n] >= ' ' && s[n] <= '~')
		n++;
	if (n > room) {
		w->cut = true;
		n = room;
	}
	str_add(w->out, s, n);
	if (n)
		w->base = s + n - 1;
	return n;
}

void shown_exactly(struct str *out, const char *bytes, size_t len)
{
	struct shower w = {.out = out, .start = out->len};
	for (size_t i = 0; i < len && !w.cut;) {
		uint32_t cp;
		size_t used = show_ascii(&w, bytes + i, len - i);
		if (!used && !w.cut) {
			used = utf8_decode(bytes + i, len - i, &cp);
			show_char(&w, bytes + i, used, cp);
		}
		i += used;
	}
	if (w.cut || w.escaped) {
		char hex[65];
		crypto_sha256(bytes, len, hex);
		str_addf(out, "%s [%zu bytes, sha256 %.*s]", w.cut ? " ... cut" : "", len,
			DIGEST_SHOWN, hex);
	}
}

/* ---- without secrets ---- */

void shown_safely(
	struct str *out, const char *bytes, size_t len, size_t max, enum utf8_flags flags)
{
	struct str raw = STR_INIT, safe = STR_INIT;

	str_add(&raw, bytes, len);
	log_scrub(&raw);
	/* Nothing grows more than a bidi control, from 2 bytes to 5, or a tab, to 8. */
	utf8_clean(&safe, raw.buf, raw.len, 8 * raw.len, flags);
	log_scrub(&safe);
	if (safe.len <= max)
		str_add(out, safe.buf, safe.len);
	else
		utf8_clean(out, safe.buf, safe.len, max, flags);
	str_wipe(&raw);
	str_wipe(&safe);
}

void shown_lines_init(struct shown_lines *s, shown_fn *fn, void *arg)
{
	*s = (struct shown_lines){STR_INIT, REDACT_INIT, fn, arg};
}

void shown_lines_release(struct shown_lines *s)
{
	str_wipe(&s->held);
}

/* Not within a character. */
static size_t part_len(const char *s, size_t len)
{
	size_t n = SHOWN_PART;

	if (len <= SHOWN_PART)
		return len;
	while (n > SHOWN_PART - 4 && ((unsigned char)s[n] & 0xC0) == 0x80)
		n--;
	return n;
}

static void give(struct shown_lines *s, const char *bytes, size_t len)
{
	struct str safe = STR_INIT;

	shown_safely(&safe, bytes, len, STR_MAX_DEFAULT, UTF8_SGR);
	if (!redact_line(&s->redact, &safe))
		str_clear(&safe);
	for (size_t at = 0, n; at < safe.len; at += n) {
		n = part_len(safe.buf + at, safe.len - at);
		s->fn(s->arg, safe.buf + at, n);
	}
	str_wipe(&safe);
}

void shown_lines_end(struct shown_lines *s)
{
	if (s->held.len)
		give(s, s->held.buf, s->held.len);
	str_wipe(&s->held);
}

/* A line without end goes out in part. As much is held back as a secret may reach into what is still to come. */
static void give_part(struct shown_lines *s)
{
	size_t back = log_secret_longest() + 1, n;

	if (s->held.len < LINE_HELD + back)
		return;
	log_scrub(&s->held);
	n = s->held.len > back ? s->held.len - back : 0;
	/* Not within a character; of bytes that are none, anywhere. */
	for (int i = 0; i < 3 && n > 0 && ((unsigned char)s->held.buf[n] & 0xC0) == 0x80;
		i++)
		n--;
	give(s, s->held.buf, n);
	str_drop(&s->held, n);
}

void shown_lines_add(struct shown_lines *s, const char *bytes, size_t len)
{
	while (len > 0) {
		const char *nl = memchr(bytes, '\n', len);
		size_t n = nl ? (size_t)(nl - bytes) : len;

		if (n > LINE_HELD) {
			n = LINE_HELD;
			nl = NULL;
		}
		str_add(&s->held, bytes, n);
		if (nl)
			shown_lines_end(s);
		else
			give_part(s);
		bytes += n + (nl != NULL);
		len -= n + (nl != NULL);
	}
}
