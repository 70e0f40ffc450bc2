/*
 * SSH calls, whichever implementation carries them: checking and copying, deadlines, output, and the one place that
 * decides what an ended connection means.
 */
#include "backends/transport/ssh.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/shown.h"
#include "backends/transport/ssh_private.h"

#define TIMEOUT_MS 60000
#define CONNECT_MS 8000
#define OUTPUT_BYTES ((size_t)4 << 20)
#define GREETING_BYTES ((size_t)8 << 10)

/* By host->libssh2. */
static const struct ssh_ops *const implementations[] = {&openssh_ops, &libssh2_ops};

static void call_close(struct ssh_call *c)
{
	loop_timer_cancel(c->ssh->loop, c->deadline);
	loop_timer_cancel(c->ssh->loop, c->connect_deadline);
	c->deadline = c->connect_deadline = NULL;
	if (c->priv)
		c->ops->close(c);
	c->priv = NULL;
}

static void call_free(struct ssh_call *c)
{
	free(c->host);
	free(c->user);
	free(c->identity);
	free(c->known_hosts);
	free(c->config);
	str_release(&c->hello);
	str_wipe(&c->script);
	str_release(&c->out);
	str_release(&c->err_out);
	str_release(&c->greeting);
	free(c);
}

static void call_unlink(struct ssh_call *c)
{
	struct ssh_call **at = &c->ssh->calls;

	while (*at != c)
		at = &(*at)->next;
	*at = c->next;
}

static void deliver(struct loop *l, void *arg)
{
	struct ssh_call *c = arg;

	(void)l;
	c->deferred = NULL;
	call_unlink(c);
	c->in_callback = true;
	c->reply.out = c->out.buf;
	c->reply.out_len = c->out.len;
	c->reply.err_out = c->err_out.buf;
	c->reply.err_len = c->err_out.len;
	if (!c->cancelled)
		c->fn(c->arg, &c->reply);
	call_free(c);
}

static void call_finish(struct ssh_call *c)
{
	call_close(c);
	log_at(LOG_DEBUG, "ssh", "%s: %s%s%s", c->host,
		c->reply.proved    ? "proved"
		: c->reply.started ? "started"
				   : "not started",
		c->reply.err.code ? ": " : "", c->reply.err.msg);
	c->deferred = loop_defer(c->ssh->loop, deliver, c);
}

/* `code` and the words hold while nothing has started; after that the outcome is open. */
static void call_fail(struct ssh_call *c, enum err_code code, const char *words)
{
	if (c->reply.started && code != ERR_LIMIT)
		err_set(&c->reply.err, ERR_UNKNOWN,
			"%s: the script had started on %s, and how it ended cannot be "
			"known",
			words, c->host);
	else
		err_set(&c->reply.err, code, "%s: %s", c->host, words);
	call_finish(c);
}

void ssh_call_started(struct ssh_call *c)
{
	c->reply.started = true;
}

/* Hands output on. False: the caller cancelled. */
static bool pass_on(struct ssh_call *c, int stream, const char *bytes, size_t len)
{
	struct str *all = stream == 1 ? &c->out : &c->err_out;

	if (len == 0)
		return true;
	str_add(all, bytes, len);
	if (c->on_output) {
		c->in_callback = true;
		c->on_output(c->arg, stream, bytes, len);
		c->in_callback = false;
	}
	return !c->cancelled;
}

bool ssh_call_output(struct ssh_call *c, int stream, const char *bytes, size_t len)
{
	struct str script_out = STR_INIT;
	bool was_ready = c->frame.ready, go_on;

	if (stream == 1 && !was_ready && len <= GREETING_BYTES - c->greeting.len)
		str_add(&c->greeting, bytes, len);
	if (stream == 1)
		ssh_frame_feed(&c->frame, bytes, len, &script_out);
	else
		str_add(&script_out, bytes, len);
	go_on = pass_on(c, stream, script_out.buf, script_out.len);
	str_release(&script_out);
	if (!go_on) {
		call_finish(c); /* delivers nothing, frees */
		return false;
	}
	if (c->out.len + c->err_out.len > c->max_bytes) {
		call_fail(c, ERR_LIMIT, "the script's output is larger than allowed");
		return false;
	}
	if (!was_ready && c->frame.ready) {
		loop_timer_cancel(c->ssh->loop, c->connect_deadline);
		c->connect_deadline = NULL;
		/* Banners and start-up files are not the script's. */
		str_clear(&c->err_out);
		c->ops->send(c);
	}
	return true;
}

/* A NUL too. */
static bool is_blank(char c)
{
	return strchr(" \t\r\n", c) != NULL;
}

static bool all_blank(const struct str *s)
{
	size_t n = 0;

	while (n < s->len && is_blank(s->buf[n]))
		n++;
	return n == s->len;
}

/* nologin and its like answer on stdout instead of a shell: "This account is currently not available." */
static bool shell_refused(struct ssh_call *c, const struct err *why)
{
	struct str line = STR_INIT_MAX(1024);
	size_t from = c->greeting.len;
	const char *s = c->greeting.buf;
	char words[300];

	if (c->frame.ready || all_blank(&c->greeting) || !all_blank(&c->err_out) ||
		(why && why->code != ERR_AUTH))
		return false;
	while (is_blank(s[from - 1]))
		str_cut(&c->greeting, --from);
	while (from > 0 && s[from - 1] != '\n')
		from--;
	shown_safely(&line, s + from, c->greeting.len - from, 200, UTF8_ONE_LINE);
	str_format(words, sizeof(words), "the login shell refuses: %s", line.buf);
	call_fail(c, ERR_AUTH, words);
	str_release(&line);
	return true;
}

void ssh_call_end(struct ssh_call *c, bool clean, const struct err *why)
{
	struct str rest = STR_INIT_MAX(sizeof(c->frame.held));
	bool go_on;

	ssh_frame_finish(&c->frame, &rest);
	go_on = pass_on(c, 1, rest.buf, rest.len);
	str_release(&rest);
	if (!go_on) {
		call_finish(c);
	} else if (clean && c->frame.ended && c->reply.started) {
		c->reply.proved = true;
		c->reply.exit_code = c->frame.code;
		call_finish(c);
	} else if (shell_refused(c, why)) {
		return; /* it has ended */
	} else if (why) {
		call_fail(c, why->code, why->msg);
	} else {
		call_fail(c, ERR_NET,
			c->frame.ready ? "the connection ended too early"
				       : "the remote shell did not answer");
	}
}

static void on_deadline(struct loop *l, void *arg)
{
	struct ssh_call *c = arg;
	char words[80];

	(void)l;
	c->deadline = NULL;
	str_format(
		words, sizeof(words), "no end within %lld ms", (long long)c->timeout_ms);
	call_fail(c, ERR_TIMEOUT, words);
}

static void on_connect_deadline(struct loop *l, void *arg)
{
	struct ssh_call *c = arg;
	char words[80];

	(void)l;
	c->connect_deadline = NULL;
	str_format(words, sizeof(words), "no session within %lld ms",
		(long long)c->connect_ms);
	call_fail(c, ERR_TIMEOUT, words);
}

/* ---- beginning ----------------------------------------------------------------------------------- */

/* These reach ssh_config's %h and %r, which may stand in shell commands there. */
static bool word_valid(const char *s, const char *also)
{
	if (!*s || *s == '-' || strlen(s) > 253)
		return false;
	for (; *s; s++)
		if (!((*s >= 'a' && *s <= 'z') || (*s >= 'A' && *s <= 'Z') ||
			    (*s >= '0' && *s <= '9') || strchr(also, *s)))
			return false;
	return true;
}

/* Goes into an option in double quotes; % and $ would be expanded there. */
static bool path_valid(const char *path)
{
	if (!path)
		return true;
	for (const char *s = path; *s; s++)
		if ((unsigned char)*s < ' ' || *s == '"' || *s == '$' || *s == '%' ||
			*s == 127)
			return false;
	return *path != '\0';
}

static bool check_host(struct ssh_call *c, const struct ssh_host *h)
{
	struct err *e = &c->reply.err;
	long long port = 0;

	if (!h->host || !word_valid(h->host, "._-:"))
		return err_set(
			e, ERR_CONFIG, "\"%s\" is not a host name for SSH", c->host);
	if (h->user && !word_valid(h->user, "._-@+"))
		return err_set(e, ERR_CONFIG, "%s: \"%s\" is not a user name for SSH",
			c->host, h->user);
	if (h->port && (!str_to_int(h->port, &port) || port < 1 || port > 65535))
		return err_set(
			e, ERR_CONFIG, "%s: \"%s\" is not a port", c->host, h->port);
	c->port = (int)port;
	if (!path_valid(h->identity) || !path_valid(h->known_hosts) ||
		!path_valid(h->config))
		return err_set(e, ERR_CONFIG,
			"%s: the path of a key, known_hosts or ssh_config file is empty "
			"or holds one of \" $ %%",
			c->host);
	return true;
}

static char *copy(const char *s)
{
	return s ? xstrdup(s) : NULL;
}

static void start(struct loop *l, void *arg)
{
	struct ssh_call *c = arg;

	c->deferred = NULL;
	c->deadline = loop_timer(l, c->timeout_ms, on_deadline, c);
	if (c->connect_ms < c->timeout_ms)
		c->connect_deadline =
			loop_timer(l, c->connect_ms, on_connect_deadline, c);
	if (!c->ops->open(c, &c->reply.err))
		call_finish(c);
}

struct ssh_call *ssh_run(struct ssh *s, const struct ssh_host *host,
	const struct ssh_script *script, ssh_fn *fn, void *arg)
{
	struct ssh_call *c = xcalloc(1, sizeof(*c));
	bool ok;

	c->ssh = s;
	c->ops = implementations[host->libssh2];
	c->fn = fn;
	c->arg = arg;
	c->on_output = script->on_output;
	c->host = xstrdup(host->host ? host->host : "");
	c->user = copy(host->user);
	c->identity = copy(host->identity);
	c->known_hosts = copy(host->known_hosts);
	c->config = copy(host->config);
	c->timeout_ms = script->timeout_ms > 0 ? script->timeout_ms : TIMEOUT_MS;
	c->connect_ms = script->connect_ms > 0 ? script->connect_ms : CONNECT_MS;
	c->max_bytes = script->max_bytes > 0 ? script->max_bytes : OUTPUT_BYTES;
	str_init(&c->hello, 256);
	str_init(&c->script, SSH_SCRIPT_MAX);
	str_init(&c->out, STR_MAX_DEFAULT);
	str_init(&c->err_out, STR_MAX_DEFAULT);
	str_init(&c->greeting, GREETING_BYTES);
	c->next = s->calls;
	s->calls = c;
	ssh_frame_init(&c->frame);
	ssh_frame_hello(&c->frame, &c->hello);
	ok = check_host(c, host) &&
	     ssh_frame_script(&c->frame, script->text ? script->text : "", script->vars,
		     &c->script, &c->reply.err);
	c->deferred = loop_defer(s->loop, ok ? start : deliver, c);
	return c;
}

void ssh_cancel(struct ssh *s, struct ssh_call *c)
{
	if (!c)
		return;
	c->cancelled = true;
	if (c->in_callback)
		return; /* whoever called it back ends it */
	call_close(c);
	call_unlink(c);
	loop_timer_cancel(s->loop, c->deferred);
	call_free(c);
}

struct ssh *ssh_new(struct loop *l)
{
	struct ssh *s = xcalloc(1, sizeof(*s));

	s->loop = l;
	s->resolver = resolver_new(l);
	return s;
}

void ssh_free(struct ssh *s)
{
	if (!s)
		return;
	for (struct ssh_call *c = s->calls, *next; c; c = next) {
		next = c->next;
		ssh_cancel(s, c);
	}
	resolver_free(s->resolver);
	free(s);
}
