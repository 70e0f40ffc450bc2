/*
 * Templates: cutting one string into texts and expressions.
 */
#include "backends/base/template_part.h"

#include "backends/base/mem.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool tmpl_complain(const struct tmpl_place *at, struct err *e, const char *fmt, ...)
{
	char text[480];
	va_list ap;
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (at->doc && yaml_cut(at->doc, at->in, at->key, at->index))
		str_copy(text + strlen(text), sizeof(text) - strlen(text), YAML_CUT_HINT);
	if (!at->doc)
		return err_set(e, ERR_CONFIG, "%s", text);
	if (at->key || at->index == SIZE_MAX)
		return yaml_err_value(e, at->doc, at->in, at->key, "%s", text);
	return yaml_err_item(e, at->doc, at->in, at->index, "%s", text);
}

void tmpl_parts_release(struct tmpl_parts *parts)
{
	for (size_t i = 0; i < parts->n; i++) {
		free(parts->items[i].text);
		free(parts->items[i].source);
		jmes_free(parts->items[i].expr);
	}
	free(parts->items);
	*parts = (struct tmpl_parts){NULL, 0, 0};
}

static struct tmpl_part *push(struct tmpl_parts *parts)
{
	parts->items =
		mem_grow(parts->items, &parts->cap, parts->n + 1, sizeof(*parts->items));
	parts->items[parts->n] = (struct tmpl_part){NULL, NULL, NULL};
	return &parts->items[parts->n++];
}

static const char *skip_quoted(const char *s)
{
	char quote = *s++;
	for (; *s; s++) {
		if (*s == '\\' && s[1])
			s++;
		else if (*s == quote)
			return s + 1;
	}
	return s;
}

/* The closing braces that belong to an expression starting at s; NULL when they are missing. Braces in
 * quotes and those of {key: value} inside the expression do not count. */
static const char *closing(const char *s, int braces)
{
	int open = 0;
	while (*s) {
		if (*s == '\'' || *s == '"' || *s == '`') {
			s = skip_quoted(s);
			continue;
		}
		if (*s == '}' && open == 0)
			return braces == 1 || s[1] == '}' ? s : NULL;
		open += (*s == '{') - (*s == '}');
		s++;
	}
	return NULL;
}

struct asking {
	const struct tmpl_names *names;
	struct err *why;
};

static bool ask_name(void *arg, const char *root, const char *member)
{
	const struct asking *a = arg;
	return a->names->known(a->names->arg, root, member, a->why);
}

static bool names_known(
	const struct tmpl_place *at, const struct jmes *expr, struct err *why)
{
	struct asking a = {at->names, why};
	return !at->names || jmes_names(expr, true, ask_name, &a);
}

static bool add_expression(struct tmpl_parts *parts, const struct tmpl_place *at,
	const char *s, size_t len, struct err *e)
{
	struct err why = ERR_INIT;
	while (len && strchr(" \t\r\n", s[0])) {
		s++;
		len--;
	}
	while (len && strchr(" \t\r\n", s[len - 1]))
		len--;
	char *source = xstrndup(s, len);
	struct jmes *expr = jmes_compile(source, &why);
	if (!expr || !jmes_sound(expr, &why) || !names_known(at, expr, &why)) {
		tmpl_complain(at, e, "in {{ %s }}: %s", source, why.msg);
		jmes_free(expr);
		free(source);
		return false;
	}
	struct tmpl_part *p = push(parts);
	p->expr = expr;
	p->source = source;
	return true;
}

static void add_text(struct tmpl_parts *parts, const char *s, size_t len)
{
	if (len)
		push(parts)->text = xstrndup(s, len);
}

/* The next opening braces; *width gets 1 or 2. */
static const char *opening(const char *s, int braces, int *width)
{
	const char *hit = strstr(s, braces == 1 ? "{" : "{{");
	*width = hit && hit[1] == '{' ? 2 : 1;
	return hit;
}

bool tmpl_parts_compile(struct tmpl_parts *parts, const struct tmpl_place *at,
	const char *s, int braces, struct err *e)
{
	int width;
	for (const char *hit; (hit = opening(s, braces, &width));) {
		const char *body = hit + width, *end = closing(body, width);
		if (!end)
			return tmpl_complain(at, e,
				"the closing %s is missing after \"%.40s\"",
				width == 2 ? "}}" : "}", hit);
		add_text(parts, s, (size_t)(hit - s));
		if (!add_expression(parts, at, body, (size_t)(end - body), e))
			return false;
		s = end + width;
	}
	add_text(parts, s, strlen(s));
	return true;
}
