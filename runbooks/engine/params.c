/* Parameters of a runbook: definition, defaults, and text -> typed value. */
#include <regex.h>
#include <string.h>

#include "backends/base/clock.h"
#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "runbooks/engine/runbook_def.h"

#define PARAMS_MAX 20
#define PARAM_TEXT_MAX 4096

static const char *const type_names[] = {
	[PARAM_STRING] = "string",
	[PARAM_TEXT] = "text",
	[PARAM_INT] = "int",
	[PARAM_BOOL] = "bool",
	[PARAM_DATE] = "date",
	[PARAM_DATETIME] = "datetime",
	[PARAM_DURATION] = "duration",
	[PARAM_ENUM] = "enum",
	[PARAM_HOST] = "host",
};

static const struct yaml_key param_keys[] = {
	{"type", YAML_STRING, true},
	{"prompt", YAML_STRING, false},
	{"help", YAML_STRING, false},
	{"default", YAML_SCALAR, false},
	{"required", YAML_BOOL, false},
	{"choices", YAML_ARRAY, false},
	{"pattern", YAML_STRING, false},
	{"min", YAML_NUMBER | YAML_INT, false},
	{"max", YAML_NUMBER | YAML_INT, false},
	{"max_len", YAML_INT, false},
	{"day_end", YAML_BOOL, false},
	{"connector", YAML_ARRAY, false},
	{NULL, 0, false},
};

static bool load_type(
	const struct yaml_doc *doc, const json_t *in, struct param *p, struct err *e)
{
	const char *type = json_str(in, "type", "");

	for (size_t i = 0; i < LENGTH(type_names); i++) {
		if (strcmp(type, type_names[i]) != 0)
			continue;
		p->type = (enum param_type)i;
		if (p->type == PARAM_ENUM &&
			json_array_size(json_sub(in, "choices")) == 0)
			return yaml_err(
				e, doc, in, "type", "an enum needs `choices: [..]`");
		return true;
	}
	return yaml_err_value(e, doc, in, "type",
		"unknown type \"%s\": use string, text, int, bool, date, datetime, "
		"duration, enum or "
		"host",
		type);
}

static bool load_pattern(
	const struct yaml_doc *doc, const json_t *in, struct param *p, struct err *e)
{
	regex_t re;

	p->pattern = json_str(in, "pattern", NULL);
	if (!p->pattern)
		return true;
	if (strlen(p->pattern) > 256 ||
		regcomp(&re, p->pattern, REG_EXTENDED | REG_NOSUB) != 0)
		return yaml_err_value(e, doc, in, "pattern",
			"not a POSIX extended regular expression of at most 256 bytes");
	regfree(&re);
	return true;
}

static bool load_param(const struct yaml_doc *doc, const json_t *list, const char *name,
	struct param *p, struct err *e)
{
	const json_t *in = json_sub(list, name);

	if (!json_is_object(in))
		return yaml_err(
			e, doc, list, name, "a parameter is {type: ..., prompt: ...}");
	if (!yaml_check(doc, in, "a parameter", param_keys, e) ||
		!load_type(doc, in, p, e) || !load_pattern(doc, in, p, e))
		return false;
	if (json_sub(in, "day_end") && p->type != PARAM_DATETIME)
		return yaml_err(e, doc, in, "day_end", "`day_end` is for type datetime");
	p->day_end = json_flag(in, "day_end", false);
	p->name = name;
	p->prompt = json_str(in, "prompt", name);
	p->help = json_str(in, "help", "");
	p->required = json_flag(in, "required", false);
	p->choices = json_sub(in, "choices");
	p->connectors = json_sub(in, "connector");
	p->has_min = json_sub(in, "min") != NULL;
	p->has_max = json_sub(in, "max") != NULL;
	p->min = json_num(in, "min", 0);
	p->max = json_num(in, "max", 0);
	p->max_len = (int)json_int(
		in, "max_len", p->type == PARAM_TEXT ? PARAM_TEXT_MAX : 400);
	if (json_sub(in, "default"))
		p->fallback = runbook_tmpl(doc, in, "default", e);
	return !json_sub(in, "default") || p->fallback;
}

bool param_is_for(const struct param *p, const char *connector)
{
	const json_t *one;
	size_t i;

	if (!p->connectors)
		return true;
	json_array_foreach (p->connectors, i, one)
		if (json_is_string(one) && strcmp(json_string_value(one), connector) == 0)
			return true;
	return false;
}

bool params_load(struct runbook *r, const json_t *list, struct err *e)
{
	const char *name;
	json_t *value;

	if (json_object_size(list) > PARAMS_MAX)
		return yaml_err(e, &r->doc, r->doc.root, "parameters",
			"at most %d parameters", PARAMS_MAX);
	if (json_object_size(list) == 0)
		return true;
	r->params = xcalloc(json_object_size(list), sizeof(*r->params));
	json_object_foreach ((json_t *)(uintptr_t)list, name, value)
		if (!load_param(&r->doc, list, name, &r->params[r->n_params++], e))
			return false;
	return true;
}

void params_release(struct runbook *r)
{
	for (size_t i = 0; i < r->n_params; i++)
		tmpl_free(r->params[i].fallback);
	free(r->params);
	r->params = NULL;
	r->n_params = 0;
}

bool param_default(const struct param *p, const json_t *record, const char *operator_name,
	struct str *out, struct err *e)
{
	char now[40];
	json_t *scope;
	bool ok;

	if (!p->fallback)
		return true;
	clock_format(now, sizeof(now), clock_now(), false);
	scope = json_pack("{s:O?, s:s, s:s}", "record", record, "now", now, "operator",
		operator_name ? operator_name : "");
	ok = tmpl_render_text(p->fallback, scope, out, e);
	json_decref(scope);
	return ok;
}

static bool wrong(
	struct err *e, const struct param *p, const char *text, const char *wanted)
{
	return err_set(e, ERR_USAGE, "%s: \"%s\" is not %s", p->prompt, text, wanted);
}

static json_t *parse_int(const struct param *p, const char *text, struct err *e)
{
	long long v;

	if (!str_to_int(text, &v)) {
		wrong(e, p, text, "a whole number");
		return NULL;
	}
	if ((p->has_min && (double)v < p->min) || (p->has_max && (double)v > p->max)) {
		err_set(e, ERR_USAGE, "%s: %lld is outside of %g to %g", p->prompt, v,
			p->min, p->max);
		return NULL;
	}
	return json_integer(v);
}

static json_t *parse_bool(const struct param *p, const char *text, struct err *e)
{
	static const char *const yes[] = {"true", "yes", "y", "1"}, *const no[] = {
									    "false", "no",
									    "n", "0"};

	for (size_t i = 0; i < LENGTH(yes); i++) {
		if (strcmp(text, yes[i]) == 0)
			return json_true();
		if (strcmp(text, no[i]) == 0)
			return json_false();
	}
	wrong(e, p, text, "yes or no");
	return NULL;
}

static json_t *parse_date(const struct param *p, const char *text, struct err *e)
{
	enum { DAY_LENGTH = 10 };
	const usec_t day = 86400 * USEC_PER_SEC;
	usec_t t;
	char full[40];
	bool whole_day = strlen(text) == DAY_LENGTH;

	if (!clock_parse(text, &t) || (p->type == PARAM_DATE && !whole_day)) {
		wrong(e, p, text,
			p->type == PARAM_DATE
				? "a date (YYYY-MM-DD)"
				: "YYYY-MM-DD HH:MM (UTC, or with +01:00) or a day");
		return NULL;
	}
	if (p->type == PARAM_DATE)
		return json_string(text);
	if (p->day_end && whole_day)
		t += day - USEC_PER_SEC;
	clock_format(full, sizeof(full), t, false);
	return json_string(full);
}

static json_t *parse_enum(const struct param *p, const char *text, struct err *e)
{
	struct str all = STR_INIT_MAX(300);
	size_t i;
	json_t *choice;

	json_array_foreach (p->choices, i, choice) {
		if (str_equal(json_string_value(choice), text)) {
			str_release(&all);
			return json_string(text);
		}
		str_addf(&all, "%s%s", i ? ", " : "", json_string_value(choice));
	}
	err_set(e, ERR_USAGE, "%s: \"%s\" is none of %s", p->prompt, text, all.buf);
	str_release(&all);
	return NULL;
}

static json_t *parse_text(const struct param *p, const char *text, struct err *e)
{
	regmatch_t whole;
	regex_t re;
	bool fits;

	if (strlen(text) > (size_t)p->max_len) {
		err_set(e, ERR_USAGE, "%s: %zu bytes are too many, at most %d", p->prompt,
			strlen(text), p->max_len);
		return NULL;
	}
	if (p->pattern) {
		/* Anchored by hand: the whole text has to match, whatever the pattern
		 * says. */
		if (regcomp(&re, p->pattern, REG_EXTENDED) != 0)
			return NULL;
		fits = regexec(&re, text, 1, &whole, 0) == 0 && whole.rm_so == 0 &&
		       (size_t)whole.rm_eo == strlen(text);
		regfree(&re);
		if (!fits) {
			err_set(e, ERR_USAGE, "%s: \"%s\" does not fit the pattern %s",
				p->prompt, text, p->pattern);
			return NULL;
		}
	}
	return json_string(text);
}

static json_t *parse_duration(const struct param *p, const char *text, struct err *e)
{
	usec_t t;

	if (clock_parse_duration(text, &t) && t > 0)
		return json_string(text);
	wrong(e, p, text, "a duration (30m, 2h, 7d)");
	return NULL;
}

json_t *param_parse(const struct param *p, const char *text, struct err *e)
{
	if (!utf8_valid(text, strlen(text))) {
		err_set(e, ERR_USAGE, "%s: not valid UTF-8", p->prompt);
		return NULL;
	}
	if (text[0] == '\0') {
		if (!p->required)
			return json_null();
		err_set(e, ERR_USAGE, "%s: a value is wanted", p->prompt);
		return NULL;
	}
	switch (p->type) {
	case PARAM_INT:
		return parse_int(p, text, e);
	case PARAM_BOOL:
		return parse_bool(p, text, e);
	case PARAM_DATE:
	case PARAM_DATETIME:
		return parse_date(p, text, e);
	case PARAM_DURATION:
		return parse_duration(p, text, e);
	case PARAM_ENUM:
		return parse_enum(p, text, e);
	case PARAM_STRING:
	case PARAM_TEXT:
	case PARAM_HOST:
		return parse_text(p, text, e);
	}
	return NULL;
}
