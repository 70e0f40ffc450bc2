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
	/* Ended by something else than the far side's own end of the list; `why` says by what. Proof is positive: what is not
	 * known to be whole is cut. */
	bool cut;
	char why[120];
	double total; /* how many there are, as the far side says; < 0: it says nothing */
	/* Of the page before: a far side that ignores what it is asked for gives the same once more. */
	json_t *first_item, *last_item;
	size_t last_n;
};
void paging_init(struct paging *p, const struct def_page *def, const char *base);
void paging_release(struct paging *p);
/* Marks the list as cut, in the first words only. */
void paging_cut(struct paging *p, const char *fmt, ...) PRINTF_LIKE(2, 3);
/* Why it is not all there is, with figures: "10 of at least 13: max_pages ended the list". */
void paging_words(const struct paging *p, char *out, size_t size);
/* The parameters of the page to fetch; NULL when there are none. New reference. */
json_t *paging_params(const struct paging *p);
/* Takes a reply: its items (new reference) and whether another page is to be fetched. */
bool paging_take(struct paging *p, const struct exchange_reply *r, json_t *scope,
	json_t **items, bool *more, struct err *e) MUST_USE;
/* Is that status the answer to a page that is not there, asked for only since a short page
 * proves no end? The list is cut then. */
bool paging_beyond(struct paging *p, int status);
/* Takes the only page of a list whose n items are handed out some at a time. */
void paging_took(struct paging *p, const struct exchange_reply *r, size_t n);

/* All pages of a def_fetch, one after the other. */
struct fetch_end {
	struct err err;
	int status; /* HTTP, of the last page; 0: none */
	bool cut;
	const char *why;        /* paging_words when it is cut, else "" */
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
