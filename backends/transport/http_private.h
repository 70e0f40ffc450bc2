#ifndef TRANSPORT_HTTP_PRIVATE_H
#define TRANSPORT_HTTP_PRIVATE_H

#include "backends/base/str.h"

/* What http.c shares with its parts that need no libcurl: URLs (http_url.c) and words for failures (http_error.c). */

/* The parts of a URL, pointing into it. */
struct http_url {
	bool https;
	bool userinfo;    /* "user@" stands before the host */
	const char *host; /* without the brackets of an IPv6 address */
	size_t host_len;
	const char *authority; /* host[:port] as written, brackets included */
	size_t authority_len;
	const char *path; /* from "/" on; may be empty */
	size_t path_len;
	const char *query; /* after "?"; may be empty */
	size_t query_len;
};

/* Strict on purpose: what it takes, libcurl reads the same way. Only http and https; printable ASCII
 * without blank and backslash; a host of letters, digits, ".", "-", "_" or an IPv6 address in brackets. */
bool http_url_parse(const char *url, struct http_url *u, struct err *e) MUST_USE;

/* "localhost", 127.0.0.0/8 in four decimal parts, ::1. */
bool http_url_loopback(const struct http_url *u);

struct http_proxy {
	const char *url; /* "": none */
	const char *
		none_for; /* hosts that are reached without it, as no_proxy names them; "" */
	const char *from; /* the name under which it was found, for messages */
};
/* `given`: the caller's, "none", or NULL and "" for that of the environment, which is read at every request and not used for
 * loopback addresses. */
void http_proxy_for(const struct http_url *u, const char *given, struct http_proxy *out);

/* Can libcurl 7.88 sign this URL for AWS? It signs the path and the query as written, so they have to
 * be canonical already: no escapes in the path, parameters sorted, each with "=", escapes in upper case. */
bool http_url_signable(const struct http_url *u, struct err *e) MUST_USE;

/* A method is 1..16 capital letters; a header name is a token; a header value holds no control
 * character but TAB. */
bool http_method_valid(const char *method);
bool http_header_valid(const char *name, const char *value);

/* An answer that is not 2xx. */
struct http_refusal {
	int status;
	const char *origin, *location; /* location: of a redirect, "" */
	const char *type;              /* of the error, from a header of AWS; "" */
	bool slow_down; /* its header tells when to ask again, or that nothing is left until then */
	const char *body;
	size_t len;
};
/* Words for it: class by status (and by what says that it is throttling), the host, and the far side's own message. */
void http_error_status(struct err *e, const struct http_refusal *r);

/* The far side's own message out of an error body: JSON's detail, message, error, errors, title and the like,
 * the title of an HTML page, or the first line of text. Made safe, at most 200 bytes; may stay empty. */
void http_error_message(struct str *out, const char *body, size_t len);

#endif
