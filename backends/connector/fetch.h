#ifndef CONNECTOR_FETCH_H
#define CONNECTOR_FETCH_H

#include "backends/connector/source_private.h"

/* Where a paged list stands. The state machine alone, without I/O: paging.c. */
struct paging {
	const struct def_page *def;
	const char *base; /* URL of the source: next links must stay with it */
	size_t pages, items;
	long offset, number;
	json_t *token; /* of the page to fetch next; NULL: the first */
	char *url;     /* the same for links */
	bool cut;      /* ended by a budget, not by the far side */
};
void paging_init(struct paging *p, const struct def_page *def, const char *base);
void paging_release(struct paging *p);
/* The parameters of the page to fetch; NULL when there are none. New reference. */
json_t *paging_params(const struct paging *p);
/* Takes a reply: its items (new reference) and whether another page is to be fetched. */
bool paging_take(struct paging *p, const struct exchange_reply *r, json_t *scope,
	json_t **items, bool *more, struct err *e) MUST_USE;
/* Takes the only page of a list whose n items are handed out some at a time. */
void paging_took(struct paging *p, const struct exchange_reply *r, size_t n);

/* All pages of a def_fetch, one after the other. */
struct fetch_end {
	struct err err;
	int status; /* HTTP, of the last page; 0: none */
	bool cut;
	size_t pages, repaired; /* repaired: as in exchange_reply, of all pages */
	int64_t retry_after_ms;
};
struct fetch_fns {
	/* One page, or a part of a large one. False: do not go on before fetch_resume. */
	bool (*page)(void *arg, json_t *items, const struct exchange_reply *r);
	void (*done)(void *arg, const struct fetch_end *end); /* the fetch is gone then */
};
struct fetch;
struct fetch *fetch_start(struct session *se, const struct def_fetch *def, json_t *scope,
	const struct fetch_fns *fns, void *arg);
void fetch_resume(struct fetch *f);
void fetch_cancel(struct fetch *f); /* NULL is fine */

#endif
