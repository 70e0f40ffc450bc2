#ifndef CONNECTOR_EXCHANGE_H
#define CONNECTOR_EXCHANGE_H

#include "backends/connector/reading.h"

/* Internal to exchange*.c: one exchange under way. */
struct exchange {
	struct session *se;
	struct exchange_spec spec;
	exchange_fn *fn;
	void *arg;
	bool again; /* the login was repeated */
	bool waits_login;
	struct loop_timer *deferred;
	struct http_call *http;
	struct pg_call *pg;
	struct ssh_call *ssh;
	struct err err;     /* of what never was sent */
	struct str scratch; /* text of an answer, until its callback has returned */
	/* A large reply, until its text is read. */
	struct reading *reading;
	struct exchange_reply held; /* without its body */
	char *link, *next;          /* of it */
	bool open_end;
};

/* What came, as the transport holds it. */
struct exchange_text {
	const char *bytes;
	size_t len;
	bool open_end;                 /* it may be only the first part */
	const struct http_reply *http; /* whose body it is; or NULL */
};

void exchange_free(struct exchange *x);
/* The last thing: tells its owner, and is gone. */
void exchange_answer(struct exchange *x, const struct exchange_reply *r);
/* Reads the body unless the transport failed; a status that the request accepts is no failure. */
void exchange_finish(
	struct exchange *x, struct exchange_reply *r, const struct exchange_text *text);

#endif
