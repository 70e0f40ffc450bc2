/* watchdesk list KIND [FILTER]: the rows of a lane, in the order of the console. */
#include <stdio.h>
#include <string.h>

#include "backends/base/mem.h"
#include "backends/base/utf8.h"
#include "tui/headless/headless.h"

#define LIMIT_DEFAULT 200

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
	json_t *rows; /* with --json */
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

static void print_row(const struct record *r)
{
	struct str line = STR_INIT_MAX(8192);
	char age[16] = "";

	if (r->since)
		clock_format_age(age, sizeof(age), clock_now() - r->since);
	put_cell(&line, severity_short(r->severity), 4);
	put_cell(&line, kind_name(r->kind), 8);
	put_cell(&line, state_name(r->state), 12);
	put_cell(&line, age, 5);
	put_cell(&line, r->title, 44);
	put_cell(&line, r->source, 16);
	put_cell(&line, r->owner, 12);
	str_adds(&line, r->why);
	puts(line.buf);
	str_clear(&line);
	if (record_key(r, &line))
		printf("      %s\n", line.buf);
	str_release(&line);
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
	for (size_t i = 0; i < rows->n; i++) {
		if (l->rows)
			json_array_append_new(l->rows, row_json(&rows->rows[i]));
		else
			print_row(&rows->rows[i]);
	}
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

	if (filter_text[0] &&
		!(filter = filter_parse(filter_text, h->config.operator_name, &l.err))) {
		headless_fail(&l.err);
		return EXIT_WRONG_CALL;
	}
	q->filter = filter;
	q->count = h->args->limit > 0 ? (size_t)h->args->limit : LIMIT_DEFAULT;
	if (h->args->json)
		l.rows = json_array();
	store_query(h->store, q, on_rows, &l);
	if (!loop_until(h->loop, &l.done, 30000))
		err_set(&l.err, ERR_TIMEOUT, "the store did not answer within 30 s");
	filter_free(filter);
	if (l.err.code == ERR_NONE) {
		if (l.rows)
			print_json(l.rows);
		clock_format(as_of, sizeof(as_of), l.as_of, false);
		fprintf(stderr, "%zu of %zu, as of %s\n", l.shown, l.total,
			l.as_of ? as_of : "never");
	}
	json_decref(l.rows);
	return l.err.code == ERR_NONE ? EXIT_DONE : headless_fail(&l.err);
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
	json_t *row;
	size_t i;

	if (!rows)
		return headless_fail(&e);
	if (h->args->json)
		print_json(rows);
	else if (!jobs)
		json_array_foreach (rows, i, row)
			printf("%-20s %-16s %-8s %8lld rows  %s\n",
				json_str(row, "name", ""), json_str(row, "connector", ""),
				json_str(row, "state", ""), json_int(row, "rows", 0),
				json_str(row, "error", ""));
	else
		json_array_foreach (rows, i, row)
			printf("%6lld  %-10s %-24s %-12s %s\n", json_int(row, "job", 0),
				json_int(row, "asking", 0) ? "asking"
							   : json_str(row, "state", ""),
				json_str(row, "runbook", ""), json_str(row, "who", ""),
				json_str(row, "error", ""));
	if (jobs && (long long)json_array_size(rows) == limit)
		fprintf(stderr, "the newest %lld: there may be more, see --limit\n",
			limit);
	json_decref(rows);
	return EXIT_DONE;
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

	if (!question && (!parse_kind(word, &q) || !parse_sort(a->sort, &q))) {
		fprintf(stderr,
			"watchdesk: list triage|runs|incidents|access|grants|cost|checks|"
			"changes|all|actions|sources [FILTER] [--sort "
			"attention|updated|started|due|"
			"amount|title] [--limit N] [--json]\n");
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
