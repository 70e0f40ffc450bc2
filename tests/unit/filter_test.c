/* The filter language: what each term selects, and what bad ones say. Selections run through a real store. */
#include "tests/unit/store_help.h"

struct found {
	bool done;
	char ids[200]; /* of all rows, sorted as answered, blank between */
	size_t total;
	struct err err;
};

static void got(void *arg, const struct store_rows *rows)
{
	struct found *f = arg;

	f->ids[0] = '\0';
	for (size_t i = 0; i < rows->n; i++) {
		size_t len = strlen(f->ids);
		str_format(f->ids + len, sizeof(f->ids) - len, "%s%s", i > 0 ? " " : "",
			rows->rows[i].id);
	}
	f->total = rows->total;
	f->done = rows->complete;
	if (rows->err != NULL)
		f->err = *rows->err;
}

static void score(void *arg, struct record *r, const json_t *context)
{
	(void)arg;
	(void)context;
	bool bad = state_bad(r->kind, r->state);
	r->attention = bad ? 100 : 0;
	r->why = bad ? "Nobody looked" : "";
}

/* a..f, titles ascending so that the order of answers is theirs */
static void fill(struct help *h)
{
	static const struct store_triage triage = {.score = score};
	struct record r[6] = {
		help_record(KIND_RUN, "a", STATE_FAILED),
		help_record(KIND_RUN, "b", STATE_SUCCEEDED),
		help_record(KIND_COST, "c", STATE_OPEN),
		help_record(KIND_ACCESS, "d", STATE_PENDING),
		help_record(KIND_INCIDENT, "e", STATE_ACKNOWLEDGED),
		help_record(KIND_CHECK, "f", STATE_OK),
	};

	store_set_triage(h->store, &triage);
	r[0].title = "1 Orders_Daily";
	r[0].owner = "data-core";
	r[0].asset = "mart.orders";
	r[0].tier = 1;
	r[0].severity = SEVERITY_CRITICAL;
	r[0].ended = HELP_NOW - 30 * HELP_MIN;
	r[0].labels = json_pack("{s:s, s:s}", "team", "core", "dag", "orders");
	r[1].title = "2 orders_hourly";
	r[1].owner = "me-not";
	r[1].env = "dev";
	r[1].tier = 2;
	r[2].title = "3 WH_ETL";
	r[2].amount = "1840.50";
	r[2].source = "focus-eu";
	r[3].title = "4 \xc3\x84rzte"; /* Ärzte */
	r[3].actor = "M.Ito";
	r[3].due = HELP_NOW + 2 * HELP_HOUR;
	r[4].title = "5 disk on etl-04";
	r[4].owner = "ito";
	r[4].started = HELP_NOW - 26 * HELP_HOUR;
	r[5].title = "6 freshness";
	r[5].env = "";
	help_put(h, r, 6);
	record_release_json(&r[0]);
}

static void check(struct help *h, const char *text, const char *ids)
{
	struct err e = ERR_INIT;
	struct found f = {0};
	struct filter *filter = filter_parse(text, "ito", &e);

	if (filter == NULL)
		fail_msg("%s: %s", text, e.msg);
	struct store_query q = {.filter = filter, .sort = SORT_TITLE, .count = 20};
	assert_non_null(store_query(h->store, &q, got, &f));
	assert_true(loop_until(h->loop, &f.done, HELP_WAIT_MS));
	assert_int_equal(f.err.code, ERR_NONE);
	if (strcmp(f.ids, ids) != 0)
		fail_msg("'%s' selects '%s', not '%s'", text, f.ids, ids);
	filter_free(filter);
}

static void test_words(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	fill(&h);
	check(&h, "", "a b c d e f");
	check(&h, "orders", "a b");
	check(&h, "ORDERS_d", "a");
	check(&h, "!orders", "c d e f");
	check(&h, "orders !daily", "b");
	check(&h, "core", "a");         /* owner */
	check(&h, "mart.", "a");        /* asset */
	check(&h, "focus", "c");        /* source */
	check(&h, "m.ito", "d");        /* actor */
	check(&h, "\xc3\xa4rzte", "d"); /* folded: ä finds Ä */
	check(&h, "nobody", "a c d");   /* the WHY */
	check(&h, "!nobody ito", "e");
	check(&h, "\"disk on\"", "e");
	check(&h, "nobody data", "a");
	check(&h, "zebra", "");
	help_close(&h);
}

static void test_ids(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	struct record r[3] = {help_record(KIND_RUN, "Sched__14:02", STATE_FAILED),
		help_record(KIND_RUN, "manual__14", STATE_FAILED),
		help_record(KIND_RUN, "x", STATE_FAILED)};
	for (int i = 0; i < 3; i++)
		r[i].title = "same";
	help_put(&h, r, 3);
	check(&h, "14:0", "Sched__14:02");
	check(&h, "SCHED", "Sched__14:02");
	check(&h, "!14", "x");
	check(&h, "__14 same", "manual__14 Sched__14:02");
	check(&h, "id:*14", "manual__14");
	check(&h, "!id:*14*", "x");
	check(&h, "id:x,manual*", "x manual__14");
	help_close(&h);
}

static void test_fields(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	fill(&h);
	check(&h, "kind:run", "a b");
	check(&h, "kind:runs,cost", "a b c");
	check(&h, "!kind:run,cost", "d e f");
	check(&h, "state:failed", "a");
	check(&h, "state:fail*,pend", "a d"); /* globs and beginnings */
	check(&h, "sev:crit", "a");
	check(&h, "tier:1,2", "a b");
	check(&h, "env:prod", "a c d e");
	check(&h, "env:\"\"", "f");
	check(&h, "owner:data*", "a");
	check(&h, "owner:me", "e");
	check(&h, "!owner:me kind:incident,check", "f");
	check(&h, "source:focus*", "c");
	check(&h, "actor:me", "");
	check(&h, "actor:*ito", "d");
	check(&h, "need:yes", "a c d");
	check(&h, "need:no", "b e f");
	check(&h, "!need:no kind:run", "a");
	check(&h, "label:team=core", "a");
	check(&h, "label:dag", "a");
	check(&h, "!label:team=c* kind:run", "b");
	check(&h, "cost>1840", "c");
	check(&h, "cost>1840.50", "");
	check(&h, "cost>=1840.50", "c");
	check(&h, "due<4h", "d");
	check(&h, "due<1h", "");
	check(&h, "started>1d", "e");
	check(&h, "started<1d kind:incident,run", "a b");
	check(&h, "started>2020-01-01 kind:run", "a b");
	check(&h, "age<45m kind:run", "a"); /* failed when it ended */
	check(&h, "state:failed env:prod orders tier:1", "a");
	help_close(&h);
}

/* Between "|" stand groups of terms, one of which has to hold; each keeps its own "!". */
static void test_either(void **state)
{
	(void)state;
	struct help h;
	help_open(&h);
	fill(&h);
	check(&h, "state:failed | kind:cost", "a c");
	check(&h, "orders !daily | m.ito", "b d");
	check(&h, "zebra | id:f", "f");
	check(&h, "id:a | id:f", "a f");
	check(&h, "kind:run zebra | zebra", "");
	check(&h, "label:team=core | label:team=other | tier:2", "a b");
	check(&h, "!kind:run !kind:cost | state:failed tier:1", "a d e f");
	check(&h, "!orders kind:run | etl-04", "e");
	check(&h, "\"|\" | etl-04", "e"); /* quoted it is a text */
	help_close(&h);
}

static void test_notes(void **state)
{
	(void)state;
	struct help h;
	char args[120];
	help_open(&h);
	fill(&h);
	str_format(args, sizeof(args),
		"{\"rid\": %lld, \"who\": \"ito\", \"text\": \"Rolled BACK by K.Adler\"}",
		help_rid(&h, "run:airflow:b"));
	help_do(&h, "note_add", args);
	check(&h, "rolled", "b");
	check(&h, "k.adler kind:run", "b");
	check(&h, "!rolled kind:run", "a");
	check(&h, "rolled | m.ito", "b d");
	help_close(&h);
}

/* `me` is every name that the operator goes by. */
static void test_teams(void **state)
{
	(void)state;
	struct err e = ERR_INIT;
	struct help h;
	struct found f = {0};
	help_open(&h);
	fill(&h);
	struct filter *filter = filter_parse("owner:me", "nobody\nData-Core\nito", &e);
	assert_non_null(filter);
	struct store_query q = {.filter = filter, .sort = SORT_TITLE, .count = 20};
	assert_non_null(store_query(h.store, &q, got, &f));
	assert_true(loop_until(h.loop, &f.done, HELP_WAIT_MS));
	assert_string_equal(f.ids, "a e");
	filter_free(filter);
	help_close(&h);
}

static void test_claimed(void **state)
{
	(void)state;
	struct help h;
	char args[80];
	help_open(&h);
	fill(&h);
	str_format(args, sizeof(args), "{\"rid\": %lld, \"who\": \"ito\"}",
		help_rid(&h, "run:airflow:a"));
	help_do(&h, "claim", args);
	check(&h, "claimed:me", "a");
	check(&h, "claimed:yes", "a");
	check(&h, "claimed:no kind:run", "b");
	check(&h, "claimed:bob", "");
	help_close(&h);
}

static void test_errors(void **state)
{
	(void)state;
	static const struct {
		const char *text, *column, *words;
	} bad[] = {
		{"a colour:red", "column 3", "no such field"},
		{"state:red", "column 1", "'red' is none of the values"},
		{"a b state:", "column 5", "a value is missing"},
		{"\"open", "column 1", "quote is not closed"},
		{"!", "column 1", "a word is missing"},
		{"age<soon", "column 1", "duration"},
		{"age:2h", "column 1", "compared with < or >"},
		{"state<3", "column 1", "takes a colon"},
		{"cost>much", "column 1", "number"},
		{"need:maybe", "column 1", "yes or no"},
		{"| a", "column 1", "missing before"},
		{"a | | b", "column 5", "missing before"},
		{"a |", "column 4", "missing after"},
		{"kind:run owner:a|b", "column 17", "of one field write a,b"},
		{"1 2 3 4 5 6 7 8 9 a b c d e f g h", "column 33", "16 are allowed"},
	};

	for (size_t i = 0; i < LENGTH(bad); i++) {
		struct err e = ERR_INIT;
		assert_null(filter_parse(bad[i].text, "me", &e));
		assert_int_equal(e.code, ERR_USAGE);
		if (strstr(e.msg, bad[i].column) == NULL ||
			strstr(e.msg, bad[i].words) == NULL)
			fail_msg("%s: %s", bad[i].text, e.msg);
	}
	char *longer = xcalloc(1, 3000);
	memset(longer, 'x', 2500);
	struct err e = ERR_INIT;
	assert_null(filter_parse(longer, "me", &e));
	assert_int_equal(e.code, ERR_LIMIT);
	free(longer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_words),
		cmocka_unit_test(test_ids),
		cmocka_unit_test(test_fields),
		cmocka_unit_test(test_claimed),
		cmocka_unit_test(test_either),
		cmocka_unit_test(test_notes),
		cmocka_unit_test(test_teams),
		cmocka_unit_test(test_errors),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
