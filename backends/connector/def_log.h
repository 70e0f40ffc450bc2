#ifndef CONNECTOR_DEF_LOG_H
#define CONNECTOR_DEF_LOG_H

#include "backends/connector/def_request.h"

struct line_rules;

/*
 * log: KIND -> where the log of a record of that kind is.
 *
 *   log:
 *     run:
 *       parts: {get: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances", items: "task_instances[?state=='failed']",
 *               title: task_id, state: state, try: try_number, id: task_id, max: 50}
 *                                     fields are EXPRs over the part; order as given: most telling first
 *       parts: {..., pick: "[[?state=='failed'], [?state!='failed']][]"}
 *                                     EXPR over the list of all of them: which, in which order
 *       parts: {..., tries: try_number}
 *                                     each part has that many tries: the last ones come first, the earlier ones behind;
 *                                     `part.try` says which, `part.tries` of how many
 *       parts: {..., parts: {get: "/runs/{{ part.id }}/steps", items: steps, title: name}}
 *                                     parts of parts: those of each are what has a log; there `part` is the inner one,
 *                                     `part.of` the one that it is of
 *       get: "/dags/{dag_id}/dagRuns/{dag_run_id}/taskInstances/{{ part.task_id }}/logs/{{ part.try_number }}"
 *       format: text | json-lines | items
 *                                     text: lines as they are; json-lines: one document a line; items: `items`/`page` of
 *                                     a JSON reply
 *       items: content
 *       line: format('{} {} {}', timestamp, level, event)
 *                                     EXPR over a line's document or item; default: itself as text. Text with newlines
 *                                     gives several lines
 *       page: {style: token, param: token, next: continuation_token}
 *       redact, drop, strip, level    rules for each line: line_rules.h
 *       tail: range                   ask by "Range: bytes=-N" when only the end is wanted (text)
 *
 * Without a request the reply is the record itself (items: "opaque.messages"). sql: and ssh: work as elsewhere (format:
 * text for ssh).
 */
enum log_format { LOGFMT_TEXT, LOGFMT_JSON_LINES, LOGFMT_ITEMS };

struct def_log {
	bool given;
	bool has_parts;
	struct def_fetch parts;
	struct def_expr part_title, part_state, part_try, part_id, part_tries, part_pick;
	bool has_inner;
	struct def_fetch inner; /* its title, state, try, id are those above */
	size_t max_parts;
	struct def_fetch fetch; /* transport DEF_NONE: the record is the reply */
	enum log_format format;
	struct def_expr line;
	bool tail_range;
	struct line_rules *rules; /* NULL: none; owned */
};

#endif
