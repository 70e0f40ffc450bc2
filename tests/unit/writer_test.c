/* A console's changes through the child. This program is also that child: "--writer PATH" and worse ones. */
#include "backends/store/writer.h"

#include "tests/unit/store_help.h"

#include <limits.h>

struct pair {
	struct help h; /* h.store is the console's */
	char self[PATH_MAX];
};

static void pair_open(struct pair *p, const char *mode)
{
	struct err e = ERR_INIT;
	help_open(&p->h);
	struct record r = help_record(KIND_INCIDENT, "P1", STATE_OPEN);
	help_put(&p->h, &r, 1);
	store_close(p->h.store);
	clock_end_test(); /* the child has a clock of its own */
	p->h.store = store_open(p->h.loop, p->h.path, STORE_CONSOLE, &e);
	if (!p->h.store)
		fail_msg("%s", e.msg);
	ssize_t n = readlink("/proc/self/exe", p->self, sizeof(p->self) - 1);
	assert_true(n > 0);
	p->self[n] = '\0';
	const char *argv[] = {p->self, mode, p->h.path, NULL};
	store_set_writer(p->h.store, argv);
}

static void test_changes(void **state)
{
	(void)state;
	struct pair p;
	pair_open(&p, "--writer");
	help_do(&p.h, "note_add", "{\"rid\": 1, \"who\": \"ito\", \"text\": \"hello\"}");
	help_do(&p.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	help_refused(&p.h, "claim", "{\"rid\": 1, \"who\": \"kim\"}", ERR_CONFLICT,
		"ito has it");
	help_refused(&p.h, "audit_add", "{\"event\": \"x\", \"body\": {}}", ERR_DENIED,
		"only the worker");
	help_refused(&p.h, "dance", "{}", ERR_USAGE, "dance");
	json_t *a = help_ask(&p.h, "notes", "{\"rid\": 1}");
	assert_string_equal(json_str(json_array_get(a, 0), "text", ""), "hello");
	json_decref(a);
	help_close(&p.h);
}

static void test_many_at_once(void **state)
{
	(void)state;
	struct pair p;
	struct help_reply replies[50] = {{0}};
	pair_open(&p, "--writer");
	for (int i = 0; i < 50; i++)
		store_tell(p.h.store, "job_add",
			help_args("{\"type\": \"refresh\", \"who\": \"ito\", \"spec\": "
				  "{}}"),
			help_answer, &replies[i]);
	for (int i = 0; i < 50; i++) {
		assert_true(loop_until(p.h.loop, &replies[i].done, HELP_WAIT_MS));
		assert_int_equal(json_int(replies[i].answer, "job", 0), i + 1);
		json_decref(replies[i].answer);
	}
	help_close(&p.h);
}

/* The child dies without an answer: unknown, not failed; the next change starts another. */
static void test_child_dies(void **state)
{
	(void)state;
	struct pair p;
	pair_open(&p, "--die");
	help_refused(&p.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}", ERR_UNKNOWN,
		"before it answered");
	const char *argv[] = {p.self, "--writer", p.h.path, NULL};
	store_set_writer(p.h.store, argv);
	help_do(&p.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	help_close(&p.h);
}

static void test_child_cannot_open(void **state)
{
	(void)state;
	struct pair p;
	pair_open(&p, "--writer");
	const char *argv[] = {p.self, "--writer", "/proc/none/store.db", NULL};
	store_set_writer(p.h.store, argv);
	struct help_reply r =
		help_tell_any(&p.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	assert_null(r.answer);
	assert_int_not_equal(r.err.code, ERR_UNKNOWN);
	assert_non_null(strstr(r.err.msg, "/proc/none"));
	const char *missing[] = {"/nowhere/watchdesk", "store-write", NULL};
	store_set_writer(p.h.store, missing);
	r = help_tell_any(&p.h, "claim", "{\"rid\": 1, \"who\": \"ito\"}");
	assert_null(r.answer);
	help_close(&p.h);
}

/* Cancelled and closed with a change on the way: it is made all the same. */
static void test_close_lets_it_finish(void **state)
{
	(void)state;
	struct pair p;
	struct err e = ERR_INIT;
	struct help_reply reply = {0};
	bool never = false;
	pair_open(&p, "--writer");
	store_tell(p.h.store, "note_add",
		help_args("{\"rid\": 1, \"who\": \"ito\", \"text\": \"last words\"}"),
		help_answer, &reply);
	store_close(p.h.store);
	p.h.store = store_open(p.h.loop, p.h.path, STORE_CONSOLE, &e);
	assert_non_null(p.h.store);
	size_t n = 0;
	for (int i = 0; i < HELP_WAIT_MS / 25 && n == 0; i++) {
		loop_until(p.h.loop, &never, 25);
		json_t *a = help_ask(&p.h, "notes", "{\"rid\": 1}");
		n = json_array_size(a);
		json_decref(a);
	}
	assert_int_equal(n, 1);
	assert_false(reply.done);
	loop_until(p.h.loop, &never, 300); /* its end is seen */
	help_close(&p.h);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "--writer") == 0)
		return store_writer_main(argv[2]);
	if (argc == 3 && strcmp(argv[1], "--die") == 0) {
		char byte;
		return read(0, &byte, 1) == 1 ? 3 : 4;
	}
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_many_at_once),
		cmocka_unit_test(test_child_dies),
		cmocka_unit_test(test_child_cannot_open),
		cmocka_unit_test(test_close_lets_it_finish),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
