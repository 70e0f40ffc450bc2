/*
 * Screen tests: keys in, cells out. Each *.screen file is played on a console without a terminal over a store of its own:
 *
 *   size 120x32                  columns x rows, before `open`
 *   now 2026-11-22T14:02:03Z     the clock, which stands still
 *   config                       the configuration file, up to a line "end"
 *   record {"kind": "run", ...}  a record for the store; "attention" and "why" are taken as given
 *   put                          stores the records so far (open does it too)
 *   tell CHANGE {json}           a change in the store
 *   open                         starts the console
 *   keys jj<Enter>               see tui/console.h
 *   wait 200ms                   moves the clock
 *   resize 80x24
 *   expect                       the whole screen, up to a line "end"; "|" at the start of each line keeps blanks
 *   line N TEXT                  row N (from 0) is TEXT, leading blanks aside
 *   row N TEXT                   row N holds TEXT
 *   has TEXT / hasnot TEXT       somewhere on the screen
 *   ended                        the user has left
 *
 * With UPDATE=1 in the environment, `expect` blocks are printed as they are now.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "backends/base/file.h"
#include "tests/screen/play.h"

/* ---- the screen ----------------------------------------------------------------------------- */

static bool do_open(struct play *p, const char *rest)
{
	(void)rest;
	if (!put(p))
		return false;
	if (!p->configured)
		memset(&p->config, 0, sizeof(p->config));
	p->screen = screen_open(p->loop, p->store, &p->config, p->rows, p->cols);
	settle(p);
	return true;
}

static bool do_keys(struct play *p, const char *keys)
{
	struct err e = ERR_INIT;
	if (!screen_keys(p->screen, keys, &e))
		return fail(p, "keys", e.msg);
	settle(p);
	return true;
}

static bool do_wait(struct play *p, const char *text)
{
	usec_t d = 0;
	if (!clock_parse_duration(text, &d))
		return fail(p, "wait", text);
	clock_advance_test(d);
	settle(p);
	return true;
}

static void text_of(struct play *p, int row, struct str *out)
{
	str_clear(out);
	if (row < 0)
		grid_dump(screen_grid(p->screen), out);
	else if (row < screen_grid(p->screen)->rows)
		grid_row_text(screen_grid(p->screen), row, out);
}

/* Turns the loop until what is shown satisfies the test, or for half a minute. */
static bool becomes(struct play *p, int row, const char *text, bool wanted, bool whole,
	struct str *now)
{
	for (int i = 0; i < TURNS_MAX; i++) {
		text_of(p, row, now);
		const char *shown = now->buf + (row >= 0 ? strspn(now->buf, " ") : 0);
		bool is = whole ? strcmp(shown, text) == 0 : strstr(shown, text) != NULL;
		if (is == wanted)
			return true;
		(void)loop_turn(p->loop, 2);
	}
	return false;
}

static void print_both(const char *expected, const char *got)
{
	while (*expected || *got) {
		size_t a = strcspn(expected, "\n"), b = strcspn(got, "\n");
		if (a == b && memcmp(expected, got, a) == 0)
			fprintf(stderr, "  |%.*s\n", (int)a, expected);
		else
			fprintf(stderr, "- |%.*s\n+ |%.*s\n", (int)a, expected, (int)b,
				got);
		expected += a + (expected[a] == '\n');
		got += b + (got[b] == '\n');
	}
}

static bool do_expect(struct play *p, const char *block)
{
	struct str now = STR_INIT;
	bool ok = becomes(p, -1, block, true, true, &now);
	if (!ok) {
		fail(p, "expect", "the screen differs (- expected, + shown)");
		print_both(block, now.buf);
	}
	if (!ok && getenv("UPDATE"))
		printf("%s", now.buf);
	str_release(&now);
	return ok;
}

static bool do_has(struct play *p, int row, const char *text, bool wanted, bool whole)
{
	struct str now = STR_INIT;
	bool ok = becomes(p, row, text, wanted, whole, &now);
	if (!ok) {
		fail(p, wanted ? "is not shown" : "is shown", text);
		fprintf(stderr, "%s\n", now.buf);
	}
	str_release(&now);
	return ok;
}

/* ---- the file ---------------------------------------------------------------------------------- */

static bool parse_size(struct play *p, const char *text, bool now)
{
	int cols = 0, rows = 0;
	char *end = NULL;
	cols = (int)strtol(text, &end, 10);
	if (*end == 'x')
		rows = (int)strtol(end + 1, &end, 10);
	if (cols < 1 || rows < 1)
		return fail(p, "size", text);
	p->cols = cols;
	p->rows = rows;
	if (now) {
		screen_resize(p->screen, rows, cols);
		settle(p);
	}
	return true;
}

static bool do_config(struct play *p, const char *block)
{
	char path[128];
	(void)str_format(path, sizeof(path), "%s/config.yaml", p->dir);
	if (!file_write(path, block, strlen(block), &p->err) ||
		!config_load(&p->config, path, &p->err))
		return fail(p, "config", p->err.msg);
	p->configured = true;
	return true;
}

static bool do_line(struct play *p, const char *rest, bool whole)
{
	char *end = NULL;
	long row = strtol(rest, &end, 10);
	return do_has(p, (int)row, end + strspn(end, " "), true, whole);
}

static bool do_now(struct play *p, const char *rest)
{
	usec_t now = 0;
	if (!clock_parse(rest, &now))
		return fail(p, "now", rest);
	clock_set_test(now);
	return true;
}

static bool do_size(struct play *p, const char *rest)
{
	return parse_size(p, rest, false);
}

static bool do_put(struct play *p, const char *rest)
{
	(void)rest;
	bool fresh = p->n_records > p->n_put, ok = put(p);
	/* Nothing new: only what time changes by itself. */
	if (!fresh)
		let_know(p);
	return ok;
}

static bool do_resize(struct play *p, const char *rest)
{
	return parse_size(p, rest, true);
}

static bool do_exact_line(struct play *p, const char *rest)
{
	return do_line(p, rest, true);
}

static bool do_row(struct play *p, const char *rest)
{
	return do_line(p, rest, false);
}

static bool do_shown(struct play *p, const char *rest)
{
	return do_has(p, -1, rest, true, false);
}

static bool do_not_shown(struct play *p, const char *rest)
{
	return do_has(p, -1, rest, false, false);
}

static bool do_ended(struct play *p, const char *rest)
{
	(void)rest;
	return screen_ended(p->screen) || fail(p, "ended", "the console is still there");
}

static const struct directive {
	const char *word;
	bool (*run)(
		struct play *p, const char *rest); /* rest: of the line, or its block */
	bool open, block; /* only after `open`; followed by lines up to "end" */
} directives[] = {
	{"size", do_size, false, false},
	{"now", do_now, false, false},
	{"config", do_config, false, true},
	{"record", do_record, false, false},
	{"put", do_put, false, false},
	{"tell", do_tell, false, false},
	{"open", do_open, false, false},
	{"keys", do_keys, true, false},
	{"wait", do_wait, true, false},
	{"resize", do_resize, true, false},
	{"expect", do_expect, true, true},
	{"line", do_exact_line, true, false},
	{"row", do_row, true, false},
	{"has", do_shown, true, false},
	{"hasnot", do_not_shown, true, false},
	{"ended", do_ended, true, false},
};

static const struct directive *directive_of(const char *word)
{
	for (size_t i = 0; i < LENGTH(directives); i++)
		if (strcmp(directives[i].word, word) == 0)
			return &directives[i];
	return NULL;
}

/* Reads the lines up to "end" into block. */
static const char *read_block(struct play *p, const char *s, struct str *block)
{
	while (*s) {
		size_t n = strcspn(s, "\n");
		p->line++;
		bool end = n == 3 && memcmp(s, "end", 3) == 0;
		if (!end) {
			size_t skip = n > 0 && *s == '|';
			str_add(block, s + skip, n - skip);
			str_addc(block, '\n');
		}
		s += n + (s[n] == '\n');
		if (end)
			break;
	}
	return s;
}

static void play_line(struct play *p, char *line, const char **s, struct str *block)
{
	char *rest = line + strcspn(line, " ");
	if (*rest)
		*rest++ = '\0';
	if (!*line || *line == '#')
		return;
	const struct directive *d = directive_of(line);
	str_clear(block);
	if (d && d->block)
		*s = read_block(p, *s, block);
	if (!d)
		fail(p, line, "is no directive");
	else if (d->open && !p->screen)
		fail(p, line, "comes before `open`");
	else
		(void)d->run(p, d->block ? block->buf : rest);
}

static void play_text(struct play *p, const char *s)
{
	struct str block = STR_INIT;
	while (*s && !p->failed) {
		size_t n = strcspn(s, "\n");
		char *line = xstrndup(s, n);
		p->line++;
		s += n + (s[n] == '\n');
		play_line(p, line, &s, &block);
		free(line);
	}
	str_release(&block);
}

static void clean(struct play *p)
{
	static const char *const names[] = {"store.db", "store.db-wal", "store.db-shm",
		"store.db.bell", "config.yaml"};
	char path[160];
	screen_close(p->screen);
	if (p->store)
		store_close(p->store);
	if (p->loop)
		loop_free(p->loop);
	if (p->configured)
		config_release(&p->config);
	for (size_t i = 0; i < p->n_records; i++)
		json_decref(p->records[i]);
	for (size_t i = 0; i < LENGTH(names); i++) {
		(void)str_format(path, sizeof(path), "%s/%s", p->dir, names[i]);
		(void)unlink(path);
	}
	(void)rmdir(p->dir);
	clock_end_test();
}

static bool play_file(const char *path)
{
	struct play p = {.path = path, .rows = 32, .cols = 120, .err = ERR_INIT};
	struct str text = STR_INIT;
	(void)str_copy(p.dir, sizeof(p.dir), "/tmp/wd-screen-XXXXXX");
	if (!mkdtemp(p.dir) || !file_read(path, 1 << 20, &text, &p.err)) {
		fprintf(stderr, "%s: %s\n", path, p.err.msg);
		return false;
	}
	play_text(&p, text.buf);
	clean(&p);
	str_release(&text);
	return !p.failed;
}

int main(int argc, char **argv)
{
	int failed = 0;
	(void)setenv("TZ", "UTC", 1);
	for (int i = 1; i < argc; i++)
		failed += !play_file(argv[i]);
	printf("%d screens, %d failed\n", argc - 1, failed);
	return failed ? 1 : 0;
}
