/*
 * Name look-ups, each in a detached thread. The thread owns its copy of the name and the writing end of a pipe, and shares
 * nothing else: it writes one fixed struct and ends, whether anybody still reads or not.
 */
#include "backends/transport/resolve.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <limits.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "backends/base/mem.h"

#define HOST_MAX 253
#define LOOKUPS_MAX 16
#define CACHE_MAX 64
#define CACHE_MS 60000
#define STACK_BYTES ((size_t)256 << 10)

/* What goes through the pipe. */
struct answer {
	int gai; /* getaddrinfo's code */
	struct resolved to;
};
_Static_assert(sizeof(struct answer) < PIPE_BUF, "an answer is written at once");

struct job { /* the thread's own */
	int fd;
	char host[HOST_MAX + 1];
};

struct lookup { /* a thread that runs, as the loop sees it */
	struct lookup *next;
	struct resolver *resolver;
	struct loop_watch *watch;
	int fd;
	char host[HOST_MAX + 1];
};

struct resolve_call {
	struct resolve_call *next;
	struct resolver *resolver;
	struct loop_timer *timer; /* the deadline, or the deferred answer */
	resolve_fn *fn;
	void *arg;
	int64_t timeout_ms;
	char host[HOST_MAX + 1];
	struct answer answer; /* when it is known */
	struct err err;
};

struct cached {
	char host[HOST_MAX + 1];
	int64_t until;
	struct answer answer;
};

struct resolver {
	struct loop *loop;
	struct lookup *lookups;
	struct resolve_call *calls;
	struct cached cache[CACHE_MAX];
	size_t cache_next;
};

static void *look_up(void *arg)
{
	struct job *job = arg;
	struct addrinfo hints = {.ai_family = AF_UNSPEC,
				.ai_socktype = SOCK_STREAM,
				.ai_flags = AI_ADDRCONFIG},
			*list = NULL;
	struct answer a = {0};

	a.gai = getaddrinfo(job->host, NULL, &hints, &list);
	for (struct addrinfo *i = list; i && a.to.n < RESOLVED_MAX; i = i->ai_next) {
		char *address = a.to.address[a.to.n];

		a.gai = getnameinfo(i->ai_addr, i->ai_addrlen, address,
			sizeof(a.to.address[0]), NULL, 0, NI_NUMERICHOST);
		if (a.gai == 0)
			a.to.n++;
	}
	if (a.to.n > 0)
		a.gai = 0;
	if (list)
		freeaddrinfo(list);
	if (write(job->fd, &a, sizeof(a)) < 0)
		a.gai = 0; /* nobody waits any more */
	close(job->fd);
	free(job);
	return NULL;
}

/* With all signals blocked, so that they keep reaching the loop's thread, and a write to a closed pipe is no SIGPIPE. */
static bool start_thread(struct job *job)
{
	pthread_attr_t attr;
	pthread_t thread;
	sigset_t all, before;
	bool ok;

	if (pthread_attr_init(&attr) != 0)
		return false;
	pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	ok = pthread_create(&thread, &attr, look_up, job) == 0;
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	pthread_attr_destroy(&attr);
	return ok;
}

static void call_unlink(struct resolve_call *c)
{
	struct resolve_call **at = &c->resolver->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

/* Takes the call off the list first: the callback may cancel others or free the resolver. */
static void call_end(struct resolve_call *c)
{
	bool found = c->err.code == ERR_NONE;

	call_unlink(c);
	loop_timer_cancel(c->resolver->loop, c->timer);
	c->fn(c->arg, found ? &c->answer.to : NULL, &c->err);
	free(c);
}

static void call_fire(struct loop *l, void *arg)
{
	struct resolve_call *c = arg;

	(void)l;
	c->timer = NULL;
	call_end(c);
}

static void call_late(struct loop *l, void *arg)
{
	struct resolve_call *c = arg;

	(void)l;
	c->timer = NULL;
	err_set(&c->err, ERR_TIMEOUT, "the look-up of %s took longer than %lld ms",
		c->host, (long long)c->timeout_ms);
	call_end(c);
}

static void cache_put(struct resolver *r, const char *host, const struct answer *a)
{
	struct cached *slot = &r->cache[r->cache_next++ % CACHE_MAX];

	str_copy(slot->host, sizeof(slot->host), host);
	slot->until = clock_mono_ms() + CACHE_MS;
	slot->answer = *a;
}

void resolver_keep(struct resolver *r, const char *host, const struct resolved *to)
{
	struct answer a = {.to = *to};

	cache_put(r, host, &a);
}

static bool cache_get(struct resolver *r, const char *host, struct answer *a)
{
	for (size_t i = 0; i < CACHE_MAX; i++)
		if (str_equal(r->cache[i].host, host) &&
			r->cache[i].until > clock_mono_ms()) {
			*a = r->cache[i].answer;
			return true;
		}
	return false;
}

static void lookup_drop(struct lookup *w)
{
	struct lookup **at = &w->resolver->lookups;

	while (*at != w)
		at = &(*at)->next;
	*at = w->next;
	loop_unwatch(w->resolver->loop, w->watch);
	close(w->fd);
	free(w);
}

static void on_answer(struct loop *l, int fd, unsigned events, void *arg)
{
	struct lookup *w = arg;
	struct resolver *r = w->resolver;
	struct answer a = {.gai = EAI_FAIL};

	(void)events;
	if (read(fd, &a, sizeof(a)) != (ssize_t)sizeof(a))
		a.gai = EAI_FAIL;
	if (a.gai == 0 && a.to.n == 0)
		a.gai = EAI_FAIL;
	if (a.gai == 0)
		cache_put(r, w->host, &a);
	/* Deferred, one by one: a callback may change the list that we walk. */
	for (struct resolve_call *c = r->calls; c; c = c->next) {
		if (c->err.code != ERR_NONE || c->answer.to.n > 0 ||
			!str_equal(c->host, w->host))
			continue;
		c->answer = a;
		if (a.gai != 0)
			err_set(&c->err, ERR_NET, "cannot look up the host %s: %s",
				c->host, gai_strerror(a.gai));
		loop_timer_cancel(l, c->timer);
		c->timer = loop_defer(l, call_fire, c);
	}
	lookup_drop(w);
}

static bool lookup_start(struct resolver *r, const char *host, struct err *e)
{
	struct lookup *w;
	struct job *job;
	size_t count = 0;
	int fds[2];

	for (w = r->lookups; w; w = w->next, count++)
		if (str_equal(w->host, host))
			return true; /* its answer serves this call too */
	if (count >= LOOKUPS_MAX)
		return err_set(e, ERR_LIMIT,
			"%d look-ups of host names hang already: is the name server "
			"reachable",
			LOOKUPS_MAX);
	if (pipe2(fds, O_CLOEXEC) != 0)
		return err_set(e, ERR_IO, "no pipe for a look-up of %s", host);
	job = xcalloc(1, sizeof(*job));
	job->fd = fds[1];
	str_copy(job->host, sizeof(job->host), host);
	if (!start_thread(job)) {
		close(fds[0]);
		close(fds[1]);
		free(job);
		return err_set(e, ERR_IO, "no thread for a look-up of %s", host);
	}
	w = xcalloc(1, sizeof(*w));
	w->resolver = r;
	w->fd = fds[0];
	str_copy(w->host, sizeof(w->host), host);
	w->watch = loop_watch(r->loop, w->fd, LOOP_READ, on_answer, w);
	w->next = r->lookups;
	r->lookups = w;
	return true;
}

static bool is_address(const char *host)
{
	unsigned char raw[sizeof(struct in6_addr)];

	return inet_pton(AF_INET, host, raw) == 1 || inet_pton(AF_INET6, host, raw) == 1;
}

/* True when the answer, good or bad, is known without a thread. */
static bool known(struct resolve_call *c, const char *host)
{
	if (host[0] == '/' || is_address(host)) {
		c->answer.to.n = 1;
		if (!str_copy(c->answer.to.address[0], sizeof(c->answer.to.address[0]),
			    host))
			err_set(&c->err, ERR_CONFIG, "the path of a socket is too long");
		return true;
	}
	if (!*host || strlen(host) > HOST_MAX) {
		err_set(&c->err, ERR_CONFIG,
			"a host name is empty or longer than %d bytes", HOST_MAX);
		return true;
	}
	str_copy(c->host, sizeof(c->host), host);
	return cache_get(c->resolver, host, &c->answer);
}

struct resolve_call *resolve(struct resolver *r, const char *host, int64_t timeout_ms,
	resolve_fn *fn, void *arg)
{
	struct resolve_call *c = xcalloc(1, sizeof(*c));

	c->resolver = r;
	c->fn = fn;
	c->arg = arg;
	c->timeout_ms = timeout_ms;
	c->next = r->calls;
	r->calls = c;
	if (known(c, host) || !lookup_start(r, host, &c->err))
		c->timer = loop_defer(r->loop, call_fire, c);
	else
		c->timer = loop_timer(r->loop, timeout_ms, call_late, c);
	return c;
}

void resolve_cancel(struct resolver *r, struct resolve_call *c)
{
	if (!c)
		return;
	call_unlink(c);
	loop_timer_cancel(r->loop, c->timer);
	free(c);
}

struct resolver *resolver_new(struct loop *l)
{
	struct resolver *r = xcalloc(1, sizeof(*r));

	r->loop = l;
	return r;
}

void resolver_free(struct resolver *r)
{
	if (!r)
		return;
	for (struct resolve_call *c = r->calls, *next; c; c = next) {
		next = c->next;
		resolve_cancel(r, c);
	}
	for (struct lookup *w = r->lookups, *next; w; w = next) {
		next = w->next;
		lookup_drop(w); /* the thread ends by itself */
	}
	free(r);
}
