/*
 * Grading of one line: first its prefix goes, then the words of the message decide.
 */
#include "backends/triage/grade.h"

#include "backends/base/mem.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

bool span_has(struct span s, const char *word)
{
	size_t n = strlen(word);
	for (size_t i = 0; i + n <= s.len; i++)
		if (strncasecmp(s.at + i, word, n) == 0)
			return true;
	return false;
}

static const char *span_find(struct span s, const char *word)
{
	return memmem(s.at, s.len, word, strlen(word));
}

bool span_starts(struct span s, const char *word)
{
	size_t n = strlen(word);
	return s.len >= n && memcmp(s.at, word, n) == 0;
}

struct span span_from(struct span s, size_t skip)
{
	if (skip > s.len)
		skip = s.len;
	return (struct span){s.at + skip, s.len - skip};
}

struct span span_trim(struct span s)
{
	while (s.len && isspace((unsigned char)s.at[0]))
		s = span_from(s, 1);
	while (s.len && isspace((unsigned char)s.at[s.len - 1]))
		s.len--;
	return s;
}

static bool any_of(struct span s, const char *const *words, size_t n)
{
	for (size_t i = 0; i < n; i++)
		if (span_has(s, words[i]))
			return true;
	return false;
}

/* ---- the prefix: time stamps, places and levels ---- */

/* The length of an SGR sequence (ESC [ ... m) at the start, or 0. */
static size_t sgr_len(struct span s)
{
	if (s.len < 3 || s.at[0] != '\x1b' || s.at[1] != '[')
		return 0;
	size_t i = 2;
	while (i < s.len && (isdigit((unsigned char)s.at[i]) || s.at[i] == ';'))
		i++;
	return i < s.len && s.at[i] == 'm' ? i + 1 : 0;
}

/* "[...]" and "{file.py:12}" in front of a message; a JSON object never comes here. */
static size_t bracket_len(struct span s)
{
	char end = (char)(s.at[0] == '[' ? ']' : s.at[0] == '{' ? '}' : '\0');
	if (!end)
		return 0;
	const char *p = memchr(s.at, end, s.len < 200 ? s.len : 200);
	return p ? (size_t)(p - s.at) + 1 : 0;
}

static size_t stamp_len(struct span s)
{
	size_t i = 0, digits = 0;
	while (i < s.len &&
		(isdigit((unsigned char)s.at[i]) || strchr(":-./,+TZ", s.at[i]))) {
		digits += isdigit((unsigned char)s.at[i]) != 0;
		i++;
	}
	if (digits < 4 || (i < s.len && !isspace((unsigned char)s.at[i])))
		return 0;
	return i;
}

/* A level at the start; *bad says whether it is one of failure. */
static size_t level_len(struct span s, bool *bad)
{
	static const struct {
		const char *word;
		bool bad;
	} levels[] = {{"ERROR", true}, {"CRITICAL", true}, {"FATAL", true},
		{"SEVERE", true}, {"PANIC", true}, {"EMERG", true}, {"WARNING", false},
		{"WARN", false}, {"INFO", false}, {"DEBUG", false}, {"TRACE", false},
		{"NOTICE", false}};
	for (size_t i = 0; i < LENGTH(levels); i++) {
		size_t n = strlen(levels[i].word);
		if (s.len < n || strncasecmp(s.at, levels[i].word, n) != 0)
			continue;
		/* Lower case needs a colon, or any sentence that starts with "error"
		 * would do. */
		bool upper = isupper((unsigned char)s.at[1]) != 0;
		char next = (char)(s.len > n ? s.at[n] : ' ');
		if (next == ':' || (upper && (isspace((unsigned char)next) ||
						     strchr("-|]\x1b", next)))) {
			*bad = *bad || levels[i].bad;
			return next == ':' || next == ']' ? n + 1 : n;
		}
	}
	return 0;
}

struct span grade_strip(struct span s, bool *bad)
{
	*bad = false;
	for (int i = 0; i < 16; i++) {
		s = span_trim(s);
		if (!s.len)
			break;
		size_t n = sgr_len(s);
		if (!n && (s.at[0] == '-' || s.at[0] == '|' || s.at[0] == ':'))
			n = 1;
		if (!n) {
			n = bracket_len(s);
			bool inner = false;
			if (n > 2 &&
				level_len(span_from((struct span){s.at, n}, 1), &inner))
				*bad = *bad || inner;
		}
		if (!n)
			n = stamp_len(s);
		if (!n)
			n = level_len(s, bad);
		if (!n)
			break;
		s = span_from(s, n);
	}
	return s;
}

/* ---- grading ---- */

/* "psycopg.errors.UndefinedTable: ..." or a bare "KeyError": a dotted name whose end says
 * that it is one. */
static bool is_exception(struct span s)
{
	static const char *const ends[] = {"Error", "Exception", "Interrupt", "Exit",
		"Timeout", "Failure", "Fault", "Denied", "NotFound"};
	size_t n = 0;
	while (n < s.len && (isalnum((unsigned char)s.at[n]) || strchr("_.$", s.at[n])))
		n++;
	if (n < 4 || (n < s.len && s.at[n] != ':') || !isalpha((unsigned char)s.at[0]))
		return false;
	struct span name = {s.at, n};
	if (span_find(name, ".errors.") || span_find(name, ".exceptions.") ||
		span_find(name, ".exc."))
		return true;
	for (size_t i = 0; i < LENGTH(ends); i++) {
		size_t m = strlen(ends[i]);
		if (n > m && memcmp(s.at + n - m, ends[i], m) == 0)
			return true;
	}
	return false;
}

/* Says that something failed without saying why: the reason stands elsewhere. */
static bool is_wrapper(struct span s)
{
	static const char *const words[] = {"AirflowException", "CalledProcessError",
		"returned non-zero exit", "returned a non-zero exit", "SystemExit",
		"Task failed", "DagsterExecutionStepExecutionError",
		"Job aborted due to stage failure"};
	return any_of(s, words, LENGTH(words));
}

static bool is_empty_talk(struct span s)
{
	static const char *const words[] = {"exited with return code",
		"Task failed with exception", "Failed to execute", "Marking task as",
		"Marking run", "Traceback (most recent", "exit code", "exit status",
		"errors=0", "0 errors", "error=0", "ERROR=0"};
	return any_of(s, words, LENGTH(words));
}

static bool sounds_failed(struct span s)
{
	static const char *const words[] = {"error:", "exception:", "failed", "failure",
		"no such file", "permission denied", "access denied", "not found",
		"out of memory", "oom-kill", "oomkilled", "no space left",
		"connection refused", "timed out", "segmentation fault", "does not exist",
		"cannot ", "panic:"};
	return any_of(s, words, LENGTH(words));
}

bool grade_names_next_line(struct span s)
{
	return span_starts(s, "Database Error") || span_starts(s, "Runtime Error") ||
	       span_starts(s, "Compilation Error") || span_starts(s, "Dependency Error");
}

/* "psql:load.sql:3: ERROR:  relation ..." and "ORA-00942: ...": the message of a database
 * within a line. */
static bool database_message(struct span s, struct span *out)
{
	static const char *const marks[] = {" ERROR: ", " FATAL: ", "ORA-", "SQLSTATE"};
	for (size_t i = 0; i < LENGTH(marks); i++) {
		const char *p = span_find(s, marks[i]);
		if (!p)
			continue;
		size_t skip =
			(size_t)(p - s.at) + (marks[i][0] == ' ' ? strlen(marks[i]) : 0);
		*out = span_trim(span_from(s, skip));
		return out->len > 0;
	}
	return false;
}

/* level=error msg="..." */
static bool logfmt_message(struct span s, struct span *out)
{
	static const char *const bad[] = {
		"level=error", "level=fatal", "level=critical", "level=panic"};
	if (!any_of(s, bad, LENGTH(bad)))
		return false;
	const char *p = span_find(s, "err=\"");
	size_t skip = 5;
	if (!p)
		p = span_find(s, "msg=\"");
	if (!p)
		return false;
	struct span rest = span_from(s, (size_t)(p - s.at) + skip);
	const char *end = memchr(rest.at, '"', rest.len);
	*out = (struct span){rest.at, end ? (size_t)(end - rest.at) : rest.len};
	return out->len > 0;
}

enum grade grade_text(struct span *s, bool bad_level, bool after_trace)
{
	struct span inner;
	if (span_starts(*s, "Caused by: ")) {
		*s = span_from(*s, 11);
		return GRADE_ROOT;
	}
	if (after_trace || is_exception(*s))
		return is_wrapper(*s) ? GRADE_WRAP : GRADE_EXCEPTION;
	if (grade_names_next_line(*s))
		return GRADE_EXCEPTION;
	if (logfmt_message(*s, &inner)) {
		*s = inner;
		return GRADE_LEVEL;
	}
	if (is_empty_talk(*s))
		return GRADE_WEAK;
	if (database_message(*s, &inner)) {
		*s = inner;
		return GRADE_EXCEPTION;
	}
	if (bad_level)
		return is_wrapper(*s) ? GRADE_WRAP : GRADE_LEVEL;
	return sounds_failed(*s) ? GRADE_FAILED : GRADE_NONE;
}
