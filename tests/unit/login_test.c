/* Logins against tests/servers/far_side.py: a token's life, and what is kept of it. */
#include "backends/base/log.h"
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

static long long logins(void)
{
	json_t *seen = rig_seen(&rig);
	long long n = json_int(seen, "logins", -1);
	json_decref(seen);
	return n;
}

/* The token is kept between collections, and a refused one is renewed once. */
static void test_login_again(void **state)
{
	static const char yaml[] = URL SECRET
		"auth: {login: {post: /login, json: {password: \"{{ secret.password "
		"}}\"}, token: access_token}}\n"
		"collect:\n"
		"  rows:\n    kind: run\n    get: /secure\n" REC
		"  forget:\n    kind: run\n    get: /forget\n    items: nothing\n" REC
		"  never:\n    kind: run\n    get: /by-header\n" REC;
	char conf[300];
	(void)state;
	str_format(conf, sizeof(conf), CONF, rig.dir);
	rig_open(&rig, yaml, conf);
	long long before = logins();
	for (int i = 0; i < 3; i++) {
		struct got o = rig_collect(&rig);
		got_ok(&o, 1);
		got_release(&o);
	}
	assert_int_equal(logins(), before + 1);
	/* The token is a secret as good as the password. */
	struct str said = STR_INIT;
	str_addf(&said, "no session tok%lld", before + 1);
	log_scrub(&said);
	assert_string_equal(said.buf, "no session [secret]");
	str_release(&said);
	struct got o = rig_collect_from(&rig, 1, NULL, NULL);
	got_ok(&o, 0);
	got_release(&o);
	o = rig_collect(&rig);
	got_ok(&o, 1);
	got_release(&o);
	assert_int_equal(logins(), before + 2);
	o = rig_collect_from(&rig, 2, NULL,
		NULL); /* 401 whatever the token: one more login, then the error */
	got_fails(&o, ERR_AUTH, "bad key");
	assert_int_equal(logins(), before + 3);
	rig_close(&rig);
}

static void scrubs(const char *text, bool is_secret)
{
	struct str s = STR_INIT;
	str_adds(&s, text);
	log_scrub(&s);
	assert_int_equal(strcmp(s.buf, text) != 0, is_secret);
	str_release(&s);
}

/* A far side that refuses every token has a new one each time: only the last is kept, and none without bound. */
static void test_login_tokens(void **state)
{
	static const char yaml[] = URL SECRET
		"auth: {login: {post: /login, json: {password: \"{{ secret.password "
		"}}\"}, token: access_token}}\n" ONE(
			"/secure") "  forget:\n    kind: run\n    get: /forget\n    "
				   "items: nothing\n" REC;
	static const char long_one[] = URL SECRET
		"auth: {login: {post: \"/login?size=65537\", json: {password: \"{{ "
		"secret.password }}\"}, token: access_token}}\n" ONE("/secure");
	char conf[300], first[40], second[40];
	(void)state;
	str_format(conf, sizeof(conf), CONF, rig.dir);
	rig_open(&rig, yaml, conf);
	struct got o = rig_collect(&rig);
	got_ok(&o, 1);
	got_release(&o);
	str_format(first, sizeof(first), "tok%lld", logins());
	str_format(second, sizeof(second), "tok%lld", logins() + 1);
	scrubs(first, true);
	o = rig_collect_from(&rig, 1, NULL, NULL);
	got_ok(&o, 0);
	got_release(&o);
	o = rig_collect(&rig);
	got_ok(&o, 1);
	got_release(&o);
	scrubs(first, false);
	scrubs(second, true);
	rig_close(&rig);
	scrubs(second, false);
	o = rig_try(&rig, long_one, conf);
	got_fails(&o, ERR_AUTH, "login: the token is longer than 65536 bytes");
}

/* A setting that is an address: the password would go to the source's own host, which it is not for. */
static void test_login_elsewhere(void **state)
{
	static const char yaml[] = URL SECRET
		"auth: {login: {post: \"{{ settings.user }}\", json: {password: \"{{ "
		"secret.password }}\"}, token: access_token}}\n" ONE("/secure");
	char conf[300];
	(void)state;
	str_format(conf, sizeof(conf), CONF "    user: https://idp.example.com/token\n",
		rig.dir);
	rig_open(&rig, yaml, conf);
	long long before = logins();
	struct got o = rig_collect(&rig);
	got_fails(&o, ERR_CONFIG, "is an address where a path belongs");
	assert_int_equal(logins(), before);
	rig_close(&rig);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_login_again),
		cmocka_unit_test(test_login_tokens),
		cmocka_unit_test(test_login_elsewhere),
	};
	return cmocka_run_group_tests_name("login", tests, rig_setup, rig_teardown);
}
