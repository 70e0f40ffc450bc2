/*
 * JMESPath: expression text to tokens.
 */
#include "backends/base/jmes_private.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct lexer {
	struct jmes *j;
	const char *s;
	size_t i, len;
	struct jmes_token *out;
	size_t n, cap;
	struct err *e;
};

void *jmes_bad(struct err *e, const char *text, size_t at, const char *fmt, ...)
{
	char what[400];
	va_list ap;
	size_t column = 1;
	for (size_t i = 0; i < at && text[i]; i++)
		column += ((unsigned char)text[i] & 0xC0) != 0x80;
	va_start(ap, fmt);
	vsnprintf(what, sizeof(what), fmt, ap);
	va_end(ap);
	err_set(e, ERR_CONFIG, "column %zu: %s", column, what);
	return NULL;
}

static struct jmes_token *push(struct lexer *l, enum jmes_kind kind, size_t len)
{
	l->out = mem_grow(l->out, &l->cap, l->n + 1, sizeof(*l->out));
	struct jmes_token *t = &l->out[l->n++];
	*t = (struct jmes_token){.kind = kind, .at = l->i};
	l->i += len;
	return t;
}

static bool is_name(char c, bool first)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_' ||
	       (!first && c >= '0' && c <= '9');
}

static bool lex_name(struct lexer *l)
{
	size_t n = 1;
	while (is_name(l->s[l->i + n], false))
		n++;
	const char *name = arena_strndup(&l->j->mem, l->s + l->i, n);
	push(l, JT_NAME, n)->name = name;
	return true;
}

static bool lex_number(struct lexer *l)
{
	char digits[12];
	size_t n = l->s[l->i] == '-' ? 1 : 0, sign = n;
	long long v;
	while (l->s[l->i + n] >= '0' && l->s[l->i + n] <= '9')
		n++;
	if (n == sign)
		return jmes_bad(l->e, l->s, l->i, "a number is missing after \"-\"");
	if (n >= sizeof(digits))
		return jmes_bad(l->e, l->s, l->i, "the index is too large");
	memcpy(digits, l->s + l->i, n);
	digits[n] = '\0';
	if (!str_to_int(digits, &v))
		return jmes_bad(l->e, l->s, l->i, "\"%s\" is not a whole number", digits);
	push(l, JT_NUMBER, n)->number = (long)v;
	return true;
}

/* The offset of the closing quote, or 0: a backslash takes the next byte with it. */
static size_t closing(const struct lexer *l, char quote)
{
	for (size_t k = l->i + 1; k < l->len; k++) {
		if (l->s[k] == '\\')
			k++;
		else if (l->s[k] == quote)
			return k;
	}
	return 0;
}

static json_t *keep_literal(struct jmes *j, json_t *v)
{
	json_array_append_new(j->literals, v);
	return v;
}

static bool lex_quoted(struct lexer *l)
{
	size_t end = closing(l, '"');
	struct err why = ERR_INIT;
	if (!end)
		return jmes_bad(l->e, l->s, l->i, "the closing \" is missing");
	json_t *v = json_read(l->s + l->i, end + 1 - l->i, &why);
	if (!json_is_string(v)) {
		json_decref(v);
		return jmes_bad(l->e, l->s, l->i, "bad text in quotes: %s", why.msg);
	}
	const char *name =
		arena_strndup(&l->j->mem, json_string_value(v), json_string_length(v));
	push(l, JT_QUOTED, end + 1 - l->i)->name = name;
	json_decref(v);
	return true;
}

/* 'raw': only \' is an escape, any other backslash stands for itself. */
static bool lex_raw(struct lexer *l)
{
	size_t end = closing(l, '\'');
	if (!end)
		return jmes_bad(l->e, l->s, l->i, "the closing ' is missing");
	struct str text = STR_INIT_MAX(JMES_EXPR_MAX);
	for (size_t k = l->i + 1; k < end; k++) {
		/* As a pair, so that the second of two backslashes escapes nothing. */
		if (l->s[k] == '\\' && l->s[++k] != '\'')
			str_addc(&text, '\\');
		str_addc(&text, l->s[k]);
	}
	json_t *v = json_stringn(text.buf, text.len);
	str_release(&text);
	if (!v)
		return jmes_bad(l->e, l->s, l->i, "the text is not valid UTF-8");
	push(l, JT_LITERAL, end + 1 - l->i)->value = keep_literal(l->j, v);
	return true;
}

/* `json`: \` is a backtick; the rest is JSON. */
static bool lex_literal(struct lexer *l)
{
	size_t end = closing(l, '`');
	struct err why = ERR_INIT;
	if (!end)
		return jmes_bad(l->e, l->s, l->i, "the closing ` is missing");
	struct str text = STR_INIT_MAX(JMES_EXPR_MAX);
	for (size_t k = l->i + 1; k < end; k++) {
		if (l->s[k] == '\\' && l->s[++k] != '`')
			str_addc(&text, '\\');
		str_addc(&text, l->s[k]);
	}
	json_t *v = json_read(text.buf, text.len, &why);
	str_release(&text);
	if (!v)
		return jmes_bad(
			l->e, l->s, l->i, "bad JSON between backticks: %s", why.msg);
	push(l, JT_LITERAL, end + 1 - l->i)->value = keep_literal(l->j, v);
	return true;
}

static bool lex_sign(struct lexer *l)
{
	static const struct {
		char text[3];
		enum jmes_kind kind;
	} signs[] = {{"[]", JT_FLATTEN}, {"[?", JT_FILTER}, {"||", JT_OR}, {"&&", JT_AND},
		{"==", JT_EQ}, {"!=", JT_NE}, {"<=", JT_LE}, {">=", JT_GE}, {"<", JT_LT},
		{">", JT_GT}, {"|", JT_PIPE}, {"&", JT_AMP}, {"!", JT_NOT},
		{"[", JT_LBRACKET}, {"]", JT_RBRACKET}, {"(", JT_LPAREN},
		{")", JT_RPAREN}, {"{", JT_LBRACE}, {"}", JT_RBRACE}, {",", JT_COMMA},
		{":", JT_COLON}, {".", JT_DOT}, {"*", JT_STAR}, {"@", JT_CURRENT}};
	for (size_t k = 0; k < LENGTH(signs); k++) {
		size_t n = strlen(signs[k].text);
		if (strncmp(l->s + l->i, signs[k].text, n) == 0) {
			push(l, signs[k].kind, n);
			return true;
		}
	}
	const char *hint = l->s[l->i] == '=' ? " (to compare, write ==)" : "";
	return jmes_bad(
		l->e, l->s, l->i, "\"%c\" does not belong here%s", l->s[l->i], hint);
}

static bool lex_one(struct lexer *l)
{
	char c = l->s[l->i];
	if (is_name(c, true))
		return lex_name(l);
	if (c == '-' || (c >= '0' && c <= '9'))
		return lex_number(l);
	if (c == '"')
		return lex_quoted(l);
	if (c == '\'')
		return lex_raw(l);
	if (c == '`')
		return lex_literal(l);
	return lex_sign(l);
}

bool jmes_lex(struct jmes *j, struct jmes_token **tokens, size_t *n, struct err *e)
{
	struct lexer l = {.j = j, .s = j->text, .len = strlen(j->text), .e = e};
	bool ok = true;
	while (ok && l.i < l.len) {
		char c = l.s[l.i];
		if (c == ' ' || c == '\t' || c == '\n' || c == '\r')
			l.i++;
		else
			ok = lex_one(&l);
	}
	push(&l, JT_END, 0);
	*tokens = l.out;
	*n = l.n;
	return ok;
}
