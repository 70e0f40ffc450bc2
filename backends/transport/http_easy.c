/*
 * One HTTP call's libcurl handle: the request put into it, the reply taken out of it. Every setting that must never
 * be left to a default of libcurl is in easy_open.
 */
#include "backends/transport/http_call.h"

#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "backends/base/mem.h"
#include "backends/transport/http_private.h"

#define CONNECT_MS 5000
#define TIMEOUT_MS 30000
#define BODY_BYTES ((size_t)16 << 20)
#define BODY_EXPECT (1 << 20)
#define HEADER_BYTES ((size_t)256 << 10)
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

static size_t on_body(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_call *c = arg;
	bool go_on = true;

	(void)one; /* always 1 */
	if (len > c->max_bytes - c->got) {
		c->stop = HTTP_STOP_BODY;
		return CURL_WRITEFUNC_ERROR;
	}
	if (c->got == 0 && !c->on_data)
		expect_body(c);
	c->got += len;
	/* The body of an error is kept for its message, never taken for data. */
	if (c->on_data && call_status(c) / 100 == 2) {
		c->in_callback = true;
		go_on = c->on_data(c->arg, bytes, len);
		c->in_callback = false;
	} else if (!str_add(&c->body, bytes, len)) {
		c->stop = HTTP_STOP_BODY;
		return CURL_WRITEFUNC_ERROR;
	}
	if (c->cancelled || !go_on) {
		c->stop = HTTP_STOP_CALLER;
		return CURL_WRITEFUNC_ERROR;
	}
	return len;
}

static size_t on_header(char *bytes, size_t one, size_t len, void *arg)
{
	struct http_call *c = arg;

	(void)bytes;
	(void)one;
	c->header_got += len;
	if (c->header_got > HEADER_BYTES) {
		c->stop = HTTP_STOP_HEADER;
		return 0;
	}
	return len;
}

const char *http_header(const struct http_reply *reply, const char *name)
{
	const struct http_call *c = (const struct http_call *)(const void *)reply;
	struct curl_header *found;

	if (!c->easy ||
		curl_easy_header(c->easy, name, 0, CURLH_HEADER, -1, &found) != CURLHE_OK)
		return "";
	return found->value;
}

/* Seconds or a date. 7.88's own reading can be negative or 0 by overflow, hence ours. */
static int64_t retry_after(const struct http_call *c)
{
	const char *text = http_header(&c->reply, "Retry-After");
	long long seconds;

	if ((c->reply.status != 429 && c->reply.status != 503) || !*text)
		return 0;
	if (!str_to_int(text, &seconds)) {
		time_t when;

		if (strspn(text, "0123456789") == strlen(text))
			return RETRY_MAX_MS; /* digits beyond 64 bits */
		when = curl_getdate(text, NULL);
		if (when == -1)
			return 0;
		seconds = (long long)when - clock_now() / USEC_PER_SEC;
	}
	if (seconds <= RETRY_MIN_MS / 1000)
		return RETRY_MIN_MS;
	return seconds >= RETRY_MAX_MS / 1000 ? RETRY_MAX_MS : seconds * 1000;
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
	}
}

static bool is_tls(CURLcode rc)
{
	return rc == CURLE_PEER_FAILED_VERIFICATION || rc == CURLE_SSL_CONNECT_ERROR ||
	       rc == CURLE_SSL_CACERT_BADFILE || rc == CURLE_SSL_ISSUER_ERROR ||
	       rc == CURLE_SSL_CERTPROBLEM || rc == CURLE_SSL_CIPHER;
}

static void error_of_curl(struct http_call *c, CURLcode rc)
{
	struct err *e = &c->reply.err;
	const char *words = *c->detail ? c->detail : curl_easy_strerror(rc);

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
	else
		err_set(e, ERR_NET, "cannot reach %s: %s", c->origin.buf, words);
}

/* What was learned about the transfer, while the handle is still there. */
static void fill_reply(struct http_call *c)
{
	struct http_reply *r = &c->reply;
	long request = 0;
	curl_off_t upload = 0;

	curl_easy_getinfo(c->easy, CURLINFO_REQUEST_SIZE, &request);
	curl_easy_getinfo(c->easy, CURLINFO_SIZE_UPLOAD_T, &upload);
	r->status = call_status(c);
	r->sent = request > 0 || upload > 0 || r->status > 0;
	r->took_ms = clock_mono_ms() - c->started;
	/* Copied, since each look-up of libcurl's reuses one struct. */
	c->type = xstrdup(http_header(r, "Content-Type"));
	c->link = xstrdup(http_header(r, "Link"));
	r->type = c->type;
	r->link = c->link;
	r->body = c->body.buf;
	r->len = c->body.len;
	r->retry_after_ms = retry_after(c);
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
	else if (c->reply.status / 100 != 2)
		http_error_status(e, c->reply.status, c->origin.buf,
			http_header(&c->reply, "Location"), c->body.buf, c->body.len);
}

/* ---- the request ------------------------------------------------------------------------------- */

static bool add_header(struct http_call *c, const char *name, const char *value)
{
	char *line;

	if (!http_header_valid(name, value))
		return err_set(&c->reply.err, ERR_CONFIG,
			"the header \"%s\" cannot be sent: a line break or control "
			"character is in it",
			name);
	/* "Name;" is libcurl's way to send an empty value; "Name:" would remove the header. */
	line = *value ? xasprintf("%s: %s", name, value) : xasprintf("%s;", name);
	c->headers = curl_slist_append(c->headers, line);
	explicit_bzero(line, strlen(line));
	free(line);
	return true;
}

static bool add_headers(struct http_call *c, const struct http_request *rq)
{
	bool typed = false;

	for (const struct http_header *h = rq->headers; h && h->name; h++) {
		if (!add_header(c, h->name, h->value))
			return false;
		if (!strcasecmp(h->name, "Content-Type"))
			typed = true;
	}
	if (rq->body && !typed && !add_header(c, "Content-Type", "application/json"))
		return false;
	if (rq->aws_token && !add_header(c, "X-Amz-Security-Token", rq->aws_token))
		return false;
	/* Else libcurl waits a second for "100 Continue" before it sends a large body. It would also
	 * sign this header without sending it. */
	if (!rq->aws_region)
		c->headers = curl_slist_append(c->headers, "Expect:");
	curl_easy_setopt(c->easy, CURLOPT_HTTPHEADER, c->headers);
	return true;
}

static bool aws_word(const char *s)
{
	size_t len = strlen(s);

	return len > 0 && len <= 64 &&
	       strspn(s, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static bool set_login(
	struct http_call *c, const struct http_request *rq, const struct http_url *u)
{
	bool aws = rq->aws_region || rq->aws_service;

	if (!rq->user && !aws)
		return true;
	if (aws) {
		char provider[160];

		if (!rq->user || !rq->password)
			return err_set(&c->reply.err, ERR_CONFIG,
				"signing for AWS needs an access key and a secret key");
		if (!rq->aws_region || !rq->aws_service || !aws_word(rq->aws_region) ||
			!aws_word(rq->aws_service))
			return err_set(&c->reply.err, ERR_CONFIG,
				"signing for AWS needs a region and a service, like "
				"\"us-east-1\" and \"ce\"");
		if (!http_url_signable(u, &c->reply.err))
			return false;
		str_format(provider, sizeof(provider), "aws:amz:%s:%s", rq->aws_region,
			rq->aws_service);
		curl_easy_setopt(c->easy, CURLOPT_AWS_SIGV4, provider);
	} else {
		curl_easy_setopt(c->easy, CURLOPT_HTTPAUTH, (long)CURLAUTH_BASIC);
	}
	curl_easy_setopt(c->easy, CURLOPT_USERNAME, rq->user);
	curl_easy_setopt(c->easy, CURLOPT_PASSWORD, rq->password ? rq->password : "");
	return true;
}

static bool set_url(
	struct http_call *c, const struct http_request *rq, struct http_url *u)
{
	struct err *e = &c->reply.err;
	bool plain;

	if (!rq->url)
		return err_set(e, ERR_CONFIG, "a request without a URL");
	if (!http_url_parse(rq->url, u, e))
		return false;
	str_adds(&c->origin, u->https ? "https://" : "http://");
	str_add(&c->origin, u->authority, u->authority_len);
	if (u->userinfo)
		return err_set(e, ERR_CONFIG,
			"the URL of %s holds a user name: name it under its own key, and "
			"the password as a secret",
			c->origin.buf);
	plain = rq->plain_http || http_url_loopback(u);
	if (!u->https && !plain)
		return err_set(e, ERR_CONFIG,
			"%s is not encrypted: use https, or allow it for this source "
			"with plain_http: true",
			c->origin.buf);
	curl_easy_setopt(c->easy, CURLOPT_URL, rq->url);
	curl_easy_setopt(c->easy, CURLOPT_PROTOCOLS_STR, plain ? "https,http" : "https");
	return true;
}

static bool set_method(struct http_call *c, const struct http_request *rq)
{
	const char *method = rq->method ? rq->method : "GET";
	bool get = !strcmp(method, "GET"), head = !strcmp(method, "HEAD");

	if (!http_method_valid(method))
		return err_set(&c->reply.err, ERR_CONFIG, "\"%s\" is not an HTTP method",
			method);
	if (rq->body || !strcmp(method, "POST") || !strcmp(method, "PUT") ||
		!strcmp(method, "PATCH")) {
		c->sent_len = rq->body ? rq->body_len : 0;
		c->sent_body = xstrndup("", 0);
		if (c->sent_len > 0) {
			free(c->sent_body);
			c->sent_body = xmalloc(c->sent_len);
			memcpy(c->sent_body, rq->body, c->sent_len);
		}
		curl_easy_setopt(
			c->easy, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)c->sent_len);
		curl_easy_setopt(c->easy, CURLOPT_POSTFIELDS, c->sent_body);
		curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
	} else if (head) {
		curl_easy_setopt(c->easy, CURLOPT_NOBODY, 1L);
	} else if (!get) {
		curl_easy_setopt(c->easy, CURLOPT_CUSTOMREQUEST, method);
	}
	/* On a kept connection that the server has just closed, libcurl sends the request a second time by
	 * itself, whatever the method. What may change something gets a connection of its own. */
	if (!get && !head)
		curl_easy_setopt(c->easy, CURLOPT_FRESH_CONNECT, 1L);
	return true;
}

static void set_rules(struct http_call *c, const struct http_request *rq)
{
	CURL *easy = c->easy;

	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 1L);
	curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 2L);
	curl_easy_setopt(easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
	if (rq->ca_file)
		curl_easy_setopt(easy, CURLOPT_CAINFO, rq->ca_file);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* "": not even that of the environment. */
	curl_easy_setopt(easy, CURLOPT_PROXY, rq->proxy ? rq->proxy : "");
	curl_easy_setopt(easy, CURLOPT_NOPROXY, "");
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A resolver thread that hangs is not joined. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "");
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, 600L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "watchdesk/" WD_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, c->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, c);
}

bool http_easy_open(struct http_call *c, const struct http_request *rq)
{
	struct http_url u;

	c->easy = curl_easy_init();
	if (!c->easy)
		return err_set(&c->reply.err, ERR_IO, "libcurl has no handle left");
	c->connect_ms = rq->connect_ms > 0 ? rq->connect_ms : CONNECT_MS;
	c->timeout_ms = rq->timeout_ms > 0 ? rq->timeout_ms : TIMEOUT_MS;
	c->max_bytes = rq->max_bytes > 0 ? rq->max_bytes : BODY_BYTES;
	str_init(&c->body, c->max_bytes + 1);
	set_rules(c, rq);
	return set_url(c, rq, &u) && set_method(c, rq) && add_headers(c, rq) &&
	       set_login(c, rq, &u);
}

void http_easy_close(struct http_call *c)
{
	curl_easy_cleanup(c->easy);
	for (struct curl_slist *h = c->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(c->headers);
	if (c->sent_body)
		explicit_bzero(c->sent_body, c->sent_len);
	free(c->sent_body);
	free(c->type);
	free(c->link);
	str_release(&c->origin);
	str_wipe(&c->body);
}
