/*
 * The fields of the filter language: how their values are written. A new field is one line in the table.
 */
#include "backends/store/filter_parse.h"

#include <stdlib.h>
#include <string.h>

#include "backends/base/utf8.h"

char *filter_fold(const char *text, size_t len)
{
	char *copy = xstrndup(text, len);
	struct str out = STR_INIT;

	utf8_fold(&out, copy);
	free(copy);
	return str_take(&out);
}

/* The alternatives of bytes[value..], folded. */
static bool take_alts(
	struct parser *p, struct cond *c, const struct token *t, size_t value)
{
	size_t start = value;

	for (size_t i = value; i <= t->len; i++) {
		if (i < t->len && (t->bytes[i] != ',' || t->quoted[i]))
			continue;
		if (c->n == FILTER_ALTS_MAX)
			return filter_fail(p, t->column, "too many values in one term",
				"32 are allowed");
		c->alts[c->n++] = filter_fold(t->bytes + start, i - start);
		start = i + 1;
	}
	return true;
}

bool filter_take_bit(struct parser *p, struct cond *c, size_t column)
{
	if (p->f->texts == FILTER_TEXTS_MAX)
		return filter_fail(
			p, column, "too many words and names", "16 are allowed");
	c->bit = p->f->texts++;
	return true;
}

/* `me` stands for all names of the operator, one a line: the first in its place, the others behind. */
static bool take_names(struct parser *p, struct cond *c, size_t at, const struct token *t)
{
	const char *name = p->me;

	while (*name) {
		size_t len = strcspn(name, "\n");
		if (c->alts[at] != NULL && c->n == FILTER_ALTS_MAX)
			return filter_fail(p, t->column, "too many values in one term",
				"32 are allowed");
		char **to = c->alts[at] == NULL ? &c->alts[at] : &c->alts[c->n++];
		*to = filter_fold(name, len);
		name += len + (name[len] == '\n');
	}
	return true;
}

static bool parse_globs(
	struct parser *p, struct cond *c, const struct token *t, size_t value)
{
	if (!take_alts(p, c, t, value) || !filter_take_bit(p, c, t->column))
		return false;
	size_t given = c->n;
	for (size_t i = 0; i < given && p->me[0] != '\0'; i++) {
		if (strcmp(c->alts[i], "me") != 0 || t->quoted[value])
			continue;
		free(c->alts[i]);
		c->alts[i] = NULL;
		if (!take_names(p, c, i, t))
			return false;
	}
	return true;
}

static bool parse_term(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{

	c->type = COND_TERM;
	c->offset = f->offset;
	return parse_globs(p, c, t, value);
}

static bool parse_source(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{
	(void)f;
	c->type = COND_SOURCE;
	return parse_globs(p, c, t, value);
}

static bool parse_id(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{
	(void)f;
	c->type = COND_ID;
	return parse_globs(p, c, t, value);
}

static bool parse_label(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{
	(void)f;
	c->type = COND_LABEL;
	p->f->rows = true;
	return take_alts(p, c, t, value);
}

/* ---- closed sets of values ---- */

static const char *set_word(enum cond_set set, size_t i)
{
	static const char *const TIERS[] = {"0", "1", "2", "3", "4", "5", NULL};

	switch (set) {
	case SET_KIND:
		return i < KIND_COUNT ? kind_name((enum kind)i) : NULL;
	case SET_STATE:
		return i < STATE_COUNT ? state_name((enum state)i) : NULL;
	case SET_SEVERITY:
		return i < SEVERITY_COUNT ? severity_name((enum severity)i) : NULL;
	case SET_TIER:
		return TIERS[i];
	}
	return NULL;
}

/* A word that is complete, a glob, or the beginning of words: what is typed narrows from its first letter. */
static uint64_t set_bits(enum cond_set set, const char *value)
{
	uint64_t bits = 0;
	enum kind k;

	if (set == SET_KIND && kind_parse(value, &k))
		return 1u << k;
	for (size_t i = 0; set_word(set, i) != NULL; i++) {
		const char *word = set_word(set, i);
		if (strcmp(word, value) == 0)
			return UINT64_C(1) << i;
		if (str_glob(value, word) ||
			(value[0] != '\0' && str_starts(word, value)))
			bits |= UINT64_C(1) << i;
	}
	return bits;
}

static bool set_unknown(
	struct parser *p, const struct token *t, enum cond_set set, const char *value)
{
	struct str what = STR_INIT, hint = STR_INIT;

	str_addf(&what, "'%s' is none of the values", value);
	for (size_t i = 0; set_word(set, i) != NULL; i++)
		str_addf(&hint, "%s%s", i > 0 ? ", " : "there are ", set_word(set, i));
	filter_fail(p, t->column, what.buf, hint.buf);
	str_release(&what);
	str_release(&hint);
	return false;
}

static bool parse_set(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{

	c->type = COND_SET;
	c->set = (enum cond_set)f->which;
	if (!take_alts(p, c, t, value))
		return false;
	for (size_t i = 0; i < c->n; i++) {
		uint64_t bits = set_bits(c->set, c->alts[i]);
		if (bits == 0)
			return set_unknown(p, t, c->set, c->alts[i]);
		c->mask |= bits;
	}
	return true;
}

/* need:yes, need:no, snoozed:yes; claimed:yes, claimed:no, claimed:me, claimed:name */
static bool parse_flag(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{
	const char *word = t->bytes + value;

	c->type = COND_FLAG;
	c->flag = (enum cond_flag)f->which;
	if (strcmp(word, "yes") == 0)
		return true;
	if (strcmp(word, "no") == 0) {
		c->invert = !c->invert;
		return true;
	}
	if (c->flag != FLAG_CLAIMED)
		return filter_fail(p, t->column,
			c->flag == FLAG_NEED ? "need is yes or no"
					     : "snoozed is yes or no",
			"");
	c->type = COND_TERM;
	c->offset = f->offset;
	return parse_globs(p, c, t, value);
}

/* ---- numbers and times ---- */

static size_t take_operator(struct cond *c, const struct token *t, size_t value)
{
	c->less = t->bytes[value - 1] == '<';
	c->or_equal = t->bytes[value] == '=';
	return value + c->or_equal;
}

static bool parse_time(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{
	const char *text;

	c->type = COND_TIME;
	c->time = (enum cond_time)f->which;
	text = t->bytes + take_operator(c, t, value);
	if (clock_parse_duration(text, &c->at)) {
		c->ago = true;
		p->f->timed = true;
		return true;
	}
	if (c->time != TIME_SINCE && clock_parse(text, &c->at))
		return true;
	return filter_fail(p, t->column,
		c->time == TIME_SINCE ? "an age is compared with a duration"
				      : "a time is compared with a duration or a date",
		c->time == TIME_SINCE ? "for example age<2h"
				      : "for example started<2h or started>2026-11-22");
}

static bool parse_amount(struct parser *p, struct cond *c, const struct field *f,
	const struct token *t, size_t value)
{
	(void)f;
	c->type = COND_AMOUNT;
	if (str_to_double(t->bytes + take_operator(c, t, value), &c->number))
		return true;
	return filter_fail(
		p, t->column, "cost is compared with a number", "for example cost>500");
}

#define CELL_TERM(member) offsetof(struct cell, member)

static const struct field FIELDS[] = {
	{"kind", parse_set, 0, SET_KIND, false},
	{"state", parse_set, 0, SET_STATE, false},
	{"sev", parse_set, 0, SET_SEVERITY, false},
	{"severity", parse_set, 0, SET_SEVERITY, false},
	{"tier", parse_set, 0, SET_TIER, false},
	{"env", parse_term, CELL_TERM(env), 0, false},
	{"owner", parse_term, CELL_TERM(owner), 0, false},
	{"asset", parse_term, CELL_TERM(asset), 0, false},
	{"service", parse_term, CELL_TERM(service), 0, false},
	{"actor", parse_term, CELL_TERM(actor), 0, false},
	{"title", parse_term, CELL_TERM(title), 0, false},
	{"signature", parse_term, CELL_TERM(signature), 0, false},
	{"source", parse_source, 0, 0, false},
	{"id", parse_id, 0, 0, false},
	{"label", parse_label, 0, 0, false},
	{"need", parse_flag, 0, FLAG_NEED, false},
	{"claimed", parse_flag, CELL_TERM(claimed), FLAG_CLAIMED, false},
	{"snoozed", parse_flag, 0, FLAG_SNOOZED, false},
	{"age", parse_time, 0, TIME_SINCE, true},
	{"started", parse_time, 0, TIME_STARTED, true},
	{"updated", parse_time, 0, TIME_UPDATED, true},
	{"due", parse_time, 0, TIME_DUE, true},
	{"cost", parse_amount, 0, 0, true},
	{"amount", parse_amount, 0, 0, true},
};

const struct field *filter_field(const char *name, size_t len)
{
	for (size_t i = 0; i < LENGTH(FIELDS); i++) {
		if (strlen(FIELDS[i].name) == len &&
			strncmp(FIELDS[i].name, name, len) == 0)
			return &FIELDS[i];
	}
	return NULL;
}

const struct field *filter_field_at(size_t i)
{
	return i < LENGTH(FIELDS) ? &FIELDS[i] : NULL;
}

const char *filter_field_name(size_t i, bool *orders)
{
	const struct field *f = filter_field_at(i);

	if (!f)
		return NULL;
	*orders = f->compares;
	return f->name;
}
