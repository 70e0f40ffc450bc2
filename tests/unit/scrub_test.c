/* No part of a secret: whole texts are scrubbed before they are cut or parted, at every place where a secret can lie. */
#include "backends/base/log.h"
#include "backends/base/mem.h"
#include "backends/base/shown.h"
#include "runbooks/engine/exec.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

/* Digits only, and nothing around it has any: a digit that is seen is a part of it. */
#define SECRET "70931852640971"
#define DIGITS "0123456789"
enum { LONG = sizeof(SECRET) - 1 };

static int setup(void **state)
{
	(void)state;
	log_redact(SECRET);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	log_close();
	return 0;
}

/* `before` bytes, the secret, and as many bytes as fill `len`. malloc'ed. */
static char *text_with(size_t before, const char *secret, size_t len)
{
	struct str s = STR_INIT;
	while (s.len < before)
		str_addc(&s, 'x');
	str_adds(&s, secret);
	while (s.len < len)
		str_addc(&s, 'y');
	return str_take(&s);
}

static void clean(const char *text, const char *where, size_t at)
{
	if (strpbrk(text, DIGITS))
		fail_msg("%s, at %zu: %s", where, at, text);
}

static void test_errors(void **state)
{
	struct err e = ERR_INIT;
	(void)state;
	for (size_t at = 0; at < sizeof(e.msg) + 4; at++) {
		char *text = text_with(at, SECRET, 600);
		err_set(&e, ERR_REMOTE, "said: %s", text);
		clean(e.msg, "err_set", at);
		err_set(&e, ERR_REMOTE, "short");
		err_wrap(&e, "%s", text);
		clean(e.msg, "err_wrap", at);
		free(text);
	}
	/* Far behind what is kept, where bytes that are not shown would bring it near again. */
	struct str hidden = STR_INIT;
	while (hidden.len < 1920 - 7)
		str_adds(&hidden, "\xe2\x80\x8b");
	str_adds(&hidden, SECRET);
	err_set(&e, ERR_REMOTE, "%s", hidden.buf);
	assert_string_equal(e.msg, "[secret]");
	str_release(&hidden);
}

static void test_cut(void **state)
{
	static const char *const hidden[] = {SECRET,
		"7093185\xe2\x80\x8b"
		"2640971",
		"7093\x1b[31m1852640971", "\xef\xbf\xbe" SECRET};
	(void)state;
	for (size_t i = 0; i < LENGTH(hidden); i++)
		for (size_t at = 60; at < 110; at++) {
			char *text = text_with(at, hidden[i], 300);
			struct str out = STR_INIT;
			shown_safely(&out, text, strlen(text), 100, UTF8_SGR);
			assert_true(out.len <= 100);
			clean(out.buf, "shown_safely", at);
			str_release(&out);
			free(text);
		}
}

static void test_log(void **state)
{
	char path[] = "/tmp/wd-scrub-XXXXXX";
	struct err e = ERR_INIT;
	int fd = mkstemp(path);
	char all[9000];
	(void)state;
	assert_true(log_open(path, LOG_INFO, &e));
	for (size_t at = 8192 - LONG - 8; at < 8192 + 8; at++) {
		char *text = text_with(at, SECRET, 9000);
		assert_int_equal(ftruncate(fd, 0), 0);
		log_at(LOG_INFO, "scrub", "%s", text);
		ssize_t n = pread(fd, all, sizeof(all) - 1, 0);
		assert_true(n > 8000);
		all[n] = '\0';
		clean(all + sizeof("2026-11-22T14:02:03.123456Z"), "log", at);
		free(text);
	}
	close(fd);
	unlink(path);
}

struct lines {
	struct str all;
	size_t n, longest;
};

static void on_line(void *arg, const char *line, size_t len)
{
	struct lines *l = arg;
	l->n++;
	if (len > l->longest)
		l->longest = len;
	str_add(&l->all, line, len);
}

/* The text in pieces of `piece` bytes. */
static struct lines stream(const char *text, size_t piece)
{
	struct lines l = {STR_INIT, 0, 0};
	struct shown_lines s;
	shown_lines_init(&s, on_line, &l);
	for (size_t at = 0, len = strlen(text); at < len; at += piece)
		shown_lines_add(&s, text + at, len - at < piece ? len - at : piece);
	shown_lines_end(&s);
	shown_lines_release(&s);
	return l;
}

static void test_parts(void **state)
{
	(void)state;
	for (size_t at = SHOWN_PART - LONG - 2; at < SHOWN_PART + 3; at++) {
		char *text = text_with(at, SECRET, 9000);
		struct lines l = stream(text, 4096);
		clean(l.all.buf, "parts", at);
		assert_int_equal(l.n, 3);
		assert_int_equal(l.longest, SHOWN_PART);
		assert_int_equal(l.all.len, 9000 - LONG + 8);
		str_release(&l.all);
		free(text);
	}
}

static void test_pieces(void **state)
{
	char *text = text_with(10, SECRET "\nnext " SECRET "\n\nlast", 60);
	(void)state;
	for (size_t piece = 1; piece < 60; piece++) {
		struct lines l = stream(text, piece);
		clean(l.all.buf, "pieces", piece);
		assert_int_equal(l.n, 3);
		assert_true(str_starts(l.all.buf, "xxxxxxxxxx[secret]next [secret]last"));
		str_release(&l.all);
	}
	free(text);
}

/* A program's own credentials, which nobody told us. */
static void test_redacted(void **state)
{
	(void)state;
	struct lines l =
		stream("user=x password=geheim\n-----BEGIN PRIVATE KEY-----\nMII\n"
		       "-----END PRIVATE KEY-----\nend\n",
			7);
	assert_string_equal(l.all.buf, "user=x password=[secret][secret]end");
	assert_int_equal(l.n, 3);
	str_release(&l.all);
}

/* A line without an end must go out in part: the secret may lie across the pieces and what went out before. */
static void test_endless_line(void **state)
{
	const size_t held = (size_t)64 << 10;
	(void)state;
	for (size_t at = held - 2 * LONG; at < held + 2 * LONG; at++) {
		char *text = text_with(at, SECRET, 3 * held);
		struct lines l = stream(text, 5000);
		clean(l.all.buf, "an endless line", at);
		assert_int_equal(l.all.len, 3 * held - LONG + 8);
		str_release(&l.all);
		free(text);
	}
}

/* Bytes that no character begins have no place where they must not be parted: they go out as they come. */
static void test_endless_bytes(void **state)
{
	enum { ALL = 1 << 20, PIECE = 4096 };
	char piece[PIECE];
	struct lines l = {STR_INIT, 0, 0};
	struct shown_lines s;

	(void)state;
	memset(piece, 0x80, sizeof(piece));
	shown_lines_init(&s, on_line, &l);
	for (size_t at = 0; at < ALL; at += PIECE)
		shown_lines_add(&s, piece, PIECE);
	assert_in_range(s.held.len, 0, 128 << 10);
	shown_lines_end(&s);
	shown_lines_release(&s);
	str_release(&l.all);
}

static void test_output(void **state)
{
	(void)state;
	for (size_t at = SHOWN_PART - LONG - 2; at < SHOWN_PART + 3; at++) {
		char *text = text_with(at, SECRET, 5000);
		json_t *lines = json_array();
		job_lines_add(lines, 0, "out", text, strlen(text));
		clean(json_str(json_array_get(lines, 0), "text", "0"), "output", at);
		json_decref(lines);
		free(text);
	}
}

/* A key of many lines is printed line by line. */
static void test_lines_of_a_secret(void **state)
{
	struct str text = STR_INIT;
	(void)state;
	log_redact("-----BEGIN KEY-----\n55512345678\n9876543\n-----END KEY-----");
	str_adds(&text, "a 55512345678 b 9876543 -----BEGIN KEY-----");
	log_scrub(&text);
	assert_string_equal(text.buf, "a [secret] b 9876543 -----BEGIN KEY-----");
	str_release(&text);
}

static void test_overlap(void **state)
{
	struct str text = STR_INIT;
	(void)state;
	log_redact("abcdefgh");
	log_redact("ghijklmn");
	log_redact("abcdefghi");
	str_adds(&text, "<abcdefghijklmn> <abcdefghabcdefgh> ghijklmn");
	log_scrub(&text);
	assert_string_equal(text.buf, "<[secret]> <[secret][secret]> [secret]");
	str_release(&text);
}

static void is_shown(const char *text, const char *want)
{
	struct str s = STR_INIT;
	str_adds(&s, text);
	log_scrub_bulk(&s);
	assert_string_equal(s.buf, want);
	str_release(&s);
}

/* Under 8 bytes it may be a word that everybody uses: whole words only, and never in what names a thing. */
static void test_short(void **state)
{
	(void)state;
	log_redact("test7");
	log_redact("p@ss");
	log_redact("geheim88");
	is_shown("test7 (test7) test78 atest7 test7_x",
		"[secret] ([secret]) test78 atest7 test7_x");
	is_shown("p@ss, xp@ss p%40ss", "[secret], xp@ss [secret]");
	is_shown("xgeheim88y", "x[secret]y");
	assert_true(log_has_secret("a test7", 7));
	assert_false(log_gives_away("test7", 5));
	assert_true(log_gives_away("run-geheim88-1", 14));
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {T(test_errors), T(test_cut), T(test_log),
		T(test_parts), T(test_pieces), T(test_redacted), T(test_endless_line),
		T(test_endless_bytes), T(test_output), T(test_lines_of_a_secret),
		T(test_overlap), T(test_short)};
	return cmocka_run_group_tests_name("scrub", tests, NULL, NULL);
}
