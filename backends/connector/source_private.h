#ifndef CONNECTOR_SOURCE_PRIVATE_H
#define CONNECTOR_SOURCE_PRIVATE_H

#include "backends/connector/connector_def.h"

/*
 * Internal to the connector engine. An operation (collection, call, log, login) opens a session, which resolves the
 * secrets that it needs; then it makes exchanges, one request and its reply each, through whichever transport the
 * request names; fetches are exchanges page by page. Callbacks come later than the function that asked, and never after
 * a cancel.
 */
struct login;

/* First member of every operation, so that source_free can end what is under way. */
struct op {
	struct op *next, **at;
	void (*cancel)(struct op *op); /* frees it */
};

struct source {
	struct reach reach;
	struct connector *def;
	struct config_source cfg;
	json_t *settings;            /* typed, defaults filled in */
	json_t *given;               /* secret name -> configured? */
	json_t *info;                /* {name, env} */
	const struct def_auth *auth; /* the alternative that holds */
	char *ca_file, *client_cert, *client_key;
	const char *proxy;
	bool plain_http;
	struct op *ops;
	struct login *login; /* NULL unless auth is a login */
};

void op_add(struct source *s, struct op *op, void (*cancel)(struct op *op));
void op_remove(struct op *op);

/* Settings with types and defaults; checks every key of the source in the configuration. New reference, NULL with e. */
json_t *source_settings(const struct connector *c, const struct config *cfg,
	const struct config_source *s, struct err *e) MUST_USE;

/* A path of the configuration: "~/x" is below HOME, what is not absolute beside the file. malloc'ed; NULL stays NULL. */
char *source_path(const struct config *cfg, const char *path);

/* {settings, given, source, operator, now}: what every expression of this source sees. New reference. */
json_t *source_scope(const struct source *s);
/* A shallow copy of `scope` with one member more (value is borrowed). New reference. */
json_t *scope_with(json_t *scope, const char *key, json_t *value);
/* Puts the members of `more` (or NULL) into scope where the name is free. */
void scope_merge(json_t *scope, json_t *more);

/* Text that leaves the engine: what a far side echoes may hold a secret. */
void scrub_err(struct err *e);

/* Overwrites strings of a tree that nobody else refers to, then drops it. What is shared is only dropped. */
void json_wipe_own(json_t *v);

/* ---- session: the secrets of one operation -------------------------------------------------------- */

typedef void session_fn(void *arg, const struct err *e /* ERR_NONE: open */);
struct secrets_job;
struct session {
	struct source *source;
	json_t *scope;  /* source_scope */
	json_t *secret; /* name -> value; empty object when none is needed */
	struct secrets_job *job;
};
/* Resolves what lists[n] (each closed by NULL, or NULL) name, and what the source's auth and base need. */
void session_open(struct session *se, struct source *s, const char *const *const *lists,
	size_t n, session_fn *fn, void *arg);
/* The far side does not take what authenticates: kept secrets are asked for anew next time. */
void source_refused(const struct source *s);
void session_close(struct session *se); /* wipes; also while it opens */

/* ---- exchange: one request and its reply ---------------------------------------------------------- */

struct exchange_spec {
	const struct def_request *rq;
	json_t *scope; /* without secrets; copied */
	/* The complete URL of a next page, instead of base and path; or NULL. */
	const char *url;
	json_t *extra;           /* object of paging parameters, or NULL */
	enum page_where where;   /* where `extra` goes */
	const char *next_header; /* a header wanted in the answer, or NULL */
	size_t tail_bytes;       /* > 0: Range header for the end */
	size_t max_bytes;        /* > 0: instead of the request's */
	/* The path of a list (json_items.h) that may be answered by `items` instead of a body; or NULL. */
	const char *list;
	enum pg_mode mode;
	bool no_auth;                                              /* the login itself */
	bool (*on_data)(void *arg, const char *bytes, size_t len); /* instead of a body */
};
struct exchange_reply {
	struct err err; /* as the transport's; a reply that cannot be read is ERR_PARSE */
	/*
	 * The reply is known to its end, whatever it says: of HTTP as in http_reply, and a JSON text that only the closed
	 * connection ended is whole when it is (but a number: 12 may be the start of 123); rows of a statement that ended,
	 * none left out; the output of a command that ended. And it was understood. Without it nothing is proved by it.
	 */
	bool whole;
	const char *doubt; /* not whole and yet no error: why, for people; else "" */
	int status;        /* HTTP, else 0 */
	json_t *body;      /* borrowed; NULL when there is none */
	/* Instead of a body, when the list is too large for a tree: to be taken by setting it to NULL. Or NULL. */
	struct json_items **items;
	long affected; /* SQL, else -1 */
	int exit_code; /* ssh, else -1 */
	size_t repaired; /* values of the body that are not quite what was sent: json_read_reply */
	bool sent, truncated;
	const char *err_out; /* ssh: stderr, safe text of at most a line; else "" */
	/* All Link headers, joined by ", "; the wanted header; "". */
	const char *link, *next;
	int64_t retry_after_ms;
};
typedef void exchange_fn(void *arg, const struct exchange_reply *r);
struct exchange;
struct exchange *exchange_start(
	struct session *se, const struct exchange_spec *spec, exchange_fn *fn, void *arg);
void exchange_cancel(struct exchange *x); /* NULL is fine */
/* {status, body, affected, exit}: what success, refusal and says see. New reference. */
json_t *exchange_envelope(const struct exchange_reply *r);

/* ---- login ----------------------------------------------------------------------------------------- */

struct login *login_new(struct source *s);
void login_free(struct login *l); /* wipes the token */
/* Borrowed header object while the token is good, else NULL. */
json_t *login_header(struct login *l);
void login_drop(struct login *l); /* the far side refused the token */
typedef void login_fn(void *arg, const struct err *e);
/* Logs in unless somebody is doing it already; everyone who waits is told. Later, once. */
void login_wait(struct login *l, login_fn *fn, void *arg);
void login_forget(struct login *l, void *arg); /* no callback to arg any more */

#endif
