#ifndef TRANSPORT_SSH_H
#define TRANSPORT_SSH_H

#include "backends/base/json.h"
#include "backends/base/loop.h"

/*
 * A constant script on a remote host. Two implementations behind one interface: the system's `ssh` (openssh.c:
 * ssh_config, ProxyJump, certificates, FIDO, agents; the default) and libssh2 (ssh_session.c, in process; `transport:
 * libssh2` on the host).
 *
 * The remote command is a constant (`exec /bin/sh -s`). stdin carries: a preamble that sets the variables (only names
 * [A-Z][A-Z0-9_]*; values single-quoted by us for POSIX sh, so the login shell never sees them), the script through
 * eval in a subshell, and a trailer that prints the sentinel "<RS><nonce> <exit code>\n" on stdout. Success needs the
 * sentinel with our nonce, code, clean EOF and no exit signal; everything else that started is ERR_UNKNOWN, never
 * success.
 *
 * Host keys: our own known_hosts matcher (known_hosts.h) for libssh2; StrictHostKeyChecking=yes for ssh.
 */
struct ssh;

struct ssh_host {
	/* Name or alias; refused when it begins with "-" or holds blanks or control characters. */
	const char *host;
	const char *port; /* NULL: ssh_config's, else 22 */
	const char *user; /* NULL: ssh_config's, else ours */
	/*
	 * A private key file. NULL: the agent and the default files; for libssh2 the default files only, for its client of
	 * an agent waits without end for the answer (1.10 and 1.11: "not yet implemented"), and an agent that asks its user
	 * would stop the whole worker.
	 */
	const char *identity;
	const char *known_hosts; /* file, NULL: ~/.ssh/known_hosts (and the system's) */
	const char *config;      /* ssh_config file for `ssh -F`, NULL: the user's */
	bool libssh2;
};

struct ssh_script {
	const char *text;   /* the constant script, POSIX sh */
	const json_t *vars; /* object NAME -> scalar; or NULL */
	int64_t timeout_ms; /* 0: 60 000, whole call */
	int64_t connect_ms; /* 0: 8 000 */
	/* stdout + stderr, 0: 4 MiB; more ends the call with ERR_LIMIT. */
	size_t max_bytes;
	/* Optional: output as it arrives, raw bytes, without the sentinel. */
	void (*on_output)(void *arg, int stream, const char *bytes, size_t len);
};

struct ssh_reply {
	bool proved;     /* the sentinel came: exit_code is what the script returned */
	int exit_code;   /* valid when proved */
	const char *out; /* stdout without the sentinel, valid during the callback */
	size_t out_len;
	const char *err_out;
	size_t err_len;
	/* The far side had begun to read the script: without `proved` the outcome cannot be known. */
	bool started;
	/* ERR_NONE when proved (whatever the exit code); host key and login ERR_AUTH; not reached ERR_NET; lost after the
	 * start ERR_UNKNOWN. */
	struct err err;
};
typedef void ssh_fn(void *arg, const struct ssh_reply *reply);
struct ssh_call;

struct ssh *ssh_new(struct loop *l);
void ssh_free(struct ssh *s);
struct ssh_call *ssh_run(struct ssh *s, const struct ssh_host *host,
	const struct ssh_script *script, ssh_fn *fn, void *arg);
/* Drops the connection; no callback. The remote script gets SIGHUP/EOF at best. NULL is fine. */
void ssh_cancel(struct ssh *s, struct ssh_call *c);

#endif
