/* Sources that the configuration names no more: hidden at once, forgotten later, and what people said of them stays. */
#include "tests/unit/store_help.h"

#include "backends/base/json.h"

struct got {
	bool done;
	size_t n;
};

static void on_rows(void *arg, const struct store_rows *rows)
{
	struct got *g = arg;

	assert_null(rows->err);
	g->n = rows->total;
	g->done = rows->complete;
}

static size_t shown(struct help *h, bool need_only, const char *words)
{
	struct err e = ERR_INIT;
	struct filter *f = words ? filter_parse(words, "me", &e) : NULL;
	struct store_query q = {.need_only = need_only,
		.filter = f,
		.sort = need_only ? SORT_ATTENTION : SORT_UPDATED,
		.count = 100};
	struct got g = {0};

	store_query(h->store, &q, on_rows, &g);
	assert_true(loop_until(h->loop, &g.done, HELP_WAIT_MS));
	filter_free(f);
	return g.n;
}

static long long counted(struct help *h, const char *what)
{
	json_t *counts = help_ask(h, "counts", "{}");
	long long n = json_int(json_sub(counts, what), "run", -1);

	json_decref(counts);
	return n;
}

static void score(void *arg, struct record *r, const json_t *context)
{
	(void)arg;
	(void)context;
	r->attention = 100;
	r->why = "failed";
}

/* Three failed runs: one of "airflow", two of "old". */
static void fill(struct help *h)
{
	static const struct store_triage triage = {.score = score};
	struct record r[3] = {help_record(KIND_RUN, "a", STATE_FAILED),
		help_record(KIND_RUN, "b", STATE_FAILED),
		help_record(KIND_RUN, "c", STATE_FAILED)};

	r[1].source = r[2].source = "old";
	store_set_triage(h->store, &triage);
	help_put(h, r, 3);
}

static void test_hidden_at_once(void **state)
{
	(void)state;
	struct help h;

	help_open(&h);
	fill(&h);
	help_do(&h, "sources_are", "{\"names\": [\"airflow\", \"old\"]}");
	assert_int_equal(shown(&h, true, NULL), 3);
	assert_int_equal(shown(&h, false, NULL), 3);
	assert_int_equal(counted(&h, "need"), 3);
	help_do(&h, "sources_are", "{\"names\": [\"airflow\"]}");
	assert_int_equal(shown(&h, true, NULL), 1);
	assert_int_equal(shown(&h, false, NULL), 1);
	assert_int_equal(shown(&h, false, "state:failed"), 1);
	assert_int_equal(shown(&h, false, "source:old"), 0);
	assert_int_equal(counted(&h, "need"), 1);
	assert_int_equal(counted(&h, "total"), 1);
	json_t *sources = help_ask(&h, "sources", "{}");
	assert_int_equal(json_array_size(sources), 1);
	json_decref(sources);
	/* it comes back with all that it had */
	help_do(&h, "sources_are", "{\"names\": [\"airflow\", \"old\"]}");
	assert_int_equal(shown(&h, true, NULL), 3);
	assert_int_equal(counted(&h, "total"), 3);
	help_close(&h);
}

static void prune(struct help *h)
{
	long long from = 0;

	do {
		char args[100];
		(void)str_format(args, sizeof(args), "{\"before\": %lld, \"from\": %lld}",
			(long long)(clock_now() - 90 * 24 * HELP_HOUR), from);
		json_t *reply = help_tell(h, "prune", args);
		from = json_int(reply, "next", 0);
		json_decref(reply);
	} while (from);
}

static void test_forgotten_later(void **state)
{
	(void)state;
	struct help h;
	char note[100];

	help_open(&h);
	fill(&h);
	/* the newest record is always kept: let it be another's */
	struct record last = help_record(KIND_RUN, "z", STATE_FAILED);
	help_put(&h, &last, 1);
	(void)str_format(note, sizeof(note),
		"{\"rid\": %lld, \"who\": \"me\", \"text\": \"seen\"}",
		help_rid(&h, "run:old:b"));
	help_do(&h, "note_add", note);
	help_do(&h, "sources_are", "{\"names\": [\"airflow\"]}");
	prune(&h);
	assert_true(help_rid(&h, "run:old:c") > 0);
	clock_advance_test(91 * 24 * HELP_HOUR);
	prune(&h);
	assert_int_equal(help_rid(&h, "run:old:c"), 0);
	assert_true(help_rid(&h, "run:old:b") > 0);
	assert_true(help_rid(&h, "run:airflow:a") > 0);
	help_do(&h, "sources_are", "{\"names\": [\"airflow\", \"old\"]}");
	assert_int_equal(shown(&h, false, "source:old"), 1);
	help_close(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_hidden_at_once),
		cmocka_unit_test(test_forgotten_later),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
