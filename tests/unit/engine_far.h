#ifndef TESTS_ENGINE_FAR_H
#define TESTS_ENGINE_FAR_H

/* The vtable of the far side of engine_ask.h. */
#include "tests/unit/engine_ask.h"

static inline bool far_fake_source(void *arg, const char *source, struct err *e)
{
	return fake_source(arg, source, e);
}

static inline const char *far_fake_connector(void *arg, const char *source)
{
	(void)arg;
	(void)source;
	return "fake";
}

static inline bool far_fake_has_sql(void *arg, const char *source)
{
	(void)arg;
	(void)source;
	return true;
}

static inline bool far_fake_traits(
	void *arg, const char *source, const char *call, struct call_traits *out)
{
	const struct fake *f = arg;

	(void)source;
	(void)call;
	*out = f->traits;
	return !f->gone;
}

static inline bool far_fake_check(
	void *arg, const char *source, const char *call, json_t *input, struct err *e)
{
	(void)source;
	(void)call;
	(void)input;
	return !((const struct fake *)arg)->requires ||
	       err_set(e, ERR_DENIED, "%s", ((const struct fake *)arg)->requires);
}

static inline char *far_fake_text(
	void *arg, const char *source, const char *call, json_t *input, struct err *e)
{
	const struct fake *f = arg;

	if (!fake_source(f, source, e))
		return NULL;
	return xasprintf("POST %s/%s/%s %s", source, call,
		json_str(json_sub(input, "record"), "id", ""), f->other ? f->other : "");
}

#define FAKE_CALLS(name, type, fn, look)                                          \
	static inline struct call *far_fake_##name(void *arg, const char *source, \
		const char *call, json_t *input, type *done, void *done_arg,      \
		struct err *e)                                                    \
	{                                                                         \
		(void)source;                                                     \
		return fake_ask(arg, #name, call, input, fn, look, done_arg, e);  \
	}
FAKE_CALLS(call, call_fn, done, NULL)
FAKE_CALLS(preview, call_fn, done, NULL)
FAKE_CALLS(before, look_fn, NULL, done)
FAKE_CALLS(verify, look_fn, NULL, done)

#define FAKE_SQL(name)                                                                   \
	static inline struct call *far_fake_##name(void *arg, const char *source,        \
		const struct sql_statement *q, call_fn *fn, void *fn_arg, struct err *e) \
	{                                                                                \
		(void)source;                                                            \
		return fake_ask(arg, #name, q->text, NULL, fn, NULL, fn_arg, e);         \
	}
FAKE_SQL(sql)
FAKE_SQL(sql_preview)

static inline void far_fake_cancel(void *arg, struct call *c)
{
	(void)arg;
	if (c)
		fake_forget(c);
}

static inline void far_fake_refresh(void *arg, const char *source)
{
	struct fake *f = arg;

	(void)source;
	f->refreshed++;
}

static inline void far_fake_acted(void *arg, const char *source)
{
	struct fake *f = arg;

	(void)source;
	f->acted++;
}

static inline bool far_fake_read_since(
	void *arg, const char *source, enum kind kind, usec_t since)
{
	const struct fake *f = arg;

	(void)source;
	(void)kind;
	(void)since;
	return f->fresh;
}

static inline const struct config_host *far_fake_host(void *arg, const char *name)
{
	(void)arg;
	(void)name;
	return NULL;
}

static inline void far_fake_ssh_cancel(void *arg, struct ssh_call *c)
{
	(void)arg;
	(void)c;
}

static inline const struct runbook *far_fake_runbook(void *arg, const char *name)
{
	const struct fake *f = arg;

	return str_equal(name, runbook_name(f->runbook)) ? f->runbook : NULL;
}

static inline bool far_fake_read_only(void *arg)
{
	return ((const struct fake *)arg)->read_only;
}

static inline const struct environments *far_fake_environments(void *arg)
{
	return &((const struct fake *)arg)->environments;
}

static inline bool far_fake_leaving(void *arg)
{
	(void)arg;
	return false;
}

static inline void far_fake_used(void *arg)
{
	(void)arg;
}

static inline struct far fake_far(struct fake *f)
{
	return (struct far){
		.arg = f,
		.source = far_fake_source,
		.connector = far_fake_connector,
		.has_sql = far_fake_has_sql,
		.traits = far_fake_traits,
		.check = far_fake_check,
		.text = far_fake_text,
		.call = far_fake_call,
		.before = far_fake_before,
		.verify = far_fake_verify,
		.preview = far_fake_preview,
		.sql = far_fake_sql,
		.sql_preview = far_fake_sql_preview,
		.cancel = far_fake_cancel,
		.refresh = far_fake_refresh,
		.acted = far_fake_acted,
		.read_since = far_fake_read_since,
		.host = far_fake_host,
		.ssh_cancel = far_fake_ssh_cancel,
		.runbook = far_fake_runbook,
		.read_only = far_fake_read_only,
		.environments = far_fake_environments,
		.leaving = far_fake_leaving,
		.used = far_fake_used,
	};
}

#endif
