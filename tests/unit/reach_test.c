/* The connector engine over SQL and SSH, against a private PostgreSQL and sshd. */
#include "tests/unit/collect_help.h"

static json_t *cluster, *sshd;
static char conf[1500];

#define SQL_HEAD                                                                    \
	"settings: {url: {type: url}, host: {type: string}, port: {type: int}}\n"   \
	"postgres: {host: \"{{ settings.host }}\", port: \"{{ settings.port }}\", " \
	"dbname: postgres, user: watch}\n"

static void open_sql(const char *rest)
{
	char *yaml = xasprintf("%s%s", SQL_HEAD, rest);
	str_format(conf, sizeof(conf), "    host: %s\n    port: %lld\n",
		json_str(cluster, "socket_dir", ""), json_int(cluster, "port", 0));
	rig_open(&rig, yaml, conf);
	free(yaml);
}

static void test_sql_rows(void **state)
{
	(void)state;
	open_sql("collect:\n  r:\n    kind: access\n    complete: true\n    gone: "
		 "canceled\n"
		 "    sql: \"SELECT n AS id, 'pending' AS state, now() AS at, NULL AS "
		 "nothing, $1::text AS who FROM generate_series(1, 3) n WHERE n > $2\"\n"
		 "    params: [\"{{ settings.host }}\", 1]\n"
		 "    record: {id: id, title: who, state: state, started: at, due: "
		 "nothing}\n"
		 "  broken:\n    kind: run\n    sql: SELECT 1 FROM absent_table\n    "
		 "record: {id: id, state: state}\n"
		 "  writes:\n    kind: run\n    sql: CREATE TABLE nope (a int)\n    "
		 "record: {id: id, state: state}\n"
		 "  cut:\n    kind: grant\n    complete: true\n    "
		 "max_rows: 2\n"
		 "    sql: \"SELECT n AS id, 'pending' AS state FROM generate_series(1, "
		 "9) n\"\n    record: {id: id, state: state}\n");
	struct got o = rig_collect(&rig);
	got_ok(&o, 2);
	assert_true(o.r.full);
	assert_string_equal(json_str(got_record(&o, "3"), "title", ""),
		json_str(cluster, "socket_dir", "?"));
	assert_true(*json_str(got_record(&o, "3"), "started", ""));
	got_release(&o);
	o = rig_collect_from(&rig, 1, NULL, NULL);
	got_fails(&o, ERR_REMOTE, "absent_table");
	o = rig_collect_from(
		&rig, 2, NULL, NULL); /* a collection cannot change anything */
	assert_int_not_equal(o.r.err.code, ERR_NONE);
	got_release(&o);
	o = rig_collect_from(&rig, 3, NULL, NULL);
	got_ok(&o, 2);
	assert_false(o.r.full);
	got_release(&o);
	rig_close(&rig);
}

static enum call_effect last_effect;
static bool last_no_rows;
struct outcome {
	bool done;
	enum call_look look;
	struct err err;
	json_t *reply;
	char known[400];
};

static void answered(void *arg, const struct call_result *r)
{
	struct outcome *o = arg;
	o->done = true;
	o->err = r->err;
	last_effect = r->effect;
	last_no_rows = r->no_rows;
	o->reply = json_incref(r->reply);
	str_copy(o->known, sizeof(o->known), r->known);
}

typedef struct call *start_fn(
	struct source *s, const char *call, json_t *in, call_fn *fn, void *arg);

static void expect(start_fn *start, const char *name, enum err_code code,
	const char *known, json_t **reply)
{
	struct outcome o = {0};
	json_t *in = json_pack("{s:{s:s},s:{s:{s:s}}}", "params", "role",
		"odd \"name; DROP", "record", "opaque", "unit", "it's $HOME");
	start(rig.source, name, in, answered, &o);
	assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
	json_decref(in);
	if (o.err.code != code || !strstr(o.known, known))
		fail_msg("%s: %s: %s / %s", name, err_code_name(o.err.code), o.err.msg,
			o.known);
	if (reply)
		*reply = o.reply;
	else
		json_decref(o.reply);
}

static void seen(void *arg, const struct look_result *r)
{
	struct outcome *o = arg;
	o->done = true;
	o->err = r->err;
	o->look = r->look;
	str_copy(o->known, sizeof(o->known), r->known);
}

static void expect_look(const char *name, enum call_look look, const char *known)
{
	struct outcome o = {0};
	json_t *in = json_pack("{s:{s:s}}", "params", "role", "odd \"name; DROP");
	json_object_set_new(json_sub(in, "params"), "list", json_array());
	source_verify(rig.source, name, in, seen, &o);
	assert_true(loop_until(rig.loop, &o.done, HELP_WAIT_MS));
	json_decref(in);
	if (o.look != look || !strstr(o.known, known))
		fail_msg("%s: %d, %s / %s", name, (int)o.look, o.err.msg, o.known);
}

static void test_sql_calls(void **state)
{
	json_t *reply;
	(void)state;
	open_sql("calls:\n"
		 "  make:\n    sql: CREATE ROLE %{who}\n    identifiers: {who: \"{{ "
		 "params.role }}\"}\n"
		 "    verify: {sql: \"SELECT count(*) AS n FROM pg_roles WHERE rolname = "
		 "$1\", params: [\"{{ params.role }}\"], until: \"[0].n == `1`\", says: "
		 "\"{{ reply.body[0].n }} role\"}\n"
		 "  fill:\n    sql: \"INSERT INTO t SELECT generate_series(1, 5) "
		 "RETURNING a\"\n    max_affected: 5\n    success: affected == `5`\n    "
		 "says: \"{{ reply.affected }} rows, last {{ reply.body[-1].a }}\"\n    "
		 "preview: rollback\n"
		 "  toomany:\n    sql: DELETE FROM t\n    max_affected: 2\n"
		 "  none:\n    sql: DELETE FROM t WHERE a = 99\n    success: affected == "
		 "`1`\n"
		 "  table:\n    sql: CREATE TABLE t (a int)\n"
		 "  wrong:\n    sql: SELECT 1 / 0\n"
		 "  outside:\n    sql: SELECT 1 / 0\n    outside_transaction: true\n"
		 "  emptied:\n    sql: SELECT 1\n    verify: {sql: SELECT a FROM t WHERE "
		 "a > "
		 "90, until: \"!@\", absent: rows}\n"
		 "  unproved:\n    sql: SELECT 1\n    verify: {sql: SELECT a FROM t "
		 "WHERE a > "
		 "90, until: \"length(@) == length(scope().params.list)\"}\n"
		 "  count:\n    sql: SELECT 1\n    verify: {sql: SELECT count(*) AS n "
		 "FROM t, until: \"[0].n == `5`\"}\n");
	expect_look("make", LOOK_NOT_YET, "0 role");
	expect(source_call, "make", ERR_NONE, "", NULL);
	expect_look("make", LOOK_HOLDS, "1 role");
	expect(source_call, "table", ERR_NONE, "", NULL);
	expect(source_preview, "fill", ERR_NONE, "", &reply);
	assert_string_equal(
		json_string_value(json_array_get(json_sub(reply, "lines"), 0)),
		"5 rows would change");
	json_decref(reply);
	expect_look("count", LOOK_NOT_YET, ""); /* rolled back */
	expect(source_call, "fill", ERR_NONE, "5 rows, last 5", NULL);
	expect(source_call, "toomany", ERR_LIMIT, "", NULL);
	expect_look("count", LOOK_HOLDS, "");
	assert_int_equal(last_effect, CALL_NOTHING); /* rolled back */
	expect(source_call, "none", ERR_UNKNOWN, "refused (0 rows)", NULL);
	assert_int_equal(last_effect, CALL_MAYBE);
	expect(source_call, "wrong", ERR_REMOTE, "zero", NULL);
	assert_int_equal(last_effect, CALL_NOTHING);
	expect(source_call, "outside", ERR_UNKNOWN, "zero", NULL);
	assert_int_equal(last_effect, CALL_MAYBE);
	expect_look("emptied", LOOK_HOLDS, "0 entries");
	expect_look("unproved", LOOK_NOT_YET, "it proves nothing");
	rig_close(&rig);
}

static struct sql_statement statement;

static struct call *run_statement(
	struct source *s, const char *call, json_t *in, call_fn *fn, void *arg)
{
	(void)call;
	(void)in;
	return source_sql(s, &statement, fn, arg);
}

static struct call *preview_statement(
	struct source *s, const char *call, json_t *in, call_fn *fn, void *arg)
{
	(void)call;
	(void)in;
	return source_sql_preview(s, &statement, fn, arg);
}

/* What a runbook's `sql` step stands on: values are values, and a count out of range changes nothing. */
static void test_statements(void **state)
{
	json_t *reply, *values = json_pack("[s, i]", "{{ secret.password }}'; --", 2);
	(void)state;
	open_sql("calls:\n  table:\n    sql: CREATE TABLE s (t text, n int)\n"
		 "  count:\n    sql: SELECT 1\n    verify: {sql: SELECT count(*) AS n "
		 "FROM s, until: \"[0].n == `2`\"}\n");
	assert_true(source_has_sql(rig.source));
	expect(source_call, "table", ERR_NONE, "", NULL);
	statement =
		(struct sql_statement){.text = "INSERT INTO s SELECT $1,\n "
					       "generate_series(1, $2::int) RETURNING t",
			.values = values,
			.min_rows = 2,
			.max_rows = 2};
	char *text = source_sql_text(&statement);
	assert_non_null(strstr(text,
		"INSERT INTO s SELECT $1,\\n generate_series(1, $2::int) RETURNING t  "
		"[$1 = "
		"\"{{ secret.password }}'; --\", $2 = 2] [110 bytes, sha256 "));
	free(text);
	expect(preview_statement, "two", ERR_NONE, "", &reply);
	assert_string_equal(
		json_string_value(json_array_get(json_sub(reply, "lines"), 0)),
		"2 rows would change");
	json_decref(reply);
	expect_look("count", LOOK_NOT_YET, ""); /* rolled back */
	statement.min_rows = statement.max_rows = 3;
	expect(run_statement, "few", ERR_LIMIT,
		"would change 2 rows, at least 3 are wanted: rolled back", NULL);
	expect(preview_statement, "few", ERR_LIMIT, "at least 3 are wanted", NULL);
	statement.min_rows = 0;
	statement.max_rows = 1;
	expect(run_statement, "many", ERR_LIMIT, "at most 1 are allowed", NULL);
	expect(preview_statement, "many", ERR_LIMIT, "at most 1 are allowed", NULL);
	expect_look("count", LOOK_NOT_YET, "");
	statement.min_rows = statement.max_rows = 2;
	expect(run_statement, "two", ERR_NONE, "2 rows", &reply);
	assert_string_equal(json_str(json_array_get(reply, 1), "t", ""),
		"{{ secret.password }}'; --");
	json_decref(reply);
	expect_look("count", LOOK_HOLDS, "");
	assert_false(last_no_rows);
	json_decref(values);
	statement = (struct sql_statement){
		.text = "DELETE FROM s WHERE n > 90", .max_rows = 1};
	expect(run_statement, "none", ERR_NONE, "0 rows", NULL);
	assert_true(last_no_rows);
	/* What counts no rows has touched none that it would tell. */
	statement.text = "GRANT SELECT ON s TO CURRENT_USER";
	expect(run_statement, "uncounted", ERR_NONE, "", NULL);
	assert_false(last_no_rows);
	rig_close(&rig);
}

static void open_ssh(const char *rest)
{
	char *yaml =
		xasprintf("settings: {url: {type: url}, hosts: {type: list}}\n%s", rest);
	str_format(conf, sizeof(conf),
		"    hosts: [one, two]\nhosts:\n  one: {host: 127.0.0.1, port: %lld, "
		"user: %s, identity: %s, known_hosts: %s, config: %s}\n"
		"  two: {host: 127.0.0.1, port: 1, user: x, config: %s}\n",
		json_int(sshd, "port", 0), json_str(sshd, "user", ""),
		json_str(sshd, "identity", ""), json_str(sshd, "known_hosts", ""),
		json_str(sshd, "config", ""), json_str(sshd, "config", ""));
	rig_open(&rig, yaml, conf);
	free(yaml);
}

static void test_ssh(void **state)
{
	(void)state;
	open_ssh("collect:\n  c:\n    kind: check\n    complete: true\n    each: "
		 "settings.hosts\n    reply: lines\n    columns: [name, state]\n"
		 "    ssh: {host: \"{{ each }}\", vars: {LIMIT: \"{{ settings.hosts[0] "
		 "}}\"}, script: \"printf 'disk\\\\tok\\\\nload %s\\\\tfailing\\\\n' "
		 "\\\"$LIMIT\\\"\"}\n"
		 "    record: {id: \"join('/', [scope().each, name])\", state: state, "
		 "opaque: {unit: name}}\n"
		 "  bad:\n    kind: run\n    ssh: {host: one, script: \"echo no such "
		 "disk >&2; exit 3\"}\n    record: {id: id, state: state}\n"
		 "calls:\n  restart:\n    ssh: {host: one, vars: {UNIT: \"{{ unit }}\"}, "
		 "script: \"echo \\\"restarted $UNIT\\\"\"}\n    says: \"{{ reply.body "
		 "}}\"\n"
		 "  fails:\n    ssh: {host: one, script: \"echo bad unit >&2; exit "
		 "4\"}\n"
		 "  no:\n    ssh: {host: one, script: exit 3}\n    refused: exit == `3`\n"
		 "  unreached:\n    ssh: {host: two, script: exit 0}\n"
		 "  masked:\n    ssh: {host: one, script: exit 0}\n    verify: {ssh: "
		 "{host: "
		 "one, script: echo no such unit}, until: \"!contains(@, 'active')\", "
		 "absent: output, says: \"{{ reply.body }}\"}\n"
		 "  cut:\n    ssh: {host: one, script: exit 0}\n    verify: {ssh: {host: "
		 "one, script: exit 4}, until: \"!contains(@, 'active')\", absent: "
		 "output}\n");
	struct got o = rig_collect(&rig);
	assert_int_equal(json_array_size(o.records), 2); /* one of two hosts answers */
	assert_string_equal(
		json_str(got_record(&o, "one/load one"), "state", ""), "failing");
	assert_non_null(strstr(o.r.err.msg, "two: "));
	assert_false(o.r.full);
	got_release(&o);
	o = rig_collect_from(&rig, 1, NULL, NULL);
	got_fails(&o, ERR_REMOTE, "code 3: no such disk");
	expect(source_call, "restart", ERR_NONE, "restarted it's $HOME", NULL);
	expect(source_call, "fails", ERR_UNKNOWN, "refused (exit code 4): bad unit",
		NULL);
	assert_int_equal(last_effect, CALL_MAYBE);
	expect(source_call, "no", ERR_REMOTE, "refused (exit code 3)", NULL);
	assert_int_equal(last_effect, CALL_NOTHING);
	expect(source_call, "unreached", ERR_NET, "", NULL); /* never started */
	assert_int_equal(last_effect, CALL_NOTHING);
	expect_look("masked", LOOK_HOLDS, "no such unit");
	expect_look("cut", LOOK_UNREAD, "code 4");
	rig_close(&rig);
}

static int setup(void **state)
{
	(void)state;
	if (rig_start(&rig) != 0)
		return -1;
	cluster = server_up("tests/servers/pg.py", rig.dir);
	sshd = server_up("tests/servers/sshd.py", rig.dir);
	if (!cluster || !sshd)
		return -1;
	rig.pg = pg_new(rig.loop);
	rig.ssh = ssh_new(rig.loop);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	pg_free(rig.pg);
	ssh_free(rig.ssh);
	int ended = server_down("tests/servers/pg.py", rig.dir, cluster);
	ended |= server_down("tests/servers/sshd.py", rig.dir, sshd);
	return rig_stop(&rig) | ended;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_sql_rows),
		cmocka_unit_test(test_sql_calls),
		cmocka_unit_test(test_statements),
		cmocka_unit_test(test_ssh),
	};
	return cmocka_run_group_tests_name("reach", tests, setup, teardown);
}
