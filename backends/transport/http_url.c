/*
 * URLs, methods and header fields: what may be handed to libcurl at all. The grammar is narrower than
 * RFC 3986, so that our idea of the host and libcurl's can never differ.
 */
#include "backends/transport/http_private.h"

#include <string.h>
#include <strings.h>

#include "backends/transport/http.h"

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static bool is_alnum(char c)
{
	return is_digit(c) || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static bool is_unreserved(char c)
{
	return is_alnum(c) || c == '-' || c == '.' || c == '_' || c == '~';
}

static bool is_upper_hex(char c)
{
	return is_digit(c) || (c >= 'A' && c <= 'F');
}

void http_encode(struct str *out, const char *bytes, size_t len)
{
	static const char hex[] = "0123456789ABCDEF";

	for (size_t i = 0; i < len; i++) {
		unsigned char c = (unsigned char)bytes[i];
		char esc[3] = {'%', hex[c >> 4], hex[c & 15]};

		if (is_unreserved(bytes[i]))
			str_addc(out, bytes[i]);
		else
			str_add(out, esc, sizeof(esc));
	}
}

static bool host_valid(const struct http_url *u, bool bracketed)
{
	if (u->host_len == 0 || u->host_len > 253)
		return false;
	for (size_t i = 0; i < u->host_len; i++) {
		char c = u->host[i];

		if (bracketed ? !(is_alnum(c) || c == ':' || c == '.')
			      : !(is_alnum(c) || c == '.' || c == '-' || c == '_'))
			return false;
	}
	return true;
}

static bool port_valid(const char *port, size_t len)
{
	unsigned number = 0;

	if (len == 0 || len > 5)
		return false;
	for (size_t i = 0; i < len; i++) {
		if (!is_digit(port[i]))
			return false;
		number = number * 10 + (unsigned)(port[i] - '0');
	}
	return number >= 1 && number <= 65535;
}

/* Splits host[:port]. */
static bool authority_parse(struct http_url *u)
{
	const char *s = u->authority, *end = s + u->authority_len, *rest;
	bool bracketed = u->authority_len > 0 && *s == '[';

	if (bracketed) {
		rest = memchr(s, ']', u->authority_len);
		if (!rest)
			return false;
		u->host = s + 1;
		u->host_len = (size_t)(rest - u->host);
		rest++;
	} else {
		rest = memchr(s, ':', u->authority_len);
		if (!rest)
			rest = end;
		u->host = s;
		u->host_len = (size_t)(rest - s);
	}
	if (!host_valid(u, bracketed))
		return false;
	return rest == end ||
	       (*rest == ':' && port_valid(rest + 1, (size_t)(end - rest - 1)));
}

bool http_url_parse(const char *url, struct http_url *u, struct err *e)
{
	const char *s, *end, *at;

	*u = (struct http_url){.path = "", .query = ""};
	if (!strncasecmp(url, "https://", 8))
		u->https = true;
	else if (strncasecmp(url, "http://", 7) != 0)
		return err_set(
			e, ERR_CONFIG, "a URL has to begin with https:// or http://");
	for (s = url; *s; s++)
		if (*s <= ' ' || *s >= 127 || *s == '\\')
			return err_set(e, ERR_CONFIG,
				"the URL holds a character that has to be escaped (byte "
				"%zu)",
				(size_t)(s - url) + 1);
	s = url + (u->https ? 8 : 7);
	end = s + strcspn(s, "/?#");
	at = memchr(s, '@', (size_t)(end - s));
	if (at) {
		u->userinfo = true;
		s = at + 1;
	}
	u->authority = s;
	u->authority_len = (size_t)(end - s);
	if (!authority_parse(u))
		return err_set(e, ERR_CONFIG,
			"the URL's host is not a name or address with an optional port");
	u->path = end;
	u->path_len = strcspn(end, "?#");
	s = end + u->path_len;
	if (*s == '?') {
		u->query = s + 1;
		u->query_len = strcspn(s + 1, "#");
	}
	return true;
}

bool http_origin(const char *url, struct str *out, struct err *e)
{
	struct http_url u;

	if (!http_url_parse(url, &u, e))
		return false;
	return str_adds(out, u.https ? "https://" : "http://") &&
	       str_add(out, u.authority, u.authority_len);
}

static bool host_is(const struct http_url *u, const char *name)
{
	return strlen(name) == u->host_len && !strncasecmp(u->host, name, u->host_len);
}

bool http_url_loopback(const struct http_url *u)
{
	size_t digits = 0, dots = 0;

	if (host_is(u, "localhost") || host_is(u, "::1"))
		return true;
	if (u->host_len < 9 || strncmp(u->host, "127.", 4) != 0)
		return false;
	for (size_t i = 0; i < u->host_len; i++) {
		if (is_digit(u->host[i]) && digits < 3) {
			digits++;
		} else if (u->host[i] == '.' && digits > 0) {
			digits = 0;
			dots++;
		} else {
			return false;
		}
	}
	return dots == 3 && digits > 0;
}

/* One "name=value" of a canonical query. */
static bool parameter_canonical(const char *s, size_t len)
{
	bool value = false;

	for (size_t i = 0; i < len; i++) {
		if (s[i] == '=' && !value && i > 0)
			value = true;
		else if (s[i] == '%' && i + 2 < len && is_upper_hex(s[i + 1]) &&
			 is_upper_hex(s[i + 2]))
			i += 2;
		else if (!is_unreserved(s[i]))
			return false;
	}
	return value;
}

static int parameter_compare(const char *a, size_t a_len, const char *b, size_t b_len)
{
	size_t common = a_len < b_len ? a_len : b_len;
	int order = memcmp(a, b, common);

	return order ? order : (a_len > b_len) - (a_len < b_len);
}

bool http_url_signable(const struct http_url *u, struct err *e)
{
	const char *s = u->query, *end = s + u->query_len, *before = NULL;
	size_t before_len = 0;

	for (size_t i = 0; i < u->path_len; i++)
		if (u->path[i] != '/' && !is_unreserved(u->path[i]))
			return err_set(e, ERR_CONFIG,
				"a path with escapes cannot be signed for AWS: use the "
				"POST form of the API");
	while (s < end) {
		const char *amp = memchr(s, '&', (size_t)(end - s));
		size_t len = amp ? (size_t)(amp - s) : (size_t)(end - s);

		if (!parameter_canonical(s, len) ||
			(before && parameter_compare(before, before_len, s, len) > 0))
			return err_set(e, ERR_CONFIG,
				"the query cannot be signed for AWS: parameters have to "
				"be sorted "
				"and escaped, each with \"=\"");
		before = s;
		before_len = len;
		s += len + (amp ? 1 : 0);
	}
	return true;
}

bool http_method_valid(const char *method)
{
	size_t len = method ? strlen(method) : 0;

	return len > 0 && len <= 16 &&
	       strspn(method, "ABCDEFGHIJKLMNOPQRSTUVWXYZ") == len;
}

bool http_header_valid(const char *name, const char *value)
{
	if (!name || !*name || !value)
		return false;
	for (const char *s = name; *s; s++)
		if (!is_alnum(*s) && !strchr("!#$%&'*+-.^_`|~", *s))
			return false;
	for (const char *s = value; *s; s++)
		if (((unsigned char)*s < ' ' && *s != '\t') || *s == 127)
			return false;
	return true;
}
