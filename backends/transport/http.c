/*
 * HTTP over libcurl's multi_socket interface. libcurl tells which sockets and which timer it wants, the loop
 * serves them; a finished transfer is answered in a deferred call, outside of libcurl, so that the
 * caller may send, cancel or free whatever it likes. The whole-call deadline is a timer of ours: libcurl's own does not
 * run while a call waits for a free connection to its host.
 */
#include "backends/transport/http.h"

#include <curl/curl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "backends/base/budget.h"
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/transport/http_call.h"

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer; /* the one that libcurl asked for */
	struct loop_timer *room;  /* looks whether paused bodies can go on */
	struct http_call *calls;
};

/* ---- one call ---------------------------------------------------------------------------------- */

static void call_unlink(struct http_call *c)
{
	if (c->prev)
		c->prev->next = c->next;
	else
		c->http->calls = c->next;
	if (c->next)
		c->next->prev = c->prev;
}

/* Takes the call away from libcurl and from our timers: nothing of it can fire any more. */
static void call_halt(struct http_call *c)
{
	loop_timer_cancel(c->http->loop, c->deferred);
	loop_timer_cancel(c->http->loop, c->deadline);
	c->deferred = c->deadline = NULL;
	if (c->added)
		curl_multi_remove_handle(c->http->multi, c->easy);
	c->added = false;
}

static void call_drop(struct http_call *c)
{
	call_halt(c);
	call_unlink(c);
	http_easy_close(c);
	free(c);
}

/* The call is off all lists before its answer is given, so the callback may free everything else. */
static void deliver(struct loop *l, void *arg)
{
	struct http_call *c = arg;

	(void)l;
	c->deferred = NULL;
	call_halt(c);
	call_unlink(c);
	c->in_callback = true;
	if (!c->cancelled)
		c->fn(c->arg, &c->reply);
	http_easy_close(c);
	free(c);
}

static void finish(struct http_call *c, CURLcode rc)
{
	http_easy_finish(c, (int)rc);
	call_halt(c);
	log_at(LOG_DEBUG, "http", "%s: %d, %zu bytes, %lld ms%s%s", c->origin.buf,
		c->reply.status, c->got, (long long)c->reply.took_ms,
		c->reply.err.code ? ": " : "", c->reply.err.msg);
	c->deferred = loop_defer(c->http->loop, deliver, c);
}

static void on_deadline(struct loop *l, void *arg)
{
	struct http_call *c = arg;

	(void)l;
	c->deadline = NULL;
	err_set(&c->reply.err, ERR_TIMEOUT, "no complete reply from %s within %lld ms",
		c->origin.buf, (long long)c->timeout_ms);
	finish(c, CURLE_OPERATION_TIMEDOUT);
}

static void start(struct loop *l, void *arg)
{
	struct http_call *c = arg;
	CURLMcode rc;

	c->deferred = NULL;
	c->deadline = loop_timer(l, c->timeout_ms, on_deadline, c);
	rc = curl_multi_add_handle(c->http->multi, c->easy);
	c->added = rc == CURLM_OK;
	if (!c->added) {
		err_set(&c->reply.err, ERR_IO, "cannot start the request to %s: %s",
			c->origin.buf, curl_multi_strerror(rc));
		finish(c, CURLE_FAILED_INIT);
	}
}

struct http_call *http_send(
	struct http *h, const struct http_request *rq, http_fn *fn, void *arg)
{
	struct http_call *c = xcalloc(1, sizeof(*c));

	c->http = h;
	c->fn = fn;
	c->arg = arg;
	c->on_data = rq->on_data;
	c->started = clock_mono_ms();
	str_init(&c->origin, 512);
	str_init(&c->body, 1);
	c->next = h->calls;
	if (c->next)
		c->next->prev = c;
	h->calls = c;
	if (http_easy_open(c, rq)) {
		c->deferred = loop_defer(h->loop, start, c);
	} else {
		c->reply.body = c->reply.type = c->reply.link = "";
		c->deferred = loop_defer(h->loop, deliver, c);
	}
	return c;
}

void http_cancel(struct http *h, struct http_call *c)
{
	(void)h;
	if (!c)
		return;
	if (c->in_callback) /* libcurl or deliver is at work on it, and ends it */
		c->cancelled = true;
	else
		call_drop(c);
}

/* ---- room for bodies --------------------------------------------------------------------------- */

enum {
	LITTLE_BYTES = 64 << 10, /* of a body, for which nobody waits */
	ROOM_MS = 20             /* text is given back anywhere: nobody is told */
};

/* The oldest large body goes on longest, so that one of them comes to its end. */
bool http_has_room(const struct http_call *c)
{
	bool first = true;

	if (c->body.len < LITTLE_BYTES)
		return true;
	for (const struct http_call *older = c->next; older && first; older = older->next)
		first = older->body.len < LITTLE_BYTES;
	return budget_text_fits(c->body.len, first);
}

static void look_for_room(struct loop *l, void *arg)
{
	struct http *h = arg;
	struct http_call *next;
	bool waiting = false;

	h->room = NULL;
	for (struct http_call *c = h->calls; c; c = next) {
		next = c->next;
		if (!c->paused || !c->added)
			continue;
		if (http_has_room(c)) {
			c->paused = false;
			curl_easy_pause(c->easy, CURLPAUSE_CONT);
		}
		waiting = waiting || c->paused;
	}
	if (waiting && !h->room)
		h->room = loop_timer(l, ROOM_MS, look_for_room, h);
}

void http_wait_room(struct http_call *c)
{
	struct http *h = c->http;

	c->paused = true;
	if (!h->room)
		h->room = loop_timer(h->loop, ROOM_MS, look_for_room, h);
}

/* ---- libcurl and the loop ---------------------------------------------------------------------- */

static bool multi_open(struct http *h, struct err *e) MUST_USE;

/* After an error of the multi handle its state is unknown (curl_multi_socket_action(3)): start anew. */
static void multi_reset(struct http *h, CURLMcode rc)
{
	struct http_call *next;
	struct err e = ERR_INIT;

	log_at(LOG_ERROR, "http", "libcurl: %s", curl_multi_strerror(rc));
	for (struct http_call *c = h->calls; c; c = next) {
		next = c->next;
		if (!c->added)
			continue;
		err_set(&c->reply.err, ERR_NET, "the request to %s broke off: %s",
			c->origin.buf, curl_multi_strerror(rc));
		finish(c, CURLE_FAILED_INIT);
	}
	curl_multi_cleanup(h->multi);
	if (!multi_open(h, &e))
		die(70, "%s", e.msg);
}

static void serve(struct http *h, curl_socket_t fd, int events)
{
	int running, left;
	CURLMcode rc = curl_multi_socket_action(h->multi, fd, events, &running);
	CURLMsg *msg;

	if (rc != CURLM_OK) {
		multi_reset(h, rc);
		return;
	}
	while ((msg = curl_multi_info_read(h->multi, &left))) {
		struct http_call *c = NULL;

		if (msg->msg != CURLMSG_DONE)
			continue;
		curl_easy_getinfo(msg->easy_handle, CURLINFO_PRIVATE, (char **)&c);
		finish(c, msg->data.result); /* msg is gone after this */
	}
}

static void on_socket_event(struct loop *l, int fd, unsigned events, void *arg)
{
	int mask = 0;

	(void)l;
	if (events & LOOP_READ)
		mask |= CURL_CSELECT_IN;
	if (events & LOOP_WRITE)
		mask |= CURL_CSELECT_OUT;
	if (events & LOOP_ERROR)
		mask |= CURL_CSELECT_ERR;
	serve(arg, fd, mask);
}

static int on_socket_wish(
	CURL *easy, curl_socket_t fd, int what, void *arg, void *per_socket)
{
	struct http *h = arg;
	struct loop_watch *w = per_socket;
	unsigned events = 0;

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		loop_unwatch(h->loop, w);
		curl_multi_assign(h->multi, fd, NULL);
		return 0;
	}
	if (what == CURL_POLL_IN || what == CURL_POLL_INOUT)
		events |= LOOP_READ;
	if (what == CURL_POLL_OUT || what == CURL_POLL_INOUT)
		events |= LOOP_WRITE;
	if (w)
		loop_watch_events(h->loop, w, events);
	else
		curl_multi_assign(h->multi, fd,
			loop_watch(h->loop, fd, events, on_socket_event, h));
	return 0;
}

static void on_timer(struct loop *l, void *arg)
{
	struct http *h = arg;

	(void)l;
	h->timer = NULL;
	serve(h, CURL_SOCKET_TIMEOUT, 0);
}

static int on_timer_wish(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	loop_timer_cancel(h->loop, h->timer);
	h->timer = ms < 0 ? NULL : loop_timer(h->loop, ms, on_timer, h);
	return 0;
}

static bool multi_open(struct http *h, struct err *e)
{
	h->multi = curl_multi_init();
	if (!h->multi)
		return err_set(e, ERR_IO, "libcurl cannot start");
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket_wish);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer_wish);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_MAX_HOST_CONNECTIONS, 4L);
	curl_multi_setopt(h->multi, CURLMOPT_MAXCONNECTS, 64L);
	curl_multi_setopt(h->multi, CURLMOPT_PIPELINING, (long)CURLPIPE_NOTHING);
	return true;
}

struct http *http_new(struct loop *l, struct err *e)
{
	struct http *h;
	struct sigaction pipe_action;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK) {
		err_set(e, ERR_IO, "libcurl cannot start");
		return NULL;
	}
	/* TLS writes to a closed socket raise it; an EPIPE says the same. */
	if (sigaction(SIGPIPE, NULL, &pipe_action) == 0 &&
		pipe_action.sa_handler == SIG_DFL)
		signal(SIGPIPE, SIG_IGN);
	h = xcalloc(1, sizeof(*h));
	h->loop = l;
	if (!multi_open(h, e)) {
		free(h);
		return NULL;
	}
	return h;
}

void http_free(struct http *h)
{
	if (!h)
		return;
	for (struct http_call *c = h->calls, *next; c; c = next) {
		next = c->next;
		call_drop(c);
	}
	curl_multi_cleanup(h->multi);
	loop_timer_cancel(h->loop, h->timer);
	loop_timer_cancel(h->loop, h->room);
	free(h);
	curl_global_cleanup();
}
