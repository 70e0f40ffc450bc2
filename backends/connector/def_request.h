#ifndef CONNECTOR_DEF_REQUEST_H
#define CONNECTOR_DEF_REQUEST_H

#include "backends/base/template.h"

/*
 * What is sent, and how the reply becomes items. Three words of the language:
 *   EXPR      a JMESPath expression. Its input is named at each key; scope() gives the scope object below, and `settings`
 *             is the source's also without it (a member of the input by that name is @.settings).
 *   TEMPLATE  a string or a whole tree with {{ EXPR }}; input and scope() are both the scope object. A string that is one
 *             single {{ EXPR }} keeps the JSON type; a key ending in "?" is left out when its value is null.
 *   PATH      "/dags/{dag_id}/x/{{ item.id }}": each value is one percent-encoded segment; empty values are refused.
 *
 * The scope object, by place. A name that is not there, and a setting or secret that is not declared, is refused when
 * the file is read, as far as the expression tells it (def_names.c):
 *   everywhere   settings.NAME, given.SECRET (true when the user configured that secret), source.{name, env}, operator,
 *                now
 *   requests     secret.NAME, in templates only
 *   collect      since, each (with `each:`); item in `enrich`; record.{id, opaque} and the collection's opaque keys bare
 *                ({dag_id}) in `reread`
 *   calls        record (as record_json: id, title, state, asset, opaque, ...), the opaque keys of all collections bare,
 *                params, reason, action.{id, key, now} (now, and with it now(), ago() and age(), is action.now when
 *                given, in `verify` too); prev (reply envelope of the step before), steps.NAME; reply in `says`; called
 *                (the body of the call's reply, null when it is not known) and before (what `verify` read before
 *                anything was sent) in `verify`
 *   log          record and the opaque keys of collections of its kind bare; part (the raw item of `parts`)
 *   login        token in `header`
 */
struct def_expr {
	struct jmes *jmes; /* NULL: not given */
	const char *text;  /* as written, for messages */
};

enum def_transport { DEF_NONE, DEF_HTTP, DEF_SQL, DEF_SSH };
enum def_reply { REPLY_JSON, REPLY_JSON_LINES, REPLY_TEXT, REPLY_LINES };

/*
 * A request. Exactly one of get/post/put/patch/delete, sql, ssh:
 *
 *   post: "/api/v2/dags/{dag_id}/dagRuns"
 *                          PATH below `base`
 *   query: {limit: 5, state: [failed, queued], run_after_gte: "{{ since }}"}
 *                          values are templates; null is left out, an array repeats
 *   json: {dry_run: false, note: "{{ params.note }}"}
 *                          or form: {a: b}, or body: "text"
 *   headers: {X-Amz-Target: "AWSInsightsIndexService.GetAnomalies"}
 *                          over the connector's `headers:`
 *   timeout: 30s
 *   max_bytes: 16777216
 *   accept_status: [404]   further statuses whose reply is judged, not an error (in a call: by its `success:`)
 *   reply: json | json-lines | text | lines
 *                          how the reply (or stdout of ssh) is read. Default json (calls and previews by ssh: text). An
 *                          empty reply is null; json-lines gives an array, text a string, lines an array of strings
 *   columns: [mount, size, used]
 *                          with reply: lines: each line split at tabs becomes {mount, size, used}
 *
 *   sql: SELECT * FROM watchdesk_requests WHERE state = $1
 *                          one statement; the reply is its rows as objects
 *   params: ["pending", "{{ since }}"]
 *                          templates, bound in order
 *   identifiers: {role: "{{ record.opaque.role }}"}
 *                          replaces %{role} in `sql` by the quoted identifier; the only text put into SQL
 *   max_rows: 100000
 *   max_affected: 1        of calls; -1: no limit. More rows roll back and fail, in a preview too
 *
 *   ssh: {host: "{{ settings.host }}", script: "df -P\n", vars: {UNIT: "{{ params.unit }}"}}
 *                          host is a name of the configuration's `hosts:`, else an alias for ssh; vars: [A-Z][A-Z0-9_]*,
 *                          scalars. A script that ends with another code than 0 is an error in collections; calls see
 *                          reply.exit
 */
struct def_request {
	enum def_transport transport;
	const char *method; /* "GET", ...; DEF_HTTP */
	const char *raw;    /* path, statement or host as written, for messages */
	struct tmpl *path;
	struct tmpl *query, *json, *form, *body, *headers; /* NULL: none */
	const int *accept_status;
	size_t n_accept;
	const char *sql; /* DEF_SQL */
	struct tmpl *params, *identifiers;
	json_t *values; /* instead of params, filled in already: a statement of a runbook */
	size_t max_rows;
	long max_affected, min_affected;
	struct tmpl *host, *vars; /* DEF_SSH */
	const char *script;
	enum def_reply reply;
	const char *const *columns;
	size_t n_columns;
	int64_t timeout_ms; /* 0: the transport's default */
	size_t max_bytes;
	const char *const *secrets; /* names its templates mention; closed by NULL */
	bool later; /* it is filled also from what is not there before the call: prev, steps, called, before */
};

/*
 * Paging. Expressions see the reply's body. A repeated token, a page budget and an item budget end every style.
 *
 *   page: {style: none, items: "@"}
 *                          the default
 *   page: {style: offset, size: 100, items: dag_runs, total: total_entries}
 *                          sends limit=, offset=; ends at total, else at an empty page
 *   page: {style: page, size: 50, first: 1, items: data, more: "meta.next != null"}
 *                          sends per_page=, page=; ends when `more` is false, else at an empty page
 *   page: {style: token, param: pageToken, next: nextPageToken, items: items}
 *                          ends when `next` gives null or ""; short pages do not end it
 *   page: {style: token, param: continuationToken, next_header: x-ms-continuationtoken, items: value}
 *   page: {style: link, items: "@"}
 *                          Link: <...>; rel="next"
 *   page: {style: link, next: links.next, items: data, hosts: ["*.okta.com"]}
 *                          URL in the body; another host than base's only if a glob of `hosts` fits
 *   page: {style: last-item, param: after, next: id, items: "@", size: 100}
 *                          `next` is over the last item; ends at an empty page
 *
 * Common keys:
 *   where: query | json | form
 *                          json: the param may be dotted, "page.cursor"
 *   param, size_param      override the names. param: offset -> offset, page -> page; size_param: offset -> limit,
 *                          page -> per_page, token and last-item -> none sent
 *   max_pages: 50
 *   max_items: 20000
 *   items: EXPR            over the body -> array (objects keyed by name: items(connectors) gives [{key, value}]). null
 *                          is no items, but then the list does not count as complete (write jobs || `[]` where a far
 *                          side leaves an empty list out); another type is an error
 */
enum page_style {
	PAGE_NONE,
	PAGE_OFFSET,
	PAGE_NUMBER,
	PAGE_TOKEN,
	PAGE_LINK,
	PAGE_LAST_ITEM
};
enum page_where { PAGE_IN_QUERY, PAGE_IN_JSON, PAGE_IN_FORM };

struct def_page {
	enum page_style style;
	enum page_where where;
	long size, first;
	const char *param, *size_param, *next_header;
	struct def_expr items, total, more, next;
	const char *const *hosts; /* globs, closed by NULL; or NULL */
	size_t max_pages, max_items;
};

/* A request and its pages. `items:` may also stand beside the request instead of in `page:`, and
 *   error: errors[0].message
 * is an EXPR over the body: not null or false, and the reply is an error in spite of its status 200. */
struct def_fetch {
	struct def_request request;
	struct def_expr error;
	struct def_page page;
};

#endif
