/* The rows of a record below its evidence: tasks, earlier runs, its own history, notes, actions, labels. */
#include "tui/views/action.h"
#include "tui/views/detail.h"

#include <stdlib.h>
#include <string.h>

enum {
	TASKS_MAX = 30,
	HISTORY_MAX = 10,
	NOTES_MAX = 20,
	BAR = 24,
	NAME = 28,
	STATE = 15
};

/* ---- tasks ------------------------------------------------------------------------------------------------------ */

/* Sources name them differently; a list of objects with a state is one of tasks. */
static const json_t *tasks_of(const json_t *detail)
{
	static const char *const keys[] = {
		"task_instances", "tasks", "steps", "jobs", "activities", "nodes"};
	for (size_t i = 0; i < LENGTH(keys); i++) {
		const json_t *list = json_sub(detail, keys[i]);
		if (json_is_object(json_array_get(list, 0)))
			return list;
	}
	return NULL;
}

static const char *first_of(const json_t *o, const char *const *keys)
{
	for (; *keys; keys++)
		if (*json_str(o, *keys, ""))
			return json_str(o, *keys, "");
	return "";
}

static look_t look_of_task(const char *state)
{
	static const char *const bad[] = {"fail", "error", "timeout", "timed"};
	for (size_t i = 0; i < LENGTH(bad); i++)
		if (strcasestr(state, bad[i]))
			return ROLE_BAD;
	return strncasecmp(state, "succe", 5) == 0 ? ROLE_TEXT : ROLE_DIM;
}

void detail_tasks(struct detail_view *d)
{
	static const char *const names[] = {
		"task_id", "task_key", "name", "title", "id", NULL};
	static const char *const states[] = {
		"state", "status", "conclusion", "result", NULL};
	const json_t *tasks = tasks_of(d->r.detail);
	double longest = 0;
	size_t i, n = json_array_size(tasks);
	json_t *t;
	json_array_foreach (tasks, i, t) {
		double s = json_num(t, "duration", 0);
		longest = s > longest ? s : longest;
	}
	for (i = 0; i < n && i < TASKS_MAX; i++) {
		t = json_array_get(tasks, i);
		double s = json_num(t, "duration", 0);
		const char *state = first_of(t, states);
		struct str text = STR_INIT, name = STR_INIT;
		char took[16] = "";
		if (s > 0)
			detail_span(took, sizeof(took), (usec_t)(s * 1e6));
		utf8_cut(&name, first_of(t, names), NAME, UTF8_CUT_MIDDLE);
		str_addf(&text, "%s%*s  %5s  ", name.buf, NAME - utf8_width(name.buf), "",
			took);
		str_release(&name);
		for (int b = longest > 0 ? (int)(s / longest * BAR) : 0; b > 0; b--)
			str_addc(&text, '=');
		long long tries = json_int(t, "try_number", 0);
		if (tries > 1)
			str_addf(&text, "  try %lld", tries);
		struct detail_row *row =
			detail_add(d, i ? "" : "Tasks", ROLE_TEXT, text.buf);
		row->mark = arena_strdup(&d->mem, state);
		row->mark_look = look_of_task(state);
		row->mark_width = STATE;
		str_release(&text);
	}
	if (n > TASKS_MAX) {
		char text[60];
		(void)str_format(text, sizeof(text), "and %zu more", n - TASKS_MAX);
		(void)detail_add(d, "", ROLE_DIM, text);
	}
}

/* An extra request that gave nothing this time: what stands above it is what it gave last. */
void detail_not_read(struct detail_view *d)
{
	const char *what;
	json_t *why, *all = json_incref(json_sub(d->r.detail, "not_read"));
	json_object_foreach (all, what, why) {
		struct str text = STR_INIT_MAX(400);
		str_addf(&text, "%s not read: %s", what,
			json_is_string(why) ? json_string_value(why) : "");
		(void)detail_add(d, "Old", ROLE_WARN, text.buf);
		str_release(&text);
	}
	json_decref(all);
}

/* ---- earlier runs ----------------------------------------------------------------------------------------------- */

static int by_size(const void *a, const void *b)
{
	const usec_t *x = a, *y = b;
	return (*x > *y) - (*x < *y);
}

/* The median of those that got through: one slow run does not make the usual slow. */
usec_t detail_usual(const struct detail_view *d)
{
	usec_t took[64];
	size_t n = 0, i;
	json_t *s;
	json_array_foreach (d->siblings.json, i, s) {
		usec_t a = json_int(s, "started", 0), b = json_int(s, "ended", 0);
		if (a && b > a && strcmp(json_str(s, "state", ""), "succeeded") == 0 &&
			n < LENGTH(took))
			took[n++] = b - a;
	}
	if (n < 3)
		return 0;
	qsort(took, n, sizeof(took[0]), by_size);
	return took[n / 2];
}

/* Oldest first, so that the newest is where reading ends. */
void detail_siblings(struct detail_view *d, int width)
{
	struct str text = STR_INIT;
	size_t n = json_array_size(d->siblings.json);
	size_t most = width > 20 ? (size_t)(width - 12) / 5 : 1;
	if (n < 2 || d->r.kind != KIND_RUN)
		return;
	str_addf(&text, "%zu runs ", n);
	for (size_t i = n < most ? n : most; i-- > 0;) {
		const json_t *s = json_array_get(d->siblings.json, i);
		enum state state = STATE_UNKNOWN;
		(void)state_parse(json_str(s, "state", ""), &state);
		str_addf(&text, " %s",
			state == STATE_SUCCEEDED      ? "ok"
			: state_bad(KIND_RUN, state)  ? "FAIL"
			: state_open(KIND_RUN, state) ? "..."
						      : word_of_state(state));
	}
	detail_add(d, "History", ROLE_TEXT, text.buf)->strip = true;
	str_release(&text);
}

void detail_history(struct detail_view *d)
{
	size_t i, n = json_array_size(d->history.json);
	json_t *h;
	json_array_foreach (d->history.json, i, h) {
		struct str text = STR_INIT;
		enum state to = STATE_UNKNOWN;
		const char *from = json_str(h, "from", ""),
			   *actor = json_str(h, "actor", ""),
			   *note = json_str(h, "note", "");
		if (i >= HISTORY_MAX)
			break;
		str_adds(&text, detail_time(d, json_int(h, "at", 0)));
		if (*from && strcmp(from, json_str(h, "to", "")) != 0 && i + 1 < n)
			str_addf(&text, "   was %s", from);
		/* Who started a run did not bring it into each of its states. */
		if (*actor && strcmp(actor, d->r.actor) != 0)
			str_addf(&text, "   by %s", actor);
		if (detail_says_more(note, json_str(h, "to", "")))
			str_addf(&text, "   %s", note);
		struct detail_row *row =
			detail_add(d, i ? "" : "States", ROLE_TEXT, text.buf);
		if (state_parse(json_str(h, "to", ""), &to)) {
			row->mark = word_of_state(to);
			row->mark_look = look_of_state(d->r.kind, to);
		}
		str_release(&text);
	}
}

/* ---- people ------------------------------------------------------------------------------------------------------- */

void detail_notes(struct detail_view *d, int width)
{
	size_t i;
	json_t *n;
	json_array_foreach (d->notes.json, i, n) {
		struct str text = STR_INIT;
		if (i >= NOTES_MAX)
			break;
		str_addf(&text, "%s %s: %s", detail_time(d, json_int(n, "at", 0)),
			json_str(n, "who", ""), json_str(n, "text", ""));
		detail_add_wrapped(d, i ? "" : "Notes", ROLE_TEXT, width, text.buf);
		str_release(&text);
	}
}

void detail_actions(struct detail_view *d)
{
	size_t i;
	json_t *j;
	json_array_foreach (d->jobs.json, i, j) {
		struct str text = STR_INIT;
		const char *reason = json_str(j, "reason", ""),
			   *error = json_str(j, "error", "");
		str_addf(&text, "%s   %s by %s", json_str(j, "runbook", ""),
			detail_time(d, json_int(j, "created", 0)),
			json_str(j, "who", ""));
		if (*error)
			str_addf(&text, "   %s", error);
		else if (*reason)
			str_addf(&text, "   \"%s\"", reason);
		struct detail_row *row =
			detail_add(d, i ? "" : "Actions", ROLE_TEXT, text.buf);
		row->mark = job_word(json_str(j, "state", ""));
		row->mark_look = job_look(json_str(j, "state", ""));
		row->opens = OPENS_JOB;
		row->id = json_int(j, "job", 0);
		row->name = arena_strdup(&d->mem, json_str(j, "runbook", ""));
		str_release(&text);
	}
	if (d->jobs.json && !json_array_size(d->jobs.json))
		(void)detail_add(d, "Actions", ROLE_DIM, "none yet on this");
}

void detail_labels(struct detail_view *d, int width)
{
	struct str text = STR_INIT;
	const char *key;
	json_t *value;
	json_t *labels = json_incref(json_sub(d->record.json, "labels"));
	json_object_foreach (labels, key, value) {
		str_addf(&text, "%s%s=", text.len ? "   " : "", key);
		(void)json_scalar_to(&text, value);
	}
	detail_add_wrapped(d, "Labels", ROLE_DIM, width, text.buf);
	json_decref(labels);
	str_release(&text);
}
