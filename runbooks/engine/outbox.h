#ifndef ENGINE_OUTBOX_H
#define ENGINE_OUTBOX_H

#include "backends/store/store.h"

/*
 * What jobs tell the store: states, output, outcomes. What the store does not take (a full disk, a busy file) is kept in
 * memory and told again, in order, until it is taken: what the far side answered is not lost with the moment. Nothing new
 * starts as long as something is kept: what must be written before something is sent goes through outbox_ask, and fails
 * then. Bounded: lines of output and what is late are let go at the bound; of all else there is only what was under way.
 * A worker that ends loses what is kept: the next one looks.
 */
enum {
	OUTBOX_LINES_MAX = 8 << 20, /* bytes of output that are kept */
	OUTBOX_MAX = 10000          /* things of all kinds */
};

struct outbox;
/* `taken` after the last of what was kept is in the store; may be NULL. */
struct outbox *outbox_new(
	struct loop *l, struct store *s, void (*taken)(void *arg), void *arg);
/* Tries once more; what is not taken then is lost. NULL is fine. */
void outbox_free(struct outbox *o);
/* One change, written before this returns or kept. What can never be written (ERR_USAGE, ERR_CONFLICT, ...) is logged. */
void outbox_tell(struct outbox *o, const char *change, json_t *args /* taken */);
/* The same of what nothing that follows stands on: it holds up nothing. */
void outbox_tell_late(struct outbox *o, const char *change, json_t *args /* taken */);
/* As store_tell, after all that is kept; ERR_IO when that is not taken. */
struct store_req *outbox_ask(struct outbox *o, const char *change,
	json_t *args /* taken */, store_answer_fn *fn, void *arg);
/* Something is kept that others wait for. */
bool outbox_waits(const struct outbox *o);

#endif
