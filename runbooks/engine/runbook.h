#ifndef ENGINE_RUNBOOK_H
#define ENGINE_RUNBOOK_H

#include "backends/base/template.h"
#include "backends/connector/config.h"
#include "backends/store/record.h"

/*
 * A runbook is one YAML file that describes one action: what it applies to, its typed
 * parameters, its risk, its steps, how success is proved. This header is used by the
 * console (lists, forms) and by the worker (plans, execution); it does no I/O but reading
 * files.
 *
 *   runbook: rerun-failed-tasks
 *   title: Clear failed tasks and let them run again
 *   applies: {kind: run | [..], connector: [airflow3], state: [failed], when: expr over
 * record (optional)} risk: read | reversible | irreversible | security key: a the
 * single-key short cut group: "a" (acknowledge/approve), optional undo: "nothing to undo,
 * tasks run again"     the sentence of the confirmation confirm: {type: "{{ record.asset
 * }}"}          text to be typed; default for irreversible and security: the target's
 * title (asset, actor) summary: "Clear failed tasks of {{ record.title }}"   one target's
 * part of the confirmation's sentence parameters: NAME: {type, prompt, default: literal
 * or template over {record, now, operator}, required, choices: [..] , pattern: ERE
 * (anchored), min, max, max_len, help} types: string text int bool date datetime duration
 * enum host steps:
 *     - call: NAME                     a call of the record's connector, HTTP, SQL or SSH; with: {k:
 * template} adds to params
 *     - wait: {until: expr over {record, before}, fails: expr, within: 30m, optional: true}   before: the record when the action was planned      the record as
 * collected; re-collects while waiting
 * SQL)
 *     - ssh: {host: template, script: |..., vars: {..}}
 *     - exec: [argv templates]          a local program, argv only
 *     any step: title, on_failure: stop | continue | [steps] (run these, then stop)
 *   limits: {targets: 50, parallel: 4, stop_after_errors: 3}
 *   reason: required | optional | none   default by risk: read none, reversible optional
 * (required in prod), else required A runbook with `applies: {host: true}` takes hosts of
 * the configuration as targets ("host:NAME") instead of records.
 */
enum risk { RISK_READ, RISK_REVERSIBLE, RISK_IRREVERSIBLE, RISK_SECURITY };
const char *risk_name(enum risk r);

enum param_type {
	PARAM_STRING,
	PARAM_TEXT,
	PARAM_INT,
	PARAM_BOOL,
	PARAM_DATE,
	PARAM_DATETIME,
	PARAM_DURATION,
	PARAM_ENUM,
	PARAM_HOST
};

struct param {
	const char *name, *prompt, *help;
	enum param_type type;
	bool required;
	struct tmpl *fallback; /* default, NULL: none */
	const json_t *choices; /* array of strings, or NULL */
	const char *pattern;
	double min, max; /* of int; days of a date span is the runbook's business */
	bool has_min, has_max;
	int max_len;
};

struct runbook;
struct runbook *runbook_load(const char *path, struct err *e) MUST_USE;
void runbook_free(struct runbook *r);

/* The whole catalogue: <config folder>/runbooks/ then the shipped one; a broken file is
 * an error of its own and does not hide the others (errors[i] are kept, see
 * runbooks_error). */
struct runbooks;
struct runbooks *runbooks_load(const struct config *c, struct err *e) MUST_USE;
void runbooks_free(struct runbooks *rs);
size_t runbooks_count(const struct runbooks *rs);
const struct runbook *runbooks_at(
	const struct runbooks *rs, size_t i); /* best fit first */
const struct runbook *runbooks_find(const struct runbooks *rs, const char *name);
size_t runbooks_errors(const struct runbooks *rs);
const struct err *runbooks_error(const struct runbooks *rs, size_t i);

const char *runbook_name(const struct runbook *r);
const char *runbook_title(const struct runbook *r);
const char *runbook_hash(
	const struct runbook *r); /* sha256 of the file: the version that is previewed,
				     confirmed and audited */
enum risk runbook_risk(const struct runbook *r);
bool runbook_on_hosts(const struct runbook *r);
char runbook_key(const struct runbook *r);         /* 'a' or 0 */
const char *runbook_undo(const struct runbook *r); /* or "" */
bool runbook_needs_reason(const struct runbook *r, bool prod);
bool runbook_takes_reason(const struct runbook *r); /* false: there is nothing to ask */
int runbook_max_targets(const struct runbook *r);
size_t runbook_params(const struct runbook *r);
const struct param *runbook_param(const struct runbook *r, size_t i);

/* Does it apply to this record (kind, connector of its source, state, when)? */
bool runbook_applies(
	const struct runbook *r, const struct record *rec, const char *connector);
/* The same for record_json or the answer of question "record"; NULL never applies. */
bool runbook_applies_json(const struct runbook *r, json_t *record, const char *connector);

/* Default of a parameter as text for the form, from the first record. "" when none.
 * False: the template failed. */
bool param_default(const struct param *p, const json_t *record /* record_json or NULL */,
	const char *operator_name, struct str *out, struct err *e) MUST_USE;
/* Text of a form or --param -> typed JSON (new reference). NULL with e: what is wrong,
 * what would be right. Empty and not required: json_null. */
json_t *param_parse(const struct param *p, const char *text, struct err *e) MUST_USE;

#endif
