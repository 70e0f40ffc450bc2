/* A connector file that names what is not there: settings, secrets, names of the scope, keys of records. */
#include "backends/connector/connector_def.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

/* Each place sees something else; %s stands in one of them. */
static const char *const places[] = {
	"base: \"{{ settings.url }}%s\"\n",
	"headers: {X: \"%s\"}\n",
	"auth: {header: {X: \"%s\"}}\n",
	"auth: {login: {post: /login, json: {x: \"%s\"}, token: token}}\n",
	"auth: {login: {post: /login, token: token, header: {X: \"%s\"}}}\n",
	"collect:\n  a: {kind: run, get: \"/x%s\", record: {id: id, state: s}}\n",
	"collect:\n  a: {kind: run, each: \"[1]\", get: /, query: {x: [\"%s\"]}, "
	"record: {id: id, state: s}}\n",
	"collect:\n  a: {kind: run, get: /, enrich: {get: /x, body: \"%s\", as: y}, "
	"record: {id: id, state: s}}\n",
	"collect:\n  a: {kind: run, get: /, reread: {get: \"/o%s\"}, "
	"record: {id: id, state: s, opaque: {key: id}}}\n"
	"  b: {kind: check, get: /, record: {id: id, state: s, opaque: {other: id}}}\n",
	"collect:\n  a: {kind: run, get: /, record: {id: id, state: s, opaque: {key: "
	"id}}}\n"
	"  b: {kind: check, get: /, record: {id: id, state: s, opaque: {other: id}}}\n"
	"calls: {go: {post: /, json: {a: {b: \"%s\"}}}}\n",
	"calls: {go: {post: /, says: \"%s\"}}\n",
	"collect:\n  a: {kind: runs, get: /, record: {id: id, state: s, opaque: {key: "
	"id}}}\n"
	"  b: {kind: check, get: /, record: {id: id, state: s, opaque: {other: id}}}\n"
	"log: {run: {parts: {get: /p, title: t}, get: \"/l%s\"}}\n",
	"log: {run: {parts: {get: \"/p%s\", title: t}, get: /l}}\n",
	/* expressions */
	"auth: [{when: \"%s\", header: {X: y}}, none]\n",
	"collect:\n  a: {kind: run, each: \"%s\", get: /, record: {id: id, state: s}}\n",
	"collect:\n  a: {kind: run, get: /, record: {id: id, state: \"%s\"}}\n",
};
enum {
	BASE,
	HEADERS,
	AUTH,
	LOGIN,
	LOGIN_HEADER,
	COLLECT,
	EACH,
	ENRICH,
	REREAD,
	CALL,
	SAYS,
	LOG,
	PARTS,
	WHEN,
	EACH_EXPR,
	STATE
};

/* What stands at the place is taken (words NULL), or refused with these words. */
static void at(int place, const char *text, const char *words)
{
	struct err e = ERR_INIT;
	char *middle = xstrdup(places[place]), *hole = strstr(middle, "%s");
	*hole = '\0';
	bool acts = strstr(places[place], "collect:") || strstr(places[place], "calls:");
	char *yaml = xasprintf(
		"connector: c\ntitle: C\nsettings: {url: {type: url}, size: "
		"{type: int}}\nsecrets: [token, key]\n%s%s%s%s",
		middle, text, hole + 2, acts ? "" : "\ncalls: {noop: {post: /noop}}\n");
	struct connector *c = connector_parse("c.yaml", yaml, strlen(yaml), &e);
	if (!c == !words || (words && !strstr(e.msg, words)))
		fail_msg("%s\n%s", yaml, c ? "taken" : e.msg);
	if (words)
		assert_true(str_starts(e.msg, "c.yaml:") && e.msg[7] >= '5');
	connector_free(c);
	free(middle);
	free(yaml);
}

static void test_settings_and_secrets(void **state)
{
	(void)state;
	for (int p = BASE; p <= PARTS; p++) {
		at(p, "{{ settings.size }}{{ now }}{{ source.env }}{{ given.key }}",
			NULL);
		at(p, "{{ settings.sise }}",
			"settings.sise is not declared: did you mean \"size\"? declared "
			"are "
			"url, size");
		at(p, "{{ given.kez }}", "given.kez is not declared");
		at(p, "{{ source.nam }}",
			"source has no \"nam\": did you mean \"name\"?");
		if (p == LOGIN_HEADER || p == SAYS)
			continue;
		at(p, "{{ secret.token }}", NULL);
		at(p, "{{ secret.tokn }}", "declared are token, key");
	}
	at(SAYS, "{{ secret.token }}", "there is no \"secret\" here");
	at(LOGIN_HEADER, "{{ secret.token }}", "there is no \"secret\" here");
}

/* A status that is listed is no success by that: what means done is said, or the file is refused. */
static void test_accepted_is_not_done(void **state)
{
	static const char head[] =
		"connector: c\ntitle: C\nsettings: {url: {type: url}}\n"
		"calls:\n  act:\n";
	static const struct {
		const char *call, *place;
	} cases[] = {
		{"    post: /a\n    accept_status: [500]\n", "c.yaml:7:"},
		{"    steps:\n      - get: /a\n      - post: /a\n        accept_status: "
		 "[409]\n",
			"c.yaml:9:"},
		{"    post: /a\n    accept_status: [500]\n    success: status < `300`\n",
			NULL},
		{"    post: /a\n    verify: {get: /a, accept_status: [404], until: "
		 "done}\n",
			NULL},
	};
	(void)state;
	for (size_t i = 0; i < LENGTH(cases); i++) {
		struct err e = ERR_INIT;
		char *yaml = xasprintf("%s%s", head, cases[i].call);
		struct connector *c = connector_parse("c.yaml", yaml, strlen(yaml), &e);
		if (!c != (cases[i].place != NULL) ||
			(!c && (!str_starts(e.msg, cases[i].place) ||
				       !strstr(e.msg, "needs `success:`"))))
			fail_msg("%s: %s", yaml, c ? "taken" : e.msg);
		connector_free(c);
		free(yaml);
	}
}

static void test_roots(void **state)
{
	(void)state;
	at(LOGIN_HEADER, "{{ token }}", NULL);
	at(LOGIN, "{{ token }}", "there is no \"token\" here");
	at(COLLECT, "{{ since }}", NULL);
	at(COLLECT, "{{ each }}", "there is no \"each\" here");
	at(EACH, "{{ each.id }}", NULL);
	at(ENRICH, "{{ item.id }}", NULL);
	at(COLLECT, "{{ item.id }}", "there is no \"item\" here");
	at(CALL, "{{ recrod.id }}",
		"there is no \"recrod\" here: did you mean \"record\"?");
	at(CALL,
		"{{ record.id }}{{ params.x }}{{ reason }}{{ action.key }}{{ prev.body "
		"}}",
		NULL);
	at(CALL, "{{ action.kez }}", "action has no \"kez\"");
	at(CALL, "{{ reply.body }}", "there is no \"reply\" here");
	at(SAYS, "{{ reply.body.id }}", NULL);
	at(LOG, "/{{ part.id }}", NULL);
	at(PARTS, "/{{ part.id }}", "there is no \"part\" here");
}

static void test_keys_of_records(void **state)
{
	(void)state;
	at(REREAD, "/{key}", NULL);
	at(REREAD, "/{other}", "there is no \"other\" here: there are key, settings");
	at(CALL, "{{ key }}{{ other }}", NULL);
	at(CALL, "{{ kez }}", "did you mean \"key\"?");
	at(LOG, "/{key}", NULL);
	at(LOG, "/{other}", "there is no \"other\" here");
	at(COLLECT, "/{key}", "there is no \"key\" here");
}

static void test_expressions(void **state)
{
	(void)state;
	at(WHEN, "given.token", NULL);
	at(WHEN, "given.tokn", "given.tokn is not declared");
	at(EACH_EXPR, "settings.size", NULL);
	at(EACH_EXPR, "settings.sise", "settings.sise is not declared");
	at(STATE, "anything.at.all", NULL);
	at(STATE, "scope().settings.size", NULL);
	at(STATE, "scope().settings.sise", "expression of state: settings.sise");
	at(STATE, "scope().secret.token", "there is no \"secret\" here");
}

/* Requests go to the source's own host; with an address, a secret would go to the wrong one. */
static void test_addresses(void **state)
{
	static const char *const parts[] = {
		"auth: {login: {post: \"%s\", json: {x: y}, token: token}}\n",
		"collect:\n  a: {kind: run, get: \"%s\", record: {id: id, state: s}}\n",
		"calls: {go: {post: /x, verify: {get: \"%s\", until: \"ok\"}}}\n",
	};
	static const char *const bad[] = {"http://idp.example.com/token",
		"https://idp.example.com/token", "//idp.example.com/token"};
	(void)state;
	for (size_t i = 0; i < LENGTH(parts) * LENGTH(bad); i++) {
		struct err e = ERR_INIT;
		struct str yaml = STR_INIT;
		char part[200];
		const char *hole = strstr(parts[i % LENGTH(parts)], "%s");
		str_format(part, sizeof(part), "%.*s%s%s",
			(int)(hole - parts[i % LENGTH(parts)]), parts[i % LENGTH(parts)],
			bad[i / LENGTH(parts)], hole + 2);
		str_addf(&yaml, "connector: c\ntitle: C\n%s", part);
		assert_null(connector_parse("c.yaml", yaml.buf, yaml.len, &e));
		if (!str_starts(e.msg, "c.yaml:") ||
			!strstr(e.msg, "is a path below `base`"))
			fail_msg("%s", e.msg);
		str_release(&yaml);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_settings_and_secrets),
		cmocka_unit_test(test_accepted_is_not_done),
		cmocka_unit_test(test_roots),
		cmocka_unit_test(test_keys_of_records),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_addresses),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
