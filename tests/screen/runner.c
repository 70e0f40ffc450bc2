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

#include "backends/base/clock.h"
#include "backends/base/file.h"
#include "backends/base/mem.h"
#include "tui/console.h"
#include "tui/from_json.h"

enum { TURNS_MAX = 1500, RECORDS_MAX = 2000, SETTLE = 15, BELL = 150000 /* µs */ };

struct play {
	const char *path;
	int line;
	char dir[64];
	int rows, cols;
	struct loop *loop;
	struct store *store;
	struct config config;
	bool configured;
	struct screen *screen;
	json_t *records[RECORDS_MAX];
	size_t n_records, n_put;
	bool done, failed;
	struct err err;
};

static bool fail(struct play *p, const char *what, const char *detail)
{
	fprintf(stderr, "%s:%d: %s: %s\n", p->path, p->line, what, detail);
	p->failed = true;
	return false;
}

/* ---- the store --------------------------------------------------------------------------- */

static void score(void *arg, struct record *r, const json_t *context)
{
	struct play *p = arg;
	(void)context;
	for (size_t i = 0; i < p->n_records; i++) {
		if (strcmp(json_str(p->records[i], "id", ""), r->id) != 0)
			continue;
		r->attention = (int)json_int(p->records[i], "attention", 0);
		r->why = json_str(p->records[i], "why", "");
	}
}

static void put_done(void *arg, const struct store_put_result *result)
{
	struct play *p = arg;
	p->done = true;
	if (result->err)
		p->err = *result->err;
}

static void told(void *arg, json_t *answer, const struct err *e)
{
	struct play *p = arg;
	p->done = true;
	if (!answer)
		p->err = *e;
}

static void settle(struct play *p)
{
	for (int i = 0; i < SETTLE; i++)
		(void)loop_turn(p->loop, 1);
}

static bool finish(struct play *p, const char *what)
{
	for (int i = 0; i < TURNS_MAX && !p->done; i++)
		(void)loop_turn(p->loop, 2);
	if (!p->done)
		return fail(p, what, "no answer from the store");
	return p->err.code ? fail(p, what, p->err.msg) : true;
}

static void begin(struct play *p)
{
	p->done = false;
	p->err = (struct err)ERR_INIT;
}

static bool open_store(struct play *p)
{
	char path[128];
	static struct store_triage triage;
	if (p->store)
		return true;
	p->loop = loop_new();
	(void)str_format(path, sizeof(path), "%s/store.db", p->dir);
	p->store = store_open(p->loop, path, STORE_WORKER, &p->err);
	if (!p->store)
		return fail(p, "store", p->err.msg);
	triage = (struct store_triage){.score = score, .arg = p};
	store_set_triage(p->store, &triage);
	return true;
}

/* The store tells of changes at most ten times a second: the clock, which stands still, must move for it. */
static void let_know(struct play *p)
{
	if (!p->screen)
		return;
	settle(p);
	clock_advance_test(BELL);
	settle(p);
}

static bool put(struct play *p)
{
	size_t n = p->n_records - p->n_put;
	if (!open_store(p))
		return false;
	if (!n)
		return true;
	struct record *r = xcalloc(n, sizeof(*r));
	for (size_t i = 0; i < n; i++)
		if (!record_from_json(p->records[p->n_put + i], &r[i]))
			fail(p, "record", "kind or state is not one");
	begin(p);
	(void)store_put(p->store, r, n, put_done, p);
	bool ok = finish(p, "put");
	begin(p);
	(void)store_retriage(p->store, put_done, p);
	ok = ok && finish(p, "retriage");
	free(r);
	p->n_put = p->n_records;
	let_know(p);
	return ok && !p->failed;
}

static bool do_record(struct play *p, const char *text)
{
	json_t *r = p->n_records < RECORDS_MAX ? json_read(text, strlen(text), &p->err)
					       : NULL;
	if (!r)
		return fail(p, "record", p->err.msg);
	p->records[p->n_records++] = r;
	return true;
}

static bool do_tell(struct play *p, const char *text)
{
	char change[64];
	size_t len = strcspn(text, " ");
	if (!put(p) || len >= sizeof(change))
		return false;
	memcpy(change, text, len);
	change[len] = '\0';
	json_t *args = json_read(text + len, strlen(text + len), &p->err);
	if (!args)
		return fail(p, "tell", p->err.msg);
	begin(p);
	(void)store_tell(p->store, change, args, told, p);
	bool ok = finish(p, change);
	let_know(p);
	return ok;
}

/* ---- the screen ----------------------------------------------------------------------------- */

static bool do_open(struct play *p)
{
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

/* Turns the loop until what is shown satisfies the test, or for three seconds. */
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

static bool step(struct play *p, const char *word, const char *rest, const char *block)
{
	usec_t now = 0;
	if (strcmp(word, "size") == 0)
		return parse_size(p, rest, false);
	if (strcmp(word, "now") == 0) {
		if (!clock_parse(rest, &now))
			return fail(p, "now", rest);
		clock_set_test(now);
		return true;
	}
	if (strcmp(word, "config") == 0)
		return do_config(p, block);
	if (strcmp(word, "record") == 0)
		return do_record(p, rest);
	if (strcmp(word, "put") == 0)
		return put(p);
	if (strcmp(word, "tell") == 0)
		return do_tell(p, rest);
	if (strcmp(word, "open") == 0)
		return do_open(p);
	if (!p->screen)
		return fail(p, word, "comes before `open`, or is no directive");
	if (strcmp(word, "keys") == 0)
		return do_keys(p, rest);
	if (strcmp(word, "wait") == 0)
		return do_wait(p, rest);
	if (strcmp(word, "resize") == 0)
		return parse_size(p, rest, true);
	if (strcmp(word, "expect") == 0)
		return do_expect(p, block);
	if (strcmp(word, "line") == 0 || strcmp(word, "row") == 0)
		return do_line(p, rest, *word == 'l');
	if (strcmp(word, "has") == 0 || strcmp(word, "hasnot") == 0)
		return do_has(p, -1, rest, word[3] == '\0', false);
	if (strcmp(word, "ended") == 0)
		return screen_ended(p->screen) ||
		       fail(p, "ended", "the console is still there");
	return fail(p, word, "is no directive");
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

static void play_text(struct play *p, const char *s)
{
	struct str block = STR_INIT;
	while (*s && !p->failed) {
		size_t n = strcspn(s, "\n");
		char *line = xstrndup(s, n), *rest = line + strcspn(line, " ");
		p->line++;
		s += n + (s[n] == '\n');
		if (*rest)
			*rest++ = '\0';
		str_clear(&block);
		if (strcmp(line, "config") == 0 || strcmp(line, "expect") == 0)
			s = read_block(p, s, &block);
		if (*line && *line != '#')
			(void)step(p, line, rest, block.buf);
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
