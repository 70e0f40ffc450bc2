/* watchdesk list KIND [FILTER]: the rows of a lane, in the order of the console. */
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "backends/base/yaml.h"
#include "tui/headless/headless.h"

enum { LIMIT_DEFAULT = 200, KEY_COLUMNS = 60, FIELD_MAX = 128 };

static const char *const sorts[SORT_COUNT] = {
	[SORT_ATTENTION] = "attention",
	[SORT_UPDATED] = "updated",
	[SORT_STARTED] = "started",
	[SORT_DUE] = "due",
	[SORT_AMOUNT] = "amount",
	[SORT_TITLE] = "title",
};

struct listing {
	const struct arguments *args;
	json_t *rows; /* with --json or --format */
	size_t shown, total;
	usec_t as_of;
	bool done;
	struct err err;
};

static void put_cell(struct str *line, const char *text, int columns)
{
	int width;

	utf8_cut(line, text, columns, UTF8_CUT_END);
	width = utf8_width(text);
	for (int i = width < columns ? width : columns; i < columns + 2; i++)
		(void)str_addc(line, ' ');
}

/* A key is never cut: it is what all other commands take. */
static void put_key(struct str *line, const char *key, int columns)
{
	int width = utf8_width(key);

	str_adds(line, key);
	for (int i = width < columns ? width : columns; i < columns + 2; i++)
		(void)str_addc(line, ' ');
}

static void put_line(struct str *line)
{
	while (line->len && line->buf[line->len - 1] == ' ')
		str_cut(line, line->len - 1);
	puts(line->buf);
	str_release(line);
}

/* One line a record; `at` of records, NULL: the header. */
static void print_row(const struct record *at, const char *key, int key_columns)
{
	struct str line = STR_INIT_MAX(8192);
	char age[16] = "";

	if (at && at->since)
		clock_format_age(age, sizeof(age), clock_now() - at->since);
	put_cell(&line, at ? severity_short(at->severity) : "SEV", 4);
	put_cell(&line, at ? state_name(at->state) : "STATE", 12);
	put_cell(&line, at ? age : "SINCE", 5);
	put_key(&line, key, key_columns);
	put_cell(&line, at ? at->title : "WHAT", 44);
	put_cell(&line, at ? at->owner : "OWNER", 12);
	str_adds(&line, at ? at->why : "WHY");
	put_line(&line);
}

static void print_rows(const struct record *rows, size_t n)
{
	struct str *keys = xcalloc(n + 1, sizeof(*keys));
	int columns = 3;

	for (size_t i = 0; i < n; i++) {
		str_init(&keys[i], 2048);
		(void)record_key(&rows[i], &keys[i]);
		if (utf8_width(keys[i].buf) > columns)
			columns = utf8_width(keys[i].buf);
	}
	if (columns > KEY_COLUMNS)
		columns = KEY_COLUMNS;
	if (isatty(STDOUT_FILENO))
		print_row(NULL, "KEY", columns);
	for (size_t i = 0; i < n; i++) {
		print_row(&rows[i], keys[i].buf, columns);
		str_release(&keys[i]);
	}
	free(keys);
}

/* ---- chosen fields --------------------------------------------------------------------- */

/* The next of "key,title,labels.team"; false after the last. */
static bool next_field(const char **at, char *field, size_t size)
{
	size_t len = strcspn(*at, ",");

	if (!**at)
		return false;
	(void)str_format(field, size, "%.*s", (int)len, *at);
	*at += len + ((*at)[len] == ',');
	return true;
}

/* Of records the names are known; other rows have all of theirs. */
static bool field_known(const char *field, const json_t *row)
{
	size_t len = strcspn(field, ".");

	if (row)
		return json_object_getn(row, field, len) != NULL;
	for (size_t i = 0; record_member(i); i++)
		if (strlen(record_member(i)) == len &&
			strncmp(record_member(i), field, len) == 0)
			return true;
	return false;
}

static bool fields_known(const char *fields, const json_t *row, struct err *e)
{
	json_t *all = (json_t *)(uintptr_t)row, *v;
	struct str names = STR_INIT_MAX(1000);
	const char *name;
	char field[FIELD_MAX];
	bool ok = true;

	for (size_t i = 0; !row && record_member(i); i++)
		str_addf(&names, " %s", record_member(i));
	json_object_foreach (all, name, v)
		str_addf(&names, " %s", name);
	while (ok && next_field(&fields, field, sizeof(field)))
		if (!field_known(field, row))
			ok = err_set(e, ERR_USAGE,
				"--format: there is no field \"%s\"; there are%s", field,
				names.buf);
	str_release(&names);
	return ok;
}

void list_fields(struct str *out, const char *fields, json_t *row)
{
	char field[FIELD_MAX];
	bool more = next_field(&fields, field, sizeof(field));

	times_to_iso(row);
	while (more) {
		struct str value = STR_INIT;

		/* What the far side said may be of many lines, or orders to a terminal. */
		(void)json_scalar_to(&value, json_path(row, field));
		utf8_clean(out, value.buf, value.len, 8 * value.len, UTF8_ONE_LINE);
		str_release(&value);
		more = next_field(&fields, field, sizeof(field));
		if (more)
			(void)str_addc(out, '\t');
	}
}

static void print_chosen(const char *fields, const json_t *rows)
{
	json_t *row;
	size_t i;

	json_array_foreach (rows, i, row) {
		struct str line = STR_INIT;

		list_fields(&line, fields, row);
		puts(line.buf);
		str_release(&line);
	}
}

static json_t *row_json(const struct record *r)
{
	json_t *row = record_json(r);
	struct str key = STR_INIT_MAX(2048);

	if (record_key(r, &key))
		json_object_set_new(row, "key", json_string(key.buf));
	json_object_set_new(row, "rid", json_integer(r->rid));
	json_object_set_new(row, "attention", json_integer(r->attention));
	json_object_set_new(row, "why", json_string(r->why));
	str_release(&key);
	return row;
}

static void on_rows(void *arg, const struct store_rows *rows)
{
	struct listing *l = arg;

	if (rows->err) {
		l->err = *rows->err;
		l->done = true;
		return;
	}
	if (!rows->complete)
		return;
	for (size_t i = 0; l->rows && i < rows->n; i++)
		json_array_append_new(l->rows, row_json(&rows->rows[i]));
	if (!l->rows)
		print_rows(rows->rows, rows->n);
	l->shown = rows->n;
	l->total = rows->total;
	l->as_of = rows->as_of;
	l->done = true;
}

static bool parse_kind(const char *word, struct store_query *q)
{
	enum kind k;

	if (strcmp(word, "triage") == 0) {
		q->need_only = true;
		return true;
	}
	if (strcmp(word, "all") == 0)
		return true;
	if (!kind_parse(word, &k))
		return false;
	q->kinds = 1u << k;
	return true;
}

static bool parse_sort(const char *word, struct store_query *q)
{
	for (size_t i = 0; word && i < SORT_COUNT; i++) {
		if (strcmp(word, sorts[i]) == 0) {
			q->sort = (enum store_sort)i;
			return true;
		}
	}
	return word == NULL;
}

static int list_records(
	struct headless *h, struct store_query *q, const char *filter_text)
{
	struct listing l = {.args = h->args, .err = ERR_INIT};
	struct filter *filter = NULL;
	char as_of[40];

	if (h->args->format && !fields_known(h->args->format, NULL, &l.err))
		return headless_fail(&l.err);
	if (filter_text[0] &&
		!(filter = filter_parse(filter_text, h->config.mine, &l.err))) {
		headless_fail(&l.err);
		return EXIT_WRONG_CALL;
	}
	q->filter = filter;
	q->count = h->args->limit > 0 ? (size_t)h->args->limit : LIMIT_DEFAULT;
	if (h->args->json || h->args->format)
		l.rows = json_array();
	store_query(h->store, q, on_rows, &l);
	if (!loop_until(h->loop, &l.done, 30000))
		err_set(&l.err, ERR_TIMEOUT, "the store did not answer within 30 s");
	filter_free(filter);
	if (l.err.code == ERR_NONE) {
		if (h->args->json)
			print_json(l.rows);
		else if (l.rows)
			print_chosen(h->args->format, l.rows);
		clock_format(as_of, sizeof(as_of), l.as_of, false);
		fprintf(stderr, "%zu of %zu, as of %s\n", l.shown, l.total,
			l.as_of ? as_of : "never");
	}
	json_decref(l.rows);
	return l.err.code == ERR_NONE ? EXIT_DONE : headless_fail(&l.err);
}

/* The age of a time of the store; "" for none. */
static const char *age_of(const json_t *row, const char *name, char *text, size_t size)
{
	usec_t at = json_int(row, name, 0);

	text[0] = '\0';
	if (at)
		clock_format_age(text, size, clock_now() - at);
	return text;
}

static void print_source(const json_t *row)
{
	struct str line = STR_INIT_MAX(4096);
	char age[16];

	put_cell(&line, row ? json_str(row, "state", "") : "STATE", 9);
	put_key(&line, row ? json_str(row, "name", "") : "SOURCE", 20);
	put_cell(&line, row ? json_str(row, "connector", "") : "CONNECTOR", 16);
	put_cell(&line, row ? json_str(row, "env", "") : "ENV", 8);
	put_cell(&line, row ? age_of(row, "last_good", age, sizeof(age)) : "READ", 5);
	if (row)
		str_addf(&line, "%-8lld", json_int(row, "rows", 0));
	else
		put_cell(&line, "ROWS", 6);
	str_adds(&line, row ? json_str(row, "error", "") : "ERROR");
	put_line(&line);
}

static void print_action(const json_t *row)
{
	struct str line = STR_INIT_MAX(4096);
	char age[16], number[24];

	str_format(number, sizeof(number), "%lld", json_int(row, "job", 0));
	put_cell(&line, row ? number : "ACTION", 6);
	put_cell(&line,
		!row                         ? "STATE"
		: json_int(row, "asking", 0) ? "asking"
					     : json_str(row, "state", ""),
		10);
	put_cell(&line, row ? age_of(row, "created", age, sizeof(age)) : "AGE", 5);
	put_cell(&line, row ? json_str(row, "runbook", "") : "RUNBOOK", 24);
	put_cell(&line, row ? json_str(row, "who", "") : "WHO", 12);
	put_cell(&line, row ? json_str(row, "title", "") : "WHAT", 44);
	str_adds(&line, row ? json_str(row, "error", "") : "ERROR");
	put_line(&line);
}

static int print_answer(const struct arguments *a, json_t *rows, bool jobs)
{
	void (*print)(const json_t *) = jobs ? print_action : print_source;
	struct err e = ERR_INIT;
	json_t *row;
	size_t i;

	if (a->json) {
		print_json(rows);
	} else if (a->format) {
		if (json_array_size(rows) &&
			!fields_known(a->format, json_array_get(rows, 0), &e))
			return headless_fail(&e);
		print_chosen(a->format, rows);
	} else {
		if (isatty(STDOUT_FILENO))
			print(NULL);
		json_array_foreach (rows, i, row)
			print(row);
	}
	return EXIT_DONE;
}

static int list_question(struct headless *h, const char *question)
{
	struct err e = ERR_INIT;
	long long limit = h->args->limit > 0 ? h->args->limit : 50;
	bool jobs = strcmp(question, "jobs") == 0;
	json_t *rows = headless_ask(h, question,
		jobs ? json_pack(
			       "{s:s, s:I}", "type", "action", "limit", (json_int_t)limit)
		     : json_object(),
		&e);
	int status;

	if (!rows)
		return headless_fail(&e);
	status = print_answer(h->args, rows, jobs);
	if (jobs && (long long)json_array_size(rows) == limit)
		fprintf(stderr, "the newest %lld: there may be more, see --limit\n",
			limit);
	json_decref(rows);
	return status;
}

static bool wrong_lane(const char *word)
{
	static const char *const lanes[] = {"triage", "runs", "incidents", "access",
		"grants", "cost", "checks", "changes", "all", "actions", "sources"};
	const char *near = yaml_nearest(word, lanes, LENGTH(lanes));

	fprintf(stderr, "watchdesk: there is no lane \"%s\"", word);
	if (near)
		fprintf(stderr, ": did you mean \"%s\"?", near);
	fprintf(stderr, "%s There are", near ? "" : ".");
	for (size_t i = 0; i < LENGTH(lanes); i++)
		fprintf(stderr, "%s %s", i ? "," : "", lanes[i]);
	fprintf(stderr, ".\n");
	return false;
}

int cmd_list(const struct arguments *a)
{
	struct store_query q = {.sort = SORT_ATTENTION};
	struct str filter = STR_INIT_MAX(4096);
	struct headless h;
	int status = EXIT_WRONG_CALL;
	const char *word = a->n_rest > 0 ? a->rest[0] : "triage";
	const char *question = strcmp(word, "sources") == 0   ? "sources"
			       : strcmp(word, "actions") == 0 ? "jobs"
							      : NULL;

	if (!question && !parse_kind(word, &q) && !wrong_lane(word))
		return EXIT_WRONG_CALL;
	if (!parse_sort(a->sort, &q)) {
		fprintf(stderr, "watchdesk: --sort is attention, updated, started, due, "
				"amount or title\n");
		return EXIT_WRONG_CALL;
	}
	for (int i = 1; i < a->n_rest; i++)
		str_addf(&filter, "%s%s", i > 1 ? " " : "", a->rest[i]);
	if (headless_open(&h, a, false, &status)) {
		status = question ? list_question(&h, question)
				  : list_records(&h, &q, filter.buf);
		headless_close(&h);
	}
	str_release(&filter);
	return status;
}
