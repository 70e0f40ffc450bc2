/* One line of a log as it is shown: time of day, level, message. Everything else stays as the source wrote it. */
#include "tui/views/log.h"

#include "backends/triage/signature.h"
#include <ctype.h>
#include <string.h>

enum { STAMP_MAX = 40, LEVEL_COLUMNS = 7 };

static size_t zone_len(const char *s)
{
	if (*s == 'Z')
		return 1;
	if ((*s != '+' && *s != '-') || !isdigit((unsigned char)s[1]))
		return 0;
	return 1 + strspn(s + 1, "0123456789:");
}

/* "2026-11-22T13:52:40.1+01:00" and the like: its length, 0: it is none. Copied with "." before the fraction. */
static size_t stamp_len(const char *s, char copy[STAMP_MAX])
{
	if (strlen(s) < 19 || s[4] != '-' || s[7] != '-' ||
		(s[10] != 'T' && s[10] != ' '))
		return 0;
	size_t n = 11 + strspn(s + 11, "0123456789:.,");
	n += zone_len(s + n);
	if (n >= STAMP_MAX)
		return 0;
	for (size_t i = 0; i < n; i++)
		copy[i] = (char)(s[i] == ',' ? '.' : s[i]);
	copy[n] = '\0';
	return n;
}

/* A time at the start, maybe in brackets: bytes used, 0: none. Whole seconds are enough for reading. */
static size_t stamp(const char *text, usec_t *at)
{
	char copy[STAMP_MAX];
	size_t open = *text == '[', n = stamp_len(text + open, copy);
	usec_t t = 0;
	if (!n || (open && text[1 + n] != ']') || !clock_parse(copy, &t))
		return 0;
	*at = t;
	n += open * 2;
	return n + strspn(text + n, " ");
}

static size_t level(const char *text, char *out, size_t size, look_t *look)
{
	static const struct {
		const char *word, *shown;
		look_t look;
	} levels[] = {{"DEBUG", "DEBUG", ROLE_DIM}, {"INFO", "INFO", ROLE_TEXT},
		{"NOTICE", "INFO", ROLE_TEXT}, {"WARNING", "WARN", ROLE_WARN},
		{"WARN", "WARN", ROLE_WARN}, {"ERROR", "ERROR", ROLE_BAD},
		{"CRITICAL", "CRIT", ROLE_BAD}, {"FATAL", "FATAL", ROLE_BAD}};
	for (size_t i = 0; i < LENGTH(levels); i++) {
		size_t n = strlen(levels[i].word);
		if (strncmp(text, levels[i].word, n) == 0 &&
			(text[n] == ' ' || !text[n])) {
			(void)str_copy(out, size, levels[i].shown);
			*look = levels[i].look;
			/* Python's "INFO - text" */
			n += strspn(text + n, " ");
			return strncmp(text + n, "- ", 2) == 0 ? n + 2 : n;
		}
	}
	return 0;
}

void log_line_show(struct log_view *l, const json_t *line, struct str *out, look_t *look)
{
	const char *text = json_str(line, "text", "");
	char clock[48], word[16];
	usec_t at = 0;
	*look = signature_line_bad(text, strlen(text)) ? ROLE_BAD : ROLE_TEXT;
	size_t used = stamp(text, &at), n = 0;
	/* The output of an action has no times of its own, but it is stored as it comes. */
	if (!used && l->v.arg.job)
		at = json_int(line, "at", 0);
	if (at) {
		app_clock(l->v.app, json_str(l->record.json, "source", NULL), clock,
			sizeof(clock), at);
		clock[8] = '\0';
		str_addf(out, "%s  ", clock);
	}
	if (used)
		n = level(text + used, word, sizeof(word), look);
	if (n)
		str_addf(out, "%-*s", LEVEL_COLUMNS, word);
	str_adds(out, text + used + n);
	if (strcmp(json_str(line, "stream", ""), "err") == 0 && *look == ROLE_TEXT)
		*look = ROLE_WARN;
}
