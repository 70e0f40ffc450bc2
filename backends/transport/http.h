#ifndef TRANSPORT_HTTP_H
#define TRANSPORT_HTTP_H

#include "backends/base/loop.h"
#include "backends/base/str.h"

/*
 * HTTP over libcurl's multi interface (socket_action), driven by the loop. Only http*.c know libcurl.
 * Settings that are never negotiable: peer and host verification on, redirects off (a 3xx is an error that names the
 * Location's host), https only except to a loopback address or when the source says `plain_http: true`, no netrc, no
 * signals, quick exit from DNS, connections live at most 10 minutes, at most 4 per host, HTTP/1.1. A proxy of the
 * environment is used, as users expect it of every program; our own children never get its address. libcurl resolves names in a thread of its own and tries the addresses of a host in turn (one that is silent
 * gets half of the time), as tries.h does for the others.
 *
 * Bodies count in the budget of the process (budget.h) while they are held. When there is no room for more text, all but the
 * oldest large reply wait, and at last that one too, until something has come free.
 */
struct http;
struct http_call;

struct http *http_new(struct loop *l, struct err *e) MUST_USE;
void http_free(struct http *h); /* cancels what is under way, without callbacks */

/* A value with CR, LF or NUL is refused, and the request with it. */
struct http_header {
	const char *name, *value;
};

struct http_request {
	const char *method;                /* "GET", "POST", ... */
	const char *url;                   /* complete, encoded */
	const struct http_header *headers; /* closed by a NULL name; or NULL */
	const char *body; /* NULL: none, and then no Content-Type is sent */
	size_t body_len;
	int64_t connect_ms; /* 0: 5 000 */
	int64_t timeout_ms; /* whole call, 0: 30 000 */
	size_t max_bytes;   /* of the decoded body, counted as it arrives; 0: 16 MiB */
	const char *user, *password; /* HTTP basic; NULL: none */
	/* Both set: SigV4 with user = access key, password = secret key. libcurl 7.88 signs the path and the query as
	 * written, so a query that is not sorted and a path with escapes are refused. */
	const char *aws_region, *aws_service;
	const char *aws_token; /* session token header, signed */
	const char *ca_file;   /* NULL: the system's */
	/* PEM files of a certificate that shows who we are, and its key; NULL: none. The key may stand in the first one. */
	const char *client_cert, *client_key;
	/* NULL or "": that of the environment (https_proxy, HTTPS_PROXY, http_proxy, all_proxy, ALL_PROXY, but for no_proxy,
	 * NO_PROXY and loopback addresses); "none": none. */
	const char *proxy;
	bool plain_http; /* allow http:// to other hosts than loopback */
	/* Optional: body bytes as they arrive (then `body` of the reply stays empty). False ends the call with ERR_LIMIT. */
	bool (*on_data)(void *arg, const char *bytes, size_t len);
};

struct http_reply {
	int status;       /* 0: no answer, or none whose header came whole */
	const char *body; /* NUL-terminated, may hold NULs; valid during the callback */
	size_t len;
	const char *type; /* Content-Type or "" */
	const char *link; /* all Link headers, joined by ", "; or "" */
	/* Of ERR_THROTTLE and 503: from Retry-After (GitHub: x-ratelimit-reset), clamped to 1 s .. 5 min; 0: none. */
	int64_t retry_after_ms;
	bool sent; /* any byte of the request left us? false: a retry cannot repeat anything */
	/*
	 * The reply was seen to its end, whatever its status: the blank line of its header, its announced length or last
	 * chunk, the trailer of gzip. A body that only the closed connection ends may be cut anywhere: `open_end`, and not
	 * whole. It is handed on, and proves nothing. What is neither was cut: ERR_NET, ERR_TIMEOUT or ERR_LIMIT.
	 */
	bool whole, open_end;
	int64_t took_ms;
	/*
	 * ERR_NONE for 2xx; else by class: 401/403 ERR_AUTH, 404/410 ERR_NOTFOUND, 409 ERR_CONFLICT, 429 ERR_THROTTLE (so
	 * are 403 with Retry-After or x-ratelimit-remaining: 0, as of GitHub, and 400 with a type of AWS that says so),
	 * 3xx/other 4xx/5xx ERR_REMOTE, DNS/connect/TLS/reset/cut ERR_NET, deadline ERR_TIMEOUT, too large ERR_LIMIT. A 206
	 * is ERR_REMOTE unless the request has a Range header.
	 * The words hold status, host and the far side's own message (http_error_message), made safe, at most 200 bytes.
	 */
	struct err err;
};
typedef void http_fn(void *arg, const struct http_reply *reply);

/* The request is copied. fn is called once, later, never from within this call. */
struct http_call *http_send(
	struct http *h, const struct http_request *rq, http_fn *fn, void *arg);
/* No callback after this. NULL is fine. */
void http_cancel(struct http *h, struct http_call *c);

/* A header of a reply, by name, case-insensitive: only within the callback. A header may come several times: the first
 * one that holds something; "" when absent. */
const char *http_header(const struct http_reply *reply, const char *name);
/* All of them in their order: `at` counts from 0, NULL ends. Valid until the next look at a header. */
const char *http_header_at(const struct http_reply *reply, const char *name, size_t at);
/* Takes the body away from a reply, within its callback, without a copy: budget_text_drop is the new owner's to call. */
void http_take_body(const struct http_reply *reply, struct str *out);

/* Percent-encodes one query or form part (RFC 3986 unreserved stay). */
void http_encode(struct str *out, const char *bytes, size_t len);
/* scheme://host[:port] of a URL, without userinfo; false when it is not http(s) or malformed. */
bool http_origin(const char *url, struct str *out, struct err *e) MUST_USE;

#endif
