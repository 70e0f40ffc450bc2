#ifndef TRANSPORT_SSH_PRIVATE_H
#define TRANSPORT_SSH_PRIVATE_H

#include "backends/base/str.h"
#include "backends/transport/resolve.h"
#include "backends/transport/ssh.h"

/*
 * The way of one script, the same for both implementations:
 *
 *   remote command `exec /bin/sh -s`  ->  hello on stdin  ->  the mark READY on stdout  ->  the script as one
 *   compound command  ->  output  ->  the mark with the exit code  ->  EOF, close, exit status 0
 *
 * Until READY came nothing of the script has left us; until the compound is complete the remote shell
 * runs nothing of it. So "not started" is a fact, and everything after it without the last mark is UNKNOWN.
 */

/* ---- ssh_script.c: framing --------------------------------------------------------------------- */

#define SSH_COMMAND "exec /bin/sh -s"
#define SSH_SCRIPT_MAX ((size_t)1 << 20)

struct ssh_frame {
	char nonce[33];
	bool ready;    /* the remote shell reads from us */
	bool ended;    /* the last mark came */
	int code;      /* of the script, with `ended` */
	char held[48]; /* bytes that may become a mark */
	size_t held_len;
};

void ssh_frame_init(struct ssh_frame *f);
/* The first line for the remote shell. */
void ssh_frame_hello(const struct ssh_frame *f, struct str *out);
/* The compound: variables and text inside, complete or not at all executed. */
bool ssh_frame_script(const struct ssh_frame *f, const char *text, const json_t *vars,
	struct str *out, struct err *e) MUST_USE;
/* Takes bytes of stdout; appends what is the script's to out. What comes before READY is dropped. */
void ssh_frame_feed(struct ssh_frame *f, const char *bytes, size_t len, struct str *out);
/* stdout has ended: what was held back is output after all. */
void ssh_frame_finish(struct ssh_frame *f, struct str *out);

/* ---- ssh.c: calls ------------------------------------------------------------------------------ */

struct ssh_ops {
	/* Begins; false: refused. Never answers from within. */
	bool (*open)(struct ssh_call *c, struct err *e);
	/* READY came: send c->script, then end of file. */
	void (*send)(struct ssh_call *c);
	/* Drops everything of c->priv; nothing is reported any more. */
	void (*close)(struct ssh_call *c);
};
extern const struct ssh_ops openssh_ops, libssh2_ops;

struct ssh {
	struct loop *loop;
	struct resolver *resolver;
	struct ssh_call *calls;
};

struct ssh_call {
	struct ssh *ssh;
	struct ssh_call *next;
	const struct ssh_ops *ops;
	void *priv; /* of ops; NULL before open and after close */
	struct loop_timer *deadline, *connect_deadline, *deferred;
	ssh_fn *fn;
	void *arg;
	void (*on_output)(void *arg, int stream, const char *bytes, size_t len);
	char *host, *user, *identity, *known_hosts, *config;
	int port; /* 0: not given */
	int64_t timeout_ms, connect_ms;
	size_t max_bytes;
	struct ssh_frame frame;
	struct str hello, script; /* script: wiped, since variables may be secret */
	struct str out, err_out;
	struct str
		greeting; /* stdout before READY: start-up files, or a login shell that refuses */
	bool in_callback;
	bool cancelled; /* within a callback */
	struct ssh_reply reply;
};

/* For the implementations. After ssh_call_output says false, or after ssh_call_end, c->priv is gone. */
bool ssh_call_output(struct ssh_call *c, int stream, const char *bytes, size_t len);
/* The script's last byte was handed over: from now on the outcome is open. */
void ssh_call_started(struct ssh_call *c);
/* The connection is over. clean: EOF, close and exit status 0 without a signal came from the far side. `why` (may be
 * NULL) tells what went wrong. */
void ssh_call_end(struct ssh_call *c, bool clean, const struct err *why);

#endif
