#ifndef CONNECTOR_COLLECT_H
#define CONNECTOR_COLLECT_H

#include "backends/connector/fetch.h"
#include "backends/connector/mapping.h"

/* Internal to collect*.c: one collection under way. */
struct walk;

struct collect {
	struct op op; /* first */
	struct source *source;
	const struct def_collect *def;
	struct collect_fns fns;
	struct session session;
	struct loop_timer *timer; /* of the whole collection */
	struct arena arena;       /* of one batch */
	json_t *scope;            /* with since */
	int64_t started_ms;
	/* sub-collections */
	json_t *each; /* array; [null] without `each` */
	size_t each_next;
	struct fetch *each_fetch;
	struct walk *walks; /* under way */
	size_t n_walks;
	bool stopping; /* an error that ends the rest too */
	size_t *enrich_left;
	/* re-reading */
	json_t *open_items;
	json_t *seen; /* ids of this collection, when open items may need a re-read */
	size_t reread_next, reread_done;
	size_t unread; /* that were asked for without an answer */
	char unread_why[240];
	/* the watermark: the kept one, the largest of this collection, and as text */
	char *kept;
	json_t *best;
	/* results */
	struct err err; /* the first */
	size_t errors;
	size_t partials;   /* lists of which not all was read */
	char partial[300]; /* of the first: why */
	size_t rows, pages, refused, repaired;
	int64_t retry_after_ms;
	/* the callbacks may cancel us */
	bool in_fn, cancelled;
};

void collect_error(struct collect *c, const struct err *e, int64_t retry_after_ms);
/* What a fetch that ended adds to the figures of the collection. */
void collect_count(struct collect *c, const struct fetch_end *end);
/* A list of which not everything was read: nothing can be said to be missing. name: of the sub-collection, or NULL. */
void collect_partial(struct collect *c, const char *name, const char *why);
void collect_finish(struct collect *c);
/* Maps items and hands them out. False: the collection was cancelled meanwhile and is gone. */
bool collect_deliver(struct collect *c, json_t *items, json_t *scope) MUST_USE;
/* Says that an open item is gone. False as above. */
bool collect_gone(struct collect *c, const char *id, const char *why) MUST_USE;

/* Says that an open item could not be read. False as above. */
bool collect_unread(struct collect *c, const char *id, const char *why) MUST_USE;

/* collect_walk.c: starts sub-collections while there are some; goes on with re-reading when all have ended. */
void walks_start(struct collect *c);
void walks_cancel(struct collect *c);
/* Fetches one open item; its items go the way of all others, `enrich` included. reread_ended comes when it is over. */
void walk_reread(struct collect *c, json_t *scope);

/* collect_since.c */
json_t *since_scope(struct collect *c); /* the value of `since`; new reference */
void since_take(struct collect *c, json_t *item, json_t *scope);
char *since_result(struct collect *c); /* malloc'ed, NULL: keep what is kept */

/* collect_reread.c */
void reread_start(struct collect *c); /* ends with collect_finish */
/* found: something came for the item in hand. */
void reread_ended(struct collect *c, const struct fetch_end *end, bool found);

#endif
