/* What the worker forgets by itself: daily what is old, and the logs that were fetched anew. */
#include "backends/store/db.h"
#include "runbooks/engine/worker.h"
#include "tests/unit/store_help.h"

#define DAY (24 * HELP_HOUR)

struct scene {
	struct help h;
	struct worker w;
};

static void scene_open(struct scene *s)
{
	memset(s, 0, sizeof(*s));
	help_open(&s->h);
	s->w.loop = s->h.loop;
	s->w.store = s->h.store;
	s->w.config.keep = 90 * DAY;
	s->w.tidy = tidy_new(&s->w);
}

static void scene_close(struct scene *s)
{
	tidy_free(s->w.tidy);
	help_close(&s->h);
}

/* Time goes on by `ms`, in steps, as far as all that is due within it is done. */
static void pass(struct scene *s, int64_t ms)
{
	for (int64_t left = ms; left > 0; left -= 20) {
		clock_advance_test(20 * 1000);
		(void)loop_turn(s->h.loop, 0); /* timers */
		(void)loop_turn(s->h.loop, 0); /* the answers of what they asked for */
	}
}

static size_t lines_of(struct scene *s, long long job)
{
	char args[60];
	str_format(args, sizeof(args), "{\"job\": %lld, \"limit\": 5000}", job);
	json_t *a = help_ask(&s->h, "output", args);
	size_t n = json_array_size(a);
	json_decref(a);
	return n;
}

static long long log_job(struct scene *s, const char *who, int part, int lines)
{
	char args[200];
	str_format(args, sizeof(args),
		"{\"type\": \"log\", \"who\": \"%s\", \"spec\": {\"key\": \"run:a:b\", "
		"\"part\": %d}}",
		who, part);
	json_t *a = help_tell(&s->h, "job_add", args);
	long long job = json_int(a, "job", 0);
	json_decref(a);
	json_t *list = json_array();
	for (int i = 0; i < lines; i++)
		json_array_append_new(list, json_pack("{s:s}", "text", "line"));
	json_t *output = json_pack("{s:I, s:o}", "job", (json_int_t)job, "lines", list);
	char *text = json_dumps(output, 0);
	help_do(&s->h, "output_add", text);
	free(text);
	json_decref(output);
	return job;
}

static void ends(struct scene *s, long long job)
{
	static const char *const to[] = {"running", "done"};
	char args[80];
	for (size_t i = 0; i < LENGTH(to); i++) {
		str_format(args, sizeof(args), "{\"job\": %lld, \"state\": \"%s\"}", job,
			to[i]);
		help_do(&s->h, "job_state", args);
	}
	tidy_log(s->w.tidy, job);
}

static void test_logs(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	long long first = log_job(&s, "ito", 0, 4500), part = log_job(&s, "ito", 1, 3);
	long long other = log_job(&s, "kim", 0, 3), open = log_job(&s, "ito", 0, 3);
	ends(&s, first);
	ends(&s, part);
	ends(&s, other);
	pass(&s, 500);
	assert_int_equal(lines_of(&s, first), 4500);
	/* What goes on keeps its lines; so does another part, and what somebody else reads. */
	long long last = log_job(&s, "ito", 0, 4);
	ends(&s, last);
	pass(&s, 500);
	assert_int_equal(lines_of(&s, first), 0);
	assert_int_equal(lines_of(&s, part), 3);
	assert_int_equal(lines_of(&s, other), 3);
	assert_int_equal(lines_of(&s, open), 3);
	assert_int_equal(lines_of(&s, last), 4);
	scene_close(&s);
}

static size_t records(struct scene *s)
{
	json_t *a = help_ask(&s->h, "counts", "{}");
	size_t n = (size_t)json_int(a, "all", 0);
	json_decref(a);
	return n;
}

static void put(struct scene *s, int from, int n, usec_t at)
{
	struct record *rows = xcalloc((size_t)n, sizeof(*rows));
	char(*ids)[16] = xcalloc((size_t)n, sizeof(*ids));
	for (int i = 0; i < n; i++) {
		str_format(ids[i], sizeof(ids[i]), "r%d", from + i);
		rows[i] = help_record(KIND_RUN, ids[i], STATE_SUCCEEDED);
		rows[i].started = rows[i].updated = rows[i].ended = at;
	}
	help_put(&s->h, rows, (size_t)n);
	free(ids);
	free(rows);
}

/* Texts that the filter knows. */
static long long texts(struct scene *s)
{
	struct err e = ERR_INIT;
	struct db *d = db_open(s->h.path, DB_READ, &e);
	assert_non_null(d);
	json_t *rows = db_rows(d, "SELECT count(*) AS n FROM term", NULL, &e);
	long long n = json_int(json_array_get(rows, 0), "n", -1);
	json_decref(rows);
	db_close(d);
	return n;
}

static void test_daily(void **state)
{
	(void)state;
	struct scene s;
	scene_open(&s);
	put(&s, 0, 500, HELP_NOW - 91 * DAY);
	put(&s, 500, 10, HELP_NOW - 90 * DAY + HELP_HOUR);
	put(&s, 510, 5, HELP_NOW - 3 * DAY);
	pass(&s, 60 * 1000);
	assert_int_equal(records(&s), 515);
	pass(&s, 3 * 60 * 1000);
	assert_int_equal(records(&s), 15);
	assert_int_equal(texts(&s), 15 + 1); /* titles, and their env */
	/* The next day again. */
	clock_advance_test(23 * HELP_HOUR);
	pass(&s, 1000);
	assert_int_equal(records(&s), 15);
	clock_advance_test(HELP_HOUR);
	pass(&s, 1000);
	assert_int_equal(records(&s), 5);
	scene_close(&s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_daily),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
