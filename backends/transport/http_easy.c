/*
 * One HTTP call's libcurl handle: the request put into it. Every setting that must never be left to a default of
 * libcurl is in set_rules. The reply is taken out of it in http_answer.c.
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

#define CONNECT_MS 5000
#define TIMEOUT_MS 30000
#define BODY_BYTES ((size_t)16 << 20)

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

/* The headers of the caller. *typed: one of them names the body's type. */
static bool add_given(struct http_call *c, const struct http_request *rq, bool *typed)
{
	for (const struct http_header *h = rq->headers; h && h->name; h++) {
		bool type = !strcasecmp(h->name, "Content-Type");

		/* Nothing has no type: Kafka Connect answers 415. */
		if (type && !rq->body)
			continue;
		if (!add_header(c, h->name, h->value))
			return false;
		*typed = *typed || type;
		c->ranged = c->ranged || !strcasecmp(h->name, "Range");
	}
	return true;
}

static bool add_headers(struct http_call *c, const struct http_request *rq)
{
	bool typed = false;

	if (!add_given(c, rq, &typed))
		return false;
	if (rq->body && !typed && !add_header(c, "Content-Type", "application/json"))
		return false;
	if (rq->aws_token && !add_header(c, "X-Amz-Security-Token", rq->aws_token))
		return false;
	if (!rq->aws_region) {
		/* Else libcurl waits a second for "100 Continue" before it sends a large body, and names a type of its
		 * own for an empty POST. It would also sign these headers without sending them. */
		c->headers = curl_slist_append(c->headers, "Expect:");
		if (!rq->body)
			c->headers = curl_slist_append(c->headers, "Content-Type:");
	}
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
		c->bodiless = true;
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
	if (rq->client_cert)
		curl_easy_setopt(easy, CURLOPT_SSLCERT, rq->client_cert);
	if (rq->client_key)
		curl_easy_setopt(easy, CURLOPT_SSLKEY, rq->client_key);
	curl_easy_setopt(easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(easy, CURLOPT_REDIR_PROTOCOLS_STR, "https");
	curl_easy_setopt(easy, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED);
	/* What is sent to a proxy, and what it answers, is no part of the request and its reply. */
	curl_easy_setopt(easy, CURLOPT_HEADEROPT, (long)CURLHEADER_SEPARATE);
	curl_easy_setopt(easy, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
	curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
	/* A resolver thread that hangs is not joined. */
	curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
	curl_easy_setopt(easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	/* Asked for, and unpacked by http_unpack.c. */
	curl_easy_setopt(easy, CURLOPT_ACCEPT_ENCODING, "gzip");
	curl_easy_setopt(easy, CURLOPT_HTTP_CONTENT_DECODING, 0L);
	curl_easy_setopt(easy, CURLOPT_MAXLIFETIME_CONN, 600L);
	curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
	curl_easy_setopt(easy, CURLOPT_CONNECTTIMEOUT_MS, (long)c->connect_ms);
	curl_easy_setopt(easy, CURLOPT_USERAGENT, "watchdesk/" WD_VERSION);
	curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, http_on_body);
	curl_easy_setopt(easy, CURLOPT_WRITEDATA, c);
	curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, http_on_header);
	curl_easy_setopt(easy, CURLOPT_HEADERDATA, c);
	curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, c->detail);
	curl_easy_setopt(easy, CURLOPT_PRIVATE, c);
}

static void set_proxy(
	struct http_call *c, const struct http_request *rq, const struct http_url *u)
{
	struct http_proxy proxy;

	http_proxy_for(u, rq->proxy, &proxy);
	c->proxy_from = proxy.from;
	/* "": not even that of the environment, which libcurl reads in its own way. */
	curl_easy_setopt(c->easy, CURLOPT_PROXY, proxy.url);
	curl_easy_setopt(c->easy, CURLOPT_NOPROXY, proxy.none_for);
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
	if (!set_url(c, rq, &u))
		return false;
	set_proxy(c, rq, &u);
	return set_method(c, rq) && add_headers(c, rq) && set_login(c, rq, &u);
}

void http_easy_close(struct http_call *c)
{
	curl_easy_cleanup(c->easy);
	http_unpack_free(c->unpack);
	for (struct curl_slist *h = c->headers; h; h = h->next)
		explicit_bzero(h->data, strlen(h->data));
	curl_slist_free_all(c->headers);
	if (c->sent_body)
		explicit_bzero(c->sent_body, c->sent_len);
	free(c->sent_body);
	free(c->type);
	free(c->link);
	str_release(&c->origin);
	budget_text_drop(c->body.len);
	str_wipe(&c->body);
}
