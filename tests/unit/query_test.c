/* The query: order, windows, anchors, groups, kept positions, slices, cancelling. */
#include "backends/store/query.h"

#include "tests/unit/store_help.h"

struct found {
	bool done;
	int calls;
	size_t n, first, total;
	long long anchor_at, rids[100];
	char ids[400];
	struct err err;
};

static void got(void *arg, const struct store_rows *rows)
{
	struct found *f = arg;

	f->calls++;
	f->n = rows->n;
	f->first = rows->first;
	f->total = rows->total;
	f->anchor_at = rows->anchor_at;
	f->ids[0] = '\0';
	for (size_t i = 0; i < rows->n && i < 100; i++) {
		size_t len = strlen(f->ids);
		f->rids[i] = rows->rows[i].rid;
		str_format(f->ids + len, sizeof(f->ids) - len, "%s%s", i > 0 ? " " : "",
			rows->rows[i].id);
	}
	f->done = rows->complete;
	if (rows->err != NULL)
		f->err = *rows->err;
}

static struct found run(struct help *h, const struct store_query *q)
{
	struct found f = {0};

	assert_non_null(store_query(h->store, q, got, &f));
	assert_false(f.done); /* never from within the call */
	assert_true(loop_until(h->loop, &f.done, HELP_WAIT_MS));
	return f;
}

static void expect(struct help *h, struct store_query q, const char *ids)
{
	if (q.count == 0)
		q.count = 20;
	struct found f = run(h, &q);
	if (strcmp(f.ids, ids) != 0)
		fail_msg("'%s', not '%s'", f.ids, ids);
}

static void score(void *arg, struct record *r, const json_t *context)
{
	(void)arg;
	(void)context;
	r->attention = state_bad(r->kind, r->state) ? (int)r->severity * 100 + 100 : 0;
	r->why = r->attention > 0 ? "bad" : "";
}

static void open_filled(struct help *h)
{
	static const struct store_triage triage = {.score = score};
	struct record r[5] = {
		help_record(KIND_RUN, "a", STATE_FAILED),
		help_record(KIND_RUN, "b", STATE_SUCCEEDED),
		help_record(KIND_COST, "c", STATE_OPEN),
		help_record(KIND_INCIDENT, "d", STATE_OPEN),
		help_record(KIND_RUN, "e", STATE_FAILED),
	};

	help_open(h);
	store_set_triage(h->store, &triage);
	r[0].severity = SEVERITY_LOW;
	r[2].severity = SEVERITY_CRITICAL;
	r[3].severity = SEVERITY_HIGH;
	r[4].severity = SEVERITY_LOW;
	r[4].updated += USEC_PER_SEC;
	r[0].started -= HELP_HOUR;
	r[1].started = 0;
	r[2].amount = "10.5";
	r[3].amount = "-3";
	r[0].due = HELP_NOW;
	r[4].due = HELP_NOW + HELP_HOUR;
	r[0].title = "zebra";
	r[3].title = "Alpha";
	help_put(h, r, 5);
}

static void test_order(void **state)
{
	(void)state;
	struct help h;
	open_filled(&h);
	expect(&h, (struct store_query){.need_only = true}, "c d e a");
	expect(&h, (struct store_query){.sort = SORT_ATTENTION}, "c d e a b");
	expect(&h, (struct store_query){.sort = SORT_ATTENTION, .reverse = true},
		"b a e d c");
	expect(&h, (struct store_query){.need_only = true, .reverse = true}, "a e d c");
	expect(&h, (struct store_query){.kinds = 1u << KIND_RUN}, "e a b");
	expect(&h, (struct store_query){.kinds = 1u << KIND_RUN, .need_only = true},
		"e a");
	expect(&h, (struct store_query){.sort = SORT_UPDATED}, "e d c b a");
	/* unknown values come last, whatever the direction */
	expect(&h, (struct store_query){.sort = SORT_STARTED}, "e d c a b");
	expect(&h, (struct store_query){.sort = SORT_STARTED, .reverse = true},
		"a e d c b");
	expect(&h, (struct store_query){.sort = SORT_DUE, .count = 2}, "e a");
	expect(&h, (struct store_query){.sort = SORT_DUE, .reverse = true, .count = 2},
		"a e");
	expect(&h, (struct store_query){.sort = SORT_AMOUNT, .count = 2}, "c d");
	expect(&h, (struct store_query){.sort = SORT_AMOUNT, .reverse = true, .count = 2},
		"d c");
	expect(&h, (struct store_query){.sort = SORT_TITLE}, "d b c e a");
	expect(&h, (struct store_query){.sort = SORT_TITLE, .reverse = true},
		"a e c b d");
	help_close(&h);
}

static void test_window(void **state)
{
	(void)state;
	struct help h;
	open_filled(&h);
	struct store_query q = {.first = 1, .count = 2};
	struct found f = run(&h, &q);
	assert_string_equal(f.ids, "d e");
	assert_int_equal(f.first, 1);
	assert_int_equal(f.total, 5);
	assert_int_equal(f.calls, 1);
	assert_int_equal(f.anchor_at, -1);
	q.first = 99; /* behind the end: the last page */
	f = run(&h, &q);
	assert_string_equal(f.ids, "a b");
	assert_int_equal(f.first, 3);

	q.first = 0;
	q.anchor = help_rid(&h, "run:airflow:a");
	f = run(&h, &q);
	assert_int_equal(f.anchor_at, 3);
	assert_string_equal(f.ids, "c d"); /* only told */
	q.around = true;
	f = run(&h, &q);
	assert_int_equal(f.anchor_at, 3);
	assert_true(f.first <= 3 && f.first + f.n > 3);
	q.need_only = true;
	q.anchor = help_rid(&h, "run:airflow:b");
	f = run(&h, &q);
	assert_int_equal(f.anchor_at, -1);
	assert_string_equal(f.ids, "c d");
	q = (struct store_query){.kinds = 1u << KIND_GRANT, .count = 5, .first = 3};
	f = run(&h, &q);
	assert_int_equal(f.total, 0);
	assert_int_equal(f.n, 0);
	help_close(&h);
}

static void set_signature(struct help *h, const char *key, const char *signature)
{
	char args[160];

	str_format(args, sizeof(args),
		"{\"rid\": %lld, \"cause\": \"x\", \"signature\": \"%s\"}",
		help_rid(h, key), signature);
	help_do(h, "cause_set", args);
}

static void test_groups(void **state)
{
	(void)state;
	struct help h;
	open_filled(&h);
	set_signature(&h, "run:airflow:a", "no table");
	set_signature(&h, "run:airflow:e", "no table");
	struct store_query q = {.need_only = true, .fold_groups = true, .count = 9};
	struct found f = run(&h, &q);
	assert_string_equal(f.ids, "c d e"); /* from the index */
	assert_int_equal(f.total, 3);
	q.need_only = false;
	f = run(&h, &q);
	assert_string_equal(f.ids, "c d e b"); /* from the cells */
	set_signature(&h, "run:airflow:e", "another");
	f = run(&h, &q);
	assert_string_equal(f.ids, "c d e a b");
	help_close(&h);
}

static void test_kept_until_data_change(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	open_filled(&h);
	struct store *worker = h.store,
		     *console = store_open(h.loop, h.path, STORE_CONSOLE, &e);
	struct store_query q = {.count = 9};
	assert_non_null(console);
	for (int i = 0; i < 2; i++) { /* of another connection, then of our own */
		h.store = i == 0 ? console : worker;
		assert_null(kept_find(h.store, &q));
		run(&h, &q);
		assert_non_null(kept_find(h.store, &q));
		struct store_query other = q;
		other.reverse = true;
		assert_null(kept_find(h.store, &other));
		struct filter *f = filter_parse("zeb", "me", &e);
		other = q;
		other.filter = f;
		assert_null(kept_find(h.store, &other));
		run(&h, &other);
		assert_non_null(kept_find(h.store, &other));
		filter_free(f);
		h.store = worker;
		struct record r =
			help_record(KIND_RUN, i == 0 ? "new" : "newer", STATE_FAILED);
		help_put(&h, &r, 1);
		h.store = i == 0 ? console : worker;
		assert_null(kept_find(h.store, &q));
		assert_int_equal(run(&h, &q).total, 6 + i);
	}
	h.store = worker;
	store_close(console);
	help_close(&h);
}

static void test_kept_with_ages_grows_old(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	open_filled(&h);
	struct filter *f = filter_parse("started<90m", "me", &e);
	struct store_query q = {.count = 9, .filter = f, .sort = SORT_TITLE};
	assert_string_equal(run(&h, &q).ids, "d c e");
	clock_advance_test(HELP_HOUR);
	assert_string_equal(run(&h, &q).ids, "");
	filter_free(f);
	help_close(&h);
}

/* Enough records that one slice cannot hold them, whatever the machine: the budget of a slice is 0 here. */
static void test_slices(void **state)
{
	(void)state;
	struct help h;
	struct err e = ERR_INIT;
	help_open(&h);
	enum { N = 3000 };
	struct record *r = xcalloc(N, sizeof(*r));
	char(*ids)[16] = xcalloc(N, sizeof(*ids));
	for (int i = 0; i < N; i++) {
		str_format(ids[i], sizeof(ids[i]), "r%d", i);
		r[i] = help_record(KIND_RUN, ids[i], STATE_RUNNING);
		r[i].title = i % 3 == 0 ? "third" : "other";
	}
	help_put(&h, r, N);
	struct filter *f = filter_parse("third", "me", &e);
	struct store_query q = {.count = 5, .filter = f};
	struct collect c;
	bool done = false;
	int slices = 0;
	assert_true(collect_init(&c, h.store, &q, &e));
	while (!done) {
		assert_true(db_begin_read(h.store->db, &e));
		assert_true(collect_slice(&c, 0, &done, &e));
		db_end_read(h.store->db);
		if (slices++ == 0) { /* a term that this query does not know yet */
			struct record one = help_record(KIND_RUN, ids[0], STATE_RUNNING);
			one.title = "the third kind";
			help_put(&h, &one, 1);
		}
	}
	assert_true(slices > 2);
	assert_int_equal(c.list.n, N / 3);
	collect_release(&c);
	filter_free(f);
	free(ids);
	free(r);
	help_close(&h);
}

static void test_cancel(void **state)
{
	(void)state;
	struct help h;
	open_filled(&h);
	struct found f = {0};
	struct store_query q = {.count = 5};
	struct store_req *r = store_query(h.store, &q, got, &f);
	store_cancel(h.store, r);
	store_cancel(h.store, NULL);
	loop_turn(h.loop, 0);
	loop_turn(h.loop, 0);
	assert_int_equal(f.calls, 0);
	/* closing cancels what is under way */
	assert_non_null(store_query(h.store, &q, got, &f));
	assert_non_null(store_ask(h.store, "counts", json_object(), help_answer, &f));
	help_close(&h);
	assert_int_equal(f.calls, 0);
}

static void test_sort_is_right(void **state)
{
	(void)state;
	struct store_query q = {.fold_groups = true};
	struct list l = {0};
	unsigned long long x = 1;

	for (uint32_t i = 0; i < 5000; i++) {
		x = x * 6364136223846793005u + 1442695040888963407u;
		list_room(&l, &q, 1);
		list_add(&l, x >> (i % 3 == 0 ? 60 : 2), i, 0);
	}
	list_sort(&l);
	for (size_t i = 1; i < l.n; i++) {
		uint64_t a = (uint64_t)l.at[i - 1].high << 32 | l.at[i - 1].low;
		uint64_t b = (uint64_t)l.at[i].high << 32 | l.at[i].low;
		assert_true(a < b || (a == b && l.at[i - 1].rid < l.at[i].rid));
	}
	list_fold(&l);
	assert_int_equal(l.n, 5000);
	list_release(&l);
	list_sort(&l); /* empty */
	list_release(&l);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_order),
		cmocka_unit_test(test_window),
		cmocka_unit_test(test_groups),
		cmocka_unit_test(test_kept_until_data_change),
		cmocka_unit_test(test_kept_with_ages_grows_old),
		cmocka_unit_test(test_slices),
		cmocka_unit_test(test_cancel),
		cmocka_unit_test(test_sort_is_right),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
