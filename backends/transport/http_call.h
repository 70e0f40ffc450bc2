#ifndef TRANSPORT_HTTP_CALL_H
#define TRANSPORT_HTTP_CALL_H

#include "backends/transport/http.h"

/* One call, shared by http.c (life, loop), http_easy.c (the request) and http_answer.c (the reply). `easy` is a CURL *. */

enum http_stop {
	HTTP_GOES_ON,
	HTTP_STOP_BODY,
	HTTP_STOP_HEADER,
	HTTP_STOP_CALLER,
	HTTP_STOP_PACKED, /* in a way that was not asked for */
	HTTP_STOP_BROKEN, /* no gzip, though it says so */
	HTTP_STOP_ROOM    /* the budget is passed by far */
};

struct http_call {
	struct http_reply reply; /* first: http_header finds the call by it */
	struct http *http;
	struct http_call *prev, *next;
	struct loop_timer *deferred; /* start, then delivery */
	struct loop_timer *deadline;
	void *easy;
	bool added;       /* to the multi handle */
	bool paused;      /* until the budget has room for more of the body */
	bool in_callback; /* on_data or fn runs: not to be freed now */
	bool cancelled;   /* while in_callback */
	http_fn *fn;
	void *arg;
	bool (*on_data)(void *arg, const char *bytes, size_t len);
	struct curl_slist *headers;
	char *sent_body;
	size_t sent_len;
	char *type, *link;
	const char *proxy_from; /* where the proxy was found; NULL: none */
	struct str origin, body;
	struct http_unpack *unpack; /* of a body that is packed */
	size_t max_bytes, got, header_got;
	bool body_begun; /* and how it is packed is known */
	bool ranged;     /* the request asks for a part */
	bool bodiless;   /* HEAD */
	bool header_end; /* the blank line after the reply's header has come */
	int64_t started, connect_ms, timeout_ms;
	enum http_stop stop; /* why we ended it */
	char detail[256];    /* CURL_ERROR_SIZE */
};

/* Is there room for more of this call's body? http.c. */
bool http_has_room(const struct http_call *c);
/* Asks for the body to go on when there is. http.c. */
void http_wait_room(struct http_call *c);

/* Makes c->easy for the request. False: refused, c->reply.err says why. */
bool http_easy_open(struct http_call *c, const struct http_request *rq) MUST_USE;

/* libcurl's callbacks for the reply; arg is the call. */
size_t http_on_body(char *bytes, size_t one, size_t len, void *arg);
size_t http_on_header(char *bytes, size_t one, size_t len, void *arg);

/* The transfer is over with libcurl's code `rc`: fills c->reply but for an error that is set already. */
void http_easy_finish(struct http_call *c, int rc);

/* Frees the handle and what belongs to the request, wiping what may be secret. */
void http_easy_close(struct http_call *c);

#endif
