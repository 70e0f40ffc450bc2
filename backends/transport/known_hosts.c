/*
 * known_hosts, as sshd(8) describes it: "[@marker] patterns keytype base64 [comment]". A line is judged for itself; one that
 * cannot be read is no reason to lose those after it.
 */
#include "backends/transport/known_hosts.h"

#include <string.h>

#include "backends/base/crypto.h"
#include "backends/base/str.h"

#define NAME_MAX_BYTES 320 /* [host]:port */
#define PATTERN_BYTES 512
#define KEY_BYTES ((size_t)16 << 10)

struct span {
	const char *s;
	size_t len;
};

enum marker { MARKER_NONE, MARKER_REVOKED, MARKER_CA, MARKER_OTHER };

struct line {
	enum marker marker;
	struct span patterns, type, key;
};

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r';
}

static struct span next_word(const char **at, const char *end)
{
	struct span w;

	while (*at < end && is_blank(**at))
		(*at)++;
	w.s = *at;
	while (*at < end && !is_blank(**at))
		(*at)++;
	w.len = (size_t)(*at - w.s);
	return w;
}

static bool span_is(struct span w, const char *text)
{
	return w.len == strlen(text) && !memcmp(w.s, text, w.len);
}

static bool line_parse(const char *s, const char *end, struct line *line)
{
	struct span word = next_word(&s, end);

	line->marker = MARKER_NONE;
	if (word.len == 0 || word.s[0] == '#')
		return false;
	if (word.s[0] == '@') {
		line->marker = span_is(word, "@revoked")          ? MARKER_REVOKED
			       : span_is(word, "@cert-authority") ? MARKER_CA
								  : MARKER_OTHER;
		word = next_word(&s, end);
	}
	line->patterns = word;
	line->type = next_word(&s, end);
	line->key = next_word(&s, end);
	return line->marker != MARKER_OTHER && line->key.len > 0 && line->type.len < 64;
}

/* ---- names ------------------------------------------------------------------------------------- */

/* "|1|base64 salt|base64 HMAC-SHA1(salt, name)" */
static bool hashed_match(struct span w, const char *name)
{
	const char *salt_text = w.s + 3, *end = w.s + w.len, *bar;
	struct str salt = STR_INIT_MAX(64), want = STR_INIT_MAX(64);
	unsigned char got[20];
	bool match = false;

	if (w.len < 4 || memcmp(w.s, "|1|", 3) != 0)
		return false;
	bar = memchr(salt_text, '|', (size_t)(end - salt_text));
	if (bar && crypto_unbase64(&salt, salt_text, (size_t)(bar - salt_text)) &&
		crypto_unbase64(&want, bar + 1, (size_t)(end - bar - 1)) &&
		want.len == sizeof(got)) {
		crypto_hmac_sha1(salt.buf, salt.len, name, strlen(name), got);
		match = !memcmp(got, want.buf, sizeof(got));
	}
	str_release(&salt);
	str_release(&want);
	return match;
}

/* One pattern of a list against the name; *negated is set for "!pattern". */
static bool pattern_match(struct span w, const char *name, bool *negated)
{
	char pattern[PATTERN_BYTES];

	*negated = w.len > 0 && w.s[0] == '!';
	if (*negated) {
		w.s++;
		w.len--;
	}
	if (w.len == 0 || w.len >= sizeof(pattern) || memchr(w.s, '\0', w.len))
		return false;
	memcpy(pattern, w.s, w.len);
	pattern[w.len] = '\0';
	return str_glob(pattern, name);
}

static bool patterns_match(struct span list, const char *name)
{
	const char *at = list.s, *end = list.s + list.len;
	bool match = false;

	if (list.s[0] == '|')
		return hashed_match(list, name);
	while (at < end) {
		const char *comma = memchr(at, ',', (size_t)(end - at));
		const char *stop = comma ? comma : end;
		bool negated;

		if (pattern_match(
			    (struct span){at, (size_t)(stop - at)}, name, &negated)) {
			if (negated)
				return false;
			match = true;
		}
		at = stop + 1;
	}
	return match;
}

static bool make_name(char dst[NAME_MAX_BYTES], const char *host, int port)
{
	return port == 22 ? str_copy(dst, NAME_MAX_BYTES, host)
			  : str_format(dst, NAME_MAX_BYTES, "[%s]:%d", host, port);
}

/* ---- keys -------------------------------------------------------------------------------------- */

/* The line's key as a blob; its own inner type has to be the one that the line names. */
static bool line_key(const struct line *line, struct str *blob)
{
	const unsigned char *b;
	size_t len;

	str_clear(blob);
	if (!crypto_unbase64(blob, line->key.s, line->key.len) || blob->len < 4)
		return false;
	b = (const unsigned char *)blob->buf;
	len = (size_t)b[0] << 24 | (size_t)b[1] << 16 | (size_t)b[2] << 8 | b[3];
	return len == line->type.len && blob->len - 4 >= len &&
	       !memcmp(b + 4, line->type.s, len);
}

/* Goes through the lines for `name`; *at moves. False: no more. */
static bool next_line(
	const char **at, const char *end, const char *name, struct line *line)
{
	while (*at < end) {
		const char *nl = memchr(*at, '\n', (size_t)(end - *at));
		const char *s = *at, *stop = nl ? nl : end;

		*at = nl ? nl + 1 : end;
		if (line_parse(s, stop, line) && patterns_match(line->patterns, name))
			return true;
	}
	return false;
}

static enum known_hosts_result check_name(const char *text, size_t len, const char *name,
	const unsigned char *key, size_t key_len)
{
	const char *at = text, *end = text + len;
	bool match = false, other = false, authority = false, revoked = false;
	struct str blob = STR_INIT_MAX(KEY_BYTES);
	struct line line;

	while (next_line(&at, end, name, &line)) {
		bool equal;

		if (!line_key(&line, &blob))
			continue;
		equal = blob.len == key_len && !memcmp(blob.buf, key, key_len);
		if (line.marker == MARKER_REVOKED)
			revoked |= equal;
		else if (line.marker == MARKER_CA)
			authority = true;
		else if (equal)
			match = true;
		else
			other = true;
	}
	str_release(&blob);
	if (revoked)
		return KNOWN_REVOKED;
	if (match)
		return KNOWN_MATCH;
	if (other)
		return KNOWN_MISMATCH;
	return authority ? KNOWN_NEEDS_CA : KNOWN_NONE;
}

enum known_hosts_result known_hosts_check(const char *text, size_t len, const char *host,
	int port, const unsigned char *key, size_t key_len)
{
	enum known_hosts_result result, plain;
	char name[NAME_MAX_BYTES];

	if (!make_name(name, host, port))
		return KNOWN_NONE;
	result = check_name(text, len, name, key, key_len);
	if (port == 22 || result == KNOWN_REVOKED)
		return result;
	/* Like OpenSSH: the key of the host's port 22 serves for its other ports too, but that one
	 * has another key there says nothing. */
	plain = check_name(text, len, host, key, key_len);
	if (plain == KNOWN_REVOKED || (plain == KNOWN_MATCH && result != KNOWN_MISMATCH))
		return plain;
	return result;
}

static bool listed(const char *list, struct span type)
{
	for (const char *s = list; *s;) {
		size_t len = strcspn(s, ",");

		if (len == type.len && !memcmp(s, type.s, len))
			return true;
		s += len + (s[len] == ',');
	}
	return false;
}

static void add_types(
	const char *text, size_t len, const char *name, char *dst, size_t size)
{
	const char *at = text, *end = text + len;
	struct str blob = STR_INIT_MAX(KEY_BYTES);
	size_t used = strlen(dst);
	struct line line;

	while (next_line(&at, end, name, &line)) {
		if (line.marker != MARKER_NONE || !line_key(&line, &blob) ||
			listed(dst, line.type) || used + line.type.len + 2 > size)
			continue;
		if (used > 0)
			dst[used++] = ',';
		memcpy(dst + used, line.type.s, line.type.len);
		used += line.type.len;
		dst[used] = '\0';
	}
	str_release(&blob);
}

bool known_hosts_types(
	const char *text, size_t len, const char *host, int port, char *dst, size_t size)
{
	char name[NAME_MAX_BYTES];

	if (size == 0)
		return false;
	dst[0] = '\0';
	if (make_name(name, host, port))
		add_types(text, len, name, dst, size);
	if (port != 22 && !*dst)
		add_types(text, len, host, dst, size);
	return *dst != '\0';
}
