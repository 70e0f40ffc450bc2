/*
 * The watermark: what `since` is at the start of a collection, and what is kept at its end.
 */
#include "backends/base/log.h"
#include "backends/connector/collect.h"

#include <stdlib.h>
#include <string.h>

static json_t *time_value(usec_t t)
{
	char text[40];
	clock_format(text, sizeof(text), t, true);
	return json_string(text);
}

static json_t *since_time(const struct collect *c)
{
	usec_t t = 0, span = 0;
	const char *start = json_string_value(c->def->since_start);
	if (c->kept && clock_parse(c->kept, &t) && t > 0)
		return time_value(t - c->def->overlap_ms * 1000);
	if (start && clock_parse_duration(start, &span))
		return time_value(clock_now() - span);
	return json_null();
}

json_t *since_scope(struct collect *c)
{
	double number;
	switch (c->def->since) {
	case SINCE_NONE:
		return json_null();
	case SINCE_TIME:
		return since_time(c);
	case SINCE_NUMBER:
		if (c->kept && str_to_double(c->kept, &number))
			return json_real(number);
		break;
	case SINCE_TEXT:
		if (c->kept)
			return json_string(c->kept);
		break;
	}
	return json_incref((json_t *)(uintptr_t)c->def->since_start);
}

/* Is a later than b? Both are of the collection's type; json_null is earliest. */
static bool later(enum since_type type, const json_t *a, const json_t *b)
{
	if (!b)
		return true;
	if (type == SINCE_TEXT)
		return strcmp(json_string_value(a), json_string_value(b)) > 0;
	return json_number_value(a) > json_number_value(b);
}

/* The item's mark as a value that can be compared: times as integers of µs. NULL: it has none. */
static json_t *mark_of(enum since_type type, const json_t *v)
{
	usec_t t;
	double number;
	switch (type) {
	case SINCE_NONE:
		return NULL;
	case SINCE_TIME:
		t = map_time(v);
		return t > 0 ? json_integer(t) : NULL;
	case SINCE_NUMBER:
		if (json_is_number(v))
			return json_incref((json_t *)(uintptr_t)v);
		if (json_is_string(v) && str_to_double(json_string_value(v), &number))
			return json_real(number);
		return NULL;
	case SINCE_TEXT:
		return json_is_string(v) ? json_incref((json_t *)(uintptr_t)v) : NULL;
	}
	return NULL;
}

void since_take(struct collect *c, json_t *item, json_t *scope)
{
	struct err ignored = ERR_INIT;
	if (c->def->since == SINCE_NONE || !c->def->watermark.jmes)
		return;
	json_t *v = jmes_search(c->def->watermark.jmes, item, scope, &ignored);
	json_t *mark = v ? mark_of(c->def->since, v) : NULL;
	json_decref(v);
	if (mark && later(c->def->since, mark, c->best)) {
		json_decref(c->best);
		c->best = mark;
	} else {
		json_decref(mark);
	}
}

/* A time that lies ahead of now would hide everything until then. */
static char *time_result(const struct collect *c)
{
	usec_t best = json_integer_value(c->best), kept = 0;
	char text[40];
	if (best > clock_now())
		best = clock_now();
	if (c->kept && clock_parse(c->kept, &kept) && kept >= best)
		return NULL;
	clock_format(text, sizeof(text), best, true);
	return xstrdup(text);
}

char *since_result(struct collect *c)
{
	if (!c->best || c->errors || (c->partials && !c->def->ascending))
		return NULL;
	if (c->def->since == SINCE_TIME)
		return time_result(c);
	struct str text = STR_INIT_MAX(1024);
	json_scalar_to(&text, c->best);
	/* As it is or not at all: altered it would be another place in the list. */
	if (text.over || str_equal(text.buf, c->kept) ||
		log_gives_away(text.buf, text.len)) {
		str_release(&text);
		return NULL;
	}
	return str_take(&text);
}
