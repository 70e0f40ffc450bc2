#ifndef TESTS_ENGINE_ASK_H
#define TESTS_ENGINE_ASK_H

/* The far side of tests of the engine: what is asked of it waits in a list until the test answers it. */
#include "backends/store/db.h"
#include "backends/store/environment.h"
#include "runbooks/engine/exec.h"
#include "tests/unit/store_help.h"

/* The test's own: a request that waits for its answer. */
struct call {
	struct fake *f;
	struct call *next;
	char what[16]; /* call, before, verify, preview, sql, sql_preview */
	call_fn *fn;
	look_fn *look; /* of before and verify */
	void *arg;
	json_t *input; /* owned */
};

struct fake {
	struct help h;
	struct db *db; /* of another process, as it were */
	struct executor *x;
	struct runbook *runbook;
	struct environments environments;
	struct call *calls;   /* oldest first */
	char sent[4000];      /* all that went out, in order: "call retry; " */
	size_t changes;       /* of them: call, sql, ssh */
	bool read_only, gone; /* gone: the source is not configured any more */
	struct call_traits traits;
	enum call_look before; /* what previews read */
	bool fresh;            /* read_since */
	size_t refreshed, acted;
	const char *other;    /* what calls look like now, or NULL: as before */
	const char *requires; /* the call's sentence, or NULL: met */
	/* Called as a change goes out. */
	void (*on_change)(struct fake *f);
	char text[2000];
};

static inline bool fake_source(const void *arg, const char *source, struct err *e)
{
	const struct fake *f = arg;

	if (f->gone && e)
		err_set(e, ERR_NOTFOUND, "the source %s is not in the configuration",
			source);
	return !f->gone;
}

static inline struct call *fake_ask(struct fake *f, const char *what, const char *name,
	json_t *input, call_fn *fn, look_fn *look, void *arg, struct err *e)
{
	struct call *c, **link = &f->calls;
	size_t len = strlen(f->sent);

	if (!fake_source(f, "airflow", e))
		return NULL;
	c = xcalloc(1, sizeof(*c));
	*c = (struct call){.f = f, .fn = fn, .look = look, .arg = arg};
	c->input = json_deep_copy(input);
	str_copy(c->what, sizeof(c->what), what);
	while (*link)
		link = &(*link)->next;
	*link = c;
	str_format(f->sent + len, sizeof(f->sent) - len, "%s %s; ", what, name);
	if (strcmp(what, "call") == 0 || strcmp(what, "sql") == 0) {
		f->changes++;
		if (f->on_change)
			f->on_change(f);
	}
	return c;
}

static inline void fake_forget(struct call *c)
{
	struct call **link = &c->f->calls;

	while (*link != c)
		link = &(*link)->next;
	*link = c->next;
	json_decref(c->input);
	free(c);
}

/* The far side's answer: the request is over. */
static inline void fake_answer(struct call *c, struct call_result r)
{
	call_fn *fn = c->fn;
	void *arg = c->arg;

	fake_forget(c);
	fn(arg, &r);
}

static inline void fake_look(struct call *c, enum call_look look)
{
	static const char *const words[] = {
		"not read", "still as it was", "it is so", "it is stuck"};
	struct look_result r = {.look = look, .known = words[look]};
	look_fn *fn = c->look;
	void *arg = c->arg;

	if (look == LOOK_UNREAD)
		err_set(&r.err, ERR_NET, "not reached");
	fake_forget(c);
	fn(arg, &r);
}

static inline struct call_result fake_result(enum call_effect effect, const char *known)
{
	struct call_result r = {
		.effect = effect, .sent = effect != CALL_NOTHING, .known = known};

	if (effect == CALL_MAYBE)
		err_set(&r.err, ERR_UNKNOWN, "%s", known);
	else if (effect == CALL_NOTHING)
		err_set(&r.err, ERR_REMOTE, "%s", known);
	else
		r.whole = true;
	return r;
}

static inline void fake_accept(struct call *c)
{
	fake_answer(c, fake_result(CALL_ACCEPTED, "accepted"));
}

#endif
