/* Credentials by their looks. By hand, because every line of every log comes here: most lines cost one look at each byte. */
#include "backends/base/redact.h"

#include <string.h>
#include <strings.h>

#define MARK "[secret]"

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') ||
	       (c >= 'a' && c <= 'z') || c == '_' || c == '-';
}

/* Puts the mark in place of [from, to). Returns the place after it. */
static size_t hide(struct str *line, size_t from, size_t to)
{
	struct str out;
	size_t after = from + sizeof(MARK) - 1;

	if (strncmp(line->buf + from, MARK, sizeof(MARK) - 1) == 0)
		return after;
	str_init(&out, line->max + sizeof(MARK));
	str_add(&out, line->buf, from);
	str_adds(&out, MARK);
	str_add(&out, line->buf + to, line->len - to);
	out.max = line->max;
	str_wipe(line);
	*line = out;
	return after;
}

/* ---- key = value ---- */

/* The end of a name says what its value is: DB_PASSWORD, aws_secret_access_key. */
static const struct {
	const char *end;
	bool colon; /* also "name: value", which for the others is prose: "unexpected token: SELECT" */
} names[] = {
	{"password", true},
	{"passwd", true},
	{"pwd", false},
	{"passphrase", true},
	{"secret", false},
	{"token", false},
	{"api_key", true},
	{"apikey", true},
	{"api-key", true},
	{"access_key", true},
	{"secret_key", true},
	{"private_key", true},
	{"credentials", false},
};

/* `at`: the sign. Is there such a name before it? *quoted: as a key of JSON is. */
static bool named(const char *s, size_t at, char sign)
{
	bool quoted;

	while (at > 0 && s[at - 1] == ' ')
		at--;
	quoted = at > 0 && (s[at - 1] == '"' || s[at - 1] == '\'');
	at -= quoted;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		size_t len = strlen(names[i].end);

		if (at >= len && strncasecmp(s + at - len, names[i].end, len) == 0)
			return sign == '=' || quoted || names[i].colon;
	}
	return false;
}

/* From `at`, after the sign: where the value begins and ends. */
static void value_of(const struct str *line, size_t at, size_t *from, size_t *to)
{
	const char *s = line->buf;
	char quote;

	while (s[at] == ' ' || s[at] == '=')
		at++;
	quote = '\0';
	if (s[at] == '"' || s[at] == '\'')
		quote = s[at];
	at += quote != '\0';
	*from = at;
	while (at < line->len &&
		(quote ? s[at] != quote : !strchr(" \t,;&)}]\"'", s[at])))
		at += quote && s[at] == '\\' && at + 1 < line->len ? 2 : 1;
	*to = at < line->len ? at : line->len;
}

/* ---- Authorization: Bearer ... ---- */

static bool is_header(const char *s, size_t at)
{
	static const char name[] = "authorization";
	size_t len = sizeof(name) - 1;

	while (at > 0 && strchr("\"' ", s[at - 1]))
		at--;
	return at >= len && strncasecmp(s + at - len, name, len) == 0;
}

/* Up to the end of the line or of the quotes that it stands in. */
static size_t hide_header(struct str *line, size_t at)
{
	size_t from = at, to;
	const char *s = line->buf;

	while (from < line->len && strchr(" \"'=", s[from]))
		from++;
	to = from;
	while (to < line->len && s[to] != '"' && s[to] != '\'')
		to++;
	return to > from ? hide(line, from, to) : to;
}

static size_t after_sign(struct str *line, size_t at)
{
	char sign = line->buf[at];
	size_t from, to;

	if (is_header(line->buf, at))
		return hide_header(line, at + 1);
	if (!named(line->buf, at, sign))
		return at + 1;
	value_of(line, at + 1, &from, &to);
	return to > from ? hide(line, from, to) : at + 1;
}

/* ---- others ---- */

/* scheme://user:password@host; at: the colon before the slashes. */
static size_t in_address(struct str *line, size_t at)
{
	const char *s = line->buf;
	size_t user = at + 3, colon, end;

	if (line->len < at + 3 || memcmp(s + at, "://", 3) != 0)
		return 0;
	end = user + strcspn(s + user, "/ \"'<>?#@");
	if (s[end] != '@')
		return 0;
	colon = user + strcspn(s + user, ":@");
	return s[colon] == ':' && end > colon + 1 ? hide(line, colon + 1, end) : 0;
}

/* AKIA or ASIA and 16 capitals or digits, as a word. */
static size_t access_key(struct str *line, size_t at)
{
	enum { LEN = 20 };
	const char *s = line->buf + at;

	if (line->len - at < LEN || (at > 0 && is_word(s[-1])) ||
		(memcmp(s, "AKIA", 4) != 0 && memcmp(s, "ASIA", 4) != 0))
		return 0;
	for (size_t i = 4; i < LEN; i++)
		if (!((s[i] >= 'A' && s[i] <= 'Z') || (s[i] >= '0' && s[i] <= '9')))
			return 0;
	return is_word(s[LEN]) ? 0 : hide(line, at, at + LEN);
}

/* "-----BEGIN RSA PRIVATE KEY-----" up to its end or that of the line. */
static size_t private_key(struct redact *r, struct str *line, size_t at)
{
	static const char begin[] = "-----BEGIN ", end[] = "-----END ",
			  key[] = "PRIVATE KEY";
	const char *s = line->buf + at, *kind, *over;

	if (strncmp(s, begin, sizeof(begin) - 1) != 0)
		return 0;
	kind = strstr(s, key);
	if (!kind || kind > s + 60)
		return 0;
	over = strstr(kind, end);
	r->in_key = !over;
	over = over ? strstr(over + sizeof(end) - 1, "-----") : NULL;
	return hide(line, at, over ? (size_t)(over + 5 - line->buf) : line->len);
}

/* Its last word is all base64: a line of a key, whatever a log writes before it. A short word is one only alone or with its
 * padding: "refused" is none. Old keys have two lines of headers, and a blank one. */
static bool like_key(const struct str *line)
{
	enum { LINE_MOST = 200, WORD_LEAST = 24 };
	static const char base64[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
		"0123456789+/";
	size_t end = line->len, from, len;

	while (end > 0 && strchr(" \t\r", line->buf[end - 1]))
		end--;
	from = end;
	while (from > 0 && !strchr(" \t", line->buf[from - 1]))
		from--;
	len = strspn(line->buf + from, base64);
	if (line->len > LINE_MOST)
		return false;
	if (strstr(line->buf, "Proc-Type: ") || strstr(line->buf, "DEK-Info: ") || !end)
		return true;
	if (from + len < end && line->buf[from + len] == '=')
		return from + len + strspn(line->buf + from + len, "=") == end;
	return from + len == end && (from == 0 || len >= WORD_LEAST);
}

/* Until the line that ends the key, or one that cannot be of it. */
static bool goes_on(struct redact *r, const struct str *line)
{
	if (strstr(line->buf, "-----END ")) {
		r->in_key = false;
		return true;
	}
	r->in_key = !strstr(line->buf, "-----BEGIN ") && like_key(line);
	return r->in_key;
}

bool redact_line(struct redact *r, struct str *line)
{
	if (r->in_key && goes_on(r, line))
		return false;
	for (size_t at = 0, next; at < line->len; at = next) {
		next = 0;
		switch (line->buf[at]) {
		case ':':
			next = in_address(line, at);
			if (next == 0)
				next = after_sign(line, at);
			break;
		case '=':
			next = after_sign(line, at);
			break;
		case 'A':
			next = access_key(line, at);
			break;
		case '-':
			next = private_key(r, line, at);
			break;
		}
		if (next <= at)
			next = at + 1;
	}
	return true;
}
