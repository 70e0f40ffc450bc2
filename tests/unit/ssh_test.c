/* Scripts over SSH: what a script, its variables and its output can be. */
#include "tests/unit/ssh_help.h"

/* What a shell would do with the text: "%s" is `out`, then the exit code. */
static void gives(const char *text, const char *out, const char *err_out, int code)
{
	struct answer a = run_text(text);

	if (a.err.code != ERR_NONE)
		fail_msg("%s: %s", err_code_name(a.err.code), a.err.msg);
	assert_true(a.proved);
	assert_true(a.started);
	assert_string_equal(a.out, out);
	assert_string_equal(a.err_out, err_out);
	assert_int_equal(a.exit_code, code);
	assert_int_equal(a.streamed, strlen(out) + strlen(err_out));
	answer_release(&a);
}

static void test_output_and_code(void **state)
{
	(void)state;
	gives("echo hello; echo oops >&2", "hello\n", "oops\n", 0);
	gives("printf 'no line feed'; exit 3", "no line feed", "", 3);
	gives("", "", "", 0);
	gives("exit 255", "", "", 255);
	gives("set -e\nfalse\necho not here", "", "", 1);
}

/* Nothing of a script can end, forge or eat the frame around it. */
static void test_hostile_scripts(void **state)
{
	struct answer a;

	(void)state;
	gives("cat; read x; echo \"[$x]\"", "[]\n", "", 0); /* stdin is empty */
	gives("echo a # comment", "a\n", "", 0);
	gives("echo \"it's\" 'two  blanks' \\\\", "it's two  blanks \\\n", "", 0);
	gives("cat <<END\nline $((1 + 1))\nEND", "line 2\n", "", 0);
	gives("printf() { :; }; trap \"exit 9\" USR1; echo x", "x\n", "", 0);
	gives("cd / && umask 0 && pwd", "/\n", "", 0);
	gives("printf '\\0360123456789abcdef0123456789abcdef 0\\n\\036'; exit 4",
		"\0360123456789abcdef0123456789abcdef 0\n\036", "", 4);
	a = run_text("echo before; }; echo {"); /* a syntax error, in the script alone */
	assert_true(a.proved);
	assert_int_equal(a.exit_code, 2);
	assert_string_equal(a.out, "");
	answer_release(&a);
	a = run_text("echo 'open quote");
	assert_true(a.proved);
	assert_int_equal(a.exit_code, 2);
	answer_release(&a);
}

static void test_variables(void **state)
{
	static const char *const values[] = {"", "plain", "two words", "it's",
		"'; echo INJECTED #", "\\'; echo INJECTED #", "$(echo INJECTED)",
		"`echo INJECTED`", "${HOME}", "a\nb\n", "\\", "\\\\'", "!x !! !$", "*",
		"~", "-n", "%s%n", "\x1b[31m", "\xff\xfe", "\xc3\xa9\xe2\x82\xac", "\t\r",
		"}", ")", "EOF", "&|;<>", "\036", "\"", "{a,b}"};
	struct str want = STR_INIT;
	json_t *vars = json_object();

	(void)state;
	for (size_t i = 0; i < LENGTH(values); i++) {
		char name[8];
		json_t *v = json_stringn_nocheck(values[i], strlen(values[i]));

		str_format(name, sizeof(name), "V%zu", i);
		json_object_set_new(vars, name, v);
		str_addf(&want, "[%s]", values[i]);
	}
	json_object_set_new(vars, "NUM", json_integer(-7));
	json_object_set_new(vars, "YES", json_true());
	struct str text = STR_INIT;
	str_adds(&text, "printf '[%s]'");
	for (size_t i = 0; i < LENGTH(values); i++)
		str_addf(&text, " \"$V%zu\"", i);
	str_adds(&text, "; echo $NUM $YES; env | grep -c '^V1='");
	str_adds(&want, "-7 true\n0\n"); /* and they are not in the environment */
	struct answer a =
		run_on(good_host(), (struct ssh_script){.text = text.buf, .vars = vars});
	assert_int_equal(a.err.code, ERR_NONE);
	assert_string_equal(a.out, want.buf);
	answer_release(&a);
	str_release(&text);
	str_release(&want);
	json_decref(vars);
}

static void refuses_variable(const char *name, json_t *value)
{
	json_t *vars = json_object();

	json_object_set_new(vars, name, value);
	fails(run_on(good_host(), (struct ssh_script){.text = "echo x", .vars = vars}),
		value && json_is_string(value) && json_string_length(value) > 1
			? ERR_PARSE
			: ERR_CONFIG,
		name, false);
	json_decref(vars);
}

static void test_refused(void **state)
{
	static const char *const hosts[] = {
		"-oProxyCommand=x", "", "a b", "a;b", "a@b", "$(x)", "a\nb"};
	static const char *const users[] = {"-l", "a b", "`x`", ""};
	struct ssh_script script = {.text = "echo x"};

	(void)state;
	refuses_variable("lower", json_string("x"));
	refuses_variable("A-B", json_string("x"));
	refuses_variable("A;echo", json_string("x"));
	refuses_variable("PATH", json_string("x"));
	refuses_variable("IFS", json_string("x"));
	refuses_variable("LD_PRELOAD", json_string("x"));
	refuses_variable("LIST", json_array());
	refuses_variable("NUL", json_stringn("a\0b", 3));
	for (size_t i = 0; i < LENGTH(hosts); i++) {
		struct ssh_host h = good_host();

		h.host = hosts[i];
		fails(run_on(h, script), ERR_CONFIG, "host name", false);
	}
	for (size_t i = 0; i < LENGTH(users); i++) {
		struct ssh_host h = good_host();

		h.user = users[i];
		fails(run_on(h, script), ERR_CONFIG, "user name", false);
	}
	struct ssh_host h = good_host();
	h.port = "22;x";
	fails(run_on(h, script), ERR_CONFIG, "port", false);
	h = good_host();
	h.known_hosts = "/tmp/a\" -o x=\"";
	fails(run_on(h, script), ERR_CONFIG, "known_hosts", false);
}

static void test_output_limit(void **state)
{
	struct answer a = run_on(good_host(),
		(struct ssh_script){
			.text = "while :; do echo aaaaaaaaaaaaaaaaaaaaaaaaaaaa; done",
			.max_bytes = 100000});

	(void)state;
	fails(a, ERR_LIMIT, "larger", true);
}

/* More than a window of each stream, at once. */
static void test_large_output(void **state)
{
	struct answer a = run_text("head -c 1500000 /dev/zero | tr '\\0' o >&2 & head -c "
				   "1500000 /dev/zero | "
				   "tr '\\0' '\\n'; wait; exit 7");

	(void)state;
	assert_int_equal(a.err.code, ERR_NONE);
	assert_true(a.proved);
	assert_int_equal(a.exit_code, 7);
	assert_int_equal(a.out_len, 1500000);
	assert_int_equal(strlen(a.err_out), 1500000);
	answer_release(&a);
}

static void test_large_script(void **state)
{
	struct str text = STR_INIT;
	struct answer a;

	(void)state;
	str_adds(&text, ": '");
	for (int i = 0; i < 60000; i++)
		str_adds(&text, "0123456789");
	str_adds(&text, "'\necho end");
	a = run_text(text.buf);
	assert_true(a.proved);
	assert_string_equal(a.out, "end\n");
	answer_release(&a);
	for (int i = 0; i < 60000; i++)
		str_adds(&text, "0123456789");
	fails(run_text(text.buf), ERR_LIMIT, "larger", false);
	str_release(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_output_and_code),
		cmocka_unit_test(test_hostile_scripts),
		cmocka_unit_test(test_variables),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_output_limit),
		cmocka_unit_test(test_large_output),
		cmocka_unit_test(test_large_script),
	};

	return RUN_BOTH("ssh", tests);
}
