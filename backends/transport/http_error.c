/*
 * Words for an HTTP answer that is not 2xx. The far side's own message is the most useful thing that it holds, and
 * every system puts it somewhere else; the places are listed once, in message_keys.
 */
#include "backends/transport/http_private.h"

#include <string.h>
#include <strings.h>

#include "backends/base/json.h"
#include "backends/base/shown.h"
#include "backends/transport/http.h"

#define MESSAGE_BYTES 200
#define JSON_BYTES ((size_t)256 << 10) /* a larger error body is read as text */
#define TREE_BYTES ((size_t)1 << 20)   /* so is one that would take more as a tree */
#define MESSAGE_DEPTH 4
#define TYPE_BYTES ((size_t)16 << 10) /* a larger error body is no AWS error */

/* In order of preference: the sentence about this case before the title of the class of errors. */
static const char *const message_keys[] = {
	"detail",             /* RFC 9457 problem details, FastAPI, Airflow */
	"message", "Message", /* most; AWS, Azure */
	"errorSummary",       /* Okta */
	"error_description",  /* OAuth */
	"error_message", "msg", "reason", "description", "error", "errors", "title",
	"status", "__type", /* AWS, when there is nothing else */
};

/* Goes down through objects and the first element of arrays until a string is found. */
static const char *find_message(const json_t *v, int depth)
{
	if (json_is_string(v))
		return json_string_length(v) > 0 ? json_string_value(v) : NULL;
	if (depth == 0)
		return NULL;
	if (json_is_array(v))
		return find_message(json_array_get(v, 0), depth - 1);
	if (!json_is_object(v))
		return NULL;
	for (size_t i = 0; i < sizeof(message_keys) / sizeof(message_keys[0]); i++) {
		const char *found =
			find_message(json_object_get(v, message_keys[i]), depth - 1);

		if (found)
			return found;
	}
	return NULL;
}

static bool message_of_json(struct str *out, const char *body, size_t len)
{
	json_t *doc;
	const char *text;

	if (len == 0 || len > JSON_BYTES || (body[0] != '{' && body[0] != '['))
		return false;
	if (json_need(body, len) > TREE_BYTES)
		return false;
	doc = json_read_reply(body, len, NULL, NULL);
	text = doc ? find_message(doc, MESSAGE_DEPTH) : NULL;
	if (text)
		shown_safely(out, text, strlen(text), MESSAGE_BYTES, UTF8_ONE_LINE);
	json_decref(doc);
	return text != NULL;
}

static const char *find_folded(const char *hay, size_t len, const char *needle)
{
	size_t n = strlen(needle);

	for (size_t i = 0; i + n <= len; i++)
		if (!strncasecmp(hay + i, needle, n))
			return hay + i;
	return NULL;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\f';
}

static void add_first_line(struct str *out, const char *s, size_t len)
{
	size_t n = 0;

	while (len > 0 && is_blank(*s)) {
		s++;
		len--;
	}
	while (n < len && s[n] != '\n' && s[n] != '\r')
		n++;
	shown_safely(out, s, n, MESSAGE_BYTES, UTF8_ONE_LINE);
}

static void message_of_html(struct str *out, const char *body, size_t len)
{
	const char *title = find_folded(body, len, "<title"), *end = body + len, *close;

	str_adds(out, "an HTML page");
	if (title)
		title = memchr(title, '>', (size_t)(end - title));
	if (!title)
		return;
	title++;
	close = find_folded(title, (size_t)(end - title), "</title");
	if (!close)
		return;
	str_adds(out, ": ");
	add_first_line(out, title, (size_t)(close - title));
}

/* AWS' Query protocol and S3 answer in XML; the code of the error is part of most messages. */
static bool message_of_xml(struct str *out, const char *body, size_t len)
{
	static const char tag[] = "<message>";
	const char *text = find_folded(body, len, tag), *close;

	if (!text)
		return false;
	text += sizeof(tag) - 1;
	close = memchr(text, '<', (size_t)(body + len - text));
	if (!close)
		return false;
	add_first_line(out, text, (size_t)(close - text));
	return true;
}

void http_error_message(struct str *out, const char *body, size_t len)
{
	while (len > 0 && is_blank(*body)) {
		body++;
		len--;
	}
	if (message_of_json(out, body, len))
		return;
	if (find_folded(body, len < 512 ? len : 512, "<html") ||
		find_folded(body, len < 512 ? len : 512, "<!doctype html"))
		message_of_html(out, body, len < 4096 ? len : 4096);
	else if (!message_of_xml(out, body, len < 4096 ? len : 4096))
		add_first_line(out, body, len);
}

/* The names that AWS' services have for the same thing, which most send with 400. */
static bool says_throttling(const char *type)
{
	static const char *const kinds[] = {
		"Throttling", "Throttled", "TooManyRequests", "RequestLimitExceeded"};
	const char *hash = type ? strrchr(type, '#') : NULL; /* com.amazonaws.x#Type */

	if (hash)
		type = hash + 1;
	for (size_t i = 0; type && i < sizeof(kinds) / sizeof(kinds[0]); i++)
		if (str_starts(type, kinds[i]))
			return true;
	return false;
}

static bool json_says_throttling(const char *body, size_t len)
{
	static const char *const keys[] = {"__type", "code", "Code"};
	static const char *const inner[] = {"Error", "error"};
	json_t *doc = json_read_reply(body, len, NULL, NULL);
	bool found = false;

	for (size_t i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		found = found || says_throttling(json_str(doc, keys[i], NULL));
		for (size_t k = 0; k < sizeof(inner) / sizeof(inner[0]); k++)
			found = found || says_throttling(json_str(
						 json_sub(doc, inner[k]), keys[i], NULL));
	}
	json_decref(doc);
	return found;
}

/* AWS' Query protocol answers in XML: <Error><Code>Throttling</Code>. */
static bool xml_says_throttling(const char *body, size_t len)
{
	static const char tag[] = "<Code>";
	const char *at = memmem(body, len, tag, sizeof(tag) - 1);
	char type[64] = "";
	size_t n;

	if (!at)
		return false;
	at += sizeof(tag) - 1;
	n = strnlen(at, (size_t)(body + len - at));
	str_format(type, sizeof(type), "%.*s", (int)(n < 60 ? n : 60), at);
	return says_throttling(type);
}

static bool body_says_throttling(const char *body, size_t len)
{
	while (len > 0 && is_blank(*body)) {
		body++;
		len--;
	}
	if (len == 0 || len > TYPE_BYTES)
		return false;
	return *body == '{' ? json_says_throttling(body, len)
			    : xml_says_throttling(body, len);
}

static enum err_code code_of(const struct http_refusal *r)
{
	switch (r->status) {
	case 400:
		return says_throttling(r->type) || body_says_throttling(r->body, r->len)
			       ? ERR_THROTTLE
			       : ERR_REMOTE;
	case 401:
		return ERR_AUTH;
	case 403:
		return r->slow_down ? ERR_THROTTLE : ERR_AUTH;
	case 404:
	case 410:
		return ERR_NOTFOUND;
	case 409:
		return ERR_CONFLICT;
	case 429:
		return ERR_THROTTLE;
	default:
		return ERR_REMOTE;
	}
}

static const char *words_of(int status, enum err_code code)
{
	if (code == ERR_THROTTLE)
		return "too many requests";
	switch (status) {
	case 400:
		return "bad request";
	case 401:
		return "not logged in, or a wrong password or token";
	case 403:
		return "not allowed";
	case 404:
		return "not found";
	case 409:
		return "conflict";
	case 410:
		return "gone";
	case 500:
		return "internal error there";
	case 502:
	case 503:
	case 504:
		return "not available at the moment";
	default:
		return status >= 500 ? "error there" : "refused";
	}
}

void http_error_status(struct err *e, const struct http_refusal *r)
{
	struct str message = STR_INIT_MAX(1024);

	if (r->status >= 300 && r->status < 400) {
		if (!*r->location)
			str_adds(&message, "nowhere");
		else if (!http_origin(r->location, &message, NULL))
			str_adds(&message, "another path of the same host");
		err_set(e, ERR_REMOTE,
			"HTTP %d from %s: a redirect to %s, which is not followed: "
			"correct the URL",
			r->status, r->origin, message.buf);
	} else {
		enum err_code code = code_of(r);

		http_error_message(&message, r->body, r->len);
		err_set(e, code, "HTTP %d from %s: %s%s%s", r->status, r->origin,
			words_of(r->status, code), message.len > 0 ? ": " : "",
			message.buf);
	}
	str_release(&message);
}
