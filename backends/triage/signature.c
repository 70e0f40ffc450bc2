/*
 * The first error line of a log. Every line gets a grade by how much it says; the best
 * grade wins, and of equals the first, except that of a chain of "Caused by" the last is
 * the root.
 */
#include "backends/triage/signature.h"

#include "backends/base/json.h"
#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "backends/triage/grade.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

struct found {
	enum grade grade;
	struct span text;
	json_t *owner; /* of text, when it came out of a JSON line */
	long line;
};

/* What is scanned of one line; the rest of a longer line cannot be the message of an
 * error. */
enum { LINE_SCAN_MAX = 4096, JSON_LINE_MAX = 65536 };

/* Structured logs: the exception of a JSON line if it has one (Airflow 3: error_detail),
 * else its message. */
static enum grade grade_json(struct span line, struct found *f)
{
	static const char *const keys[] = {"event", "message", "msg", "error", "log"};
	if (line.len > JSON_LINE_MAX || !span_has(line, "err"))
		return GRADE_NONE;
	struct err e = ERR_INIT;
	json_t *root = json_read_reply(line.at, line.len, NULL, &e);
	const char *level = json_str(root, "level", json_str(root, "severity", "error"));
	bool bad = strcasecmp(level, "error") == 0 ||
		   strcasecmp(level, "critical") == 0 || strcasecmp(level, "fatal") == 0;
	enum grade grade = GRADE_NONE;
	json_t *detail = json_array_get(json_sub(root, "error_detail"), 0);
	const char *type = json_str(detail, "exc_type", "");
	if (bad && *type) {
		char *text = xasprintf("%s: %s", type, json_str(detail, "exc_value", ""));
		json_object_set_new(root, "event", json_string(text));
		free(text);
	}
	for (size_t i = 0; bad && i < LENGTH(keys) && grade == GRADE_NONE; i++) {
		const char *text = json_str(root, keys[i], "");
		if (!*text)
			continue;
		bool ignored;
		f->text = grade_strip((struct span){text, strcspn(text, "\n")}, &ignored);
		grade = grade_text(&f->text, true, false);
	}
	if (grade == GRADE_NONE)
		json_decref(root);
	else
		f->owner = root;
	return grade;
}

struct scan {
	const char *at, *end;
	long line;
	bool in_trace; /* between "Traceback" and its last line */
	struct found best;
};

static bool next_line(struct scan *sc, struct span *out)
{
	if (sc->at >= sc->end)
		return false;
	size_t left = (size_t)(sc->end - sc->at);
	const char *nl = memchr(sc->at, '\n', left);
	size_t len = nl ? (size_t)(nl - sc->at) : left;
	*out = (struct span){sc->at, len};
	sc->at += nl ? len + 1 : len;
	sc->line++;
	return true;
}

static void keep(struct scan *sc, struct found f)
{
	bool better = f.grade > sc->best.grade ||
		      (f.grade == GRADE_ROOT && sc->best.grade == GRADE_ROOT);
	if (!better || !f.text.len) {
		json_decref(f.owner);
		return;
	}
	json_decref(sc->best.owner);
	sc->best = f;
}

/* The message stands on the line after; that line is also scanned for itself. */
static void look_ahead(const struct scan *sc, struct found *f)
{
	struct span next = {"", 0};
	struct scan ahead = *sc;
	bool bad_level;
	if (!next_line(&ahead, &next) || !span_trim(next).len)
		return;
	f->text = grade_strip(next, &bad_level);
	f->line++;
}

static void scan_line(struct scan *sc, struct span line)
{
	struct found f = {.line = sc->line};
	if (line.len && line.at[0] == '{') {
		f.grade = grade_json(line, &f);
		keep(sc, f);
		return;
	}
	if (line.len > LINE_SCAN_MAX)
		line.len = LINE_SCAN_MAX;
	bool bad_level;
	f.text = grade_strip(line, &bad_level);
	if (span_has(f.text, "Traceback (most recent call last)")) {
		sc->in_trace = true;
		return;
	}
	/* Frames of a traceback are indented behind whatever prefix the first line had.
	 */
	bool frame = line.len && (line.at[0] == ' ' || line.at[0] == '\t');
	bool last = sc->in_trace && !frame && f.text.len;
	if (sc->in_trace && !last)
		return;
	sc->in_trace = false;
	f.grade = grade_text(&f.text, bad_level, last);
	if (f.grade == GRADE_EXCEPTION && grade_names_next_line(f.text))
		look_ahead(sc, &f);
	keep(sc, f);
}

bool signature_find(
	const char *log, size_t len, struct str *cause, struct str *signature, long *line)
{
	struct scan sc = {.at = log, .end = log + len};
	struct span l;
	while (next_line(&sc, &l))
		scan_line(&sc, l);
	if (sc.best.grade == GRADE_NONE)
		return false;
	str_clear(cause);
	utf8_clean(
		cause, sc.best.text.at, sc.best.text.len, SIGNATURE_CAUSE_MAX, UTF8_SGR);
	json_decref(sc.best.owner);
	str_clear(signature);
	signature_of(signature, cause->buf);
	if (line)
		*line = sc.best.line;
	return cause->len > 0;
}

bool signature_line_bad(const char *line, size_t len)
{
	bool bad_level = false;
	struct span s = grade_strip(
		(struct span){line, len < LINE_SCAN_MAX ? len : LINE_SCAN_MAX},
		&bad_level);
	if (!s.len)
		return false;
	if (bad_level || span_starts(s, "Traceback (most recent call last)"))
		return true;
	enum grade grade = grade_text(&s, false, false);
	return grade == GRADE_EXCEPTION || grade == GRADE_ROOT;
}
