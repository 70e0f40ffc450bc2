/*
 * Logs: first the parts, then the lines of one, as text, JSON lines or items of a reply. Every line is made safe.
 */
#include "backends/connector/logfetch.h"
#include "backends/base/utf8.h"

#include <stdlib.h>
#include <string.h>

static void log_free(struct log_fetch *f)
{
	exchange_cancel(f->exchange);
	fetch_cancel(f->fetch);
	loop_timer_cancel(f->source->reach.loop, f->deferred);
	session_close(&f->session);
	log_lines_release(&f->lines);
	log_raw_release(&f->raw);
	json_decref(f->record);
	json_decref(f->scope);
	json_decref(f->parts);
	json_decref(f->outer);
	op_remove(&f->op);
	free(f);
}

static void cancel_op(struct op *op)
{
	log_free((struct log_fetch *)(void *)op);
}

void log_fetch_cancel(struct log_fetch *f)
{
	if (f)
		log_free(f);
}

static void end(struct log_fetch *f, const struct err *e)
{
	struct log_fns fns = f->fns;
	struct err err = *e;
	scrub_err(&err);
	log_lines_finish(&f->lines);
	bool truncated = f->truncated || f->lines.left_bytes;
	/* the callback may cancel: nothing of f is touched after this */
	struct log_lines last = f->lines;
	log_lines_init(&f->lines, 0, 0);
	log_free(f);
	if (last.n && fns.lines)
		fns.lines(fns.arg, (const char *const *)last.list, last.n);
	log_lines_release(&last);
	fns.done(fns.arg, &err, truncated);
}

static void end_with(struct log_fetch *f, enum err_code code, const char *words)
{
	struct err e = ERR_INIT;
	if (code != ERR_NONE)
		err_set(&e, code, "%s", words);
	end(f, &e);
}

/* ---- text and JSON lines: raw bytes, split when all is there ---- */

static bool take_bytes(void *arg, const char *bytes, size_t len)
{
	struct log_fetch *f = arg;
	log_raw_add(&f->raw, bytes, len);
	f->came += len;
	return true;
}

/* Whatever may follow is not here, or may not be. */
static void say_end(struct log_fetch *f, const struct exchange_reply *r, bool endless)
{
	static const char too_long[] =
		"[the log is longer than 256 MiB: what follows was not read]";
	static const char open_end[] =
		"[the connection was closed here: that this is the end of the log is "
		"not proved]";
	if (endless)
		log_lines_add(&f->lines, too_long, sizeof(too_long) - 1);
	/* Who asks for an end looks for a cause, not for this. */
	else if (f->streamed && *r->doubt && !f->tail)
		log_lines_add(&f->lines, open_end, sizeof(open_end) - 1);
}

static void raw_done(void *arg, const struct exchange_reply *r)
{
	struct log_fetch *f = arg;
	struct err e = r->err;
	f->exchange = NULL;
	bool endless = e.code == ERR_LIMIT && f->came > 0;
	/* Of an end that we asked for, the first line is most likely half a line. */
	bool from_middle = r->status == 206 && f->tail && f->came >= f->tail;
	if (endless)
		e = (struct err)ERR_INIT;
	f->truncated = f->truncated || endless || from_middle;
	if (r->status == 416)
		e = (struct err)ERR_INIT; /* the end of nothing: an empty log */
	if (json_is_string(r->body) && !f->streamed)
		take_bytes(f, json_string_value(r->body), json_string_length(r->body));
	if (e.code == ERR_NONE && r->status != 416) {
		log_raw_split(&f->raw, f, from_middle, endless);
		say_end(f, r, endless);
	} else {
		err_wrap(&e, "log");
	}
	end(f, &e);
}

static void ask_raw(struct log_fetch *f)
{
	struct exchange_spec spec = {.rq = &f->def->fetch.request,
		.scope = f->scope,
		.tail_bytes = f->def->tail_range ? f->tail : 0};
	if (spec.rq->transport == DEF_HTTP) {
		/* all of a long log has to come by, but little of it is kept */
		spec.max_bytes = LOG_STREAM_MAX;
		spec.on_data = take_bytes;
		f->streamed = true;
	}
	f->exchange = exchange_start(&f->session, &spec, raw_done, f);
}

/* ---- items ---- */

static void add_items(struct log_fetch *f, json_t *items)
{
	json_t *one;
	size_t i;
	json_array_foreach (items, i, one)
		log_lines_item(&f->lines, f, one);
}

static bool items_page(void *arg, json_t *items, const struct exchange_reply *r)
{
	struct log_fetch *f = arg;
	(void)r;
	add_items(f, items);
	return true;
}

static void items_done(void *arg, const struct fetch_end *done)
{
	struct log_fetch *f = arg;
	struct err e = done->err;
	f->fetch = NULL;
	f->truncated = f->truncated || done->cut;
	if (e.code != ERR_NONE)
		err_wrap(&e, "log");
	end(f, &e);
}

static void from_record(struct log_fetch *f)
{
	struct exchange_reply r = {.body = f->record, .link = "", .next = ""};
	struct paging p;
	struct err e = ERR_INIT;
	json_t *items = NULL;
	bool more;
	paging_init(&p, &f->def->fetch.page, "");
	if (paging_take(&p, &r, f->scope, &items, &more, &e))
		add_items(f, items);
	json_decref(items);
	paging_release(&p);
	end(f, &e);
}

static void ask_lines(struct log_fetch *f)
{
	static const struct fetch_fns fns = {items_page, items_done};
	if (f->def->fetch.request.transport == DEF_NONE)
		from_record(f);
	else if (f->def->format == LOGFMT_ITEMS)
		f->fetch = fetch_start(&f->session, &f->def->fetch, f->scope, &fns, f);
	else
		ask_raw(f);
}

/* ---- parts ---- */

static void later_lines(struct loop *l, void *arg)
{
	struct log_fetch *f = arg;
	(void)l;
	f->deferred = NULL;
	ask_lines(f);
}

static void parts_done(struct log_fetch *f, const struct err *e)
{
	size_t n = json_array_size(f->parts);
	size_t want = f->part < 0 ? 0 : (size_t)f->part;
	if (e->code != ERR_NONE) {
		end(f, e);
		return;
	}
	if (want >= n) {
		end_with(f, ERR_NOTFOUND,
			n ? "the record has fewer parts with a log"
			  : "nothing of this record has a log yet");
		return;
	}
	json_object_set(f->scope, "part", json_array_get(f->parts, want));
	/* before the callback, which may cancel us */
	f->deferred = loop_defer(f->source->reach.loop, later_lines, f);
	json_t *parts = log_parts(f);
	struct log_fns fns = f->fns;
	if (fns.parts)
		fns.parts(fns.arg, parts);
	json_decref(parts);
}

static void opened(void *arg, const struct err *e)
{
	struct log_fetch *f = arg;
	if (e->code != ERR_NONE) {
		end(f, e);
		return;
	}
	if (!f->def->given) {
		end_with(
			f, ERR_NOTFOUND, "this connector knows no log for such a record");
		return;
	}
	if (!f->def->has_parts) {
		ask_lines(f);
		return;
	}
	log_parts_start(f, parts_done);
}

struct log_fetch *source_log(struct source *s, json_t *record, int part,
	size_t tail_bytes, const struct log_fns *fns)
{
	struct log_fetch *f = xcalloc(1, sizeof(*f));
	enum kind kind = KIND_RUN;
	static const struct def_log no_log = {.given = false};
	bool known = kind_parse(json_str(record, "kind", ""), &kind);
	f->source = s;
	f->def = known ? &s->def->log[kind] : &no_log;
	f->fns = *fns;
	f->part = part;
	f->tail = tail_bytes;
	f->record = json_incref(record);
	f->parts = json_array();
	f->scope = source_scope(s);
	json_object_set(f->scope, "record", record);
	scope_merge(f->scope, json_sub(record, "opaque"));
	size_t head = tail_bytes ? 0 : LOG_HEAD_MAX;
	size_t last = tail_bytes ? tail_bytes : LOG_TAIL_MAX;
	log_raw_init(&f->raw, head, last);
	log_lines_init(&f->lines, head, last);
	f->lines.rules = f->def->rules;
	op_add(s, &f->op, cancel_op);
	const char *const *lists[] = {f->def->parts.request.secrets,
		f->def->inner.request.secrets, f->def->fetch.request.secrets};
	session_open(&f->session, s, lists, LENGTH(lists), opened, f);
	return f;
}
