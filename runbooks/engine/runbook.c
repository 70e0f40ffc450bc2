/* Runbook files: reading, checking, and whether one applies to a record. Parameters:
 * params.c, steps: steps.c. */
#include "runbooks/engine/runbook.h"

#include <string.h>

#include "backends/base/crypto.h"
#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "runbooks/engine/runbook_def.h"

static const char *const risk_names[] = {
	[RISK_READ] = "read",
	[RISK_REVERSIBLE] = "reversible",
	[RISK_IRREVERSIBLE] = "irreversible",
	[RISK_SECURITY] = "security",
};

const char *risk_name(enum risk r)
{
	return risk_names[r];
}

static const struct yaml_key top_keys[] = {
	{"runbook", YAML_STRING, true},
	{"title", YAML_STRING, true},
	{"applies", YAML_OBJECT, true},
	{"risk", YAML_STRING, true},
	{"key", YAML_STRING, false},
	{"undo", YAML_STRING, false},
	{"confirm", YAML_OBJECT, false},
	{"summary", YAML_STRING, false},
	{"proof", YAML_STRING, false},
	{"reason", YAML_STRING, false},
	{"parameters", YAML_OBJECT, false},
	{"steps", YAML_ARRAY, true},
	{"limits", YAML_OBJECT, false},
	{NULL, 0, false},
};

static const struct yaml_key applies_keys[] = {
	{"kind", YAML_STRING | YAML_ARRAY, false},
	{"connector", YAML_STRING | YAML_ARRAY, false},
	{"state", YAML_STRING | YAML_ARRAY, false},
	{"when", YAML_STRING, false},
	{"host", YAML_BOOL, false},
	{NULL, 0, false},
};

static const struct yaml_key limit_keys[] = {
	{"targets", YAML_INT, false},
	{"parallel", YAML_INT, false},
	{"stop_after_errors", YAML_INT, false},
	{NULL, 0, false},
};

static const struct yaml_key confirm_keys[] = {
	{"type", YAML_STRING, true},
	{NULL, 0, false},
};

/* A key that holds one word or a list of words: the word at i, NULL past the end. */
static const char *word_at(const json_t *v, size_t i)
{
	if (json_is_array(v))
		return json_string_value(json_array_get(v, i));
	return i == 0 ? json_string_value(v) : NULL;
}

static size_t word_count(const json_t *v)
{
	return json_is_array(v) ? json_array_size(v) : v ? 1 : 0;
}

static bool load_kinds(struct runbook *r, const json_t *applies, struct err *e)
{
	const json_t *v = json_sub(applies, "kind");

	for (size_t i = 0; i < word_count(v); i++) {
		enum kind k;

		if (!word_at(v, i) || !kind_parse(word_at(v, i), &k))
			return yaml_err_value(e, &r->doc, applies, "kind",
				"not a kind of record: use run, incident, access, grant, "
				"cost, "
				"check or change");
		r->kinds |= 1u << k;
	}
	if (!r->kinds && !r->on_hosts)
		return yaml_err(e, &r->doc, applies, "kind",
			"`applies` needs a kind (or `host: true`)");
	return true;
}

static bool load_states(struct runbook *r, const json_t *applies, struct err *e)
{
	const json_t *v = json_sub(applies, "state");

	for (size_t i = 0; i < word_count(v); i++) {
		enum state s;

		if (!word_at(v, i) || !state_parse(word_at(v, i), &s))
			return yaml_err_value(e, &r->doc, applies, "state",
				"not a state of a record: see the table in "
				"backends/store/"
				"record.h");
		r->states |= 1ull << s;
	}
	return true;
}

static bool load_applies(struct runbook *r, struct err *e)
{
	const json_t *applies = json_sub(r->doc.root, "applies");
	const char *when;

	if (!yaml_check(&r->doc, applies, "`applies`", applies_keys, e))
		return false;
	r->on_hosts = json_flag(applies, "host", false);
	r->connectors = json_sub(applies, "connector");
	if (!load_kinds(r, applies, e) || !load_states(r, applies, e))
		return false;
	when = json_str(applies, "when", NULL);
	if (when)
		r->when = runbook_record_expr(&r->doc, applies, "when", e);
	return !when || r->when;
}

static bool load_risk(struct runbook *r, struct err *e)
{
	const json_t *root = r->doc.root;
	const char *risk = json_str(root, "risk", ""), *key = json_str(root, "key", "");
	const char *reason = json_str(root, "reason", NULL);
	static const char *const reasons[] = {"none", "optional", "required"};
	size_t i;

	for (i = 0; i < LENGTH(risk_names) && strcmp(risk, risk_names[i]) != 0; i++)
		;
	if (i == LENGTH(risk_names))
		return yaml_err_value(e, &r->doc, root, "risk",
			"unknown risk \"%s\": use read, reversible, irreversible or "
			"security",
			risk);
	r->risk = (enum risk)i;
	if (strlen(key) > 1)
		return yaml_err_value(e, &r->doc, root, "key", "a key is one character");
	r->key = key[0];
	r->reason = -1;
	for (i = 0; reason && i < LENGTH(reasons); i++)
		if (strcmp(reason, reasons[i]) == 0)
			r->reason = (int)i;
	if (reason && r->reason < 0)
		return yaml_err_value(
			e, &r->doc, root, "reason", "use none, optional or required");
	return true;
}

static bool load_limits(struct runbook *r, struct err *e)
{
	const json_t *limits = json_sub(r->doc.root, "limits");

	if (limits && !yaml_check(&r->doc, limits, "`limits`", limit_keys, e))
		return false;
	r->max_targets = (int)json_int(limits, "targets", 50);
	r->parallel = (int)json_int(limits, "parallel", 4);
	r->stop_after = (int)json_int(limits, "stop_after_errors", 3);
	if (r->max_targets < 1 || r->max_targets > 1000 || r->parallel < 1 ||
		r->parallel > 64 || r->stop_after < 1)
		return yaml_err(e, &r->doc, r->doc.root, "limits",
			"targets is 1 to 1000, parallel 1 to 64, stop_after_errors 1 or "
			"more");
	return true;
}

static bool load_words(struct runbook *r, struct err *e)
{
	const json_t *root = r->doc.root, *confirm = json_sub(root, "confirm");

	r->name = json_str(root, "runbook", "");
	r->title = json_str(root, "title", "");
	r->undo = json_str(root, "undo", "");
	r->proof = json_str(root, "proof", NULL);
	if (json_sub(root, "summary") &&
		!(r->summary = runbook_tmpl(&r->doc, root, "summary", e)))
		return false;
	if (!confirm)
		return true;
	if (!yaml_check(&r->doc, confirm, "`confirm`", confirm_keys, e))
		return false;
	r->confirm = runbook_tmpl(&r->doc, confirm, "type", e);
	return r->confirm != NULL;
}

static bool parse(
	struct runbook *r, const char *path, const char *text, size_t len, struct err *e)
{
	if (!yaml_parse(&r->doc, path, text, len, e))
		return false;
	crypto_sha256(text, len, r->hash);
	return yaml_check(&r->doc, r->doc.root, "a runbook", top_keys, e) &&
	       load_words(r, e) && load_applies(r, e) && load_risk(r, e) &&
	       load_limits(r, e) &&
	       params_load(r, json_sub(r->doc.root, "parameters"), e) &&
	       steps_load(&r->doc, r->doc.root, "steps", &r->steps, &r->n_steps,
		       STEPS_OF_RUNBOOK, e);
}

struct runbook *runbook_load(const char *path, struct err *e)
{
	struct str text = STR_INIT;
	struct runbook *r = file_read(path, (size_t)1 << 20, &text, e)
				    ? runbook_parse(path, text.buf, text.len, e)
				    : NULL;

	str_release(&text);
	return r;
}

struct runbook *runbook_parse(
	const char *path, const char *text, size_t len, struct err *e)
{
	struct runbook *r = xcalloc(1, sizeof(*r));

	r->owners = 1;
	r->path = xstrdup(path);
	if (parse(r, path, text, len, e))
		return r;
	runbook_free(r);
	return NULL;
}

void runbook_free(struct runbook *r)
{
	if (!r || --r->owners > 0)
		return;
	free(r->path);
	jmes_free(r->when);
	tmpl_free(r->confirm);
	tmpl_free(r->summary);
	params_release(r);
	steps_free(r->steps, r->n_steps);
	yaml_release(&r->doc);
	free(r);
}

const char *runbook_name(const struct runbook *r)
{
	return r->name;
}

const char *runbook_title(const struct runbook *r)
{
	return r->title;
}

const char *runbook_hash(const struct runbook *r)
{
	return r->hash;
}

enum risk runbook_risk(const struct runbook *r)
{
	return r->risk;
}

bool runbook_on_hosts(const struct runbook *r)
{
	return r->on_hosts;
}

char runbook_key(const struct runbook *r)
{
	return r->key;
}

const char *runbook_undo(const struct runbook *r)
{
	return r->undo;
}

int runbook_max_targets(const struct runbook *r)
{
	return r->max_targets;
}

int runbook_parallel(const struct runbook *r)
{
	return r->parallel;
}

int runbook_stop_after(const struct runbook *r)
{
	return r->stop_after;
}

size_t runbook_params(const struct runbook *r)
{
	return r->n_params;
}

const struct param *runbook_param(const struct runbook *r, size_t i)
{
	return &r->params[i];
}

bool runbook_takes_reason(const struct runbook *r)
{
	return r->reason > 0 || (r->reason < 0 && r->risk != RISK_READ);
}

bool runbook_needs_reason(const struct runbook *r, bool prod)
{
	if (r->reason >= 0)
		return r->reason == 2;
	switch (r->risk) {
	case RISK_READ:
		return false;
	case RISK_REVERSIBLE:
		return prod;
	case RISK_IRREVERSIBLE:
	case RISK_SECURITY:
		return true;
	}
	return true;
}

static bool connector_listed(const struct runbook *r, const char *connector)
{
	for (size_t i = 0; i < word_count(r->connectors); i++)
		if (str_equal(word_at(r->connectors, i), connector))
			return true;
	return r->connectors == NULL;
}

bool runbook_may_apply(
	const struct runbook *r, enum kind kind, enum state state, const char *connector)
{
	return (r->kinds & (1u << kind)) &&
	       (!r->states || (r->states & (1ull << state))) &&
	       connector_listed(r, connector);
}

static bool when_true(const struct runbook *r, json_t *record)
{
	json_t *answer = jmes_search(r->when, record, NULL, NULL);
	bool yes = answer && jmes_truthy(answer);

	json_decref(answer);
	return yes;
}

bool runbook_applies(
	const struct runbook *r, const struct record *rec, const char *connector)
{
	json_t *input;
	bool yes;

	if (!runbook_may_apply(r, rec->kind, rec->state, connector))
		return false;
	if (!r->when)
		return true;
	input = record_json(rec);
	yes = when_true(r, input);
	json_decref(input);
	return yes;
}

bool runbook_applies_json(const struct runbook *r, json_t *record, const char *connector)
{
	enum kind kind;
	enum state state;

	return record && kind_parse(json_str(record, "kind", ""), &kind) &&
	       state_parse(json_str(record, "state", ""), &state) &&
	       runbook_may_apply(r, kind, state, connector) &&
	       (!r->when || when_true(r, record));
}

bool runbook_why_not(const struct runbook *r, const json_t *record, const char *connector,
	const char *title, struct err *e)
{
	const char *word = json_str(record, "state", "gone");
	enum kind kind;
	enum state state;

	if (!record || !state_parse(word, &state) ||
		(r->states && !(r->states & (1ull << state))))
		return err_set(e, ERR_CONFLICT,
			"%s does not apply to %s any more: it is %s now", r->name, title,
			word);
	if (!kind_parse(json_str(record, "kind", ""), &kind) ||
		!(r->kinds & (1u << kind)))
		return err_set(e, ERR_CONFLICT, "%s is not for %s: that is of kind %s",
			r->name, title, json_str(record, "kind", "unknown"));
	if (!connector_listed(r, connector))
		return err_set(e, ERR_CONFLICT,
			"%s is not for %s: that is of connector %s", r->name, title,
			*connector ? connector : "unknown");
	return err_set(e, ERR_CONFLICT,
		"%s does not apply to %s (%s): its condition is not met, `when: %s`",
		r->name, title, word,
		json_str(json_sub(r->doc.root, "applies"), "when", ""));
}
