/* The user's configuration and the connector files: what is taken, and the one clear error of each mistake. */
#include "backends/connector/config.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/file.h"
#include "backends/connector/connector_def.h"

static char dir[100], conf_path[150], def_path[150];

static void write_text(const char *path, const char *text)
{
	struct err e = ERR_INIT;
	if (!file_write(path, text, strlen(text), &e))
		fail_msg("%s", e.msg);
}

static bool load(struct config *c, const char *text, struct err *e)
{
	write_text(conf_path, text);
	return config_load(c, conf_path, e);
}

static void refused(const char *text, const char *place, const char *words)
{
	struct config c;
	struct err e = ERR_INIT;
	char at[200];
	if (load(&c, text, &e))
		fail_msg("taken: %s", text);
	str_format(at, sizeof(at), "config.yaml:%s: ", place);
	if (e.code != ERR_CONFIG || !strstr(e.msg, at) || !strstr(e.msg, words))
		fail_msg("%s", e.msg);
}

static void test_config(void **state)
{
	struct config c;
	struct err e = ERR_INIT;
	(void)state;
	bool ok = load(&c,
		"operator: m.ito\nstore: data/x.db\nread_only: true\ntheme: mono\n"
		"worker: {idle_exit: 2m, keep: 7d}\n"
		"sources:\n  a1: {connector: airflow3, env: prod, tier: 2, every: 30s, "
		"url: \"https://x\"}\n"
		"  b2: {connector: okta, disabled: true}\n"
		"hosts:\n  etl-04: {user: oncall, port: 2222, identity: keys/id, "
		"transport: libssh2}\n"
		"assets:\n  - {match: \"orders_*\", tier: 1, owner: data-core}\n  - "
		"{match: \"*\", tier: 4}\n",
		&e);
	if (!ok)
		fail_msg("%s", e.msg);
	assert_string_equal(c.operator_name, "m.ito");
	assert_true(c.read_only);
	assert_int_equal(c.idle_exit_ms, 120000);
	assert_int_equal(c.keep / USEC_PER_SEC, 7 * 24 * 3600);
	assert_true(str_ends(c.store_path, "/data/x.db"));
	assert_true(str_starts(c.store_path, dir));
	const struct config_source *s = config_source(&c, "a1");
	assert_non_null(s);
	assert_int_equal(s->every_ms, 30000);
	assert_int_equal(s->tier, 2);
	assert_true(config_source(&c, "b2")->disabled);
	assert_null(config_source(&c, "zz"));
	const struct config_host *h = config_host(&c, "etl-04");
	assert_string_equal(h->ssh.port, "2222");
	assert_string_equal(h->ssh.host, "etl-04");
	assert_true(h->ssh.libssh2);
	assert_true(str_starts(h->ssh.identity, dir));
	assert_int_equal(config_asset(&c, "orders_eu", "x")->tier, 1);
	assert_int_equal(config_asset(&c, "", "ORDERS_eu")->tier, 1);
	assert_int_equal(config_asset(&c, "other", "")->tier, 4);
	config_release(&c);
	assert_true(load(&c, "# nothing yet\n", &e));
	assert_int_equal(c.n_sources, 0);
	config_release(&c);
}

static void test_config_refused(void **state)
{
	(void)state;
	refused("sauces: {}\n", "1:1", "did you mean \"sources\"");
	refused("sources:\n  a: 7\n", "2:3", "must be a mapping");
	refused("sources:\n  a: {url: x}\n", "2:3", "needs the key \"connector\"");
	refused("sources:\n  a:\n    connector: 5\n", "3:16", "must be a text");
	refused("sources:\n  a: {connector: x, plain_http: maybe}\n", "2:33",
		"true or false");
	refused("sources:\n  a: {connector: x, every: soon}\n", "2:28", "duration");
	refused("sources:\n  a: {connector: x, zone: Mars/Olympus}\n", "2:27",
		"Europe/Berlin");
	refused("sources:\n  a: {connector: x, zone: ../zone.tab}\n", "2:27",
		"Europe/Berlin");
	refused("sources:\n  a: {connector: x, tier: 9}\n", "2:27", "tier is from 1");
	refused("sources:\n  \"a b\": {connector: x}\n", "2:3", "letters, digits");
	refused("hosts:\n  h: {transport: telnet}\n", "2:18", "ssh or libssh2");
	refused("assets:\n  - {tier: 1}\n", "2:5", "needs the key \"match\"");
	refused("operator: \"\"\n", "1:11", "1 to 80");
	refused("environments: {production: prod}\n", "1:15", "a list of names");
	refused("environments: [prod]\n", "1:15", "environments");
	struct config c;
	struct err e = ERR_INIT;
	assert_false(config_load(&c, "/nonexistent/x.yaml", &e));
}

/* ---- connectors ---- */

#define SMALL                                                                     \
	"connector: c\ntitle: T\nsettings:\n  url: {type: url, required: true}\n" \
	"  mode: {type: enum, values: [fast, slow]}\n  n: {type: int, default: "  \
	"3}\nsecrets: [password]\n"
#define RUNS SMALL "collect:\n  runs:\n    kind: run\n    get: /runs\n"
#define ACTS "calls:\n  k: {post: /x}\n"

static struct connector *define(const char *text, struct err *e)
{
	write_text(def_path, text);
	return connector_load(def_path, e);
}

static void bad(const char *text, const char *words)
{
	struct err e = ERR_INIT;
	struct connector *c = define(text, &e);
	if (c)
		fail_msg("taken, though: %s", words);
	if (e.code != ERR_CONFIG || !strstr(e.msg, "c.yaml:") || !strstr(e.msg, words))
		fail_msg("%s", e.msg);
}

#define CALL                                                                         \
	RUNS "    record: {id: id, state: {value: s, map: {x: failed}}}\ncalls:\n  " \
	     "go:\n    post: "

/* What would be null, or never true, without a word. */
static void test_slips_refused(void **state)
{
	(void)state;
	bad(CALL "/x/{{ record.ident }}\n", "record has no \"ident\"");
	bad(CALL "/x\n    success: \"!body.a\"\n", "write !(a.b)");
	bad(CALL "/x\n    success: body.at > now()\n", "compare numbers");
	bad(CALL "/x\n    success: body.name == 'a #1'\n", "where a comment begins");
	bad(CALL "/x/{{ settings.url #1 }}\n", "where a comment begins");
}

static void test_collections_refused(void **state)
{
	(void)state;
	bad("connector: d\ntitle: T\n", "c.yaml:1:12: the file is named c.yaml");
	bad("connector: c\n", "needs the key \"title\"");
	bad(SMALL "colect: {}\n", "c.yaml:8:1: unknown key \"colect\"");
	bad(RUNS, "needs the key \"record\"");
	bad(RUNS "    record: {id: id, state: \"a[\"}\n",
		"c.yaml:12:29: expression of state");
	bad(RUNS "    record: {id: id, state: {value: s, map: {x: done}}}\n",
		"c.yaml:12:49: \"done\" is not a state of a run");
	bad(RUNS "    record: {id: id, state: {rules: [{when: a, then: open}]}}\n",
		"\"open\" is not a state of a run");
	bad(RUNS "    record: {id: id, state: s, severity: {default: huge}}\n",
		"not one of none info low");
	bad(RUNS "    record: {id: id, state: s, opaque: {params: x}}\n",
		"name of the scope");
	bad(RUNS "    record: {id: id, state: {map: {a: failed}}}\n",
		"map needs the `value`");
	bad(RUNS "    post: /x\n    record: {id: id, state: s}\n",
		"here are get and post");
	bad(RUNS "    params: [1]\n    record: {id: id, state: s}\n",
		"params belongs to sql");
	bad(RUNS "    json: 1\n    form: {}\n    record: {id: id, state: s}\n",
		"one of json, form, body");
	bad(RUNS
		"    query: {x: \"{{ secret.pass }}\"}\n    record: {id: id, state: s}\n",
		"secret.pass is not declared");
	bad(RUNS "    query: {x: \"{{ a[ }}\"}\n    record: {id: id, state: s}\n",
		"c.yaml:12:");
	bad(RUNS "    page: {style: offset}\n    record: {id: id, state: s}\n",
		"needs size");
	bad(RUNS "    page: {style: wild}\n    record: {id: id, state: s}\n",
		"style is one of none, offset");
	bad(RUNS "    complete: true\n    record: {id: id, state: s}\n", "needs `gone:`");
}

static void test_parts_refused(void **state)
{
	(void)state;
	bad(RUNS "    complete: true\n    gone: unknown\n    record: {id: id, state: s}\n"
		 "  more:\n    kind: run\n    get: /more\n    record: {id: id, state: "
		 "s}\n",
		"needs `ids:`");
	bad(RUNS "    reread: {get: /one}\n    record: {id: id, state: s}\n"
		 "  more:\n    kind: run\n    get: /more\n    record: {id: id, state: "
		 "s}\n",
		"reread beside another collection of kind run (more) needs `ids:`");
	bad(RUNS "    since: {start: later}\n    record: {id: id, state: s}\n",
		"start is a duration");
	bad(RUNS "    since: {start: 7d, type: number}\n    record: {id: id, state: s}\n",
		"c.yaml:12:20: start is a number with type: number");
	bad(RUNS "    since: {start: 7, type: text}\n    record: {id: id, state: s}\n",
		"start is a text with type: text");
	bad(RUNS "    gone: unknown\n    record: {id: id, state: s}\n",
		"gone belongs to `complete: true` or `reread`");
	bad(RUNS "    max_bytes: -1\n    record: {id: id, state: s}\n",
		"max_bytes must be a whole number from 1, not -1");
	bad(RUNS "    reread: {get: /one, max: 0}\n    record: {id: id, state: s}\n",
		"max must be a whole number from 1, not 0");
	bad(SMALL, "this connector does nothing");
	bad(SMALL "calls:\n  k: {post: \"https://else.where/x\"}\n",
		"post is a path below `base`");
	bad(SMALL "calls:\n  k: {post: \"{{ settings.url }}://x/\"}\n",
		"post is a path below `base`");
	bad(RUNS "    reread: {get: //else.where/x}\n    record: {id: id, state: s}\n",
		"get is a path below `base`");
	bad(RUNS "    record: {id: id, state: s, url: settings.ulr}\n",
		"settings.ulr is not declared");
	bad(SMALL "collect:\n  r:\n    kind: run\n    sql: SELECT 1\n    record: {id: "
		  "id, state: s}\n",
		"add `postgres:`");
	bad(SMALL "postgres: {host: x, dbname: d}\ncalls:\n  k:\n    sql: \"DROP {{ x "
		  "}}\"\n",
		"no {{ }} in a statement");
	bad(SMALL "postgres: {host: x, dbname: d}\ncalls:\n  k:\n    sql: \"DROP ROLE "
		  "%{r}\"\n",
		"%{r} is not in `identifiers:`");
	bad(SMALL "calls:\n  k:\n    ssh: {host: h, script: \"rm {{ x }}\"}\n",
		"no {{ }} in a script");
	bad(SMALL "calls:\n  k:\n    ssh: {host: h, script: s, vars: {lower: x}}\n",
		"named like UNIT_NAME");
	bad(SMALL "calls:\n  k: {title: t}\n", "needs a request");
	bad(SMALL "auth: {header: {A: b}, basic: {user: u, password: p}}\n",
		"one kind of auth");
	bad(SMALL "auth: sometimes\n", "auth is none");
	bad(SMALL "log:\n  runn: {get: /x}\n", "an entry a kind");
	bad(SMALL "log:\n  run: {format: text}\n", "without a request");
	bad("connector: c\ntitle: T\ncollect:\n  r: {kind: run, get: /x, record: {id: a, "
	    "state: b}}\n",
		"need `base:`");
}

/* Every file of the catalogue, and no other state than good. */
static void test_catalogue(void **state)
{
	(void)state;
	char **names = file_list("backends/catalog", ".yaml");
	size_t n = 0;
	for (; names[n]; n++) {
		struct err e = ERR_INIT;
		char path[300];
		str_format(path, sizeof(path), "backends/catalog/%s", names[n]);
		struct connector *c = connector_load(path, &e);
		if (!c)
			fail_msg("%s", e.msg);
		assert_true(connector_collections(c) > 0);
		connector_free(c);
	}
	file_list_free(names);
	assert_true(n > 0);
}

static void source_refused(const char *keys, const char *place, const char *words)
{
	struct err e = ERR_INIT;
	struct config cfg;
	struct connector *c = define(SMALL ACTS, &e);
	char *text = xasprintf("sources:\n  s:\n    connector: c\n%s", keys);
	assert_non_null(c);
	if (!load(&cfg, text, &e))
		fail_msg("%s", e.msg);
	struct reach reach = {.config = &cfg};
	if (source_new(&reach, c, config_source(&cfg, "s"), &e))
		fail_msg("taken, though: %s", words);
	if (!strstr(e.msg, words) || !strstr(e.msg, place))
		fail_msg("%s", e.msg);
	config_release(&cfg);
	free(text);
}

#define PASS "    password: {env: X}\n"
#define URL "    url: https://x.example\n"

static void test_source(void **state)
{
	(void)state;
	source_refused(PASS, "config.yaml:3:", "needs the key \"url\"");
	source_refused(URL, "config.yaml:3:", "needs the secret \"password\"");
	source_refused(URL "    password: hunter2\n", "config.yaml:5:15", "command");
	source_refused("    url: ftp://x\n" PASS, "config.yaml:4:10", "url");
	source_refused(
		URL PASS "    mode: medium\n", "config.yaml:6:11", "one of fast, slow");
	source_refused(URL PASS "    n: many\n", "config.yaml:6:8", "a whole number");
	source_refused(
		URL PASS "    modes: fast\n", "config.yaml:6:5", "did you mean \"mode\"");
	struct err e = ERR_INIT;
	struct config cfg;
	struct connector *c = define(SMALL ACTS, &e);
	assert_non_null(c);
	assert_true(load(&cfg,
		"sources:\n  s:\n    connector: c\n" URL PASS "    mode: fast\n", &e));
	struct reach reach = {.config = &cfg};
	struct source *source = source_new(&reach, c, config_source(&cfg, "s"), &e);
	if (!source)
		fail_msg("%s", e.msg);
	source_free(source);
	/* By its name: the file is found beside the configuration, read once and shared. */
	char *folder = xasprintf("%s/connectors", dir),
	     *beside = xasprintf("%s/c.yaml", folder);
	struct str file = STR_INIT;
	mkdir(folder, 0700);
	assert_true(file_read(def_path, 1 << 20, &file, &e));
	write_text(beside, file.buf);
	struct source *one = source_open(&reach, config_source(&cfg, "s"), NULL, &e);
	if (!one)
		fail_msg("%s", e.msg);
	unlink(beside);
	rmdir(folder);
	struct source *two = source_open(&reach, config_source(&cfg, "s"), one, &e);
	assert_non_null(two);
	assert_ptr_equal(source_connector(one), source_connector(two));
	assert_null(source_open(&reach, config_source(&cfg, "s"), NULL, &e));
	assert_int_equal(e.code, ERR_NOTFOUND);
	source_free(one);
	source_free(two);
	str_release(&file);
	free(beside);
	free(folder);
	config_release(&cfg);
}

static int setup(void **state)
{
	const char *tmp = getenv("TMPDIR");
	(void)state;
	str_format(dir, sizeof(dir), "%s/wd-config-XXXXXX", tmp ? tmp : "/tmp");
	if (!mkdtemp(dir))
		return -1;
	str_format(conf_path, sizeof(conf_path), "%s/config.yaml", dir);
	str_format(def_path, sizeof(def_path), "%s/c.yaml", dir);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	unlink(conf_path);
	unlink(def_path);
	return rmdir(dir);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_config),
		cmocka_unit_test(test_config_refused),
		cmocka_unit_test(test_collections_refused),
		cmocka_unit_test(test_slips_refused),
		cmocka_unit_test(test_parts_refused),
		cmocka_unit_test(test_catalogue),
		cmocka_unit_test(test_source),
	};
	return cmocka_run_group_tests_name("config", tests, setup, teardown);
}
