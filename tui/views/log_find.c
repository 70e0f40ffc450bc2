/* Finding in a log: errors, whose lines the worker noted, and text, which the store looks for slice by slice. */
#include "tui/views/log.h"

#include <string.h>

enum { SLICE = 20000 };

/* ---- errors ------------------------------------------------------------------------------------------- */

static const json_t *errors_of(const struct log_view *l)
{
	return json_sub(log_result(l), "errors");
}

/* How many there are; nth: the one at or before the cursor's line, from 1. */
size_t log_errors(const struct log_view *l, size_t *nth)
{
	const json_t *errors = errors_of(l);
	size_t n = json_array_size(errors);
	*nth = 0;
	for (size_t i = 0; i < n; i++)
		if (json_integer_value(json_array_get(errors, i)) <= l->at + 1)
			*nth = i + 1;
	return n;
}

/* -1: there is none. */
static long long error_beside(const struct log_view *l, bool back)
{
	const json_t *errors = errors_of(l);
	size_t n = json_array_size(errors);
	for (size_t k = 0; k < n; k++) {
		size_t i = back ? n - 1 - k : k;
		long long p = json_integer_value(json_array_get(errors, i)) - 1;
		if (back ? p < l->at : p > l->at)
			return p;
	}
	return -1;
}

static bool has_error(const struct log_view *l, bool back, struct str *why)
{
	if (*l->search || error_beside(l, back) >= 0)
		return true;
	if (!log_result(l))
		str_adds(why, "The errors are known when all of it is here. / searches "
			      "already.");
	else if (json_array_size(errors_of(l)))
		str_addf(why, "No error %s this line.", back ? "before" : "after");
	else
		str_adds(why, "It shows no error.");
	return false;
}

bool log_has_next(struct view *v, struct str *why)
{
	return has_error((struct log_view *)v, false, why);
}

bool log_has_previous(struct view *v, struct str *why)
{
	return has_error((struct log_view *)v, true, why);
}

/* ---- text ---------------------------------------------------------------------------------------------- */

static void slice(struct log_view *l);

static void no_match(struct log_view *l)
{
	app_say(l->v.app, ROLE_WARN, "Not in here: %s", l->search);
	l->search[0] = '\0';
}

static void found(struct view *v, struct answer *a)
{
	struct log_view *l = (struct log_view *)v;
	long long seq = json_int(json_array_get(a->json, 0), "seq", 0);
	if (!a->json)
		return;
	if (seq) {
		l->placed = true;
		log_goto(l, seq - 1);
		if (l->find_around)
			app_say(v->app, ROLE_DIM, "Went on from the %s.",
				l->find_back ? "end" : "start");
		return;
	}
	if (l->find_back)
		l->find_from = l->find_to;
	else
		l->find_from += SLICE;
	bool over = l->find_back ? l->find_from <= 1 : l->find_from >= l->total;
	if (over && l->find_around) {
		no_match(l);
		return;
	}
	if (over) {
		l->find_around = true;
		l->find_from = l->find_back ? l->total + 1 : 0;
	}
	slice(l);
}

/* Forward: lines with from < seq <= from + SLICE. Back: from - SLICE <= seq < from. */
static void slice(struct log_view *l)
{
	l->find_to = l->find_back ? l->find_from - SLICE : l->find_from + SLICE;
	if (l->find_to < 1)
		l->find_to = 1;
	answer_clear(&l->find);
	answer_ask(&l->v, &l->find, "output_find",
		json_pack("{s:I,s:I,s:s,s:b,s:I}", "job", (json_int_t)l->job_id, "after",
			(json_int_t)l->find_from, "text", l->search, "back", l->find_back,
			"upto", (json_int_t)(l->find_back ? l->find_to - 1 : l->find_to)),
		found);
}

static void find(struct log_view *l, bool back, bool here)
{
	long long seq = l->at + 1;
	if (!l->job_id)
		return;
	l->find_back = back;
	l->find_around = false;
	l->find_from = back ? seq : here ? seq - 1 : seq;
	if (back && seq <= 1) {
		l->find_around = true;
		l->find_from = l->total + 1;
	}
	slice(l);
}

static void typed(struct view *v, const char *text)
{
	struct log_view *l = (struct log_view *)v;
	if (!text || !*text)
		return;
	(void)str_copy(l->search, sizeof(l->search), text);
	find(l, false, true);
}

void log_search(struct view *v)
{
	(void)app_prompt(v, &(struct prompt){.label = "/", .done = typed});
}

void log_next(struct view *v)
{
	struct log_view *l = (struct log_view *)v;
	l->placed = true;
	if (*l->search)
		find(l, false, false);
	else
		log_goto(l, error_beside(l, false));
}

void log_previous(struct view *v)
{
	struct log_view *l = (struct log_view *)v;
	l->placed = true;
	if (*l->search)
		find(l, true, false);
	else
		log_goto(l, error_beside(l, true));
}
