#ifndef CONNECTOR_DEF_H
#define CONNECTOR_DEF_H

#include "backends/base/mem.h"
#include "backends/connector/connector.h"
#include "backends/connector/def_auth.h"
#include "backends/connector/def_call.h"
#include "backends/connector/def_log.h"
#include "backends/connector/def_record.h"

/*
 * The definition of a connector: the file, key by key. def_request.h has the words EXPR, TEMPLATE and PATH, requests and
 * paging, def_auth.h auth, def_record.h mapping and logs, def_call.h calls. Top level:
 *
 *   connector: airflow3            the file's own name without .yaml
 *   title: Apache Airflow 3
 *   settings:                      what the user writes under `sources: NAME:`
 *     url: {type: url, required: true}
 *     groups: {type: list, default: []}
 *                                  type: url | string | int | bool | list | duration | path | enum (with values: [a, b])
 *   secrets: [password]            or {token: {required: false}}; in the user's file each is {command|file|env}
 *   base: "{{ settings.url }}"     TEMPLATE, the default when there is a setting `url`. May hold a path
 *   headers: {Accept: application/json}
 *                                  on every request
 *   rate_limit: {reset: X-Rate-Limit-Reset, as: epoch}
 *                                  the header of a 429 that tells when to ask again, where there is no Retry-After:
 *                                  as: epoch (s since 1970) | seconds (from now)
 *   postgres: {host: "{{ settings.host }}", port: ..., dbname: ..., user: ..., password: "{{ secret.password }}",
 *              sslmode: ..., sslrootcert: ..., sslcert: ..., sslkey: ...}
 *                                  for requests by `sql:`
 *   auth, collect, calls, log
 *
 * Every source also takes: connector, env, tier, owner, every, disabled; client_cert and client_key (PEM files that show who
 * we are, to HTTP and PostgreSQL; the key as safe as a secret's file); and with HTTP ca_file, proxy (before that of the
 * environment; none: without any), plain_http (true: http:// to another host than loopback). Names of these cannot be
 * settings.
 */

/*
 *   collect:
 *     runs:
 *       kind: run
 *       every: 20s
 *       min_every: 10s                the user cannot go below, nor can `wait`, actions and refreshes. Default 1s
 *       timeout: 60s                  of the whole collection
 *       get: ... / sql: ... / ssh: ...    page: {...}    items: EXPR
 *                                     def_request.h
 *       when: "run_type != 'manual'"  EXPR over the item; false: not wanted
 *       complete: true                the list holds everything open: what is missing from it, once it is proved whole, gets
 *                                     the state `gone:` (default resolved, for grants revoked; required for other kinds).
 *                                     With `reread`, what is missing is looked at instead
 *       gone_after: 75s               with `complete`: not seen for so long, for a far side that forgets everything when it
 *                                     starts again. Default: at once
 *       ids: import/                  what all ids of this collection begin with: needed with `complete` or `reread`
 *                                     when another collection has the same kind
 *       each: settings.groups         EXPR over the scope -> array; or {get: ..., page: ..., items: EXPR, max: 200}.
 *                                     One sub-collection an item, as scope().each / {{ each.id }}; up to `parallel: 4`
 *                                     at a time; one that fails is reported, the others go on. There, wanted:
 *                                     settings.groups, names: "[id, name]": each text of `wanted` (EXPR over the scope) must
 *                                     be one of the names (EXPR over an item -> array) of an item; a missing one is an error
 *       since: {start: 7d, watermark: updated_at, overlap: 5m}
 *                                     scope().since: an ISO 8601 time, the largest watermark (EXPR over the item) of the
 *                                     last complete collection less `overlap`; the first time now less `start`.
 *                                     type: time | number | text (start is then a literal); order: ascending keeps the
 *                                     watermark also when the page budget ended the list
 *       reread: {get: "/dags/{dag_id}/dagRuns/{dag_run_id}", items: "[@]", max: 50}
 *                                     open items that the list does not show, one by one, at most `max` a round, with
 *                                     `enrich`; what is missing (404, 410, no item) is gone at the source and gets the state
 *                                     `gone:` (default unknown); without an answer it stays as it was, marked as not read
 *       enrich: [{when: "state == 'failed'", get: "/.../{{ item.id }}/tasks", items: "tasks[].{id: id}", as: tasks,
 *                 max: 20}]
 *                                     one request more for such an item (at most `max` a collection); its items become
 *                                     item.tasks; failing, it is null, and a member `tasks` of the record's detail stays
 *                                     what it was, with the reason. detail: is another name for a single enrich
 *       record: {...}                 def_record.h
 */
struct def_enrich {
	struct def_expr when;
	struct def_fetch fetch;
	const char *as;
	size_t max;
};
enum since_type { SINCE_NONE, SINCE_TIME, SINCE_NUMBER, SINCE_TEXT };
struct def_collect {
	const char *name;
	enum kind kind;
	int64_t every_ms, min_every_ms, timeout_ms;
	struct def_fetch fetch;
	struct def_expr when, each;    /* each: over the scope, or in each_fetch */
	struct def_expr wanted, names; /* over the scope, over an item of each_fetch */
	bool has_each_fetch;
	struct def_fetch each_fetch;
	size_t each_max, parallel;
	bool complete;
	enum state gone;
	int64_t gone_after_ms;
	const char *ids; /* "" */
	enum since_type since;
	const json_t *since_start;
	struct def_expr watermark;
	int64_t overlap_ms;
	bool ascending;
	bool has_reread;
	struct def_fetch reread;
	size_t reread_max;
	struct def_enrich *enrich;
	size_t n_enrich;
	struct def_record record;
	/* That any of its requests mentions; closed by NULL. */
	const char *const *secrets;
};

/* While the file is read: what the expressions and templates of the part in hand see. def_names.c */
struct def_sight {
	unsigned roots;     /* SEES_... of def.h */
	const json_t *of;   /* the collection of the record; NULL: any */
	enum kind kind;     /* and its kind; KIND_COUNT: any */
	bool *secrets;      /* mentioned, by index of connector.secrets */
	unsigned mentioned; /* roots, so far */
};

struct connector {
	struct yaml_doc doc;
	struct def_sight sight;
	struct arena arena;
	size_t more_owners; /* besides the one that connector_free ends next */
	const char *name, *title;
	struct def_setting *settings;
	struct def_secret *secrets;
	struct def_auth *auth;
	struct def_collect *collects;
	struct def_call *calls;
	size_t n_settings, n_secrets, n_auth, n_collects, n_calls;
	struct tmpl *base, *headers, *postgres;
	const char *const *common_secrets; /* of base, headers, postgres */
	const char *reset_header;          /* or NULL */
	bool reset_is_epoch;
	struct def_log log[KIND_COUNT];
	struct err *warnings; /* what connector_warning tells */
	size_t n_warnings, cap_warnings;
	struct jmes **jmes; /* all that were compiled, to be freed */
	struct tmpl **tmpls;
	size_t n_jmes, cap_jmes, n_tmpls, cap_tmpls;
};

/* connector_load of a text in memory; path is for messages, and its last part for the name. */
struct connector *connector_parse(
	const char *path, const char *text, size_t len, struct err *e) MUST_USE;
/* The call by its name, or NULL. */
const struct def_call *connector_call(const struct connector *c, const char *name);

#endif
