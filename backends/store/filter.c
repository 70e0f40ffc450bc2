/*
 * The filter language: words, field:value, field<value, each inverted by "!". Parsed once into conditions that are
 * all checked (AND); values separated by commas are alternatives, and so are the groups of terms between "|".
 */
#include "backends/store/filter_parse.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

bool filter_fail(
	const struct parser *p, size_t column, const char *what, const char *hint)
{
	return err_set(p->e, ERR_USAGE, "filter, column %zu: %s%s%s", column, what,
		hint[0] != '\0' ? "; " : "", hint);
}

static bool next_token(struct parser *p, struct token *t, bool *end)
{
	bool in_quotes = false;

	while (*p->at == ' ' || *p->at == '\t')
		p->at++;
	*end = *p->at == '\0';
	t->len = 0;
	t->any_quote = false;
	t->column = (size_t)(p->at - p->text) + 1;
	for (; *p->at != '\0' && (in_quotes || (*p->at != ' ' && *p->at != '\t'));
		p->at++) {
		if (*p->at == '"') {
			in_quotes = !in_quotes;
			t->any_quote = true;
			continue;
		}
		t->quoted[t->len] = in_quotes;
		t->bytes[t->len++] = *p->at;
	}
	t->bytes[t->len] = '\0';
	return !in_quotes || filter_fail(p, t->column, "the quote is not closed", "");
}

/* The field that a term begins with, where its value starts and the operator; NULL: none of that name (*op set), or
 * a plain word (*op NUL). */
static const struct field *field_of(const struct token *t, size_t *value, char *op)
{
	size_t i = t->bytes[0] == '!' && !t->quoted[0];
	size_t start = i;

	while (i < t->len && !t->quoted[i] &&
		(isalpha((unsigned char)t->bytes[i]) || t->bytes[i] == '_'))
		i++;
	*op = '\0';
	if (i == start || i >= t->len || t->quoted[i] ||
		strchr(":<>", t->bytes[i]) == NULL)
		return NULL;
	*op = t->bytes[i];
	*value = i + 1;
	return filter_field(t->bytes + start, i - start);
}

static bool parse_word(
	struct parser *p, struct cond *c, const struct token *t, size_t start)
{
	c->type = COND_WORD;
	if (start >= t->len)
		return filter_fail(p, t->column, "a word is missing", "");
	c->alts[c->n++] = filter_fold(t->bytes + start, t->len - start);
	return filter_take_bit(p, c, t->column);
}

static bool unknown_field(struct parser *p, const struct token *t)
{
	struct str hint = STR_INIT;

	for (size_t i = 0; filter_field_at(i) != NULL; i++)
		str_addf(&hint, "%s%s", i > 0 ? " " : "there are ",
			filter_field_at(i)->name);
	str_adds(&hint, "; put the term in quotes to search for its text");
	filter_fail(p, t->column, "no such field", hint.buf);
	str_release(&hint);
	return false;
}

static bool parse_token(struct parser *p, struct cond *c, const struct token *t)
{
	size_t value = 0;
	char op;
	const struct field *f = field_of(t, &value, &op);

	c->invert = t->bytes[0] == '!' && !t->quoted[0];
	if (op == '\0')
		return parse_word(p, c, t, c->invert);
	if (f == NULL)
		return unknown_field(p, t);
	if (f->compares != (op != ':'))
		return filter_fail(p, t->column,
			f->compares ? "this field is compared with < or >"
				    : "this field takes a colon",
			f->name);
	if (value >= t->len && !t->any_quote)
		return filter_fail(p, t->column, "a value is missing", f->name);
	return f->parse(p, c, f, t, value);
}

/* A "|" that stands alone begins the next group; within a term it could be meant for one value or for all of the term. */
static bool parse_bar(struct parser *p, const struct token *t, bool *bar, size_t *first)
{
	*bar = t->len == 1 && t->bytes[0] == '|' && !t->quoted[0];
	if (!*bar) {
		for (size_t i = 0; i < t->len; i++) {
			if (t->bytes[i] == '|' && !t->quoted[i])
				return filter_fail(p, t->column + i,
					"\"|\" stands between terms, with blanks around "
					"it",
					"of one field write a,b; a text that holds it "
					"stands in quotes");
		}
		return true;
	}
	if (p->f->n == *first)
		return filter_fail(p, t->column, "a term is missing before \"|\"", "");
	*first = p->f->n;
	p->f->groups++;
	return true;
}

static bool parse_all(struct parser *p, struct token *t)
{
	size_t first = 0; /* of the group */
	bool end, bar;

	p->f->groups = 1;
	for (;;) {
		if (!next_token(p, t, &end))
			return false;
		if (end)
			return first < p->f->n || first == 0 ||
			       filter_fail(
				       p, t->column, "a term is missing after \"|\"", "");
		if (!parse_bar(p, t, &bar, &first))
			return false;
		if (bar)
			continue;
		if (p->f->n == FILTER_TERMS_MAX)
			return filter_fail(
				p, t->column, "too many terms", "32 are allowed");
		struct cond *c = &p->f->conds[p->f->n++];
		c->group = p->f->groups - 1;
		if (!parse_token(p, c, t))
			return false;
	}
}

struct filter *filter_parse(const char *text, const char *me, struct err *e)
{
	struct parser p = {.text = text, .at = text, .me = me != NULL ? me : "", .e = e};

	if (strlen(text) > FILTER_TEXT_MAX) {
		err_set(e, ERR_LIMIT, "the filter is longer than %d bytes",
			FILTER_TEXT_MAX);
		return NULL;
	}
	p.f = xcalloc(1, sizeof(*p.f));
	p.f->text = xasprintf("%s\n%s", p.me, text);
	p.f->conds = xcalloc(FILTER_TERMS_MAX, sizeof(*p.f->conds));
	struct token *t = xcalloc(1, sizeof(*t));
	bool ok = parse_all(&p, t);
	free(t);
	if (ok)
		return p.f;
	filter_free(p.f);
	return NULL;
}

void filter_free(struct filter *f)
{
	if (f == NULL)
		return;
	for (size_t i = 0; i < f->n; i++) {
		for (size_t k = 0; k < f->conds[i].n; k++)
			free(f->conds[i].alts[k]);
	}
	free(f->conds);
	free(f->text);
	free(f);
}

bool filter_shows_snoozed(const struct filter *f)
{
	for (size_t i = 0; f != NULL && i < f->n; i++) {
		const struct cond *c = &f->conds[i];
		if (c->type == COND_FLAG && c->flag == FLAG_SNOOZED && !c->invert)
			return true;
	}
	return false;
}
