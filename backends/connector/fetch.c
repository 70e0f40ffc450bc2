/*
 * A list fetched page by page.
 */
#include "backends/connector/fetch.h"
#include "backends/base/json_items.h"

#include <stdlib.h>
#include <string.h>

struct fetch {
	struct session *se;
	const struct def_fetch *def;
	json_t *scope;
	struct fetch_fns fns;
	void *arg;
	struct paging pager;
	struct str base;
	struct exchange *exchange;
	char *list; /* the path of the list when its items may come some at a time; or NULL */
	struct json_items *items; /* of the page in hand */
	bool more;
	int status;
	size_t repaired;
	struct err err;
	int64_t retry_after_ms;
};

static void fetch_free(struct fetch *f)
{
	paging_release(&f->pager);
	json_items_free(f->items);
	free(f->list);
	str_wipe(&f->base);
	json_decref(f->scope);
	free(f);
}

static void end(struct fetch *f)
{
	char why[200] = "";
	if (f->pager.cut)
		paging_words(&f->pager, why, sizeof(why));
	struct fetch_end end = {.err = f->err,
		.status = f->status,
		.cut = f->pager.cut,
		.why = why,
		.pages = f->pager.pages,
		.repaired = f->repaired,
		.retry_after_ms = f->retry_after_ms};
	void (*done)(void *, const struct fetch_end *) = f->fns.done;
	void *arg = f->arg;
	fetch_free(f);
	done(arg, &end);
}

static void ask(struct fetch *f);

/* Items of a list that is handed out some at a time. A filter gives of a part what it gives of the whole there. */
static json_t *next_items(struct fetch *f, struct err *e)
{
	enum { ITEMS_MAX = 2000, TREE_BYTES = 2 << 20 };
	const struct def_expr *filter = &f->def->page.items;
	json_t *part = json_items_next(f->items, ITEMS_MAX, TREE_BYTES), *v;
	if (!part || !filter->jmes || !str_starts(filter->text, "[?"))
		return part;
	v = jmes_search(filter->jmes, part, f->scope, e);
	json_decref(part);
	if (!v)
		err_wrap(e, "page.items");
	return v;
}

/* False: the page is through, or its reader goes on later. */
static bool hand_items(struct fetch *f)
{
	static const struct exchange_reply none = {
		.affected = -1, .exit_code = -1, .link = "", .next = ""};
	json_t *some = next_items(f, &f->err);
	bool now;
	if (!some) {
		json_items_free(f->items);
		f->items = NULL;
		return true;
	}
	now = f->fns.page(f->arg, some, &none);
	json_decref(some);
	return now;
}

static void go_on(struct fetch *f)
{
	while (f->items)
		if (!hand_items(f))
			return;
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
		if (!r->whole || !paging_beyond(&f->pager, r->status))
			f->err = r->err;
		end(f);
		return;
	}
	if (r->items) {
		f->items = *r->items;
		*r->items = NULL;
		paging_took(&f->pager, r, json_items_count(f->items));
		go_on(f);
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

/* "[?...]" and nothing after it. */
static bool is_filter(const char *text)
{
	size_t depth = 0;
	char quote = '\0';
	if (!str_starts(text, "[?"))
		return false;
	for (; *text; text++) {
		if (quote) {
			if (*text == '\\' && text[1])
				text++;
			else if (*text == quote)
				quote = '\0';
		} else if (strchr("'\"`", *text)) {
			quote = *text;
		} else if (*text == '[') {
			depth++;
		} else if (*text == ']' && --depth == 0) {
			return text[1] == '\0';
		}
	}
	return false;
}

/* A path through objects, "@", or a filter on the document itself: what can be looked for in the text. malloc'ed, or NULL. */
static char *list_path(const struct def_fetch *def)
{
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_"
		"0123456789.";
	const char *text = def->page.items.text;
	if (def->page.style != PAGE_NONE || def->error.jmes ||
		def->request.transport != DEF_HTTP || def->request.reply != REPLY_JSON)
		return NULL;
	if (!def->page.items.jmes || strcmp(text, "@") == 0 || is_filter(text))
		return xstrdup("");
	return strspn(text, letters) == strlen(text) ? xstrdup(text) : NULL;
}

static void ask(struct fetch *f)
{
	json_t *extra = f->pager.url ? NULL : paging_params(&f->pager);
	struct exchange_spec spec = {.rq = &f->def->request,
		.scope = f->scope,
		.url = f->pager.url,
		.extra = extra,
		.where = f->def->page.where,
		.next_header = f->def->page.next_header,
		.list = f->list};
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
	f->list = list_path(def);
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
