/* The log: levels, one clean line a message, and no secret in any form. */
#include "backends/base/log.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "backends/base/clock.h"
#include "backends/base/crypto.h"
#include "backends/base/file.h"
#include "backends/base/mem.h"

struct place {
	char dir[64];
	char path[80];
};

static int setup(void **state)
{
	struct place *p = xcalloc(1, sizeof(*p));

	str_copy(p->dir, sizeof(p->dir), "/tmp/wd-log-XXXXXX");
	if (!mkdtemp(p->dir))
		return 1;
	str_format(p->path, sizeof(p->path), "%s/log", p->dir);
	*state = p;
	return 0;
}

static int teardown(void **state)
{
	struct place *p = *state;

	log_close();
	unlink(p->path);
	rmdir(p->dir);
	free(p);
	return 0;
}

static void test_lines(void **state)
{
	struct place *p = *state;
	struct str text = STR_INIT;
	struct err e = ERR_INIT;
	struct stat st;

	log_at(LOG_ERROR, "test", "goes nowhere");
	assert_true(log_open(p->path, LOG_INFO, &e));
	clock_set_test(1795356123123456);
	log_at(LOG_DEBUG, "test", "too low");
	log_at(LOG_INFO, "worker", "a %s\n", "b\nforged");
	clock_end_test();
	assert_true(file_read(p->path, 10000, &text, &e));
	assert_string_equal(text.buf,
		"2026-11-22T14:02:03.123456Z info  worker: a b\xE2\x90\x8A"
		"forged\n");
	assert_int_equal(stat(p->path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	log_close();
	unlink(p->path);
	assert_int_equal(symlink("/dev/null", p->path), 0);
	assert_false(log_open(p->path, LOG_INFO, &e));
	assert_non_null(strstr(e.msg, "symbolic link"));
	str_release(&text);
}

static void scrubbed(const char *in, const char *want)
{
	struct str s = STR_INIT;

	str_adds(&s, in);
	log_scrub(&s);
	assert_string_equal(s.buf, want);
	str_release(&s);
}

static void test_scrub(void **state)
{
	struct str basic = STR_INIT;

	(void)state;
	log_redact("abc");
	scrubbed("abc", "abc");
	log_redact("p@ss word/1\"x");
	log_redact("p@ss");
	log_redact("p@ss");
	scrubbed("x p@ss word/1\"x y p@ss", "x [secret] y [secret]");
	scrubbed("q=p%40ss%20word%2F1%22x&", "q=[secret]&");
	scrubbed("q=p%40ss%20word%2f1%22x&", "q=[secret]&");
	scrubbed("q=p%40ss+word%2F1%22x&", "q=[secret]&");
	scrubbed("{\"k\":\"p@ss word/1\\\"x\"}", "{\"k\":\"[secret]\"}");
	for (const char *user = "alice"; *user; user++) {
		str_clear(&basic);
		str_adds(&basic, user);
		str_adds(&basic, ":p@ss word/1\"x");
		{
			struct str text = STR_INIT;

			crypto_base64(&text, basic.buf, basic.len);
			log_scrub(&text);
			assert_non_null(strstr(text.buf, "[secret]"));
			/* Nothing but what holds bits of the user name and of the last byte. */
			assert_true(text.len <= 8 + (strlen(user) + 1) * 4 / 3 + 4);
			str_release(&text);
		}
	}
	str_release(&basic);
	log_close();
	scrubbed("p@ss", "p@ss");
}

/* For bulk: a password that is part of a word would make holes into everything. */
static void test_has_secret(void **state)
{
	static const char text[] = "token is 0123456789-long";

	(void)state;
	log_redact("toke");
	assert_false(log_has_secret(text, sizeof(text) - 1));
	log_redact("0123456789-long");
	assert_true(log_has_secret(text, sizeof(text) - 1));
	assert_true(log_has_secret("MDEyMzQ1Njc4OS1sb25n", 20)); /* in base64 */
	assert_false(log_has_secret(text, sizeof(text) - 2));
	assert_false(log_has_secret("", 0));
	log_close();
	assert_false(log_has_secret(text, sizeof(text) - 1));
}

static void forms_of(const char *token, bool bulk)
{
	struct str text = STR_INIT;

	log_redact_token(&text, token);
	if (log_has_secret(token, strlen(token)) != bulk)
		fail_msg("%s", token);
	str_addf(&text, "a %s z", token);
	log_scrub_bulk(&text);
	assert_int_equal(strcmp(text.buf, "a [secret] z") == 0, bulk);
	str_clear(&text);
	str_addf(&text, "a %s z", token);
	log_scrub(&text);
	assert_string_equal(text.buf, "a [secret] z");
	log_redact_token(&text, NULL);
	assert_false(log_has_secret(token, strlen(token)));
	str_release(&text);
}

/* A far side chooses its token: it must not be able to blank out what others show. */
static void test_token(void **state)
{
	static const int one, two;

	(void)state;
	forms_of("orders_daily", false);
	forms_of("orders_daily_load_of_the_night", false);
	forms_of("orders-daily-load-v2-2026-of-the-night", false);
	forms_of("https://platform.example.com/dags/orders", false);
	forms_of("a1b2c3d4e5f6a7b8c9d", false); /* 19 bytes */
	forms_of("a1b2c3d4e5f6a7b8c9d0", true);
	forms_of("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.q0-x_Y", true);
	forms_of("550e8400-e29b-41d4-a716-446655440000", true);
	log_redact_token(&one, "a1b2c3d4e5f6a7b8c9d0-first");
	log_redact_token(&two, "a1b2c3d4e5f6a7b8c9d0-other");
	log_redact_token(&one, "a1b2c3d4e5f6a7b8c9d0-again");
	scrubbed("a1b2c3d4e5f6a7b8c9d0-first", "a1b2c3d4e5f6a7b8c9d0-first");
	scrubbed("a1b2c3d4e5f6a7b8c9d0-other", "[secret]");
	scrubbed("a1b2c3d4e5f6a7b8c9d0-again", "[secret]");
	assert_true(log_has_secret("a1b2c3d4e5f6a7b8c9d0-other", 26));
	/* The same as a secret of the configuration stays when the token goes. */
	log_redact("a1b2c3d4e5f6a7b8c9d0-other");
	log_redact_token(&two, NULL);
	scrubbed("a1b2c3d4e5f6a7b8c9d0-other", "[secret]");
	log_close();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_lines, setup, teardown),
		cmocka_unit_test_setup_teardown(test_scrub, setup, teardown),
		cmocka_unit_test_setup_teardown(test_has_secret, setup, teardown),
		cmocka_unit_test_setup_teardown(test_token, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
