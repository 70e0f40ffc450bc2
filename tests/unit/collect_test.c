/* Collections against tests/servers/far_side.py: auth, sub-collections, watermark, enrichment, re-reading, bad answers. */
#include "tests/unit/collect_help.h"

#define URL                                                                         \
	"settings: {url: {type: url, required: true}, groups: {type: list}, user: " \
	"{type: string}}\n"
#define REC                                                                        \
	"    record: {id: to_string(id), title: name, state: {value: state, map: " \
	"{success: succeeded, failed: failed}}}\n"
#define ONE(path) "collect:\n  rows:\n    kind: run\n    get: " path "\n" REC
#define SECRET "secrets: {password: {required: false}}\n"
#define CONF "    password: {file: %s/secret}\n"

static struct got try_with_secret(const char *yaml)
{
	char conf[300];
	str_format(conf, sizeof(conf), CONF, rig.dir);
	return rig_try(&rig, yaml, conf);
}

static void test_auth_kinds(void **state)
{
	static const char *const good[] = {
		URL SECRET
		"auth: {header: {Authorization: \"Key {{ secret.password }}\"}}\n" ONE(
			"/by-header"),
		URL SECRET
		"auth: {basic: {user: me, password: \"{{ secret.password }}\"}}\n" ONE(
			"/by-basic"),
		URL SECRET
		"auth: {login: {post: /login, json: {password: \"{{ secret.password "
		"}}\"}, token: access_token}}\n" ONE("/secure"),
		URL SECRET
		"auth: {login: {post: /login, form: {password: \"{{ secret.password "
		"}}\"}, token: access_token, expires: expires_in}}\n" ONE("/secure"),
		URL SECRET
		"auth:\n  - when: settings.user\n    basic: {user: x, password: y}\n"
		"  - when: given.password\n    header: {Authorization: \"Key {{ "
		"secret.password }}\"}\n  - none\n" ONE("/by-header"),
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(good); i++) {
		struct got o = try_with_secret(good[i]);
		got_ok(&o, 1);
		got_release(&o);
	}
	struct got o = try_with_secret(URL SECRET
		"auth: {header: {Authorization: \"Key no\"}}\n" ONE("/by-header"));
	got_fails(&o, ERR_AUTH, "bad key");
	o = try_with_secret(URL SECRET "auth: {login: {post: /login, json: {password: "
				       "wrong}, token: access_token}}\n" ONE("/secure"));
	got_fails(&o, ERR_AUTH, "login: ");
	o = try_with_secret(
		URL SECRET "auth: {login: {post: /login, json: {password: \"{{ "
			   "secret.password }}\"}, token: tokken}}\n" ONE("/secure"));
	got_fails(&o, ERR_AUTH, "no token at \"tokken\"");
	o = rig_try(&rig,
		URL SECRET
		"auth: {header: {Authorization: \"Key {{ secret.password }}\"}}\n" ONE(
			"/by-header"),
		"    password: {file: /nonexistent/secret}\n");
	got_fails(&o, ERR_CONFIG, "secret password");
}

/* What AWS wants: the query sorted, the header signed, no secret in it. */
static void test_sigv4(void **state)
{
	(void)state;
	struct got o = try_with_secret(URL SECRET
		"auth: {aws-sigv4: {region: eu-west-1, service: ce, access_key: AK, "
		"secret_key: \"{{ secret.password }}\", token: sess}}\n"
		"collect:\n  r:\n    kind: run\n    post: /changes\n    query: {b: 2, a: "
		"1, c: null}\n    json: {x: 1}\n"
		"    headers: {Content-Type: application/x-amz-json-1.1}\n    record: "
		"{id: id, state: state}\n");
	got_ok(&o, 3);
	got_release(&o);
	json_t *seen = rig_seen(&rig);
	const json_t *all = json_sub(seen, "seen"),
		     *last = json_array_get(all, json_array_size(all) - 1);
	assert_string_equal(json_str(last, "path", ""), "/changes?a=1&b=2");
	assert_string_equal(json_str(last, "type", ""), "application/x-amz-json-1.1");
	assert_true(str_starts(
		json_str(last, "auth", ""), "AWS4-HMAC-SHA256 Credential=AK/"));
	assert_non_null(strstr(json_str(last, "auth", ""), "/eu-west-1/ce/aws4_request"));
	assert_null(strstr(json_str(last, "auth", ""), "s3cret"));
	json_decref(seen);
}

static void test_bad_answers(void **state)
{
	static const struct {
		const char *yaml, *words;
		enum err_code code;
	} cases[] = {
		{URL ONE("/html"), "HTML page instead of JSON", ERR_PARSE},
		{URL ONE("/error"), "500", ERR_REMOTE},
		{URL ONE("/nothing"), "404", ERR_NOTFOUND},
		{URL ONE("/truncated"), "", ERR_NET},
		{URL ONE("/big\n    max_bytes: 5000"), "", ERR_LIMIT},
		{URL ONE("/{{ settings.user }}/x"), "", ERR_USAGE},
		{URL ONE("/link\n    each: settings.user"), "is no list", ERR_CONFIG},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct got o = rig_try(&rig, cases[i].yaml, "");
		if (cases[i].code ==
			ERR_USAGE) /* whatever class templates give: it must not be sent */
			assert_int_not_equal(o.r.err.code, ERR_NONE);
		else if (o.r.err.code != cases[i].code ||
			 !strstr(o.r.err.msg, cases[i].words))
			fail_msg("%zu: %s: %s", i, err_code_name(o.r.err.code),
				o.r.err.msg);
		assert_null(strchr(o.r.err.msg, '\x1b'));
		got_release(&o);
	}
	struct got o = rig_try(&rig, URL ONE("/busy"), "");
	assert_int_equal(o.r.retry_after_ms, 7000);
	got_fails(&o, ERR_THROTTLE, "slow down");
}

/* The end of a limit by a header that the connector names. */
static void test_limit_reset(void **state)
{
	static const struct {
		const char *as, *path;
		int64_t least, most;
	} cases[] = {
		{"epoch", "/limited/+42", 40000, 42000},
		{"epoch", "/limited/1", 1000, 1000},
		{"epoch", "/limited/99999999999", 300000, 300000},
		{"seconds", "/limited/17", 17000, 17000},
		{"seconds", "/limited/soon", 0, 0},
		{"seconds", "/busy", 7000, 7000},
	};
	char yaml[1000];
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		str_format(yaml, sizeof(yaml),
			URL "rate_limit: {reset: X-Reset, as: %s}\n" ONE("%s"),
			cases[i].as, cases[i].path);
		struct got o = rig_try(&rig, yaml, "");
		if (o.r.retry_after_ms < cases[i].least ||
			o.r.retry_after_ms > cases[i].most)
			fail_msg("%zu: %lld ms", i, (long long)o.r.retry_after_ms);
		got_fails(&o, ERR_THROTTLE, "429");
	}
}

static void test_not_reached(void **state)
{
	(void)state;
	struct got o = rig_try(&rig, URL "base: http://127.0.0.1:1\n" ONE("/x"), "");
	got_fails(&o, ERR_NET, "");
}

static void test_each(void **state)
{
	static const char tail[] = "    record: {id: \"format('{}/{}', scope().each.id, "
				   "id)\", title: scope().each.id, state: state}\n";
	char yaml[1000];
	(void)state;
	str_format(yaml, sizeof(yaml), "%s%s%s", URL,
		"collect:\n  m:\n    kind: grant\n    complete: true\n    parallel: 2\n"
		"    each: {get: /groups, items: groups}\n    get: /members/{{ each.id "
		"}}/x\n",
		tail);
	struct got o = rig_try(&rig, yaml, "");
	assert_int_equal(
		json_array_size(o.records), 2); /* the one that fails costs only itself */
	got_record(&o, "g1/m1");
	got_record(&o, "a/b c/m1");
	assert_int_equal(o.r.gone, STATE_REVOKED);
	got_fails(&o, ERR_REMOTE, "bad: ");
	str_format(yaml, sizeof(yaml), "%s%s%s", URL,
		"collect:\n  m:\n    kind: grant\n    complete: true\n"
		"    each: {get: /groups, items: \"groups[?id != 'bad']\", wanted: "
		"settings.groups, names: \"[id]\"}\n    get: /members/{{ each.id "
		"}}/x\n",
		tail);
	o = rig_try(&rig, yaml, "    groups: [g1, a/b c]\n");
	got_ok(&o, 2);
	got_release(&o);
	o = rig_try(&rig, yaml, "    groups: [g1, gl]\n");
	assert_int_equal(json_array_size(o.records), 2);
	assert_false(o.r.full); /* nothing vanishes for a slip of the pen */
	got_fails(&o, ERR_NOTFOUND, "\"gl\" (settings.groups) does not exist there");
	o = rig_try(&rig,
		URL "collect:\n  m:\n    kind: grant\n    complete: true\n    each: "
		    "settings.groups\n"
		    "    get: /members/{{ each }}\n    record: {id: scope().each, state: "
		    "state}\n",
		"    groups: [x, y, z]\n");
	got_ok(&o, 3);
	assert_true(o.r.full);
	got_release(&o);
}

/* One item that cannot be kept: what it is about may not be taken for gone. */
static void test_a_refused_item_is_no_complete_list(void **state)
{
	static const char head[] =
		URL "collect:\n  m:\n    kind: run\n    complete: true\n"
		    "    gone: unknown\n    get: /mixed\n";
	char yaml[600];
	(void)state;
	str_format(yaml, sizeof(yaml), "%s    items: \"[?id=='good']\"\n%s", head,
		"    record: {id: id, state: state}\n");
	struct got o = rig_try(&rig, yaml, "");
	got_ok(&o, 1);
	assert_int_equal(o.refused, 0);
	assert_true(o.r.full);
	got_release(&o);
	str_format(
		yaml, sizeof(yaml), "%s%s", head, "    record: {id: id, state: state}\n");
	o = rig_try(&rig, yaml, "");
	got_ok(&o, 2);
	assert_int_equal(o.refused, 2);
	assert_false(o.r.full);
	got_release(&o);
}

static void test_enrich(void **state)
{
	(void)state;
	struct got o = rig_try(&rig,
		URL "collect:\n  r:\n    kind: run\n    get: /runs\n    items: rows\n    "
		    "when: id != `0`\n"
		    "    enrich: [{when: \"state == 'failed'\", get: \"/tasks/{{ item.id "
		    "}}\", items: tasks, as: tasks, max: 2}]\n"
		    "    record: {id: to_string(id), state: {value: state, map: "
		    "{success: succeeded, failed: failed}, default: unknown},"
		    " labels: {task: \"tasks[0].task\"}}\n",
		"");
	got_ok(&o, 4);
	assert_int_equal(o.unknown, 0); /* mapped to unknown on purpose */
	const json_t *r = got_record(&o, "1");
	assert_string_equal(json_str(json_sub(r, "labels"), "task", ""), "t1");
	assert_string_equal(json_str(json_sub(r, "detail"), "name", ""), "row1");
	assert_string_equal(
		json_str(json_sub(got_record(&o, "4"), "labels"), "task", "none"),
		"none");
	assert_int_equal(o.r.pages, 2); /* the list, and the one extra that worked */
	assert_null(json_path(r, "detail.not_read"));
	r = got_record(&o, "4");
	assert_non_null(strstr(
		json_str(json_path(r, "detail.not_read"), "tasks", ""), "HTTP 500"));
	got_release(&o);
	/* Of two that want it one gets it: the other says why not. */
	o = rig_try(&rig,
		URL
		"collect:\n  r:\n    kind: run\n    get: /runs\n    items: rows\n"
		"    enrich: [{when: \"state == 'success'\", get: \"/tasks/{{ item.id "
		"}}\", items: tasks, as: tasks, max: 1}]\n"
		"    record: {id: to_string(id), state: \"'failed'\", detail: \"{t: "
		"tasks}\"}\n",
		"");
	got_ok(&o, 5);
	assert_null(json_path(got_record(&o, "0"), "detail.not_read"));
	assert_string_equal(
		json_str(json_path(got_record(&o, "3"), "detail.not_read"), "tasks", ""),
		"only 1 are asked for at a time (max)");
	got_release(&o);
}

#define CHANGES                                                                          \
	URL "collect:\n  c:\n    kind: run\n    get: /changes\n    query: {after: \"{{ " \
	    "since }}\"}\n"                                                              \
	    "    since: {start: 7d, watermark: at, overlap: 5m}\n"                       \
	    "    reread: {get: \"/open/{key}\"}\n"                                       \
	    "    record: {id: id, state: {value: state, map: {success: succeeded}}, "    \
	    "opaque: {key: id}}\n"

/* A secret that only a sub-request mentions is resolved too. */
static void test_secret_of_enrich(void **state)
{
	char conf[300];
	json_t *one;
	size_t i, n = 0;
	(void)state;
	str_format(conf, sizeof(conf), CONF, rig.dir);
	struct got o = rig_try(&rig,
		URL SECRET "collect:\n  c:\n    kind: run\n    get: /runs\n    items: "
			   "rows\n    enrich: [{get: \"/tasks/{{ item.id }}\", headers: "
			   "{X-Test: \"{{ secret.password }}\"}, as: tasks, max: 1}]\n"
			   "    record: {id: id, state: state}\n",
		conf);
	got_ok(&o, 5);
	got_release(&o);
	rig_open(&rig, URL ONE("/runs"), "");
	json_t *seen = rig_seen(&rig);
	json_array_foreach (json_sub(seen, "seen"), i, one)
		n += strcmp(json_str(one, "x", ""), "s3cret") == 0;
	assert_int_equal(n, 1);
	json_decref(seen);
	rig_close(&rig);
}

static const char *last_path(json_t *seen)
{
	const json_t *all = json_sub(seen, "seen");
	return json_str(json_array_get(all, json_array_size(all) - 1), "path", "");
}

static void test_since(void **state)
{
	(void)state;
	rig_open(&rig, CHANGES, "");
	struct got o = rig_collect_from(&rig, 0, "2026-11-02T10:00:00Z", NULL);
	got_ok(&o, 3);
	assert_string_equal(o.since, "2026-11-03T10:00:00.500000Z");
	got_release(&o);
	json_t *seen = rig_seen(&rig);
	assert_non_null(strstr(last_path(seen), "after=2026-11-02T09%3A55%3A00"));
	json_decref(seen);
	o = rig_collect_from(&rig, 0, "2026-11-03T10:00:00.500000Z", NULL);
	got_ok(&o, 3);
	assert_string_equal(o.since, ""); /* no later than what is kept */
	got_release(&o);
	o = rig_collect_from(&rig, 0, "rubbish", NULL);
	got_ok(&o, 3);
	got_release(&o);
	rig_close(&rig);
}

struct canceller {
	struct collect *c;
	int batches;
	bool done;
};

static void cancel_batch(void *arg, const struct collect_batch *b)
{
	struct canceller *k = arg;
	(void)b;
	k->batches++;
	collect_cancel(k->c);
}

static void never_done(void *arg, const struct collect_result *r)
{
	struct canceller *k = arg;
	(void)r;
	k->done = true;
}

static void test_cancel(void **state)
{
	struct canceller k = {0};
	struct collect_fns fns = {.batch = cancel_batch, .done = never_done, .arg = &k};
	bool never = false;
	(void)state;
	rig_open(&rig, URL ONE("/link\n    page: {style: link}"), "");
	k.c = source_collect(rig.source, 0, NULL, NULL, &fns);
	collect_cancel(k.c); /* before anything was sent */
	k.c = source_collect(rig.source, 0, NULL, NULL, &fns);
	loop_until(rig.loop, &never, 300);
	assert_int_equal(k.batches, 1);
	assert_false(k.done);
	source_collect(
		rig.source, 0, NULL, NULL, &fns); /* and the source with one under way */
	rig_close(&rig);
	loop_until(rig.loop, &never, 20);
	assert_false(k.done);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_auth_kinds),
		cmocka_unit_test(test_sigv4),
		cmocka_unit_test(test_bad_answers),
		cmocka_unit_test(test_limit_reset),
		cmocka_unit_test(test_not_reached),
		cmocka_unit_test(test_each),
		cmocka_unit_test(test_a_refused_item_is_no_complete_list),
		cmocka_unit_test(test_enrich),
		cmocka_unit_test(test_secret_of_enrich),
		cmocka_unit_test(test_since),
		cmocka_unit_test(test_cancel),
	};
	return cmocka_run_group_tests_name("collect", tests, rig_setup, rig_teardown);
}
