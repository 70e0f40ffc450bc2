#ifndef CONNECTOR_DEF_RECORD_H
#define CONNECTOR_DEF_RECORD_H

#include "backends/connector/def_request.h"
#include "backends/store/record.h"

/*
 * record: how one item becomes a record. Each field is one of
 *
 *   title: dag_id                     EXPR over the item (scope() for settings, each, source, now)
 *   state: {value: state, map: {success: succeeded, failed: failed}, default: unknown}
 *                                     map by the value's text; no entry, or null: `default`; without one as is, but a
 *                                     state is then unknown
 *   severity: {rules: [{when: "labels.severity == 'critical'", then: critical},
 *                      {when: priority, then: {expr: lower(priority)}}],
 *              value: urgency, map: {...}, default: low}
 *                                     the first rule that holds; then: a literal or {expr: EXPR}. No rule holds: value,
 *                                     map, default as above
 *
 * Fields: id (required; unique within source and kind), title, state (required), raw_state, severity, tier, env, owner,
 * service, asset, actor, started, ended, updated, due, amount, expected, currency, url, parent, detail (default: the
 * item), labels and opaque. A constant is {default: ok}. labels and opaque are objects of fields, no maps needed:
 * opaque: {dag_id: dag_id, run: dag_run_id}. opaque keeps JSON types, labels become text, null is left out; labels may
 * also be one EXPR that gives an object of scalars: labels: labels. Opaque keys may not be names of the scope (settings,
 * secret, record, params, ...).
 *
 * state: the result must be a state of the collection's kind (literals in map, rules, default are checked when the file
 *   is loaded; a value that is none becomes `unknown` and is counted); raw_state is the text of `value`, unless given.
 * severity: none info low high critical; else none. tier: 1..5.
 * Times: text or number, anything that clock_parse or clock_from_epoch takes; else 0.
 * amount, expected: a decimal as number or text ("USD 5" is none). url: http(s) only.
 * Text is made safe and cut to its limit. An id that is null or "", or whose expression fails, refuses the item. Any other
 * field whose expression fails or whose value it cannot hold (a due time of "infinity") stays empty. Both are counted on
 * the source, with field, value and place. env, owner, tier that come out empty are taken from the configuration: assets (first match),
 * the host named as the asset, then the source.
 */
struct def_rule {
	struct def_expr when, expr;
	const json_t *literal; /* NULL: expr */
};

struct def_field {
	const char *name,
		*place; /* place: "airflow3.yaml:65", for what is counted on the source */
	bool given, strict; /* strict (state): what a map does not hold is nothing */
	struct def_expr value;
	const json_t *map, *fallback; /* borrowed from the file; NULL: none */
	struct def_rule *rules;
	size_t n_rules;
};

enum field_id {
	FIELD_ID,
	FIELD_TITLE,
	FIELD_STATE,
	FIELD_RAW_STATE,
	FIELD_SEVERITY,
	FIELD_TIER,
	FIELD_ENV,
	FIELD_OWNER,
	FIELD_SERVICE,
	FIELD_ASSET,
	FIELD_ACTOR,
	FIELD_STARTED,
	FIELD_ENDED,
	FIELD_UPDATED,
	FIELD_DUE,
	FIELD_AMOUNT,
	FIELD_EXPECTED,
	FIELD_CURRENCY,
	FIELD_URL,
	FIELD_PARENT,
	FIELD_DETAIL,
	FIELD_COUNT
};

struct def_pair {
	const char *name;
	struct def_field field;
};

struct def_record {
	struct def_field field[FIELD_COUNT];
	struct def_pair *labels, *opaque;
	size_t n_labels, n_opaque;
	struct def_expr all_labels; /* labels given as one expression */
	const char *labels_place;
};

#endif
