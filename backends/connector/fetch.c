/*
 * A list fetched page by page.
 */
#include "backends/connector/fetch.h"

#include <stdlib.h>

struct fetch {
	struct session *se;
	const struct def_fetch *def;
	json_t *scope;
	struct fetch_fns fns;
	void *arg;
	struct paging pager;
	struct str base;
	struct exchange *exchange;
	bool more;
	int status;
	size_t repaired;
	struct err err;
	int64_t retry_after_ms;
};

static void fetch_free(struct fetch *f)
{
	paging_release(&f->pager);
	str_wipe(&f->base);
	json_decref(f->scope);
	free(f);
}

static void end(struct fetch *f)
{
	struct fetch_end end = {.err = f->err,
		.status = f->status,
		.cut = f->pager.cut,
		.pages = f->pager.pages,
		.repaired = f->repaired,
		.retry_after_ms = f->retry_after_ms};
	void (*done)(void *, const struct fetch_end *) = f->fns.done;
	void *arg = f->arg;
	fetch_free(f);
	done(arg, &end);
}

static void ask(struct fetch *f);

static void go_on(struct fetch *f)
{
	if (f->more)
		ask(f);
	else
		end(f);
}

/* Is the reply an error in spite of its status? */
static bool is_error(const struct fetch *f, const struct exchange_reply *r, struct err *e)
{
	if (!f->def->error.jmes)
		return false;
	json_t *v = jmes_search(
		f->def->error.jmes, r->body ? r->body : json_null(), f->scope, e);
	if (!v)
		return true;
	bool is = !json_is_null(v) && !json_is_false(v);
	if (is) {
		struct str words = STR_INIT_MAX(4096);
		json_scalar_to(&words, v);
		err_set(e, ERR_REMOTE, "the far side says: %s", words.buf);
		str_release(&words);
	}
	json_decref(v);
	return is;
}

static void replied(void *arg, const struct exchange_reply *r)
{
	struct fetch *f = arg;
	json_t *items = NULL;
	f->exchange = NULL;
	f->retry_after_ms = r->retry_after_ms;
	f->repaired += r->repaired;
	f->status = r->status;
	if (r->err.code != ERR_NONE) {
		f->err = r->err;
		end(f);
		return;
	}
	if (is_error(f, r, &f->err) ||
		!paging_take(&f->pager, r, f->scope, &items, &f->more, &f->err)) {
		end(f);
		return;
	}
	bool now = f->fns.page(f->arg, items, r);
	json_decref(items);
	if (now)
		go_on(f);
}

static void ask(struct fetch *f)
{
	json_t *extra = f->pager.url ? NULL : paging_params(&f->pager);
	struct exchange_spec spec = {.rq = &f->def->request,
		.scope = f->scope,
		.url = f->pager.url,
		.extra = extra,
		.where = f->def->page.where,
		.next_header = f->def->page.next_header};
	f->exchange = exchange_start(f->se, &spec, replied, f);
	json_decref(extra);
}

struct fetch *fetch_start(struct session *se, const struct def_fetch *def, json_t *scope,
	const struct fetch_fns *fns, void *arg)
{
	struct fetch *f = xcalloc(1, sizeof(*f));
	/* A base that does not render fails the request itself. */
	struct err ignored = ERR_INIT;
	f->se = se;
	f->def = def;
	f->scope = json_incref(scope);
	f->fns = *fns;
	f->arg = arg;
	str_init(&f->base, 8192);
	json_t *full = scope_with(scope, "secret", se->secret);
	if (se->source->def->base &&
		!tmpl_render_text(se->source->def->base, full, &f->base, &ignored))
		str_clear(&f->base);
	json_decref(full);
	paging_init(&f->pager, &def->page, f->base.buf);
	ask(f);
	return f;
}

void fetch_resume(struct fetch *f)
{
	go_on(f);
}

void fetch_cancel(struct fetch *f)
{
	if (!f)
		return;
	exchange_cancel(f->exchange);
	fetch_free(f);
}
