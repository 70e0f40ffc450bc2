/* The first error line of logs as they come, and the shape that makes two failures one
 * group. */
#include "backends/triage/signature.h"

#include "backends/base/mem.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

struct log_case {
	const char *log;
	const char *cause; /* NULL: none */
	long line;
};

static const struct log_case logs[] = {
	/* Airflow 3 text, a Python traceback */
	{"[2026-11-22T13:52:38.123+0000] {taskinstance.py:1157} INFO - Dependencies met\n"
	 "[2026-11-22T13:52:40.000+0000] {taskinstance.py:3310} ERROR - Task failed with "
	 "exception\n"
	 "Traceback (most recent call last):\n"
	 "  File \"/opt/dags/orders.py\", line 12, in load\n"
	 "    cur.execute(sql)\n"
	 "psycopg.errors.UndefinedTable: relation \"stg.orders\" does not exist\n"
	 "LINE 1: insert into mart.orders select order_id\n"
	 "[2026-11-22T13:52:40.200+0000] {standard_task_runner.py:124} INFO - Task "
	 "exited with return code 1\n",
		"psycopg.errors.UndefinedTable: relation \"stg.orders\" does not exist",
		6},
	/* SCREENS.md */
	{"13:52:38  INFO   Running statement 3 of 9\n"
	 "13:52:40  ERROR  psycopg.errors.UndefinedTable: relation \"stg.orders\" does "
	 "not exist\n"
	 "13:52:40  ERROR  LINE 1: insert into mart.orders\n",
		"psycopg.errors.UndefinedTable: relation \"stg.orders\" does not exist",
		2},
	/* the innermost cause of a Java chain */
	{"26/11/22 13:52:40 ERROR Executor: Exception in task 0.0 in stage 3.0 (TID 7)\n"
	 "org.apache.spark.SparkException: Job aborted due to stage failure: Task 0 "
	 "failed\n"
	 "\tat org.apache.spark.Foo.bar(Foo.scala:12)\n"
	 "Caused by: java.io.IOException: write failed\n"
	 "\tat x.y.Z(Z.java:1)\n"
	 "Caused by: java.nio.file.FileSystemException: No space left on device\n",
		"java.nio.file.FileSystemException: No space left on device", 6},
	/* a wrapper says less than the line it wraps */
	{"psql:load.sql:3: ERROR:  relation \"stg.orders\" does not exist\n"
	 "Traceback (most recent call last):\n"
	 "  File \"x.py\", line 1\n"
	 "airflow.exceptions.AirflowException: Bash command failed. The command returned "
	 "a non-zero exit code 1.\n",
		"relation \"stg.orders\" does not exist", 1},
	/* dbt: the second line holds the message */
	{"13:52:40  Completed with 1 error and 0 warnings:\n"
	 "13:52:40  Database Error in model orders (models/orders.sql)\n"
	 "13:52:40    relation \"stg.orders\" does not exist\n",
		"relation \"stg.orders\" does not exist", 3},
	/* colours, logfmt, JSON lines, an Oracle code */
	{"\x1b[31mERROR\x1b[0m: \x1b[1mdisk full\x1b[0m\n", "disk full", 1},
	{"time=2026-11-22T13:52:40Z level=error msg=\"cannot reach broker\" attempt=3\n",
		"cannot reach broker", 1},
	{"{\"timestamp\":\"2026-11-22T13:52:40Z\",\"event\":\"start\",\"level\":\"info\"}"
	 "\n"
	 "{\"timestamp\":\"2026-11-22T13:52:41Z\",\"event\":\"Task failed with "
	 "exception\",\"level\":\"error\","
	 "\"error_detail\":[{\"exc_type\":\"KeyError\",\"exc_value\":\"'orders_ready'\"}]"
	 "}\n",
		"KeyError: 'orders_ready'", 2},
	{"Loading\nORA-00942: table or view does not exist\n",
		"ORA-00942: table or view does not exist", 2},
	/* only the end that says nothing, and logs without any error */
	{"INFO done\nTask exited with return code 1\n", "Task exited with return code 1",
		2},
	{"INFO loaded 3 rows\nINFO 0 errors... none\nall good\n", "0 errors... none", 2},
	{"all good\n", NULL, 0},
	{"", NULL, 0},
	/* bytes that must not reach a screen */
	{"ERROR bad\x07 \xff name\n", "bad\xe2\x90\x87 \xef\xbf\xbd name", 1},
};

static void test_logs(void **state)
{
	(void)state;
	for (size_t i = 0; i < LENGTH(logs); i++) {
		struct str cause = STR_INIT, signature = STR_INIT;
		long line = 0;
		bool found = signature_find(
			logs[i].log, strlen(logs[i].log), &cause, &signature, &line);
		if (logs[i].cause) {
			assert_true(found);
			assert_string_equal(cause.buf, logs[i].cause);
			assert_int_equal(line, logs[i].line);
		} else {
			assert_false(found);
		}
		str_release(&cause);
		str_release(&signature);
	}
}

static void assert_shape(const char *text, const char *want)
{
	struct str s = STR_INIT;
	signature_of(&s, text);
	assert_string_equal(s.buf, want);
	str_release(&s);
}

static void test_shape(void **state)
{
	(void)state;
	assert_shape("relation \"stg.orders\" does not exist",
		"relation \"stg.orders\" does not exist");
	assert_shape("run 42 failed after 3.5 s", "run <n> failed after <n> s");
	assert_shape("at 2026-11-22T13:52:40.123Z: timeout", "at <time>: timeout");
	assert_shape("no file /data/2026/11/part-0001.parquet", "no file <path>");
	assert_shape("GET https://x.example/a?b=1 gave 503", "GET <path>=<n> gave <n>");
	assert_shape("pod 7f9c1d2e-aaaa-4bbb-8ccc-1234567890ab lost", "pod <id> lost");
	assert_shape("object at 0x7ffde1b0", "object at <id>");
	assert_shape(
		"table orders_20261122 missing in s3", "table orders_<n> missing in s3");
	assert_shape("ORA-00942: table", "ORA-00942: table");
	assert_shape("", "");
}

static void test_same_failure_same_signature(void **state)
{
	(void)state;
	static const char a[] = "2026-11-20 ERROR - batch 17 of run "
				"scheduled__2026-11-20T00:00:00: out of disk";
	static const char b[] = "2026-11-21 ERROR - batch 9 of run "
				"scheduled__2026-11-21T06:00:00: out of disk";
	struct str cause = STR_INIT, one = STR_INIT, two = STR_INIT;
	assert_true(signature_find(a, strlen(a), &cause, &one, NULL));
	assert_true(signature_find(b, strlen(b), &cause, &two, NULL));
	assert_string_equal(one.buf, two.buf);
	str_release(&cause);
	str_release(&one);
	str_release(&two);
}

static void test_long_line_is_bounded(void **state)
{
	(void)state;
	size_t len = 3 << 20;
	char *log = xmalloc(len);
	memset(log, 'x', len);
	memcpy(log, "ERROR ", 6);
	struct str cause = STR_INIT, signature = STR_INIT;
	assert_true(signature_find(log, len, &cause, &signature, NULL));
	assert_true(cause.len <= SIGNATURE_CAUSE_MAX);
	free(log);
	str_release(&cause);
	str_release(&signature);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_logs),
		cmocka_unit_test(test_shape),
		cmocka_unit_test(test_same_failure_same_signature),
		cmocka_unit_test(test_long_line_is_bounded),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
