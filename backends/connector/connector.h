#ifndef CONNECTOR_CONNECTOR_H
#define CONNECTOR_CONNECTOR_H

#include "backends/base/template.h"
#include "backends/connector/calls.h"
#include "backends/connector/config.h"
#include "backends/store/record.h"
#include "backends/transport/http.h"
#include "backends/transport/pg.h"
#include "backends/transport/ssh.h"

/*
 * A connector is one YAML file that says how to reach one kind of system: settings, secrets, auth, what to collect, how
 * a reply becomes records, which calls can change something. The language is described in connector_def.h and the def_*.h
 * beside it, at the struct that each key fills.
 */
struct connector;

/* Loads and checks everything: keys, types, expressions, templates and the names in them, states of the kind. Errors are
 * file:line:column. */
struct connector *connector_load(const char *path, struct err *e) MUST_USE;
/* Another owner of a loaded connector, which does not change any more: each owner calls connector_free. */
struct connector *connector_share(const struct connector *c);
void connector_free(struct connector *c); /* by its last owner: frees */
const char *connector_name(const struct connector *c);
const char *connector_title(const struct connector *c);
size_t connector_collections(const struct connector *c);
const char *connector_collection(const struct connector *c, size_t i);
enum kind connector_kind(const struct connector *c, size_t i);
bool connector_rereads(const struct connector *c, size_t i); /* wants open_items */
bool connector_has_call(const struct connector *c, const char *call);
enum state connector_gone(const struct connector *c, size_t i);
/* What works but proves nothing: the next from *at (0 at first), as file:line:column: words. False: no more. */
bool connector_warning(const struct connector *c, size_t *at, struct err *out);
bool connector_has_log(const struct connector *c, enum kind kind);

/* ---- a source: an instance at work, in the worker only ----------------------------------------- */

/* What all sources share. */
struct reach {
	struct loop *loop;
	struct http *http;
	struct pg *pg;
	struct ssh *ssh;
	const struct config *config;
};

struct source;
/* Finds and loads the connector that the configuration names, and checks the source's settings and secrets against it,
 * with line and column of the configuration. `like`: another source, or NULL; of the same connector it shares the file. */
struct source *source_open(const struct reach *reach, const struct config_source *cfg,
	const struct source *like, struct err *e) MUST_USE;
/* The same with a connector in hand. Takes it (one owner's part of it), also when it fails. Resolves no secret yet. */
struct source *source_new(const struct reach *reach, struct connector *c,
	const struct config_source *cfg, struct err *e) MUST_USE;
void source_free(struct source *s); /* cancels everything under way, wipes tokens */
const char *source_name(const struct source *s);
/* Something that it was asked for is under way. */
bool source_busy(const struct source *s);
/* The same configuration, at another place: the one before goes. */
void source_config(struct source *s, const struct config_source *cfg);
const struct connector *source_connector(const struct source *s);
/* The secrets that the connector declares, by number: the name, and how the configuration says that it is to be had, or
 * NULL. False: there is no such number. */
bool source_secret(
	const struct source *s, size_t i, const char **name, const json_t **spec);
/* The interval: the source's or the connector's, not below min_every. */
int64_t source_every_ms(const struct source *s, size_t collection);
int64_t source_min_every_ms(const struct source *s, size_t collection);

/* One collection of one source, from secrets and login to the last page. Batches come as pages arrive. */
struct collect_batch {
	const struct record *records;
	size_t n;
	/* The first of each kind in safe words, with the file and line of the expression. */
	size_t unknown_states; /* raw values without a mapping in this batch */
	const char *unknown;
	size_t refused; /* items that gave no record: they have no id */
	const char *reason;
	size_t spoiled; /* values that their field cannot hold: it stays empty */
	const char *spoiled_why;
};
struct collect_result {
	struct err err; /* ERR_NONE: complete */
	/* Everything that exists was read (`complete: true`), and that is proved: what was not seen is gone. Never with
	 * `reread`, which looks at what was not seen. */
	bool full;
	/* Why what was read is not all there is: "10 of at least 13: max_pages: 1 ended the list"; "": no reason to think so. */
	const char *partial;
	enum kind kind;
	enum state gone;       /* the state for vanished records */
	int64_t gone_after_ms; /* how long they must have been missing */
	/* Only ids that begin so can have vanished; "": all of the kind. Lives as long as the source. */
	const char *ids;
	const char *since; /* new watermark to keep (cursor_set), or NULL */
	int64_t retry_after_ms;
	size_t rows, pages;
	/* Values of the replies that no JSON parser takes and that were repaired: what the records show is then not quite
	 * what the source has. */
	size_t repaired;
	int64_t took_ms;
};
struct collect_fns {
	/* Records valid during the call. */
	void (*batch)(void *arg, const struct collect_batch *b);
	/* An open item that the source has no more when asked for by its id; `why` in a word or two: "404". Its state is
	 * connector_gone. NULL: not wanted. */
	void (*gone)(void *arg, const char *id, const char *why);
	/* An open item that was asked for and not read: it stays as it was. NULL: not wanted. */
	void (*unread)(void *arg, const char *id, const char *why);
	/* Once, later than source_collect. */
	void (*done)(void *arg, const struct collect_result *r);
	void *arg;
};
struct collect;
/* `since`: the kept watermark or NULL. `open_items`: [{id, opaque}] to be re-read one by one where the connector has
 * `reread:`, or NULL. */
struct collect *source_collect(struct source *s, size_t collection, const char *since,
	const json_t *open_items, const struct collect_fns *fns);
void collect_cancel(struct collect *c); /* NULL is fine; no callback */

/* A name of the scope, which neither opaque keys nor a runbook's own names may take. */
bool connector_reserved(const char *name);

/* A hash of how the logs of its records are read: another one, and what was read in them may be another too. */
void connector_log_rules(const struct connector *c, char hex[65]);

/* ---- logs and detail ---------------------------------------------------------------------------- */

/* Fetches the log of a record: first its parts, where it has some (e.g. failed task instances, most telling first), then
 * the lines of part `part` (-1: the first). Lines come in pieces, as safe text. `tail_bytes` > 0: only the end is wanted
 * (cause). */
struct log_fns {
	void (*parts)(void *arg, const json_t *parts); /* [{title, state, try, id}] */
	void (*lines)(void *arg, const char *const *lines, size_t n);
	/* ERR_NONE: complete. */
	void (*done)(void *arg, const struct err *e, bool truncated);
	void *arg;
};
struct log_fetch;
struct log_fetch *source_log(struct source *s, json_t *record, int part,
	size_t tail_bytes, const struct log_fns *fns);
void log_fetch_cancel(struct log_fetch *f);

#endif
