/*
 * What comes back on one HTTP call's libcurl handle: header and body as they arrive, and in the end what they are: whole,
 * cut, refused.
 */
#include "backends/transport/http_call.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/base/budget.h"
#include "backends/base/mem.h"
#include "backends/transport/http_private.h"
#include "backends/transport/http_unpack.h"

#define BODY_EXPECT (1 << 20)
#define HEADER_BYTES ((size_t)256 << 10)
#define PIECE_BYTES \
	((size_t)4 << 20) /* what a piece of libcurl's may unpack to beyond the budget */
#define RETRY_MIN_MS 1000
#define RETRY_MAX_MS (5LL * 60 * 1000)

/* ---- the reply --------------------------------------------------------------------------------- */

static int call_status(const struct http_call *c)
{
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_RESPONSE_CODE, &status);
	return (int)status;
}

/* Memory for the whole body at once. Only so much on the word of a server, which may announce what never comes. */
static void expect_body(struct http_call *c)
{
	curl_off_t len = -1;

	if (curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len) ==
			CURLE_OK &&
		len > 0)
		str_expect(&c->body, len < BODY_EXPECT ? (size_t)len : BODY_EXPECT);
}

/* Takes bytes of the body, unpacked. */
static bool take_body(void *arg, const char *bytes, size_t len)
{
	struct http_call *c = arg;
	bool go_on = true;

	if (len > c->max_bytes - c->got) {
		c->stop = HTTP_STOP_BODY;
		return false;
	}
	if (c->got == 0 && !c->on_data)
		expect_body(c);
	c->got += len;
	/* Little that unpacks to much passes the budget within one piece of libcurl's. */
	if (c->unpack && budget_text_used() > BUDGET_TEXT_BYTES + PIECE_BYTES &&
		!http_has_room(c)) {
		c->stop = HTTP_STOP_ROOM;
		return false;
	}
	/* The body of an error is kept for its message, never taken for data. */
	if (c->on_data && call_status(c) / 100 == 2) {
		c->in_callback = true;
		go_on = c->on_data(c->arg, bytes, len);
		c->in_callback = false;
	} else if (!str_add(&c->body, bytes, len)) {
		c->stop = HTTP_STOP_BODY;
		return false;
	} else {
		budget_text_add(len);
	}
	if (c->cancelled || !go_on) {
		c->stop = HTTP_STOP_CALLER;
		return false;
	}
	return true;
}

static bool is_packed(const struct http_reply *r)
{
	const char *packed = http_header(r, "Content-Encoding");

	return *packed && strcasecmp(packed, "identity") != 0;
}

/* How the body is packed. False: in a way that we cannot undo. */
static bool begin_body(struct http_call *c)
{
	const char *packed;

	c->body_begun = true;
	if (!is_packed(&c->reply))
		return true;
	packed = http_header(&c->reply, "Content-Encoding");
	if (strcasecmp(packed, "gzip") != 0 && strcasecmp(packed, "x-gzip") != 0) {
		c->stop = HTTP_STOP_PACKED;
		return false;
	}
	c->unpack = http_unpack_new();
	return true;
}

size_t http_on_body(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_call *c = arg;
	bool ok;

	(void)one; /* always 1 */
	if (!http_has_room(c)) {
		http_wait_room(c);
		return CURL_WRITEFUNC_PAUSE;
	}
	if (!c->body_begun && !begin_body(c))
		return CURL_WRITEFUNC_ERROR;
	ok = c->unpack ? http_unpack_add(c->unpack, bytes, len, take_body, c)
		       : take_body(c, bytes, len);
	if (!ok && c->stop == HTTP_GOES_ON)
		c->stop = HTTP_STOP_BROKEN;
	return ok ? len : CURL_WRITEFUNC_ERROR;
}

size_t http_on_header(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_call *c = arg;

	(void)one;
	/* What comes after the blank line is another header (of "100 Continue" before) or the trailers of chunks. */
	if (len >= 5 && !memcmp(bytes, "HTTP/", 5))
		c->header_end = false;
	else if (len > 0 && (bytes[0] == '\n' || (bytes[0] == '\r' && len == 2)))
		c->header_end = true;
	c->header_got += len;
	if (c->header_got > HEADER_BYTES) {
		c->stop = HTTP_STOP_HEADER;
		return 0;
	}
	return len;
}

const char *http_header_at(const struct http_reply *reply, const char *name, size_t at)
{
	const struct http_call *c = (const struct http_call *)(const void *)reply;
	struct curl_header *found;

	if (!c->easy || curl_easy_header(c->easy, name, at, CURLH_HEADER, -1, &found) !=
				CURLHE_OK)
		return NULL;
	/* libcurl 7.88 takes the line's end for the value of an empty header. */
	return *found->value == '\r' ? "" : found->value;
}

const char *http_header(const struct http_reply *reply, const char *name)
{
	const char *value;

	for (size_t i = 0; (value = http_header_at(reply, name, i)); i++)
		if (*value)
			return value;
	return "";
}

void http_take_body(const struct http_reply *reply, struct str *out)
{
	struct http_call *c = (struct http_call *)(uintptr_t)reply;

	str_release(out);
	*out = c->body;
	str_init(&c->body, 1);
	c->reply.body = "";
	c->reply.len = 0;
}

/* malloc'ed. A list that comes in several lines means the same as one line with commas (RFC 9110, 5.3). */
static char *header_joined(const struct http_reply *reply, const char *name)
{
	struct str all = STR_INIT_MAX(HEADER_BYTES + 1);
	const char *value;

	for (size_t i = 0; (value = http_header_at(reply, name, i)); i++)
		if (*value)
			str_addf(&all, "%s%s", all.len > 0 ? ", " : "", value);
	return str_take(&all);
}

static int64_t wait_clamped(long long seconds)
{
	if (seconds <= RETRY_MIN_MS / 1000)
		return RETRY_MIN_MS;
	return seconds >= RETRY_MAX_MS / 1000 ? RETRY_MAX_MS : seconds * 1000;
}

/* Any number may come: a difference to one that is far away would not be one any more. */
static int64_t wait_until(long long epoch)
{
	return epoch <= 0 ? RETRY_MIN_MS
			  : wait_clamped(epoch - clock_now() / USEC_PER_SEC);
}

static bool exhausted(const struct http_reply *reply)
{
	return !strcmp(http_header(reply, "x-ratelimit-remaining"), "0");
}

/* Seconds or a date. 7.88's own reading can be negative or 0 by overflow, hence ours. */
static int64_t retry_after(const struct http_call *c)
{
	const char *text = http_header(&c->reply, "Retry-After");
	long long seconds;

	if (!*text && exhausted(&c->reply) &&
		str_to_int(http_header(&c->reply, "x-ratelimit-reset"), &seconds))
		return wait_until(seconds);
	if (!*text)
		return 0;
	if (!str_to_int(text, &seconds)) {
		time_t when;

		if (strspn(text, "0123456789") == strlen(text))
			return RETRY_MAX_MS; /* digits beyond 64 bits */
		when = curl_getdate(text, NULL);
		if (when == -1)
			return 0;
		return wait_until((long long)when);
	}
	return wait_clamped(seconds);
}

static void error_of_stop(struct http_call *c)
{
	struct err *e = &c->reply.err;

	switch (c->stop) {
	case HTTP_GOES_ON:
		return;
	case HTTP_STOP_BODY:
		err_set(e, ERR_LIMIT, "the reply of %s is larger than %zu bytes",
			c->origin.buf, c->max_bytes);
		return;
	case HTTP_STOP_HEADER:
		err_set(e, ERR_LIMIT,
			"the header of the reply of %s is larger than %zu bytes",
			c->origin.buf, HEADER_BYTES);
		return;
	case HTTP_STOP_CALLER:
		err_set(e, ERR_LIMIT, "the reply of %s was ended by its reader",
			c->origin.buf);
		return;
	case HTTP_STOP_ROOM:
		err_set(e, ERR_LIMIT,
			"no memory for the reply of %s beside the other large ones: ask "
			"for less at once (page: size)",
			c->origin.buf);
		return;
	case HTTP_STOP_PACKED:
		err_set(e, ERR_PARSE,
			"the reply of %s is packed as \"%.40s\", which was not asked for",
			c->origin.buf, http_header(&c->reply, "Content-Encoding"));
		return;
	case HTTP_STOP_BROKEN:
		err_set(e, ERR_PARSE, "the reply of %s says that it is gzip, and is not",
			c->origin.buf);
		return;
	}
}

static bool is_tls(CURLcode rc)
{
	return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR ||
	       rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_SSL_ISSUER_ERROR ||
	       rc == CURLE_SSL_CERTPROBLEM || rc == CURLE_SSL_CIPHER;
}

/* Asked for a way to the host, the proxy has answered no: nothing has reached the host. */
static bool proxy_refused(struct http_call *c)
{
	long status = 0;

	curl_easy_getinfo(c->easy, CURLINFO_HTTP_CONNECTCODE, &status);
	if (!c->proxy_from || status < 300)
		return false;
	c->reply.sent = false;
	err_set(&c->reply.err, ERR_NET,
		"the proxy (%s) refuses a connection to %s: HTTP %ld%s", c->proxy_from,
		c->origin.buf, status, status == 407 ? ", it wants a login" : "");
	return true;
}

static void error_of_curl(struct http_call *c, CURLcode rc)
{
	struct err *e = &c->reply.err;
	const char *words = *c->detail ? c->detail : curl_easy_strerror(rc);

	if (proxy_refused(c))
		return;
	if (rc == CURLE_OPERATION_TIMEDOUT)
		err_set(e, ERR_TIMEOUT, "no connection to %s within %lld ms",
			c->origin.buf, (long long)c->connect_ms);
	else if (is_tls(rc))
		err_set(e, ERR_NET, "no trusted connection to %s: %s", c->origin.buf,
			words);
	else if (rc == CURLE_PARTIAL_FILE || rc == CURLE_RECV_ERROR ||
		 rc == CURLE_GOT_NOTHING)
		err_set(e, ERR_NET,
			"the connection to %s was lost before the reply was complete: %s",
			c->origin.buf, words);
	else if (c->reply.sent)
		err_set(e, ERR_NET, "what %s sent is no whole HTTP reply: %s",
			c->origin.buf, words);
	else
		err_set(e, ERR_NET, "cannot reach %s%s%s%s: %s", c->origin.buf,
			c->proxy_from ? " through the proxy (" : "",
			c->proxy_from ? c->proxy_from : "", c->proxy_from ? ")" : "",
			words);
}

/* ---- the end of the reply ---------------------------------------------------------------------- */

static bool is_chunked(const struct http_reply *r)
{
	const char *value;
	bool chunked = false;

	for (size_t i = 0; (value = http_header_at(r, "Transfer-Encoding", i)); i++) {
		size_t len = strlen(value);

		chunked = len >= 7 && !strcasecmp(value + len - 7, "chunked");
	}
	return chunked;
}

/* Is there something in the reply by which its end is known? libcurl has held it to that. */
static bool end_is_told(const struct http_call *c)
{
	curl_off_t len = -1;

	if (c->bodiless || c->reply.status == 204 || c->reply.status == 304)
		return true;
	if (is_chunked(&c->reply))
		return true;
	curl_easy_getinfo(c->easy, CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &len);
	return len >= 0;
}

/* Two lengths: one of them is the end of another reply, and nobody knows which. */
static bool lengths_agree(const struct http_reply *r)
{
	char first[32] = "";
	const char *value;

	for (size_t i = 0; (value = http_header_at(r, "Content-Length", i)); i++) {
		if (i == 0)
			str_copy(first, sizeof(first), value);
		else if (strcmp(first, value) != 0)
			return false;
	}
	return true;
}

/* libcurl says that all is well; it says so, too, of a reply that ends within its header or within gzip. */
static void judge_end(struct http_call *c)
{
	struct http_reply *r = &c->reply;
	struct err *e = &r->err;

	if (!r->status) {
		err_set(e, ERR_NET,
			"the connection to %s was lost within the header of the reply",
			c->origin.buf);
	} else if (c->unpack ? !http_unpack_whole(c->unpack)
			     : is_packed(r) && !end_is_told(c)) {
		err_set(e, ERR_NET,
			"the connection to %s was lost before the reply was complete: "
			"the end of gzip is missing",
			c->origin.buf);
	} else if (!lengths_agree(r)) {
		err_set(e, ERR_NET, "the reply of %s names two lengths", c->origin.buf);
	} else {
		r->whole = end_is_told(c) || c->unpack;
		r->open_end = !r->whole;
	}
	if (e->code == ERR_NONE && r->status == 206 && !c->ranged) {
		r->whole = r->open_end = false;
		err_set(e, ERR_REMOTE,
			"HTTP 206 from %s: a part of the reply, which was not asked for",
			c->origin.buf);
	}
}

static void judge_status(struct http_call *c)
{
	struct http_reply *r = &c->reply;
	struct http_refusal refusal = {.status = r->status,
		.origin = c->origin.buf,
		.body = c->body.buf,
		.len = c->body.len};
	char *type;

	if (r->status / 100 == 2)
		return;
	type = xstrdup(http_header(r, "x-amzn-ErrorType"));
	refusal.type = type;
	refusal.slow_down = *http_header(r, "Retry-After") || exhausted(r);
	refusal.location =
		http_header(r, "Location"); /* last: each look reuses one struct */
	http_error_status(&r->err, &refusal);
	free(type);
}

/* What was learned about the transfer, while the handle is still there. */
static void fill_reply(struct http_call *c)
{
	struct http_reply *r = &c->reply;
	long request = 0;
	curl_off_t upload = 0;

	curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &request);
	curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &upload);
	r->status = c->header_end ? call_status(c) : 0;
	if (r->status < 200)
		r->status = 0; /* "100 Continue" is no answer */
	r->sent = request > 0 || upload > 0 || r->status > 0;
	r->took_ms = clock_mono_ms() - c->started;
	/* Copied, since each look-up of libcurl's reuses one struct. */
	c->type = xstrdup(http_header(r, "Content-Type"));
	c->link = header_joined(r, "Link");
	r->type = c->type;
	r->link = c->link;
	r->body = c->body.buf;
	r->len = c->body.len;
}

void http_easy_finish(struct http_call *c, int rc)
{
	struct err *e = &c->reply.err;

	fill_reply(c);
	if (e->code != ERR_NONE)
		return;
	if (c->stop != HTTP_GOES_ON)
		error_of_stop(c);
	else if (rc != CURLE_OK)
		error_of_curl(c, (CURLcode)rc);
	else
		judge_end(c);
	if (e->code == ERR_NONE)
		judge_status(c);
	if (e->code == ERR_THROTTLE || c->reply.status == 503)
		c->reply.retry_after_ms = retry_after(c);
}
