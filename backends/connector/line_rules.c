/* The line rules of a connector's logs. */
#include "backends/connector/line_rules.h"
#include "backends/connector/def.h"

#include <regex.h>
#include <stdlib.h>
#include <string.h>

/* A longer line is cut to what is kept anyway (LOG_LINE_MAX), with room for what is stripped. */
enum { RULE_LINE_MAX = 65536, RULES_MAX = 100 };

enum rule_kind { RULE_REDACT, RULE_DROP, RULE_STRIP, RULE_LEVEL };

struct rule {
	enum rule_kind kind;
	const char *level;
	regex_t re;
};

struct line_rules {
	struct rule list[RULES_MAX];
	size_t n;
};

void line_rules_free(struct line_rules *r)
{
	if (!r)
		return;
	for (size_t i = 0; i < r->n; i++)
		regfree(&r->list[i].re);
	free(r);
}

static bool add_rule(struct connector *c, const json_t *in, const char *key,
	const json_t *pattern, const struct rule *like, struct line_rules *r,
	struct err *e)
{
	const char *text = json_string_value(pattern);
	struct rule *to = &r->list[r->n];
	char why[200];
	int rc;
	if (!text || !*text)
		return yaml_err_value(e, &c->doc, in, key,
			"a pattern, or a list of them: regular expressions such as "
			"'^DEBUG '");
	if (r->n == RULES_MAX)
		return yaml_err_value(
			e, &c->doc, in, key, "more than %d line rules", RULES_MAX);
	*to = *like;
	rc = regcomp(&to->re, text, REG_EXTENDED);
	if (rc != 0) {
		regerror(rc, NULL, why, sizeof(why));
		return yaml_err_value(e, &c->doc, in, key, "\"%s\": %s", text, why);
	}
	r->n++;
	/* It would match everywhere, and for ever. */
	regmatch_t m;
	if (regexec(&to->re, "", 1, &m, 0) == 0)
		return yaml_err_value(e, &c->doc, in, key,
			"\"%s\" matches nothing at all, so every line", text);
	return true;
}

static bool add_rules(struct connector *c, const json_t *in, const char *key,
	const struct rule *like, struct line_rules *r, struct err *e)
{
	json_t *v = json_object_get(in, key), *one;
	size_t i;
	if (!v)
		return true;
	if (!json_is_array(v))
		return add_rule(c, in, key, v, like, r, e);
	json_array_foreach (v, i, one)
		if (!add_rule(c, in, key, one, like, r, e))
			return false;
	return true;
}

static bool add_levels(
	struct connector *c, const json_t *in, struct line_rules *r, struct err *e)
{
	static const struct yaml_key keys[] = {{"error", YAML_STRING | YAML_ARRAY},
		{"warning", YAML_STRING | YAML_ARRAY}, {"info", YAML_STRING | YAML_ARRAY},
		{"debug", YAML_STRING | YAML_ARRAY}, {NULL}};
	static const char *const words[] = {"ERROR ", "WARNING ", "INFO ", "DEBUG "};
	const json_t *v = json_object_get(in, "level");
	if (!v)
		return true;
	if (!yaml_check(&c->doc, v, "level", keys, e))
		return false;
	for (size_t i = 0; i < LENGTH(words); i++)
		if (!add_rules(c, v, keys[i].name,
			    &(struct rule){.kind = RULE_LEVEL, .level = words[i]}, r, e))
			return false;
	return true;
}

bool line_rules_read(
	struct connector *c, const json_t *in, struct line_rules **out, struct err *e)
{
	if (!json_object_get(in, "redact") && !json_object_get(in, "drop") &&
		!json_object_get(in, "strip") && !json_object_get(in, "level"))
		return true;
	struct line_rules *r = xcalloc(1, sizeof(*r));
	*out = r;
	return add_rules(c, in, "redact", &(struct rule){.kind = RULE_REDACT}, r, e) &&
	       add_rules(c, in, "drop", &(struct rule){.kind = RULE_DROP}, r, e) &&
	       add_rules(c, in, "strip", &(struct rule){.kind = RULE_STRIP}, r, e) &&
	       add_levels(c, in, r, e);
}

/* ---- at work ---- */

/* All matches, or the first group of each, give way to `by`. */
static void replace(const regex_t *re, struct str *line, const char *by, bool group)
{
	struct str out = STR_INIT;
	const char *p = line->buf;
	regmatch_t m[2];
	while (*p && regexec(re, p, 2, m, p == line->buf ? 0 : REG_NOTBOL) == 0) {
		size_t which = group && m[1].rm_so >= 0;
		if (m[0].rm_eo ==
			m[0].rm_so) { /* between two characters: goes on behind the next */
			str_add(&out, p, (size_t)m[0].rm_so + (p[m[0].rm_so] != '\0'));
			p += m[0].rm_so + (p[m[0].rm_so] != '\0');
			continue;
		}
		str_add(&out, p, (size_t)m[which].rm_so);
		str_adds(&out, by);
		str_add(&out, p + m[which].rm_eo, (size_t)(m[0].rm_eo - m[which].rm_eo));
		p += m[0].rm_eo;
	}
	if (p != line->buf) {
		str_adds(&out, p);
		str_clear(line);
		str_add(line, out.buf, out.len);
	}
	str_wipe(&out);
}

/* After its time, where it begins with one: there a level is looked for. */
static void prefix(struct str *line, const char *word)
{
	enum { STAMP_LEAST = 19 };
	struct str out = STR_INIT;
	size_t stamp = strspn(line->buf, "0123456789-:.,TZ+[] ");
	if (stamp < STAMP_LEAST)
		stamp = 0;
	str_add(&out, line->buf, stamp);
	str_adds(&out, word);
	str_add(&out, line->buf + stamp, line->len - stamp);
	str_clear(line);
	str_add(line, out.buf, out.len);
	str_release(&out);
}

bool line_rules_apply(
	const struct line_rules *rules, struct redact *state, struct str *line)
{
	str_cut(line, RULE_LINE_MAX);
	if (!redact_line(state, line))
		return false;
	for (size_t i = 0; rules && i < rules->n; i++) {
		const struct rule *r = &rules->list[i];
		switch (r->kind) {
		case RULE_REDACT:
			replace(&r->re, line, "[secret]", true);
			break;
		case RULE_DROP:
			if (regexec(&r->re, line->buf, 0, NULL, 0) == 0)
				return false;
			break;
		case RULE_STRIP:
			replace(&r->re, line, "", false);
			break;
		case RULE_LEVEL:
			if (regexec(&r->re, line->buf, 0, NULL, 0) != 0)
				break;
			prefix(line, r->level);
			return true; /* the first that fits */
		}
	}
	return true;
}
