/* What the store did not take is told again, in order, until it is taken. */
#include "runbooks/engine/outbox.h"

#include <string.h>

#include "backends/base/log.h"
#include "backends/base/mem.h"

#define AGAIN_MS 250

struct told {
	struct told *next;
	const char *change; /* constant */
	json_t *args;
	size_t bytes; /* of lines of output */
};

struct queue {
	struct told *first, **last;
};

struct outbox {
	struct loop *loop;
	struct store *store;
	void (*taken)(void *arg);
	void *arg;
	struct queue told; /* in order */
	struct queue late; /* that nothing waits for */
	size_t n, bytes;
	size_t dropped; /* lines of output, and what is late, that there was no room for */
	struct err why; /* of the first refusal */
	struct loop_timer *timer;
};

struct outbox *outbox_new(
	struct loop *l, struct store *s, void (*taken)(void *arg), void *arg)
{
	struct outbox *o = xcalloc(1, sizeof(*o));

	o->loop = l;
	o->store = s;
	o->taken = taken;
	o->arg = arg;
	o->told.last = &o->told.first;
	o->late.last = &o->late.first;
	return o;
}

bool outbox_waits(const struct outbox *o)
{
	return o->told.first != NULL;
}

/* What the disk or another process is in the way of; anything else is refused for good. */
static bool passes(const struct err *e)
{
	return e->code == ERR_IO || e->code == ERR_TIMEOUT;
}

/* False: to be told again. */
static bool write_one(struct outbox *o, const char *change, json_t *args, struct err *e)
{
	if (store_write(o->store, change, args, e))
		return true;
	if (passes(e))
		return false;
	log_at(LOG_ERROR, "executor", "%s is lost: %s", change, e->msg);
	return true;
}

static size_t lines_bytes(const char *change, const json_t *args)
{
	size_t i, sum = 0;
	json_t *line;

	if (strcmp(change, "output_add") != 0)
		return 0;
	json_array_foreach (json_sub(args, "lines"), i, line)
		sum += strlen(json_str(line, "text", "")) + 64;
	return sum;
}

static void drop_first(struct outbox *o, struct queue *q)
{
	struct told *t = q->first;

	q->first = t->next;
	if (!q->first)
		q->last = &q->first;
	o->n--;
	o->bytes -= t->bytes;
	json_decref(t->args);
	free(t);
}

static bool flush_queue(struct outbox *o, struct queue *q)
{
	struct err e = ERR_INIT;

	while (q->first) {
		if (!write_one(o, q->first->change, q->first->args, &e)) {
			o->why = e;
			return false;
		}
		drop_first(o, q);
	}
	return true;
}

/* True: nothing is kept any more. */
static bool flush(struct outbox *o)
{
	bool told = flush_queue(o, &o->told);

	if (!flush_queue(o, &o->late) || !told)
		return false;
	if (o->dropped)
		log_at(LOG_ERROR, "executor",
			"%zu lines of output and refusals are lost: there was no room",
			o->dropped);
	o->dropped = 0;
	return true;
}

static void on_again(struct loop *l, void *arg)
{
	struct outbox *o = arg;
	bool waited = outbox_waits(o);

	o->timer = NULL;
	if (flush(o))
		log_at(LOG_WARN, "executor", "the store takes writes again");
	else
		o->timer = loop_timer(l, AGAIN_MS, on_again, o);
	if (waited && !outbox_waits(o) && o->taken)
		o->taken(o->arg);
}

/* Whether it was written in spite of the error cannot be seen: it must not be in the audit twice. */
static void mark_again(const char *change, json_t *args)
{
	if (strcmp(change, "audit_add") == 0)
		json_object_set_new(args, "once", json_true());
}

static void keep(struct outbox *o, struct queue *q, const char *change, json_t *args)
{
	size_t bytes = lines_bytes(change, args);
	struct told *t;

	if ((bytes || q == &o->late) &&
		(o->bytes + bytes > OUTBOX_LINES_MAX || o->n >= OUTBOX_MAX)) {
		o->dropped += bytes ? json_array_size(json_sub(args, "lines")) : 1;
		json_decref(args);
		return;
	}
	mark_again(change, args);
	t = xcalloc(1, sizeof(*t));
	*t = (struct told){.change = change, .args = args, .bytes = bytes};
	*q->last = t;
	q->last = &t->next;
	o->n++;
	o->bytes += bytes;
	if (!o->timer)
		o->timer = loop_timer(o->loop, AGAIN_MS, on_again, o);
}

static void tell(struct outbox *o, struct queue *q, const char *change, json_t *args)
{
	struct err e = ERR_INIT;

	if (!q->first) {
		if (write_one(o, change, args, &e)) {
			json_decref(args);
			return;
		}
		o->why = e;
		log_at(LOG_ERROR, "executor", "%s is kept and told again: %s", change,
			e.msg);
	}
	keep(o, q, change, args);
}

void outbox_tell(struct outbox *o, const char *change, json_t *args)
{
	tell(o, &o->told, change, args);
}

void outbox_tell_late(struct outbox *o, const char *change, json_t *args)
{
	tell(o, &o->late, change, args);
}

struct store_req *outbox_ask(struct outbox *o, const char *change, json_t *args,
	store_answer_fn *fn, void *arg)
{
	/* What is late holds up nothing here: what cannot be in the audit fails by itself. */
	(void)flush_queue(o, &o->late);
	if (flush_queue(o, &o->told))
		return store_tell(o->store, change, args, fn, arg);
	json_decref(args);
	return store_refuse(o->store, &o->why, fn, arg);
}

void outbox_free(struct outbox *o)
{
	if (!o)
		return;
	if (!flush(o))
		log_at(LOG_ERROR, "executor", "%zu things are not in the store: %s", o->n,
			o->why.msg);
	while (o->told.first)
		drop_first(o, &o->told);
	while (o->late.first)
		drop_first(o, &o->late);
	loop_timer_cancel(o->loop, o->timer);
	free(o);
}
