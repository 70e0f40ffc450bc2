/*
 * Paging: what to ask for next, and when a list has ended. Every style ends at its budget, and a list that does
 * not advance is an error, not an endless loop.
 */
#include "backends/connector/fetch.h"

#include <stdlib.h>
#include <string.h>

void paging_init(struct paging *p, const struct def_page *def, const char *base)
{
	*p = (struct paging){.def = def, .base = base, .number = def->first, .total = -1};
}

void paging_release(struct paging *p)
{
	json_decref(p->token);
	json_decref(p->first_item);
	json_decref(p->last_item);
	free(p->url);
	memset(p, 0, sizeof(*p));
}

void paging_cut(struct paging *p, const char *fmt, ...)
{
	va_list ap;
	if (p->cut)
		return;
	struct str words = STR_INIT_MAX(1000);
	va_start(ap, fmt);
	str_addv(&words, fmt, ap);
	va_end(ap);
	str_copy(p->why, sizeof(p->why), words.buf);
	str_release(&words);
	p->cut = true;
}

void paging_words(const struct paging *p, char *out, size_t size)
{
	if (p->total > (double)p->items)
		str_format(out, size, "%zu of at least %.0f: %s", p->items, p->total,
			p->why);
	else
		str_format(out, size, "%zu of at least %zu: %s", p->items, p->items + 1,
			p->why);
}

json_t *paging_params(const struct paging *p)
{
	const struct def_page *d = p->def;
	json_t *out = json_object();
	if (d->size_param && d->size > 0)
		json_object_set_new(out, d->size_param, json_integer(d->size));
	switch (d->style) {
	case PAGE_NONE:
	case PAGE_LINK: /* the next link holds everything */
		break;
	case PAGE_OFFSET:
		json_object_set_new(out, d->param, json_integer(p->offset));
		break;
	case PAGE_NUMBER:
		json_object_set_new(out, d->param, json_integer(p->number));
		break;
	case PAGE_TOKEN:
	case PAGE_LAST_ITEM:
		if (p->token)
			json_object_set(out, d->param, p->token);
		break;
	}
	if (json_object_size(out) == 0) {
		json_decref(out);
		return NULL;
	}
	return out;
}

/* New reference; json_null for an absent expression. NULL with e. */
static json_t *search(const struct def_expr *x, const char *what, json_t *input,
	json_t *scope, struct err *e)
{
	if (!x->jmes)
		return json_null();
	json_t *v = jmes_search(x->jmes, input, scope, e);
	if (!v)
		err_wrap(e, "page.%s", what);
	return v;
}

static json_t *find_items(struct paging *p, json_t *body, json_t *scope, struct err *e)
{
	json_t *v = p->def->items.jmes ? search(&p->def->items, "items", body, scope, e)
				       : json_incref(body);
	if (!v || json_is_array(v))
		return v;
	/* An empty list, or a reply that is something else altogether. */
	if (json_is_null(v)) {
		json_decref(v);
		paging_cut(p, "the reply holds no list at \"%s\"",
			p->def->items.text ? p->def->items.text : "@");
		return json_array();
	}
	json_decref(v);
	err_set(e, ERR_PARSE, "the reply holds no list at \"%s\"",
		p->def->items.text ? p->def->items.text : "@");
	return NULL;
}

/* ---- links ---- */

/* The URL of rel="next" in a Link header: <url>; rel="next", <url>; rel=... */
static char *link_next(const char *header)
{
	for (const char *at = header; (at = strchr(at, '<'));) {
		const char *end = strchr(at, '>');
		if (!end)
			return NULL;
		size_t params = strcspn(end, "<");
		char *rest = xstrndup(end, params);
		bool next = strstr(rest, "rel=\"next\"") || strstr(rest, "rel=next");
		free(rest);
		if (next)
			return xstrndup(at + 1, (size_t)(end - at - 1));
		at = end;
	}
	return NULL;
}

static bool host_allowed(const struct def_page *d, const char *origin)
{
	const char *host = strstr(origin, "://");
	char bare[256];
	if (!host || !d->hosts || !str_starts(origin, "https:"))
		return false;
	str_copy(bare, sizeof(bare), host + 3);
	bare[strcspn(bare, ":")] = '\0';
	for (size_t i = 0; d->hosts[i]; i++)
		if (str_glob(d->hosts[i], bare))
			return true;
	return false;
}

/* The token and everything else of ours would go to where the link points: only to the same origin, or a host of the
 * list. */
static char *safe_link(const struct paging *p, char *url, struct err *e)
{
	struct str ours = STR_INIT_MAX(4096), theirs = STR_INIT_MAX(4096);
	bool ok = http_origin(p->base, &ours, e);
	if (ok && url[0] == '/' && url[1] != '/') {
		char *full = xasprintf("%s%s", ours.buf, url);
		free(url);
		url = full;
	}
	ok = ok && http_origin(url, &theirs, e);
	if (ok && strcmp(ours.buf, theirs.buf) != 0 && !host_allowed(p->def, theirs.buf))
		ok = err_set(e, ERR_REMOTE,
			"the link to the next page leads to another host (%s): allow it "
			"by page.hosts if it is right",
			theirs.buf);
	str_release(&ours);
	str_release(&theirs);
	if (ok)
		return url;
	free(url);
	return NULL;
}

static bool next_link(struct paging *p, const struct exchange_reply *r, json_t *body,
	json_t *scope, bool *more, struct err *e)
{
	char *url = NULL;
	if (p->def->next.jmes) {
		json_t *v = search(&p->def->next, "next", body, scope, e);
		if (!v)
			return false;
		const char *text = json_string_value(v);
		url = text && *text ? xstrdup(text) : NULL;
		json_decref(v);
	} else {
		url = link_next(r->link);
	}
	*more = url != NULL;
	if (!url)
		return true;
	url = safe_link(p, url, e);
	if (!url)
		return false;
	bool same = p->url && strcmp(p->url, url) == 0;
	free(p->url);
	p->url = url;
	return !same ||
	       err_set(e, ERR_REMOTE, "the link to the next page is the page itself");
}

/* ---- tokens ---- */

static bool set_token(struct paging *p, json_t *v, bool *more, struct err *e)
{
	bool none = json_is_null(v) || (json_is_string(v) && !json_string_length(v));
	*more = !none;
	if (none) {
		json_decref(v);
		return true;
	}
	bool same = p->token && json_equal(p->token, v);
	json_decref(p->token);
	p->token = v;
	return !same ||
	       err_set(e, ERR_REMOTE, "paging does not advance: the same %s again",
		       p->def->param);
}

static bool next_token(struct paging *p, const struct exchange_reply *r, json_t *body,
	json_t *scope, bool *more, struct err *e)
{
	json_t *v = p->def->next_header ? json_string(r->next)
					: search(&p->def->next, "next", body, scope, e);
	return v && set_token(p, v, more, e);
}

static bool next_last(
	struct paging *p, json_t *items, json_t *scope, bool *more, struct err *e)
{
	size_t n = json_array_size(items);
	*more = false;
	if (n == 0)
		return true;
	json_t *v = search(&p->def->next, "next", json_array_get(items, n - 1), scope, e);
	return v && set_token(p, v, more, e);
}

/* ---- counted pages ---- */

/* What is there by the far side's own count, and whether that means that there is more. A full page whose total is not more
 * than the page itself is a server that counts the page: the next one, when it is empty, proves the end. */
static void by_total(struct paging *p, size_t n, double total, bool full, bool *more)
{
	p->total = total;
	if (full && total <= (double)n)
		*more = true;
	else
		*more = n > 0 && (double)p->items < total;
	if (n == 0 && (double)p->items < total)
		paging_cut(p, "an empty page before the total is reached");
}

static bool next_counted(struct paging *p, size_t n, json_t *body, json_t *scope,
	bool *more, struct err *e)
{
	const struct def_page *d = p->def;
	bool full = n > 0 && (long)n >= d->size;
	p->offset += (long)n;
	p->number++;
	/* A short page may be all that the far side gives at once, whatever is asked for: only an empty one proves the end. */
	*more = n > 0;
	if (d->more.jmes) {
		json_t *v = search(&d->more, "more", body, scope, e);
		if (!v)
			return false;
		*more = jmes_truthy(v);
		json_decref(v);
	}
	if (d->total.jmes) {
		json_t *v = search(&d->total, "total", body, scope, e);
		if (!v)
			return false;
		double total = json_number_value(v);
		if (json_is_number(v) ||
			(json_is_string(v) &&
				str_to_double(json_string_value(v), &total)))
			by_total(p, n, total, full, more);
		json_decref(v);
	}
	return true;
}

static bool advance(struct paging *p, const struct exchange_reply *r, json_t *body,
	json_t *items, json_t *scope, bool *more, struct err *e)
{
	*more = false;
	switch (p->def->style) {
	case PAGE_NONE:
		return true;
	case PAGE_OFFSET:
	case PAGE_NUMBER:
		return next_counted(p, json_array_size(items), body, scope, more, e);
	case PAGE_TOKEN:
		return next_token(p, r, body, scope, more, e);
	case PAGE_LINK:
		return next_link(p, r, body, scope, more, e);
	case PAGE_LAST_ITEM:
		return next_last(p, items, scope, more, e);
	}
	return false;
}

/* It was asked on only because a short page proves no end. */
static bool was_short(const struct paging *p)
{
	return p->pages > 0 && p->def->size > 0 && (long)p->last_n < p->def->size;
}

bool paging_beyond(struct paging *p, int status)
{
	bool refused = status == 400 || status == 404 || status == 416 || status == 422;
	if (!refused || !was_short(p) || p->def->total.jmes || p->def->more.jmes)
		return false;
	paging_cut(p, "the page after a short one is answered with HTTP %d", status);
	return true;
}

/* The same items once more: the far side gives this page whatever it is asked for. Two of its items tell as much as all. */
static bool is_repeated(struct paging *p, json_t *list)
{
	size_t n = json_array_size(list);
	json_t *first = json_array_get(list, 0),
	       *last = n ? json_array_get(list, n - 1) : NULL;
	bool same = json_is_object(first) && n == p->last_n &&
		    json_equal(first, p->first_item) && json_equal(last, p->last_item);
	json_decref(p->first_item);
	json_decref(p->last_item);
	p->first_item = json_incref(first);
	p->last_item = json_incref(last);
	p->last_n = n;
	return same;
}

/* After a short page nothing is lost by it; but that this was all is not proved. False with e: what follows cannot be had. */
static bool not_again(struct paging *p, bool after_short, json_t *list, struct err *e)
{
	if (!after_short)
		return err_set(e, ERR_REMOTE,
			"paging does not advance: page %zu is the page before once more "
			"(does the far side know %s?)",
			p->pages, p->def->param ? p->def->param : "the link");
	paging_cut(p, "page %zu is the page before once more", p->pages);
	p->items -= json_array_size(list);
	json_array_clear(list);
	return true;
}

/* A list that is fetched in one piece, and says that there is another. */
static void check_link(struct paging *p, const struct exchange_reply *r)
{
	char *next = p->def->style == PAGE_NONE ? link_next(r->link) : NULL;
	if (next)
		paging_cut(
			p, "the reply has a link to a next page (page: {style: link})");
	free(next);
}

/* What ended the list though there may be more. */
static void check_budgets(struct paging *p, const struct exchange_reply *r, bool *more)
{
	bool pages = p->pages >= p->def->max_pages;
	check_link(p, r);
	if (r->truncated)
		paging_cut(p, "max_rows or max_bytes ended the answer");
	if (!r->whole)
		paging_cut(p, "the answer of page %zu: its end is not proved", p->pages);
	/* Accepted is not done; a part is not all. */
	if (r->status == 202 || r->status == 206)
		paging_cut(p, "HTTP %d: the answer is not all of it", r->status);
	if (!*more || (!pages && p->items < p->def->max_items))
		return;
	paging_cut(p, "%s: %zu ended the list", pages ? "max_pages" : "max_items",
		pages ? p->def->max_pages : p->def->max_items);
	*more = false;
}

bool paging_take(struct paging *p, const struct exchange_reply *r, json_t *scope,
	json_t **items, bool *more, struct err *e)
{
	json_t *body = r->body ? r->body : json_null();
	/* 204 says that there is nothing; 200 without a word is a broken proxy. */
	if (json_is_null(body) && r->status == 200)
		return err_set(
			e, ERR_PARSE, "the reply is empty, where JSON was expected");
	json_t *list = find_items(p, body, scope, e);
	if (!list)
		return false;
	bool after_short = was_short(p);
	p->pages++;
	p->items += json_array_size(list);
	if ((is_repeated(p, list) && !not_again(p, after_short, list, e)) ||
		!advance(p, r, body, list, scope, more, e)) {
		json_decref(list);
		return false;
	}
	check_budgets(p, r, more);
	*items = list;
	return true;
}

void paging_took(struct paging *p, const struct exchange_reply *r, size_t n)
{
	bool more = false;
	p->pages++;
	p->items += n;
	check_budgets(p, r, &more);
}
