#ifndef ENGINE_FAR_H
#define ENGINE_FAR_H

#include "backends/connector/connector.h"
#include "runbooks/engine/runbook.h"

/*
 * All that previews and actions want of the world beside the store: the sources by their names, the hosts, the runbooks, the policy.
 * The worker's is far.c; a test puts its own under the executor and decides what is answered, and when. Each function takes `arg`
 * of the struct first. What gives a `struct call *` calls back later, once, and not after cancel; NULL with e: nothing was sent.
 */
struct far {
	void *arg;

	/* ---- sources ---- */
	/* It is configured, enabled and in order; false with e (e may be NULL). */
	bool (*source)(void *arg, const char *source, struct err *e);
	/* The name of its connector, "" when unknown. */
	const char *(*connector)(void *arg, const char *source);
	bool (*has_sql)(void *arg, const char *source);
	/* As the functions source_call_traits, source_call_text, source_call, ... of calls.h. */
	bool (*traits)(
		void *arg, const char *source, const char *call, struct call_traits *out);
	bool (*check)(void *arg, const char *source, const char *call, json_t *input,
		struct err *e);
	char *(*text)(void *arg, const char *source, const char *call, json_t *input,
		struct err *e);
	struct call *(*call)(void *arg, const char *source, const char *call,
		json_t *input, call_fn *fn, void *fn_arg, struct err *e);
	struct call *(*before)(void *arg, const char *source, const char *call,
		json_t *input, look_fn *fn, void *fn_arg, struct err *e);
	struct call *(*verify)(void *arg, const char *source, const char *call,
		json_t *input, look_fn *fn, void *fn_arg, struct err *e);
	struct call *(*preview)(void *arg, const char *source, const char *call,
		json_t *input, call_fn *fn, void *fn_arg, struct err *e);
	struct call *(*sql)(void *arg, const char *source, const struct sql_statement *q,
		call_fn *fn, void *fn_arg, struct err *e);
	struct call *(*sql_preview)(void *arg, const char *source,
		const struct sql_statement *q, call_fn *fn, void *fn_arg, struct err *e);
	void (*cancel)(void *arg, struct call *c); /* NULL is fine; no callback */

	/* ---- when sources are read ---- */
	/* As schedule_refresh, schedule_acted and schedule_read_since. */
	void (*refresh)(void *arg, const char *source);
	void (*acted)(void *arg, const char *source);
	bool (*read_since)(void *arg, const char *source, enum kind kind, usec_t since);

	/* ---- hosts ---- */
	/* NULL: it is not in the configuration. */
	const struct config_host *(*host)(void *arg, const char *name);
	struct ssh_call *(*ssh)(void *arg, const struct config_host *h,
		const struct ssh_script *script, ssh_fn *fn, void *fn_arg);
	void (*ssh_cancel)(void *arg, struct ssh_call *c); /* NULL is fine; no callback */

	/* ---- edits ---- */
	/* The configuration, connectors and runbooks may be edited while a job runs, which ends on what it was planned with: all of
	 * this as it is now, until it is let go of. NULL functions: nothing is edited. */
	const struct far *(*hold)(void *arg);
	void (*let_go)(const struct far *held);
	/* Of one that is held: what was saved meanwhile is taken up, and it is that from now on. */
	void (*renew)(void *arg);

	/* ---- ourselves ---- */
	const struct runbook *(*runbook)(void *arg, const char *name); /* or NULL */
	bool (*read_only)(void *arg);
	const struct environments *(*environments)(void *arg);
	bool (*leaving)(void *arg); /* the worker ends: take nothing new up */
	void (*used)(void *arg);    /* something ran: it does not leave for idleness */
};

struct worker;
/* The real one, as it is at any moment. */
struct far far_of(struct worker *w);
/* The oldest version of the configuration that is held; that of now when none is. */
unsigned far_oldest(const struct worker *w);
void far_free(struct worker *w);

#endif
