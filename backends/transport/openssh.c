/*
 * SSH through the system's `ssh`: ssh_config, ProxyJump, certificates, FIDO keys, agents and every algorithm of
 * the day come with it. Its exit status 255 may be its own or the command's; only the mark tells.
 */
#include "backends/transport/ssh_private.h"

#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#include "backends/base/mem.h"

#define ARGS_MAX 64
#define STDERR_KEPT ((size_t)8 << 10)

struct openssh {
	struct ssh_call *call;
	struct loop_child *child;
	struct str words; /* stderr before the script, or all of it: why it failed */
	char *args[ARGS_MAX];
	size_t count;
};

static void add(struct openssh *o, char *arg)
{
	BUG_ON(o->count + 1 >= ARGS_MAX);
	o->args[o->count++] = arg;
}

static void add_option(struct openssh *o, char *option)
{
	add(o, xstrdup("-o"));
	add(o, option);
}

static void add_pair(struct openssh *o, const char *flag, const char *value)
{
	add(o, xstrdup(flag));
	add(o, xstrdup(value));
}

/* ssh takes the first value that it sees for an option: these stand before those of any file. */
static void build_args(struct openssh *o)
{
	static const char *const fixed[] = {"BatchMode=yes", "StrictHostKeyChecking=yes",
		"UpdateHostKeys=no", "ServerAliveInterval=15", "ServerAliveCountMax=3",
		"ClearAllForwardings=yes", "ForwardAgent=no", "ForwardX11=no",
		"Tunnel=no", "PermitLocalCommand=no", "RemoteCommand=none",
		"RequestTTY=no", "SessionType=default", "StdinNull=no",
		"ForkAfterAuthentication=no",
		/* A master of our own would hold our stderr open after the command. One that runs is used. */
		"ControlMaster=no", "LogLevel=ERROR"};
	const struct ssh_call *c = o->call;

	add(o, xstrdup("ssh"));
	add(o, xstrdup("-T"));
	for (size_t i = 0; i < LENGTH(fixed); i++)
		add_option(o, xstrdup(fixed[i]));
	add_option(o, xasprintf("ConnectTimeout=%lld",
			      (long long)((c->connect_ms + 999) / 1000)));
	if (c->config)
		add_pair(o, "-F", c->config);
	if (c->identity) {
		add_pair(o, "-i", c->identity);
		add_option(o, xstrdup("IdentitiesOnly=yes"));
	}
	if (c->known_hosts) {
		add_option(o, xasprintf("UserKnownHostsFile=\"%s\"", c->known_hosts));
		add_option(o, xstrdup("GlobalKnownHostsFile=none"));
		add_option(o, xstrdup("KnownHostsCommand=none"));
	}
	if (c->port) {
		add(o, xstrdup("-p"));
		add(o, xasprintf("%d", c->port));
	}
	if (c->user)
		add_pair(o, "-l", c->user);
	add(o, xstrdup("--"));
	add(o, xstrdup(c->host));
	add(o, xstrdup(SSH_COMMAND));
}

static bool said(const struct openssh *o, const char *words)
{
	return strstr(o->words.buf, words) != NULL;
}

/* The last line of ssh's stderr is the one that says why it gave up. One that is cut is not shown: it may end within a
 * secret. */
static const char *last_line(struct openssh *o)
{
	char *s = o->words.buf, *nl;

	if (o->words.len == STDERR_KEPT)
		str_cut(&o->words, (size_t)((nl = strrchr(s, '\n')) ? nl - s : 0));
	while (o->words.len > 0 && strchr("\r\n .", s[o->words.len - 1]))
		str_cut(&o->words, o->words.len - 1);
	nl = strrchr(s, '\n');
	return nl ? nl + 1 : s;
}

static void explain(struct openssh *o, int status, struct err *e)
{
	const char *line;

	if (said(o, "HOST IDENTIFICATION HAS CHANGED"))
		err_set(e, ERR_AUTH,
			"the host key is not the one in known_hosts: ask who runs the "
			"host before anything else");
	else if (said(o, "REVOKED"))
		err_set(e, ERR_AUTH, "the host key is marked as revoked in known_hosts");
	else if (said(o, "Host key verification failed") || said(o, "host key is known"))
		err_set(e, ERR_AUTH,
			"the host key is not in known_hosts: check it, then add it with "
			"ssh-keyscan");
	else if (said(o, "Permission denied") ||
		 said(o, "Too many authentication failures"))
		err_set(e, ERR_AUTH, "login refused: %s", last_line(o));
	else if (said(o, "timed out"))
		err_set(e, ERR_TIMEOUT, "%s", last_line(o));
	else if (*(line = last_line(o)))
		err_set(e, ERR_NET, "%s", line);
	else if (WIFEXITED(status) && WEXITSTATUS(status) != 255)
		err_set(e, ERR_AUTH, "the login shell ended with exit code %d",
			WEXITSTATUS(status));
	else if (WIFEXITED(status))
		err_set(e, ERR_NET, "ssh ended with exit code %d", WEXITSTATUS(status));
	else
		err_set(e, ERR_NET, "ssh was ended by a signal");
}

static void on_output(void *arg, int stream, const char *bytes, size_t len)
{
	struct openssh *o = arg;

	if (stream == 2 && o->words.len < STDERR_KEPT)
		str_add(&o->words, bytes,
			len < STDERR_KEPT - o->words.len ? len
							 : STDERR_KEPT - o->words.len);
	/* May end the call: o is gone then. */
	ssh_call_output(o->call, stream, bytes, len);
}

static void on_ended(void *arg, int status, bool timed_out)
{
	struct openssh *o = arg;
	struct err why = ERR_INIT;
	bool clean = WIFEXITED(status) && WEXITSTATUS(status) == 0;

	(void)timed_out;
	o->child = NULL;
	if (!clean)
		explain(o, status, &why);
	ssh_call_end(o->call, clean, clean ? NULL : &why);
}

static bool openssh_open(struct ssh_call *c, struct err *e)
{
	struct openssh *o = xcalloc(1, sizeof(*o));
	struct loop_child_spec spec = {.in = c->hello.buf,
		.in_len = c->hello.len,
		.keep_stdin = true,
		.on_output = on_output,
		.on_exit = on_ended,
		.arg = o};

	o->call = c;
	str_init(&o->words, STDERR_KEPT);
	c->priv = o;
	build_args(o);
	spec.argv = (const char *const *)o->args;
	o->child = loop_spawn(c->ssh->loop, &spec, e);
	return o->child || err_wrap(e, "%s", c->host);
}

static void openssh_send(struct ssh_call *c)
{
	struct openssh *o = c->priv;

	str_clear(&o->words);
	/* It cannot be seen when ssh passes the last byte on, so the script counts as started from here. */
	ssh_call_started(c);
	loop_child_write(o->child, c->script.buf, c->script.len);
	loop_child_close_stdin(o->child);
}

static void openssh_close(struct ssh_call *c)
{
	struct openssh *o = c->priv;

	loop_child_abandon(o->child);
	for (size_t i = 0; i < o->count; i++)
		free(o->args[i]);
	str_release(&o->words);
	free(o);
}

const struct ssh_ops openssh_ops = {
	.open = openssh_open,
	.send = openssh_send,
	.close = openssh_close,
};
