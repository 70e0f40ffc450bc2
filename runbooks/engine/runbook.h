#ifndef ENGINE_RUNBOOK_H
#define ENGINE_RUNBOOK_H

#include "backends/base/template.h"
#include "backends/connector/config.h"
#include "backends/store/record.h"

/* clang-format off
 * A runbook is one YAML file that describes one action: what it applies to, its typed parameters, its risk, its steps, how
 * success is proved. This header is used by the console (lists, forms) and by the worker (plans, execution); it does no I/O
 * but reading files.
 *
 * Two words of the file:
 *   EXPR      a JMESPath expression (backends/base/jmespath.h)
 *   TEMPLATE  a string or tree with {{ EXPR }} (backends/base/template.h)
 * Both see the scope: record (as the answer of question "record"), params.NAME, operator, reason, action.key, now, and within
 * a foreach the item by its name. `now` is the time of the preview, so that what was previewed and what runs are the same.
 *
 *   runbook: rerun-failed-tasks
 *   title: Clear failed tasks and let them run again
 *   applies:                          to which records it is offered
 *     kind: run                       or a list of kinds
 *     connector: [airflow3]           of the record's source; without it: any
 *     state: [failed]                 without it: any
 *     when: labels.team == 'core'     EXPR over the record
 *     host: true                      instead of records, or besides them: hosts of the configuration, as targets "host:NAME"
 *   risk: reversible                  read | reversible | irreversible | security
 *   key: a                            the single key for it (acknowledge/approve)
 *   undo: nothing to undo             of the confirmation's sentence
 *   summary: "Clear failed tasks of {{ record.title }}"    TEMPLATE: one target's part of that sentence; how many
 *                                     there are, on which sources, in which environments and for which times is added
 *   confirm: {type: "{{ record.asset }}"}     TEMPLATE: the text to be typed. Irreversible and security ones want the target's
 *                                     title without it
 *   proof: success when ...           how success is known; without it, it is said from the steps
 *   reason: required                  none | optional | required. By risk: read none; reversible optional, in production required;
 *                                     the others required
 *   parameters:
 *     from: {type: date, prompt: First date, default: "{{ date(record.started) }}", required: true, help: ...}
 *                                     type: string text int bool date datetime duration enum host
 *                                     default: a literal or a TEMPLATE; choices: [..] of enum; pattern: an extended regular
 *                                     expression for the whole text; min, max of int; max_len; day_end: true of datetime, the
 *                                     end of a range: a day without a time is its last second; connector: [alertmanager]: it
 *                                     is asked only where the source of a target has this connector
 *   limits: {targets: 50, parallel: 4, stop_after_errors: 3}     targets at most 1000
 *   steps:                            1 to 50, one after the other for each target. A step is one of:
 *
 *   - call: clear_failed              a call of the record's connector: HTTP, SQL or SSH
 *     with: {only: "{{ params.task }}"}       TEMPLATE: merged into params for this call
 *
 *   - sql:                            a statement of this file, in a transaction of its own
 *       text: update job set state = 'queued' where id = $1      constant; one statement
 *       values: ["{{ record.opaque.id }}"]      TEMPLATE: $1, $2, ... always bound
 *       source: pg-prod               TEMPLATE: a source whose connector is PostgreSQL; without it: the record's own
 *       rows: {min: 1, max: 1}        rows touched; another number rolls back and is a failure. Default {min: 0, max: 1}.
 *                                     A change that touched none ends as accepted, for nothing shows that it is so
 *       preview: false                do not try it out: it stands on what a step before it does. Else the preview runs it in a
 *                                     transaction that is rolled back, and what fails there is not started
 *     timeout: 30s
 *
 *   - ssh:                            a script on a host of the configuration's `hosts:`
 *       host: "{{ record.host }}"     TEMPLATE
 *       script: |                     constant
 *         systemctl restart -- "$UNIT"
 *       vars: {UNIT: "{{ params.unit }}"}       TEMPLATE: variables that are set in the script
 *     timeout: 2m
 *
 *   - exec: [dbt, run, --select, "{{ record.asset }}"]     TEMPLATE: a program beside the worker, arguments only, no shell
 *     timeout: 10m                    default 60s
 *
 *   - wait:                           until the record, collected again and again, shows it
 *       until: record.state == 'succeeded'     EXPR over {record, before} and the item; before: as it was planned
 *       fails: record.state == 'failed'        EXPR: it cannot come true any more
 *       within: 30m                   then it is UNKNOWN, unless
 *       optional: true                not reached in time is said and is no failure
 *
 *   - confirm:                        the target stops and waits for a yes, in the console or by `watchdesk answer`
 *       question: "Is {{ record.asset }} drained?"     TEMPLATE
 *       within: 1h                    a no, no answer in time, and the end of the worker cancel the target there: what came
 *                                     before stays, nothing of what follows is sent. It keeps its lock and its place in `parallel`
 *
 *   - foreach:                        the steps once for each item of a list, one after the other
 *       in: "{{ dates(params.from, params.to) }}"     TEMPLATE that gives a list (or a list of TEMPLATEs) of 1 to 400 items
 *       as: day                       the item's name in the scope of the steps
 *       steps: [...]                  any steps but foreach
 *     The list is made with the plan: the preview shows every request, and what is confirmed is what runs.
 *
 *   Every step may have
 *     title: create the backfill      said while it runs
 *     on_failure: stop                the default: the target has failed and nothing more of it is sent
 *                 continue            the failure is said and does not count, unless nothing else was done. Of a foreach:
 *                                     an item that failed does not stop the others, but in the end the target has failed
 *                 [steps]             run these, then stop; no foreach, no confirm among them. They are in the preview and in
 *                                     what is confirmed ("if it fails: "), and must render as the others
 *   A confirm has no on_failure. What is not known (UNKNOWN) is no failure: it always stops, and is never sent again.
 *
 * A plan has at most 20 000 steps, all targets, items and steps of on_failure together.
 */
/* clang-format on */
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
	struct tmpl *fallback;    /* default, NULL: none */
	const json_t *choices;    /* array of strings, or NULL */
	const json_t *connectors; /* whose calls take it; NULL: any */
	const char *pattern;
	double min, max; /* of int; days of a date span is the runbook's business */
	bool has_min, has_max;
	int max_len;
	bool day_end; /* of datetime: a day is its last second, so that it is in a range whole */
};

struct runbook;
struct runbook *runbook_load(const char *path, struct err *e) MUST_USE;
/* The same from a text; `path` is for messages. */
struct runbook *runbook_parse(
	const char *path, const char *text, size_t len, struct err *e) MUST_USE;
void runbook_free(struct runbook *r);

/* The whole catalogue: <config folder>/runbooks/ then the shipped one; a broken file is
 * an error of its own and does not hide the others (errors[i] are kept, see
 * runbooks_error). */
struct runbooks;
struct runbooks *runbooks_load(const struct config *c, struct err *e) MUST_USE;
/* After an edit: a file that is broken now stands as it was in `before`. */
struct runbooks *runbooks_again(
	const struct config *c, const struct runbooks *before, struct err *e) MUST_USE;
void runbooks_free(struct runbooks *rs);
size_t runbooks_count(const struct runbooks *rs);
/* Best fit first. */
const struct runbook *runbooks_at(const struct runbooks *rs, size_t i);
const struct runbook *runbooks_find(const struct runbooks *rs, const char *name);
size_t runbooks_errors(const struct runbooks *rs);
const struct err *runbooks_error(const struct runbooks *rs, size_t i);

const char *runbook_name(const struct runbook *r);
const char *runbook_title(const struct runbook *r);
/* sha256 of the file: the version that is previewed, confirmed and audited. */
const char *runbook_hash(const struct runbook *r);
enum risk runbook_risk(const struct runbook *r);
bool runbook_on_hosts(const struct runbook *r);
char runbook_key(const struct runbook *r);         /* 'a' or 0 */
const char *runbook_undo(const struct runbook *r); /* or "" */
bool runbook_needs_reason(const struct runbook *r, bool prod);
bool runbook_takes_reason(const struct runbook *r); /* false: there is nothing to ask */
int runbook_max_targets(const struct runbook *r);
/* How many targets run at once, and after how many that failed nothing more is started. */
int runbook_parallel(const struct runbook *r);
int runbook_stop_after(const struct runbook *r);
size_t runbook_params(const struct runbook *r);
const struct param *runbook_param(const struct runbook *r, size_t i);

/* Does it apply to this record (kind, connector of its source, state, when)? */
bool runbook_applies(
	const struct runbook *r, const struct record *rec, const char *connector);
/* As far as kind, state and connector say: false: whatever else is in the record. */
bool runbook_may_apply(
	const struct runbook *r, enum kind kind, enum state state, const char *connector);
/* The same for record_json or the answer of question "record"; NULL never applies. */
bool runbook_applies_json(const struct runbook *r, json_t *record, const char *connector);
/* Why it does not apply to that record: always false, with e. */
bool runbook_why_not(const struct runbook *r, const json_t *record, const char *connector,
	const char *title, struct err *e);

/* Is it sent by this connector's calls? Where it is of no target, there is nothing to ask. */
bool param_is_for(const struct param *p, const char *connector);
/* Default of a parameter as text for the form, from the first record. "" when none.
 * False: the template failed. */
bool param_default(const struct param *p, const json_t *record /* record_json or NULL */,
	const char *operator_name, struct str *out, struct err *e) MUST_USE;
/* Text of a form or --param -> typed JSON (new reference). NULL with e: what is wrong,
 * what would be right. Empty and not required: json_null. */
json_t *param_parse(const struct param *p, const char *text, struct err *e) MUST_USE;

#endif
